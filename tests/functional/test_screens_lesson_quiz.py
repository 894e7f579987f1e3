"""The lesson and the quiz as a learner goes through them: real keys, real app, a small course of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from tests.reading import press, shown, until
from tutor.paths import Paths
from tutor.progress import Progress, Store
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.screens.lesson import LessonScreen
from tutor.tui.screens.lesson_blocks import RunBlock
from tutor.tui.screens.quiz import QuizScreen
from tutor.tui.widgets.answer import Answer, AnswerLine, Choices
from tutor.tui.widgets.keybar import MOST_KEYS, KeyBar

SIZES = [(80, 24), (120, 36)]
SLUG = "01-tiny"

PART = """
[[part]]
title = "Part {number}"
lesson = [{{ slug = "0{number}-tiny", title = "Tiny", minutes = 5 }}]
"""

LESSON = """+++
title = "Tiny"
concept = "tiny"
goal = "See it."
minutes = 5
difficulty = "easy"
objectives = ["see it"]
+++

## The first page

Words with `code` and [b]brackets[/b].

```math
y = x^2
```

```predict
id = "tiny-predict-shape"
kind = "shape"
text = "Which shape has it?"
explain = "Because two and three."
answer = "(2, 3)"
[[mistake]]
answer = "(3, 2)"
why = "That lies on its side."
```

What stands behind the first question.

```predict
id = "tiny-predict-one"
kind = "one"
text = "And this one?"
explain = "So it is."
[[choice]]
text = "the right one"
why = "Yes, this."
right = true
[[choice]]
text = "the wrong one"
why = "No, not this."
```

What stands behind the second question.

## The second page

```python run
print("from the box", 6 * 7)
```

LONG

## The third page

```mistake
title = "A slip"
symptom = "It is wrong."
cause = "A slip of the pen."
test = "Look again."
```
""".replace("LONG", "\n\n".join(f"Paragraph {number} of a long page." for number in range(40)))

QUIZ = """
[[question]]
id = "tiny-one"
kind = "one"
text = "Pick the right one."
explain = "One explained."
choice = [
    { text = "right", why = "Yes.", right = true },
    { text = "wrong", why = "That one is wrong." },
]

[[question]]
id = "tiny-several"
kind = "several"
text = "Pick the right ones."
explain = "Several explained."
choice = [
    { text = "right a", why = "Yes.", right = true },
    { text = "right b", why = "Yes.", right = true },
    { text = "wrong", why = "That does not." },
]

[[question]]
id = "tiny-number"
kind = "number"
text = "What is {a} + 1?"
explain = "Number explained."
answer = "a + 1"
draw = { a = [1, 2] }

[[question]]
id = "tiny-shape"
kind = "shape"
text = "Which shape has a row of four?"
explain = "Shape explained."
answer = "(4,)"
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    lesson = tmp_path / "lessons" / SLUG
    lesson.mkdir(parents=True)
    (tmp_path / "lessons" / "course.toml").write_text("".join(PART.format(number=n) for n in range(1, 5)))
    (lesson / "lesson.md").write_text(LESSON)
    (lesson / "intuition.md").write_text("## The picture\n\nThink of a tiny thing.\n")
    (lesson / "math.md").write_text("## Step one\n\nDerive.\n\n## Step two\n\nDone.\n")
    (tmp_path / "quizzes").mkdir()
    (tmp_path / "quizzes" / f"{SLUG}.toml").write_text(QUIZ)
    return Paths(user_data=tmp_path / "user_data", lessons=tmp_path / "lessons", quizzes=tmp_path / "quizzes")


@pytest.fixture
def store(paths: Paths) -> Iterator[Store]:
    with Store.open(paths) as store:
        store.record("welcomed")
        yield store


async def scroll_to_end(pilot: Pilot[int]) -> None:
    body = pilot.app.screen.query_one("#body")
    body.scroll_end(animate=False)
    await until(pilot, lambda: body.scroll_offset.y == body.max_scroll_y)
    await pilot.pause()


async def type_text(pilot: Pilot[int], text: str) -> None:
    named = {"(": "left_parenthesis", ")": "right_parenthesis", ",": "comma", " ": "space"}
    await press(pilot, *(named.get(sign, sign) for sign in text))


async def opened(pilot: Pilot[int], screen: type[LessonScreen | QuizScreen]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))
    await pilot.pause()


def keys_in_footer(pilot: Pilot[int]) -> list[str]:
    return [binding.description for binding in pilot.app.screen.query_one(KeyBar).bindings()]


