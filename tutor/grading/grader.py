"""From the content of a learner's file to a Report: plan, truth, box, judge."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from tutor.course import TIERS, Challenge, Tier, blanks
from tutor.errors import BoxError
from tutor.grading.judge import fold_rows, judge_case, result_stages
from tutor.grading.numeric import add_numeric, wants_numeric
from tutor.grading.plan import Planned, make_plan
from tutor.grading.report import Check, Report, Status, Tensor, TierCount, first_wrong
from tutor.grading.truth import Truth, fed_names, find_truth
from tutor.learner import Box, BoxCase, BoxJob, BoxResult, CaseResult, Fault, Numeric, content_hash

LARGEST_TENSOR_SHOWN = 4096  # entries; a larger one is not copied into the Report

# Judged together: what is answered within a blink, and what makes sure.
GROUPS: tuple[tuple[Tier, ...], ...] = (("basic", "edge"), ("stress",))


class Prepared(Struct, frozen=True):
    """The plan of the next check and the truth at it, drawn beforehand and shown to nobody."""

    seed: int
    parts: dict[tuple[Tier, ...], tuple[tuple[Planned, ...], tuple[Truth, ...]]]


def prepare(challenge: Challenge, box: Box) -> Prepared:
    """Draw the arrays of the next check and run the reference on them."""
    seed = secrets.randbits(63)
    return Prepared(seed, {tiers: _plan_and_truth(challenge, tiers, seed, box) for tiers in GROUPS})


def _plan_and_truth(
    challenge: Challenge, tiers: tuple[Tier, ...], seed: int, box: Box
) -> tuple[tuple[Planned, ...], tuple[Truth, ...]]:
    plan = make_plan(challenge, tiers, seed)
    return plan, find_truth(challenge, plan, box)


def grade(
    challenge: Challenge,
    source: str,
    box: Box,
    *,
    seed: int | None = None,
    prepared: Prepared | None = None,
    cancelled: threading.Event | None = None,
) -> Iterator[Report]:
    """Judge one content of a learner's file, as a Report that grows: each one says more than the one before.

    The first comes after the basic and edge tiers, within a blink; the next after the stress tier; the last, marked
    `final`, adds the numeric gradient of the learner's own forward pass. Once `cancelled` is set there is no other.
    `prepared`, made while nothing was to be judged, saves the time of the reference; each is for one check.

    Raises BoxError when the box or the reference fails: a fault of ours.
    """
    prepared = prepared or Prepared(secrets.randbits(63) if seed is None else seed, {})
    grading = _Grading(challenge, source, box, prepared, cancelled or threading.Event())
    runs: list[_Ran] = []
    for tiers in GROUPS:
        runs.append(grading.run(tiers))
        if grading.cancelled.is_set():
            return
        report = grading.report(runs)
        yield report
        if grading.cancelled.is_set():
            return
        if report.status != "right_so_far":
            break
    yield grading.with_numeric(report, runs)


@dataclass(frozen=True)
class _Ran:
    """One child's answer to part of the plan, judged."""

    tiers: tuple[Tier, ...]
    plan: tuple[Planned, ...]
    truths: tuple[Truth, ...]
    answer: BoxResult
    judged: tuple[tuple[Check, ...], ...]  # per finished case


