"""Each kind of question at the keyboard, in a quiz of one question and in a lesson: real app, real keys, real box."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

import tutor.grading
from tests.kinds import FORMULA, LINE, ORDER, OUTPUT, RECALL, toml
from tutor.course import Asked, CodeLine, Feedback, Question
from tutor.errors import TutorError
from tutor.learner import Box
from tutor.paths import Paths
from tutor.progress import LessonState, Store
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.screens.lesson import LessonScreen
from tutor.tui.screens.quiz import QuizScreen
from tutor.tui.widgets.answer import Answer, AnswerLine, Place
from tutor.tui.widgets.places import Ordering

SLUG = "01-kinds"
SIZES = [(80, 24), (120, 36)]
COURSE = f'[[part]]\ntitle = "Kinds"\nlesson = [{{ slug = "{SLUG}", title = "Kinds", minutes = 5 }}]\n'
LESSON = """+++
title = "Kinds"
concept = "kinds"
goal = "See them."
minutes = 5
difficulty = "easy"
objectives = ["see them"]
+++

## A page

```predict
QUESTION
```

What stands behind it.
"""


class Sitter:
    """Somebody at the keyboard, in front of a quiz of these questions."""

    def __init__(self, app: TutorApp, pilot: Pilot[int], store: Store) -> None:
        self.app, self.pilot, self.store = app, pilot, store

    @property
    def shown(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def answer(self) -> Answer:
        return self.app.screen.query(Answer).last()

    @property
    def asked(self) -> Asked:
        return self.answer.asked

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.shown
            await self.pilot.pause(0.01)

    async def sees(self, *words: str) -> None:
        await self.until(lambda: all(word in self.shown for word in words))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def say(self, text: str) -> None:
        """Type a line and press enter."""
        line = self.answer.place
        assert isinstance(line, AnswerLine)
        await self.until(lambda: line.has_focus)
        line.value = text
        await self.press("enter")

    def digit(self, text: str) -> str:
        return str([item.text for item in self.asked.items].index(text) + 1)


@asynccontextmanager
async def sitting(
    folder: Path, *questions: Question, size: tuple[int, int] = (80, 24), screen: str = "quiz"
) -> AsyncIterator[Sitter]:
    lessons, quizzes = folder / "lessons", folder / "quizzes"
    (lessons / SLUG).mkdir(parents=True)
    quizzes.mkdir()
    (lessons / "course.toml").write_text(COURSE)
    page = LESSON.replace("QUESTION", toml(questions[:1]).split("\n", 1)[1].strip())
    (lessons / SLUG / "lesson.md").write_text(page)
    (quizzes / f"{SLUG}.toml").write_text(toml(questions))
    paths = Paths(folder / "user_data", lessons, quizzes)
    with Store.open(paths) as store:
        store.record("welcomed")
        app = TutorApp(paths, store, Opening(screen, SLUG))  # type: ignore[arg-type]
        async with app.run_test(size=size) as pilot:
            sitter = Sitter(app, pilot, store)
            wanted = QuizScreen if screen == "quiz" else LessonScreen
            await sitter.until(lambda: isinstance(app.screen, wanted) and bool(app.screen.query(Answer)))
            await pilot.pause()
            yield sitter


def stored(sitter: Sitter) -> tuple[int, int]:
    """How many were right at the first try, and of how many: written by another thread, a moment later."""
    state = sitter.store.refresh().lessons.get(SLUG, LessonState())
    return state.quiz_right, state.quiz_asked


# ── an order ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
async def test_an_order_is_given_by_digits(tmp_path: Path, size: tuple[int, int]) -> None:
    async with sitting(tmp_path, ORDER, size=size) as sitter:
        await sitter.until(lambda: sitter.answer.place.has_focus)
        await sitter.press("enter")
        await sitter.sees("Press the digit of what comes first")
        right = [sitter.digit(item.text) for item in ORDER.item]
        await sitter.press(right[1], right[0], "backspace", "backspace", *right[:4])
        await sitter.sees("1st  logits = net.forward(x)", "3rd  net.backward(grad)")
        await sitter.press("enter")
        await sitter.sees("1 of 5 have no place yet.")
        await sitter.press(right[0], right[4], "enter")  # a digit that has its place changes nothing
        await sitter.sees("✓ Right", "✓ 5th  W2 -= lr * grad_W2", "Forward, loss, backward, update.")
        await sitter.press("1", "backspace")
        await sitter.sees("✓ 5th")
        await sitter.until(lambda: stored(sitter) == (1, 1))


async def test_an_order_is_given_by_arrows_and_what_is_missed_comes_again_otherwise(tmp_path: Path) -> None:
    async with sitting(tmp_path, ORDER) as sitter:
        place = sitter.answer.place
        assert isinstance(place, Ordering)
        await sitter.until(lambda: place.has_focus)
        wrong = [2, 0, 1, 3, 4]
        for index in wrong:
            wanted = int(sitter.digit(ORDER.item[index].text)) - 1
            while place.at != wanted:
                steps = place.left.index(wanted) - place.left.index(place.at)
                await sitter.press("down" if steps > 0 else "k")
            await sitter.press("space")
        await sitter.press("enter")
        await sitter.sees(
            "✗ Not right", "“net.backward(grad)” stands too early.", "✗ 3rd  net.backward(grad)   you: 1st"
        )
        await sitter.press("enter")
        await sitter.sees("once more 1 of 1")
        await sitter.press(*(sitter.digit(item.text) for item in ORDER.item), "enter")
        await sitter.sees("✓ Right")
        await sitter.until(lambda: stored(sitter) == (0, 1))


# ── a line of code ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
async def test_the_faulty_line_is_picked_by_its_number(tmp_path: Path, size: tuple[int, int]) -> None:
    async with sitting(tmp_path, LINE, size=size) as sitter:
        await sitter.until(lambda: sitter.answer.place.has_focus)
        await sitter.sees("▸ 1  x = self.x", "  3  self.grad_W = x.T @ g / len(x)")
        await sitter.press("2", "9")  # the empty line, and none at all
        assert sitter.answer.given is None
        await sitter.press("4")
        await sitter.sees("✗ Not right", "A sum belongs here.", "✓ 3", "✗ 4", "· 1", "The mean was taken in the loss.")
        await sitter.until(lambda: stored(sitter) == (0, 1))


async def test_the_faulty_line_is_picked_with_arrows(tmp_path: Path) -> None:
    async with sitting(tmp_path, LINE) as sitter:
        await sitter.until(lambda: sitter.answer.place.has_focus)
        await sitter.press("enter")
        await sitter.sees("⏎ again for line 1")
        await sitter.press("down", "up", "j", "enter")
        await sitter.sees("✓ Right", "Yes: the mean is taken again.")


async def test_lines_of_two_digits_are_gone_to_by_their_first(tmp_path: Path) -> None:
    code = "\n".join(f"step({number})" for number in range(1, 14))
    lines = tuple(CodeLine(number, f"why {number}", number == 12) for number in (1, 3, 12, 13))
    async with sitting(tmp_path, msgspec.structs.replace(LINE, code=code, line=lines)) as sitter:
        await sitter.until(lambda: sitter.answer.place.has_focus)
        await sitter.press("1")
        await sitter.sees("▸ 12  step(12)")
        await sitter.press("enter")
        await sitter.sees("✓ Right", "why 12")


# ── a formula ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
async def test_a_formula_is_judged_in_the_box(tmp_path: Path, size: tuple[int, int]) -> None:
    async with sitting(tmp_path, FORMULA, size=size) as sitter:
        await sitter.sees("In NumPy, of x, g, N, n_in, n_out.")
        await sitter.say("x.T @")
        await sitter.sees("something is missing at its end")
        assert sitter.answer.given is None
        await sitter.say("(G.T @ x).T")
        await sitter.sees("✓ Right   you said (G.T @ x).T", "The samples must meet.")
        await sitter.until(lambda: stored(sitter) == (1, 1))


async def test_a_wrong_formula_has_its_sentence_and_comes_again_with_fresh_numbers(tmp_path: Path) -> None:
    async with sitting(tmp_path, FORMULA) as sitter:
        assert isinstance(sitter.app.screen, QuizScreen)
        sitter.app.screen.sitting.rng = random.Random(3)
        first = sitter.asked.values
        await sitter.say("x.T @ g / len(x)")
        await sitter.sees("✗ Not right", "The mean was taken in the loss.")
        await sitter.press("enter")
        await sitter.sees("once more 1 of 1")
        assert sitter.asked.values != first
        await sitter.say("np.einsum('ni,no->io', x, g)")
        await sitter.sees("✓ Right")


async def test_a_slow_formula_says_that_it_is_judged_and_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, asked_for = threading.Event(), []

    def slowly(asked: Asked, text: str, box: Box) -> Feedback:
        asked_for.append(text)
        assert go_on.wait(20)
        return Feedback(right=True, sentence="Right.", explain=asked.explain)

    async with sitting(tmp_path, FORMULA) as sitter:
        monkeypatch.setattr(tutor.grading, "answer_formula", slowly, raising=False)
        await sitter.say("x.T @ g")
        await sitter.sees("judging …")
        await sitter.press("enter", "enter")
        go_on.set()
        await sitter.sees("✓ Right")
        assert asked_for == ["x.T @ g"] and "judging" not in sitter.shown


async def test_leaving_while_a_formula_is_judged_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slowly(asked: Asked, text: str, box: Box) -> Feedback:
        assert go_on.wait(20)
        return Feedback(right=True, sentence="Right.", explain=asked.explain)

    async with sitting(tmp_path, FORMULA) as sitter:
        monkeypatch.setattr(tutor.grading, "answer_formula", slowly, raising=False)
        await sitter.say("x.T @ g")
        await sitter.press("escape")
        await sitter.until(lambda: not isinstance(sitter.app.screen, QuizScreen))
        go_on.set()
        await sitter.until(lambda: not any(worker.is_running for worker in sitter.app.workers))
        sitter.app.open_quiz(SLUG)
        await sitter.until(lambda: isinstance(sitter.app.screen, QuizScreen) and bool(sitter.app.screen.query(Answer)))
        assert sitter.answer.given is None


async def test_a_formula_that_cannot_be_judged_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(asked: Asked, text: str, box: Box) -> Feedback:
        raise TutorError("The box does not start.", "No room.", "Try `tutor doctor`.")

    async with sitting(tmp_path, FORMULA) as sitter:
        monkeypatch.setattr(tutor.grading, "answer_formula", broken, raising=False)
        await sitter.say("x.T @ g")
        await sitter.sees("The box does not start. No room. Try tutor doctor.")
        assert sitter.answer.given is None


# ── an output, a card ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
async def test_an_output_is_typed_in_one_line(tmp_path: Path, size: tuple[int, int]) -> None:
    async with sitting(tmp_path, OUTPUT, size=size) as sitter:
        await sitter.sees("import numpy as np", "print(g.shape)", "a space does for a new line")
        await sitter.say("")
        await sitter.sees("Type what the code prints")
        await sitter.say(" ".join(sitter.asked.answer.split()))
        await sitter.sees("✓ Right   you said [", "It adds down the columns.")


@pytest.mark.parametrize("size", SIZES)
async def test_a_card_is_turned_and_graded(tmp_path: Path, size: tuple[int, int]) -> None:
    async with sitting(tmp_path, RECALL, size=size) as sitter:
        await sitter.until(lambda: sitter.answer.place.has_focus)
        assert "One bias" not in sitter.shown
        await sitter.press("1")  # not before the card is turned
        assert sitter.answer.given is None
        await sitter.press("enter")
        await sitter.sees("One bias", "1  I knew it", "2  not yet")
        await sitter.press("enter")
        await sitter.sees("Press 1 if you knew it, 2 if not yet.")
        await sitter.press("2")
        await sitter.sees("✗ Not yet", "One bias", "what you missed, once more")
        await sitter.press("enter")
        await sitter.sees("once more 1 of 1")
        await sitter.press("enter", "down", "up", "enter")
        await sitter.sees("✓ You knew it")
        await sitter.until(lambda: stored(sitter) == (0, 1))


# ── in a lesson ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("question", [ORDER, LINE, RECALL], ids=lambda question: question.kind)
async def test_a_prediction_of_each_kind_has_the_keys_where_it_stands(tmp_path: Path, question: Question) -> None:
    async with sitting(tmp_path, question, screen="lesson") as sitter:
        await sitter.until(lambda: sitter.answer.place.has_focus)
        assert "What stands behind it." not in sitter.shown
        keys = {
            "order": [*map(sitter.digit, (item.text for item in ORDER.item if sitter.asked.items)), "enter"],
            "line": ["3"],
            "recall": ["enter", "1"],
        }[question.kind]
        await sitter.press(*keys)
        await sitter.until(lambda: sitter.answer.given is not None and sitter.answer.given.feedback.right)
        await sitter.press("space")
        await sitter.sees("What stands behind it.")


@pytest.mark.parametrize("question", [FORMULA, OUTPUT], ids=lambda question: question.kind)
async def test_a_prediction_that_is_typed_is_judged_in_the_lesson(tmp_path: Path, question: Question) -> None:
    async with sitting(tmp_path, question, screen="lesson") as sitter:
        await sitter.press("enter")
        await sitter.say("x.T @ g" if question.kind == "formula" else sitter.asked.answer.replace("\n", " "))
        await sitter.until(lambda: sitter.answer.given is not None and sitter.answer.given.feedback.right)
        assert not isinstance(sitter.answer.place, Place)
