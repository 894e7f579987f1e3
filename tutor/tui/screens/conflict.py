from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tutor.learner import Piece, Source, shown_path
from tutor.tui.pane_file import PaneFile, TwoVersions
from tutor.tui.screens import conflict_view
from tutor.tui.screens.conflict_view import Choice, Place
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.code_pane import as_shown
from tutor.tui.widgets.keybar import KeyBar

ONCE_MORE = "The file was changed once more: these are the newest two."
AGREED = "There is one version now: nothing is left to choose."


class PlaceList(Widget, can_focus=True):
    """Every place where pane and file differ, with the answer to each."""

    HELP = (
        "What this pane and the file changed since they were the same. y takes the pane's lines at a place, f the "
        "file's, b both. Enter puts the result into both once every place has its answer; esc leaves it open."
    )
    DEFAULT_CSS = "PlaceList { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }"
    BINDINGS = [
        Binding("y", "choose('pane')", "pane's", tooltip="At this place, take the pane's lines"),
        Binding("f", "choose('file')", "file's", tooltip="At this place, take the file's lines"),
        Binding("b", "choose('both')", "both", tooltip="At this place, take both, the pane's first"),
        Binding("down,j", "move(1)", "Next", show=False, tooltip="The next place"),
        Binding("up,k", "move(-1)", "Previous", show=False, tooltip="The place before"),
    ]

    class Answered(Message):
        """A place has got an answer."""

    chosen: reactive[int] = reactive(0)

    def __init__(self) -> None:
        super().__init__()
        self.places: Sequence[Place] = ()
        self.choices: list[Choice | None] = []
        self.tops: list[int] = []  # the row of each place
        self.lines: list[Content] = []

    def show(self, places: Sequence[Place]) -> None:
        """These are they; the first that asks is the first to be looked at."""
        self.places = places
        self.choices = [conflict_view.first_choice(place) for place in places]
        self.chosen = self.choices.index(None) if None in self.choices else 0
        self._draw()

    def _draw(self) -> None:
        self.lines, self.tops = [], []
        for number, place in enumerate(self.places):
            self.tops.append(len(self.lines))
            lines = conflict_view.place_lines(place, number + 1, self.choices[number], number == self.chosen)
            self.lines += [*lines, Content()]
        self.refresh(layout=True)
        self.post_message(self.Answered())

    def render(self) -> Content:
        return Content("\n").join(self.lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return max(1, len(self.lines))

    def watch_chosen(self) -> None:
        """Keep the place in sight, as much of it as there is room for."""
        self._draw()
        if isinstance(self.parent, Widget) and self.places:
            ends = [*self.tops, len(self.lines)]
            top, bottom = ends[self.chosen], ends[self.chosen + 1]
            height = min(bottom - top, max(1, self.parent.size.height))
            self.parent.scroll_to_region(Region(0, top, 1, height), animate=False)

    def action_move(self, by: int) -> None:
        self.chosen = max(0, min(len(self.places) - 1, self.chosen + by))

    def action_choose(self, choice: Choice) -> None:
        """Answer for this place, and go to the next that asks."""
        if not self.places or (choice == "both" and self.places[self.chosen].piece.who != "both"):
            return
        self.choices[self.chosen] = choice
        later = [number for number, answer in enumerate(self.choices) if answer is None]
        if later:
            self.chosen = next((number for number in later if number > self.chosen), later[0])
        self._draw()

    def on_click(self, event: events.Click) -> None:
        self.chosen = max((number for number, top in enumerate(self.tops) if top <= event.y), default=0)


class ConflictScreen(TutorScreen):
    """The pane and the file were both changed: what each did, and which of it shall stand."""

    HELP = PlaceList.HELP
    CSS_PATH = "conflict.tcss"
    BINDINGS = [
        Binding("enter", "take", "take the result", key_display="⏎", tooltip="Into the pane and the file, judged"),
        Binding("ctrl+s", "take_pane", "all of the pane's", key_display="^s", tooltip="The pane's version as it is"),
        Binding("ctrl+o", "take_file", "all of the file's", key_display="^o", tooltip="The file's version as it is"),
        Binding("escape", "app.back", "later", key_display="esc", tooltip="Back to the Lab; both stay as they are"),
    ]

    def __init__(self, file: PaneFile, changed: Callable[[], None], done: Callable[[Source], None]) -> None:
        super().__init__()
        self.file = file
        self.changed = changed  # called when the file may have something else to say
        self.done = done  # called with what stands in both now
        self.list = PlaceList()
        self.versions: TwoVersions | None = None  # as they are shown
        self.pieces: Sequence[Piece] = ()

    def compose(self) -> ComposeResult:
        yield Static(id="introduction")
        with VerticalScroll(can_focus=False):
            yield self.list
        yield KeyBar()

    def on_mount(self) -> None:
        self.list.focus()
        self._compare()

    def _compare(self) -> None:
        versions = self.file.two_versions
        if versions is None:
            self._leave(AGREED)
        else:
            self._cut(versions)

    @work(thread=True, exclusive=True, group="compare")
    def _cut(self, versions: TwoVersions) -> None:
        pieces = conflict_view.pieces_of(versions.base, versions.pane, as_shown(versions.outside.text))
        self.app.call_from_thread(self._show, versions, pieces)

    def _show(self, versions: TwoVersions, pieces: Sequence[Piece]) -> None:
        self.versions, self.pieces = versions, pieces
        self.list.show(conflict_view.places(pieces))

    def on_place_list_answered(self) -> None:
        """Count what still asks."""
        if self.versions is not None:
            name = shown_path(self.file.file.path.name)
            known = self.versions.base is not None
            self.put("#introduction", conflict_view.introduction(name, self.list.choices, known), layout=True)

    def action_take(self) -> None:
        """Take the result, once every place has its answer."""
        if self.versions is None:
            return
        if None in self.list.choices:
            self.notify("Places marked ? still ask: y the pane's, f the file's, b both.", timeout=4)
            return
        self._settle(self.versions, conflict_view.result(self.pieces, self.list.places, self.list.choices))

    def action_take_pane(self) -> None:
        if self.versions is not None:
            self._settle(self.versions, self.versions.pane)

    def action_take_file(self) -> None:
        if self.versions is not None:
            self._settle(self.versions, as_shown(self.versions.outside.text))

    @work(group="disk", exclusive=True)
    async def _settle(self, versions: TwoVersions, text: str) -> None:
        source = await self.file.settle(versions, text)
        self.changed()
        if source is not None:
            self.done(source)
            self._leave()
            return
        newest = self.file.two_versions
        if newest is not None and newest.outside.hash == versions.outside.hash:
            self.notify(self.file.trouble, timeout=8, markup=False)  # the disk refuses
            return
        if newest is not None:
            self.notify(ONCE_MORE, timeout=6)
        self._compare()

    def _leave(self, words: str = "") -> None:
        if words:
            self.notify(words, timeout=4)
        if self.is_current:
            self.tutor.back()
