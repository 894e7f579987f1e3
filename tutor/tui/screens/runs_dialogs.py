"""What opens over the list of runs: runs side by side, and a field for a title."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tutor.training import LONGEST_TITLE, Tick, compare
from tutor.tui.screens import runs_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.keybar import KeyBar


class CompareScreen(TutorScreen):
    """Runs side by side: how they came out, and what differs between them."""

    HELP = "The marked runs side by side: how they came out, every setting in which they differ, and what they share."
    CSS_PATH = "runs.tcss"
    BINDINGS = [
        Binding("down,j", "scroll(1)", "scroll", key_display="↓", tooltip="A line down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, tooltip="A line up"),
        Binding("pagedown,space", "scroll(15)", "Page down", show=False, tooltip="A page down"),
        Binding("pageup", "scroll(-15)", "Page up", show=False, tooltip="A page up"),
        Binding("escape,q", "app.back", "back", key_display="esc"),
    ]

    def __init__(self, ticks: Sequence[Tick]) -> None:
        super().__init__()
        self.ticks = ticks
        self.rows = compare(ticks)

    def compose(self) -> ComposeResult:
        yield Static(Content.styled(f"{len(self.ticks)} runs side by side", "bold $bright"), id="title")
        with VerticalScroll(can_focus=False):
            yield Static(id="comparison")
        yield KeyBar()

    def on_resize(self) -> None:
        self.put("#comparison", runs_view.comparison(self.ticks, self.rows, self.size.width - 4), layout=True)

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


class RenameDialog(ModalScreen[str | None]):
    """Asks for a title; enter takes it, esc leaves things as they are."""

    CSS_PATH = "runs.tcss"
    BINDINGS = [Binding("escape", "leave", "leave it", show=False)]

    def __init__(self, run_id: str, title: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.title_now = title

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content.assemble(("A title for ", "bold $bright"), (self.run_id, "bold $bright")))
            field = Input(self.title_now, max_length=LONGEST_TITLE, placeholder=self.run_id, compact=True)
            field.cursor_blink = False
            yield field
            yield Static(
                Content.assemble(
                    ("⏎ ", "$accent"),
                    ("takes it; empty takes the title away   ", "$dim"),
                    ("esc ", "$accent"),
                    ("leaves it", "$dim"),
                )
            )

    def on_input_submitted(self, message: Input.Submitted) -> None:
        self.dismiss(message.value)

    def action_leave(self) -> None:
        self.dismiss(None)
