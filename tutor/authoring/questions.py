"""Whether a question is a good one: every way to draw it has one right answer, and every wrong one its own words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

from tutor.authoring.problem import Problem, problem_of
from tutor.course import Asked, Question, draw, equal, fill_in, read_quiz
from tutor.errors import TutorError

LEAST_QUESTIONS = 8
MOST_DRAWS = 64
TYPED_DIGITS = 6  # what a learner can be asked to type without a tolerance


def quiz_problems(file: Path) -> tuple[list[Problem], dict[str, tuple[Path, int]]]:
    """The problems of a quiz, and where each question id stands."""
    located, faults = read_quiz(file)
    problems = [problem_of(fault) for fault in faults]
    if located and len(located) < LEAST_QUESTIONS:
        problems.append(Problem(file, None, f"has {len(located)} questions: {LEAST_QUESTIONS} are needed"))
    if not faults:
        for line, question in located:
            problems.extend(Problem(file, line, reason) for reason in question_problems(question))
    return problems, {question.id: (file, line) for line, question in reversed(located)}


def question_problems(question: Question) -> list[str]:
    """Each reason once, with the question's id in front."""
    reasons: dict[str, None] = {}
    whys = [choice.why.strip() for choice in question.choice]
    if len(set(whys)) < len(whys):
        reasons["two choices have the same why"] = None
    try:
        for asked in _draws(question):
            reasons.update(dict.fromkeys(_of_one_draw(asked)))
    except TutorError as error:
        reasons[str(error.what) or error.title] = None
    return [f"question {question.id!r}: {reason}" for reason in reasons]


def _draws(question: Question) -> Iterator[Asked]:
    """Every way to draw the values where they are few, else as many seeds."""
    if math.prod(len(values) for values in question.draw.values()) <= MOST_DRAWS:
        for values in itertools.product(*question.draw.values()):
            yield fill_in(question, dict(zip(question.draw, values, strict=True)), question.choice)
    else:
        for seed in range(MOST_DRAWS):
            yield draw(question, seed)


def _of_one_draw(asked: Asked) -> Iterator[str]:
    texts = [" ".join(choice.text.split()) for choice in asked.choices]
    repeated = next((text for text in texts if texts.count(text) > 1), None)
    if repeated is not None:
        yield f"two choices read {repeated!r}"
    if asked.number is not None:
        yield from _tolerance(asked.number, asked.question.tolerance)
    right = asked.number if asked.number is not None else asked.shape
    wrong: list[float | tuple[int, ...]] = []
    for (value, _), known in zip(asked.mistakes, asked.question.mistake, strict=True):
        if right is not None and _same(value, right, asked.question.tolerance):
            yield f"the mistake `{known.answer}` is the answer itself for some draw"
        if any(_same(value, other, 0.0) for other in wrong):
            yield f"the mistake `{known.answer}` equals another one for some draw"
        wrong.append(value)


def _same(value: float | tuple[int, ...], other: float | tuple[int, ...], tolerance: float) -> bool:
    if isinstance(value, tuple) or isinstance(other, tuple):
        return value == other
    return equal(value, other, tolerance)


def _tolerance(answer: float, tolerance: float) -> Iterator[str]:
    if tolerance > 0.1 * (abs(answer) or 1.0):
        yield "the tolerance is more than a tenth of the answer"
    short = answer == int(answer) or equal(float(f"{answer:.{TYPED_DIGITS}g}"), answer, 0.0)
    if not tolerance and not short:
        yield f"the answer is no decimal of at most {TYPED_DIGITS} digits: it needs a tolerance"
