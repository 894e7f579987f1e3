"""Quizzes: the questions of a lesson, as written."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from tutor.course.expressions import FUNCTIONS
from tutor.course.model import Question
from tutor.course.reader import line_of, parse_toml, read_text
from tutor.errors import ContentError, UnknownName

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Located(NamedTuple):
    """A question, and the line of its file on which it stands."""

    line: int
    question: Question


class _Quiz(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    question: tuple[Question, ...]


def load_quiz(quizzes: Path, slug: str) -> tuple[Question, ...]:
    """The questions of a lesson, by its slug; UnknownName where there is no quiz, ContentError where it is broken."""
    file = quizzes / f"{slug}.toml"
    # lexists never raises: what is there and cannot be read, read_quiz explains
    if not re.fullmatch(r"[\w-]+", slug) or not os.path.lexists(file):
        raise UnknownName("quiz", slug, (path.stem for path in quizzes.glob("*.toml")))
    located, faults = read_quiz(file)
    for fault in faults:
        raise fault
    return tuple(question for _, question in located)


def read_quiz(file: Path) -> tuple[tuple[Located, ...], tuple[ContentError, ...]]:
    """The questions of a quiz file with their lines, and every fault that keeps it from being used."""
    try:
        text = read_text(file)
        questions = parse_toml(text, _Quiz, file).question
    except ContentError as error:
        return (), (error,)
    faults: list[ContentError] = []
    located: list[Located] = []
    seen: set[str] = set()
    for index, question in enumerate(questions):
        line = line_of(text, ("question", index, "id")) or 1
        reason = "the id is used twice in this file" if question.id in seen else question_fault(question)
        if reason:
            faults.append(ContentError(file, f"question {question.id!r}: {reason}", line))
        located.append(Located(line, msgspec.structs.replace(question, lesson=file.stem)))
        seen.add(question.id)
    return tuple(located), tuple(faults)


def question_fault(question: Question) -> str | None:
    """Why a question cannot be asked, or None; whether it is a good one is the author's check."""
    if not ID.fullmatch(question.id):
        return "an id is lower-case words and digits joined by `-`"
    if not question.text.strip() or not question.explain.strip():
        return "`text` and `explain` must not be empty"
    for name, values in question.draw.items():
        if not name.isidentifier() or name in FUNCTIONS:
            return f"`draw.{name}` is no name for a value"
        if not values:
            return f"`draw.{name}` has no values"
    return _choice_fault(question) if question.kind in ("one", "several") else _answer_fault(question)


def _choice_fault(question: Question) -> str | None:
    right = sum(choice.right for choice in question.choice)
    if question.answer or question.mistake or question.tolerance:
        return f"`answer`, `tolerance` and `mistake` belong to number and shape, not to {question.kind}"
    if any(not choice.text.strip() or not choice.why.strip() for choice in question.choice):
        return "every choice needs a text and a why of its own"
    if len(question.choice) < 2:
        return "there must be at least two choices"
    if question.kind == "one" and right != 1:
        return f"exactly one choice must be right, not {right}"
    if question.kind == "several" and not 0 < right < len(question.choice):
        return "at least one choice must be right and one wrong"
    return None


def _answer_fault(question: Question) -> str | None:
    if question.choice:
        return f"`choice` belongs to one and several, not to {question.kind}"
    if not question.answer.strip():
        return "`answer` is missing"
    if question.tolerance < 0:
        return "`tolerance` must not be negative"
    if question.kind == "shape" and question.tolerance:
        return "a shape has no `tolerance`"
    if any(not mistake.answer.strip() or not mistake.why.strip() for mistake in question.mistake):
        return "every mistake needs an answer and a why"
    return None
