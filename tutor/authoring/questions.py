"""Whether a question is a good one: every way to draw it has one right answer, and every wrong one its own words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

from tutor.authoring.problem import Problem, problem_of
from tutor.course import Asked, Located, Question, draw, equal, fill_in, read_output, read_quiz, same_output
from tutor.errors import TutorError

LEAST_QUESTIONS = 10
LEAST_KINDS = 6  # of the nine, in each quiz
MOST_DRAWS = 64
TYPED_DIGITS = 6  # what a learner can be asked to type without a tolerance
LONGEST_OUTPUT = 60  # characters that a learner can be asked to type
CODE_LINES, CODE_COLUMNS = 14, 70  # of code in a question, which shall stand on one screen with it


def quiz_problems(file: Path) -> tuple[list[Problem], tuple[Located, ...]]:
    """The problems of a quiz that reading shows, and its questions with their lines."""
    located, faults = read_quiz(file)
    problems = [problem_of(fault) for fault in faults]
    if located and not faults:
        problems += [Problem(file, None, reason) for reason in _of_quiz([question for _, question in located])]
        for line, question in located:
            problems.extend(Problem(file, line, reason) for reason in question_problems(question))
    return problems, located


def _of_quiz(questions: list[Question]) -> Iterator[str]:
    if len(questions) < LEAST_QUESTIONS:
        yield f"has {len(questions)} questions: {LEAST_QUESTIONS} are needed"
    fresh = sum(bool(question.draw) for question in questions)
    if 2 * fresh < len(questions):
        yield f"{fresh} of {len(questions)} questions have a `draw`: half of them must have fresh numbers"
    kinds = sorted({question.kind for question in questions})
    if len(kinds) < LEAST_KINDS:
        yield f"has questions of {len(kinds)} kinds ({', '.join(kinds)}): {LEAST_KINDS} are needed"


def question_problems(question: Question) -> list[str]:
    """Each reason once, with the question's id in front."""
    reasons = dict.fromkeys(_of_texts(question))
    try:
        draws = list(every_draw(question))
        for asked in draws:
            reasons.update(dict.fromkeys(_of_one_draw(asked)))
        if question.draw and question.kind != "formula" and len({_shown(asked) for asked in draws}) == 1:
            reasons["its `draw` changes nothing"] = None
    except TutorError as error:
        reasons[str(error.what) or error.title] = None
    return [f"question {question.id!r}: {reason}" for reason in reasons]


def _of_texts(question: Question) -> Iterator[str]:
    for what, parts in (
        ("choices", question.choice),
        ("items", question.item),
        ("lines", question.line),
        ("mistakes", question.mistake),
    ):
        whys = [" ".join(part.why.split()) for part in parts]
        if len(set(whys)) < len(whys):
            yield f"two {what} have the same why"


def every_draw(question: Question) -> Iterator[Asked]:
    """Every way to draw the values where they are few, else as many seeds."""
    if math.prod(len(values) for values in question.draw.values()) <= MOST_DRAWS:
        for values in itertools.product(*question.draw.values()):
            yield fill_in(question, dict(zip(question.draw, values, strict=True)))
    else:
        for seed in range(MOST_DRAWS):
            yield draw(question, seed)


def _shown(asked: Asked) -> tuple[object, ...]:
    return asked.text, asked.code, frozenset(asked.choices), frozenset(asked.items)


def _of_one_draw(asked: Asked) -> Iterator[str]:
    for what, texts in (("choices", asked.choices), ("items", asked.items)):
        read = [" ".join(part.text.split()) for part in texts]
        repeated = next((text for text in read if read.count(text) > 1), None)
        if repeated is not None:
            yield f"two {what} read {repeated!r}"
    if asked.number is not None:
        yield from _tolerance(asked.number, asked.question.tolerance)
    lines = asked.code.split("\n")
    if len(lines) > CODE_LINES or max(map(len, lines)) > CODE_COLUMNS:
        yield f"the code may have {CODE_LINES} lines of {CODE_COLUMNS} columns: it stands on one screen with its text"
    if asked.question.kind == "output" and len(" ".join(asked.answer.split())) > LONGEST_OUTPUT:
        yield f"the answer is longer than {LONGEST_OUTPUT} signs: that is too much to type"
    if asked.question.kind == "formula":
        return  # what formulas give is known in the box alone
    right = asked.number if asked.number is not None else asked.shape if asked.shape is not None else asked.answer
    wrong: list[float | tuple[int, ...] | str] = []
    for (value, _), known in zip(asked.mistakes, asked.question.mistake, strict=True):
        if _same(value, right, asked.question.tolerance):
            yield f"the mistake `{known.answer}` is the answer itself for some draw"
        if any(_same(value, other, 0.0) for other in wrong):
            yield f"the mistake `{known.answer}` equals another one for some draw"
        wrong.append(value)


def _same(value: float | tuple[int, ...] | str, other: float | tuple[int, ...] | str, tolerance: float) -> bool:
    if isinstance(value, str) and isinstance(other, str):
        return same_output(read_output(value), read_output(other), tolerance)
    if isinstance(value, float) and isinstance(other, float):
        return equal(value, other, tolerance)
    return value == other


def _tolerance(answer: float, tolerance: float) -> Iterator[str]:
    if tolerance > 0.1 * (abs(answer) or 1.0):
        yield "the tolerance is more than a tenth of the answer"
    short = answer == int(answer) or equal(float(f"{answer:.{TYPED_DIGITS}g}"), answer, 0.0)
    if not tolerance and not short:
        yield f"the answer is no decimal of at most {TYPED_DIGITS} digits: it needs a tolerance"
