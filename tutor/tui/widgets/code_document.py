"""The document behind the code pane: Python, parsed as it is typed, highlighted only where somebody looks."""

from __future__ import annotations

import re
from functools import cache

import tree_sitter_python
from textual.document._document import EditResult, Location
from textual.document._syntax_aware_document import SyntaxAwareDocument
from textual.document._wrapped_document import WrappedDocument
from tree_sitter import Language, Query, QueryCursor

from tutor.tui.widgets.code_theme import HIGHLIGHTS

Highlight = tuple[int, int | None, str]  # from byte, to byte (None: the end of the line), name

CHUNK = 32  # lines that are asked about at once


@cache
def _python() -> tuple[Language, Query, dict[str, int]]:
    """The grammar, the query, and the rank of each of its names: the later one is drawn over the earlier."""
    language = Language(tree_sitter_python.language())
    query = Query(language, HIGHLIGHTS)
    names = dict.fromkeys(re.findall(r"@([\w.]+)", HIGHLIGHTS))
    return language, query, {name: rank for rank, name in enumerate(names)}


class CodeDocument(SyntaxAwareDocument):
    """Textual's document with the tree kept over the whole text in bytes.

    Textual hands tree-sitter the text line by line from Python, thousands of calls for every key.
    """

    def __init__(self, text: str) -> None:
        self._text: str | None = None
        self.changes: list[tuple[int, int, int]] = []  # of each edit the first row, the last, and the last afterwards
        super().__init__(text, _python()[0])
        self._syntax_tree = self._parser.parse(self.text.encode("utf-8", "replace"))

    def _read_callable(self, byte_offset: int, point: tuple[int, int]) -> bytes:  # noqa: ARG002
        return b""  # the tree is made from bytes

    @property
    def text(self) -> str:
        """The text, joined once after an edit: it is asked for several times a key."""
        if self._text is None:
            self._text = super().text
        return self._text

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        top, bottom = sorted((start, end))
        before = [(self._location_to_byte_offset(place), self._location_to_point(place)) for place in (top, bottom)]
        result = super(SyntaxAwareDocument, self).replace_range(top, bottom, text)
        self._text = None
        self.changes.append((top[0], bottom[0], result.end_location[0]))
        self._syntax_tree.edit(
            start_byte=before[0][0],
            start_point=before[0][1],
            old_end_byte=before[1][0],
            old_end_point=before[1][1],
            new_end_byte=self._location_to_byte_offset(result.end_location),
            new_end_point=self._location_to_point(result.end_location),
        )
        self._syntax_tree = self._parser.parse(self.text.encode("utf-8", "replace"), self._syntax_tree)
        return result

    def highlights(self, first: int, last: int) -> dict[int, list[Highlight]]:
        """What is to be coloured on the rows from first to before last, what is drawn over it later in the list."""
        _, query, rank = _python()
        cursor = QueryCursor(query)
        cursor.set_point_range((first, 0), (last, 0))
        found: dict[int, list[Highlight]] = {row: [] for row in range(first, last)}
        captures = cursor.captures(self._syntax_tree.root_node)
        for name in sorted(captures, key=rank.__getitem__):
            for node in captures[name]:
                (top, left), (bottom, right) = node.start_point, node.end_point
                for row in range(max(top, first), min(bottom, last - 1) + 1):
                    if row == top or row < bottom or right:  # else it ended with the line before
                        found[row].append((left if row == top else 0, right if row == bottom else None, name))
        return found


class Highlights(dict[int, list[Highlight]]):
    """The highlights of each row, asked for when it is drawn."""

    def __init__(self, document: CodeDocument) -> None:
        super().__init__()
        self._document = document

    def __bool__(self) -> bool:
        return True  # Textual asks for no row of what is empty

    def __missing__(self, row: int) -> list[Highlight]:
        first = row - row % CHUNK
        for found, highlights in self._document.highlights(first, first + CHUNK).items():
            self.setdefault(found, highlights)
        return self[row]


class UnwrappedDocument(WrappedDocument):
    """Lines as they are; Textual's own counts them all for each one that it draws."""

    @property
    def height(self) -> int:
        return len(self._offset_to_line_info)
