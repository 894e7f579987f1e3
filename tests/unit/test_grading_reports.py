"""The Report that grows: its order, its headline, its numeric gradient, its seed."""

from __future__ import annotations

import threading

import msgspec
import numpy as np
import pytest

from tests.gradings import LINEAR, SEED, SIGMOID, challenge, changed, last_report, lean, row, said
from tutor.course import starter
from tutor.errors import BoxError
from tutor.grading import Report, grade, prepare
from tutor.learner import Box, BoxJob, BoxResult, Fault

GRAD_W = "self.grad_W = self.x.T @ grad_output"
GRAD_B = "self.grad_b = grad_output.sum(axis=0)"
GRAD_INPUT = "return grad_output @ self.W.T"
OUT = "return x @ self.W + self.b"
FAITHFUL = "Your backward is right for your forward: it is the forward pass that is wrong."


def reports(box: Box, name: str, source: str) -> list[Report]:
    return list(grade(lean(name), source, box, seed=SEED))


# ── order ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_stand_in_the_order_of_the_pass(box: Box) -> None:
    names = [check.name for check in last_report(box, lean("backprop_fill"), SIGMOID).checks]

    assert names == [
        *("a1", "a2", "grad_W2", "grad_b2", "grad_a1", "grad_W1", "grad_b1", "grad_x"),
        *("W2_new", "b2_new", "W1_new", "b1_new"),
    ]


@pytest.mark.parametrize(
    ("pairs", "first"),
    [
        (((GRAD_W, f"{GRAD_W} * 2"), (GRAD_INPUT, f"{GRAD_INPUT} * 2")), "grad_W wrong_value"),
        (((GRAD_INPUT, f"{GRAD_INPUT} * 2"), (OUT, "return x @ self.W")), "out wrong_value"),
        (((GRAD_B, "self.grad_b = grad_output"), (GRAD_INPUT, "pass")), "grad_b wrong_shape"),
        (((GRAD_W, f"grad_output *= 2; {GRAD_W}"),), "g mutated"),
        # A result that is wrong from the start comes before one that only the second call changes.
        (
            (
                (GRAD_W, "self.grad_W = getattr(self, 'grad_W', 0) + self.x.T @ grad_output"),
                (GRAD_INPUT, f"{GRAD_INPUT} * 2"),
            ),
            "grad_input wrong_value",
        ),
        # A later case does not hide behind an earlier one that is right, nor come before one that is wrong.
        (((OUT, f"{OUT} * (1 + (x.dtype == np.float32))"),), "out wrong_value"),
        (
            ((OUT, f"{OUT} * (1 + (x.dtype == np.float32))"), (GRAD_W, f"{GRAD_W} * (1 + (len(self.x) == 1))")),
            "grad_W wrong_value",
        ),
        # Not even with an exception, or with a result that is wrong from the start.
        (((GRAD_W, f"1 / (len(self.x) - 1); {GRAD_W} * 2"),), "grad_W wrong_value"),
        (
            (
                (GRAD_W, "self.grad_W = getattr(self, 'grad_W', 0) + self.x.T @ grad_output"),
                (GRAD_INPUT, f"{GRAD_INPUT} * (1 + (len(self.x) == 1))"),
            ),
            "grad_W unstable",
        ),
    ],
)
def test_the_first_wrong_step_is_named(box: Box, pairs: tuple[tuple[str, str], ...], first: str) -> None:
    report = last_report(box, lean("linear_scratch"), changed(LINEAR, *pairs))

    assert report.status == "failed"
    assert said(report) == first


def test_the_first_case_that_fails_is_shown_with_its_cells_and_tensors(box: Box) -> None:
    wrong = changed(LINEAR, (GRAD_W, f"{GRAD_W} * (1 + (len(self.x) == 1))"))
    report = last_report(box, lean("linear_scratch"), wrong)
    check = row(report, "grad_W")

    assert (check.tier, check.case) == ("edge", "a batch of one")
    assert report.headline.endswith("2 times what it should be. This shows with a batch of one.")
    assert all(other.case == "a batch of one" for other in report.checks)
    tensor = next(tensor for tensor in report.tensors if tensor.name == "grad_W")
    np.testing.assert_allclose(np.array(tensor.yours), 2 * np.array(tensor.expected))
    assert report.tiers["basic"].right == 4 and report.tiers["edge"].right == 3
    assert not report.tiers["stress"].judged


