"""Asking a question: its values drawn, its choices and items put into an order."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tutor.course.expressions import ExpressionError, Number, Value, evaluate, fill
from tutor.course.model import Asked, Choice, CodeLine, Item, KnownMistake, Question
from tutor.errors import TutorError


def draw(question: Question, seed: int) -> Asked:
    """The question with values and orders drawn from the seed; TutorError when a template has no value."""
    rng = random.Random(seed)
    values = {name: rng.choice(options) for name, options in question.draw.items()}
    asked = fill_in(question, values)
    choices = tuple(rng.sample(asked.choices, len(asked.choices)))
    return replace(asked, seed=seed, choices=choices, items=_shuffled(asked.items, rng))


def _shuffled(items: tuple[Item, ...], rng: random.Random) -> tuple[Item, ...]:
    """In an order that is not right already."""
    shuffled = list(items)
    while len({item.place for item in items}) > 1:
        rng.shuffle(shuffled)
        places = [item.place for item in shuffled]
        if places != sorted(places):
            break
    return tuple(shuffled)


def fill_in(question: Question, values: Mapping[str, Number]) -> Asked:
    """The question with these values, everything in the order in which it is written."""
    try:
        answer = _answer(question, question.answer, values) if question.answer else None
        return Asked(
            question=question,
            seed=0,
            text=fill(question.text, values),
            explain=fill(question.explain, values),
            choices=tuple(Choice(fill(c.text, values), fill(c.why, values), c.right) for c in question.choice),
            number=answer if isinstance(answer, float) else None,
            shape=answer if isinstance(answer, tuple) else None,
            mistakes=tuple(_mistake(question, mistake, values) for mistake in question.mistake),
            items=tuple(
                Item(fill(item.text, values), fill(item.why, values), place)
                for item, place in zip(question.item, _places(question.item), strict=True)
            ),
            code=fill(question.code, values).rstrip("\n"),
            lines=tuple(
                CodeLine(line.number, fill(line.why, values), line.right)
                for line in sorted(question.line, key=lambda line: line.number)
            ),
            answer=answer if isinstance(answer, str) else "",
            values=dict(values),
        )
    except ExpressionError as error:
        raise TutorError(f"The question {question.id!r} cannot be asked.", f"{error}.") from None


def _places(items: Sequence[Item]) -> list[int]:
    """Where each item belongs, counted from 1; those that may change places all belong where the first of them is."""
    written = [item.place for item in items]
    return [written.index(place) + 1 if place else at for at, place in enumerate(written, 1)]


def _mistake(
    question: Question, mistake: KnownMistake, values: Mapping[str, Number]
) -> tuple[float | tuple[int, ...] | str, str]:
    return _answer(question, mistake.answer, values), fill(mistake.why, values)


def _answer(question: Question, answer: str, values: Mapping[str, Number]) -> float | tuple[int, ...] | str:
    """An answer, right or a mistake, as it is compared: what a formula gives is known in the box alone."""
    match question.kind:
        case "number":
            return _as_number(evaluate(answer, values))
        case "shape":
            return _as_shape(evaluate(answer, values))
        case "output":
            return fill(answer, values)
        case _:
            return answer


def _as_number(value: Value) -> float:
    if isinstance(value, tuple):
        raise ExpressionError("the answer of a number question is a number")
    return float(value)


def _as_shape(value: Value) -> tuple[int, ...]:
    if not isinstance(value, tuple) or any(size != int(size) or size < 0 for size in value):
        raise ExpressionError("the answer of a shape question is a tuple of whole numbers, such as (N, n_out) or (N,)")
    return tuple(int(size) for size in value)


def formula_names(asked: Asked) -> tuple[str, ...]:
    """What a formula may name besides np: arrays, sizes, drawn values."""
    return tuple(dict.fromkeys((*asked.question.arrays, *asked.question.sizes, *asked.values)))
