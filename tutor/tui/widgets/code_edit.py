"""What a writer of Python expects of the keys: pure functions of the lines and the selection, each returning a Change.

Rows and columns count from 0. An `anchor` is where a selection began, the `cursor` where it ends; they are the same
where nothing is selected.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

Location = tuple[int, int]
Lines = Sequence[str]

LEVEL = 4  # columns of one level of indentation
LEAVES = frozenset({"return", "raise", "pass", "break", "continue"})  # what ends a block
PAIRS = {"(": ")", "[": "]", "{": "}"}
_BLANK = re.compile(r"\.\.\.(?=[^#]*#\s*BLANK\b)")


class Change(NamedTuple):
    """Put `text` in the place of what stands from `start` to `end`; then the selection is from `anchor` to `cursor`."""

    start: Location
    end: Location
    text: str
    anchor: Location
    cursor: Location


class Place(NamedTuple):
    """What a place in the file is, as Python reads everything before it."""

    inside: Literal["code", "comment", "string"]
    opened: tuple[int, ...]  # the rows of the brackets that are open here, the innermost last
    opened_before: tuple[int, ...]  # those that were open where this line began
    statement: int  # the row on which the statement began
    first: str  # its first word
    last: str  # the last sign of code on this line; empty where there is none


# A string that is not closed goes to the end of its line, a long one to the end of the text.
_TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
    |(?P<string>\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|(?!\"{3}|'{3})(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'))
    |(?P<unclosed>\"{3}.*|'{3}.*|["'](?:[^\\\n]|\\.)*+\\?)
    |(?P<opening>[(\[{])
    |(?P<closing>[)\]}])
    |(?P<joined>\\\n)
    |(?P<newline>\n)
    |(?P<code>[^\s"'#()\[\]{}\\]+|\\)
    """,
    re.VERBOSE | re.DOTALL,
)


def place_of(lines: Lines, location: Location) -> Place:
    """Read the file up to a location."""
    row, column = location
    text = "\n".join([*lines[:row], lines[row][:column]])
    opened: list[int] = []
    before: tuple[int, ...] = ()
    at, statement, first, last, inside = 0, 0, "", "", "code"
    for token in _TOKEN.finditer(text):
        kind, words = token.lastgroup, token[0]
        if kind in ("newline", "joined"):
            if kind == "newline" and not opened:
                first = ""
            at, before, last = at + 1, tuple(opened), ""
            continue
        if not first:
            statement = at
        if kind == "comment":
            inside = "comment" if token.end() == len(text) else "code"
            continue
        first = first or (re.match(r"\w*", words) or token)[0] or words[0]
        inside = "string" if kind == "unclosed" and token.end() == len(text) else "code"
        at, last = at + words.count("\n"), words[-1]
        if kind == "opening":
            opened.append(at)
        elif kind == "closing" and opened:
            opened.pop()
    if not first and inside == "code":
        statement = row
    return Place(inside, tuple(opened), before, statement, first, last)  # type: ignore[arg-type]


# ── one line ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def typed_enter(lines: Lines, anchor: Location, cursor: Location) -> Change:
    """A new line with the indentation that Python wants there."""
    start, end = sorted((anchor, cursor))
    row, column = start
    before, after = lines[row][:column], lines[end[0]][end[1] :]
    place = place_of(lines, start)
    if place.inside == "string":
        return _typed(start, end, "\n" + _leading(before))
    if not before.strip():
        return _typed((row, 0), end, "\n" + before)
    indent = _next_indent(lines, place, row, at_end=not after.strip())
    start, end = (row, len(before.rstrip())), (end[0], end[1] + len(_leading(after)))
    if PAIRS.get(place.last) and after.lstrip().startswith(PAIRS[place.last]):
        change = _typed(start, end, f"\n{indent}\n{_leading(before)}")
        inner = (row + 1, len(indent))
        return change._replace(anchor=inner, cursor=inner)
    return _typed(start, end, "\n" + indent)


def _next_indent(lines: Lines, place: Place, row: int, *, at_end: bool) -> str:
    level = unit(lines)
    if place.opened:
        if place.opened[-1] != row and place.opened == place.opened_before:
            return _leading(lines[row])
        return _leading(lines[place.opened[-1]]) + level
    base = _leading(lines[place.statement])
    if place.last == ":":
        return base + level
    if place.first in LEAVES and at_end:
        return base[: -len(level)] if base.endswith(level) else ""
    return base


