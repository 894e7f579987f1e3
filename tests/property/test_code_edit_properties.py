"""Editing keys on any text: nothing but what they are for changes, and what has an opposite is taken back by it."""

from __future__ import annotations

import io
import tokenize
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.tui.widgets import code_edit
from tutor.tui.widgets.code_document import CodeDocument, Highlight
from tutor.tui.widgets.code_edit import Change, Location, place_of

WORDS = [
    "if x:",
    "return y",
    "pass",
    "f(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    '"""',
    "#",
    "\\",
    "a",
    ":",
    " ",
    "    ",
    "é",
    "\t",
]
NN = Path(code_edit.__file__).parents[2] / "nn"
Selected = tuple[list[str], Location, Location]


@st.composite
def selected(draw: st.DrawFn) -> Selected:
    """Lines that look a little like Python, and a selection in them."""
    lines = draw(st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map("".join), min_size=1, max_size=8))

    def location() -> Location:
        row = draw(st.integers(0, len(lines) - 1))
        return row, draw(st.integers(0, len(lines[row])))

    anchor = location()
    return lines, anchor, draw(st.sampled_from([anchor, location()]))


def applied(lines: list[str], change: Change | None) -> Selected:
    """The lines and the selection after a change, whose places must all exist."""
    assert change is not None
    (row, column), (last, end) = change.start, change.end
    assert change.start <= change.end and column <= len(lines[row]) and end <= len(lines[last])
    text = "\n".join([*lines[:row], lines[row][:column] + change.text + lines[last][end:], *lines[last + 1 :]])
    done = text.split("\n")
    for place in (change.anchor, change.cursor):
        assert place[1] <= len(done[place[0]])
    return done, change.anchor, change.cursor


def bare(lines: list[str]) -> str:
    return "".join("".join(lines).split())


@given(selected())
def test_enter_adds_and_takes_blanks_alone(given: Selected) -> None:
    lines, anchor, cursor = given
    start, end = sorted((anchor, cursor))
    done, at, same = applied(lines, code_edit.typed_enter(lines, anchor, cursor))
    kept = [*lines[: start[0]], lines[start[0]][: start[1]] + lines[end[0]][end[1] :], *lines[end[0] + 1 :]]
    assert bare(done) == bare(kept)
    assert at == same and at[0] == start[0] + 1 and not done[at[0]][: at[1]].strip()
    if place_of(lines, start).inside == "string":
        assert "\n".join(done).startswith("\n".join([*lines[: start[0]], lines[start[0]][: start[1]]]) + "\n")


@given(selected())
def test_backspace_takes_back_at_most_a_tab(given: Selected) -> None:
    lines, _, cursor = given
    change = code_edit.typed_backspace(lines, cursor)
    if change is not None:
        done, _, at = applied(lines, change)
        assert bare(done) == bare(lines) and 1 <= cursor[1] - at[1] <= code_edit.LEVEL and at[1] % code_edit.LEVEL == 0


@given(selected())
def test_dedent_takes_an_indent_back(given: Selected) -> None:
    change = code_edit.indent(*given)
    if change is None:
        assert not any(given[0][row].strip() for row in code_edit.selected_rows(*given[1:]))
        return
    once = applied(given[0], change)
    again = code_edit.dedent(*once)
    if all(line.strip() or not line for line in given[0]):  # blanks alone are not indented, but taken
        assert applied(once[0], again)[0] == given[0]


@given(selected())
def test_a_comment_toggled_twice_is_the_code_again(given: Selected) -> None:
    chosen = [line for row in code_edit.selected_rows(*given[1:]) if (line := given[0][row]).strip()]
    change = code_edit.toggle_comment(*given)
    assert (change is None) == (not chosen)
    if change is not None and not all(line.lstrip().startswith("#") for line in chosen):
        once = applied(given[0], change)
        rows = code_edit.selected_rows(*given[1:])
        assert all(once[0][row].lstrip().startswith("#") for row in rows if given[0][row].strip())
        assert applied(once[0], code_edit.toggle_comment(*once))[0] == given[0]


