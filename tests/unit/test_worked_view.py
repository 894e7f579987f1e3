from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import Worked, WorkedRow
from tutor.course.worked import formulas
from tutor.tui.screens.worked_view import Hand, card, step_of, stepped, typed_number

NEURON = Worked(
    "One neuron",
    {"x": 2.0, "w": -1.5, "b": 0.25},
    (
        WorkedRow("z", "w * x + b", "the sum"),
        WorkedRow("a", "relu(z)", "what `relu` lets through", "relu(z)"),
        WorkedRow(
            "d", "2 * (a - 1) * x", "a note that is so long that it has to be broken into several lines", "∂L/∂w"
        ),
        WorkedRow("i", "1 / a", "the inverse", "i = 1/a"),
        WorkedRow("j", "i + d"),
    ),
    1,
    "Make z positive.",
)


@pytest.mark.parametrize(
    ("number", "step"),
    [(2.0, 0.5), (-1.5, 0.5), (0.5, 0.1), (0.25, 0.05), (0.01, 0.002), (3.0, 1.0), (0.0, 0.5), (100.0, 20.0), (4, 1),
     (0, 1), (-7, 1), (128, 10), (0.1234, 0.01)],
)  # fmt: skip
def test_a_key_changes_a_number_by_a_sensible_step(number: float, step: float) -> None:
    assert step_of(number) == pytest.approx(step)
    assert isinstance(step_of(number), int) == isinstance(number, int)


@given(st.one_of(st.integers(-1000, 1000), st.floats(-1e6, 1e6).map(lambda x: round(x, 3))), st.integers(1, 50))
def test_steps_lead_there_and_back(number: float, times: int) -> None:
    step = step_of(number)
    assert step > 0
    first = stepped(number, step, 1)
    assert number < first <= number + 1.001 * step
    there = first
    for _ in range(times):
        there = stepped(there, step, 1)
    for _ in range(times):
        there = stepped(there, step, -1)
    assert there == first


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3.0), ("-0.5", -0.5), (".5", 0.5), ("0,5", 0.5), ("", None), ("-", None), (".", None), ("9" * 12, None)],
)
def test_what_is_typed_is_a_number_or_none_yet(text: str, number: float | None) -> None:
    assert typed_number(text) == number


def lines(given: dict[str, float], hand: Hand | None = None, width: int = 76) -> list[str]:
    return card(NEURON, given, NEURON.given, hand, width).plain.split("\n")


def test_the_card_has_its_points_below_each_other_and_its_words_in_columns() -> None:
    shown = lines(dict(NEURON.given))
    assert shown[0] == "▎ One neuron"
    numbers = [
        line for line in shown if "." in line and "▎   " in line and "note" not in line and "several" not in line
    ]
    points = {line.index(".") for line in numbers if line.partition(".")[2][:1].isdigit()}
    assert len(points) == 1
    assert next(line for line in shown if "the sum" in line).index("the sum") == next(
        line for line in shown if "what relu" in line
    ).index("what relu")
    assert "2 * (relu(z) - 1) * x" in "\n".join(shown)  # in the names that stand on the screen
    assert "i + ∂L/∂w" in "\n".join(shown)  # one that is named in its show keeps its name
    assert any("divides by zero" in line for line in shown) and any("needs i, which" in line for line in shown)


def test_what_changed_is_marked_by_a_sign_and_is_brightest() -> None:
    changed = card(NEURON, {**NEURON.given, "w": 1.5}, NEURON.given, None, 76)
    rows = (line.split() for line in changed.plain.split("\n") if line.startswith("▎   "))
    signs = {words[1]: next((sign for sign in "▴▾·" if sign in words), "") for words in rows}
    assert signs["x"] == "" and signs["w"] == "▴" and signs["z"] == "▴" and signs["i"] == "·"
    start = changed.plain.index("3.25")
    assert any("bold $bright" in str(span.style) for span in changed.spans if span.start <= start < span.end)
    start = changed.plain.index("0.25")
    assert not any("bold" in str(span.style) for span in changed.spans if span.start <= start < span.end)


@given(st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3), st.integers(58, 110), st.sampled_from([None, 0, 1, 2]))
def test_the_card_fits(numbers: list[float], width: int, at: int | None) -> None:
    given = dict(zip("xwb", numbers, strict=True))
    hand = None if at is None else Hand(at)
    shown = card(NEURON, given, NEURON.given, hand, width)
    assert all(line.cell_length <= width for line in shown.split(allow_blank=True))
    if at is not None:
        assert "◂" in shown.plain and "esc leave" in shown.plain


def test_a_typed_number_stands_with_its_point_in_the_column() -> None:
    typed = next(line for line in lines(dict(NEURON.given), Hand(1, "-1.5")) if "▸ w" in line)
    plain = next(line for line in lines(dict(NEURON.given)) if line.startswith("▎   w"))
    assert typed.index("-1.5") == plain.index("-1.5")


def test_a_name_that_is_a_formula_itself_stands_in_others_in_brackets() -> None:
    rows = (
        WorkedRow("r", "p - y", show="p - y"),
        WorkedRow("loss", "r ** 2", show="L"),
        WorkedRow("twice", "2 * loss"),
    )
    assert formulas(Worked("Error", {"p": 1.0, "y": 2.0}, rows, line=1)) == ("p - y", "(p - y) ** 2", "2 * L")
