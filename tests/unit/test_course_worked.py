from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import Math, Worked, WorkedRow, aligned, read_page, recompute
from tutor.course.expressions import evaluate
from tutor.errors import ContentError

NEURON = """
title = "One neuron, one sample"
given = { x = 2, w = -1.5, b = 0.5 }
rows = [
    { name = "z", value = "w * x + b", note = "the sum" },
    { name = "a", value = "relu(z)" },
    { name = "dw", show = "∂L/∂w", value = "2 * (a - 1) * step(z) * x" },
]
try = "Make z positive."
"""


def page(tmp_path: Path, fence: str, body: str) -> object:
    file = tmp_path / "intuition.md"
    file.write_text(f"## Page\n\n```{fence}\n{body.strip()}\n```\n")
    ((block,),) = (section.blocks for section in read_page(file))
    return block


def test_a_worked_block_is_read_with_its_numbers_in_order(tmp_path: Path) -> None:
    block = page(tmp_path, "worked", NEURON)
    assert isinstance(block, Worked)
    assert (block.title, block.try_, block.line) == ("One neuron, one sample", "Make z positive.", 3)
    assert list(block.given.items()) == [("x", 2.0), ("w", -1.5), ("b", 0.5)]
    assert block.rows[0] == WorkedRow("z", "w * x + b", "the sum") and block.rows[2].show == "∂L/∂w"
    assert [made.value for made in recompute(block, block.given)] == [-2.5, 0, 0]
    assert [made.value for made in recompute(block, {"x": 2, "w": 1.5, "b": 0.5})] == [3.5, 3.5, 10]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("x = 2", "x = true", "`given.x` must be a number, not true or false"),
        ("x = 2", 'x = "2"', "`given.x` must be a number, not text"),
        ("x = 2", "max = 2", "`max` is no name for a number"),
        ("x = 2,", "", "the row `z`: needs x, which has no value"),
        ('name = "a"', 'name = "b"', "the name `b` stands twice"),
        ("w * x + b", "w * a + b", "the row `z`: needs a, which has no value"),
        ("w * x + b", "1 / (x - 2)", "the row `z`: divides by zero"),
        ("w * x + b", "(x, w)", "the row `z`: a row is one number, not a tuple"),
        ("w * x + b", "x.real", "the row `z`: only numbers"),
        ("w * x + b", "w * (x", "the row `z`: "),
        ('note = "the sum"', 'said = "the sum"', "`rows 1.said` is not known here"),
        ('try = "Make z positive."', "line = 3", "`line` is not known here: there is title, given, rows, try"),
        ("x = 2", "c = 1, d = 1, e = 1, f = 1, x = 2", "`given` holds one to 6 numbers, not 7"),
        ('title = "One neuron, one sample"', 'title = " "', "`title` must not be empty"),
    ],
)
def test_a_worked_block_that_cannot_be_shown_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in NEURON
    with pytest.raises(ContentError) as caught:
        page(tmp_path, "worked", NEURON.replace(old, new, 1))
    assert reason in caught.value.reason and caught.value.reason.startswith(("worked block: ", "`"))


def test_more_than_eight_rows_are_refused(tmp_path: Path) -> None:
    rows = ", ".join(f'{{ name = "r{number}", value = "x" }}' for number in range(9))
    with pytest.raises(ContentError, match="one to 8 rows"):
        page(tmp_path, "worked", f'title = "T"\ngiven = {{ x = 1 }}\nrows = [{rows}]')


@pytest.mark.parametrize(
    ("value", "number", "error"),
    [
        ("1 / x", 0, "divides by zero"),
        ("1 % x", 0, "divides by zero"),
        ("x ** -1", 0, "divides by zero"),
        ("log(x)", 0, "is not defined here"),
        ("sqrt(x)", -1, "is not defined here"),
        ("x ** 0.5", -1, "the value is not a real number"),
        ("exp(x)", 1000, "is too large a number"),
        ("x * x", 1e14, "is too large a number"),
        ("2 ** x", 65, "an exponent may be 64 at most"),
    ],
)
def test_what_has_no_value_says_so_and_so_does_what_needs_it(value: str, number: float, error: str) -> None:
    rows = (WorkedRow("a", value), WorkedRow("b", "a + 1"), WorkedRow("c", "x + 1"))
    first, second, third = recompute(Worked("T", {"x": 1}, rows, 1), {"x": number})
    assert first.value is None and first.error == error
    assert second.value is None and second.error == "needs a, which has no value"
    assert third.value == number + 1


@given(st.dictionaries(st.sampled_from("xyz"), st.floats(allow_nan=False), min_size=3), st.data())
def test_no_number_makes_it_fail(numbers: dict[str, float], data: st.DataObject) -> None:
    parts = st.sampled_from(["x / y", "x ** y", "log(x) * z", "sqrt(x - y)", "exp(x * y)", "tanh(x)", "sigmoid(z)"])
    rows = tuple(WorkedRow(f"r{place}", data.draw(parts)) for place in range(4))
    for made in recompute(Worked("T", {"x": 1, "y": 1, "z": 1}, rows, 1), numbers):
        assert (made.value is None) == bool(made.error)


@given(st.floats(-700, 700))
def test_the_functions_of_activations(x: float) -> None:
    values = {"x": x}
    assert evaluate("relu(x)", values) == max(x, 0)
    assert evaluate("step(x)", values) == (x > 0)
    assert evaluate("sigmoid(x) + sigmoid(-x)", values) == pytest.approx(1)
    assert evaluate("tanh(x)", values) == pytest.approx(evaluate("2 * sigmoid(2 * x) - 1", values))


def test_numbers_stand_with_their_points_below_each_other() -> None:
    assert aligned([1.5, -12, None, 0.3333333, 100]) == ("  1.5   ", "-12     ", " " * 8, "  0.3333", "100     ")
    assert aligned([-0.0, 1e-9, 2e9]) == ("0        ", "1.000e-09", "2.000e+09")
    assert aligned([]) == ()


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1))
def test_a_column_is_as_wide_everywhere(numbers: list[float | None]) -> None:
    column = aligned(numbers)
    assert len({len(text) for text in column}) == 1
    points = {text.index(".") for text in column if "." in text and "e" not in text}
    assert len(points) <= 1


def test_a_formula_is_latex_alone(tmp_path: Path) -> None:
    assert page(tmp_path, "math", "y = x^2") == Math("y = x^2", 3)
    with pytest.raises(ContentError, match="LaTeX alone") as caught:
        page(tmp_path, "math", "y = x\n---\ny = x")
    assert caught.value.line == 5
    with pytest.raises(ContentError, match="no formula"):
        page(tmp_path, "math", " ")
