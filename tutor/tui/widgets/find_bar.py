"""The one-line fields at the foot of the code pane: find, and go to a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.document._document import Selection
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import Input, Static

from tutor.tui.widgets.code_edit import Location, at_or_after, find
from tutor.tui.widgets.code_pane import CodePane


class FootField(Input):
    """A line of text at the foot of the pane; it says which way to go on, and when it is left."""

    class Moved(Message):
        """On to the next (1) or the previous (-1) one."""

        def __init__(self, by: Literal[-1, 1]) -> None:
            super().__init__()
            self.by = by

    class Done(Message):
        """Back to the text: to what was found, or to where it all began."""

        def __init__(self, *, stay: bool) -> None:
            super().__init__()
            self.stay = stay

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.cursor_blink = False

    def action_move(self, by: Literal[-1, 1]) -> None:
        self.post_message(self.Moved(by))

    def action_done(self, stay: bool) -> None:
        self.post_message(self.Done(stay=stay))


class FindField(FootField):
    """What is looked for."""

    HELP = (
        "Type what you look for: the next place is shown at once, all others are marked. A capital letter makes "
        "capitals count. Enter or down goes on, up goes back, Esc returns to the text there."
    )
    BINDINGS = [
        Binding("enter,down,ctrl+f,ctrl+r", "move(1)", "Next", show=False, tooltip="The next place"),
        Binding("up", "move(-1)", "Previous", show=False, tooltip="The place before"),
        Binding("escape", "done(True)", "Back", show=False, tooltip="Back to the text, there"),
    ]


class LineField(FootField):
    """The number of a line."""

    HELP = "Type the number of a line: it is shown at once. Enter goes there, Esc goes back to where you were."
    BINDINGS = [
        Binding("enter", "done(True)", "Go", show=False, tooltip="Go to this line"),
        Binding("escape", "done(False)", "Back", show=False, tooltip="Back to where you were"),
    ]


class FootBar(Horizontal):
    """A field with its name before it and what it found behind it; it is there while it has the keys."""

    DEFAULT_CSS = """
    FootBar { height: 1; display: none; background: $panel; padding: 0 1; }
    FootBar.-open { display: block; }
    FootBar Static { width: auto; color: $dim; }
    FootBar FootField.-textual-compact, FootBar FootField.-textual-compact:focus {
        width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; color: $bright;
    }
    """

    NAME = ""

    def __init__(self, pane: CodePane, field: FootField) -> None:
        super().__init__()
        self.pane = pane
        self.field = field
        self.note = Static()
        self.origin: tuple[Selection, tuple[int, int]] = (Selection(), (0, 0))

    def compose(self) -> ComposeResult:
        yield Static(Content(self.NAME))
        yield self.field
        yield self.note

    def open(self, text: str = "") -> None:
        """Take the keys."""
        self.origin = self.pane.selection, self.pane.scroll_offset
        self.field.value = text
        self.field.action_select_all()
        self.add_class("-open")
        self.field.focus()
        self.show()

    def close(self) -> None:
        """Go away, and take the marks along."""
        self.remove_class("-open")
        self.pane.mark_found()

    def show(self) -> None:
        """Show in the pane what the field asks for."""
        raise NotImplementedError

    def go_back(self) -> None:
        """Show the text as it was when the field was opened."""
        selection, scroll = self.origin
        self.pane.selection = selection
        self.pane.scroll_to(*scroll, animate=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.has_class("-open"):
            self.show()

    @on(FootField.Done)
    def _done(self, event: FootField.Done) -> None:
        event.stop()
        if not event.stay:
            self.go_back()
        self.pane.move_cursor(min(self.pane.selection))
        self.pane.focus()


class FindBar(FootBar):
    """Find: every place is marked, one of them is selected."""

    NAME = "find"

    def __init__(self, pane: CodePane) -> None:
        super().__init__(pane, FindField())
        self.places: list[Location] = []
        self.at = 0

    def show(self) -> None:
        self.places = find(self.pane.document.lines, self.field.value)
        self.pane.mark_found(self.places, len(self.field.value))
        if self.places:
            self.at = at_or_after(self.places, min(self.origin[0]))
        else:
            self.go_back()
        self._show_place()

    @on(FootField.Moved)
    def _move(self, event: FootField.Moved) -> None:
        event.stop()
        if self.places:
            self.at = (self.at + event.by) % len(self.places)
            self._show_place()

    def _show_place(self) -> None:
        if self.places:
            row, column = self.places[self.at]
            self.pane.selection = Selection((row, column), (row, column + len(self.field.value)))
            self.pane.scroll_cursor_visible()
        found = f"{self.at + 1} of {len(self.places)}" if self.places else "not found"
        self.note.update(Content(found if self.field.value else "⏎ next  ↑ back  esc"))


class LineBar(FootBar):
    """Go to a line."""

    NAME = "line"

    def __init__(self, pane: CodePane) -> None:
        super().__init__(pane, LineField())

    def show(self) -> None:
        last, typed = self.pane.document.line_count, self.field.value.strip()
        self.note.update(Content(f"1 to {last}"))
        if typed.isdecimal() and 1 <= int(typed[:9]) <= last:
            self.pane.move_cursor((int(typed) - 1, 0), center=True)
        else:
            self.go_back()


class CodeEditor(Vertical):
    """The code pane with its fields at the foot."""

    def __init__(self, pane: CodePane) -> None:
        super().__init__(id="editor")
        self.pane = pane
        self.bars = {"find": FindBar(pane), "line": LineBar(pane)}

    def compose(self) -> ComposeResult:
        yield self.pane
        yield from self.bars.values()

    def open_bars(self) -> Iterator[FootBar]:
        """The fields that are there now: at most one."""
        return (bar for bar in self.bars.values() if bar.has_class("-open"))

    def on_code_pane_asked(self, message: CodePane.Asked) -> None:
        """Open the field; what is selected is what is looked for."""
        selected = self.pane.selected_text
        self.bars[message.what].open(selected if message.what == "find" and "\n" not in selected else "")

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Back in the text, by whatever way: the field has done its work."""
        if event.widget is self.pane:
            for bar in self.open_bars():
                bar.close()
