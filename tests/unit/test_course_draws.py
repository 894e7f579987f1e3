"""The words by which an array is drawn, and its lengths: read, or refused with the reason."""

from __future__ import annotations

import pytest

from tutor.course import ExpressionError, draw_arguments, parse_draw, shape_of
from tutor.course.draws import DRAWS, fill_fault, number_of

NAMES = {"N": 5, "C": 3, "p": 0.8, "train": True, "mode": "relu"}


@pytest.mark.parametrize("kind", DRAWS)
def test_every_kind_is_read_with_its_arguments(kind: str) -> None:
    arguments = ("1", "C + 1")[: len(DRAWS[kind])]
    draw = parse_draw(f" {kind}({', '.join(arguments)})" if arguments else f" {kind} ")

    assert (draw.kind, draw.arguments) == (kind, arguments)
    assert draw_arguments(draw, NAMES) == (1, 4)[: len(arguments)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gaussian", "there is no draw 'gaussian', only normal, "),
        ("labels", r"it is written labels\(classes\)"),
        ("labels(C, 2)", r"it is written labels\(classes\)"),
        ("normal(0, 1)", "it is written normal$"),
        ("mask(p=0.5)", "is no draw, such as"),
        ("np.zeros(3)", "is no draw, such as"),
        ("", "is no draw, such as"),
        ("labels(", "is no draw, such as"),
        ("3", "is no draw, such as"),
    ],
)
def test_what_is_no_draw_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        parse_draw(text)


@pytest.mark.parametrize(
    "text",
    ["labels(0)", "labels(C / 2)", "labels(D)", "mask(0)", "mask(1.1)", "mask(mode)", "integers(3, 3)",
     "integers(0.5, 2)", "integers(__import__('os'), 2)"],
)  # fmt: skip
def test_arguments_that_draw_nothing_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        draw_arguments(parse_draw(text), NAMES)


def test_a_shape_is_made_of_sizes_numbers_and_expressions() -> None:
    assert shape_of(("N", "3", "N - C + 1", "N // 2"), NAMES) == (5, 3, 3, 2)
    assert shape_of((), NAMES) == ()


@pytest.mark.parametrize("length", ["C - N", "N / 2", "H", "0", "N, C", "p", "mode"])
def test_what_is_no_length_is_refused(length: str) -> None:
    with pytest.raises(ExpressionError):
        shape_of((length,), NAMES)


def test_a_number_is_of_sizes_and_values() -> None:
    assert number_of("sqrt(4) / N", NAMES) == 0.4
    assert number_of("p", NAMES) == 0.8


def test_a_fill_for_fractions_is_none_for_whole_numbers() -> None:
    assert "whole numbers" in fill_fault(parse_draw("labels(3)"), "huge")
    assert fill_fault(parse_draw("labels(3)"), "zeros") == fill_fault(parse_draw("mask(0.5)"), "huge") == ""
