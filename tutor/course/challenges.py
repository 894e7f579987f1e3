"""Exercises: challenge.toml, validated, and the files beside it."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tutor.course.model import TIERS, Broken, Case, Challenge, LessonHead
from tutor.course.outline import SLUG, broken, load_course
from tutor.course.reader import KeyPath, line_of, parse_toml, read_text
from tutor.errors import ContentError, UnknownName
from tutor.paths import PACKAGE

_ID = re.compile(r"[a-z][a-z0-9_]*")
_SOLUTION = re.compile(r"([1-9][0-9]*)-([a-z0-9-]+)\.py")

Fault = tuple[KeyPath, str]  # the key that is wrong, and why

# ── finding and reading ──────────────────────────────────────────────────────────────────────────────────────────────


def load_challenge(lessons: Path, id: str) -> Challenge:
    """An exercise by its id; UnknownName with the nearest, ContentError where its challenge.toml is broken."""
    folders = {path.parent.name: path.parent for path in _files(lessons)}
    if id not in folders:
        raise UnknownName("exercise", id, folders)
    return read_challenge(folders[id])


def list_challenges(lessons: Path) -> tuple[Challenge | Broken, ...]:
    """Every exercise, in the order of the course; a broken one in its place."""
    order: dict[str, int] = {}
    for entry in load_course(lessons).entries:
        if isinstance(entry.head, LessonHead):
            for id in entry.head.exercises:
                order.setdefault(id, len(order))
    found: list[Challenge | Broken] = []
    for file in sorted(_files(lessons), key=lambda file: (file.parts[-3], order.get(file.parts[-2], len(order)), file)):
        try:
            found.append(read_challenge(file.parent))
        except ContentError as error:
            found.append(broken(error))
    return tuple(found)


def _files(lessons: Path) -> list[Path]:
    return [file for file in lessons.glob("*/*/challenge.toml") if SLUG.fullmatch(file.parts[-3])]


def read_challenge(folder: Path) -> Challenge:
    """challenge.toml of a folder, validated as a whole; ContentError with the first of its faults."""
    challenge, faults = examine_challenge(folder)
    for fault in faults:
        raise fault
    assert challenge is not None  # without a fault it was read
    return challenge


def examine_challenge(folder: Path) -> tuple[Challenge | None, tuple[ContentError, ...]]:
    """challenge.toml of a folder, as far as it can be read, and every fault that keeps it from being used."""
    file = folder / "challenge.toml"
    try:
        text = read_text(file)
        challenge = parse_toml(text, Challenge, file)
    except ContentError as error:
        return None, (error,)
    faults = tuple(ContentError(file, reason, line_of(text, path)) for path, reason in _faults(challenge, folder))
    return msgspec.structs.replace(challenge, folder=folder), faults


# ── validation ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _faults(challenge: Challenge, folder: Path) -> Iterator[Fault]:
    """What is wrong, beyond the types: names that do not fit together."""
    if challenge.folder is not None:
        yield ("folder",), "`folder` is not known here"
    if challenge.id != folder.name or not _ID.fullmatch(challenge.id):
        yield ("id",), f"`id` is {challenge.id!r}, the folder is {folder.name!r}: both must be the same lower-case name"
    if challenge.lesson != folder.parent.name:
        yield ("lesson",), f"`lesson` is {challenge.lesson!r}, the folder stands in {folder.parent.name!r}"
    for name in challenge.defines:
        if not _is_name(name):
            yield ("defines",), f"`defines`: {name!r} is no Python name"
    if not challenge.defines:
        yield ("defines",), "`defines` names nothing that the learner's file must define"
    if challenge.limits.seconds <= 0 or challenge.limits.memory_mb <= 0:
        yield ("limits",), "`limits` must be above zero"
    yield from _case_faults(challenge)
    yield from _drive_faults(challenge)
    yield from _judge_faults(challenge, folder)
    if challenge.train is not None and challenge.train.layer not in challenge.defines:
        yield ("train", "layer"), f"`train.layer`: {challenge.train.layer!r} is not in `defines`"


def _case_faults(challenge: Challenge) -> Iterator[Fault]:
    needed = {size for shape in challenge.arrays.values() for size in shape}
    for name in challenge.arrays:
        if not _is_name(name) or name in needed:
            yield ("arrays", name), f"`arrays.{name}` is no name for an array"
    for tier in TIERS:
        if not challenge.cases(tier):
            yield (tier,), f"there is no [[{tier}]] case"
        for index, case in enumerate(challenge.cases(tier)):
            path = (tier, index)
            for key, reason in _one_case(challenge, case, needed):
                yield (*path, key), f"{tier} case {index + 1}: {reason}"
            if tier == "basic":
                sizes = list(case.sizes.values())
                if len(set(sizes)) != len(sizes):
                    yield (
                        (*path, "sizes"),
                        f"basic case {index + 1}: all sizes must differ, so that a transposed array shows",
                    )
                if case.sizes.get("N", 2) < 2:
                    yield (*path, "sizes"), f"basic case {index + 1}: N must be above 1, so that a missing sum shows"


def _one_case(challenge: Challenge, case: Case, needed: set[str]) -> Iterator[tuple[str, str]]:
    missing = sorted(needed - set(case.sizes))
    if missing:
        yield "sizes", f"the arrays need the size {missing[0]}"
    if any(not _is_name(size) or value < 1 for size, value in case.sizes.items()):
        yield "sizes", "a size is a name and a number of at least 1"
    for name in case.fill:
        if name not in challenge.arrays:
            yield "fill", f"`fill` names {name!r}, which is no array"
    if case.repeat < 1:
        yield "repeat", "`repeat` must be at least 1"


def _drive_faults(challenge: Challenge) -> Iterator[Fault]:
    drive = challenge.drive
    for stage in ("setup", "forward", "backward", "update"):
        reason = _syntax(getattr(drive, stage), "exec")
        if reason:
            yield ("drive", stage), f"`drive.{stage}` is no Python: {reason}"
    seen: set[str] = set()
    for stage, results in drive.results.items():
        for name, spellings in results.items():
            path = ("drive", "results", stage, name)
            if name in seen:
                yield path, f"the result {name!r} stands in two stages"
            seen.add(name)
            if not spellings:
                yield path, f"the result {name!r} has no spelling"
            for spelling in spellings:
                if reason := _syntax(spelling, "eval"):
                    yield path, f"the result {name!r}: {spelling!r} is no expression: {reason}"


def _judge_faults(challenge: Challenge, folder: Path) -> Iterator[Fault]:
    judge = challenge.judge
    results = {name for stage in challenge.drive.results.values() for name in stage}
    derivatives = False
    if not judge.results:
        yield ("judge", "results"), "`judge.results` is empty: nothing would be judged"
    for name, what in judge.results.items():
        path = ("judge", "results", name)
        if name not in results:
            yield path, f"`judge.results` names {name!r}, which is no result of the drive"
        if what != "value" and not (what.startswith("d/d") and what[3:] in challenge.arrays):
            yield path, f'`judge.results.{name}` is {what!r}: "value", or "d/dNAME" of an array, is needed'
        derivatives = derivatives or what != "value"
    if derivatives and bool(judge.loss) == bool(judge.output and judge.upstream):
        yield ("judge",), "derivatives need either `output` and `upstream`, or `loss`"
    for key, value, known in (
        ("output", judge.output, results),
        ("loss", judge.loss, results),
        ("upstream", judge.upstream, set(challenge.arrays)),
    ):
        if value and value not in known:
            yield (
                ("judge", key),
                f"`judge.{key}` is {value!r}, which is no {'array' if key == 'upstream' else 'result'}",
            )
    for name, expression in judge.terms.items():
        path = ("judge", "terms", name)
        if name not in judge.results:
            yield path, f"`judge.terms` names {name!r}, which is not judged"
        if reason := _syntax(expression, "eval"):
            yield path, f"`judge.terms.{name}` is no expression: {reason}"
    if not _reference_exists(judge.reference, folder):
        yield ("judge", "reference"), f"`judge.reference`: there is no {judge.reference!r}"


def _reference_exists(reference: str, folder: Path) -> bool:
    """A module of tutor.nn, looked for without importing it, or a plain file beside challenge.toml."""
    if re.fullmatch(r"tutor\.nn(\.[a-z_][a-z0-9_]*)+", reference):
        module = PACKAGE.joinpath(*reference.split(".")[1:])
        return module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()
    return bool(re.fullmatch(r"[\w-]+\.py", reference)) and (folder / reference).is_file()


def _syntax(code: str, mode: str) -> str | None:
    try:
        ast.parse(code.strip() if mode == "eval" else code, mode=mode)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return error.msg if isinstance(error, SyntaxError) else str(error)
    return None


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__")


# ── the files beside it ──────────────────────────────────────────────────────────────────────────────────────────────


def folder_of(challenge: Challenge) -> Path:
    """The folder that an exercise was read from."""
    if challenge.folder is None:
        raise ContentError(Path(challenge.id), "this exercise was not read from a folder")
    return challenge.folder


def starter(challenge: Challenge, seed: int = 0) -> str:
    """What the learner starts from; of a debug exercise one of the variants, picked by the seed."""
    folder = folder_of(challenge)
    variants = sorted((folder / "variants").glob("*.py")) if challenge.kind == "debug" else []
    return read_text(variants[seed % len(variants)] if variants else folder / "starter.py")


def hints(challenge: Challenge) -> int:
    """How many hints there are: 1.md, 2.md, ... without a gap."""
    count = 0
    while (folder_of(challenge) / "hints" / f"{count + 1}.md").exists():
        count += 1
    return count


def hint(challenge: Challenge, n: int) -> str:
    """Hint `n`, from 1, as Markdown."""
    count = hints(challenge)
    if not 1 <= n <= count:
        raise UnknownName(f"hint for {challenge.id}", str(n), (str(known) for known in range(1, count + 1)))
    return read_text(folder_of(challenge) / "hints" / f"{n}.md")


def solutions(challenge: Challenge) -> tuple[tuple[str, str], ...]:
    """The worked solutions in their order, each as its label ("naive") and its source."""
    return tuple((match, read_text(file)) for match, file in solution_files(challenge))


def solution_files(challenge: Challenge) -> tuple[tuple[str, Path], ...]:
    """Label and file of each worked solution, in their order."""
    found = [
        (int(match[1]), match[2], file)
        for file in (folder_of(challenge) / "solutions").glob("*.py")
        if (match := _SOLUTION.fullmatch(file.name))
    ]
    return tuple((label, file) for _, label, file in sorted(found))


def why(challenge: Challenge) -> str:
    """What is shown after the pass, as Markdown."""
    return read_text(folder_of(challenge) / "why.md")
