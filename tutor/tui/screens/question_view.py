"""A question as lines: pure functions of what was asked and answered, and a width."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from textual.content import Content

from tutor.course import Asked, Feedback, formula_names, misplaced
from tutor.tui.rendering import MEASURE, hanging, indented, markdown_content, python_content

# What a kind asks for, and how it is answered while it still can be.
ASKS = {
    "one": "One is right.",
    "several": "Pick every one that fits.",
}
KEYS = {
    "one": "Press its digit.",
    "several": "Digits tick, ⏎ answers.",
    "order": "Digits, from first to last; backspace takes one back; ⏎ answers.",
    "line": "Press its number, or ↑ ↓ and ⏎.",
    "recall": "Say it first, aloud or to yourself. Then turn the card.",
    "output": "Type what it prints; a space does for a new line.",
}


def question_text(asked: Asked, width: int, closed: bool = False) -> Content:
    """The question, and in a word how it is answered while it still can be."""
    kind = asked.question.kind
    parts = [markdown_content(asked.text, min(width, MEASURE)).stylize_before("$bright")]
    if asked.code and kind != "line":
        parts.append(indented(python_content(asked.code)))
    words = [ASKS.get(kind, "")] if closed else [ASKS.get(kind, ""), KEYS.get(kind, "")]
    if kind == "formula" and not closed:
        words = [f"In NumPy, of {', '.join(formula_names(asked))}."]
    if any(words):
        parts.append(hanging(Content(""), " ".join(word for word in words if word), min(width, MEASURE), "$dim"))
    return Content("\n\n").join(parts)


def height(content: Content) -> int:
    """How many lines."""
    return content.plain.count("\n") + 1


# ── the places where an answer is given ──────────────────────────────────────────────────────────────────────────────


def choice_lines(asked: Asked, picked: Collection[int], at: int | None, answered: bool, width: int) -> list[Content]:
    """Each choice with its digit; after the answer, signs say which were right and which were picked wrongly."""
    several = asked.question.kind == "several"
    lines = []
    for number, choice in enumerate(asked.choices):
        chosen = number in picked
        if answered:
            mark = _sign(choice.right, chosen) + Content.styled(f"{number + 1}  ", "$dim")
            if several:
                mark = mark + Content.styled("[x] " if chosen else "[ ] ", "$dim")
            text_style = "$foreground" if choice.right or chosen else "$dim"
        else:
            mark = Content.styled(f"{number + 1}  ", "$accent")
            if several:
                mark = mark + Content.styled("[x] " if chosen else "[ ] ", "$bright" if chosen else "$dim")
            text_style = "$bright" if number == at or chosen else "$foreground"
        lines.append(hanging(_pointer(number == at) + mark, choice.text, min(width, MEASURE), text_style))
    return lines


def order_lines(asked: Asked, order: Sequence[int], at: int | None, answered: bool, width: int) -> list[Content]:
    """What is in order already, with its places, and below it with their digits those that are left.

    After the answer all of them as they are right, each with the place that the learner gave it.
    """
    measure = min(width, MEASURE)
    if answered:
        # Those that may change places stand as the learner put them.
        right = sorted(order or range(len(asked.items)), key=lambda index: asked.items[index].place)
        return list(_answered_order(asked, order, right, measure))
    lines = []
    for place, index in enumerate(order, 1):
        mark = Content.assemble(("  ", ""), (f"{_ordinal(place)}  ", "bold $bright"))
        lines.append(hanging(mark, asked.items[index].text, measure, "$bright"))
    if 0 < len(order) < len(asked.items):
        lines.append(Content(""))
    for index in range(len(asked.items)):
        if index not in order:
            mark = _pointer(index == at) + Content.styled(f"{index + 1}    ", "$accent")
            lines.append(hanging(mark, asked.items[index].text, measure, "$bright" if index == at else "$foreground"))
    return lines


def _answered_order(asked: Asked, order: Sequence[int], right: Sequence[int], width: int) -> Iterator[Content]:
    moved = misplaced(asked, order) if order else ()  # skipped: neither right nor wrong
    for place, index in enumerate(right, 1):
        right_or_not = Content.styled("  ✗ ", "$bad") if index in moved else Content.styled("  ✓ ", "$good")
        sign = right_or_not if order else Content("  ")
        line = hanging(sign + Content.styled(f"{_ordinal(place)}  ", "$dim"), asked.items[index].text, width)
        said = f"   you: {_ordinal(order.index(index) + 1)}" if index in moved else ""
        yield line + Content.styled(said, "$dim") if said and _fits(line, said, width) else line


def _fits(line: Content, more: str, width: int) -> bool:
    return len(line.plain.rsplit("\n", 1)[-1]) + len(more) <= width


def _ordinal(place: int) -> str:
    return f"{place}{('st', 'nd', 'rd')[place - 1] if place <= 3 else 'th'}"


def code_lines(asked: Asked, picked: int | None, at: int | None, answered: bool) -> list[Content]:
    """The code with the numbers of its lines: those that may be picked are bright, the others dim."""
    candidates = {line.number: line for line in asked.lines}
    listing = python_content(asked.code).split(allow_blank=True)
    digits = len(str(len(listing)))
    lines = []
    for number, code in enumerate(listing, 1):
        line = candidates.get(number)
        sign = _sign(line.right, number == picked) if answered and line else Content("  " if answered else "")
        style = "$dim" if answered else "bold $accent" if line else "$faint"
        mark = _pointer(line is not None and number == at) + sign
        lines.append(mark + Content.styled(f"{number:>{digits}}  ", style) + code)
    return lines


def card_text(asked: Asked, turned: bool, at: int | None, width: int) -> Content:
    """The back of a card, once it is turned, and what the learner may say of themselves."""
    if not turned:
        return Content.assemble(("▸ ", "$accent"), ("⏎ ", "bold $accent"), ("turns the card", "$foreground"))
    parts = [markdown_content(asked.explain, min(width, MEASURE))]
    rows = [
        _pointer(number == at)
        + Content.assemble((f"{number + 1}  ", "$accent"), (words, "$bright" if number == at else "$foreground"))
        for number, words in enumerate(("I knew it", "not yet"))
    ]
    return Content("\n\n").join([*parts, Content("\n").join(rows)])


def _pointer(here: bool) -> Content:
    return Content.styled("▸ " if here else "  ", "$accent")


def _sign(right: bool, chosen: bool) -> Content:
    sign, style = ("✓ ", "$good") if right else ("✗ ", "$bad") if chosen else ("· ", "$faint")
    return Content.styled(sign, style)


# ── what is said to an answer ────────────────────────────────────────────────────────────────────────────────────────


def feedback_text(feedback: Feedback, typed: str, width: int, kind: str = "") -> Content:
    """Right or wrong by sign and word, the sentence tied to the answer, then the explanation."""
    measure = min(width, MEASURE)
    if not feedback.understood:
        return _hanging_lines(Content.styled("· ", "$warning"), feedback.sentence, measure)
    right, wrong = ("You knew it", "Not yet") if kind == "recall" else ("Right", "Not right")
    verdict = (
        Content.styled(f"✓ {right}", "bold $good") if feedback.right else Content.styled(f"✗ {wrong}", "bold $bad")
    )
    parts = [verdict + Content.assemble(("   you said ", "$dim"), typed) if typed else verdict]
    if feedback.sentence not in ("Right.", ""):
        parts.append(markdown_content(feedback.sentence, measure).stylize_before("$bright"))
    parts.append(markdown_content(feedback.explain, measure))
    return Content("\n\n").join(parts)


def _hanging_lines(mark: Content, text: str, width: int) -> Content:
    return hanging(mark, text, width, "$bright")


def judging_text() -> Content:
    """What stands under a formula that takes its time in the box."""
    return Content.styled("judging …", "$dim")


def skipped_text(asked: Asked, width: int) -> Content:
    """What stands under a question that was skipped: its explanation, for the text after it builds on that."""
    return Content("\n\n").join(
        [Content.styled("· Skipped", "$dim"), markdown_content(asked.explain, min(width, MEASURE))]
    )