def test_the_very_draw_that_fails_is_shown(box: Box) -> None:
    """Of draws of one case that go by the same words, only one may be wrong."""
    wrong = changed(LINEAR, (GRAD_W, f"{GRAD_W} * (1 + (self.x[0, 0] > 0.5) * (len(self.x) == 7))"))
    shown = 0
    for seed in range(6):
        report = last_report(box, lean("linear_scratch"), wrong, seed)
        if report.passed:
            continue
        check = row(report, "grad_W")
        tensor = next(tensor for tensor in report.tensors if tensor.name == "grad_W")
        assert check.worst is not None
        np.testing.assert_allclose(np.array(tensor.yours), 2 * np.array(tensor.expected))
        assert np.array(tensor.expected)[check.worst.index] == check.worst.expected
        assert check.worst.numeric == pytest.approx(check.worst.expected)
        shown += 1

    assert shown > 1


# ── the headline: fault, blank, exception, wrong, passed ─────────────────────────────────────────────────────────────

BLANK = "self.grad_b = ...  # BLANK 5: the gradient of b, (n_out,)"


@pytest.mark.parametrize(
    ("name", "pairs", "status", "headline", "next_step"),
    [
        ("linear_scratch", ((GRAD_B, f"{BLANK}\n        import sys; sys.exit()"),),
         "could_not_run", "Your code left the program early (sys.exit).", "Take the exit out."),
        ("linear_scratch", ((GRAD_B, f"{BLANK}\n        1 / 0"),),
         "could_not_run", "Blank 5 is still empty (line 15).", "It asks for: the gradient of b, (n_out,)"),
        ("linear_scratch", ((GRAD_B, BLANK), (GRAD_W, f"{GRAD_W} * 2")),
         "failed", "Blank 5 is still empty (line 15).", "It asks for: the gradient of b, (n_out,)"),
        ("linear_scratch", ((GRAD_B, "1 / 0"),),
         "could_not_run", "Your code stopped in line 15 with ZeroDivisionError: division by zero.", "Look at line 15."),
        ("linear_scratch", ((GRAD_B, "1 / (len(self.x) - 1)\n        " + GRAD_B),), "could_not_run",
         "Your code stopped in line 15 with ZeroDivisionError: division by zero. This shows with a batch of one.",
         "Look at line 15."),
        ("linear_scratch", ((GRAD_B, "1 / (len(self.x) - 7)\n        " + GRAD_B),), "could_not_run",
         "Your code stopped in line 15 with ZeroDivisionError: division by zero. This shows with twenty other draws.",
         "Look at line 15."),
        ("linear_scratch", ((GRAD_B, "import sys; len(self.x) == 7 and sys.exit()\n        " + GRAD_B),),
         "could_not_run", "Your code left the program early (sys.exit). This shows with twenty other draws.",
         "Take the exit out."),
        ("linear_scratch", ((GRAD_B, "raise NotImplementedError('store grad_b')"),),
         "could_not_run", "Store grad_b.", ""),
        ("linear_scratch", ((OUT, "return x @ self.W"), (GRAD_B, "1 / 0")),
         "failed", "out has the right shape, but 15 of its 15 values are wrong.",
         "Later your code stopped in line 15 with ZeroDivisionError: mend this first."),
        ("linear_scratch", ((GRAD_B, "self.grad_b = grad_output"),), "failed",
         "grad_b has shape (5, 3), expected (3,): it still carries the batch.", ""),
        ("linear_scratch", ((GRAD_B, f"{GRAD_B}  # ... # BLANK 5: done"),),
         "passed", "Passed: all 4 results are right in every tier.", ""),
        ("backprop_fill", (), "passed", "Passed: all 12 results are right in every tier.", ""),
    ],
)  # fmt: skip
def test_the_headline_is_the_first_thing_that_matters(
    box: Box, name: str, pairs: tuple[tuple[str, str], ...], status: str, headline: str, next_step: str
) -> None:
    source = changed(LINEAR if name == "linear_scratch" else SIGMOID, *pairs)
    report = last_report(box, lean(name), source)

    assert (report.status, report.headline, report.next_step) == (status, headline, next_step)


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("linear_scratch", "Forward is empty: make out, return it."),
        ("backprop_fill", "Blank 1 is still empty (line "),
    ],
)
def test_the_starter_says_where_to_begin(box: Box, name: str, headline: str) -> None:
    report = last_report(box, lean(name), starter(challenge(name)))

    assert not report.passed
    assert report.headline.startswith(headline)
    assert report.line is not None


