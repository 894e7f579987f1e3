from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import answer_text, blanks, draw
from tutor.course.expressions import ExpressionError, evaluate, fill, written
from tutor.course.listing import expected_output, runnable
from tutor.course.model import Question
from tutor.course.numbers import MAX_ANSWER, read_number, read_shape
from tutor.course.plain import markdown_text
from tutor.course.reader import parse_toml
from tutor.errors import ContentError

numbers = st.floats(-1e12, 1e12, allow_nan=False)


@given(st.tuples() | st.lists(st.integers(0, 99999), max_size=5).map(tuple))
def test_every_spelling_of_a_shape_is_read_back(shape: tuple[int, ...]) -> None:
    assert read_shape(str(shape)) == shape
    assert read_shape(str(list(shape))) == shape
    if shape:
        assert read_shape("x".join(map(str, shape))) == shape


@given(numbers)
def test_every_spelling_of_a_number_is_read_back(number: float) -> None:
    assert read_number(repr(number))[0] == number
    assert number in read_number(repr(number).replace("-", "\u2212").replace(".", ","))


literals = st.integers(0, 999).map(str) | st.floats(0, 99, width=16).map(repr)
arithmetic = st.recursive(
    literals,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", " - "]), inner).map("".join)
        | st.tuples(st.sampled_from(["(", "-("]), inner).map(lambda parts: f"{''.join(parts)})")
    ),
    max_leaves=6,
)


@given(arithmetic, st.sampled_from("+-*/"), arithmetic)
def test_arithmetic_typed_for_a_number_is_worked_out_as_python_does(left: str, sign: str, right: str) -> None:
    text = f"({left}) {sign} {right}"
    try:
        evaluate(text, {})
    except ExpressionError:  # a part of it is too large, or divided by 0
        assert read_number(text) == ()
    else:
        assert read_number(text) == ((eval(text),) if len(text) <= MAX_ANSWER else ())


@given(st.text("0123456789.,eE()+-*/ _%^", max_size=40))
def test_what_looks_like_arithmetic_has_finite_values_or_none(text: str) -> None:
    for number in read_number(text):
        assert math.isfinite(number)


@given(st.text(max_size=120))
def test_any_text_is_a_finite_number_or_none_and_never_an_error(text: str) -> None:
    assert all(math.isfinite(number) for number in read_number(text))
    read_shape(text)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=6), st.lists(st.sampled_from("+-*"), min_size=6))
def test_arithmetic_is_pythons(terms: list[int], signs: list[str]) -> None:
    text = str(terms[0]) + "".join(f" {sign} ({term})" for sign, term in zip(signs, terms[1:], strict=False))
    try:
        assert evaluate(text, {}) == eval(text)
    except ExpressionError:
        assert abs(eval(text)) > 1e14


@given(st.text(max_size=60))
def test_any_expression_has_a_value_or_an_expression_error(text: str) -> None:
    try:
        value = evaluate(text, {"N": 5, "x": 0.5})
    except ExpressionError:
        return
    for item in value if isinstance(value, tuple) else (value,):
        assert math.isfinite(item)
    written(value)


@given(st.text(max_size=60))
def test_a_text_with_doubled_braces_is_itself(text: str) -> None:
    assert fill(text.replace("{", "{{").replace("}", "}}"), {}) == text


@given(st.integers(0, 2**40), st.integers(1, 50), st.integers(1, 50))
def test_the_drawn_answer_is_right(seed: int, a: int, b: int) -> None:
    question = Question("q", "number", "{a}", "{b}", answer="a / b", draw={"a": (a, a + 1), "b": (b, b + 1)})
    asked = draw(question, seed)
    assert answer_text(asked, repr(asked.number)).right


@given(st.text(max_size=200))
def test_any_text_has_blanks_or_none(text: str) -> None:
    assert blanks(text) == () or "..." in text


@given(st.text(max_size=200))
def test_any_text_of_markdown_becomes_plain_text(text: str) -> None:
    markdown_text(text)


@given(st.text(max_size=120))
def test_any_source_keeps_its_lines(source: str) -> None:
    assert runnable(source).count("\n") == source.count("\n")
    expected_output(source)


GOOD = b"""id = "q"
kind = "number"
text = "How many?"
explain = "So many."
answer = "N"
tolerance = 0.5
draw = { N = [1, 2.5] }
[[mistake]]
answer = "N + 1"
why = "One too many."
"""


@given(st.data())
def test_a_damaged_file_is_read_or_is_a_content_error(data: st.DataObject) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    text = raw.decode("utf-8", errors="replace")
    line: int | None = None
    try:
        parse_toml(text, Question, Path("q.toml"))
    except ContentError as error:
        line = error.line
    assert line is None or 1 <= line <= text.count("\n") + 1


@pytest.mark.parametrize("value", ["nan", "-inf", "+inf", "9" * 400])
def test_a_number_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ContentError, match="`tolerance`"):
        parse_toml(GOOD.decode().replace("0.5", value), Question, Path("q.toml"))
