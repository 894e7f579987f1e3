"""Judging an answer: right or not, and a sentence tied to what was answered. Formulas are judged in the box."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import combinations, pairwise

from tutor.course.model import Asked, Feedback, Item
from tutor.course.numbers import about_number, about_shape, equal, read_number, read_shape
from tutor.course.printed import about_output, read_output, same_output

# ── choices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def answer_choices(asked: Asked, picked: Collection[int]) -> Feedback:
    """Judge the picked choices, by their index in `asked.choices`."""
    several = asked.question.kind == "several"
    chosen = sorted(set(picked))
    if not chosen or not all(0 <= index < len(asked.choices) for index in chosen) or (len(chosen) > 1 and not several):
        return _not_understood(asked, "Pick at least one." if several else "Pick one.")
    if not several:
        choice = asked.choices[chosen[0]]
        return Feedback(right=choice.right, sentence=choice.why, explain=asked.explain)
    wrong = [asked.choices[index] for index in chosen if not asked.choices[index].right]
    missing = [choice for index, choice in enumerate(asked.choices) if choice.right and index not in chosen]
    if wrong:
        sentence = " ".join(f"“{choice.text}” does not belong: {choice.why}" for choice in wrong)
    elif missing:
        sentence = "What you picked is right, and it is not all. " + " ".join(
            f"Missing: “{choice.text}”. {_without_yes(choice.why)}" for choice in missing
        )
    else:
        sentence = "Right: these, and only these."
    return Feedback(right=not wrong and not missing, sentence=sentence, explain=asked.explain)


def _without_yes(why: str) -> str:
    """The reason alone: “Yes” is for the learner who picked it."""
    reason = re.sub(r"^Yes[.,:] ", "", why)
    return why if reason == why else reason[:1].upper() + reason[1:]


def answer_line(asked: Asked, number: int) -> Feedback:
    """Judge the line that was picked, by its number in the code."""
    picked = next((line for line in asked.lines if line.number == number), None)
    if picked is None:
        numbers = ", ".join(str(line.number) for line in asked.lines)
        return _not_understood(asked, f"Pick one of the lines {numbers}.")
    return Feedback(right=picked.right, sentence=picked.why, explain=asked.explain)


def answer_recall(asked: Asked, knew: bool) -> Feedback:
    """What the learner says of themselves, once they have seen the back of the card."""
    return Feedback(right=knew, sentence="", explain=asked.explain)


# ── an order ─────────────────────────────────────────────────────────────────────────────────────────────────────────

MOST_WRONG = 2  # items of which it is said why they stand wrongly


def answer_order(asked: Asked, order: Sequence[int]) -> Feedback:
    """Judge an order of the items, by their index in `asked.items`, first to last."""
    if sorted(order) != list(range(len(asked.items))):
        return _not_understood(asked, f"Put all {len(asked.items)} in order, each once.")
    wrong = misplaced(asked, order)
    if not wrong:
        return Feedback(right=True, sentence="Right.", explain=asked.explain)
    sentence = "\n\n".join(_stands_wrongly(asked, order, index) for index in wrong[:MOST_WRONG])
    return Feedback(right=False, sentence=sentence, explain=asked.explain)


def misplaced(asked: Asked, order: Sequence[int]) -> tuple[int, ...]:
    """The items, by their index, that would have to move for all others to be in order: as few as possible.

    Where several would do, those stay that stand nearest to where they belong.
    """
    items = [asked.items[index] for index in order]
    off = [abs(_displaced(items, at)) for at in range(len(items))]
    for count in range(len(items), 0, -1):
        kept = [places for places in combinations(range(len(items)), count) if _rises(items, places)]
        if kept:
            stay = min(kept, key=lambda places: sum(off[at] for at in places))
            return tuple(index for at, index in enumerate(order) if at not in stay)
    return ()


def _rises(items: Sequence[Item], places: Sequence[int]) -> bool:
    return all(items[before].place <= items[after].place for before, after in pairwise(places))


def _displaced(items: Sequence[Item], at: int) -> int:
    """How many places an item stands too late, or less than 0: too early."""
    first = items[at].place - 1
    last = first + sum(item.place == items[at].place for item in items) - 1
    return at - last if at > last else min(0, at - first)


def _stands_wrongly(asked: Asked, order: Sequence[int], index: int) -> str:
    items, at = [asked.items[index] for index in order], order.index(index)
    displaced = _displaced(items, at)
    # It may stand in the very place where it belongs while those around it are moved: by what comes after it, then.
    early = displaced < 0 or (not displaced and any(item.place < items[at].place for item in items[at:]))
    return f"“{items[at].text}” stands too {'early' if early else 'late'}. {items[at].why}"


# ── what is typed ────────────────────────────────────────────────────────────────────────────────────────────────────


def answer_text(asked: Asked, text: str) -> Feedback:
    """Judge a typed number, shape or output; what is none of them is not understood and counts for nothing."""
    judge = {"shape": _answer_shape, "output": _answer_output}.get(asked.question.kind, _answer_number)
    return judge(asked, text)


def _answer_shape(asked: Asked, text: str) -> Feedback:
    shape = read_shape(text)
    if shape is None:
        return _not_understood(asked, "That is not a shape. Write its sizes as numbers: (64, 128), 64x128, or (3,).")
    if shape == asked.shape:
        return Feedback(right=True, sentence="Right.", explain=asked.explain)
    known = next((why for value, why in asked.mistakes if value == shape), None)
    return Feedback(right=False, sentence=known or about_shape(shape, asked.shape or ()), explain=asked.explain)


def _answer_number(asked: Asked, text: str) -> Feedback:
    readings = read_number(text)
    if not readings:
        return _not_understood(asked, "That is not a number. Write it like 0.5, 1/2, 1e-3 or 3*4 + 1.")
    right = asked.number
    assert right is not None  # draw() made it
    tolerance = asked.question.tolerance
    if any(equal(number, right, tolerance) for number in readings):
        return Feedback(right=True, sentence="Right.", explain=asked.explain)
    for value, why in asked.mistakes:
        if isinstance(value, float) and any(equal(number, value, tolerance) for number in readings):
            return Feedback(right=False, sentence=why, explain=asked.explain)
    return Feedback(right=False, sentence=about_number(readings[0], right, tolerance), explain=asked.explain)


def _answer_output(asked: Asked, text: str) -> Feedback:
    typed, right, tolerance = read_output(text), read_output(asked.answer), asked.question.tolerance
    if not typed:
        return _not_understood(asked, "Type what the code prints; a space does for a new line.")
    if same_output(typed, right, tolerance):
        return Feedback(right=True, sentence="Right.", explain=asked.explain)
    for printed, why in asked.mistakes:
        if isinstance(printed, str) and same_output(typed, read_output(printed), tolerance):
            return Feedback(right=False, sentence=why, explain=asked.explain)
    if same_output(typed, right, tolerance, commas=False):
        sentence = f"Right. Python writes it so: `{' '.join(asked.answer.split())}`."
        return Feedback(right=True, sentence=sentence, explain=asked.explain)
    return Feedback(right=False, sentence=about_output(typed, right, tolerance), explain=asked.explain)


def _not_understood(asked: Asked, sentence: str) -> Feedback:
    return Feedback(right=False, sentence=sentence, explain=asked.explain, understood=False)
