"""The one-line fields at the foot of the code pane: find, and go to a line."""

from __future__ import annotations

from typing import Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.document._document import Selection
from textual.widgets import Input, Static

from tutor.tui.widgets.code_edit import Location, at_or_after, find
from tutor.tui.widgets.code_pane import CodePane
from tutor.tui.widgets.in_turn import InTurn


def _key(keys: str, action: str, name: str, tooltip: str) -> Binding:
    return Binding(keys, action, name, show=False, tooltip=tooltip, id=f"code.{action}")


class FootField(InTurn, Input):
    """A line of text at the foot of the pane."""

    def __init__(self) -> None:
        super().__init__(compact=True, select_on_focus=False)
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        if not await self.in_turn(event):
            await super()._on_key(event)

    @property
    def bar(self) -> FootBar:
        """The bar that it is part of."""
        return self.query_ancestor(FootBar)

    def action_move(self, by: Literal[-1, 1]) -> None:
        self.bar.move(by)

    def action_done(self) -> None:
        self.bar.done()

    def action_leave(self) -> None:
        self.bar.field.value = ""
        self.bar.done()


class FindField(FootField):
    """What is looked for."""

    HELP = (
        "Type what you look for: the next place is shown at once, all others are marked. A capital letter makes "
        "capitals count. Enter or down goes on, up goes back, Esc returns to the text there."
    )
    BINDINGS = [
        Binding("enter,down,ctrl+f,ctrl+r", "move(1)", "Next", show=False, tooltip="The next place"),
        Binding("up", "move(-1)", "Previous", show=False, tooltip="The place before"),
        Binding("escape", "done", "Back", show=False, tooltip="Back to the text, there"),
    ]


class LineField(FootField):
    """The number of a line."""

    HELP = "Type the number of a line: it is shown at once. Enter goes there, Esc goes back to where you were."
    BINDINGS = [
        Binding("enter", "done", "Go", show=False, tooltip="Go to this line"),
        Binding("escape", "leave", "Back", show=False, tooltip="Back to where you were"),
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
        self.shown: str | None = None  # what the pane shows the places of
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
        self.screen.set_focus(self.field)
        self.shown = None
        self.catch_up()

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
            self.catch_up()

    def catch_up(self) -> None:
        """Show what was typed last, if that is not shown yet."""
        if self.shown != self.field.value:
            self.shown = self.field.value
            self.show()

    def move(self, by: Literal[-1, 1]) -> None:
        """On to the next of what was found, or back; where there is but one, it stays."""

    def done(self) -> None:
        """Back to the text."""
        self.catch_up()
        self.close()
        self.pane.move_cursor(min(self.pane.selection))
        self.screen.set_focus(self.pane)


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

    def move(self, by: Literal[-1, 1]) -> None:
        """On to the next place, or back."""
        self.catch_up()
        if self.places:
            self.at = (self.at + by) % len(self.places)
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

    # VS Code's terminal takes ctrl+f and ctrl+g: both have a second key.
    BINDINGS = [
        _key("ctrl+f,ctrl+r", "find", "Find", "Find in the file"),
        _key("ctrl+g,ctrl+l", "go_to_line", "Go to line", "Go to a line by its number"),
    ]

    def __init__(self, pane: CodePane) -> None:
        super().__init__(id="editor")
        self.pane = pane
        self.find_bar, self.line_bar = FindBar(pane), LineBar(pane)

    def compose(self) -> ComposeResult:
        yield self.pane
        yield self.find_bar
        yield self.line_bar

    @property
    def bar(self) -> FootBar | None:
        """The field that is there now."""
        return next((bar for bar in (self.find_bar, self.line_bar) if bar.has_class("-open")), None)

    def action_find(self) -> None:
        """Find what is selected, or what is typed then."""
        selected = self.pane.selected_text
        self._open(self.find_bar, "" if "\n" in selected else selected)

    def action_go_to_line(self) -> None:
        """Ask for the number of a line."""
        self._open(self.line_bar, "")

    def _open(self, bar: FootBar, text: str) -> None:
        if self.bar is not None:
            self.bar.close()
        bar.open(text)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Back in the text, by whatever way: the field has done its work."""
        if event.widget is self.pane and self.bar is not None and not self.bar.field.has_focus:
            self.bar.close()