def lesson_app(paths: Paths, store: Store) -> TutorApp:
    return TutorApp(paths, store, Opening("lesson", SLUG))


def quiz_app(paths: Paths, store: Store) -> TutorApp:
    return TutorApp(paths, store, Opening("quiz", SLUG))


# ── the lesson ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", SIZES)
async def test_what_follows_a_question_is_hidden_until_it_is_answered(
    paths: Paths, store: Store, size: tuple[int, int]
) -> None:
    async with lesson_app(paths, store).run_test(size=size) as pilot:
        await opened(pilot, LessonScreen)
        assert "[b]brackets[/b]" in shown(pilot) and "y  =  x²" in shown(pilot)
        assert "page 1 of 3" in shown(pilot) and "Which shape has it?" in shown(pilot)
        assert "behind the first" not in shown(pilot)
        assert 1 < len(keys_in_footer(pilot)) <= MOST_KEYS and "skip" in keys_in_footer(pilot)

        await type_text(pilot, "(3,2)")  # a digit or a bracket goes to the answer line by itself
        assert isinstance(pilot.app.focused, AnswerLine) and pilot.app.focused.value == "(3,2)"
        await press(pilot, "enter")
        await until(pilot, lambda: "✗ Not right" in shown(pilot))
        assert "That lies on its side." in shown(pilot) and "Because two and three." in shown(pilot)
        await scroll_to_end(pilot)
        await until(pilot, lambda: "What stands behind the first question." in shown(pilot))
        assert "What stands behind the second question." not in shown(pilot)

        await until(pilot, lambda: isinstance(pilot.app.focused, Choices))
        assert "Press its digit." in shown(pilot)
        await press(pilot, "f7")  # reads on without an answer
        await until(pilot, lambda: "· Skipped" in shown(pilot))
        assert "Press its digit." not in shown(pilot)
        await scroll_to_end(pilot)
        await until(pilot, lambda: "What stands behind the second question." in shown(pilot))

        await press(pilot, "n", "p")
        await until(pilot, lambda: "page 1 of 3" in shown(pilot))
        await until(pilot, lambda: "✗ Not right" in shown(pilot) or "That lies" in shown(pilot))  # it is still answered
    assert store.refresh().lessons[SLUG].quiz_asked == 0  # a guess in the lesson is no answer of the quiz


async def test_letters_are_text_in_the_answer_line_and_keys_outside_it(paths: Paths, store: Store) -> None:
    async with lesson_app(paths, store).run_test(size=(80, 24)) as pilot:
        await opened(pilot, LessonScreen)
        await press(pilot, "enter")  # goes to the question first
        assert isinstance(pilot.app.focused, AnswerLine)
        await press(pilot, "n", "p")
        assert pilot.app.focused.value == "np" and "page 1 of 3" in shown(pilot)
        await press(pilot, "enter")
        assert "That is not a shape." in shown(pilot)
        await press(pilot, "escape")  # leaves the line
        assert pilot.app.focused is None and isinstance(pilot.app.screen, LessonScreen)
        await press(pilot, "n")
        assert "page 2 of 3" in shown(pilot)
        await press(pilot, "escape")  # leaves the lesson
        assert not isinstance(pilot.app.screen, LessonScreen)


async def test_keys_count_in_the_order_in_which_they_were_pressed(paths: Paths, store: Store) -> None:
    async with lesson_app(paths, store).run_test(size=(80, 24)) as pilot:
        await opened(pilot, LessonScreen)
        await press(pilot, "enter")
        line = pilot.app.focused
        assert isinstance(line, AnswerLine)
        for key in ("1", "2", "backspace", "3", "left", "left", "delete", "4"):  # faster than the app takes them in
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: line.value == "43")


@pytest.mark.parametrize("size", SIZES)
async def test_space_reads_to_the_end_of_a_page_and_turns_it(paths: Paths, store: Store, size: tuple[int, int]) -> None:
    async with lesson_app(paths, store).run_test(size=size) as pilot:
        await opened(pilot, LessonScreen)
        await press(pilot, "n")
        seen = ""
        for _ in range(20):
            seen += shown(pilot)
            if "page 3 of 3" in seen:
                break
            await press(pilot, "space")
        assert all(f"Paragraph {number} of" in seen for number in range(40))
        assert "A slip of the pen." in shown(pilot) and "Because" in shown(pilot)


