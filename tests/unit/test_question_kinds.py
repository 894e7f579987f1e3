"""Orders, faulty lines, outputs and cards: drawn, judged, and refused where they cannot be asked."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kinds import FORMULA, KINDS, LINE, ORDER, OUTPUT, RECALL, toml
from tutor.course import (
    CodeLine,
    Item,
    KnownMistake,
    Question,
    answer_line,
    answer_order,
    answer_recall,
    answer_text,
    draw,
    fill_in,
    misplaced,
    question_fault,
    question_text,
    read_output,
    read_quiz,
    same_output,
)
from tutor.course.printed import about_output

# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("question", KINDS.values(), ids=list(KINDS))
def test_a_question_of_each_kind_is_read_back_and_drawn(question: Question, tmp_path: Path) -> None:
    file = tmp_path / "06-x.toml"
    file.write_text(toml((question,)))
    ((line, read),), faults = read_quiz(file)
    assert not faults and line == 2
    assert read == msgspec.structs.replace(question, lesson="06-x")
    assert draw(question, 3) == draw(question, 3)
    assert "{" not in question_text(draw(question, 3), 78, "123456")


@given(st.integers(0, 2**31))
def test_items_are_never_shown_in_an_order_that_is_right(seed: int) -> None:
    asked = draw(ORDER, seed)
    assert sorted(item.text for item in asked.items) == sorted(item.text for item in ORDER.item)
    assert not answer_order(asked, range(len(asked.items))).right


def test_code_is_filled_in_and_the_candidates_stand_from_top_to_bottom() -> None:
    asked = fill_in(OUTPUT, {"a": 2})
    assert "[[2.0, -1.0]" in asked.code and asked.answer == "[5. 3.]\n(2, 2)\n"
    assert [line.number for line in fill_in(LINE, {"N": 4}).lines] == [1, 3, 4]


# ── an order ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.permutations(range(5)), st.integers(0, 99))
def test_an_order_is_right_exactly_where_every_item_may_stand_so(order: list[int], seed: int) -> None:
    asked = draw(ORDER, seed)
    places = [asked.items[index].place for index in order]
    feedback = answer_order(asked, order)
    assert feedback.right == (places == sorted(places)) and feedback.understood
    moved = misplaced(asked, order)
    assert (not moved) == feedback.right
    rest = [asked.items[index].place for index in order if index not in moved]
    assert rest == sorted(rest)  # without those the others are in order
    assert all(asked.items[index].why in feedback.sentence for index in moved[:2])


def test_the_item_that_was_moved_is_told_and_no_other() -> None:
    asked = fill_in(ORDER, {})
    late = answer_order(asked, [1, 2, 3, 4, 0])
    assert late.sentence == "“`logits = net.forward(x)`” stands too late. All else needs the logits."
    early = answer_order(asked, [2, 0, 1, 3, 4])
    assert early.sentence.startswith("“`net.backward(grad)`” stands too early.")
    assert answer_order(asked, [0, 1, 2, 4, 3]).right  # the two may change places


def test_the_direction_is_that_of_the_place_where_it_stands() -> None:
    feedback = answer_order(fill_in(ORDER, {}), [3, 2, 4, 0, 1])
    assert feedback.sentence.startswith("“`W1 -= lr * grad_W1`” stands too early.")
    assert "“`logits = net.forward(x)`” stands too late." in feedback.sentence


@given(st.permutations(range(5)))
def test_whoever_stands_before_their_place_stands_too_early(order: list[int]) -> None:
    asked = fill_in(ORDER, {})
    for index in misplaced(asked, order)[:2]:
        at, belongs = order.index(index), {0: (0,), 1: (1,), 2: (2,), 3: (3, 4), 4: (3, 4)}[index]
        told = answer_order(asked, order).sentence
        if at < belongs[0]:
            assert f"“{asked.items[index].text}” stands too early." in told
        if at > belongs[-1]:
            assert f"“{asked.items[index].text}” stands too late." in told


@pytest.mark.parametrize("order", [[], [0, 1], [0, 0, 1, 2, 3], [0, 1, 2, 3, 5], [-1, 0, 1, 2, 3]])
def test_what_is_no_order_of_all_items_is_not_understood(order: list[int]) -> None:
    assert not answer_order(draw(ORDER, 1), order).understood


# ── lines and cards ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_line_answers_with_its_own_why() -> None:
    asked = draw(LINE, 1)
    for line in asked.lines:
        feedback = answer_line(asked, line.number)
        assert (feedback.right, feedback.sentence) == (line.right, line.why)
    assert "1, 3, 4" in answer_line(asked, 2).sentence and not answer_line(asked, 2).understood


def test_a_card_is_what_the_learner_says_of_themselves() -> None:
    asked = fill_in(RECALL, {"n": 3})
    assert answer_recall(asked, True).right and not answer_recall(asked, False).right
    assert answer_recall(asked, False).understood and asked.explain == "One bias, 3 rows."


# ── outputs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", ["[5. 3.]\n(2, 2)", "[5.0 3] (2,2)", " [ 5  3. ]   ( 2 , 2 )", "[5. 3.](2, 2)"])
def test_an_output_is_right_whatever_its_spaces_and_zeros(typed: str) -> None:
    assert answer_text(fill_in(OUTPUT, {"a": 2}), typed) == answer_text(fill_in(OUTPUT, {"a": 2}), "[5. 3.] (2, 2)")
    assert answer_text(fill_in(OUTPUT, {"a": 2}), typed).right


def test_commas_of_a_list_in_an_array_are_told_and_forgiven() -> None:
    feedback = answer_text(fill_in(OUTPUT, {"a": 2}), "[5, 3], (2, 2)")
    assert feedback.right and feedback.sentence == "Right. Python writes it so: `[5. 3.] (2, 2)`."


def test_a_known_output_is_named_and_nothing_is_asked_again() -> None:
    asked = fill_in(OUTPUT, {"a": 2})
    assert answer_text(asked, "[1 7] (2, 2)").sentence == "Those are the rows."
    assert not answer_text(asked, "  ").understood


def test_printed_numbers_have_the_tolerance_of_the_question() -> None:
    question = Question(
        id="q", kind="output", text="?", explain="e", code="c", answer="0.8807970779778823", tolerance=0.01
    )
    asked = draw(question, 0)
    assert answer_text(asked, "0.88").right
    assert answer_text(asked, "0.7").sentence == "0.7 is too small."


@pytest.mark.parametrize(
    ("typed", "printed", "sentence"),
    [
        ("5", "6", "5 is too small."),
        ("(3, 4)", "(4, 3)", "Both sizes are right, and swapped."),
        ("(3,)", "(3, 1)", "The sizes are right, but an axis of size 1 is missing."),
        ("[1 2 4]", "[1 2 3]", "`4`, the third number, is the first that differs: too large."),
        ("-1 2", "1 2", "`-1`, the first number, is right but for its sign."),
        ("True", "False", "The first difference is at your `True`: another word stands there."),
        ("1 2", "1 2 3", "So far it is right, and something follows after `2`."),
        ("1 2 3 4", "1 2 3", "It ends before your `4`."),
        ("[1 2]", "(1 2)", "The first difference is at your `[`: another sign stands there."),
        ("a 3", "a b", "The first difference is at your `3` after `a`: a word stands there."),
    ],
)
def test_a_wrong_output_is_told_where_it_first_differs(typed: str, printed: str, sentence: str) -> None:
    assert about_output(read_output(typed), read_output(printed), 0.0) == sentence


signs = st.lists(
    st.one_of(st.integers(-99, 99).map(str), st.sampled_from(["[", "]", "(", ",", "a", "nan", "x1"])), min_size=1
)


@given(signs, signs)
def test_outputs_are_the_same_exactly_where_their_signs_are(one: list[str], other: list[str]) -> None:
    left, right = read_output(" ".join(one)), read_output("\n  ".join(other))
    assert same_output(left, right, 0.0) == (left == right)
    if left != right:
        sentence = about_output(left, right, 0.0)
        assert sentence.endswith(".") and len(sentence) < 90


def test_a_megabyte_is_no_output() -> None:
    assert not answer_text(fill_in(OUTPUT, {"a": 2}), "1 " * 500_000).understood


# ── questions that cannot be asked ───────────────────────────────────────────────────────────────────────────────────


def but(question: Question, **changes: Any) -> Question:
    return msgspec.structs.replace(question, **changes)


@pytest.mark.parametrize("question", KINDS.values(), ids=list(KINDS))
def test_a_good_question_has_no_fault(question: Question) -> None:
    assert question_fault(question) is None


TWO = (CodeLine(1, "a"), CodeLine(3, "b", right=True))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (but(ORDER, item=ORDER.item[:2]), "3 to 6 items"),
        (but(ORDER, item=(*ORDER.item, *ORDER.item)), "3 to 6 items"),
        (but(ORDER, item=(*ORDER.item[:2], Item("a", ""))), "a text and a why"),
        (but(ORDER, item=tuple(Item(text, "why", 1) for text in "abc")), "every order of these items is right"),
        (but(ORDER, item=(Item("a", "w", 1), Item("b", "w"), Item("c", "w", 1))), "stand side by side"),
        (but(ORDER, code="x"), "`code` belongs to line and output, not to order"),
        (but(LINE, code=""), "`code` is missing"),
        (but(LINE, line=TWO), "at least 3 candidates"),
        (but(LINE, line=(*TWO, CodeLine(2, "c"))), "line 2 is no line of the code"),
        (but(LINE, line=(*TWO, CodeLine(9, "c"))), "line 9 is no line of the code"),
        (but(LINE, line=(*TWO, CodeLine(1, "c"))), "line 1 stands twice"),
        (but(LINE, line=(*TWO, CodeLine(4, "c", right=True))), "exactly one line must be right"),
        (but(LINE, line=(*TWO, CodeLine(4, " "))), "a why of its own"),
        (but(FORMULA, arrays={}), "`arrays` is missing"),
        (but(FORMULA, answer="x.T @"), "`x.T @` is no expression"),
        (but(FORMULA, mistake=FORMULA.mistake[:1]), "at least 2 mistakes"),
        (but(FORMULA, sizes={"N": 5}), "`N` is the name of two things"),
        (but(FORMULA, sizes={"k": 1}), "the size k is 1"),
        (but(FORMULA, arrays={**FORMULA.arrays, "np": ("N",)}), "`np` is no name"),
        (but(FORMULA, draws={"y": "labels(3)"}), "`draws.y` is no array"),
        (but(FORMULA, draws={"x": "odd"}), "there is no draw 'odd'"),
        (but(OUTPUT, code=" "), "`code` is missing"),
        (but(OUTPUT, answer=""), "`answer` is missing"),
        (but(OUTPUT, mistake=()), "at least one mistake"),
        (but(OUTPUT, sizes={"N": 3}), "`sizes` belongs to formula, not to output"),
        (but(RECALL, answer="3"), "not to recall"),
        (but(RECALL, mistake=(KnownMistake("3", "w"),)), "not to recall"),
    ],
)
def test_a_question_that_cannot_be_asked_has_a_fault(bad: Question, reason: str) -> None:
    assert reason in (question_fault(bad) or "")


@pytest.mark.parametrize("permutation", list(itertools.permutations(range(3)))[1:])
def test_three_items_without_places_have_one_right_order(permutation: tuple[int, ...]) -> None:
    asked = fill_in(but(ORDER, item=ORDER.item[:3]), {})
    assert answer_order(asked, (0, 1, 2)).right and not answer_order(asked, permutation).right
