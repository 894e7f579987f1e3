"""learn and quiz: the lesson as text, and questions answered line by line."""

from __future__ import annotations

import secrets
import sys
import uuid

import click

from tutor.cli.group import has_screen
from tutor.course import (
    Asked,
    Feedback,
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
from tutor.paths import Paths
from tutor.progress import Store, next_step


def _slug(paths: Paths, name: str | None) -> str:
    """The lesson that is meant: by slug, concept or number; without a name, the one that comes next."""
    course = load_course(paths.lessons)
    if name:
        return resolve(course, name).outline.slug
    with Store.open(paths) as store:
        progress = store.refresh()
    step = next_step(course, progress)
    if step.screen in ("lesson", "quiz"):
        return step.name
    return progress.position.lesson or next(entry.outline.slug for entry in course.entries if entry.head is not None)


@click.command()
@click.argument("concept", required=False)
@click.option("--concept", "concept_option", metavar="NAME", help="The same, as an option.")
@click.option("--plain", is_flag=True, help="Print the lesson as text.")
@click.pass_obj
def learn(paths: Paths, concept: str | None, concept_option: str | None, plain: bool) -> None:
    """Read a lesson (a slug, a concept or a number); by default the next one."""
    slug = _slug(paths, concept or concept_option)
    if not plain and has_screen():
        from tutor.tui import Opening, run

        sys.exit(run(paths, Opening("lesson", slug)))
    click.echo(lesson_text(load_lesson(paths.lessons, slug)))
    with Store.open(paths) as store:
        store.record("lesson_read", lesson=slug)


@click.command()
@click.argument("concept", required=False)
@click.option("--concept", "concept_option", metavar="NAME", help="The same, as an option.")
@click.option("--plain", is_flag=True, help="Ask line by line, without a screen.")
@click.pass_obj
def quiz(paths: Paths, concept: str | None, concept_option: str | None, plain: bool) -> None:
    """Answer a lesson's questions; by default the next lesson's."""
    slug = _slug(paths, concept or concept_option)
    if not plain and has_screen():
        from tutor.tui import Opening, run

        sys.exit(run(paths, Opening("quiz", slug)))
    questions = load_quiz(paths.quizzes, slug)
    sitting, right, answered = uuid.uuid4().hex, 0, 0
    with Store.open(paths) as store:
        for number, question in enumerate(questions, 1):
            asked = draw(question, secrets.randbits(31))
            click.echo(f"\n{number} of {len(questions)}\n\n{markdown_text(asked.text)}")
            feedback = _ask(asked)
            if feedback is None:
                click.echo(f"\nStopped after {answered} of {len(questions)}: {right} right. What you answered is kept.")
                return
            answered, right = answered + 1, right + feedback.right
            store.record("question_answered", lesson=slug, question=question.id, session=sitting, right=feedback.right)
            sign = "✓ Right." if feedback.right else "✗ Not yet."
            words = " ".join(part for part in (sign, feedback.sentence) if part)
            click.echo(f"\n{markdown_text(words)}\n{markdown_text(feedback.explain)}")
    click.echo(f"\n{right} of {len(questions)} right.")


def _ask(asked: Asked) -> Feedback | None:
    """One question on stdin until there is an answer; None at the end of the input."""
    kind = asked.question.kind
    for number, choice in enumerate(asked.choices, 1):
        click.echo(f"  {number}  {markdown_text(choice.text).strip()}")
    prompt = {
        "one": "number",
        "several": "numbers, such as 1 3",
        "number": "a number",
        "shape": "a shape, such as (3, 4)",
    }
    while True:
        click.echo(f"[{prompt[kind]}] > ", nl=False)
        line = sys.stdin.readline(4096)
        if not line:
            return None
        feedback = _feedback(asked, line.strip())
        if feedback.understood:
            return feedback
        click.echo(feedback.sentence)


def _feedback(asked: Asked, line: str) -> Feedback:
    if asked.question.kind in ("number", "shape"):
        return answer_text(asked, line)
    words = line.replace(",", " ").split()
    picked = [int(word) - 1 for word in words if word.isdecimal() and 1 <= int(word) <= len(asked.choices)]
    if len(picked) != len(words) or not picked or (asked.question.kind == "one" and len(picked) != 1):
        sentence = f"Type the number of a choice, 1 to {len(asked.choices)}."
        return Feedback(right=False, sentence=sentence, explain="", understood=False)
    return answer_choices(asked, picked)
