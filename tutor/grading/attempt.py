"""Part of a plan that the learner's file went through: what it answered, judged, and what of it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tutor.course import TIERS, Challenge, Tier
from tutor.grading.judge import result_stages
from tutor.grading.moments import MOMENTS
from tutor.grading.plan import Planned
from tutor.grading.report import Check, Tensor, TierCount
from tutor.grading.truth import Truth
from tutor.learner import BoxResult

LARGEST_TENSOR_SHOWN = 4096  # entries; a larger one is not copied into the Report


@dataclass(frozen=True)
class Attempt:
    """One child's answer to part of the plan, judged."""

    tiers: tuple[Tier, ...]
    plan: tuple[Planned, ...]
    truths: tuple[Truth, ...]
    answer: BoxResult
    judged: tuple[tuple[Check, ...], ...]  # per finished case

    @property
    def right(self) -> bool:
        """True where every result of every case is right."""
        checks = [check for case in self.judged for check in case]
        return self.answer.fault is None and bool(checks) and all(check.verdict == "right" for check in checks)


@dataclass(frozen=True)
class Shown:
    """The case whose verdicts, cells and tensors are shown."""

    ran: Attempt
    number: int  # of the case among the attempt's

    @property
    def planned(self) -> Planned:
        """Its arrays."""
        return self.ran.plan[self.number]

    @property
    def truth(self) -> Truth:
        """What is right in it."""
        return self.ran.truths[self.number]

    @property
    def checks(self) -> tuple[Check, ...]:
        """What is said of its results."""
        return self.ran.judged[self.number]

    @property
    def stopped(self) -> bool:
        """True where the learner's code stopped in it."""
        return self.ran.answer.cases[self.number].error is not None


def shown_case(runs: Sequence[Attempt]) -> Shown | None:
    """The first case in which something is wrong or the code stopped, else the first that was finished.

    Cases stand in the plan as a learner would try them, so the first one that fails says most about the fault: an
    exception with a batch of one is no news where the basic case was wrong already.
    """
    finished = [Shown(ran, number) for ran in runs for number in range(len(ran.judged))]
    failed = (shown for shown in finished if shown.stopped or any(check.verdict != "right" for check in shown.checks))
    return next(failed, finished[0] if finished else None)


def tensors(challenge: Challenge, shown: Shown) -> tuple[Tensor, ...]:
    """The results of the shown case beside what they should be; of a random one there is nothing it should be."""
    case, truth = shown.ran.answer.cases[shown.number], shown.truth
    found = []
    for name, _ in result_stages(challenge):
        expected, yours = truth.values.get(name), case.results.get(name)
        if expected is None or expected.size > LARGEST_TENSOR_SHOWN:
            continue
        found.append(
            Tensor(
                name=name,
                yours=yours.tolist() if yours is not None and yours.size <= LARGEST_TENSOR_SHOWN else None,
                expected=None if challenge.judge.results[name] == MOMENTS else expected.tolist(),
                numeric=None,
            )
        )
    return tuple(found)


def count_tiers(challenge: Challenge, runs: Sequence[Attempt]) -> dict[Tier, TierCount]:
    """How many of the results that a tier asks for are right in all of its cases."""
    counts = {}
    for tier in TIERS:
        names = [name for name, _ in result_stages(challenge)]
        judged = [
            (truth, checks)
            for ran in runs
            for planned, truth, checks in zip(ran.plan, ran.truths, ran.judged, strict=False)
            if planned.tier == tier
        ]
        if judged:
            names = [name for name in names if any(name in truth.values for truth, _ in judged)]
        wrong = {check.name for _, checks in judged for check in checks if check.verdict != "right"}
        right = sum(name not in wrong for name in names) if judged else 0
        counts[tier] = TierCount(right=right, total=len(names), judged=bool(judged))
    return counts
