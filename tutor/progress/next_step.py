"""What to do next: one line on the home screen, and where it leads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from tutor.course import Course, Entry, LessonHead
from tutor.progress.model import ExerciseState, LessonState, Progress


class NextStep(Struct, frozen=True):
    """Where the learner goes on, and the words for it."""

    screen: Literal["lesson", "quiz", "lab", "home"]
    name: str  # a lesson's slug or an exercise's id
    title: str  # "06 Linear layer"
    detail: str  # "exercise linear_scratch · grad_b is still wrong"


def next_step(course: Course, progress: Progress) -> NextStep:
    """The first open step of the lesson they were in, else of the first lesson that has one."""
    ready = [entry for entry in course.entries if isinstance(entry.head, LessonHead)]
    here = [entry for entry in ready if entry.outline.slug == progress.position.lesson]
    for entry in (*here, *ready):
        step = next(steps(entry, progress), None)
        if step is not None:
            return step
    return NextStep(screen="home", name="", title="All done", detail="every lesson here is read and passed")


def steps(entry: Entry, progress: Progress) -> Iterator[NextStep]:
    """What is still open in one lesson, in the order in which it is done: read, answer, write."""
    head, slug = entry.head, entry.outline.slug
    if not isinstance(head, LessonHead):
        return
    title = f"{entry.outline.number} {head.title}"
    lesson = progress.lessons.get(slug, LessonState())
    if not lesson.read:
        detail = f"page {lesson.section + 1}" if lesson.section else f"a lesson of {head.minutes} minutes"
        yield NextStep("lesson", slug, title, detail)
    if not lesson.quiz_asked:
        yield NextStep("quiz", slug, title, "quiz")
    for exercise in head.exercises:
        state = progress.exercises.get(exercise, ExerciseState())
        if not state.passed:
            detail = f"exercise {exercise}"
            if state.total:
                detail += f" · {state.right} of {state.total} right"
            yield NextStep("lab", exercise, title, detail)
