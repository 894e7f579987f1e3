"""The course map: lessons/course.toml and the front matters, nothing more; it is on the way to the first frame."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from tutor.course.model import Broken, Course, Entry, LessonHead, Level, Part
from tutor.course.reader import parse_toml, read_text, read_toml
from tutor.errors import ContentError, UnknownName, reason_of

SLUG = re.compile(r"[0-9]{2}-[a-z0-9]+(-[a-z0-9]+)*")
_FENCE = "+++"


class _Outline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    part: tuple[Part, ...]
    level: tuple[Level, ...] = ()


def load_course(lessons: Path) -> Course:
    """The course map; a broken front matter stands in its place, so this never raises for a file of the course."""
    file = lessons / "course.toml"
    try:
        outline_file = read_toml(file, _Outline)
    except ContentError as error:
        return Course((), (), (broken(error),))
    parts = outline_file.part
    levels, wrong = _levels(outline_file.level, file)
    entries: list[Entry] = []
    seen: set[str] = set()
    for index, part in enumerate(parts):
        for outline in part.lesson:
            if not SLUG.fullmatch(outline.slug) or outline.slug in seen:
                reason = "is listed twice" if outline.slug in seen else "is no slug such as 06-linear-layer"
                wrong.append(Broken(file, None, f"`{outline.slug}` {reason}"))
                continue
            seen.add(outline.slug)
            entries.append(Entry(index, outline, _head(lessons / outline.slug)))
    try:
        unlisted = sorted(_folders(lessons) - seen)
    except OSError as error:
        wrong.append(Broken(lessons, None, f"cannot be listed: {reason_of(error)}"))
    else:
        wrong += [Broken(lessons / folder, None, "is not listed in course.toml") for folder in unlisted]
    return Course(tuple(part.title for part in parts), tuple(entries), tuple(wrong), levels)


def _levels(listed: tuple[Level, ...], file: Path) -> tuple[tuple[Level, ...], list[Broken]]:
    """The levels by number, and what is wrong with those that are none."""
    levels: dict[int, Level] = {}
    wrong: list[Broken] = []
    for level in listed:
        if level.number < 1 or level.number in levels:
            reason = "is listed twice" if level.number in levels else "is no number from 1"
            wrong.append(Broken(file, None, f"level {level.number} {reason}"))
        elif not level.title.strip() or not level.exercises:
            wrong.append(Broken(file, None, f"level {level.number} has no title or no exercises"))
        else:
            levels[level.number] = level
    return tuple(levels[number] for number in sorted(levels)), wrong


def _head(folder: Path) -> LessonHead | Broken | None:
    if not folder.exists():
        return None  # in preparation
    file = folder / "lesson.md"
    try:
        return read_head(read_text(file), file)[0]
    except ContentError as error:
        return broken(error)


def _folders(lessons: Path) -> set[str]:
    return {path.name for path in lessons.iterdir() if SLUG.fullmatch(path.name) and path.is_dir()}


def read_head(text: str, file: Path) -> tuple[LessonHead, int]:
    """The front matter of a lesson, and the line on which the text below it starts."""
    lines = text.split("\n")
    if lines[0].rstrip() != _FENCE:
        raise ContentError(file, "must start with a line `+++`, the head in TOML, and another `+++`", 1)
    end = next((number for number, line in enumerate(lines[1:], 2) if line.rstrip() == _FENCE), None)
    if end is None:
        raise ContentError(file, "the head has no closing `+++`", 1)
    return parse_toml("\n".join(lines[1 : end - 1]), LessonHead, file, first_line=2), end + 1


def resolve(course: Course, name: str) -> Entry:
    """The entry of a lesson asked for by slug, concept or number ("06", "6"); UnknownName with the nearest."""
    wanted = name.strip().lower()
    known: dict[str, Entry] = {}
    for entry in course.entries:
        concept = entry.head.concept if isinstance(entry.head, LessonHead) else ""
        for spelling in (entry.outline.slug, entry.outline.slug[3:], concept):
            known.setdefault(spelling.lower(), entry)
    if wanted in known:
        return known[wanted]
    if re.fullmatch(r"[0-9]{1,2}", wanted):
        for entry in course.entries:
            if int(entry.outline.number) == int(wanted):
                return entry
    raise UnknownName("lesson", name, (spelling for spelling in known if spelling and not spelling[0].isdigit()))


def broken(error: ContentError) -> Broken:
    """A file that cannot be used, as it is shown in its place."""
    return Broken(error.file, error.line, error.reason)