@dataclass(frozen=True)
class _Grading:
    challenge: Challenge
    source: str
    box: Box
    prepared: Prepared
    cancelled: threading.Event

    def run(self, tiers: tuple[Tier, ...]) -> _Ran:
        plan, truths = self.prepared.parts.get(tiers) or _plan_and_truth(
            self.challenge, tiers, self.prepared.seed, self.box
        )
        answer = self._drive(plan, truths)
        judged = tuple(
            judge_case(self.challenge, planned, truth, case)
            for planned, truth, case in zip(plan, truths, answer.cases, strict=False)
        )
        return _Ran(tiers, plan, truths, answer, judged)

    def _drive(self, plan: Sequence[Planned], truths: Sequence[Truth], numeric: Numeric | None = None) -> BoxResult:
        """Run the learner's file; with `numeric` unfed, so that its gradients and the numeric ones are of one pass."""
        drive = self.challenge.drive
        text = "\n".join((drive.setup, drive.forward, drive.backward, drive.update))
        fed = frozenset[str]() if numeric else fed_names(text)
        cases = tuple(
            BoxCase(
                sizes=planned.sizes,
                arrays=dict(planned.arrays),
                right={name: truth.values[name].astype(planned.case.dtype) for name in fed if name in truth.values},
                numeric=numeric,
                second_call=numeric is None,
            )
            for planned, truth in zip(plan, truths, strict=True)
        )
        job = BoxJob(
            source=self.source,
            filename=f"{self.challenge.id}.py",
            drive=drive,
            cases=cases,
            limits=self.challenge.limits,
        )
        answer = self.box.run(job, self.cancelled)
        if answer.fault is not None and answer.fault.kind == "tutor":
            raise BoxError(answer.fault.sentence, "", answer.fault.next_step)
        return answer

    def report(self, runs: Sequence[_Ran]) -> Report:
        challenge = self.challenge
        rows = fold_rows(challenge, [checks for ran in runs for checks in ran.judged])
        fault = next((ran.answer.fault for ran in runs if ran.answer.fault), None)
        wrong = first_wrong(rows)
        shown = _shown_case(runs, wrong)
        if shown is not None:
            here = {check.name: check for check in shown.ran.judged[shown.number]}
            rows = tuple(here[row.name] if row.verdict == "right" else row for row in rows)
        status: Status
        if fault is not None and (fault.kind != "exception" or _stopped_before(runs, wrong)):
            status = "could_not_run"
        elif not rows or any(row.verdict != "right" for row in rows):
            status = "failed"
        else:
            status = "passed" if any("stress" in ran.tiers for ran in runs) else "right_so_far"
        headline, next_step, line = _headline(challenge, self.source, status, fault, wrong, runs)
        answers = [ran.answer for ran in runs]
        return Report(
            challenge=challenge.id,
            source_hash=content_hash(self.source.encode("utf-8", "surrogatepass")),
            seed=self.prepared.seed,
            status=status,
            headline=headline,
            next_step=next_step,
            checks=rows,
            tiers=_count_tiers(challenge, runs),
            tensors=self._tensors(shown) if shown else (),
            fault=fault,
            line=line,
            output="".join(answer.output for answer in answers[:1]),
            output_cut=any(answer.output_cut for answer in answers[:1]),
            seconds=sum(answer.seconds for answer in answers),
            warnings=tuple(dict.fromkeys(warning for answer in answers for warning in answer.warnings)),
            final=False,
        )

    def with_numeric(self, report: Report, runs: Sequence[_Ran]) -> Report:
        shown = _shown_case(runs, report.first_wrong)
        wrt = tuple(dict.fromkeys(of[3:] for of in self.challenge.judge.results.values() if of.startswith("d/d")))
        if shown is None or not wants_numeric(report, sum(shown.planned.arrays[name].size for name in wrt)):
            return msgspec.structs.replace(report, final=True)
        judge = self.challenge.judge
        request = Numeric(wrt=wrt, output=judge.output, upstream=judge.upstream, loss=judge.loss)
        answer = self._drive((shown.planned,), (shown.truth,), request)
        if not answer.cases:
            return msgspec.structs.replace(report, final=True)
        return add_numeric(self.challenge, report, shown.ran.judged[shown.number], answer.cases[0])

    def _tensors(self, shown: _Shown) -> tuple[Tensor, ...]:
        case, truth = shown.ran.answer.cases[shown.number], shown.truth
        return tuple(
            _tensor(name, case, truth)
            for name, _ in result_stages(self.challenge)
            if truth.values[name].size <= LARGEST_TENSOR_SHOWN
        )


@dataclass(frozen=True)
class _Shown:
    """The case whose cells and tensors are shown."""

    ran: _Ran
    number: int

    @property
    def planned(self) -> Planned:
        return self.ran.plan[self.number]

    @property
    def truth(self) -> Truth:
        return self.ran.truths[self.number]


def _shown_case(runs: Sequence[_Ran], wrong: Check | None) -> _Shown | None:
    """The case in which the first wrong result was seen, else the first case that was finished."""
    for ran in runs:
        for number, checks in enumerate(ran.judged):
            if wrong is None or wrong in checks:
                return _Shown(ran, number)
    return None