# ── growing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_right_file_is_right_so_far_then_passed_then_final(box: Box) -> None:
    grown = reports(box, "linear_scratch", LINEAR)

    assert [(report.status, report.final) for report in grown] == [
        ("right_so_far", False),
        ("passed", False),
        ("passed", True),
    ]
    assert [report.passed for report in grown] == [False, True, True]
    assert [report.tiers["stress"].judged for report in grown] == [False, True, True]
    assert [count.right for count in grown[-1].tiers.values()] == [4, 4, 4]
    assert all(report.fault is None for report in grown)


def test_a_wrong_file_is_failed_at_once_and_never_sees_the_stress_tier(box: Box) -> None:
    grown = reports(box, "linear_scratch", changed(LINEAR, (OUT, "return x @ self.W")))

    assert [(report.status, report.final) for report in grown] == [("failed", False), ("failed", True)]
    assert not grown[-1].tiers["stress"].judged


def test_what_only_the_stress_tier_shows_does_not_pass(box: Box) -> None:
    grown = reports(box, "linear_scratch", changed(LINEAR, (GRAD_W, f"{GRAD_W} * (1 + (len(self.x) == 7))")))

    assert [report.status for report in grown] == ["right_so_far", "failed", "failed"]
    assert said(grown[-1]) == "grad_W wrong_value"
    assert row(grown[-1], "grad_W").tier == "stress"


@pytest.mark.parametrize("after", [0, 1])
def test_a_cancelled_check_says_nothing_more(box: Box, after: int) -> None:
    cancelled = threading.Event()
    said_since = 0
    if after == 0:
        cancelled.set()
    for _ in grade(lean("linear_scratch"), LINEAR, box, seed=SEED, cancelled=cancelled):
        said_since += 1
        if said_since == after:
            cancelled.set()

    assert said_since == after


# ── the numeric gradient ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_numeric_gradient_stands_in_the_rows_of_gradients(box: Box) -> None:
    report = last_report(box, lean("backprop_fill"), changed(SIGMOID, ("self.db = grad_z", "self.db = 3 * grad_z")))
    assert said(report) == "grad_b2 wrong_value"
    assert report.numeric_note == "complex step"

    for check in report.checks:
        assert check.worst is not None
        if check.of.startswith("d/d"):
            assert check.worst.numeric == pytest.approx(check.worst.expected, rel=1e-6, abs=1e-12)
        else:
            assert check.worst.numeric is None
    for tensor in report.tensors:
        if row(report, tensor.name).of.startswith("d/d"):
            np.testing.assert_allclose(np.array(tensor.numeric), np.array(tensor.expected), rtol=1e-6, atol=1e-12)
        else:
            assert tensor.numeric is None


def test_the_numeric_gradient_is_of_the_learners_own_forward_pass(box: Box) -> None:
    report = last_report(box, lean("linear_scratch"), changed(LINEAR, (OUT, "return x @ self.W * 3 + self.b")))
    tensors = {tensor.name: tensor for tensor in report.tensors}

    np.testing.assert_allclose(np.array(tensors["grad_W"].numeric), 3 * np.array(tensors["grad_W"].expected))
    np.testing.assert_allclose(np.array(tensors["grad_W"].yours), np.array(tensors["grad_W"].expected))


def test_there_is_no_numeric_gradient_before_the_final_report(box: Box) -> None:
    *early, final = reports(box, "linear_scratch", LINEAR)

    assert all(tensor.numeric is None for report in early for tensor in report.tensors)
    assert any(tensor.numeric is not None for tensor in final.tensors)


DOUBLE_BIAS = (OUT, "return x @ self.W + 2 * self.b")
TANH = ("1 / (1 + np.exp(-(x @ self.W + self.b)))", "np.tanh(x @ self.W + self.b)")
SLOPE = "self.a * (1 - self.a)"