@given(selected(), st.sampled_from([-1, 1]))
def test_lines_moved_there_and_back(given: Selected, by: int) -> None:
    up, down = (-1, 1) if by < 0 else (1, -1)
    change = code_edit.move_lines(*given, up)  # type: ignore[arg-type]
    if change is not None:
        once = applied(given[0], change)
        assert sorted(once[0]) == sorted(given[0])
        if {given[1][0], given[2][0]} <= set(code_edit.selected_rows(*given[1:])):
            assert applied(once[0], code_edit.move_lines(*once, down)) == given  # type: ignore[arg-type]


@given(selected(), st.sampled_from([*WORDS, "A", "x:", ""]))
def test_everything_found_is_there(given: Selected, needle: str) -> None:
    lines = given[0]
    found = code_edit.find(lines, needle)
    assert found == sorted(set(found))
    folded = needle.lower() == needle
    assert all(
        (lines[row][at : at + len(needle)].lower() if folded else lines[row][at : at + len(needle)]) == needle
        for row, at in found
    )
    assert bool(found) == any(needle in (line.lower() if folded else line) for line in lines if needle)


@pytest.mark.parametrize("name", ["attention.py", "conv2d.py", "autograd.py"])
def test_real_files_are_read_as_python_reads_them(name: str) -> None:
    source = (NN / name).read_text()
    lines = source.split("\n")
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.string.strip()]
    steps = [{"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.string, 0) for token in tokens]
    for number, (token, depth) in enumerate(zip(tokens, accumulate(steps), strict=True)):
        if number % 7:  # reading a place reads everything before it: some are enough
            continue
        inside = {tokenize.COMMENT: "comment", tokenize.STRING: "string"}.get(token.type, "code")
        row, column = token.start[0] - 1, token.start[1]
        prefix = len(token.string) - len(token.string.lstrip("rbfRBF")) if inside == "string" else 0
        assert place_of(lines, (row, column)).inside == "code"
        if inside != "code":
            assert place_of(lines, (row, column + prefix + 1)).inside == inside
        assert len(place_of(lines, (token.end[0] - 1, token.end[1])).opened) == depth


# ── the document ─────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(document: CodeDocument, step: int) -> list[list[Highlight]]:
    """The highlights of all lines, asked for by so many lines at once."""
    count = document.line_count
    rows = {}
    for first in range(0, count, step):
        rows.update(document.highlights(first, first + step))
    return [sorted(rows[row], key=str) for row in range(count)]


@given(st.data())
def test_highlights_are_the_same_however_they_came_about(data: st.DataObject) -> None:
    """By parts or at once, after edits or read anew."""
    document = CodeDocument(data.draw(st.sampled_from(["\n", "\r\n"])).join(data.draw(selected())[0]))
    for _ in range(data.draw(st.integers(1, 5))):
        rows = st.integers(0, document.line_count - 1)
        start, end = (
            (row, data.draw(st.integers(0, len(document.lines[row])))) for row in (data.draw(rows), data.draw(rows))
        )
        typed = st.lists(st.sampled_from([*WORDS, "\n", "\r\n"]), max_size=4).map("".join)
        document.replace_range(start, end, data.draw(typed))
    fresh = CodeDocument(document.text)
    assert fresh.lines == document.lines
    at_once = drawn(document, document.line_count)
    assert drawn(document, 3) == drawn(document, 1) == at_once == drawn(fresh, fresh.line_count)


@pytest.mark.parametrize("name", ["attention.py", "conv2d.py"])
def test_a_real_file_is_highlighted_by_parts_as_at_once(name: str) -> None:
    document = CodeDocument((NN / name).read_text())
    assert drawn(document, 7) == drawn(document, document.line_count)
    names = {highlight[2] for row in drawn(document, 32) for highlight in row}
    assert {"keyword.function", "string.documentation", "comment", "number", "type", "method.call"} <= names
