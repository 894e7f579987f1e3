"""Why a question cannot be asked at all, by its kind; whether it is a good one is the author's check."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Iterator

from tutor.course.draws import parse_draw
from tutor.course.expressions import FUNCTIONS, ExpressionError
from tutor.course.model import Question

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ITEMS = range(3, 7)
LEAST_LINES = 3
LEAST_FORMULA_MISTAKES = 2
LARGEST_SIZE = 1024

# The fields that only some kinds have.
BELONGS_TO: dict[str, tuple[str, ...]] = {
    "choice": ("one", "several"),
    "item": ("order",),
    "code": ("line", "output"),
    "line": ("line",),
    "answer": ("number", "shape", "formula", "output"),
    "tolerance": ("number", "output"),
    "mistake": ("number", "shape", "formula", "output"),
    "arrays": ("formula",),
    "sizes": ("formula",),
    "draws": ("formula",),
}


def question_fault(question: Question) -> str | None:
    """The first reason why a question cannot be asked, or None."""
    return next(_faults(question), None)


def _faults(question: Question) -> Iterator[str]:
    if not ID.fullmatch(question.id):
        yield "an id is lower-case words and digits joined by `-`"
    if not question.text.strip() or not question.explain.strip():
        yield "`text` and `explain` must not be empty"
    for name, values in question.draw.items():
        if not name.isidentifier() or name in FUNCTIONS:
            yield f"`draw.{name}` is no name for a value"
        if not values:
            yield f"`draw.{name}` has no values"
    for field, kinds in BELONGS_TO.items():
        if question.kind not in kinds and getattr(question, field):
            yield f"`{field}` belongs to {_listed(kinds)}, not to {question.kind}"
    yield from _OF_KIND[question.kind](question)


def _listed(kinds: tuple[str, ...]) -> str:
    return " and ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)


def _of_choices(question: Question) -> Iterator[str]:
    right = sum(choice.right for choice in question.choice)
    if any(not choice.text.strip() or not choice.why.strip() for choice in question.choice):
        yield "every choice needs a text and a why of its own"
    if len(question.choice) < 2:
        yield "there must be at least two choices"
    if question.kind == "one" and right != 1:
        yield f"exactly one choice must be right, not {right}"
    if question.kind == "several" and not 0 < right < len(question.choice):
        yield "at least one choice must be right and one wrong"


def _of_answer(question: Question) -> Iterator[str]:
    if not question.answer.strip():
        yield "`answer` is missing"
    if question.tolerance < 0:
        yield "`tolerance` must not be negative"
    if any(not mistake.answer.strip() or not mistake.why.strip() for mistake in question.mistake):
        yield "every mistake needs an answer and a why"


def _of_order(question: Question) -> Iterator[str]:
    if len(question.item) not in ITEMS:
        yield f"there must be {ITEMS[0]} to {ITEMS[-1]} items to put in order, not {len(question.item)}"
    if any(not item.text.strip() or not item.why.strip() for item in question.item):
        yield "every item needs a text and a why of its own"
    places = [item.place for item in question.item]
    for place in dict.fromkeys(place for place in places if place):
        first, last = places.index(place), len(places) - places[::-1].index(place)
        if place < 0 or set(places[first:last]) != {place}:
            yield f"`place = {place}`: items that may change places stand side by side, with a number from 1"
    if places[0] and len(set(places)) == 1:
        yield "every order of these items is right"


def _of_line(question: Question) -> Iterator[str]:
    if not question.code.strip():
        yield "`code` is missing"
    lines = question.code.rstrip("\n").split("\n")
    numbers = [candidate.number for candidate in question.line]
    if len(numbers) < LEAST_LINES:
        yield f"there must be at least {LEAST_LINES} candidates: `line = [{{ number = 1, why = ... }}, ...]`"
    for number in numbers:
        if not 1 <= number <= len(lines) or not lines[number - 1].strip():
            yield f"line {number} is no line of the code: it has {len(lines)}, counted from 1, some of them empty"
        if numbers.count(number) > 1:
            yield f"line {number} stands twice among the candidates"
    right = sum(candidate.right for candidate in question.line)
    if right != 1:
        yield f"exactly one line must be right, which is the faulty one, not {right}"
    if any(not candidate.why.strip() for candidate in question.line):
        yield "every candidate needs a why of its own"


def _of_formula(question: Question) -> Iterator[str]:
    yield from _of_answer(question)
    if not question.arrays:
        yield '`arrays` is missing: arrays = { x = ["N", "n_in"] }'
    names = (*question.arrays, *question.sizes, *question.draw)
    for name in dict.fromkeys(names):
        if not name.isidentifier() or keyword.iskeyword(name) or name in ("np", *FUNCTIONS):
            yield f"`{name}` is no name for an array or a size"
        if names.count(name) > 1:
            yield f"`{name}` is the name of two things"
    for name, size in question.sizes.items():
        if not 2 <= size <= LARGEST_SIZE:
            yield f"the size {name} is {size}: 2 to {LARGEST_SIZE} are possible"
    for name, text in question.draws.items():
        if name not in question.arrays:
            yield f"`draws.{name}` is no array"
        try:
            parse_draw(text)
        except ExpressionError as error:
            yield f"`draws.{name}`: {error}"
    if len(question.mistake) < LEAST_FORMULA_MISTAKES:
        yield f"there must be at least {LEAST_FORMULA_MISTAKES} mistakes"
    for formula in (question.answer, *(mistake.answer for mistake in question.mistake)):
        try:
            ast.parse(formula.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            yield f"`{formula}` is no expression of Python"


def _of_output(question: Question) -> Iterator[str]:
    yield from _of_answer(question)
    if not question.code.strip():
        yield "`code` is missing"
    if not question.mistake:
        yield "there must be at least one mistake"


def _of_recall(question: Question) -> Iterator[str]:  # noqa: ARG001
    """The text is the front of the card and the explanation its back: there is nothing else to it."""
    yield from ()


_OF_KIND: dict[str, Callable[[Question], Iterator[str]]] = {
    "one": _of_choices,
    "several": _of_choices,
    "number": _of_answer,
    "shape": _of_answer,
    "order": _of_order,
    "line": _of_line,
    "formula": _of_formula,
    "output": _of_output,
    "recall": _of_recall,
}
