"""Other documented ways to be right: one of them, the same one throughout, must hold for everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
from msgspec import Struct

from tutor.course import Challenge, Judge
from tutor.grading.attempt import Attempt
from tutor.grading.moments import MOMENTS
from tutor.grading.norms import AnyArray
from tutor.grading.plan import Planned
from tutor.grading.report import Check
from tutor.grading.sentences import common_factor, factor_text
from tutor.grading.truth import Truth

IN_THE_LAYERS = "the mean taken in the layers"
TWICE = "the mean is taken twice, in the loss and in the layer"
NEVER = "the mean is never taken"
EXACT = 1e-6  # relative, of a factor


class Way(Struct, frozen=True):
    """A way to be right: a variant of the reference, the 1/N of the batch in the loss or in the layers."""

    name: str = ""  # as the Report says it; the main one has no name
    lines: str = ""  # below the reference's source
    scaled: bool = False  # the 1/N stands in the layers


MAIN = Way()

Tried = Mapping[Way, tuple[Attempt, ...]]


def ways_of(judge: Judge) -> tuple[Way, ...]:
    """Every way but the main one, in the order in which they are tried."""
    ways = [MAIN, *(Way(variant.name, variant.lines) for variant in judge.variants)]
    if judge.scale == "either":
        ways += [Way(", ".join(filter(None, (way.name, IN_THE_LAYERS))), way.lines, scaled=True) for way in ways]
    return tuple(ways[1:])


def scaled_truth(challenge: Challenge, planned: Planned, truth: Truth) -> Truth:
    """What is right where the layers take the mean: the gradients on the way to them are N times as large."""
    size = planned.sizes["N"]
    per_sample = challenge.judge.per_sample
    values = {name: array * size if name in per_sample else array for name, array in truth.values.items()}
    terms = {name: magnitude * size if name in per_sample else magnitude for name, magnitude in truth.terms.items()}
    return msgspec.structs.replace(truth, values=values, terms=terms)


def worth_trying(runs: Sequence[Attempt]) -> bool:
    """True where the file came through, and a value that another way could call right is wrong."""
    checks = [check for ran in runs for case in ran.judged for check in case]
    return any(check.verdict == "wrong_value" and check.ratio is not None for check in checks)


def further(challenge: Challenge, tried: Tried) -> Way:
    """The way in which most results are right: the main one, unless another has more.

    Where the mean is taken in the loss or in the layers, the gradients before the layers tell which it was to be.
    """
    per_sample = set(challenge.judge.per_sample)
    candidates = [way for way in tried if per_sample and _are_right(tried[way], per_sample)] or list(tried)
    return max(candidates, key=lambda way: _count_right(tried[way]))  # of several, the first


def _are_right(runs: Sequence[Attempt], names: set[str]) -> bool:
    first = [check for check in runs[0].judged[0] if check.name in names] if runs[0].judged else []
    return bool(first) and all(check.verdict == "right" for check in first)


def _count_right(runs: Sequence[Attempt]) -> int:
    return sum(check.verdict == "right" for ran in runs for case in ran.judged for check in case)


def mixed(tried: Tried) -> str:
    """One sentence where every case is right in some way and no way holds for all of them, or nothing."""
    first = [runs[0] for runs in tried.values()]
    if len(first) < 2 or any(ran.answer.fault is not None for ran in first):
        return ""
    by_way = [[all(check.verdict == "right" for check in case) for case in ran.judged] for ran in first]
    if any(map(all, by_way)) or not all(map(any, zip(*by_way, strict=True))):
        return ""
    return (
        "Each case by itself is right in one of the ways that are accepted, but no one way holds in all: keep to one."
    )


# ── the batch's 1/N, taken twice or never ────────────────────────────────────────────────────────────────────────────


def explain(challenge: Challenge, runs: Sequence[Attempt], way: Way) -> tuple[Attempt, ...]:
    """The attempts at a way; a result that lacks the batch's 1/N, or has it twice, says just that."""
    if challenge.judge.scale == "fixed":
        return tuple(runs)
    return tuple(
        replace(
            ran,
            judged=tuple(
                tuple(_said(challenge, ran, way, number, check) for check in case)
                for number, case in enumerate(ran.judged)
            ),
        )
        for ran in runs
    )


def _said(challenge: Challenge, ran: Attempt, way: Way, number: int, check: Check) -> Check:
    sizes = ran.plan[number].sizes
    if check.verdict != "wrong_value" or check.ratio is None or sizes["N"] <= 2:
        return check
    per_sample = set(challenge.judge.per_sample)
    factors = _factors(challenge, ran, number)
    before = [factor for name, factor in factors.items() if name in per_sample]
    in_layers = [factor for name, factor in factors.items() if name not in per_sample]
    factor = factors.get(check.name, 0.0)
    if check.name in per_sample or not all(_is(other, 1) for other in before):
        return check
    if _is(factor, 1 / sizes["N"]) and not (before and way.scaled):
        why = TWICE
    elif in_layers and all(_is(other, sizes["N"]) for other in in_layers) and (way.scaled or not before):
        why = NEVER
    else:
        return check
    sentence = f"{check.name} is {factor_text(factor, sizes)} what it should be: {why}."
    return msgspec.structs.replace(check, sentence=sentence)


def _factors(challenge: Challenge, ran: Attempt, number: int) -> dict[str, float]:
    """Every backward result of a case as a multiple of what it should be, 0 where it is none."""
    truth, got = ran.truths[number].values, ran.answer.cases[number].results
    factors = {}
    for name in challenge.drive.results.get("backward", {}):
        of = challenge.judge.results.get(name, MOMENTS)
        if of != MOMENTS and name in truth:
            factors[name] = _factor(got.get(name), truth[name])
    return factors


def _factor(got: AnyArray | None, expected: AnyArray) -> float:
    if got is None or got.shape != expected.shape:
        return 0.0
    return common_factor(got, expected) or 0.0


def _is(factor: float, expected: float) -> bool:
    return abs(factor - expected) <= EXACT * expected
