"""Questions of every kind, asked line by line: without a screen, through a pipe, for a screen reader."""

from __future__ import annotations

import secrets
import sys
import uuid
from typing import TYPE_CHECKING

import click

from tutor.course import (
    Asked,
    Feedback,
    Question,
    answer_choices,
    answer_line,
    answer_order,
    answer_recall,
    answer_text,
    draw,
    markdown_text,
)
from tutor.course import question_text as text_of
from tutor.progress import Store

if TYPE_CHECKING:
    from tutor.learner import Box

WIDTH = 78
LONGEST_LINE = 4096  # characters of an answer
ASKS = {
    "one": "number of one choice",
    "several": "numbers of all that fit, such as 1 3",
    "number": "a number",
    "shape": "a shape, such as (3, 4)",
    "order": "all numbers from first to last, such as 2 1 3",
    "line": "number of the line at fault",
    "formula": "a NumPy expression",
    "output": "what it prints, in one line",
    "recall": "1 knew it, 2 not yet",
}
TURN = "say it, then enter turns the card"


def ask_all(slug: str, questions: tuple[Question, ...], store: Store) -> str:
    """Every question once, until the answers end; returns how it went, in a sentence."""
    from tutor.learner import Box

    click.echo(f"{slug}: {len(questions)} questions. Type an answer and press enter; ctrl+d stops.")
    sitting, right = uuid.uuid4().hex, 0
    with Box() as box:  # it starts with the first formula
        for number, question in enumerate(questions):
            asked = draw(question, secrets.randbits(31))
            click.echo(f"\n{number + 1} of {len(questions)}\n\n{question_text(asked)}")
            feedback = _ask(asked, box)
            if feedback is None:
                return f"\n\nStopped after {number} of {len(questions)} questions: {right} right."
            right += feedback.right
            store.record("question_answered", lesson=slug, question=question.id, session=sitting, right=feedback.right)
            click.echo(f"\n{feedback_text(feedback, question.kind)}")
    return f"\n{right} of {len(questions)} right."


def question_text(asked: Asked) -> str:
    """The question, its choices or items with their numbers."""
    return text_of(asked, WIDTH, [f"{number:>3}  " for number in range(1, 100)])


def feedback_text(feedback: Feedback, kind: str = "") -> str:
    """Right or wrong by sign and word, the sentence tied to the answer, then the explanation."""
    if kind == "recall":  # the back of the card has been read
        return "✓ You knew it." if feedback.right else "✗ Not yet."
    verdict = "✓ Right." if feedback.right else "✗ Not right."
    if feedback.right and feedback.sentence.startswith("Right"):
        verdict = f"✓ {feedback.sentence}"
    elif feedback.sentence:
        verdict = f"{verdict} {feedback.sentence}"
    return f"{markdown_text(verdict)}\n{markdown_text(feedback.explain)}"


def _ask(asked: Asked, box: Box) -> Feedback | None:
    """One question on stdin until there is an answer; None at the end of the input."""
    if asked.question.kind == "recall":
        if _line(TURN) is None:
            return None
        click.echo(f"\n{markdown_text(asked.explain)}\n")
    while True:
        line = _line(ASKS[asked.question.kind])
        if line is None:
            return None
        feedback = _judge_formula(asked, line, box) if asked.question.kind == "formula" else judge_line(asked, line)
        if feedback.understood:
            return feedback
        click.echo(markdown_text(feedback.sentence))


def _line(asks: str) -> str | None:
    click.echo(f"[{asks}] > ", nl=False)
    line = sys.stdin.readline(LONGEST_LINE) if sys.stdin else ""
    return line.strip() if line else None


def _judge_formula(asked: Asked, line: str, box: Box) -> Feedback:
    from tutor.grading import answer_formula

    return answer_formula(asked, line, box)


def judge_line(asked: Asked, line: str) -> Feedback:
    """What the tutor says to a typed line; a formula is for the box to judge."""
    kind = asked.question.kind
    if kind in ("number", "shape", "output"):
        return answer_text(asked, line)
    numbers = _numbers(line)
    if kind == "order":
        if numbers is not None and len(numbers) == 1 and len(asked.items) > 1:
            numbers = [int(digit) for digit in str(numbers[0])]  # 213
        return answer_order(asked, [number - 1 for number in numbers or ()])
    if kind == "line":
        return answer_line(asked, numbers[0] if numbers and len(numbers) == 1 else 0)
    if kind == "recall":
        if numbers not in ([1], [2]):
            return _not_understood("Type 1 if you knew it, 2 if not yet.")
        return answer_recall(asked, numbers == [1])
    if not numbers or not all(0 < number <= len(asked.choices) for number in numbers):
        return _not_understood(f"Type the number of a choice, 1 to {len(asked.choices)}.")
    return answer_choices(asked, [number - 1 for number in numbers])


def _numbers(line: str) -> list[int] | None:
    """The whole numbers of a line, or None where something else stands in it."""
    words = line.replace(",", " ").split()
    numbers = [int(word) for word in words if word.isdecimal() and len(word) < 7]
    return numbers if len(numbers) == len(words) else None


def _not_understood(sentence: str) -> Feedback:
    return Feedback(right=False, sentence=sentence, explain="", understood=False)
