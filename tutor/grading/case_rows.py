"""What became of each case of the tiers, and what each printed, whatever the tensors that are shown are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from tutor.course import TIERS, Challenge
from tutor.grading.attempt import Attempt, Shown
from tutor.grading.plan import Planned
from tutor.grading.report import CaseOutput, CaseRow, Check, first_wrong
from tutor.learner import CaseResult, Printed


def case_rows(challenge: Challenge, runs: Sequence[Attempt]) -> tuple[CaseRow, ...]:
    """Every case of every tier in order; those that were not run have no draw judged."""
    judged: dict[tuple[str, int], list[tuple[tuple[Check, ...], CaseResult]]] = {}
    for ran in runs:
        for planned, checks, result in zip(ran.plan, ran.judged, ran.answer.cases, strict=False):
            judged.setdefault((planned.tier, planned.number), []).append((checks, result))
    rows = []
    for tier in TIERS:
        for number, case in enumerate(challenge.cases(tier)):
            draws = judged.get((tier, number), [])
            row = CaseRow(tier=tier, proves=case.proves, sizes=dict(case.sizes), draws=case.repeat, judged=len(draws))
            rows.append(_with_verdict(row, draws))
    return tuple(rows)


def _with_verdict(row: CaseRow, draws: Sequence[tuple[tuple[Check, ...], CaseResult]]) -> CaseRow:
    for checks, result in draws:
        wrong, error = first_wrong(checks), result.error
        if wrong is not None:
            return replace(row, name=wrong.name, verdict=wrong.verdict, sentence=wrong.sentence)
        if error is not None:
            where = f" in line {error.line}" if error.line else ""
            told = f"{error.type}: {error.message}" if error.message else error.type
            return replace(row, sentence=f"Your code stopped{where} with {told}")
    return replace(row, right=bool(draws) and all(check.verdict == "right" for checks, _ in draws for check in checks))


def case_outputs(runs: Sequence[Attempt], shown: Shown | None) -> tuple[CaseOutput, ...]:
    """What was printed, case by case: what importing the file printed, the shown case, then the others."""
    if not runs:
        return ()
    ran = shown.ran if shown is not None else runs[-1]
    number = shown.number if shown is not None else -1
    of_case: dict[int, list[Printed]] = {}
    for part in ran.answer.printed:
        of_case.setdefault(part.case, []).append(part)
    order = sorted(of_case, key=lambda case: (case != -1, case != number, case))
    return tuple(output for case in order for output in _outputs(of_case[case], _planned(ran, case)))


def _planned(ran: Attempt, case: int) -> Planned | None:
    return ran.plan[case] if 0 <= case < len(ran.plan) else None


def _outputs(parts: Sequence[Printed], planned: Planned | None) -> Iterator[CaseOutput]:
    """One case's; the second call on the same objects is told where it prints anything else than the first did.

    A call that is not judged is told only where it is all there is: the code stopped in it.
    """
    parts = [part for part in parts if not part.unjudged] or parts
    first = "".join(part.text for part in parts if not part.again)
    second = "".join(part.text for part in parts if part.again)
    tier, proves = (planned.tier, planned.case.proves) if planned is not None else (None, "")
    if first:
        yield CaseOutput(first, tier, proves)
    if second and second not in first:
        yield CaseOutput(second, tier, proves, second_call=True)
