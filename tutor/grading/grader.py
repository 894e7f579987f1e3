"""From the content of a learner's file to a Report: plan, truth, box, judge."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from msgspec import Struct

from tutor.course import TIERS, Challenge, Tier
from tutor.errors import BoxError
from tutor.grading.attempt import Attempt, count_tiers, shown_case, tensors
from tutor.grading.case_rows import case_outputs, case_rows
from tutor.grading.headline import headline
from tutor.grading.judge import fold_rows, judge_plan, notes
from tutor.grading.lines import batch_names, fed_names, makes_objects, updated_names
from tutor.grading.numeric import add_numeric, shown_entries, wants_numeric
from tutor.grading.plan import AnyArray, Planned, make_plan
from tutor.grading.report import Report, Status, first_wrong
from tutor.grading.truth import Truth, find_truth, never_made
from tutor.grading.variants import MAIN, Tried, Way, explain, further, mixed, scaled_truth, ways_of, worth_trying
from tutor.learner import Box, BoxCase, BoxJob, BoxResult, Numeric, content_hash

# Judged together: what is answered within a blink, and what makes sure.
GROUPS: tuple[tuple[Tier, ...], ...] = (("basic", "edge"), ("stress",))

Plan = tuple[Planned, ...]
Truths = tuple[Truth, ...]


class Prepared(Struct, frozen=True):
    """The plan of the next check and the truth at it, drawn beforehand and shown to nobody."""

    seed: int
    parts: dict[tuple[Tier, ...], tuple[Plan, Truths]]
    variants: dict[tuple[str, tuple[Tier, ...]], Truths] = {}  # by the lines that make the variant


def prepare(challenge: Challenge, box: Box, seed: int | None = None) -> Prepared:
    """Draw the arrays of the next check and run the reference on them."""
    seed = secrets.randbits(63) if seed is None else seed
    parts = {tiers: _plan_and_truth(challenge, tiers, seed, box) for tiers in GROUPS}
    variants = {
        (variant.lines, tiers): find_truth(challenge, plan, box, variant.lines)
        for variant in challenge.judge.variants
        for tiers, (plan, _) in parts.items()
    }
    return Prepared(seed, parts, variants)


def _plan_and_truth(challenge: Challenge, tiers: tuple[Tier, ...], seed: int, box: Box) -> tuple[Plan, Truths]:
    plan = make_plan(challenge, tiers, seed)
    truths = find_truth(challenge, plan, box)
    if never_made(truths):
        others = make_plan(challenge, [tier for tier in TIERS if tier not in tiers], seed)
        for name, why in never_made((*truths, *find_truth(challenge, others, box))).items():
            raise BoxError(f"The reference of {challenge.id} gives no {name}.", why)
    return plan, truths


def grade(
    challenge: Challenge,
    source: str,
    box: Box,
    *,
    seed: int | None = None,
    prepared: Prepared | None = None,
    cancelled: threading.Event | None = None,
    at_once: bool = False,
    columns: int = 76,
) -> Iterator[Report]:
    """Judge one content of a learner's file, as a Report that grows: each one says more than the one before.

    The first comes after the basic and edge tiers, within a blink; the next after the stress tier; the last, marked
    `final`, adds the numeric gradient of the learner's own forward pass. Once `cancelled` is set there is no other.
    `prepared`, made while nothing was to be judged, saves the time of the reference; each is for one check.

    Arrays that the file prints get lines of so many `columns`.
    `at_once` is for many files at which nobody looks one by one: all tiers in one child where that comes through within
    the limits of one group of tiers, and one final report alone, without the numeric gradient.

    Raises BoxError when the box or the reference fails: a fault of ours.
    """
    prepared = prepared or Prepared(secrets.randbits(63) if seed is None else seed, {})
    grading = _Grading(challenge, source, box, prepared, cancelled or threading.Event(), at_once, columns)
    for count in range(1, len(GROUPS) + 1):
        way, runs, advice = grading.best_way(GROUPS[:count])
        if grading.cancelled.is_set():
            return
        report = grading.report(way, runs, advice)
        if not at_once:
            yield report
            if grading.cancelled.is_set():
                return
        if report.status != "right_so_far":
            break
    yield msgspec.structs.replace(report, final=True) if at_once else grading.with_numeric(report, runs)


@dataclass(frozen=True)
class _Grading:
    challenge: Challenge
    source: str
    box: Box
    prepared: Prepared
    cancelled: threading.Event
    at_once: bool = False
    columns: int = 76  # of an array that the file prints
    # What was found already: plans with their truth, variants of it, what the file answers when nothing is fed to it,
    # and how that stands by each way to be right.
    parts: dict[tuple[Tier, ...], tuple[Plan, Truths]] = field(default_factory=dict)
    variants: dict[tuple[str, tuple[Tier, ...]], Truths] = field(default_factory=dict)
    unfed: dict[tuple[Tier, ...], BoxResult] = field(default_factory=dict)
    attempts: dict[tuple[Way, tuple[Tier, ...]], Attempt] = field(default_factory=dict)

    def best_way(self, groups: Sequence[tuple[Tier, ...]]) -> tuple[Way, tuple[Attempt, ...], str]:
        """The first way in which everything so far is right; where there is none, the one in which most is, and advice.

        One way must hold throughout: a file that is right here by one and there by another is right by none.
        Whether it is right is judged on what it gives when nothing is fed to it: no right value is in its reach then.
        """
        tried = {MAIN: self._try(MAIN, groups)}
        if _all_right(tried[MAIN], groups):
            return MAIN, tried[MAIN], ""
        if worth_trying(tried[MAIN]):
            for way in ways_of(self.challenge.judge):
                tried[way] = self._try(way, groups)
                if _all_right(tried[way], groups):
                    return way, tried[way], ""
        tried = self._feed(tried)
        best = further(self.challenge, tried)
        return best, explain(self.challenge, tried[best], best), mixed(tried)

    def _try(self, way: Way, groups: Sequence[tuple[Tier, ...]]) -> tuple[Attempt, ...]:
        """Attempts at one group after the other, up to the first that is not right."""
        runs: list[Attempt] = []
        for tiers in groups:
            key = (way, tiers)
            if key not in self.attempts:
                self.attempts[key] = self._attempt(way, tiers)
            runs.append(self.attempts[key])
            if not runs[-1].right:
                break
        return tuple(runs)

    def _attempt(self, way: Way, tiers: tuple[Tier, ...]) -> Attempt:
        plan, truths = self._truth(way, tiers)
        return self._judged(tiers, plan, truths, self._unfed(tiers))

    def _judged(self, tiers: tuple[Tier, ...], plan: Plan, truths: Truths, answer: BoxResult) -> Attempt:
        return Attempt(tiers, plan, truths, answer, judge_plan(self.challenge, plan, truths, answer.cases))

    def _unfed(self, tiers: tuple[Tier, ...]) -> BoxResult:
        """What the file gives in these tiers when nothing is fed to it, whatever way it may be right in."""
        if self.at_once and not self.unfed:
            plans = [self._truth(MAIN, group)[0] for group in GROUPS]
            self.unfed.update(zip(GROUPS, _divided(self._drive(sum(plans, ())), plans), strict=False))
        if tiers not in self.unfed:
            self.unfed[tiers] = self._drive(self._truth(MAIN, tiers)[0])
        return self.unfed[tiers]

    def _feed(self, tried: Tried) -> dict[Way, tuple[Attempt, ...]]:
        """The same attempts; the last of each is of a run that was fed, where that says which step is the first wrong.

        A wrong intermediate makes all wrong that is made of it, unless the right one is fed in its place. That run says
        nothing for the file: where all is right in it, or it went worse, the unfed one stands.
        """
        fed_runs: list[tuple[list[dict[str, AnyArray]], BoxResult]] = []
        told = {}
        for way, (*before, last) in tried.items():
            told[way] = tried[way]
            fed = self._fed(last.plan, last.truths)
            if not last.judged or not any(fed):
                continue
            answer = next((answer for values, answer in fed_runs if _same_arrays(values, fed)), None)
            if answer is None:
                answer = self._drive(last.plan, fed)
                fed_runs.append((fed, answer))
            attempt = self._judged(last.tiers, last.plan, last.truths, answer)
            if not attempt.right and (answer.fault is None or last.answer.fault is not None):
                told[way] = (*before, attempt)
        return told

    def _truth(self, way: Way, tiers: tuple[Tier, ...]) -> tuple[Plan, Truths]:
        """The plan and what is right in it, each found once."""
        ready = self.prepared.parts.get(tiers) or self.parts.get(tiers)
        if ready is None:
            ready = self.parts[tiers] = _plan_and_truth(self.challenge, tiers, self.prepared.seed, self.box)
        plan, truths = ready
        if way.lines:
            key = (way.lines, tiers)
            variant = self.prepared.variants.get(key) or self.variants.get(key)
            if variant is None:
                variant = self.variants[key] = find_truth(self.challenge, plan, self.box, way.lines)
            truths = variant
        if way.scaled:
            truths = tuple(scaled_truth(self.challenge, *pair) for pair in zip(plan, truths, strict=True))
        return plan, truths

    def _fed(self, plan: Plan, truths: Truths) -> list[dict[str, AnyArray]]:
        """What the drive asks for with `right`, case by case."""
        names = fed_names(self.challenge.drive)
        return [
            {name: _as_given(truth.values[name], planned) for name in names if name in truth.values}
            for planned, truth in zip(plan, truths, strict=True)
        ]

    def _drive(self, plan: Plan, fed: Sequence[dict[str, AnyArray]] = (), numeric: Numeric | None = None) -> BoxResult:
        """Run the learner's file."""
        apart = makes_objects(self.challenge.drive)
        first = None if numeric else next((planned for planned in plan if planned.tier == "basic"), None)
        cases = tuple(
            BoxCase(
                sizes=planned.names,
                arrays=dict(planned.arrays),
                right=right,
                numeric=numeric,
                second_call=numeric is None,
                beside=planned is first and apart,
                reused=planned is first and (apart or self.challenge.judge.copies),
            )
            for planned, right in zip(plan, fed or [{}] * len(plan), strict=True)
        )
        job = BoxJob(
            source=self.source,
            filename=f"{self.challenge.id}.py",
            drive=self.challenge.drive,
            cases=cases,
            limits=self.challenge.limits,
            torch="torch" in self.challenge.needs,
            columns=self.columns,
            batch=batch_names(self.challenge),
            updated=updated_names(self.challenge),
        )
        answer = self.box.run(job, self.cancelled)
        if answer.fault is not None and answer.fault.kind == "tutor":
            raise BoxError(answer.fault.sentence, "", answer.fault.next_step)
        return answer

    def report(self, way: Way, runs: Sequence[Attempt], advice: str) -> Report:
        challenge = self.challenge
        shown = shown_case(runs)
        checks = [checks for ran in runs for checks in ran.judged]
        rows = fold_rows(challenge, checks, shown.checks) if shown else ()
        fault = next((ran.answer.fault for ran in runs if ran.answer.fault), None)
        wrong = first_wrong(shown.checks) if shown else None
        status: Status
        if fault is not None and (fault.kind != "exception" or wrong is None):
            status = "could_not_run"
        elif not rows or any(row.verdict != "right" for row in rows):
            status = "failed"
        else:
            status = "passed" if any("stress" in ran.tiers for ran in runs) else "right_so_far"
        first, next_step, line = headline(challenge, self.source, status, fault, wrong, runs, way.name)
        answers = [ran.answer for ran in runs]
        return Report(
            challenge=challenge.id,
            source_hash=content_hash(self.source.encode("utf-8", "surrogatepass")),
            seed=self.prepared.seed,
            status=status,
            headline=first,
            next_step=next_step or advice,
            checks=rows,
            tiers=count_tiers(challenge, runs),
            tensors=tensors(challenge, shown) if shown else (),
            fault=fault,
            line=line,
            output="".join(answer.output for answer in answers[:1]),
            output_cut=any(answer.output_cut for answer in answers[:1]),
            seconds=sum(answer.seconds for answer in answers),
            warnings=tuple(dict.fromkeys(warning for answer in answers for warning in answer.warnings)),
            variant=way.name,
            notes=self._notes(runs) if status in ("passed", "right_so_far") else (),
            cases=case_rows(challenge, runs),
            outputs=case_outputs(runs, shown),
            final=False,
        )

    def with_numeric(self, report: Report, runs: Sequence[Attempt]) -> Report:
        shown = shown_case(runs)
        wrt = tuple(dict.fromkeys(of[3:] for of in self.challenge.judge.results.values() if of.startswith("d/d")))
        if shown is None or not wants_numeric(report, sum(shown.planned.arrays[name].size for name in wrt)):
            return msgspec.structs.replace(report, final=True)
        judge = self.challenge.judge
        request = Numeric(
            wrt=wrt,
            output=judge.output,
            upstream=judge.upstream,
            loss=judge.loss,
            shown=shown_entries(self.challenge, shown.checks),
        )
        # Unfed, so that its gradients and the numeric ones are of one pass.
        answer = self._drive((shown.planned,), numeric=request)
        if not answer.cases:
            return msgspec.structs.replace(report, final=True)
        return add_numeric(self.challenge, report, shown.checks, answer.cases[0])

    def _notes(self, runs: Sequence[Attempt]) -> tuple[str, ...]:
        found = (
            note
            for ran in runs
            for planned, truth, case in zip(ran.plan, ran.truths, ran.answer.cases, strict=False)
            for note in notes(self.challenge, planned, truth, case)
        )
        return tuple(dict.fromkeys(found))


