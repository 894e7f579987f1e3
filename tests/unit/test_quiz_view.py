from __future__ import annotations

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.kinds import FORMULA, ORDER, OUTPUT
from tutor.course import Choice, Feedback, Question, answer_choices, draw
from tutor.tui.screens import question_view, quiz_view
from tutor.tui.screens.quiz_view import Sitting
from tutor.tui.widgets.answer import AnswerLine

CHOICES = (
    Choice("`x.T @ g`", "Yes: samples meet.", right=True),
    Choice("`g.T @ x`", "That lies on its side. " + "Long words about it. " * 6),
    Choice("`x @ g`", "The sizes do not fit."),
)


def number(name: str) -> Question:
    return Question(
        id=name, kind="number", text="What is {n} + 1?", explain="Add.", answer="n + 1", draw={"n": (1, 2, 3)}
    )


def sitting(count: int) -> Sitting:
    return Sitting(tuple(number(f"q-{index}") for index in range(count)), random.Random(3), "s")


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_every_question_comes_once_and_what_was_missed_once_more(first: list[bool], second: list[bool]) -> None:
    run = sitting(len(first))
    asked = []
    answers = [*first, *second]
    while run.step is not None:
        asked.append((run.step.asked.question.id, run.step.again))
        run.answered(answers[len(asked) - 1])
        run.advance()
    missed = [f"q-{index}" for index, right in enumerate(first) if not right]
    assert asked == [(f"q-{index}", False) for index in range(len(first))] + [(name, True) for name in missed]
    assert run.right == sum(first)
    assert run.again_right == sum(second[: len(missed)])
    lines = quiz_view.result(run, "go on: the exercise", 74).plain.split("\n")
    assert lines[0] == f"{sum(first)} of {len(first)} right at the first try."
    rows = [line for line in lines if line[:2] in ("✓ ", "✗ ", "◐ ")]
    assert [row[0] for row in rows].count("✓") == sum(first)
    assert [row[0] for row in rows].count("◐") == run.again_right


def test_a_row_of_the_result_shows_words_of_the_question_cut_at_the_width() -> None:
    fenced = msgspec.structs.replace(number("q-0"), text="```text\n1 2\n```\n\nWhat is {n} + 1? " + "And why? " * 20)
    run = Sitting((fenced,), random.Random(3), "s")
    run.answered(True)
    run.advance()
    row = next(line for line in quiz_view.result(run, "go on", 40).plain.split("\n") if line.startswith("✓ "))
    assert row.startswith("✓ What is ") and row.endswith("…")
    assert len(row) == 40


def test_counting_an_answer_twice_changes_nothing() -> None:
    run = sitting(2)
    run.answered(False)
    run.answered(True)
    assert run.right == 0 and run.first == {"q-0": False}


def test_progress_says_where_the_learner_is() -> None:
    run = sitting(3)
    assert quiz_view.counts(run).plain == "1 of 3 · right so far 0"
    assert quiz_view.signs(run).plain == "▸ · ·"
    run.answered(True)
    run.advance()
    run.answered(False)
    run.advance()
    assert quiz_view.counts(run).plain == "3 of 3 · right so far 1"
    assert quiz_view.signs(run).plain == "✓ ✗ ▸"
    run.answered(True)
    run.advance()
    assert quiz_view.counts(run).plain == "once more 1 of 1 · first time right 2 of 3"
    assert quiz_view.signs(run).plain == "✓ ▸ ✓"


def test_signs_and_words_tell_right_from_wrong_after_the_answer() -> None:
    question = Question(id="q", kind="one", text="Which?", explain="The explanation.", choice=CHOICES)
    asked = draw(question, 5)
    wrong = next(index for index, choice in enumerate(asked.choices) if choice.text == "`g.T @ x`")
    lines = [line.plain for line in question_view.choice_lines(asked, {wrong}, None, True, 60)]
    signs = {choice.text: line.strip()[0] for choice, line in zip(asked.choices, lines, strict=True)}
    assert signs == {"`x.T @ g`": "✓", "`g.T @ x`": "✗", "`x @ g`": "·"}
    said = question_view.feedback_text(answer_choices(asked, {wrong}), "", 60).plain
    assert said.startswith("✗ Not right\n\nThat lies on its side.")
    assert said.endswith("The explanation.")
    assert max(map(len, said.split("\n"))) <= 60


def test_what_is_not_understood_asks_again_without_a_verdict() -> None:
    feedback = Feedback(right=False, sentence="That is not a number.", explain="Secret.", understood=False)
    said = question_view.feedback_text(feedback, "three", 60).plain
    assert said == "· That is not a number." and "✗" not in said


def test_what_was_typed_is_shown_as_it_is() -> None:
    feedback = Feedback(right=True, sentence="Right.", explain="Because.")
    assert question_view.feedback_text(feedback, "[b]3[/b]", 60).plain == "✓ Right   you said [b]3[/b]\n\nBecause."


def test_choices_hang_and_say_what_is_picked() -> None:
    choice = Choice("word " * 30, "why", right=True)
    question = Question(id="q", kind="several", text="Which?", explain="e", choice=(choice, Choice("b", "w")))
    asked = draw(question, 1)
    for index, line in enumerate(question_view.choice_lines(asked, {0}, 1, False, 40)):
        plain = line.plain
        assert ("[x]" in plain) == (index == 0) and plain.startswith("▸") == (index == 1)
        assert all(part.startswith(" " * 9) for part in plain.split("\n")[1:])
        assert max(map(len, plain.split("\n"))) <= 40


def test_an_order_that_was_passed_by_is_shown_right_and_not_called_wrong() -> None:
    asked = draw(ORDER, 1)
    lines = [line.plain for line in question_view.order_lines(asked, (), None, True, 72)]
    assert [line.split()[0] for line in lines] == ["1st", "2nd", "3rd", "4th", "5th"]
    assert [item.text.strip("`") in line for item, line in zip(ORDER.item, lines, strict=True)] == [True] * 5
    answered = question_view.order_lines(asked, tuple(range(len(lines))), None, True, 72)
    assert all(line.plain.split()[0] in "✓✗" for line in answered)


def test_an_answer_that_begins_with_a_letter_says_which_key_goes_to_its_line() -> None:
    for question in (FORMULA, OUTPUT):
        line = AnswerLine(draw(question, 1))
        assert line.placeholder.startswith("⏎, then ")
        line.on_focus()
        assert not line.placeholder.startswith("⏎")
