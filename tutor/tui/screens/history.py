from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from tutor.errors import reason_of
from tutor.learner import Version, shown_path
from tutor.tui.pane_file import PaneFile, text_of
from tutor.tui.screens import history_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.code_pane import as_shown
from tutor.tui.widgets.keybar import KeyBar


class VersionList(Widget, can_focus=True):
    """The kept versions, newest first."""

    HELP = (
        "Everything your file was: each version that was judged, and each that another took the place of. "
        "Arrows choose one, enter puts it into the pane; what stands there is kept first."
    )
    DEFAULT_CSS = "VersionList { height: auto; }"
    BINDINGS = [
        Binding("down,j", "move(1)", "older", key_display="↓", tooltip="The version before it"),
        Binding("up,k", "move(-1)", "Newer", show=False, tooltip="The version after it"),
        Binding("home", "move(-1000)", "Newest", show=False, tooltip="The newest"),
        Binding("end", "move(1000)", "Oldest", show=False, tooltip="The oldest"),
    ]

    chosen: reactive[int] = reactive(0)

    class Chosen(Message):
        """Another version is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: Sequence[Version] = ()
        self.now = time.time()

    @property
    def version(self) -> Version | None:
        """The one that is looked at."""
        return self.versions[self.chosen] if self.versions else None

    def show(self, versions: Sequence[Version]) -> None:
        """These are they."""
        self.versions, self.now = versions, time.time()
        self.refresh(layout=True)
        self.post_message(self.Chosen())

    def render(self) -> Content:
        width = self.size.width or 80
        return Content("\n").join(
            history_view.row(version, self.now, number == self.chosen, width)
            for number, version in enumerate(self.versions)
        )

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return max(1, len(self.versions))

    def action_move(self, by: int) -> None:
        self.chosen = max(0, min(len(self.versions) - 1, self.chosen + by))

    def watch_chosen(self) -> None:
        """Keep it in sight, and say so."""
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_region(Region(0, self.chosen, 1, 1), animate=False)
        self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        if event.y < len(self.versions):
            self.chosen = event.y


class HistoryScreen(TutorScreen):
    """What an exercise's file was before, each version beside what stands in the pane now."""

    HELP = VersionList.HELP
    CSS_PATH = "history.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("enter", "restore", "put it into the pane", key_display="⏎", tooltip="What stands there is kept first"),
        Binding("w", "whole", "whole file", tooltip="Between the whole version and what differs"),
        Binding("pagedown,space", "scroll(1)", "scroll", key_display="PgDn", tooltip="On in the version"),
        Binding("pageup", "scroll(-1)", "Back", show=False, tooltip="Back in the version"),
        Binding("escape", "app.back", "back", key_display="esc", tooltip="Back to the Lab; nothing changes"),
    ]

    whole: reactive[bool] = reactive(False)

    def __init__(self, file: PaneFile, changed: Callable[[], None]) -> None:
        super().__init__()
        self.file = file
        self.changed = changed  # called when the pane has got another content
        self.list = VersionList()

    def compose(self) -> ComposeResult:
        yield Static(Content.assemble(("History", "bold $bright"), (f" · {self.name_of_file}", "$dim")), id="title")
        with Container(id="body"):
            with VerticalScroll(id="versions", can_focus=False):
                yield self.list
            with VerticalScroll(id="version", can_focus=False):
                yield Static(id="heading")
                yield Static(id="lines")
        yield KeyBar()

    @property
    def name_of_file(self) -> str:
        """As it may be shown."""
        return shown_path(self.file.file.path.name)

    def on_mount(self) -> None:
        self.list.focus()
        self._read()

    @work(thread=True)
    def _read(self) -> None:
        versions = self.file.file.history.all()
        self.app.call_from_thread(self._show, versions)

    def _show(self, versions: Sequence[Version]) -> None:
        if not versions:
            self.put("#heading", Content.styled(history_view.NOTHING, "$dim"), layout=True)
        self.list.show(versions)

    def watch_whole(self) -> None:
        self.on_version_list_chosen()

    def on_version_list_chosen(self) -> None:
        """Compare the version with the pane, off the thread that draws."""
        if self.list.version is not None:
            self._compare(self.list.version, self.file.pane.text, self.whole)

    @work(thread=True, exclusive=True, group="compare")
    def _compare(self, version: Version, pane: str, whole: bool) -> None:
        worker = get_current_worker()
        try:
            text = as_shown(text_of(version.read(), version.path.name))
        except OSError as error:
            words = Content.styled(f"It cannot be read any more: {reason_of(error)}.", "$dim")
            self.app.call_from_thread(self._show_version, words, Content())
            return
        lines = history_view.comparison(pane, text, whole)
        heading, body = history_view.heading(version, lines), history_view.body(lines)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_version, heading, body)

    def _show_version(self, heading: Content, body: Content) -> None:
        self.put("#heading", heading, layout=True)
        self.put("#lines", body, layout=True)
        self.query_one("#version").scroll_home(animate=False)

    def action_whole(self) -> None:
        self.whole = not self.whole

    def action_scroll(self, by: int) -> None:
        version = self.query_one("#version")
        version.scroll_relative(y=by * max(1, version.size.height - 2), animate=False)

    @work(group="disk", exclusive=True)
    async def action_restore(self) -> None:
        """Put the version into the pane; the file stays as it is until ctrl+s."""
        version = self.list.version
        if version is None or not self.is_current:
            return
        restored = await self.file.restore(version)
        self.changed()
        if not restored:
            self.notify(self.file.trouble, timeout=8, markup=False)
        elif self.is_current:
            self.notify("It stands in the pane: ctrl+s saves and judges it, ctrl+z brings the other back.", timeout=6)
            self.tutor.back()