def typed_backspace(lines: Lines, cursor: Location) -> Change | None:
    """One level back in the blanks that begin a line; None elsewhere."""
    row, column = cursor
    if not column or lines[row][:column].strip(" "):
        return None
    return _typed((row, (column - 1) // LEVEL * LEVEL), cursor, "")


def typed_tab(lines: Lines, cursor: Location) -> Change:
    """Blanks up to the next level, or a tab in a file that is indented by tabs."""
    row, column = cursor
    level = unit(lines)
    if level == "\t" and not lines[row][:column].strip():
        return _typed(cursor, cursor, level)
    width = len(lines[row][:column].expandtabs(LEVEL))
    return _typed(cursor, cursor, " " * (LEVEL - width % LEVEL))


# ── whole lines ──────────────────────────────────────────────────────────────────────────────────────────────────────


def indent(lines: Lines, anchor: Location, cursor: Location) -> Change | None:
    """Every selected line one level in."""
    level = unit(lines)
    return _each(lines, anchor, cursor, lambda line: (0, 0, level) if line.strip() else (0, 0, ""))


def dedent(lines: Lines, anchor: Location, cursor: Location) -> Change | None:
    """Every selected line one level out, as far as it goes."""
    return _each(lines, anchor, cursor, lambda line: (0, _one_level(line), ""))


def toggle_comment(lines: Lines, anchor: Location, cursor: Location) -> Change | None:
    """Make comments of the selected lines, or code again where they all are comments."""
    block = [line for row in selected_rows(anchor, cursor) if (line := lines[row]).strip()]
    if all(line.lstrip().startswith("#") for line in block):
        return _each(lines, anchor, cursor, _uncommented)
    column = min(len(_leading(line)) for line in block)
    return _each(lines, anchor, cursor, lambda line: (column, 0, "# ") if line.strip() else (0, 0, ""))


def move_lines(lines: Lines, anchor: Location, cursor: Location, by: Literal[-1, 1]) -> Change | None:
    """The selected lines one line up (-1) or down (1); None at the ends of the file."""
    rows = selected_rows(anchor, cursor)
    first, last = rows[0] + min(by, 0), rows[-1] + max(by, 0)
    if first < 0 or last >= len(lines):
        return None
    block = [lines[row] for row in rows]
    moved = [*block, lines[first]] if by < 0 else [lines[last], *block]
    below = (last, len(moved[-1]))  # where a selection ends that ended on the line after the block, when there is none
    anchor, cursor = (
        min((row + by, column), below) if row > rows[-1] else (row + by, column) for row, column in (anchor, cursor)
    )
    return Change((first, 0), (last, len(lines[last])), "\n".join(moved), anchor, cursor)


def selected_rows(anchor: Location, cursor: Location) -> range:
    """The rows that a selection means; one that ends before the first sign of a line does not mean that line."""
    start, end = sorted((anchor, cursor))
    return range(start[0], end[0] + (0 if end[1] == 0 and end[0] > start[0] else 1))


def _each(
    lines: Lines, anchor: Location, cursor: Location, edit: Callable[[str], tuple[int, int, str]]
) -> Change | None:
    """Edit every selected line: at a column take so many signs away and put a text there; None when nothing changes."""
    rows = selected_rows(anchor, cursor)
    edits = {row: edit(lines[row]) for row in rows}
    if not any(gone or text for _, gone, text in edits.values()):
        return None
    edited = [lines[row][:at] + text + lines[row][at + gone :] for row, (at, gone, text) in edits.items()]
    end = (rows[-1], len(lines[rows[-1]]))

    def moved(location: Location) -> Location:
        row, column = location
        at, gone, text = edits.get(row, (0, 0, ""))
        if column < at or (not column and anchor != cursor):
            return location  # what began with the whole line still does
        return row, max(at, column - gone) + len(text)

    return Change((rows[0], 0), end, "\n".join(edited), moved(anchor), moved(cursor))


def _uncommented(line: str) -> tuple[int, int, str]:
    at = line.find("#")
    return (0, 0, "") if at < 0 else (at, 2 if line[at + 1 : at + 2] == " " else 1, "")


def _one_level(line: str) -> int:
    """The number of signs at the beginning of a line that make one level."""
    return 1 if line.startswith("\t") else sum(1 for _ in takewhile(" ".__eq__, line[:LEVEL]))


# ── looking for something ────────────────────────────────────────────────────────────────────────────────────────────


def find(lines: Lines, needle: str) -> list[Location]:
    """Every place where the text stands; capital letters count where there is one in it."""
    if not needle:
        return []
    pattern = re.compile(re.escape(needle), 0 if needle.lower() != needle else re.IGNORECASE)
    return [(row, hit.start()) for row, line in enumerate(lines) for hit in pattern.finditer(line)]


def at_or_after(places: Sequence[Location], here: Location) -> int:
    """The number of the first place that is not before here; at the end of the file it goes round."""
    return bisect_left(places, here) % len(places)


def next_row(rows: Sequence[int], row: int, by: Literal[-1, 1]) -> int:
    """The next of these rows down (1) or up (-1), going round."""
    number = bisect_right(rows, row) if by > 0 else bisect_left(rows, row) - 1
    return rows[number % len(rows)]


def blank_columns(line: str) -> tuple[int, int]:
    """Where the Ellipsis of a blank's line begins and ends: the last one before its comment."""
    found = list(_BLANK.finditer(line))
    return found[-1].span() if found else (0, 0)


# ── indentation ──────────────────────────────────────────────────────────────────────────────────────────────────────


def unit(lines: Lines) -> str:
    """One level as this file writes it: a tab where its first indented line begins with one, else four blanks."""
    first = next((line[0] for line in lines if line[:1] in (" ", "\t") and line.strip()), " ")
    return "\t" if first == "\t" else " " * LEVEL


def _leading(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _typed(start: Location, end: Location, text: str) -> Change:
    """A change after which the cursor stands at the end of what was put in."""
    rows = text.split("\n")
    after = (start[0] + len(rows) - 1, len(rows[-1]) + (start[1] if len(rows) == 1 else 0))
    return Change(start, end, text, after, after)
