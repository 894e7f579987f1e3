"""What the editing keys do to Python; `|` is the cursor, `^` where a selection began."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tutor.tui.widgets.code_edit import (
    Change,
    at_or_after,
    dedent,
    find,
    indent,
    move_lines,
    next_row,
    place_of,
    toggle_comment,
    typed_backspace,
    typed_enter,
    typed_tab,
)


def parse(text: str) -> tuple[list[str], tuple[int, int], tuple[int, int]]:
    """The lines, the anchor and the cursor of a text with its marks."""

    def place(sign: str) -> tuple[int, int]:
        before = text.partition(sign)[0].replace("^", "").replace("|", "")
        return before.count("\n"), len(before) - before.rfind("\n") - 1

    cursor = place("|")
    anchor = place("^") if "^" in text else cursor
    return text.replace("^", "").replace("|", "").split("\n"), anchor, cursor


def after(lines: list[str], change: Change) -> str:
    """The text after a change, with its marks."""
    (row, column), (last, end) = change.start, change.end
    done = [*lines[:row], lines[row][:column] + change.text + lines[last][end:], *lines[last + 1 :]]
    done = "\n".join(done).split("\n")
    marks = {(*change.cursor, "|")} | ({(*change.anchor, "^")} if change.anchor != change.cursor else set())
    for at, where, sign in sorted(marks, reverse=True):
        done[at] = done[at][:where] + sign + done[at][where:]
    return "\n".join(done)


ENTER = [
    ("x = 1|", "x = 1\n|"),
    ("    x = 1|", "    x = 1\n    |"),
    ("if x:|", "if x:\n    |"),
    ("if x:  # why|", "if x:  # why\n    |"),
    ("# note:|", "# note:\n|"),
    ("x = 1  # note:|", "x = 1  # note:\n|"),
    ("s = 'a:|'", "s = 'a:\n|'"),
    ("s = 'a:'|", "s = 'a:'\n|"),
    ('s = """a:|', 's = """a:\n|'),
    ('    """Say:|', '    """Say:\n    |'),
    ('s = """a\nb"""|', 's = """a\nb"""\n|'),
    ("x[1:]|", "x[1:]\n|"),
    ("x = [1:|", "x = [1:\n    |"),
    ("  f(|", "  f(\n      |"),
    ("f(a,|", "f(a,\n    |"),
    ("f(\n    a,|", "f(\n    a,\n    |"),
    ("f(\n    a,|\n)", "f(\n    a,\n    |\n)"),
    ("f(\n    g(|", "f(\n    g(\n        |"),
    ("f(\n    g(\n        1)|", "f(\n    g(\n        1)\n    |"),
    ("    f(\n        a)|", "    f(\n        a)\n    |"),
    ("def f(\n    a,\n):|", "def f(\n    a,\n):\n    |"),
    ("def f(a,\n      b):|", "def f(a,\n      b):\n    |"),
    ("f(|)", "f(\n    |\n)"),
    ("    x = [|]", "    x = [\n        |\n    ]"),
    ("f(|]", "f(\n    |]"),
    ("    return x|", "    return x\n|"),
    ("        raise ValueError('no')|", "        raise ValueError('no')\n    |"),
    ("    pass|", "    pass\n|"),
    ("    pass  # yet|", "    pass  # yet\n|"),
    ("    break|", "    break\n|"),
    ("    continue|", "    continue\n|"),
    ("return x|", "return x\n|"),
    ("    return f(\n        x)|", "    return f(\n        x)\n|"),
    ("    return (|", "    return (\n        |"),
    ("    returned = 1|", "    returned = 1\n    |"),
    ("    return |x", "    return\n    |x"),
    ("    if x: return 1|", "    if x: return 1\n    |"),
    ("a = 1 + \\|", "a = 1 + \\\n|"),
    ("    a = 1 + \\\n            2|", "    a = 1 + \\\n            2\n    |"),
    ("    |x = 1", "\n    |x = 1"),
    ("|    x", "\n|    x"),
    ("    x\n    |", "    x\n\n    |"),
    ("a = 1 |+ 2", "a = 1\n|+ 2"),
    ("a = 1|   ", "a = 1\n|"),
    ("\tif x:|", "\tif x:\n\t\t|"),
    ("^if a|b:", "\n|b:"),
    ("x = 1\nif x^:\n    y|", "x = 1\nif x\n|"),
    ("f(')')|", "f(')')\n|"),
    ("d = {'a': '''(''',|", "d = {'a': '''(''',\n    |"),
    ("r'\\'|", "r'\\'\n|"),
    ("'it\\'s:'|", "'it\\'s:'\n|"),
    ("x = ''|", "x = ''\n|"),
    ("it's:|", "it's:\n|"),  # a quote that is not closed: what follows is a string
    ("it's\nif x:|", "it's\nif x:\n    |"),  # but no longer than its line
]


@pytest.mark.parametrize(("text", "wanted"), ENTER)
def test_enter_indents_as_python_wants_it(text: str, wanted: str) -> None:
    lines, anchor, cursor = parse(text)
    assert after(lines, typed_enter(lines, anchor, cursor)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("        |x", "    |x"),
        ("      |x", "    |x"),
        ("  |x", "|x"),
        ("        |", "    |"),
        ("|x", None),
        ("    x|", None),
        ("    x  |", None),
        ("\t|x", None),
    ],
)
def test_backspace_in_leading_blanks_goes_back_one_level(text: str, wanted: str | None) -> None:
    lines, _, cursor = parse(text)
    change = typed_backspace(lines, cursor)
    assert (after(lines, change) if change else None) == wanted


@pytest.mark.parametrize(("text", "wanted"), [("|x", "    |x"), ("ab|", "ab  |"), ("\tif\n|", "\tif\n\t|")])
def test_tab_goes_to_the_next_level(text: str, wanted: str) -> None:
    lines, _, cursor = parse(text)
    assert after(lines, typed_tab(lines, cursor)) == wanted


LINES: list[tuple[Callable[..., Change | None], str, str | None]] = [
    (indent, "^a\n\nb|", "^    a\n\n    b|"),
    (indent, "a^b\nc\n|d", "    a^b\n    c\n|d"),
    (indent, "|", None),
    (dedent, "        a|b", "    a|b"),
    (dedent, "  a|b", "a|b"),
    (dedent, "  |  ab", "|ab"),
    (dedent, "\t\ta|", "\ta|"),
    (dedent, "^    a\n  b|", "^a\nb|"),
    (dedent, "ab|", None),
    (toggle_comment, "x = |1", "# x = |1"),
    (toggle_comment, "# x = |1", "x = |1"),
    (toggle_comment, "#x|", "x|"),
    (toggle_comment, "    x|", "    # x|"),
    (toggle_comment, "  |  x", "  |  # x"),
    (toggle_comment, "^    if x:\n\n        y|", "^    # if x:\n\n    #     y|"),
    (toggle_comment, "^    # if x:\n    #     y|", "^    if x:\n        y|"),
    (toggle_comment, "^# a\nb|", "^# # a\n# b|"),
    (toggle_comment, "|\nx", None),
    (partial(move_lines, by=-1), "a\nb|\nc", "b|\na\nc"),
    (partial(move_lines, by=1), "a\n^b\nc|\nd", "a\nd\n^b\nc|"),
    (partial(move_lines, by=-1), "a|\nb", None),
    (partial(move_lines, by=1), "a\nb|", None),
]


@pytest.mark.parametrize(("edit", "text", "wanted"), LINES)
def test_whole_lines(edit: Callable[..., Change | None], text: str, wanted: str | None) -> None:
    lines, anchor, cursor = parse(text)
    change = edit(lines, anchor, cursor)
    assert (after(lines, change) if change else None) == wanted


def test_places_are_read_as_python_reads_them() -> None:
    text = 'def f(a,\n      b):\n    """Do (it:\n    """\n    return [a, "#|'
    lines, _, cursor = parse(text)
    place = place_of(lines, cursor)
    assert (place.inside, place.opened, place.statement, place.first) == ("string", (4,), 4, "return")
    assert place_of(lines, (1, 8)).opened == ()
    assert place_of(lines, (0, 8)).opened == (0,)
    assert place_of(lines, (2, 12)).inside == "string"


def test_finding_minds_capitals_only_where_there_is_one() -> None:
    lines = ["Linear linear", "", "grad_W = x.T @ grad"]
    assert find(lines, "linear") == [(0, 0), (0, 7)]
    assert find(lines, "Linear") == [(0, 0)]
    assert find(lines, "grad_w") == [(2, 0)]
    assert find(lines, ".t @") == [(2, 10)]
    assert find(lines, "") == [] == find(lines, "(")


def test_going_on_and_back_goes_round() -> None:
    assert [at_or_after([(1, 2), (5, 0)], here) for here in [(0, 0), (1, 2), (1, 3), (9, 0)]] == [0, 0, 1, 0]
    assert [next_row([3, 8], row, 1) for row in (0, 3, 5, 8, 9)] == [3, 8, 8, 3, 3]
    assert [next_row([3, 8], row, -1) for row in (0, 3, 5, 8, 9)] == [8, 8, 3, 3, 8]
