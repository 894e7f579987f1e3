"""Exercises: challenge.toml, validated, and the files beside it."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tutor.course.challenge_faults import faults_of, faults_of_place
from tutor.course.families import FamilyError, expand, merged
from tutor.course.model import Broken, Challenge, LessonHead
from tutor.course.outline import SLUG, broken, load_course
from tutor.course.reader import Data, KeyPath, line_of, read_text, to_record, toml_data
from tutor.errors import ContentError, UnknownName

_SOLUTION = re.compile(r"([1-9][0-9]*)-([a-z0-9-]+)\.py")

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
    """challenge.toml of a folder of the course, validated as a whole; ContentError with the first of its faults."""
    return _whole(examine_challenge(folder))


def examine_challenge(folder: Path) -> tuple[Challenge | None, tuple[ContentError, ...]]:
    """challenge.toml of a folder, as far as it can be read, and every fault that keeps it from being used."""
    return _examine(folder / "challenge.toml", in_course=True)


def read_spec(file: Path) -> Challenge:
    """A challenge.toml anywhere, outside the course too; ContentError with the first of its faults.

    There `lesson` and `title` may be missing, `kind` is "scratch" unless it says otherwise, and `id` need not be the
    folder's name. A reference `.py` is looked for beside the file.
    """
    return _whole(examine_spec(file))


def examine_spec(file: Path) -> tuple[Challenge | None, tuple[ContentError, ...]]:
    """As `read_spec`, with every fault that keeps the file from being used."""
    return _examine(file, in_course=False)


def _whole(examined: tuple[Challenge | None, tuple[ContentError, ...]]) -> Challenge:
    challenge, faults = examined
    for fault in faults:
        raise fault
    assert challenge is not None  # without a fault it was read
    return challenge


def _examine(file: Path, in_course: bool) -> tuple[Challenge | None, tuple[ContentError, ...]]:
    try:
        text = read_text(file)
        own = toml_data(text, file)
        data = _with_family(own, text, file)
        if not in_course:
            data = {"lesson": "", "kind": "scratch", "title": own.get("id", ""), **data}
        challenge = to_record(data, Challenge, text, file)
    except ContentError as error:
        return None, (error,)
    found = [*faults_of(challenge, file.parent), *(faults_of_place(challenge, file.parent) if in_course else ())]
    told = []
    for path, reason in found:
        if challenge.family and not _stands_in(own, path):  # no line of this file says it: the family does
            path, reason = ("family",), f"the family `{challenge.family}`: {reason}"
        told.append(ContentError(file, reason, line_of(text, path)))
    return msgspec.structs.replace(challenge, folder=file.parent), tuple(told)


class _FamilyWords(msgspec.Struct, frozen=True):
    """The part of challenge.toml that says which family makes the rest."""

    family: str = ""
    options: dict[str, object] = {}
    defines: tuple[str, ...] = ()


def _with_family(own: Data, text: str, file: Path) -> Data:
    """The file's own words over the tables of its family, where it names one."""
    words = to_record(own, _FamilyWords, text, file)
    if not words.family:
        if words.options:
            raise ContentError(file, "`options` are a family's: `family` is missing", line_of(text, ("options",)))
        return own
    try:
        tables = expand(words.family, words.options, words.defines)
    except FamilyError as error:
        line = line_of(text, ("options", *error.key) if error.key else ("family",)) or line_of(text, ("family",))
        raise ContentError(file, f"the family `{words.family}`: {error.reason}", line) from None
    return merged(tables, own)


def _stands_in(data: Data, path: KeyPath) -> bool:
    value: Any = data
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True


# ── the files beside it ──────────────────────────────────────────────────────────────────────────────────────────────


def folder_of(challenge: Challenge) -> Path:
    """The folder that an exercise was read from."""
    if challenge.folder is None:
        raise ContentError(Path(challenge.id), "this exercise was not read from a folder")
    return challenge.folder


def starters(challenge: Challenge) -> tuple[str, ...]:
    """Every file that the learner may start from: the variants of a debug exercise, else starter.py alone.

    A variant's first line names it, so that the learner's file itself says which one it was made from.
    """
    folder = folder_of(challenge)
    variants = variant_files(challenge) if challenge.kind == "debug" else ()
    named = tuple(f"# {challenge.id}, variant {file.stem}\n{read_text(file)}" for file in variants)
    return named or (read_text(folder / "starter.py"),)


def variant_files(challenge: Challenge) -> tuple[Path, ...]:
    """The files of a debug exercise with one planted fault each."""
    return tuple(sorted((folder_of(challenge) / "variants").glob("*.py")))


def draw_starter(starters: Sequence[str], instead_of: str = "") -> str:
    """One of the files to start from; another than the one that `instead_of`, the learner's file, was made from."""
    there = set(instead_of.splitlines())
    others = [text for text in starters if text.partition("\n")[0] not in there]
    return random.choice(others or list(starters))


def starter(challenge: Challenge, instead_of: str = "") -> str:
    """What the learner starts from, as `draw_starter` says."""
    return draw_starter(starters(challenge), instead_of)


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
