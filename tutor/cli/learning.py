"""learn and quiz: the lesson as text, and questions answered line by line."""

from __future__ import annotations

import click

from tutor.cli import has_screen
from tutor.cli.asking import ask_all
from tutor.cli.stored import open_store
from tutor.course import (
    Course,
    Entry,
    LessonHead,
    lesson_text,
    load_course,
    load_lesson,
    load_quiz,
    resolve,
)
from tutor.errors import TutorError
from tutor.paths import Paths
from tutor.progress import Progress, Store, next_step


def _slug(paths: Paths, name: str | None) -> str:
    """The lesson that is meant: by slug, concept or number; without a name, the one that comes next."""
    course = load_course(paths.lessons)
    if not name:
        with Store.open(paths) as store:
            return _next_lesson(course, store.refresh())
    entry = resolve(course, name)
    if entry.head is None:
        ready = ", ".join(other.outline.slug for other in course.entries if other.head is not None)
        raise TutorError(f"{_title(entry)} is in preparation.", "", f"Ready: {ready}." if ready else "")
    return entry.outline.slug


def _title(entry: Entry) -> str:
    return f"{entry.outline.number} {entry.outline.title}"


def _next_lesson(course: Course, progress: Progress) -> str:
    """The lesson of the next step, the one they were in when all is done, or the first."""
    ready = {entry.outline.slug: entry.head for entry in course.entries if isinstance(entry.head, LessonHead)}
    step = next_step(course, progress)
    wanted = [slug for slug, head in ready.items() if step.name == slug or step.name in head.exercises]
    here = [progress.position.lesson] if progress.position.lesson in ready else []
    slug = next(iter([*wanted, *here, *ready]), None)
    if slug is None:
        raise TutorError("No lesson is ready.", "", "`tutor` lists the course, and what is wrong with it.")
    return slug


@click.command()
@click.argument("concept", required=False)
@click.option("--concept", "concept_option", metavar="NAME", help="The same, as an option.")
@click.option("--plain", is_flag=True, help="Print the lesson as text.")
@click.option("--bookmarks", is_flag=True, help="List the pages that you marked.")
@click.pass_obj
def learn(paths: Paths, concept: str | None, concept_option: str | None, plain: bool, bookmarks: bool) -> int:
    """Read a lesson.

    CONCEPT is its slug (06-linear-layer), its concept (linear-layer) or its number (6); without it, the lesson that
    comes next. With --plain, or where there is no screen, the lesson is printed and counts as read.
    """
    if bookmarks:
        from tutor.cli.finding import show_bookmarks

        show_bookmarks(paths)
        return 0
    slug = _slug(paths, concept or concept_option)
    if not plain and has_screen():
        from tutor.tui import Opening, run

        return run(paths, Opening("lesson", slug))
    click.echo(lesson_text(load_lesson(paths.lessons, slug)), nl=False)
    with open_store(paths) as store:
        store.record("position", screen="lesson", lesson=slug)
        store.record("lesson_read", lesson=slug)
    return 0


@click.command()
@click.argument("concept", required=False)
@click.option("--concept", "concept_option", metavar="NAME", help="The same, as an option.")
@click.option("--plain", is_flag=True, help="Ask line by line, without a screen.")
@click.pass_obj
def quiz(paths: Paths, concept: str | None, concept_option: str | None, plain: bool) -> int:
    """Answer a lesson's questions.

    CONCEPT is the lesson's slug, concept or number; without it, the lesson that comes next. With --plain, or where
    there is no screen, each answer is a line of the standard input; its end ends the quiz, and the answers are kept.
    """
    slug = _slug(paths, concept or concept_option)
    if not plain and has_screen():
        from tutor.tui import Opening, run

        return run(paths, Opening("quiz", slug))
    questions = load_quiz(paths.quizzes, slug)
    with open_store(paths) as store:
        store.record("position", screen="quiz", lesson=slug)
        click.echo(ask_all(slug, questions, store))
    return 0