async def test_the_page_is_remembered_and_the_end_leads_to_the_quiz(paths: Paths, store: Store) -> None:
    async with lesson_app(paths, store).run_test() as pilot:
        await opened(pilot, LessonScreen)
        await press(pilot, "n")
    state = store.refresh().lessons[SLUG]
    assert state.section == 1 and not state.read
    async with lesson_app(paths, store).run_test() as pilot:
        await opened(pilot, LessonScreen)
        assert "page 2 of 3" in shown(pilot)
        await press(pilot, "n", "enter")
        await opened(pilot, QuizScreen)
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, LessonScreen)  # the quiz took its place
    assert store.refresh().lessons[SLUG].read


async def test_the_side_pages_and_the_way_back(paths: Paths, store: Store) -> None:
    async with lesson_app(paths, store).run_test() as pilot:
        await opened(pilot, LessonScreen)
        await press(pilot, "n", "i")
        assert "Think of a tiny thing." in shown(pilot) and "page 1 of 1" in shown(pilot)
        await press(pilot, "i")
        assert "page 2 of 3" in shown(pilot)
        await press(pilot, "m", "n")
        assert "Step two" in shown(pilot)
        await press(pilot, "n")
        assert "page 2 of 3" in shown(pilot)
        await press(pilot, "m", "escape")
        assert "page 2 of 3" in shown(pilot)
    assert store.refresh().lessons[SLUG].section == 1


async def test_code_runs_in_the_box_and_its_output_stays(paths: Paths, store: Store) -> None:
    async with lesson_app(paths, store).run_test(size=(120, 36)) as pilot:
        await opened(pilot, LessonScreen)
        await press(pilot, "n")
        assert "run" in keys_in_footer(pilot) and "r runs it" in shown(pilot)
        await press(pilot, "r")
        await until(pilot, lambda: "│ from the box 42" in shown(pilot))
        await press(pilot, "n", "p")
        await until(pilot, lambda: "│ from the box 42" in shown(pilot))


async def test_a_fault_of_the_code_is_a_sentence(paths: Paths, store: Store) -> None:
    lesson = paths.lessons / SLUG / "lesson.md"
    lesson.write_text(lesson.read_text().replace('print("from the box", 6 * 7)', "1 / 0"))
    async with lesson_app(paths, store).run_test(size=(120, 36)) as pilot:
        await opened(pilot, LessonScreen)
        await press(pilot, "n", "r")
        block = pilot.app.screen.query_one(RunBlock)
        await until(pilot, lambda: block.shown is not None)
        assert block.shown is not None and block.shown.fault
        await until(pilot, lambda: "✗ " in shown(pilot))


# ── the quiz ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def answer_of(pilot: Pilot[int]) -> Answer:
    return pilot.app.screen.query(Answer).last()


def digit_of(pilot: Pilot[int], text: str) -> str:
    texts = [choice.text for choice in answer_of(pilot).asked.choices]
    return str(texts.index(text) + 1)


async def next_question(pilot: Pilot[int], name: str) -> None:
    """Go on, until that question stands there and takes keys."""
    await press(pilot, "enter")
    await until(pilot, lambda: bool(pilot.app.screen.query(Answer)) and answer_of(pilot).asked.question.id == name)
    await until(pilot, lambda: answer_of(pilot).place.has_focus)


@pytest.mark.parametrize("size", SIZES)
async def test_a_whole_quiz_by_keyboard(paths: Paths, store: Store, size: tuple[int, int]) -> None:
    async with quiz_app(paths, store).run_test(size=size) as pilot:
        await opened(pilot, QuizScreen)
        await until(pilot, lambda: isinstance(pilot.app.focused, Choices))
        assert "1 of 4 · right so far 0" in shown(pilot)
        await press(pilot, digit_of(pilot, "wrong"))
        assert "✗ Not right" in shown(pilot) and "That one is wrong." in shown(pilot)
        assert "One explained." in shown(pilot)
        await press(pilot, digit_of(pilot, "right"))  # the answer stands
        assert "✗ Not right" in shown(pilot)

        await next_question(pilot, "tiny-several")
        await press(pilot, digit_of(pilot, "right a"), digit_of(pilot, "right b"), "enter")
        assert "✓ Right" in shown(pilot) and "right so far 1" in shown(pilot)

        await next_question(pilot, "tiny-number")
        await press(pilot, "n", "o", "enter")
        assert "That is not a number." in shown(pilot) and not answer_of(pilot).given
        await press(pilot, "backspace", "backspace")
        number = answer_of(pilot).asked.number
        assert number is not None
        await press(pilot, *str(int(number)), "enter")
        assert "✓ Right" in shown(pilot) and "Number explained." in shown(pilot)

        await next_question(pilot, "tiny-shape")
        await type_text(pilot, "(4,)")
        await press(pilot, "enter")
        assert "✓ Right" in shown(pilot)
        assert "what you missed, once more" in shown(pilot)

        await next_question(pilot, "tiny-one")
        assert "once more 1 of 1" in shown(pilot)
        await press(pilot, digit_of(pilot, "right"), "enter")
        await until(pilot, lambda: "3 of 4 right at the first try." in shown(pilot))
        assert "The one you missed came out right the second time." in shown(pilot)
        assert "◐ Pick the right one." in shown(pilot) and "✓ Pick the right ones." in shown(pilot)
        assert "go on" in keys_in_footer(pilot) and "again" in keys_in_footer(pilot)

        await press(pilot, "r")
        await until(pilot, lambda: "1 of 4 · right so far 0" in shown(pilot))
    assert result(store.refresh()) == (3, 4)


