"""Each verdict and each sentence, by small files that a learner could write, driven through the real box."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.gradings import LINEAR, SEED, SIGMOID, changed, last_report, lean, row
from tutor.course import Case, Challenge
from tutor.grading import Check, Report, grade
from tutor.learner import Box

GRAD_W = "self.grad_W = self.x.T @ grad_output"
GRAD_B = "self.grad_b = grad_output.sum(axis=0)"
GRAD_INPUT = "return grad_output @ self.W.T"
OUT = "return x @ self.W + self.b"


def first_report(box: Box, name: str, source: str) -> Report:
    return next(grade(lean(name), source, box, seed=SEED))


def linear(box: Box, name: str, *pairs: tuple[str, str]) -> Check:
    """The check of one result of the linear layer, with these changes made."""
    return row(first_report(box, "linear_scratch", changed(LINEAR, *pairs)), name)


def sigmoid(box: Box, name: str, *pairs: tuple[str, str]) -> Check:
    return row(first_report(box, "backprop_fill", changed(SIGMOID, *pairs)), name)


def test_right(box: Box) -> None:
    check = linear(box, "grad_W")

    assert check.verdict == "right"
    assert check.expected_shape == check.actual_shape == (4, 3)
    assert check.ratio is not None and check.ratio < 1e-12
    assert check.worst is not None and check.worst.got == pytest.approx(check.worst.expected)
    assert check.sentence == "grad_W is right for five samples through a 4-to-3 layer."
    assert check.of == "d/dW"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("grad_W", GRAD_W, f"{GRAD_W} * -1", "every entry has the wrong sign"),
        ("grad_W", GRAD_W, f"{GRAD_W} * 2", "every entry is 2 times what it should be"),
        ("grad_W", GRAD_W, f"{GRAD_W} * len(self.x)", "every entry is 5 (the batch size) times what it should be"),
        ("grad_b", GRAD_B, GRAD_B.replace("sum", "mean"), "every entry is 1/5 (the batch size) of what it should be"),
        ("grad_W", GRAD_W, f"{GRAD_W} / self.x.shape[1]", "every entry is 1/4 (n_in) of what it should be"),
        ("grad_W", GRAD_W, f"{GRAD_W} * 1.0001", "every entry is 1.0001 times what it should be"),
        ("grad_W", GRAD_W, f"{GRAD_W} * 0", "every entry is zero"),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.grad_W[2] += 1", "row 2 is wrong"),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.grad_W[:, 1] += 1", "column 1 is wrong"),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.grad_W[2, 1] += 1", "the value at [2, 1] is wrong"),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.grad_W[2, 1:] += 1", "2 of the 3 values in row 2 are wrong"),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.grad_W[:3, 1] += 1", "3 of the 4 values in column 1 are wrong"),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.grad_W[:2, 1:] += 1", "4 of its 12 values are wrong"),
        ("grad_b", GRAD_B, f"{GRAD_B}; self.grad_b[1] += 1", "1 of its 3 values is wrong"),
        ("out", OUT, "return x @ self.W - self.b", "15 of its 15 values are wrong"),
    ],
)
def test_wrong_value(box: Box, name: str, old: str, new: str, said: str) -> None:
    check = linear(box, name, (old, new))

    assert check.verdict == "wrong_value"
    assert check.sentence == f"{name} has the right shape, but {said}."
    assert check.ratio is not None and check.ratio > 1e-6
    assert check.worst is not None and check.worst.got != check.worst.expected


def test_values_of_which_none_is_wrong_by_itself_are_not_counted(box: Box) -> None:
    """Where the author asks for more digits than single values are counted by."""
    exercise = lean("linear_scratch")
    judge = msgspec.structs.replace(exercise.judge, within={"grad_W": 5e-9, "grad_b": 5e-9})
    off = changed(
        LINEAR,
        (GRAD_W, f"{GRAD_W} * (1 + 9e-8 * np.cos(np.arange(12)).reshape(4, 3))"),
        (GRAD_B, f"{GRAD_B} * np.array([1.0, 1 + 4e-8, 1])"),
    )
    report = next(grade(msgspec.structs.replace(exercise, judge=judge), off, box, seed=SEED))
    for name in ("grad_W", "grad_b"):
        check = row(report, name)
        assert check.verdict == "wrong_value" and check.ratio is not None
        assert check.sentence == (
            f"{name} has the right shape, but its values are a little off: an error of {check.ratio:.1g}, "
            "where 5e-09 is allowed."
        )


def test_a_wrong_value_names_its_worst_cell(box: Box) -> None:
    check = linear(box, "grad_W", (GRAD_W, f"{GRAD_W}; self.grad_W[0] += 1; self.grad_W[2, 1] -= 50"))

    assert check.worst is not None
    assert check.worst.index == (2, 1)
    assert check.worst.got - check.worst.expected == pytest.approx(-50)


def test_a_tiny_gradient_is_counted_by_its_own_measure(box: Box) -> None:
    """An absolute tolerance would find none of these values wrong, and say so."""
    tiny = msgspec.convert({"proves": "tiny", "sizes": {"N": 5, "n_in": 4, "n_out": 3}, "fill": {"x": "tiny"}}, Case)
    exercise = msgspec.structs.replace(lean("linear_scratch"), basic=(tiny,))
    wrong = changed(LINEAR, (GRAD_W, "self.grad_W = self.x.T @ np.abs(grad_output)"))
    check = row(next(grade(exercise, wrong, box, seed=SEED)), "grad_W")

    assert check.sentence == "grad_W has the right shape, but 12 of its 12 values are wrong."


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("grad_b", GRAD_B, "self.grad_b = grad_output", "(5, 3), expected (3,): it still carries the batch."),
        ("grad_W", GRAD_W, "self.grad_W = self.x[:, :, None] * grad_output[:, None]", "it still carries the batch."),
        ("grad_b", GRAD_B, GRAD_B.replace("0", "1"), "one entry per sample, so the wrong axis was summed."),
        ("grad_b", GRAD_B, GRAD_B.replace("0", "0, keepdims=True"), "(1, 3), expected (3,): an axis of length 1 was"),
        ("grad_b", GRAD_B, f"{GRAD_B}[:, None]", "(3, 1), expected (3,): an axis of length 1 was kept."),
        ("grad_b", GRAD_B, "self.grad_b = grad_output.sum()", "(), expected (3,): it was summed down to a single num"),
        ("grad_b", GRAD_B, "self.grad_b = float(grad_output.sum())", "summed down to a single number."),
        ("grad_W", GRAD_W, "self.grad_W = grad_output.T @ self.x", "(3, 4), expected (4, 3): it is transposed."),
        ("out", OUT, "return (x @ self.W + self.b)[:, :2]", "(5, 2), expected (5, 3)."),
    ],
)
def test_wrong_shape(box: Box, name: str, old: str, new: str, said: str) -> None:
    check = linear(box, name, (old, new))

    assert check.verdict == "wrong_shape"
    assert check.sentence.startswith(f"{name} has shape (")
    assert said in check.sentence
    assert check.ratio is None


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("out", OUT, f"{OUT.replace('return ', 'return (')}).astype('float32')",
         "out is float32, expected float64: only about 7 digits are left."),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.grad_W = self.grad_W.astype(int)",
         "grad_W is int64, expected float64: fractions are lost."),
        ("grad_b", GRAD_B, f"{GRAD_B} > 0", "grad_b is bool, expected float64: fractions are lost."),
        ("grad_b", GRAD_B, f"{GRAD_B} + 0j", "grad_b is a complex array, expected a NumPy array of floats."),
        ("grad_b", GRAD_B, f"{GRAD_B}.tolist()", "grad_b is a list, expected a NumPy array of floats."),
        ("grad_b", GRAD_B, f"{GRAD_B}.astype(object)", "grad_b is an object array, expected a NumPy array of floats."),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.grad_W = np.asmatrix(self.grad_W)",
         "grad_W is a np.matrix, not a plain array, expected a NumPy array of floats."),
    ],
)  # fmt: skip
def test_wrong_dtype(box: Box, name: str, old: str, new: str, sentence: str) -> None:
    check = linear(box, name, (old, new))

    assert (check.verdict, check.sentence) == ("wrong_dtype", sentence)


@pytest.mark.parametrize("bad", ["np.nan", "np.inf", "-np.inf"])
def test_non_finite(box: Box, bad: str) -> None:
    check = linear(box, "grad_W", (GRAD_W, f"{GRAD_W}; self.grad_W[1, 2] = {bad}"))

    assert check.verdict == "non_finite"
    assert f"grad_W holds {bad.removeprefix('np.').replace('-np.', '-')} at [1, 2], expected " in check.sentence


@pytest.mark.parametrize("value", ["1.7e308", "-1.7e308"])
def test_a_value_at_the_end_of_the_range_is_wrong(box: Box, value: str) -> None:
    full = f"return np.full((len(x), self.W.shape[1]), {value})"

    assert linear(box, "out", (OUT, full)).verdict == "wrong_value"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("grad_input", GRAD_INPUT, "grad_output @ self.W.T", "grad_input is None: return or store the array."),
        ("grad_b", GRAD_B, "pass", "has no attribute 'grad_b'"),
        ("grad_b", GRAD_B, "self.gradb = 0", "has no attribute 'grad_b'"),
        ("out", OUT, "x @ self.W + self.b", "out is None: return or store the array."),
    ],
)
def test_missing(box: Box, name: str, old: str, new: str, said: str) -> None:
    check = linear(box, name, (old, new))

    assert check.verdict == "missing"
    assert said in check.sentence
    assert check.actual_shape is None


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("x", "self.x = x", "x *= 2; self.x = x"),
        ("x", GRAD_W, f"{GRAD_W}; self.x[:] = 0"),
        ("g", GRAD_W, f"{GRAD_W}; grad_output /= len(grad_output)"),
        ("W", GRAD_W, f"{GRAD_W}; self.W -= 0.1 * self.grad_W"),
        ("b", GRAD_W, f"{GRAD_W}; self.b += 1"),
        ("x", "self.x = x", "self.x = x; x.shape = (x.shape[1], x.shape[0]); x = self.x = x.reshape(x.shape[::-1])"),
    ],
)
def test_mutated(box: Box, name: str, old: str, new: str) -> None:
    report = first_report(box, "linear_scratch", changed(LINEAR, (old, new)))

    assert report.first_wrong is not None
    assert report.status == "failed"
    assert row(report, name).verdict == "mutated"
    assert row(report, name).sentence == f"Your code changed {name} in place: whoever handed it to you still needs it."


UNSTABLE = "grad_W is right on the first call and different on the second: something from the first is still there."


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("grad_W", GRAD_W, "self.grad_W = getattr(self, 'grad_W', 0) + self.x.T @ grad_output", UNSTABLE),
        ("out", GRAD_INPUT, "self.W = self.W * 2; return grad_output @ self.W.T / 2", "out is right on the first call"),
        ("grad_W", GRAD_W, f"{GRAD_W}; self.x = None; self.n = getattr(self, 'n', 0) + 1; assert self.n < 2",
         "grad_W is right on the first call, but the second call stopped in line 14 with AssertionError."),
        # What comes out of the second call is not even an array, or no number.
        ("grad_W", GRAD_W, "self.n = getattr(self, 'n', 0) + 1; self.grad_W = self.x.T @ grad_output / (self.n < 2)",
         UNSTABLE),
        ("grad_W", GRAD_W,
         "self.grad_W = None if hasattr(self, 'grad_W') else self.x.T @ grad_output", UNSTABLE),
    ],
)  # fmt: skip
def test_unstable(box: Box, name: str, old: str, new: str, said: str) -> None:
    check = linear(box, name, (old, new))

    assert check.verdict == "unstable"
    assert said in check.sentence


def test_a_second_call_that_stops_spoils_nothing_that_it_made_before(box: Box) -> None:
    wrong = changed(LINEAR, (GRAD_W, f"self.n = getattr(self, 'n', 0) + 1; assert self.n < 2; {GRAD_W}"))
    report = first_report(box, "linear_scratch", wrong)

    assert row(report, "out").verdict == "right"
    assert [row(report, name).verdict for name in ("grad_W", "grad_b", "grad_input")] == ["unstable"] * 3


def test_an_update_is_not_blamed_for_a_second_call_that_differs(box: Box) -> None:
    wrong = changed(SIGMOID, ("self.dW = self.x.T", "self.dW = getattr(self, 'dW', 0) + self.x.T"))
    report = first_report(box, "backprop_fill", wrong)

    assert [check.name for check in report.checks if check.verdict == "unstable"] == ["grad_W2", "grad_W1"]
    assert row(report, "W2_new").verdict == "not_reached"
    assert row(report, "W2_new").sentence == "W2_new follows once both calls agree."
    assert row(report, "b2_new").verdict == "right"


def test_an_update_that_stops_is_not_a_second_call_that_stopped(box: Box) -> None:
    report = first_report(box, "backprop_fill", changed(SIGMOID, ("self.W -= lr", "self.W -= self.lr")))

    assert row(report, "grad_W2").verdict == "right"
    assert row(report, "W2_new").verdict == "not_reached"
    assert report.headline == (
        "Your code stopped in line 21 with AttributeError: 'SigmoidLayer' object has no attribute 'lr'."
    )


def test_not_reached(box: Box) -> None:
    report = first_report(box, "linear_scratch", changed(LINEAR, (GRAD_B, "raise ValueError('later')")))

    assert row(report, "out").verdict == "right"
    assert [row(report, name).verdict for name in ("grad_W", "grad_b", "grad_input")] == ["not_reached"] * 3
    assert row(report, "grad_b").sentence == "grad_b was not reached: your code stopped before it."


FLOAT32: dict[str, Any] = {"proves": "float32", "sizes": {"N": 6, "n_in": 5, "n_out": 3}, "dtype": "float32"}


@pytest.mark.parametrize("of", ["float32", "float64"])
def test_a_float32_case_accepts_any_float(box: Box, of: str) -> None:
    exercise = with_edge(**FLOAT32)
    cast = changed(
        LINEAR,
        (OUT, f"return (x @ self.W + self.b).astype(x.dtype if x.dtype == np.float64 else '{of}')"),
        (GRAD_INPUT, f"return (grad_output @ self.W.T).astype(self.x.dtype if self.x.dtype == np.float64 else '{of}')"),
    )

    assert last_report(box, exercise, cast).passed


@pytest.mark.parametrize(("of", "verdict"), [("float16", "wrong_value"), ("int32", "wrong_dtype")])
def test_a_float32_case_is_no_excuse(box: Box, of: str, verdict: str) -> None:
    cast = changed(
        LINEAR, (OUT, f"return (x @ self.W + self.b).astype('{of}' if x.dtype == np.float32 else 'float64')")
    )
    check = row(next(grade(with_edge(**FLOAT32), cast, box, seed=SEED)), "out")

    assert (check.verdict, check.case) == (verdict, "float32")


def with_edge(name: str = "linear_scratch", **fields: Any) -> Challenge:
    return msgspec.structs.replace(lean(name), edge=(msgspec.convert(fields, Case),))


AT_ZERO: dict[str, Any] = {"proves": "a kink", "sizes": {"N": 3, "n_in": 2, "n_out": 4}, "fill": {"x": "zeros"}}


@pytest.mark.parametrize(
    ("old", "new", "at_kink"),
    [
        (GRAD_INPUT, "return grad_output @ self.W.T * (1 if self.x.any() else 2)", "right"),
        (GRAD_INPUT, "return (grad_output @ self.W.T)[: None if self.x.any() else 2]", "wrong_shape"),
        (GRAD_INPUT, "return grad_output @ self.W.T / bool(self.x.any())", "non_finite"),
    ],
)
def test_at_a_kink_a_gradient_is_judged_by_shape_and_finiteness_alone(
    box: Box, old: str, new: str, at_kink: str
) -> None:
    wrong = changed(LINEAR, (old, new))

    assert row(next(grade(with_edge(**AT_ZERO, kink=True), wrong, box, seed=SEED)), "grad_input").verdict == at_kink
    assert row(next(grade(with_edge(**AT_ZERO), wrong, box, seed=SEED)), "grad_input").verdict != "right"


def test_at_a_kink_the_forward_value_is_judged(box: Box) -> None:
    wrong = changed(LINEAR, (OUT, "return x @ self.W + self.b * (1 if x.any() else 2)"))

    assert row(next(grade(with_edge(**AT_ZERO, kink=True), wrong, box, seed=SEED)), "out").verdict == "wrong_value"


def test_at_a_kink_no_value_of_the_backward_pass_is_judged(box: Box) -> None:
    """`grad_a1` is judged as the reference's value, and is a gradient all the same; the step is made of gradients."""
    exercise = with_edge(
        "backprop_fill",
        proves="a kink",
        sizes={"N": 4, "n_in": 3, "n_hidden": 5, "n_out": 2},
        fill={"g": "ones"},
        kink=True,
    )
    wrong = changed(SIGMOID, ("grad_output * self.a", "grad_output * (1 + (grad_output == 1).all()) * self.a"))
    strict = msgspec.structs.replace(
        exercise, edge=tuple(msgspec.structs.replace(case, kink=False) for case in exercise.edge)
    )

    assert last_report(box, exercise, wrong).passed
    assert not last_report(box, strict, wrong).passed


def test_sigmoid_layers_are_fed_the_right_value_so_that_only_the_wrong_step_is_wrong(box: Box) -> None:
    report = first_report(box, "backprop_fill", changed(SIGMOID, ("return grad_z @", "return 2 * grad_z @")))
    wrong = {check.name for check in report.checks if check.verdict != "right"}

    assert wrong == {"grad_a1", "grad_x"}
    assert sigmoid(box, "grad_a1", ("return grad_z @", "return 2 * grad_z @")).sentence == (
        "grad_a1 has the right shape, but every entry is 2 times what it should be."
    )
