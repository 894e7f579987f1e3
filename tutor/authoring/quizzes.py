"""The questions of the course together: a quiz for every lesson, no id twice, and what of them must be run or drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tutor.authoring.drawn import inline_reasons
from tutor.authoring.pages import Pages
from tutor.authoring.problem import Problem
from tutor.authoring.question_runs import is_run, run_problems
from tutor.authoring.questions import quiz_problems
from tutor.authoring.runs import Run
from tutor.course import Predict, Question, draw, read_quiz
from tutor.errors import TutorError
from tutor.learner import Box


class Placed(NamedTuple):
    """A question and where it stands."""

    file: Path
    line: int
    question: Question


def quiz_files(lessons: Sequence[Pages], quizzes: Path) -> list[Problem]:
    """Every lesson has a quiz, every quiz a lesson."""
    slugs, files = {pages.slug for pages in lessons}, {file.stem: file for file in quizzes.glob("*.toml")}
    missing = [
        Problem(quizzes / f"{s}.toml", None, "is missing: every lesson has a quiz") for s in slugs - files.keys()
    ]
    return missing + [Problem(files[s], None, "belongs to no lesson") for s in files.keys() - slugs]


def placed_questions(lessons: Sequence[Pages], quizzes: Path) -> list[Placed]:
    """Every question of the course, in lessons and in quizzes."""
    predicted = [
        Placed(file, block.line, block.question)
        for pages in lessons
        for file, block in pages.blocks
        if isinstance(block, Predict)
    ]
    files = sorted(quizzes.glob("*.toml"))
    return predicted + [Placed(file, line, question) for file in files for line, question in read_quiz(file)[0]]


def question_problems_of(file: Path) -> list[Problem]:
    """What is wrong with a quiz by itself."""
    return quiz_problems(file)[0]


def formula_problems_of(placed: Sequence[Placed]) -> Iterator[Problem]:
    """The formulas in the words of questions that cannot be shown."""
    for file, line, question in placed:
        try:
            asked = draw(question, seed=0)
        except TutorError:
            continue  # said where the question is looked at
        texts = [asked.text, asked.explain]
        texts += [text for choice in asked.choices for text in (choice.text, choice.why)]
        texts += [text for item in asked.items for text in (item.text, item.why)]
        texts += [line.why for line in question.line] + [why for _, why in asked.mistakes]
        for reason in dict.fromkeys(inline_reasons(*texts)):
            yield Problem(file, line, f"question {question.id!r}: {reason}")


def question_runs(placed: Sequence[Placed], box: Box) -> Iterator[tuple[Path, Run]]:
    """The questions whose answers the box must confirm."""
    for file, line, question in placed:
        if is_run(question):
            yield file, partial(run_problems, box, file, line, question)


def same_question_id_twice(placed: Sequence[Placed]) -> Iterator[Problem]:
    """Ids that two questions of the course have, at the second place."""
    seen: dict[str, tuple[Path, int]] = {}
    for file, line, question in placed:
        first = seen.setdefault(question.id, (file, line))
        within_a_quiz = first[0] == file and file.suffix == ".toml"  # read_quiz has said so
        if first != (file, line) and not within_a_quiz:
            yield Problem(file, line, f"question {question.id!r}: the id is used in {first[0].name} too")
