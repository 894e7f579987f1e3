from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.document._document import Document
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import TextAreaTheme

from tutor.course import blanks

CODE_THEME = TextAreaTheme(
    name="tutor",
    base_style=Style(color="#d0d0d0", bgcolor="#121212"),
    gutter_style=Style(color="#585858", bgcolor="#121212"),
    cursor_style=Style(color="#121212", bgcolor="#ffaf5f"),
    cursor_line_style=Style(bgcolor="#1c1c1c"),
    cursor_line_gutter_style=Style(color="#8a8a8a", bgcolor="#1c1c1c"),
    bracket_matching_style=Style(bgcolor="#3a3a3a", bold=True),
    selection_style=Style(bgcolor="#3a3a3a"),
    syntax_styles={
        "comment": Style(color="#8a8a8a", italic=True),
        "string": Style(color="#afd7af"),
        "string.documentation": Style(color="#8a8a8a"),
        "keyword": Style(color="#d7afff"),
        "keyword.function": Style(color="#d7afff"),
        "keyword.return": Style(color="#d7afff"),
        "keyword.operator": Style(color="#d7afff"),
        "conditional": Style(color="#d7afff"),
        "repeat": Style(color="#d7afff"),
        "include": Style(color="#d7afff"),
        "operator": Style(color="#d0d0d0"),
        "number": Style(color="#ffd7af"),
        "float": Style(color="#ffd7af"),
        "boolean": Style(color="#ffd7af"),
        "constant.builtin": Style(color="#ffd7af"),
        "function": Style(color="#87afff"),
        "function.call": Style(color="#87afff"),
        "method": Style(color="#87afff"),
        "method.call": Style(color="#87afff"),
        "class": Style(color="#ffd75f"),
        "type": Style(color="#ffd75f"),
    },
)


FAILED_LINE = Style(bgcolor="#5f0000")

# What would move the terminal's cursor or turn its text around is shown as a sign of one cell.
_SHOWN = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) != "\t"},
    0x7F: "␡",
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}"),
}


def as_shown(text: str) -> str:
    """The text as a pane that was given it would hand it back: every kind of line end is a line end."""
    return Document(text).text


class CodePane(TextArea):
    """The learner's file: Python, highlighted, where Tab indents and Esc leaves."""

    HELP = (
        "Your file. Type as in any editor: Tab indents, ctrl+b goes to the next blank, ctrl+z takes a change back. "
        "ctrl+s saves and judges. Esc leaves the pane; then letters and digits are keys, and Esc goes back."
    )

    class Left(Message):
        """Esc was pressed: the learner wants the keys for something else."""

    BINDINGS = [
        Binding("ctrl+z", "undo", "Undo", show=False, tooltip="Take the last change back"),
        Binding("ctrl+y", "redo", "Redo", show=False, tooltip="Make it again"),
        Binding("ctrl+b", "next_blank", "Next blank", show=False, tooltip="Go to the next blank"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__(
            text,
            theme="css",
            soft_wrap=False,
            tab_behavior="indent",
            show_line_numbers=True,
            id="code",
        )
        self.language = "python"  # here and not above, where TextArea would prepare the highlighting twice
        self.register_theme(CODE_THEME)
        self.theme = CODE_THEME.name
        self.cursor_blink = False
        self.marked: int | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """TextArea selects with F6 and F7, which mean other things here."""
        if action in ("select_line", "select_all"):
            return False
        return super().check_action(action, parameters)

    async def _on_key(self, event: events.Key) -> None:
        """Enter keeps the indentation, and deepens it after a colon; Esc leaves."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.post_message(self.Left())
            return
        if event.key == "enter" and not self.read_only:
            event.stop()
            event.prevent_default()
            row, column = self.cursor_location
            before = self.document.get_line(row)[:column]
            indent = before[: len(before) - len(before.lstrip())] + ("    " if before.rstrip().endswith(":") else "")
            self.insert("\n" + indent)
            return
        await super()._on_key(event)

    def mark_line(self, line: int | None) -> None:
        """Mark the line (from 1) in which the code failed; None takes the mark away."""
        if line != self.marked:
            self.marked = line
            self._line_cache.clear()
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        text = super().get_line(line_index)
        if not text.plain.isprintable():
            text.plain = text.plain.translate(_SHOWN)
        if line_index + 1 == self.marked:
            text.stylize(FAILED_LINE)
        return text

    def action_next_blank(self) -> None:
        """Put the cursor on the next blank that is still empty, going round."""
        row = self.cursor_location[0]
        lines = [blank.line - 1 for blank in blanks(self.text)]
        if not lines:
            self.notify("No blank is left.", timeout=2)
            return
        found = next((line for line in lines if line > row), lines[0])
        self.move_cursor((found, max(0, self.document.get_line(found).find("..."))), center=True)

    def show_content(self, text: str) -> None:
        """Take another content without losing the place in it; undo brings the old one back."""
        if text == self.text:
            return
        location, scroll = self.cursor_location, self.scroll_offset
        self.history.checkpoint()
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.history.checkpoint()
        row = min(location[0], self.document.line_count - 1)
        self.move_cursor((row, min(location[1], len(self.document.get_line(row)))))
        self.scroll_to(*scroll, animate=False)
