"""What can only be known by running it: the code of lessons, in the box, and exercises, graded."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from msgspec import structs

from tutor.authoring.exercise_files import read_wrong
from tutor.authoring.problem import Problem, problem_of
from tutor.course import (
    CHECK_HEADER,
    Challenge,
    CheckCode,
    Drive,
    PythonRun,
    blanks,
    expected_output,
    read_text,
    runnable,
    solution_files,
    variant_files,
)
from tutor.errors import ContentError, TutorError
from tutor.grading import Prepared, Report, grade, prepare
from tutor.learner import Box, BoxJob

SEED = 1  # the same arrays in every check: a failure can be looked at again
IN_TORCH = "pytorch"  # the label of a solution that is judged with torch loaded

Run = Callable[[], list[Problem]]

# ── code in lessons ──────────────────────────────────────────────────────────────────────────────────────────────────


def listing_problems(box: Box, file: Path, block: PythonRun | CheckCode) -> list[Problem]:
    """Run one block of a lesson: it must run, its assertions hold, and its output be what stands beside it."""
    header = CHECK_HEADER if isinstance(block, CheckCode) else ""
    source = header + block.source if header else runnable(block.source)
    result = box.run(BoxJob(source=source, filename=file.name, drive=Drive(setup="", forward=""), cases=()))
    if result.fault:
        error = result.fault.error
        line = block.line + error.line - len(header.splitlines()) if error and error.line else block.line
        what = f"{error.type}: {error.message}".rstrip(": ") if error else result.fault.sentence
        kind = "check block" if header else "python run block"
        return [Problem(file, line, f"{kind}: {what}")]
    expected = expected_output(block.source)
    if header or not expected:
        return []
    printed = tuple(line.rstrip() for line in result.output.rstrip("\n").split("\n"))
    for number, (wanted, got) in enumerate(zip(expected, printed, strict=False), 1):
        if wanted != got:
            return [
                Problem(file, block.line, f"python run block: line {number} of its output is {got!r}, not {wanted!r}")
            ]
    if len(expected) != len(printed):
        reason = f"python run block: it prints {len(printed)} lines, and {len(expected)} are said"
        return [Problem(file, block.line, reason)]
    return []


# ── exercises ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Gradings:
    """The files of one exercise, each graded once; all of them meet the same arrays, and the truth is found once."""

    def __init__(self, box: Box, challenge: Challenge, folder: Path) -> None:
        self.box = box
        self.challenge = challenge
        self.folder = folder
        self._lock = threading.Lock()
        self._prepared: Prepared | TutorError | None = None

    def runs(self) -> Iterator[tuple[Path, Run]]:
        """What is to be run, each with the file it belongs to."""
        yield self.folder / "challenge.toml", self._truth_problems
        for role, file in self._files():
            yield file, partial(self.problems, role, file)

    @property
    def without_torch(self) -> tuple[Path, ...]:
        """The solutions that are not graded here, for want of PyTorch."""
        if importlib.util.find_spec("torch") is not None:
            return ()
        return tuple(file for label, file in solution_files(self.challenge) if label == IN_TORCH)

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Every file with its role."""
        if (self.folder / "starter.py").is_file():
            yield "starter", self.folder / "starter.py"
        skipped = self.without_torch
        yield from (("solution", file) for _, file in solution_files(self.challenge) if file not in skipped)
        yield from (("wrong", file) for file in sorted((self.folder / "wrong").glob("*.py")))
        if self.challenge.kind == "debug":
            yield from (("variant", file) for file in variant_files(self.challenge))

    def _ready(self) -> Prepared | TutorError:
        with self._lock:
            if self._prepared is None:
                try:
                    self._prepared = prepare(self.challenge, self.box, SEED)
                except TutorError as error:  # the reference or the box failed
                    self._prepared = error
            return self._prepared

    def _truth_problems(self) -> list[Problem]:
        ready = self._ready()
        if not isinstance(ready, TutorError):
            return []
        return [Problem(self.folder / "challenge.toml", None, f"nothing of it can be graded: {ready}")]

    def problems(self, role: str, file: Path) -> list[Problem]:
        """Grade one file: the starter fails helpfully, a solution passes, a wrong one fails as it says."""
        ready = self._ready()
        if isinstance(ready, TutorError):
            return []  # said once for all files
        challenge = self.challenge
        if role == "solution" and (IN_TORCH, file) in solution_files(challenge):
            challenge = structs.replace(challenge, needs=("torch",))
        try:
            source = read_text(file)
            report = _graded(self.box, challenge, source, ready)
        except ContentError as error:
            return [problem_of(error)]
        except TutorError as error:
            return [Problem(file, None, f"cannot be graded: {error}")]
        reasons = _REASONS[role](challenge, source, report)
        line = report.line if role == "solution" else 1 if role == "wrong" else None
        return [Problem(file, line, reason) for reason in reasons]


