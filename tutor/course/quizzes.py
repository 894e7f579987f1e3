"""Quizzes: the questions of a lesson, as written."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from tutor.course.model import Question
from tutor.course.question_faults import question_fault
from tutor.course.reader import line_of, parse_toml, read_text
from tutor.errors import ContentError, UnknownName


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
