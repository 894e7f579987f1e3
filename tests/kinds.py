"""A question of each kind that is not answered by choices, numbers or shapes, as the tests of them share it."""

from __future__ import annotations

from typing import Any

from tutor.course import CodeLine, Item, KnownMistake, Question

ORDER = Question(
    id="step-order",
    kind="order",
    text="One step of training. Put it in order.",
    explain="Forward, loss, backward, update.",
    item=(
        Item("`logits = net.forward(x)`", "All else needs the logits."),
        Item("`loss, grad = criterion(logits, y)`", "It makes the gradient that backward starts from."),
        Item("`net.backward(grad)`", "It starts from the gradient of the loss."),
        Item("`W1 -= lr * grad_W1`", "The gradients must be there.", place=4),
        Item("`W2 -= lr * grad_W2`", "The gradients of layer 2 must be there.", place=4),
    ),
)
LINE = Question(
    id="mean-line",
    kind="line",
    text="Every gradient of {N} samples is {N} times too small. Why?",
    explain="The mean was taken in the loss.",
    code="x = self.x\n\nself.grad_W = x.T @ g / len(x)\nself.grad_b = g.sum(axis=0)\nreturn g @ self.W.T\n",
    line=(
        CodeLine(3, "Yes: the mean is taken again.", right=True),
        CodeLine(1, "This was kept."),
        CodeLine(4, "A sum belongs here."),
    ),
    draw={"N": (4, 8)},
)
FORMULA = Question(
    id="weights-formula",
    kind="formula",
    text="`x` is `({N}, {n_in})`, `g` is `({N}, {n_out})`. Write `grad_W`.",
    explain="The samples must meet.",
    answer="x.T @ g",
    arrays={"x": ("N", "n_in"), "g": ("N", "n_out")},
    draw={"N": (5, 9), "n_in": (3, 4), "n_out": (6, 7)},
    mistake=(
        KnownMistake("g.T @ x", "That is ({n_out}, {n_in})."),
        KnownMistake("x.T @ g / N", "The mean was taken in the loss."),
        KnownMistake("x @ g", "The inner sizes are {n_in} and {N}."),
    ),
)
OUTPUT = Question(
    id="sum-output",
    kind="output",
    text="What does it print?",
    explain="It adds down the columns.",
    code="import numpy as np\n\ng = np.array([[{a}.0, -1.0], [3.0, 4.0]])\nprint(g.sum(axis=0))\nprint(g.shape)\n",
    answer="[{a + 3}. 3.]\n(2, 2)\n",
    mistake=(KnownMistake("[{a - 1}. 7.]\n(2, 2)", "Those are the rows."),),
    draw={"a": (1, 2, 5)},
)
RECALL = Question(
    id="bias-recall",
    kind="recall",
    text="Why is `grad_b` a sum over {n} rows?",
    explain="One bias, {n} rows.",
    draw={"n": (3, 4)},
)

KINDS = {question.kind: question for question in (ORDER, LINE, FORMULA, OUTPUT, RECALL)}


def toml(questions: tuple[Question, ...]) -> str:
    """A quiz file of these questions."""
    return "\n".join(f"[[question]]\n{_fields(question)}" for question in questions)


def _fields(question: Question) -> str:
    import msgspec

    defaults = {field.name: field.default for field in msgspec.structs.fields(Question)}
    told = {
        name: value
        for name, value in msgspec.to_builtins(question).items()
        if value != defaults[name] and value not in ("", (), [], {}, 0.0)
    }
    return "".join(f"{name} = {_value(value)}\n" for name, value in told.items())


def _value(value: Any) -> str:
    import json

    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
