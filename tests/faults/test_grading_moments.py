"""Random arrays: right initialisers pass at every seed, wrong ones do not, and the sentence says what is off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.gradings import exercise, last_report, row
from tutor.grading.moments import draw_fault, pool_fault
from tutor.grading.norms import AnyArray
from tutor.learner import Box

INITIALISE = """
arrays = { seed = [] }
draws = { seed = "integers(0, 1000000000)" }

[drive]
setup = ""
forward = \"\"\"
W = initialise(n_in, n_out, np.random.default_rng(int(seed)))
b = bias(n_out)
\"\"\"
results.forward = { W = ["W"], b = ["b"] }

[judge]
reference = "tutor.nn.initializers"
results = { W = "moments", b = "value" }
moments = { W = ["0", "gain / n_in"] }

[judge.drive]
setup = ""
forward = "W, b = he_normal(n_in, n_out, np.random.default_rng(int(seed))), np.zeros(n_out)"
results.forward = { W = ["W"], b = ["b"] }

[[basic]]
proves = "weights of 40 inputs and 30 units"
sizes = { n_in = 40, n_out = 30 }
values = { gain = 2.0 }
repeat = 2
"""
BIAS = "\n\ndef bias(n):\n    return np.zeros(n)\n"
NORMAL = "rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))"
RIGHT = {
    "normal": NORMAL,
    "uniform": "rng.uniform(-np.sqrt(6 / n_in), np.sqrt(6 / n_in), (n_in, n_out))",
    "the global generator": "np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)",
    "truncated at two deviations, corrected": (
        "(lambda z: z[abs(z) < 2][: n_in * n_out].reshape(n_in, n_out))"
        "(rng.standard_normal(4 * n_in * n_out)) * np.sqrt(2 / n_in) / 0.87962566103423978"
    ),
}
WRONG = {
    "no square root": ("rng.normal(0, 2 / n_in, (n_in, n_out))", "so a square root is missing."),
    "1.5 times": (f"{NORMAL} * np.sqrt(1.5)", "its standard deviation is 1.2"),
    "two thirds": (f"{NORMAL} / np.sqrt(1.5)", "its standard deviation is 0.8"),
    "Xavier": ("rng.normal(0, np.sqrt(2 / (n_in + n_out)), (n_in, n_out))", "its standard deviation is 0.7"),
    "of the outputs": ("rng.normal(0, np.sqrt(2 / n_out), (n_in, n_out))", "its standard deviation is 1.1"),
    "a plain normal": ("rng.normal(size=(n_in, n_out))", "expected 0.05 (gain / n_in)"),
    "not around zero": ("rng.uniform(0, np.sqrt(6 / n_in), (n_in, n_out))", "W has the mean 0.1"),
    "zeros": ("np.zeros((n_in, n_out))", "W holds 0 everywhere: units that start alike stay alike."),
    "a constant": ("np.full((n_in, n_out), np.sqrt(2 / n_in))", "everywhere"),
    "equal rows": ("np.tile(rng.normal(0, np.sqrt(2 / n_in), n_out), (n_in, 1))", "W has rows that are equal"),
    "equal columns": ("np.tile(rng.normal(0, np.sqrt(2 / n_in), (n_in, 1)), n_out)", "W has columns that are equal"),
    "two equal columns": (
        f"(lambda W: np.hstack([W[:, :1], W[:, :-1]]))({NORMAL})",
        "W has columns that are equal",
    ),
    "transposed": (f"({NORMAL}).T", "(30, 40), expected (40, 30): it is transposed."),
    "float32": (f"({NORMAL}).astype('float32')", "W is float32, expected float64"),
    "not a number": (f"{NORMAL} * np.nan", "W holds nan at [0, 0]."),
}


def initialiser(returned: str) -> str:
    return f"import numpy as np\n\ndef initialise(n_in, n_out, rng):\n    return {returned}{BIAS}"


@pytest.mark.parametrize("returned", RIGHT.values(), ids=RIGHT)
def test_a_right_initialiser_passes(box: Box, returned: str) -> None:
    report = last_report(box, exercise(INITIALISE), initialiser(returned))

    assert report.passed, report.headline
    assert row(report, "W").ratio is None
    assert [tensor.expected is None for tensor in report.tensors] == [True, False]  # there is no one right draw


@pytest.mark.parametrize(("returned", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_initialiser_does_not(box: Box, returned: str, said: str) -> None:
    report = last_report(box, exercise(INITIALISE), initialiser(returned))

    assert report.status == "failed"
    assert row(report, "W").verdict != "right"
    assert said in report.headline
    assert row(report, "b").verdict == "right"


# ── the limits themselves ────────────────────────────────────────────────────────────────────────────────────────────

Draw = Callable[[np.random.Generator, int], AnyArray]
KINDS: dict[str, Draw] = {
    "normal": lambda rng, count: rng.standard_normal(count),
    "uniform": lambda rng, count: rng.uniform(-np.sqrt(3), np.sqrt(3), count),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2, 12, 200, 2000])
def test_no_false_alarm_at_any_size(kind: str, count: int) -> None:
    rng = np.random.default_rng(count)

    for _ in range(2000):
        assert not pool_fault("W", 3 + 0.1 * KINDS[kind](rng, count), ("3", "d ** 2"), {"d": 0.1})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factor", [1.5, 1 / 1.5])
def test_two_thousand_numbers_refuse_a_variance_that_is_half_as_large_again(kind: str, factor: float) -> None:
    rng = np.random.default_rng(1)

    for _ in range(200):
        assert "variance" in pool_fault("W", np.sqrt(factor) * KINDS[kind](rng, 2000), ("0", "1"), {})


def test_a_variance_of_zero_is_a_constant() -> None:
    assert pool_fault("b", np.full(5, 0.1), ("0.1", "0"), {}) == ""
    assert "every entry should be 0.1" in pool_fault("b", np.array([0.1, 0.2]), ("0.1", "0"), {})


def test_small_arrays_are_not_called_symmetric() -> None:
    rng = np.random.default_rng(2)

    assert draw_fault("W", rng.standard_normal((1, 1))) == ""
    assert draw_fault("b", np.zeros(1)) == ""
    assert draw_fault("W", np.array([[1.0], [1.0], [2.0]])) == ""  # rows of one entry may agree by chance
    assert draw_fault("K", np.tile(rng.standard_normal((1, 2, 3)), (4, 1, 1))) != ""