def result(progress: Progress) -> tuple[int, int]:
    state = progress.lessons[SLUG]
    return state.quiz_right, state.quiz_asked


async def test_arrows_and_space_pick_too(paths: Paths, store: Store) -> None:
    async with quiz_app(paths, store).run_test() as pilot:
        await opened(pilot, QuizScreen)
        await until(pilot, lambda: isinstance(pilot.app.focused, Choices))
        steps = int(digit_of(pilot, "right")) - 1
        await press(pilot, *["j"] * steps, *(["j", "k"] if not steps else []), "enter")
        assert "✓ Right" in shown(pilot)
        await next_question(pilot, "tiny-several")
        for text in ("right a", "right b"):
            await press(pilot, *["k"] * 3, *["down"] * (int(digit_of(pilot, text)) - 1), "space")
        await press(pilot, "enter")
        assert "✓ Right" in shown(pilot)


async def test_an_enter_too_many_answers_nothing(paths: Paths, store: Store) -> None:
    async with quiz_app(paths, store).run_test() as pilot:
        await opened(pilot, QuizScreen)
        await until(pilot, lambda: isinstance(pilot.app.focused, Choices))
        await press(pilot, "enter")
        assert "⏎ again for 1" in shown(pilot) and "right so far 0" in shown(pilot)
        assert result(store.refresh()) == (0, 0)
        await press(pilot, "enter")  # a second one means what is marked
        await until(pilot, lambda: "✓ Right" in shown(pilot) or "✗ Not right" in shown(pilot))
        assert "⏎ again" not in shown(pilot)


async def test_leaving_in_the_middle_loses_nothing(paths: Paths, store: Store) -> None:
    async with quiz_app(paths, store).run_test() as pilot:
        await opened(pilot, QuizScreen)
        await until(pilot, lambda: isinstance(pilot.app.focused, Choices))
        await press(pilot, digit_of(pilot, "right"), "escape")
        assert not isinstance(pilot.app.screen, QuizScreen)
        app = pilot.app
        assert isinstance(app, TutorApp)
        app.open_quiz(SLUG)
        await opened(pilot, QuizScreen)
        await until(pilot, lambda: "right so far 1" in shown(pilot))
        assert "2 of 4" in shown(pilot)
    assert result(store.refresh()) == (1, 1)


async def test_a_pasted_megabyte_does_no_harm(paths: Paths, store: Store) -> None:
    quiz = paths.quizzes / f"{SLUG}.toml"
    quiz.write_text(
        quiz.read_text().replace('kind = "one"', 'kind = "number"\nanswer = "3"', 1).split("choice = [", 1)[0] + "\n"
    )
    async with quiz_app(paths, store).run_test(notifications=True) as pilot:
        await opened(pilot, QuizScreen)
        await until(pilot, lambda: isinstance(pilot.app.focused, AnswerLine))
        line = pilot.app.focused
        assert isinstance(line, AnswerLine)
        line.post_message(events.Paste("9[b]\x1b[31m" * 200_000))
        await until(pilot, lambda: "too long for an answer" in shown(pilot))
        assert line.value == ""
        line.post_message(events.Paste(" 3\x1b[31m\n"))
        await until(pilot, lambda: line.value == "3")
        await press(pilot, "enter")
        assert "✓ Right" in shown(pilot)
    assert result(store.refresh()) == (1, 1)


async def test_a_broken_quiz_leaves_the_lesson_where_it_is(paths: Paths, store: Store) -> None:
    (paths.quizzes / f"{SLUG}.toml").write_text("not toml")
    async with lesson_app(paths, store).run_test() as pilot:
        await opened(pilot, LessonScreen)
        await press(pilot, "n", "n", "n")
        await pilot.pause()
        assert isinstance(pilot.app.screen, LessonScreen) and "page 3 of 3" in shown(pilot)
