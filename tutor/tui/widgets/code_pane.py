from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.widgets import TextArea
from textual.widgets.text_area import TextAreaTheme

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


class CodePane(TextArea):
    """The learner's file: Python, highlighted, where Tab indents and Esc leaves."""

    HELP = "Your file. Type as in any editor; Tab indents, Esc leaves the pane, ctrl+s saves and judges."

    BINDINGS = [
        Binding("ctrl+z", "undo", "Undo", show=False),
        Binding("ctrl+y", "redo", "Redo", show=False),
        Binding("ctrl+b", "next_blank", "Next blank", show=False, tooltip="Go to the next blank"),
    ]

    def __init__(self, text: str) -> None:
        super().__init__(
            text,
            language="python",
            theme="css",
            soft_wrap=False,
            tab_behavior="indent",
            show_line_numbers=True,
            id="code",
        )
        self.register_theme(CODE_THEME)
        self.theme = CODE_THEME.name
        self.cursor_blink = False
        self.marked: int | None = None

    async def _on_key(self, event: events.Key) -> None:
        """Enter keeps the indentation, and deepens it after a colon."""
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
        if line_index + 1 == self.marked:
            text.stylize(FAILED_LINE)
        return text

    def action_next_blank(self) -> None:
        """Put the cursor on the next `# BLANK`, going round."""
        lines = self.text.split("\n")
        row = self.cursor_location[0]
        order = [*range(row + 1, len(lines)), *range(row + 1)]
        found = next((number for number in order if "# BLANK" in lines[number]), None)
        if found is None:
            self.notify("No blank is left.", timeout=2)
            return
        self.move_cursor((found, max(0, lines[found].find("..."))), center=True)

    def show_content(self, text: str) -> None:
        """Take another content without losing the place in it; undo brings the old one back."""
        if text == self.text:
            return
        location, scroll = self.cursor_location, self.scroll_offset
        last = self.document.end
        self.replace(text, (0, 0), last, maintain_selection_offset=False)
        row = min(location[0], self.document.line_count - 1)
        self.move_cursor((row, min(location[1], len(self.document.get_line(row)))))
        self.scroll_to(*scroll, animate=False)
