"""What holds for every formula: nothing crashes, nothing is wider than it may be, everything keeps its baseline."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tutor.mathtext import MathError, display, inline, macros
from tutor.mathtext.layout import layout
from tutor.mathtext.parse import parse
from tutor.mathtext.spacing import Style

SIGNS = [
    *"abcxyzLW012+-=,<>/!",
    *(rf"\{name} " for name in ("alpha", "partial", "nabla", "sum", "prod", "max", "log", "le", "to", "cdot", "quad")),
    r"\, ",
    r"\text{in the end}",
    r"\mathbb{R}",
]


def _extended(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One more level of every construct around smaller formulas."""
    two = st.tuples(inner, inner)
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(" ".join),
        two.map(lambda pair: rf"\frac{{{pair[0]}}}{{{pair[1]}}}"),
        two.map(lambda pair: rf"{{{pair[0]}}}^{{{pair[1]}}}"),
        two.map(lambda pair: rf"{{{pair[0]}}}_{{{pair[1]}}}"),
        two.map(lambda pair: rf"\sum_{{{pair[0]}}}^{{n}} {{{pair[1]}}}"),
        two.map(lambda pair: rf"\begin{{bmatrix}} {pair[0]} & {pair[1]} \\ 1 & 2 \end{{bmatrix}}"),
        two.map(lambda pair: rf"\begin{{cases}} {pair[0]} & {pair[1]} \\ 0 & \text{{else}} \end{{cases}}"),
        two.map(lambda pair: rf"\begin{{aligned}} {pair[0]} &= {pair[1]} \\ &= 1 \end{{aligned}}"),
        two.map(lambda pair: rf"\underbrace{{{pair[0]}}}_{{{pair[1]}}}"),
        inner.map(lambda one: rf"\sqrt{{{one}}}"),
        inner.map(lambda one: rf"\hat{{{one}}}"),
        inner.map(lambda one: rf"\left( {one} \right)"),
        inner.map(lambda one: rf"\left\langle {one} \right\rangle^2"),
        inner.map(lambda one: rf"\| {one} \|"),
    )


FORMULAS = st.recursive(st.sampled_from(SIGNS), _extended, max_leaves=12)


@given(FORMULAS, st.integers(1, 90), st.booleans())
def test_a_formula_is_laid_out_at_any_width_in_signs_of_one_cell(latex: str, width: int, ascii: bool) -> None:
    lines = display(latex, width, ascii=ascii)
    for line in (*lines, inline(latex, ascii=ascii)):
        assert cell_len(line) == len(line)
        assert line.isascii() or not ascii
        assert "\n" not in line


@given(FORMULAS, st.integers(20, 90), st.booleans())
def test_no_line_is_wider_than_the_width_unless_a_word_is(latex: str, width: int, ascii: bool) -> None:
    longest_word = max(map(len, inline(latex, ascii=ascii).split(" ")), default=0)
    # What hangs beside a left side or a relation has less room than the width, but never less than half of it.
    if longest_word <= width // 4:
        assert all(len(line) <= width for line in display(latex, width, ascii=ascii))


@given(FORMULAS)
def test_room_enough_changes_nothing(latex: str) -> None:
    wide = display(latex, 5000)
    assert display(latex, max(map(len, wide), default=1)) == wide


@given(FORMULAS, FORMULAS, st.booleans())
def test_neighbours_stand_on_one_baseline(left: str, right: str, ascii: bool) -> None:
    style = Style(ascii=ascii)
    first, second = layout(parse(f"{{{left}}}"), style), layout(parse(f"{{{right}}}"), style)
    both = layout(parse(rf"{{{left}}} \approx {{{right}}}"), style)
    assert both.baseline == max(first.baseline, second.baseline)
    assert both.height - both.baseline == max(box.height - box.baseline for box in (first, second))
    sign = "~=" if ascii else "≈"
    assert sign in both.lines[both.baseline]


@given(FORMULAS, st.booleans())
def test_a_box_is_a_rectangle(latex: str, ascii: bool) -> None:
    made = layout(parse(latex), Style(ascii=ascii))
    assert {len(line) for line in made.lines} == {made.width}
    assert 0 <= made.baseline < made.height
    assert 0 <= made.rise <= made.above
    assert 0 <= made.fall <= made.below


PIECES = st.lists(st.sampled_from([*"ab12{}[]()^_'&|\\$%~ \n.+-=", *(rf"\{name}" for name in macros())])).map("".join)


@given(PIECES)
@example(r"\left")
@example(r"\begin{cases}")
@example("^")
@example(r"\sqrt[")
def test_whatever_is_typed_is_laid_out_or_refused_with_a_sentence(latex: str) -> None:
    for show in (lambda: display(latex, 40), lambda: inline(latex), lambda: display(latex, 40, ascii=True)):
        refusal = None
        try:
            show()
        except MathError as error:
            refusal = error
        if refusal is not None:
            assert refusal.sentence.endswith((".", "?"))
            assert 0 <= refusal.position <= len(latex)


@given(st.text(max_size=12))
def test_any_character_is_one_cell_wide_or_refused(latex: str) -> None:
    for text in (latex, rf"\text{{{latex}}}"):
        try:
            shown = inline(text)
        except MathError:
            continue
        assert cell_len(shown) == len(shown)
        assert inline(text, ascii=True).isascii()
