from __future__ import annotations

from typing import Any

import pytest

from tutor.course import Choice, KnownMistake, Question, answer_choices, answer_text, draw
from tutor.course.expressions import ExpressionError, evaluate, fill
from tutor.course.numbers import read_number, read_shape
from tutor.course.question_faults import question_fault
from tutor.errors import TutorError


def question(**changes: Any) -> Question:
    fields: dict[str, Any] = {"id": "a-question", "kind": "number", "text": "?", "explain": "So.", "answer": "1"}
    return Question(**{**fields, **changes})


NUMBER = question(
    text="A layer from {n_in} to {n_out}?",
    answer="n_in * n_out + n_out",
    draw={"n_in": (3, 4, 5), "n_out": (6, 7)},
    mistake=(KnownMistake("n_in * n_out", "The {n_out} biases are missing."),),
)
SHAPE = question(
    kind="shape",
    answer="(n, 3)",
    draw={"n": (5,)},
    mistake=(KnownMistake("(3, n)", "Transposed."),),
)
ONE = question(
    kind="one", answer="", choice=(Choice("a", "why a"), Choice("b", "why b", right=True), Choice("c", "why c"))
)
SEVERAL = question(
    kind="several",
    answer="",
    choice=(Choice("a", "why a", right=True), Choice("b", "why b", right=True), Choice("c", "why c")),
)


# ── numbers and shapes as they are typed ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        ("1/2", 0.5),
        ("1e-3", 0.001),
        ("0,5", 0.5),
        ("\u22122", -2.0),
        (" + 3. ", 3.0),
        (".5", 0.5),
        ("-1 / -4", 0.25),
        ("1,5/2,5", 0.6),
        ("1_000", 1000.0),
        ("1 000 000", 1000000.0),
        ("784*128+128", 100480.0),
        ("784 * 128 + 1,000", 101352.0),
        ("(0,5 - 2) * 3", -4.5),
        ("2**3", 8.0),
        ("2 \u2212 -1", 3.0),
        ("-(1/3 - 1e-3 * 2)", 0.002 - 1 / 3),
    ],
)
def test_a_number_is_read_as_people_type_it(text: str, number: float) -> None:
    assert read_number(text)[0] == pytest.approx(number)


def test_a_comma_may_mean_thousands_or_a_decimal() -> None:
    assert read_number("101,770") == (101770.0, 101.77)


@pytest.mark.parametrize(
    "text",
    [
        *("", "three", "1/0", "nan", "inf", "1e999", "1e400/1e400", "1..2", "1 2", "٣", "1" * 200, "--1"),
        *("7 // 2", "7 % 2", "2 ** 999", "9 ** 60", "(-8) ** (1/3)", "sqrt(4) * 2", "max(1, 2)", "3(4) * 2", "e * 2"),
        *(
            "(64, 128)",
            "(64,128)",
            "64x128",
            "(1, 2) * 2",
            "1 2 + 3",
            "2 * --1",
            "1 +",
            "* 2",
            "(1 + 2",
            "1 < 2",
            "1j * 2",
        ),
        *("1 if 2 else 3", "[1] * 2", "'a' * 2", "0x10 + 1", "2^3", "(1e9 * 1e9) / 1e9", "(5)"),
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_number(text) == ()


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("(64, 128)", (64, 128)),
        ("64, 128", (64, 128)),
        ("64x128", (64, 128)),
        ("64 × 128", (64, 128)),
        ("[64,128]", (64, 128)),
        ("(3,)", (3,)),
        ("3", (3,)),
        ("()", ()),
        (" [ ] ", ()),
    ],
)
def test_a_shape_is_read_as_people_type_it(text: str, shape: tuple[int, ...]) -> None:
    assert read_shape(text) == shape


@pytest.mark.parametrize("text", ["", "(64, 128", "a", "(,)", "1,,2", "-3", "3.0", "((3))", "9" * 99])
def test_what_is_no_shape_is_none(text: str) -> None:
    assert read_shape(text) is None


# ── templates ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("N * (3 + 1) - 2", 18),
        ("7 // 2 + 7 % 4", 6),
        ("2 ** 10", 1024),
        ("(N, N * 2)", (5, 10)),
        ("(N,)", (5,)),
        ("()", ()),
        ("max(N, 7) + min(1, 2) + abs(-3) + sum((1, 2))", 14),
        ("round(sqrt(2), 3)", 1.414),
        ("exp(0) + log(1)", 1.0),
    ],
)
def test_an_expression_has_the_value_of_arithmetic(expression: str, value: object) -> None:
    assert evaluate(expression, {"N": 5}) == value


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os')",
        "N.real",
        "N[0]",
        "lambda: 1",
        "'a' * 9",
        "True",
        "1j",
        "[1]",
        "M",
        "2 ** 65",
        "9 ** 64",
        "(-8) ** 0.5",
        "1 / 0",
        "1e16",
        "log(0)",
        "exp(1000)",
        "sum(5)",
        "(1, (2, 3))",
        "(1, 2) * 2",
        "max(N, key=abs)",
        "N := 2",
        "1 if N else 2",
        "",
        "(" * 250 + "1" + ")" * 100,
        "1+" * 300 + "1",
        "round(5, -(10**15))",
        "(" + "1," * 40 + ")",
    ],
)
def test_what_is_outside_the_grammar_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression, {"N": 5})


