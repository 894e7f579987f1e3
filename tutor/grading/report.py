"""The verdict on a learner's file: one frozen record, the JSON of `tutor test --json` too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from tutor.course import TIERS, Tier
from tutor.learner import Fault, Graded

Verdict = Literal[
    "right",
    "wrong_value",
    "wrong_shape",
    "wrong_dtype",
    "non_finite",
    "missing",
    "mutated",
    "unstable",  # the second call differs from the first
    "not_reached",
]
# A verdict in a word or two, as a table has room for.
VERDICT_WORDS: dict[Verdict, str] = {
    "right": "right",
    "wrong_value": "value",
    "wrong_shape": "shape",
    "wrong_dtype": "dtype",
    "non_finite": "not finite",
    "missing": "missing",
    "mutated": "changed",
    "unstable": "2nd call",
    "not_reached": "not reached",
}
Status = Literal["passed", "right_so_far", "failed", "could_not_run"]


class Cell(Struct, frozen=True):
    """One entry of a tensor: the worst one."""

    index: tuple[int, ...]
    got: float
    expected: float
    numeric: float | None = None  # of the learner's own forward pass


class Check(Struct, frozen=True):
    """One result in one case, judged."""

    name: str
    tier: Tier
    case: str  # what the case proves
    verdict: Verdict
    expected_shape: tuple[int, ...]
    actual_shape: tuple[int, ...] | None
    ratio: float | None  # |got - expected| / (|got| + |expected| + floor)
    worst: Cell | None
    sentence: str  # one sentence in the second person; for a right one what it shows
    of: str = ""  # "value", or "d/dW"
    place: int = 0  # of the case's draw in the plan

    @property
    def is_wrong(self) -> bool:
        """True where what the learner's code gave is not what it should be."""
        return self.verdict not in ("right", "not_reached")


def first_wrong(checks: Iterable[Check]) -> Check | None:
    """The first wrong step of the pass, in the first case in which a step is wrong.

    A result that is wrong on the first call comes before one that only the second call changes: weights that move too
    early, for instance, make the second forward differ, and the gradient that was computed with them wrong.
    """
    wrong = (check for check in checks if check.is_wrong)
    return min(wrong, key=lambda check: (*case_order(check), check.verdict == "unstable"), default=None)


def case_order(check: Check) -> tuple[int, int]:
    """What sorts checks by their case, as the plan has them: basic, edge, stress."""
    return TIERS.index(check.tier), check.place


class Tensor(Struct, frozen=True):
    """A tensor for the diff, as nested lists; what is not there, or too large to be shown, is None."""

    name: str
    yours: list[object] | float | None
    expected: list[object] | float | None
    numeric: list[object] | float | None


class TierCount(Struct, frozen=True):
    """How far a tier got."""

    right: int
    total: int
    judged: bool


class CaseRow(Struct, frozen=True):
    """One case, all its draws together, and the first of its results that is wrong."""

    tier: Tier
    proves: str
    sizes: dict[str, int]
    draws: int  # that the case asks for
    judged: int  # 0 where it was not run
    right: bool = False
    name: str = ""  # the first wrong result; "" with a sentence: the code stopped
    verdict: Verdict | None = None
    sentence: str = ""


class CaseOutput(Struct, frozen=True):
    """What one case printed."""

    text: str
    tier: Tier | None = None  # None: printed while the file was read
    case: str = ""  # what the case proves
    second_call: bool = False  # forward and backward once more on the same objects, where that printed anything else


class Report(Struct, frozen=True):
    """The verdict on one content of one file."""

    challenge: str
    source_hash: str
    seed: int
    status: Status
    headline: str  # the first thing that matters, in one sentence
    next_step: str
    # In backward order, one row per name, all of the case that is shown (the first that fails, else the first) but for
    # those that are wrong in another case alone.
    checks: tuple[Check, ...]
    tiers: dict[Tier, TierCount]
    tensors: tuple[Tensor, ...]
    fault: Fault | None
    line: int | None  # in the learner's file, where known
    output: str
    output_cut: bool
    seconds: float
    warnings: tuple[str, ...] = ()
    numeric_note: str = ""
    variant: str = ""  # which documented variant the file is, where the exercise knows several
    notes: tuple[str, ...] = ()  # what is worth knowing and is no fault, one sentence each
    cases: tuple[CaseRow, ...] = ()  # every case of every tier
    outputs: tuple[CaseOutput, ...] = ()  # the output by the case that printed it, the shown case first
    final: bool = True  # False: the stress tier is still to come

    @property
    def passed(self) -> bool:
        """True when every tier is right."""
        return self.status == "passed"

    @property
    def first_wrong(self) -> Check | None:
        """The first wrong step of the pass, or None."""
        return first_wrong(self.checks)

    def events(
        self, lesson: str
    ) -> tuple[tuple[Literal["exercise_checked", "exercise_passed"], dict[str, object]], ...]:
        """What progress remembers of this verdict: the check, and the pass where it is one."""
        facts: dict[str, object] = {"exercise": self.challenge, "lesson": lesson, "code_hash": self.source_hash}
        graded = self.graded
        checked = {**facts, "gradients_right": graded.right, "gradients": graded.total, "headline": self.headline}
        return (("exercise_checked", checked), *((("exercise_passed", facts),) if self.passed else ()))

    @property
    def graded(self) -> Graded:
        """The verdict in short, as it is kept with the version that it is about."""
        total = max((count.total for count in self.tiers.values()), default=0)
        return Graded(self.status, self.headline, sum(check.verdict == "right" for check in self.checks), total)