def _all_right(runs: Sequence[Attempt], groups: Sequence[tuple[Tier, ...]]) -> bool:
    return len(runs) == len(groups) and all(ran.right for ran in runs)


def _divided(answer: BoxResult, plans: Sequence[Plan]) -> Iterator[BoxResult]:
    """The answer to several plans as one to each; none where it cannot be said in which of them it ended."""
    fault = answer.fault
    if fault is not None and (fault.error is None or fault.kind not in ("exception", "syntax", "exited")):
        return
    # A fault is of the case that stopped; where none says so, of the first that is missing, or of the last.
    stopped = next((number for number, case in enumerate(answer.cases) if case.error), len(answer.cases))
    stopped = min(stopped, sum(map(len, plans)) - 1)
    start = 0
    for plan in plans:
        end = start + len(plan)
        printed = tuple(
            msgspec.structs.replace(part, case=part.case - start if part.case >= 0 else part.case)
            for part in answer.printed
            if part.case < 0 or start <= part.case < end
        )
        yield msgspec.structs.replace(
            answer,
            fault=fault if stopped < end else None,
            cases=answer.cases[start:end],
            seconds=0.0 if start else answer.seconds,
            printed=printed,
            output="".join(part.text for part in printed),
        )
        start = end


def _as_given(value: AnyArray, planned: Planned) -> AnyArray:
    return value.astype(planned.case.dtype) if value.dtype.kind == "f" else value


def _same_arrays(one: Sequence[dict[str, AnyArray]], other: Sequence[dict[str, AnyArray]]) -> bool:
    return all(
        a.keys() == b.keys() and all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)
        for a, b in zip(one, other, strict=True)
    )