def test_a_template_shows_values_short_and_braces_once() -> None:
    text = "{{x}} `{n}` {n / 2} {0.1 + 0.2} {n * 2.0} {(n,)} {(n, 3)} {-0.0}"
    assert fill(text, {"n": 5}) == "{x} `5` 2.5 0.3 10 (5,) (5, 3) 0"


@pytest.mark.parametrize("text", ["{", "}", "{n", "n}", "{}", "{m}"])
def test_a_lone_brace_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        fill(text, {"n": 5})


# ── asking and answering ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_seed_draws_the_same_question_again_and_another_seed_another() -> None:
    assert draw(NUMBER, 7) == draw(NUMBER, 7)
    assert len({draw(NUMBER, seed).text for seed in range(40)}) == 6
    assert len({draw(ONE, seed).choices for seed in range(60)}) == 6


def test_a_question_that_cannot_be_drawn_says_so() -> None:
    with pytest.raises(TutorError, match="a-question"):
        draw(question(text="{M}"), 0)
    with pytest.raises(TutorError, match="tuple"):
        draw(question(kind="shape", answer="3"), 0)


def test_a_right_number_is_right_within_its_tolerance() -> None:
    asked = draw(question(answer="2 / 3", tolerance=0.01), 0)
    assert answer_text(asked, "2/3").right
    assert answer_text(asked, "0.67").right
    assert not answer_text(asked, "0.68").right


def test_a_thousands_comma_and_a_decimal_comma_are_both_understood() -> None:
    assert answer_text(draw(question(answer="101770"), 0), "101,770").right
    assert answer_text(draw(question(answer="0.125"), 0), "0,125").right


def test_a_known_mistake_is_named_with_the_drawn_values() -> None:
    asked = draw(NUMBER, 3)
    n_out = int(asked.text.split()[-1].rstrip("?"))
    feedback = answer_text(asked, str(int(asked.number or 0) - n_out))
    assert not feedback.right
    assert feedback.sentence == f"The {n_out} biases are missing."


def test_a_wrong_sign_and_an_unknown_number_have_a_sentence() -> None:
    asked = draw(question(answer="3"), 0)
    assert "sign" in answer_text(asked, "-3").sentence
    assert answer_text(asked, "8").sentence == "8 is too large."


def test_a_shape_is_judged_and_its_fault_named() -> None:
    asked = draw(SHAPE, 0)
    assert answer_text(asked, "5x3").right
    assert answer_text(asked, "(3, 5)").sentence == "Transposed."
    assert answer_text(asked, "(5,)").sentence == "Your shape has 1 axis; the right one has 2 axes."
    assert answer_text(asked, "(5, 4)").sentence == "Axis 0 fits; axis 1 does not."


@pytest.mark.parametrize(("which", "text"), [(NUMBER, "three"), (SHAPE, "wide"), (NUMBER, "")])
def test_what_is_no_answer_is_not_understood(which: Question, text: str) -> None:
    feedback = answer_text(draw(which, 0), text)
    assert not feedback.understood
    assert not feedback.right


def test_each_choice_answers_with_its_own_why() -> None:
    asked = draw(ONE, 1)
    for index, choice in enumerate(asked.choices):
        feedback = answer_choices(asked, [index])
        assert (feedback.right, feedback.sentence) == (choice.right, choice.why)


def test_several_names_the_wrong_one_first_then_the_missing() -> None:
    asked = draw(SEVERAL, 2)
    place = {choice.text: index for index, choice in enumerate(asked.choices)}
    assert answer_choices(asked, {place["a"], place["b"]}).right
    assert answer_choices(asked, {place["a"], place["c"]}).sentence == "“c” does not belong: why c"
    missing = answer_choices(asked, {place["a"]})
    assert not missing.right
    assert "Missing: “b”. why b" in missing.sentence


@pytest.mark.parametrize("picked", [[], [9], [-1], [0, 1]])
def test_picking_nothing_or_too_much_is_not_understood(picked: list[int]) -> None:
    assert not answer_choices(draw(ONE, 0), picked).understood


# ── questions as written ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("good", [NUMBER, SHAPE, ONE, SEVERAL])
def test_a_good_question_has_no_fault(good: Question) -> None:
    assert question_fault(good) is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (question(id="Not An Id"), "an id is"),
        (question(text=" "), "must not be empty"),
        (question(explain=""), "must not be empty"),
        (question(draw={"sum": (1,)}), "no name"),
        (question(draw={"N": ()}), "no values"),
        (question(answer=""), "`answer` is missing"),
        (question(tolerance=-1.0), "negative"),
        (question(kind="shape", tolerance=1.0), "`tolerance` belongs to number and output, not to shape"),
        (question(choice=(Choice("a", "b"),)), "`choice` belongs"),
        (question(mistake=(KnownMistake("2", ""),)), "a why"),
        (question(kind="one", choice=ONE.choice), "`answer` belongs to number"),
        (question(kind="one", answer="", choice=ONE.choice[:1]), "at least two"),
        (question(kind="one", answer="", choice=SEVERAL.choice), "exactly one choice must be right, not 2"),
        (question(kind="one", answer="", choice=(Choice("a", "b"), Choice("c", "d"))), "not 0"),
        (question(kind="several", answer="", choice=SEVERAL.choice[:2]), "one wrong"),
        (question(kind="one", answer="", choice=(Choice("a", ""), Choice("c", "d", right=True))), "why of its own"),
    ],
)
def test_a_question_that_cannot_be_asked_has_a_fault(bad: Question, reason: str) -> None:
    assert reason in (question_fault(bad) or "")
