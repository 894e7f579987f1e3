"""What the Train screen asks: a number, and which runs to lay beside the one that is watched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from tutor.errors import RunError
from tutor.paths import Paths
from tutor.training import Tick, list_runs, network_words
from tutor.tui.screens.train_view import LETTERS, OTHERS, STATES, state
from tutor.tui.theme import ROLE_STYLES


def _keys(*pairs: tuple[str, str]) -> Content:
    """Keys and what each does."""
    return Content("   ").join(Content.assemble((f"{key} ", "$accent"), (does, "$dim")) for key, does in pairs)


class Ask(ModalScreen[str]):
    """Asks for one value; enter gives it, esc gives "" and changes nothing."""

    CSS_PATH = "train_dialogs.tcss"
    BINDINGS = [Binding("escape", "leave", "leave it as it is", show=False)]

    def __init__(self, title: str, value: str, words: str) -> None:
        super().__init__()
        self.heading, self.value, self.words = title, value, words

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content.styled(self.heading, "bold $bright"), classes="gap")
            yield Input(self.value, compact=True, select_on_focus=True)
            yield Static(Content(self.words), classes="words")
            yield Static(_keys(("⏎", "takes it"), ("esc", "leaves it as it is")))

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self.dismiss(message.value.strip())

    def action_leave(self) -> None:
        self.dismiss("")


class RunList(Widget, can_focus=True):
    """The other runs, newest first; the chosen ones carry the letter that will stand on their curves."""

    HELP = "Space lays a run over the one you watch, and takes it away; at most five. Enter shows them."
    DEFAULT_CSS = "RunList { height: auto; }"
    BINDINGS = [
        Binding("down,j", "move(1)", "Down", show=False, tooltip="The run below"),
        Binding("up,k", "move(-1)", "Up", show=False, tooltip="The run above"),
        Binding("space", "choose", "Choose", show=False, tooltip="Lay it over the run you watch, or take it away"),
    ]

    at: reactive[int] = reactive(0)

    def __init__(self, chosen: Sequence[str]) -> None:
        super().__init__()
        self.chosen = list(chosen)  # ids
        self.runs: Sequence[Tick] | None = None  # None while they are read

    def show(self, runs: Sequence[Tick]) -> None:
        """These are they."""
        self.runs = runs
        self.refresh(layout=True)

    def render(self) -> Content:
        if not self.runs:
            return Content.styled("Reading the runs." if self.runs is None else "There is no other run yet.", "$dim")
        return Content("\n").join(self._row(tick, number == self.at) for number, tick in enumerate(self.runs))

    def _row(self, tick: Tick, here: bool) -> Content:
        name = tick.config.id
        letter, role = "·", "$faint"
        if name in self.chosen:
            place = self.chosen.index(name)
            letter, role = LETTERS[place], ROLE_STYLES[OTHERS[place]]
        sign, word, style = STATES[state(tick)]
        right = f"{tick.held_back:.1%}" if tick.held_back is not None else ""
        shown = f"{name} · {tick.title}" if tick.title else name
        row = Content.assemble(
            ("▸ " if here else "  ", "$accent"),
            (f"{letter} ", role),
            (f"{shown[:26]:<27}", "bold $bright" if here else "$foreground"),
            (f"{network_words(tick.config)[:14]:<15}", "$dim"),
            (f"{sign} {word:<13}", style),
            (f"{right:>6}", "$dim"),
        )
        return row.truncate(max(1, self.size.width or 80), ellipsis=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return max(1, len(self.runs or ()))

    def action_move(self, by: int) -> None:
        self.at = max(0, min(len(self.runs or ()) - 1, self.at + by))

    def watch_at(self) -> None:
        """Keep it in sight."""
        if isinstance(self.parent, Widget):
            self.parent.scroll_to_region(Region(0, self.at, 1, 1), animate=False)

    def action_choose(self) -> None:
        if not self.runs:
            return
        name = self.runs[self.at].config.id
        if name in self.chosen:
            self.chosen.remove(name)
        elif len(self.chosen) < len(LETTERS):
            self.chosen.append(name)
        else:
            self.notify(f"{len(LETTERS)} runs at most: take one away first.", timeout=4)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        if self.runs and event.y < len(self.runs):
            self.at = event.y
            self.action_choose()


class Overlay(ModalScreen[tuple[Path, ...]]):
    """Which runs to lay over the one that is watched; answers with their folders, or None to leave it as it is."""

    CSS_PATH = "train_dialogs.tcss"
    BINDINGS = [
        Binding("enter", "done", "show", show=False, tooltip="Show them"),
        Binding("escape,o", "leave", "leave it as it is", show=False, tooltip="Leave it as it is"),
    ]

    def __init__(self, paths: Paths, watched: str, chosen: Sequence[str]) -> None:
        super().__init__()
        self.paths, self.watched = paths, watched
        self.list = RunList(chosen)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content.styled("Lay other runs over this one", "bold $bright"), classes="gap")
            with VerticalScroll(can_focus=False):
                yield self.list
            yield Static(_keys(("space", "chooses"), ("⏎", "shows them"), ("esc", "leaves it as it is")))

    def on_mount(self) -> None:
        self.list.focus()
        self._read()

    @work(thread=True)
    def _read(self) -> None:
        try:
            runs = [tick for tick in list_runs(self.paths) if tick.config.id != self.watched]
        except RunError:
            runs = []
        self.app.call_from_thread(self.list.show, runs)

    def action_done(self) -> None:
        self.dismiss(tuple(self.paths.runs / name for name in self.list.chosen))

    def action_leave(self) -> None:
        self.dismiss(None)
