"""A question and a sitting of a quiz as lines: pure functions of what was asked and answered, and a width."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import NamedTuple

from textual.content import Content

from tutor.course import Asked, Feedback, Question, draw
from tutor.tui.rendering import MEASURE, clickable, hanging, inline_content, markdown_content

SEEDS = 2**31

# An answer line says itself what it takes.
ASKS = {"one": "One is right.", "several": "Pick every one that fits."}
KEYS = {"one": "Press its digit.", "several": "Digits tick, ⏎ answers."}

# ── a sitting ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Step(NamedTuple):
    """One question on the screen: its drawn values, and whether it comes for the second time."""

    asked: Asked
    again: bool


class Sitting:
    """One sitting of a quiz: every question once in order, and at the end once more those that were missed."""

    def __init__(self, questions: tuple[Question, ...], rng: random.Random, session: str) -> None:
        self.questions = questions
        self.rng = rng
        self.session = session  # names the sitting in the stored events
        self.asked: dict[str, Asked] = {}  # question id -> as it was last drawn
        self.first: dict[str, bool] = {}  # question id -> right at the first try
        self.second: dict[str, bool] = {}  # the same for those that came again
        self.step = self._next()

    @property
    def missed(self) -> list[Question]:
        """What was not right at the first try, in order."""
        return [question for question in self.questions if self.first.get(question.id) is False]

    @property
    def right(self) -> int:
        """How many were right at the first try."""
        return sum(self.first.values())

    @property
    def again_right(self) -> int:
        """How many of the missed ones were right the second time."""
        return sum(self.second.values())

    def answered(self, right: bool) -> None:
        """Count the answer to the question on the screen."""
        assert self.step is not None  # an answer belongs to a question
        asked = self.step.asked
        self.asked[asked.question.id] = asked
        (self.second if self.step.again else self.first).setdefault(asked.question.id, right)

    def advance(self) -> None:
        """Go on to the next question; `step` is None after the last."""
        self.step = self._next()

    def _next(self) -> Step | None:
        for question in self.questions:
            if question.id not in self.first:
                return Step(draw(question, self.rng.randrange(SEEDS)), again=False)
        for question in self.missed:
            if question.id not in self.second:
                return Step(draw(question, self.rng.randrange(SEEDS)), again=True)
        return None


# ── a question ───────────────────────────────────────────────────────────────────────────────────────────────────────


def question_text(asked: Asked, width: int, closed: bool = False) -> Content:
    """The question, and in a word how it is answered while it still can be."""
    parts = [markdown_content(asked.text, min(width, MEASURE)).stylize_before("$bright")]
    if asked.question.kind in ASKS:
        asks = ASKS[asked.question.kind]
        parts.append(Content.styled(asks if closed else f"{asks} {KEYS[asked.question.kind]}", "$dim"))
    return Content("\n\n").join(parts)


def choice_lines(asked: Asked, picked: Collection[int], at: int | None, answered: bool, width: int) -> list[Content]:
    """Each choice with its digit; after the answer, signs say which were right and which were picked wrongly."""
    several = asked.question.kind == "several"
    lines = []
    for number, choice in enumerate(asked.choices):
        chosen = number in picked
        pointer = Content.styled("▸ " if number == at else "  ", "$accent")
        if answered:
            sign, style = ("✓ ", "$good") if choice.right else ("✗ ", "$bad") if chosen else ("· ", "$faint")
            mark = Content.assemble((sign, style), (f"{number + 1}  ", "$dim"))
            if several:
                mark = mark + Content.styled("[x] " if chosen else "[ ] ", "$dim")
            text_style = "$foreground" if choice.right or chosen else "$dim"
        else:
            mark = Content.styled(f"{number + 1}  ", "$accent")
            if several:
                mark = mark + Content.styled("[x] " if chosen else "[ ] ", "$bright" if chosen else "$dim")
            text_style = "$bright" if number == at or chosen else "$foreground"
        lines.append(hanging(pointer + mark, choice.text, min(width, MEASURE), text_style))
    return lines


def height(content: Content) -> int:
    """How many lines."""
    return content.plain.count("\n") + 1


def feedback_text(feedback: Feedback, typed: str, width: int) -> Content:
    """Right or wrong by sign and word, the sentence tied to the answer, then the explanation."""
    measure = min(width, MEASURE)
    if not feedback.understood:
        return hanging(Content.styled("· ", "$warning"), feedback.sentence, measure, "$bright")
    verdict = Content.styled("✓ Right", "bold $good") if feedback.right else Content.styled("✗ Not right", "bold $bad")
    parts = [verdict + Content.assemble(("   you said ", "$dim"), typed) if typed else verdict]
    if feedback.sentence not in ("Right.", ""):
        parts.append(markdown_content(feedback.sentence, measure).stylize_before("$bright"))
    parts.append(markdown_content(feedback.explain, measure))
    return Content("\n\n").join(parts)


def skipped_text(asked: Asked, width: int) -> Content:
    """What stands under a question that was skipped: its explanation, for the text after it builds on that."""
    return Content("\n\n").join(
        [Content.styled("· Skipped", "$dim"), markdown_content(asked.explain, min(width, MEASURE))]
    )


# ── progress and result ──────────────────────────────────────────────────────────────────────────────────────────────


def counts(sitting: Sitting) -> Content:
    """Where the learner is in the sitting, in words."""
    step, total = sitting.step, len(sitting.questions)
    if step is None:
        return Content("")
    if step.again:
        ids = [question.id for question in sitting.missed]
        place = ids.index(step.asked.question.id) + 1
        return Content.assemble(
            ("once more ", "$accent"),
            (f"{place} of {len(ids)}", "$bright"),
            (f" · first time right {sitting.right} of {total}", "$dim"),
        )
    place = [question.id for question in sitting.questions].index(step.asked.question.id) + 1
    return Content.assemble((f"{place} of {total}", "$bright"), (f" · right so far {sitting.right}", "$dim"))


def signs(sitting: Sitting) -> Content:
    """A sign for every question: right, missed, right the second time, on the screen, to come."""
    here = sitting.step.asked.question.id if sitting.step else ""
    return Content(" ").join(_sign(sitting, question, question.id == here) for question in sitting.questions)


def _sign(sitting: Sitting, question: Question, here: bool = False) -> Content:
    answered = question.id in (sitting.second if sitting.step and sitting.step.again else sitting.first)
    if here and not answered:
        return Content.styled("▸", "$accent")
    if question.id not in sitting.first:
        return Content.styled("·", "$faint")
    if sitting.first[question.id]:
        return Content.styled("✓", "$good")
    return Content.styled("◐", "$accent") if sitting.second.get(question.id) else Content.styled("✗", "$bad")


def result(sitting: Sitting, goes_on: str, width: int) -> Content:
    """How it went, question by question, and what to do next."""
    measure = min(width, MEASURE)
    words = f"{sitting.right} of {len(sitting.questions)} right at the first try."
    parts = [Content.styled(words, "bold $bright"), Content.styled(_second_time(sitting), "$foreground")]
    rows = [_result_row(sitting, question, measure) for question in sitting.questions]
    parts.append(Content("\n").join(rows))
    parts.append(
        Content("\n").join(
            clickable(Content.assemble((f"{key:<5}", "$accent"), (does, style)), action)
            for key, does, style, action in (
                ("⏎", goes_on, "bold $bright", "screen.next"),
                ("r", "answer it again, with other numbers", "$foreground", "screen.again"),
                ("esc", "back", "$foreground", "app.back"),
            )
        )
    )
    return Content("\n\n").join(parts)


def _second_time(sitting: Sitting) -> str:
    missed, right = len(sitting.missed), sitting.again_right
    if not missed:
        return "Nothing missed."
    if missed > 1:
        return f"Of the {missed} you missed, {right or 'none'} came out right the second time."
    if right:
        return "The one you missed came out right the second time."
    return "The one you missed is still open: its page in the lesson is worth another look."


def _result_row(sitting: Sitting, question: Question, width: int) -> Content:
    """One line: the sign, and how the question began as it was last asked."""
    text = sitting.asked[question.id].text.strip().split("\n", 1)[0]
    words = inline_content(text).stylize_before("$foreground" if sitting.first.get(question.id) else "$bright")
    return (_sign(sitting, question) + Content(" ") + words).truncate(width, ellipsis=True)
