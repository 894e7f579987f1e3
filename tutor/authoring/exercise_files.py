"""The files beside challenge.toml: whole, of the right number and name, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import get_args

from msgspec import Struct

from tutor.authoring.problem import Problem, problem_of
from tutor.course import Challenge, hints, read_text, solution_files, variant_files
from tutor.errors import ContentError
from tutor.grading import Verdict
from tutor.learner import FaultKind

HINTS = 3
LEAST_SOLUTIONS = 2
LEAST_WRONG = 5
VARIANTS = ("a.py", "b.py", "c.py")


def file_problems(challenge: Challenge, folder: Path) -> list[Problem]:
    """What of an exercise is missing, empty, too much, or there twice."""
    problems = [*_missing(challenge, folder), *_empty(challenge, folder)]
    problems += [Problem(file, None, "is no file of an exercise") for file in _strays(challenge, folder)]
    problems += [Problem(folder / "challenge.toml", None, reason) for reason in _untried(challenge)]
    problems += _twins(sorted((folder / "wrong").glob("*.py")), "wrong file")
    if challenge.kind == "debug":
        problems += _variant_problems(challenge, folder)
    return problems


def _missing(challenge: Challenge, folder: Path) -> Iterator[Problem]:
    if hints(challenge) != HINTS:
        yield Problem(folder / "hints", None, "there must be three hints: 1.md, 2.md and 3.md")
    solved = solution_files(challenge)
    if len(solved) < LEAST_SOLUTIONS:
        yield Problem(folder / "solutions", None, f"there must be at least {LEAST_SOLUTIONS} solutions")
    numbers = [file.name.partition("-")[0] for _, file in solved]
    if numbers != [str(n + 1) for n in range(len(numbers))]:
        yield Problem(folder / "solutions", None, f"the solutions are numbered {', '.join(numbers)}, not from 1 on")
    count = len(list((folder / "wrong").glob("*.py")))
    if count < LEAST_WRONG:
        yield Problem(folder / "wrong", None, f"there are {count} wrong files: {LEAST_WRONG} are needed")


def _empty(challenge: Challenge, folder: Path) -> Iterator[Problem]:
    told = (folder / "hints" / f"{n + 1}.md" for n in range(hints(challenge)))
    for file in (folder / "why.md", folder / "starter.py", *told):
        try:
            if not read_text(file).strip():
                yield Problem(file, None, "is empty")
        except ContentError as error:
            yield problem_of(error)


def _strays(challenge: Challenge, folder: Path) -> Iterator[Path]:
    solved = {file for _, file in solution_files(challenge)}
    plain = {"challenge.toml", "starter.py", "why.md", challenge.judge.reference}
    for file in everything_in(folder):
        place, name = file.parent.relative_to(folder).as_posix(), file.name
        belongs = {
            ".": name in plain,
            "hints": name in {f"{n + 1}.md" for n in range(HINTS)},
            "solutions": file in solved,
            "wrong": bool(re.fullmatch(r"[a-z0-9]+([-_][a-z0-9]+)*\.py", name)),
            "variants": challenge.kind == "debug" and name in VARIANTS,
        }
        if not belongs.get(place, False):
            yield file


ON_BATCHES = ("", "function", "layer", "loss", "network")  # families whose arrays come sample by sample


def _untried(challenge: Challenge) -> Iterator[str]:
    """What the edge tier leaves out of what is asked of everything that takes a batch."""
    if challenge.family not in ON_BATCHES or not all("N" in case.sizes for case in challenge.basic):
        return
    fills = {fill for case in challenge.edge for fill in case.fill.values()}
    if all(case.sizes.get("N") != 1 for case in challenge.edge):
        yield "no edge case is a batch of one"
    if fills.isdisjoint(("zeros", "negative_zero")):
        yield "no edge case has zeros in it"
    if fills.isdisjoint(("strided", "fortran")):
        yield "no edge case has an array whose memory is not in one piece"
    if all(case.dtype != "float32" for case in challenge.edge):
        yield "no edge case is in float32"


def everything_in(folder: Path) -> Iterator[Path]:
    """Every file below a folder, but for what Python leaves there."""
    return (file for file in sorted(folder.rglob("*")) if file.is_file() and "__pycache__" not in file.parts)


# ── variants ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _variant_problems(challenge: Challenge, folder: Path) -> Iterator[Problem]:
    variants = variant_files(challenge)
    if [file.name for file in variants] != list(VARIANTS):
        yield Problem(folder / "variants", None, f"a debug exercise has the variants {', '.join(VARIANTS)}")
        return
    yield from _twins(list(variants), "variant")
    try:
        if read_text(folder / "starter.py") not in [read_text(file) for file in variants]:
            yield Problem(folder / "starter.py", None, "the starter of a debug exercise is one of its variants")
    except ContentError:
        return  # said already


def _twins(files: list[Path], what: str) -> Iterator[Problem]:
    """Files that hold the same code, whatever their comments say."""
    codes = [(file, _code(file)) for file in files]
    for (first, code), (second, other) in combinations(codes, 2):
        if code == other:
            yield Problem(second, None, f"this {what} has the same code as {first.name}")


def _code(file: Path) -> str:
    try:
        text = read_text(file)
    except ContentError:
        return str(file)  # like no other
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return "\n".join(line.partition("#")[0].strip() for line in text.split("\n"))


# ── wrong files ──────────────────────────────────────────────────────────────────────────────────────────────────────


class WrongFile(Struct, frozen=True):
    """What the first lines of a wrong file say: the first wrong step and its verdict, and which mistake it is."""

    name: str  # of the first wrong result, or "could_not_run"
    verdict: str  # a Verdict, or why it could not run
    why: str = ""  # "label" of `# why: label`: what the diagnosis is to call it


_FAILS = re.compile(r"# fails: (\S+) (\S+)\s*$")
_WHY = re.compile(r"#\s*why\s*:\s*(.*?)\s*$")
_LABEL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def read_wrong(source: str) -> WrongFile | str:
    """The first lines of a wrong file, or what is wrong with them."""
    first, _, rest = source.partition("\n")
    match = _FAILS.match(first)
    kinds = set(get_args(FaultKind)) - {"tutor", "cancelled"}
    verdicts = set(get_args(Verdict)) - {"right", "not_reached"}
    if not match or match[2] not in (kinds if match[1] == "could_not_run" else verdicts):
        return "the first line must be `# fails: NAME VERDICT` or `# fails: could_not_run REASON`"
    why = _WHY.match(rest.partition("\n")[0])
    if why and not _LABEL.fullmatch(why[1]):
        return f"`# why: {why[1]}`: a label is lower-case words joined by `-`"
    return WrongFile(match[1], match[2], why[1] if why else "")
