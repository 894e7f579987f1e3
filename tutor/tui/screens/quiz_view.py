"""A sitting of a quiz, and how it goes as lines: pure functions of what was asked and answered, and a width."""

from __future__ import annotations

import random
from typing import NamedTuple

from textual.content import Content

from tutor.course import Asked, Question, draw
from tutor.tui.rendering import MEASURE, clickable, opening_words

SEEDS = 2**31

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
    """One line: the sign, and the words of the question as it was last asked, as far as they go."""
    words = opening_words(sitting.asked[question.id].text)
    words = words.stylize_before("$foreground" if sitting.first.get(question.id) else "$bright")
    return (_sign(sitting, question) + Content(" ") + words).truncate(width, ellipsis=True)