@pytest.mark.parametrize(
    ("name", "pairs", "faithful"),
    [
        ("linear_scratch", (DOUBLE_BIAS, (GRAD_B, f"{GRAD_B} * 2")), True),
        ("linear_scratch", ((OUT, "return x @ self.W + self.b + 1"),), True),
        ("linear_scratch", (DOUBLE_BIAS,), False),  # the backward of the right forward
        ("linear_scratch", ((OUT, "return x @ self.W"),), False),
        ("linear_scratch", (DOUBLE_BIAS, (GRAD_B, f"{GRAD_B} * 2"), (GRAD_W, f"{GRAD_W} * 2")), False),
        ("linear_scratch", (DOUBLE_BIAS, (GRAD_B, f"{GRAD_B} * 2"), (GRAD_INPUT, "pass")), False),
        ("linear_scratch", ((GRAD_B, f"{GRAD_B} * 2"),), False),  # the forward is right
        ("linear_scratch", (), False),
        ("backprop_fill", (TANH, (SLOPE, "(1 - self.a**2)")), True),
        ("backprop_fill", (TANH,), False),
        ("backprop_fill", ((SLOPE, "(1 - self.a**2)"),), False),
    ],
)
def test_a_backward_that_is_right_for_a_wrong_forward_is_told_so(
    box: Box, name: str, pairs: tuple[tuple[str, str], ...], faithful: bool
) -> None:
    source = changed(LINEAR if name == "linear_scratch" else SIGMOID, *pairs)
    report = last_report(box, lean(name), source)

    assert (FAITHFUL in report.next_step) == faithful


# ── seed ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def timeless(report: Report) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(report, seconds=0.0))


@pytest.mark.parametrize("pairs", [(), (("self.a * (1", "self.a * (2"),)])
def test_a_seed_gives_the_same_report_again(box: Box, pairs: tuple[tuple[str, str], ...]) -> None:
    source = changed(SIGMOID, *pairs)

    assert timeless(last_report(box, lean("backprop_fill"), source, 7)) == timeless(
        last_report(box, lean("backprop_fill"), source, 7)
    )


def test_without_a_seed_every_check_draws_anew_and_says_what_it_drew(box: Box) -> None:
    exercise = lean("linear_scratch")
    one, other = (last_report(box, exercise, LINEAR, None) for _ in range(2))

    assert one.seed != other.seed
    assert one.tensors[0].expected != other.tensors[0].expected
    assert timeless(last_report(box, exercise, LINEAR, one.seed)) == timeless(one)


@pytest.mark.parametrize("pairs", [(), ((OUT, "return x @ self.W"),)])
def test_a_prepared_check_says_what_the_same_check_unprepared_says(
    box: Box, pairs: tuple[tuple[str, str], ...]
) -> None:
    exercise, source = lean("linear_scratch"), changed(LINEAR, *pairs)
    ready, other = prepare(exercise, box), prepare(exercise, box)
    grown = list(grade(exercise, source, box, prepared=ready))

    assert ready.seed != other.seed
    assert timeless(grown[-1]) == timeless(last_report(box, exercise, source, ready.seed))


# ── a fault of ours ──────────────────────────────────────────────────────────────────────────────────────────────────


class BrokenBox(Box):
    """A box that breaks over a learner's file, and over nothing else."""

    def run(self, job: BoxJob, cancelled: threading.Event | None = None) -> BoxResult:
        answer = super().run(job, cancelled)
        if not job.filename.endswith(".py"):
            return answer
        fault = Fault("tutor", "The box could not run your code: it broke.", "That is a fault of the tutor.")
        return msgspec.structs.replace(answer, fault=fault, cases=())


def test_a_fault_of_ours_is_raised_and_never_a_verdict() -> None:
    with BrokenBox() as box, pytest.raises(BoxError, match=r"it broke.*a fault of the tutor"):
        list(grade(lean("linear_scratch"), LINEAR, box))


def test_a_reference_that_fails_is_our_fault(box: Box) -> None:
    exercise = lean("linear_scratch")
    strange = msgspec.structs.replace(exercise, judge=msgspec.structs.replace(exercise.judge, reference="tutor.nn.mse"))

    with pytest.raises(BoxError, match="The reference of linear_scratch could not be run"):
        list(grade(strange, LINEAR, box))
