"""The verdict on a learner's file: one frozen record, the JSON of `tutor test --json` too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from tutor.course import Tier
from tutor.learner import Fault

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


def first_wrong(checks: Iterable[Check]) -> Check | None:
    """The first wrong step of the pass.

    A result that is wrong on the first call comes before one that only the second call changes: weights that move too
    early, for instance, make the second forward differ, and the gradient that was computed with them wrong.
    """
    wrong = [check for check in checks if check.verdict not in ("right", "not_reached")]
    return next((check for check in wrong if check.verdict != "unstable"), wrong[0] if wrong else None)


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


class Report(Struct, frozen=True):
    """The verdict on one content of one file."""

    challenge: str
    source_hash: str
    seed: int
    status: Status
    headline: str  # the first thing that matters, in one sentence
    next_step: str
    checks: tuple[Check, ...]  # in backward order, one row per name: the first case that fails, else the first
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
        total = max((count.total for count in self.tiers.values()), default=0)
        right = sum(check.verdict == "right" for check in self.checks)
        checked = {**facts, "gradients_right": right, "gradients": total, "headline": self.headline}
        return (("exercise_checked", checked), *((("exercise_passed", facts),) if self.passed else ()))
