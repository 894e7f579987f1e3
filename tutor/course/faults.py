"""What of the course cannot be used, found before anybody opens it."""

from __future__ import annotations

from pathlib import Path

from tutor.course.challenges import load_challenge
from tutor.course.lessons import load_lesson
from tutor.course.model import Broken, Course, LessonHead
from tutor.course.outline import broken
from tutor.course.quizzes import load_quiz
from tutor.errors import ContentError, UnknownName


def find_faults(course: Course, lessons: Path, quizzes: Path) -> dict[str, tuple[Broken, ...]]:
    """The files of each lesson that would fail when they are opened, by slug: head, pages, quiz, exercises."""
    faults: dict[str, tuple[Broken, ...]] = {}
    for entry in course.entries:
        slug, head = entry.outline.slug, entry.head
        if isinstance(head, Broken):
            faults[slug] = (head,)
        elif isinstance(head, LessonHead):
            readers = [(load_lesson, lessons, slug), (load_quiz, quizzes, slug)]
            found = []
            for read, folder, name in (*readers, *((load_challenge, lessons, name) for name in head.exercises)):
                try:
                    read(folder, name)
                except ContentError as error:
                    found.append(broken(error))
                except UnknownName:
                    continue  # no quiz is no broken one
            if found:
                faults[slug] = tuple(found)
    return faults
