"""The head of a lesson: whole, and in agreement with the course and the exercises beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tutor.authoring.problem import Problem
from tutor.course import Course, Entry, LessonHead

LEAST_MINUTES, MOST_MINUTES = 10, 25


def head_problems(course: Course, entry: Entry, head: LessonHead, folder: Path) -> list[Problem]:
    """What is missing in a head, or does not fit the course and the exercises beside it."""
    file = folder / "lesson.md"
    return [Problem(file, 1, f"head: {reason}") for reason in _reasons(course, entry, head, folder)]


def _reasons(course: Course, entry: Entry, head: LessonHead, folder: Path) -> Iterator[str]:
    for key in ("title", "concept", "goal"):
        if not getattr(head, key).strip():
            yield f"`{key}` is empty"
    if not head.objectives or not all(objective.strip() for objective in head.objectives):
        yield "`objectives` is empty"
    if (head.title, head.minutes) != (entry.outline.title, entry.outline.minutes):
        yield f"`title` and `minutes` are {entry.outline.title!r} and {entry.outline.minutes} in course.toml"
    if not LEAST_MINUTES <= head.minutes <= MOST_MINUTES:
        yield f"`minutes` is {head.minutes}: a lesson takes {LEAST_MINUTES} to {MOST_MINUTES}"
    slugs = [other.outline.slug for other in course.entries]
    for other in course.entries[: slugs.index(entry.outline.slug)]:
        if isinstance(other.head, LessonHead) and other.head.concept == head.concept:
            yield f"`concept` {head.concept!r} is that of {other.outline.slug} too"
    for slug in head.prerequisites:
        if slug not in slugs:
            yield f"`prerequisites`: there is no lesson {slug!r}"
        elif slugs.index(slug) >= slugs.index(entry.outline.slug):
            yield f"`prerequisites`: {slug} does not come before this lesson"
    folders = {path.parent.name for path in folder.glob("*/challenge.toml")}
    for id in head.exercises:
        if id not in folders:
            yield f"`exercises`: there is no {id}/challenge.toml"
    for id in sorted(folders - set(head.exercises)):
        yield f"`exercises` does not name {id}"
