"""What can only be known by running it: the code of lessons, in the box, and exercises, graded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from tutor.authoring.problem import Problem, problem_of
from tutor.course import (
    CHECK_HEADER,
    Challenge,
    CheckCode,
    Drive,
    PythonRun,
    blanks,
    expected_output,
    hints,
    read_text,
    runnable,
    solution_files,
)
from tutor.errors import ContentError, TutorError
from tutor.grading import Report, Verdict, grade
from tutor.learner import Box, BoxJob, FaultKind

SEED = 1  # the same arrays in every check: a failure can be looked at again
LEAST_SOLUTIONS = 2
HINTS = 3

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


def exercise_files(challenge: Challenge, folder: Path) -> list[Problem]:
    """What is missing beside challenge.toml, or empty."""
    problems = []
    if hints(challenge) != HINTS or len(list((folder / "hints").glob("*"))) != HINTS:
        problems.append(Problem(folder / "hints", None, "there must be three hints: 1.md, 2.md and 3.md"))
    texts = [
        folder / "why.md",
        folder / "starter.py",
        *(folder / "hints" / f"{n + 1}.md" for n in range(hints(challenge))),
    ]
    for file in texts:
        try:
            if not read_text(file).strip():
                problems.append(Problem(file, None, "is empty"))
        except ContentError as error:
            problems.append(problem_of(error))
    named = {file for _, file in solution_files(challenge)}
    for file in sorted(set((folder / "solutions").glob("*")) - named - set((folder / "solutions").glob("__pycache__"))):
        problems.append(Problem(file, None, "a solution is named N-label.py"))
    if len(named) < LEAST_SOLUTIONS:
        problems.append(Problem(folder / "solutions", None, f"there must be at least {LEAST_SOLUTIONS} solutions"))
    if not list((folder / "wrong").glob("*.py")):
        problems.append(Problem(folder / "wrong", None, "there is no wrong solution to prove that the grader sees one"))
    if challenge.kind == "debug" and not list((folder / "variants").glob("*.py")):
        problems.append(Problem(folder / "variants", None, "a debug exercise needs its variants"))
    return problems


def gradings(challenge: Challenge, folder: Path) -> list[tuple[str, Path]]:
    """What of an exercise must be graded: its role and its file."""
    found = [("starter", folder / "starter.py")] if (folder / "starter.py").is_file() else []
    found += [("solution", file) for _, file in solution_files(challenge)]
    found += [("wrong", file) for file in sorted((folder / "wrong").glob("*.py"))]
    if challenge.kind == "debug":
        found += [("variant", file) for file in sorted((folder / "variants").glob("*.py"))]
    return found


def grading_problems(box: Box, challenge: Challenge, role: str, file: Path) -> list[Problem]:
    """Grade one file of an exercise: the starter fails helpfully, a solution passes, a wrong one fails as it says."""
    try:
        source = read_text(file)
        report = _graded(box, challenge, source)
    except ContentError as error:
        return [problem_of(error)]
    except TutorError as error:  # the reference or the box failed
        return [Problem(file, None, f"cannot be graded: {error}")]
    if role == "solution":
        reasons = iter(() if report.passed else (f"this solution does not pass: {_or(report)}",))
    elif role == "wrong":
        reasons = _wrong(source, report)
    elif role == "starter":
        reasons = _starter(challenge, source, report)
    else:
        reasons = iter(("this variant passes: its fault is not seen",) if report.passed else ())
    line = report.line if role == "solution" else 1 if role == "wrong" else None
    return [Problem(file, line, reason) for reason in reasons]


def _graded(box: Box, challenge: Challenge, source: str) -> Report:
    """The first Report whose status is settled; what follows it only adds numeric gradients."""
    report: Report | None = None
    for report in grade(challenge, source, box, seed=SEED):
        if report.status != "right_so_far":
            break
    if report is None:
        raise TutorError("The grader gave no report.")
    return report


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
    empty = blanks(source)
    if challenge.kind == "fill":
        numbers = [blank.number for blank in empty]
        if not numbers:
            yield "a fill exercise needs blanks: `... # BLANK 1: what goes here`"
        elif sorted(set(numbers)) != list(range(1, len(numbers) + 1)):
            yield f"the blanks are numbered {numbers}: each number from 1 must stand once"
        elif "blank" not in report.headline.lower():
            yield f"the starter's reason does not name its blank: {report.headline}"


_FAILS = re.compile(r"# fails: (\S+) (\S+)\s*$")


def _wrong(source: str, report: Report) -> Iterator[str]:
    match = _FAILS.match(source.split("\n", 1)[0])
    kinds = set(get_args(FaultKind)) - {"tutor", "cancelled"}
    verdicts = set(get_args(Verdict)) - {"right", "not_reached"}
    if not match or match[2] not in (kinds if match[1] == "could_not_run" else verdicts):
        yield "the first line must be `# fails: NAME VERDICT` or `# fails: could_not_run REASON`"
    elif f"{match[1]} {match[2]}" not in said(report):
        yield f"it says `{match[1]} {match[2]}`, the grader says `{_or(report)}`: {report.headline}"


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
