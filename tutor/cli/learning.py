"""learn and quiz: the lesson as text, and questions answered line by line."""

from __future__ import annotations

import secrets
import sys
import textwrap
import uuid

import click

from tutor.cli import has_screen
from tutor.cli.stored import open_store
from tutor.course import (
    Asked,
    Course,
    Entry,
    Feedback,
    LessonHead,
    Question,
    answer_choices,
    answer_text,
    draw,
    lesson_text,
    load_course,
    load_lesson,
    load_quiz,
    markdown_text,
    resolve,
)
from tutor.errors import TutorError
from tutor.paths import Paths
from tutor.progress import Progress, Store, next_step

LONGEST_LINE = 4096  # characters of an answer
ASKS = {
    "one": "number of one choice",
    "several": "numbers of all that fit, such as 1 3",
    "number": "a number",
    "shape": "a shape, such as (3, 4)",
}


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
@click.pass_obj
def learn(paths: Paths, concept: str | None, concept_option: str | None, plain: bool) -> int:
    """Read a lesson.

    CONCEPT is its slug (06-linear-layer), its concept (linear-layer) or its number (6); without it, the lesson that
    comes next. With --plain, or where there is no screen, the lesson is printed and counts as read.
    """
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
        click.echo(_ask_all(slug, questions, store))
    return 0


def _ask_all(slug: str, questions: tuple[Question, ...], store: Store) -> str:
    """Every question once, until the answers end; returns how it went, in a sentence."""
    click.echo(f"{slug}: {len(questions)} questions. Type an answer and press enter; ctrl+d stops.")
    sitting, right = uuid.uuid4().hex, 0
    for number, question in enumerate(questions):
        asked = draw(question, secrets.randbits(31))
        click.echo(f"\n{number + 1} of {len(questions)}\n\n{question_text(asked)}")
        feedback = _ask(asked)
        if feedback is None:
            return f"\n\nStopped after {number} of {len(questions)} questions: {right} right."
        right += feedback.right
        store.record("question_answered", lesson=slug, question=question.id, session=sitting, right=feedback.right)
        click.echo(f"\n{feedback_text(feedback)}")
    return f"\n{right} of {len(questions)} right."


def question_text(asked: Asked) -> str:
    """The question, and its choices with their numbers."""
    lines = [markdown_text(asked.text)]
    for number, choice in enumerate(asked.choices, 1):
        text = markdown_text(choice.text, 72).strip()
        lines.append(f"{number:>3}  {textwrap.indent(text, ' ' * 5).lstrip(' ')}")
    return "\n".join(lines)


def feedback_text(feedback: Feedback) -> str:
    """Right or wrong by sign and word, the sentence tied to the answer, then the explanation."""
    verdict = "✓ Right." if feedback.right else "✗ Not right."
    if feedback.right and feedback.sentence.startswith("Right"):
        verdict = f"✓ {feedback.sentence}"
    elif feedback.sentence:
        verdict = f"{verdict} {feedback.sentence}"
    return f"{markdown_text(verdict)}\n{markdown_text(feedback.explain)}"


def _ask(asked: Asked) -> Feedback | None:
    """One question on stdin until there is an answer; None at the end of the input."""
    while True:
        click.echo(f"[{ASKS[asked.question.kind]}] > ", nl=False)
        line = sys.stdin.readline(LONGEST_LINE) if sys.stdin else ""
        if not line:
            return None
        feedback = judge_line(asked, line.strip())
        if feedback.understood:
            return feedback
        click.echo(feedback.sentence)


def judge_line(asked: Asked, line: str) -> Feedback:
    """What the tutor says to a typed line: a number, a shape, or the numbers of the choices."""
    if asked.question.kind in ("number", "shape"):
        return answer_text(asked, line)
    words = line.replace(",", " ").split()
    picked = [int(word) - 1 for word in words if word.isdecimal() and len(word) < 4]
    if len(picked) != len(words) or not picked or not all(0 <= index < len(asked.choices) for index in picked):
        sentence = f"Type the number of a choice, 1 to {len(asked.choices)}."
        return Feedback(right=False, sentence=sentence, explain="", understood=False)
    return answer_choices(asked, picked)
