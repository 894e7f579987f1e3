"""Formulas are judged by what they give: every way to write one is the same answer, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kinds import FORMULA
from tutor.course import Feedback, KnownMistake, Question, draw, fill_in
from tutor.errors import TutorError
from tutor.grading import answer_formula, formula_problems
from tutor.learner import Box

SIZES = {"N": 5, "n_in": 3, "n_out": 6}


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def judged(box: Box, text: str, question: Question = FORMULA) -> Feedback:
    return answer_formula(fill_in(question, SIZES if question is FORMULA else {}), text, box)


EQUAL = [
    "x.T @ g",
    "(g.T @ x).T",
    "np.einsum('ni,no->io', x, g)",
    'einsum("ni,no->io", x, g)',
    "np.dot(x.T, g)",
    "np.matmul(np.transpose(x), g)",
    "x.transpose().dot(g)",
    "np.tensordot(x, g, axes=(0, 0))",
    "sum(np.outer(x[n], g[n]) for n in range(N))",
    "(x[:, :, None] * g[:, None, :]).sum(axis=0)",
    "grad_W = X.T @ G",
    "xᵀ · g",
    "x^T @ g",
    "-(x.T) @ (\u2212g)",
    "x.T @ g + 0 * n_in",
    "x.T @ g * 1.0  # the samples meet",
]


@pytest.mark.parametrize("text", EQUAL)
def test_every_way_to_write_it_is_right(box: Box, text: str) -> None:
    assert judged(box, text) == Feedback(right=True, sentence="Right.", explain="The samples must meet.")


slow = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@slow
@given(st.sampled_from(EQUAL[:6]), st.floats(-3, 3).filter(lambda c: abs(c - 1) > 1e-6), st.integers(0, 9))
def test_a_factor_makes_it_wrong_and_is_told(box: Box, text: str, factor: float, seed: int) -> None:
    feedback = answer_formula(draw(FORMULA, seed), f"{factor!r} * ({text})", box)
    assert feedback.understood and not feedback.right
    if factor == -1:
        assert feedback.sentence == "The size of every entry is right, the sign is not."
    elif abs(factor) > 1e-3:
        assert f"{abs(factor):.4g} times what it should be" in feedback.sentence or "N" in feedback.sentence


@slow
@given(st.integers(0, 4), st.integers(0, 2), st.integers(0, 9))
def test_one_entry_that_is_off_is_seen(box: Box, n: int, i: int, seed: int) -> None:
    feedback = answer_formula(
        draw(FORMULA, seed), f"(x + (np.arange(N)[:, None] == {n}) * (np.arange(n_in) == {i})).T @ g", box
    )
    assert feedback.understood and not feedback.right
    assert feedback.sentence.startswith("The shape is right, the values are not: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("g.T @ x", "That is (6, 3)."),
        ("einsum('no,ni->oi', g, x)", "That is (6, 3)."),
        ("x.T @ g / N", "The mean was taken in the loss."),
        ("x.T @ g / len(x)", "The mean was taken in the loss."),
        ("x.T @ g / 5", "The mean was taken in the loss."),
        ("X @ G", "The inner sizes are 3 and 5."),
        ("x.T @ g * N", "Every entry is `N` times what it should be."),
        ("-x.T @ g / n_in", "The sign is not right, and every entry is 1/`n_in` of what it should be."),
        ("x.T @ x", "That has shape `(3, 3)`, that is `(n_in, n_in)`. Asked for is `(3, 6)`, that is `(n_in, n_out)`."),
        (
            "(x.T @ g)[None]",
            "The numbers are right, the shape is not: `(1, 3, 6)`. Asked for is `(3, 6)`, that is `(n_in, n_out)`.",
        ),
        ("(x.T @ g).sum()", "That has shape `()`, a single number. Asked for is `(3, 6)`, that is `(n_in, n_out)`."),
        ("x.T @ g / 0", "The shape is right, but there are values in it that are no finite numbers."),
        (
            "x.T @ g + x",
            "`x.T @ g + x` stops: `x.T @ g` has shape (3, 6) and `x` has shape (5, 3), and `+` needs equal sizes, "
            "or 1.",
        ),
        (
            "x.T @ x @ g",
            "`x.T @ x @ g` stops: `x.T @ x` has shape (3, 3) and `g` has shape (5, 6), and `@` adds over the two that "
            "meet, 3 and 5: they must be equal.",
        ),
        ("x[9]", "`x[9]` stops: index 9 is out of bounds for axis 0 with size 5."),
    ],
)
def test_a_wrong_formula_is_told_how_it_is_wrong(box: Box, text: str, sentence: str) -> None:
    feedback = judged(box, text)
    assert (feedback.right, feedback.understood, feedback.sentence) == (False, True, sentence)


def test_numbers_in_the_place_of_sizes_are_asked_again(box: Box) -> None:
    mean = Question(
        id="mean", kind="formula", text="?", explain="e", answer="x.sum(axis=0) / N", arrays={"x": ("N", "n")},
        sizes={"N": 5, "n": 3},
        mistake=(KnownMistake("x.sum(axis=0)", "Not divided."), KnownMistake("x.mean()", "All.")),
    )  # fmt: skip
    feedback = judged(box, "x.sum(axis=0) / 5", mean)
    assert not feedback.understood and "write the name of a size" in feedback.sentence
    assert judged(box, "x.mean(0)", mean).right


SCALAR = Question(
    id="change", kind="formula", text="?", explain="e", answer="g @ d", arrays={"g": ("n",), "d": ("n",)},
    sizes={"n": 6}, mistake=(KnownMistake("g * d", "Add them up."), KnownMistake("np.mean(g * d)", "No mean.")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("np.mean(g) * np.sum(d)", "That is a single number, as it should be, and not the right one."),
        ("np.sum(g)", "That is a single number, as it should be, and not the right one."),
        ("0 * (g @ d)", "That is a single number, as it should be, and not the right one."),
        ("-(g @ d)", "The size is right, the sign is not."),
        ("2 * (g @ d)", "It is 2 times what it should be."),
        ("-(g @ d) / 2", "The sign is not right, and it is 0.5 times what it should be."),
        ("n * (g @ d)", "It is `n` times what it should be."),
        ("g @ d / n", "No mean."),
    ],
)
def test_of_a_single_number_a_factor_is_told_only_where_it_tells_something(box: Box, text: str, sentence: str) -> None:
    assert judged(box, text, SCALAR).sentence == sentence


def test_labels_and_probabilities_are_drawn_as_said(box: Box) -> None:
    loss = Question(
        id="ce", kind="formula", text="?", explain="e", answer="-np.log(p[np.arange(N), y]).mean()",
        arrays={"p": ("N", "K"), "y": ("N",)}, sizes={"N": 5, "K": 4}, draws={"p": "probabilities", "y": "labels(K)"},
        mistake=(KnownMistake("-np.log(p).mean()", "All."), KnownMistake("-np.log(p[y]).mean()", "Rows.")),
    )  # fmt: skip
    assert formula_problems(fill_in(loss, {}), box, 1) == []
    assert judged(box, "np.mean([-np.log(p[n, y[n]]) for n in range(N)])", loss).right
    assert judged(box, "-(np.eye(K)[y] * np.log(p)).sum() / N", loss).right


# ── what an author must not write ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mistake": (KnownMistake("(g.T @ x).T", "a"), KnownMistake("g.T @ x", "b"))}, "gives what the answer gives"),
        ({"mistake": (KnownMistake("g.T @ x", "a"), KnownMistake("(x.T @ g).T", "b"))}, "gives what `g.T @ x` gives"),
        ({"answer": "x @ g"}, "Its answer stops with: matmul"),
        ({"answer": "np.log(x)"}, "is not finite"),
        ({"answer": "x.shape"}, "a tuple"),
        ({"sizes": {"N": 5, "n_in": 5, "n_out": 6}}, "must all differ"),
        ({"sizes": {"N": 5, "n_in": 3}}, "n_out is not drawn"),
        ({"sizes": {"N": 1024, "n_in": 1023, "n_out": 1022}}, "more than"),
    ],
)
def test_a_bad_formula_question_is_told(box: Box, changes: dict[str, object], reason: str) -> None:
    question = msgspec.structs.replace(FORMULA, **{"sizes": SIZES, "draw": {}, **changes})
    asked = fill_in(
        msgspec.structs.replace(
            question, text="?", mistake=tuple(KnownMistake(m.answer, "w") for m in question.mistake)
        ),
        {},
    )
    problems = formula_problems(asked, box, 1)
    assert any(reason in problem for problem in problems), problems


def test_a_question_whose_answer_stops_is_no_fault_of_the_learner(box: Box) -> None:
    broken = msgspec.structs.replace(FORMULA, answer="x @ g")
    with pytest.raises(TutorError, match="cannot be judged"):
        answer_formula(draw(broken, 1), "x.T @ g", box)