def _graded(box: Box, challenge: Challenge, source: str, prepared: Prepared) -> Report:
    """The first Report whose status is settled; what follows it only adds numeric gradients."""
    report: Report | None = None
    for report in grade(challenge, source, box, prepared=prepared):
        if report.status != "right_so_far":
            break
    if report is None:
        raise TutorError("The grader gave no report.")
    return report


def _solution(challenge: Challenge, source: str, report: Report) -> Iterator[str]:  # noqa: ARG001
    if not report.passed:
        yield f"this solution does not pass: {_or(report)}"


def _variant(challenge: Challenge, source: str, report: Report) -> Iterator[str]:  # noqa: ARG001
    if report.passed:
        yield "this variant passes: its fault is not seen"
    elif report.fault and report.fault.kind == "syntax":
        yield "this variant is no Python: its fault must be one of the mathematics or of the bookkeeping"
    if blanks(source):
        yield "a debug exercise has no blanks"


def _starter(challenge: Challenge, source: str, report: Report) -> Iterator[str]:
    if report.passed:
        yield "the starter passes"
        return
    if not report.headline.strip():
        yield "the starter fails without a reason"
    elif report.fault and report.fault.kind == "exception" and report.headline == report.fault.sentence:
        yield f"the starter raises; a NotImplementedError with a sentence is shown as that sentence: {report.headline}"
    if report.fault and report.fault.kind in ("syntax", "tutor", "garbled", "timeout", "signal", "memory"):
        yield f"the starter does not fail helpfully: {_or(report)}"
    numbers = [blank.number for blank in blanks(source)]
    if challenge.kind != "fill":
        if numbers:
            yield f"a {challenge.kind} exercise has no blanks"
    elif not numbers:
        yield "a fill exercise needs blanks: `... # BLANK 1: what goes here`"
    elif sorted(set(numbers)) != list(range(1, len(numbers) + 1)):
        yield f"the blanks are numbered {numbers}: each number from 1 must stand once"
    elif "blank" not in report.headline.lower():
        yield f"the starter's reason does not name its blank: {report.headline}"


def _wrong(challenge: Challenge, source: str, report: Report) -> Iterator[str]:  # noqa: ARG001
    says = read_wrong(source)
    if isinstance(says, str):
        yield says
    elif f"{says.name} {says.verdict}" not in said(report):
        yield f"it says `{says.name} {says.verdict}`, the grader says `{_or(report)}`: {report.headline}"


_REASONS: dict[str, Callable[[Challenge, str, Report], Iterator[str]]] = {
    "starter": _starter,
    "solution": _solution,
    "wrong": _wrong,
    "variant": _variant,
}


def said(report: Report) -> tuple[str, ...]:
    """A report in the two words of a wrong file's first line; a file that stops late has a wrong step as well."""
    if report.passed:
        return ("passed",)
    words = [f"could_not_run {report.fault.kind}"] if report.status == "could_not_run" and report.fault else []
    if report.first_wrong:
        words.append(f"{report.first_wrong.name} {report.first_wrong.verdict}")
    return tuple(words) or (f"{report.status} without a wrong step",)


def _or(report: Report) -> str:
    return " or ".join(said(report))
