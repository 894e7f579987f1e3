"""What the tutor says to a wrong number or shape that no author foresaw."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import Choice, Question, answer_choices, draw
from tutor.course.numbers import about_number, about_shape, equal


@pytest.mark.parametrize(
    ("number", "right", "tolerance", "sentence"),
    [
        (-3, 3, 0, "The size is right, the sign is not."),
        (0.2304, -0.23, 0.005, "The size is right, the sign is not."),
        (50, 5, 0, "The digits are right, the decimal point is not."),
        (-0.005, -5, 0, "The digits are right, the decimal point is not."),
        (101_771, 101_770, 0, "Close: look at the arithmetic once more."),
        (0.224, 0.23, 0.005, "Close: keep more digits on the way."),
        (10, 5, 0, "That is twice what is right."),
        (-2.5, -5, 0, "That is half of what is right."),
        (8, 3, 0, "8 is too large."),
        (1, 3, 0, "1 is too small."),
        (400, 3, 0, "400 is far too large."),
        (-2, -5, 0, "The sign is right, the size is too small."),
        (-3, 5, 0, "The sign is not right, and the size is not either."),
        (0, 5, 0, "Not 0: something is left over."),
        (2, 0, 0, "2 is too large."),
        (-2, 0, 0, "-2 is too small."),
    ],
)
def test_a_wrong_number_is_told_how_it_differs(number: float, right: float, tolerance: float, sentence: str) -> None:
    assert about_number(number, right, tolerance) == sentence


@pytest.mark.parametrize(
    ("shape", "right", "sentence"),
    [
        ((128, 64), (64, 128), "Both sizes are right, and swapped."),
        ((5, 3, 4), (3, 4, 5), "The sizes are right, their order is not."),
        ((64, 20), (64, 128), "Axis 0 fits; axis 1 does not."),
        ((2, 3, 9), (2, 3, 4), "Axes 0 and 1 fit; axis 2 does not."),
        ((20, 64), (64, 128), "64 belongs in it, but not as axis 1; the rest does not."),
        ((20, 30), (64, 128), "The number of axes is right, and none of the sizes."),
        ((1, 3), (3,), "The sizes are right, but an axis of size 1 is too many."),
        ((3,), (3, 1), "The sizes are right, but an axis of size 1 is missing."),
        ((5,), (5, 3), "Your shape has 1 axis; the right one has 2 axes."),
        ((), (3,), "Your shape has no axes; the right one has 1 axis."),
    ],
)
def test_a_wrong_shape_is_told_how_it_differs(shape: tuple[int, ...], right: tuple[int, ...], sentence: str) -> None:
    assert about_shape(shape, right) == sentence


numbers = st.one_of(st.integers(-200, 200).map(float), st.floats(-1e12, 1e12, allow_nan=False))


@given(numbers, numbers, st.sampled_from([0.0, 0.001, 0.5]))
def test_any_wrong_number_has_one_sentence_without_the_right_one(number: float, right: float, tolerance: float) -> None:
    if equal(number, right, tolerance):
        return
    sentence = about_number(number, right, tolerance)
    assert sentence.endswith(".") and len(sentence) < 70
    mentioned = re.findall(r"-?[0-9][0-9.e+-]*", sentence.rstrip("."))
    assert set(mentioned) <= {f"{number:.12g}", "0"}


shapes = st.lists(st.integers(0, 6), max_size=4).map(tuple)


@given(shapes, shapes)
def test_any_wrong_shape_has_one_sentence_that_is_true(shape: tuple[int, ...], right: tuple[int, ...]) -> None:
    if shape == right:
        return
    sentence = about_shape(shape, right)
    assert sentence.endswith(".") and len(sentence) < 80
    if " fit" in sentence:
        assert len(shape) == len(right)
        fitting, rest = (set(map(int, re.findall("[0-9]+", part))) for part in sentence.split(";"))
        assert all(shape[axis] == right[axis] for axis in fitting)
        assert all(shape[axis] != right[axis] for axis in rest)
        assert fitting | rest == set(range(len(right)))


def test_what_was_missed_is_explained_without_a_yes() -> None:
    question = Question(
        id="a-question",
        kind="several",
        text="?",
        explain="So.",
        choice=(Choice("a", "why a", right=True), Choice("b", "Yes: it adds.", right=True), Choice("c", "why c")),
    )
    asked = draw(question, 1)
    picked = [index for index, choice in enumerate(asked.choices) if choice.text == "a"]
    assert (
        answer_choices(asked, picked).sentence == "What you picked is right, and it is not all. Missing: “b”. It adds."
    )
