"""What is typed as a formula is read as one expression of the names that are given; nothing is run."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.grading.formula_text import MAX_FORMULA, FormulaError, parts_of, read_formula

NAMES = ("x", "g", "N", "W1", "w1")


def read(text: str) -> list[str]:
    return [ast.unparse(reading) for reading in read_formula(text, NAMES)]


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("x.T@g", ["x.T @ g"]),
        ("  X.T @ G ", ["x.T @ g"]),
        ("grad = xᵀ @ g", ["x.T @ g"]),
        ("self.grad_W = x.T @ g", ["x.T @ g"]),
        ("return x.T @ g", ["x.T @ g"]),
        ("einsum(“ni,no→io”, x, g)", ["np.einsum('ni,no->io', x, g)"]),
        ("x · g", ["x @ g", "x * g"]),
        ("x ⊙ g × 2", ["x * g * 2"]),
        ("x² + x^2", ["x ** 2 + x ** 2"]),
        ("exp(x) + numpy.exp(x)", ["np.exp(x) + np.exp(x)"]),
        ("sum(x, axis=0)", ["np.sum(x, axis=0)"]),
        ("sum(row for row in x)", ["sum((row for row in x))"]),
        ("x == g", ["x == g"]),
        ("W1 + w1", ["W1 + w1"]),
        ("(lambda a: a.T)(x)", ["(lambda a: a.T)(x)"]),
    ],
)
def test_what_is_meant_without_doubt_is_understood(text: str, readings: list[str]) -> None:
    assert read(text) == readings


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Type an expression"),
        ("foo", "There is no `foo` here. The names are `x`, `g`, `N`, `W1`, `w1`, and np."),
        ("(x @ g", "a parenthesis is opened too often"),
        ("x @ g)", "a parenthesis is closed too often"),
        ("x @", "something is missing at its end"),
        ("x; g", "understood as far as `x`"),
        ("x = g = x", "That is no expression"),
        ("while True: pass", "That is no expression"),
        ("import os", "That is no expression"),
        ("__import__('os')", "There is no `__import__` here"),
        ("open('/etc/passwd')", "There is no `open` here"),
        ("eval('1')", "There is no `eval` here"),
        ("1" * (MAX_FORMULA + 1), "longer than a formula"),
        ("x\x00", "That is no expression"),
    ],
)
def test_what_is_no_formula_is_told(text: str, reason: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(reason)):
        read(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        told = read(text)
    except FormulaError as error:
        told = [str(error)]
        assert told[0].endswith(".")  # any other error is the failure
    assert told


def test_parts_come_after_those_that_they_are_made_of() -> None:
    (formula,) = read_formula("np.exp(x.T @ g).sum(axis=0) / N", NAMES)
    parts = [part.text for part in parts_of(formula)]
    assert parts.index("x.T @ g") < parts.index("np.exp(x.T @ g)") < parts.index("np.exp(x.T @ g).sum(axis=0)")
    assert parts[-1] == ast.unparse(formula)
