"""What the tests of grading share: the course's exercises, changed files, and the reports on them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from tests.training_runs import LINEAR, SIGMOID, challenge
from tutor.course import Challenge
from tutor.grading import Check, Prepared, Report, grade, prepare
from tutor.learner import Box

__all__ = ["LINEAR", "SIGMOID", "challenge", "changed", "exercise", "last_report", "lean", "row", "said", "verdict"]

SEED = 20


def changed(source: str, *pairs: tuple[str, str]) -> str:
    """The source with each first text, which must stand there, replaced by the second."""
    for old, new in pairs:
        assert old in source, f"{old!r} is not in the file"
        source = source.replace(old, new)
    return source


def lean(name: str) -> Challenge:
    """An exercise of the course with a small stress tier: three other draws."""
    full = challenge(name)
    return msgspec.structs.replace(full, stress=(msgspec.structs.replace(full.stress[-1], repeat=3),))


def exercise(toml: str, folder: Path | None = None) -> Challenge:
    """An exercise of a test's own, from the part of a challenge.toml that is judged; each tier has the basic cases."""
    head = {"id": "own", "title": "Own", "kind": "scratch", "lesson": "00-own", "defines": [], "edge": [], "stress": []}
    fields = {**head, **tomllib.loads(toml)}
    fields["edge"] = fields["edge"] or fields["basic"]
    fields["stress"] = fields["stress"] or fields["basic"]
    return msgspec.structs.replace(msgspec.convert(fields, Challenge), folder=folder)


def last_report(box: Box, of: Challenge, source: str, seed: int | None = SEED) -> Report:
    """The final report."""
    report = list(grade(of, source, box, seed=seed, prepared=_prepared(of, box, seed)))[-1]
    assert report.final
    return report


def verdict(box: Box, of: Challenge, source: str, seed: int | None = SEED) -> Report:
    """The first report whose status is settled; those that follow add the numeric gradient alone."""
    reports = grade(of, source, box, seed=seed, prepared=_prepared(of, box, seed))
    return next(report for report in reports if report.status != "right_so_far")


_asked: dict[tuple[str, int | None], Prepared | None] = {}


def _prepared(of: Challenge, box: Box, seed: int | None) -> Prepared | None:
    """Plan and truth of an exercise that is judged again with the same seed; the reference runs for it once."""
    key = repr(of), seed
    if seed is None or key not in _asked:
        _asked[key] = None
        return None
    ready = _asked[key] = _asked[key] or prepare(of, box, seed)
    return ready


def row(report: Report, name: str) -> Check:
    """The check of one result."""
    return next(check for check in report.checks if check.name == name)


def said(report: Report) -> str:
    """A report in two words: the first wrong result and its verdict, or what kept the file from running."""
    if report.status == "could_not_run":
        assert report.fault is not None
        return f"could_not_run {report.fault.kind}"
    wrong = report.first_wrong
    return f"{wrong.name} {wrong.verdict}" if wrong else report.status
