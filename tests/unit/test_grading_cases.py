"""Which case a Report is of: the first that fails, whatever comes later; and all tiers judged at once."""

from __future__ import annotations

import threading

import msgspec
import pytest

from tests.gradings import LINEAR, SEED, SIGMOID, changed, last_report, lean, row
from tutor.grading import Report, grade
from tutor.learner import Box, BoxJob, BoxResult

GRAD_W = "self.grad_W = self.x.T @ grad_output"
OUT = "return x @ self.W + self.b"


def timeless(report: Report) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(report, seconds=0.0))


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_table_is_of_one_case_and_names_the_others_in_which_something_else_is_wrong(box: Box) -> None:
    wrong = changed(LINEAR, (GRAD_W, f"{GRAD_W} * 2"), (OUT, f"{OUT} * (1 + (len(x) == 1))"))
    report = last_report(box, lean("linear_scratch"), wrong)

    assert [(check.name, check.verdict, check.tier) for check in report.checks] == [
        ("out", "wrong_value", "edge"),
        ("grad_W", "wrong_value", "basic"),
        ("grad_b", "right", "basic"),
        ("grad_input", "right", "basic"),
    ]
    assert report.headline == "grad_W has the right shape, but every entry is 2 times what it should be."
    assert row(report, "out").sentence.endswith(" values are wrong. This shows with a batch of one.")


def test_an_exception_in_a_later_case_is_not_the_headline(box: Box) -> None:
    wrong = changed(LINEAR, (GRAD_W, f"1 / (len(self.x) - 1); {GRAD_W} * 2"))
    report = last_report(box, lean("linear_scratch"), wrong)

    assert report.status == "failed"
    assert report.headline == "grad_W has the right shape, but every entry is 2 times what it should be."
    assert report.next_step == "Later your code stopped in line 14 with ZeroDivisionError: mend this first."
    assert all(check.tier == "basic" for check in report.checks)


# ── all tiers at once ────────────────────────────────────────────────────────────────────────────────────────────────

EXIT = "import sys; sys.exit()"


@pytest.mark.parametrize(
    "source",
    [
        LINEAR,
        *(changed(LINEAR, (GRAD_W, f"{GRAD_W} * (1 + (len(self.x) == {size}))")) for size in (5, 1, 7)),
        *(changed(LINEAR, (GRAD_W, f"{GRAD_W} / (len(self.x) != {size})")) for size in (1, 7)),
        *(changed(LINEAR, (GRAD_W, f"{GRAD_W} + {{}}[len(self.x)] * (len(self.x) == {size})")) for size in (5, 7)),
        *(changed(LINEAR, (GRAD_W, f"if len(self.x) == {size}: 1 / 0\n        {GRAD_W}")) for size in (1, 7)),
        *(changed(LINEAR, (GRAD_W, f"if len(self.x) == {size}: {EXIT}\n        {GRAD_W}")) for size in (1, 7)),
        changed(LINEAR, (GRAD_W, f"if len(self.x) == 7: import os; os._exit(0)\n        {GRAD_W} * 2")),
        changed(LINEAR, (OUT, f"if len(x) == 7: {EXIT}\n        return x @ self.W")),
        changed(LINEAR, (GRAD_W, f"print(len(self.x)); {GRAD_W}")),
        "def f(:",
        "1 / 0",
        "",
        EXIT,
    ],
)
def test_at_once_the_verdict_is_the_same(box: Box, source: str) -> None:
    exercise = lean("linear_scratch")
    usual = next(r for r in grade(exercise, source, box, seed=SEED) if r.status != "right_so_far")
    (alone,) = grade(exercise, source, box, seed=SEED, at_once=True)

    assert alone.final
    assert timeless(msgspec.structs.replace(alone, final=False)) == timeless(usual)


class CountingBox(Box):
    """A box that counts how often it ran a learner's file."""

    ran = 0

    def run(self, job: BoxJob, cancelled: threading.Event | None = None) -> BoxResult:
        self.ran += not job.reference
        return super().run(job, cancelled)


def test_at_once_a_right_file_takes_one_process() -> None:
    box = CountingBox()
    with box:
        (report,) = grade(lean("linear_scratch"), LINEAR, box, seed=SEED, at_once=True)
        assert (report.passed, box.ran) == (True, 1)


def test_a_right_file_takes_no_process_more_where_right_values_could_be_fed() -> None:
    box = CountingBox()
    with box:
        reports = grade(lean("backprop_fill"), SIGMOID, box, seed=SEED)
        assert [(next(reports).status, box.ran), (next(reports).status, box.ran)] == [
            ("right_so_far", 1),
            ("passed", 2),
        ]