def _stopped_before(runs: Sequence[_Ran], wrong: Check | None) -> bool:
    """True when code stopped in an earlier case than the one in which the first wrong result was seen."""
    for ran in runs:
        for checks, case in zip(ran.judged, ran.answer.cases, strict=True):
            if wrong in checks:
                return False
            if case.error is not None:
                return True
    return True


def _tensor(name: str, case: CaseResult, truth: Truth) -> Tensor:
    yours = case.results.get(name)
    return Tensor(
        name=name,
        yours=yours.tolist() if yours is not None and yours.size <= LARGEST_TENSOR_SHOWN else None,
        expected=truth.values[name].tolist(),
        numeric=None,
    )


def _count_tiers(challenge: Challenge, runs: Sequence[_Ran]) -> dict[Tier, TierCount]:
    names = [name for name, _ in result_stages(challenge)]
    counts = {}
    for tier in TIERS:
        judged = [
            checks
            for ran in runs
            for planned, checks in zip(ran.plan, ran.judged, strict=False)
            if planned.tier == tier
        ]
        seen = any(tier in ran.tiers for ran in runs) and bool(judged)
        wrong = {check.name for checks in judged for check in checks if check.verdict != "right"}
        counts[tier] = TierCount(
            right=sum(name not in wrong for name in names) if seen else 0, total=len(names), judged=seen
        )
    return counts


def _headline(
    challenge: Challenge,
    source: str,
    status: Status,
    fault: Fault | None,
    wrong: Check | None,
    runs: Sequence[_Ran],
) -> tuple[str, str, int | None]:
    """The first thing that matters, the next step, and the line in the learner's file where there is one."""
    line = fault.error.line if fault and fault.error else None
    if fault is not None and fault.kind != "exception":
        return fault.sentence + _where_stopped(runs), fault.next_step, line
    empty = blanks(source) if status in ("failed", "could_not_run") else ()
    if empty:
        blank = empty[0]
        return f"Blank {blank.number} is still empty (line {blank.line}).", f"It asks for: {blank.text}", blank.line
    if fault is not None and status == "could_not_run":
        if fault.error is not None and fault.error.type == "NotImplementedError" and fault.error.message:
            return _sentence(fault.error.message), "", line
        absent = _absent_names(challenge, fault, runs)
        if absent:
            return _absent_sentence(source, absent), f"The exercise asks for {absent}, under this very name.", None
        return _sentence(fault.sentence) + _where_stopped(runs), fault.next_step, line
    if wrong is not None:
        where = "" if wrong.tier == "basic" else f" This shows with {wrong.case}."
        # What stopped later is most often the wrong array's doing, so it stands second.
        return wrong.sentence + where, _later(fault), line
    if status == "right_so_far":
        return "Right so far: basic and edge cases hold. The stress tier is running.", "", None
    if status == "passed":
        return f"Passed: all {len(challenge.judge.results)} results are right in every tier.", "", None
    return "Nothing was judged: your file gave no result.", "", None


def _absent_names(challenge: Challenge, fault: Fault, runs: Sequence[_Ran]) -> str:
    """What the file should define and does not, where that is why the setup stopped."""
    if fault.error is None or fault.error.stage != "setup":
        return ""
    return " and ".join(name for name in challenge.defines if name not in runs[-1].answer.defined)


def _absent_sentence(source: str, absent: str) -> str:
    return f"Your file defines no {absent}." if source.strip() else "Your file is empty."


def _where_stopped(runs: Sequence[_Ran]) -> str:
    """Which case the code stopped in, where it is not the basic one."""
    for ran in runs:
        for planned, case in zip(ran.plan, ran.answer.cases, strict=False):
            if case.error is not None:
                return "" if planned.tier == "basic" else f" This shows with {planned.case.proves}."
    return " The basic and edge cases hold; this shows in the stress tier." if len(runs) > 1 else ""


def _later(fault: Fault | None) -> str:
    if fault is None or fault.error is None:
        return ""
    where = f" in line {fault.error.line}" if fault.error.line else ""
    return f"Later your code stopped{where} with {fault.error.type}: mend this first."


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
