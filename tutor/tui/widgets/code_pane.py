from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.document._document import Document, EditResult, Selection
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.strip import Strip
from textual.widgets import TextArea

from tutor.course import blanks
from tutor.tui.terminal import PASTE_LIMIT
from tutor.tui.theme import DARK, THEMES
from tutor.tui.widgets import code_edit
from tutor.tui.widgets.code_document import CodeDocument, Highlights, UnwrappedDocument
from tutor.tui.widgets.code_edit import Change, Location
from tutor.tui.widgets.code_theme import FOUND, code_looks
from tutor.tui.widgets.in_turn import InTurn

MOST_UNDONE = 2000  # steps that undo goes back; every line typed is one
LEAST_WORDS = 16  # cells: with less room the end of a marked line says nothing

# What would move the terminal's cursor or turn its text around is shown as a sign of one cell.
_SHOWN = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) != "\t"},
    0x7F: "␡",
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}"),
}


def as_shown(text: str) -> str:
    """The text as a pane that was given it would hand it back: every kind of line end is a line end."""
    return Document(text).text


def _key(keys: str, action: str, name: str, tooltip: str) -> Binding:
    return Binding(keys, action, name, show=False, tooltip=tooltip, id=f"code.{name.lower().replace(' ', '_')}")


class CodePane(InTurn, TextArea):
    """The learner's file: Python, highlighted, where Tab indents and Esc leaves.

    It draws only the lines whose look has changed: a key costs the same in a long file as in a short one.
    """

    HELP = (
        "Your file. Enter indents as Python wants it, backspace in leading blanks goes back a level, Tab and shift+tab "
        "move the selected lines. ctrl+b selects the next blank, ctrl+f finds, ctrl+z takes a change back. "
        "ctrl+s saves and judges. Esc goes to the results: there letters and digits are keys, and Esc leaves."
    )

    class Left(Message):
        """Esc was pressed: the learner wants the keys for something else."""

    # Second keys: tmux takes ctrl+b, and some terminals have no ctrl+/.
    BINDINGS = [
        _key("ctrl+z", "undo", "Undo", "Take the last change back"),
        _key("ctrl+y", "redo", "Redo", "Make it again"),
        _key("ctrl+b,ctrl+n", "next_blank", "Next blank", "Select the next blank: type over it"),
        _key("alt+n", "previous_blank", "Previous blank", "Select the blank before"),
        _key("ctrl+underscore,ctrl+slash,ctrl+t", "comment", "Comment", "Make the lines comments, or code again"),
        _key("alt+up", "move_lines(-1)", "Move up", "Move the line, or the selected lines, up"),
        _key("alt+down", "move_lines(1)", "Move down", "Move them down"),
        _key("shift+tab", "dedent", "Dedent", "Take one level of indentation away"),
        _key("ctrl+left", "cursor_word_left", "Word left", "One word left; with shift it selects"),
        _key("ctrl+right", "cursor_word_right", "Word right", "One word right"),
        _key("ctrl+w", "delete_word_left", "Delete word", "Delete the word before the cursor"),
    ]

    selection: Reactive[Selection] = reactive(Selection(), init=False, always_update=True, repaint=False)

    def __init__(self, text: str) -> None:
        self.marked: int | None = None  # the line, from 1, in which the code failed
        self.words = ""  # what is said of it
        self.found: dict[int, list[int]] = {}  # columns of what was looked for, by row
        self.found_length = 0
        super().__init__(
            text, soft_wrap=False, tab_behavior="indent", show_line_numbers=True, max_checkpoints=MOST_UNDONE, id="code"
        )
        for name in THEMES:
            self.register_theme(code_looks(name).area)
        self.looks = code_looks(DARK.name)
        self.theme = self.looks.area.name
        self.cursor_blink = False

    # ── the document, and drawing no more of it than has changed ─────────────────────────────────────────────────────

    def _watch_language(self, language: str | None) -> None:
        """There is one language."""

    def on_mount(self) -> None:
        if code_looks(self.app.theme) is not self.looks:
            self._app_theme_changed()

    def _app_theme_changed(self) -> None:
        """The code follows the theme of the app."""
        self.looks = code_looks(self.app.theme)
        self.theme = self.looks.area.name
        self._draw_all()

    def _set_document(self, text: str, language: str | None) -> None:  # noqa: ARG002
        self.code = self.document = CodeDocument(text)
        self.wrapped_document = UnwrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._highlights = Highlights(self.code)
        self._drawn_gutter = self.gutter_width
        self._build_highlight_map()
        self.refresh()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def _build_highlight_map(self) -> None:
        """The text has changed: draw the lines anew that look different now, and move the marks with their lines."""
        before, self._highlights = self._highlights, Highlights(self.code)
        self._line_cache.clear()
        self.found = {}
        changes, self.code.changes = self.code.changes, []
        if self.gutter_width != self._drawn_gutter:
            self._drawn_gutter = self.gutter_width
            self.refresh()
        top = self.scroll_offset.y
        seen = range(top, top + self.size.height)
        for first, last, now_last in changes:
            if self.marked is not None and self.marked - 1 > last:
                self.marked += now_last - last
            self._draw(range(first, seen.stop if now_last != last else last + 1))
        self._draw(row for row in seen if row in before and before[row] != self._highlights[row])

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        bracket = self._matching_bracket_location
        super()._watch_selection(previous_selection, selection)
        for start, end in (sorted(previous_selection), sorted(selection)):
            self._draw(range(start[0], end[0] + 1))
        self._draw(place[0] for place in (bracket, self._matching_bracket_location) if place)

    def _recompute_cursor_offset(self) -> None:
        """While undo takes lines away, Textual looks for the cursor in those that are gone."""
        cursor = min(self.cursor_location, self.document.end)
        self._cursor_offset = self.wrapped_document.location_to_offset(cursor)

    def _draw(self, rows: Iterable[int]) -> None:
        top, height = self.scroll_offset.y, self.size.height
        for row in rows:
            if top <= row < top + height:
                self.refresh_lines(row)

    def get_line(self, line_index: int) -> Text:
        text = super().get_line(line_index)
        if not text.plain.isprintable():
            text.plain = text.plain.translate(_SHOWN)
        if line_index + 1 == self.marked:
            text.stylize(self.looks.failed_line)
        for column in self.found.get(line_index, ()):
            text.stylize(FOUND, column, column + self.found_length)
        return text

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        row = y + self.scroll_offset.y
        return self._with_words(strip, row) if self.words and row + 1 == self.marked else strip

    def _with_words(self, strip: Strip, row: int) -> Strip:
        """The marked line with what is said of it at its right end, as far as there is room."""
        if row >= self.document.line_count:
            return strip
        width = self.size.width
        written = self.gutter_width + cell_len(self.document.get_line(row).expandtabs(4)) + 1 - self.scroll_offset.x
        room = width - written - 3
        if room < min(LEAST_WORDS, cell_len(self.words)):
            return strip
        words = self.words if cell_len(self.words) <= room else f"{set_cell_size(self.words, room - 1).rstrip()}…"
        area = self.looks.area
        below = area.cursor_line_style if row == self.cursor_location[0] else area.base_style
        style = (below or Style()) + self.looks.failed_words
        end = Segment(f" {words} ", style)
        return Strip.join([strip.crop(0, width - cell_len(end.text)), Strip([end])])

    # ── marks ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def mark_line(self, line: int | None, words: str = "") -> None:
        """Mark the line (from 1) in which the code failed, and say why at its end; None takes the mark away."""
        if (line, words) != (self.marked, self.words):
            rows = [number - 1 for number in (self.marked, line) if number is not None]
            self.marked, self.words = line, words
            self._line_cache.clear()
            self._draw(rows)

    def mark_found(self, places: Iterable[Location] = (), length: int = 0) -> None:
        """Mark every place where something stands that was looked for."""
        self.found, self.found_length = {}, length
        for row, column in places:
            self.found.setdefault(row, []).append(column)
        self._draw_all()

    def _draw_all(self) -> None:
        self._line_cache.clear()
        self.refresh()

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """TextArea selects with F6 and F7, which mean other things here."""
        if action in ("select_line", "select_all"):
            return False
        return super().check_action(action, parameters)

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """A letter with alt is a key and no letter, other than Textual has it."""
        return not key.startswith("alt+") and super().check_consume_key(key, character)

    async def _on_key(self, event: events.Key) -> None:
        """Enter and Tab indent; Esc leaves."""
        if await self.in_turn(event):
            return
        if event.key.startswith("alt+"):
            event.prevent_default()
            return
        if event.key not in ("escape", "enter", "tab") or (self.read_only and event.key != "escape"):
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        anchor, cursor = self.selection
        if event.key == "escape":
            self.post_message(self.Left())
        elif event.key == "enter":
            self._make(code_edit.typed_enter(self.code.lines, anchor, cursor))
        elif anchor == cursor:
            self._make(code_edit.typed_tab(self.code.lines, cursor))
        else:
            self._make(code_edit.indent(self.code.lines, anchor, cursor))

    def on_paste(self, event: events.Paste) -> None:
        """Say that a paste was cut, which the terminal's input does to what is too long to be drawn in a blink."""
        if len(event.text) >= PASTE_LIMIT:
            self.notify(f"Only the first {PASTE_LIMIT // 1024} KiB of what you pasted are here.", timeout=8)

    def _make(self, change: Change | None) -> None:
        """Make a change by the keyboard, as one step for undo."""
        if change is None or self.read_only:
            return
        self.replace(change.text, change.start, change.end, maintain_selection_offset=False)
        self.selection = Selection(change.anchor, change.cursor)
        self.record_cursor_width()

    def action_delete_left(self) -> None:
        """Backspace: a level of indentation where only blanks stand before the cursor."""
        change = code_edit.typed_backspace(self.code.lines, self.cursor_location) if self.selection.is_empty else None
        if change is None:
            super().action_delete_left()
        else:
            self._make(change)

    def action_dedent(self) -> None:
        self._make(code_edit.dedent(self.code.lines, *self.selection))

    def action_comment(self) -> None:
        self._make(code_edit.toggle_comment(self.code.lines, *self.selection))

    def action_move_lines(self, by: Literal[-1, 1]) -> None:
        self._make(code_edit.move_lines(self.code.lines, *self.selection, by))

    def action_next_blank(self) -> None:
        """Select the next blank that is still empty, going round: what is typed takes its place."""
        self._go_to_blank(1)

    def action_previous_blank(self) -> None:
        """The same backwards."""
        self._go_to_blank(-1)

    def _go_to_blank(self, by: Literal[-1, 1]) -> None:
        rows = [blank.line - 1 for blank in blanks(self.text)]
        if not rows:
            self.notify("No blank is left.", timeout=2)
            return
        found = code_edit.next_row(rows, self.cursor_location[0], by)
        first, last = code_edit.blank_columns(self.document.get_line(found))
        self.move_cursor((found, first), center=True)
        self.selection = Selection((found, first), (found, last))
        self.record_cursor_width()

    def edit(self, edit: Edit) -> EditResult:
        """What is typed over a selection is one step for undo, from its first letter on."""
        result = super().edit(edit)
        if len(edit.text) == 1 and result.replaced_text:
            self.history._previously_replaced = False  # else Textual begins another step at the second letter
        return result

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
