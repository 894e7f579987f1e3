"""Losses: right code in any style passes, each planted fault is found where it is."""

from __future__ import annotations

import pytest

from tests.families import outcome, spec, textbook
from tests.gradings import changed
from tutor.learner import Box

TOGETHER = """
import numpy as np
def cross_entropy(logits, y):
    n = len(y)
    z = logits - logits.max(axis=1, keepdims=True)
    total = np.exp(z).sum(axis=1)
    loss = (np.log(total) - z[np.arange(n), y]).mean()
    p = np.exp(z) / total[:, None]
    p[np.arange(n), y] -= 1
    return loss, p / n
"""
APART = """
import numpy as np
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
def loss(logits, one_hot):
    z = logits - logits.max(axis=1, keepdims=True)
    return -(one_hot * (z - np.log(np.exp(z).sum(axis=1, keepdims=True)))).sum() / len(z)
def loss_grad(logits, one_hot):
    return (softmax(logits) - one_hot) / len(logits)
"""
CLASS = """
import math
import numpy as np
class CrossEntropy:
    def forward(self, logits, y):
        self.p, self.y, total = np.empty_like(logits), y.copy(), 0.0
        for n, row in enumerate(logits):
            top = max(row)
            whole = sum(math.exp(z - top) for z in row)
            for c, z in enumerate(row):
                self.p[n, c] = math.exp(z - top) / whole
            total += math.log(whole) - (row[y[n]] - top)
        return total / len(logits)
    def backward(self):
        grad = self.p.copy()
        for n, label in enumerate(self.y):
            grad[n, label] -= 1
        return grad / len(grad)
"""
UNSTABLE = TOGETHER.replace("logits - logits.max(axis=1, keepdims=True)", "logits")
SQUARES = """
def mse(p, y):
    d = p - y
    return {"loss": (d ** 2).sum() / len(d), "grad": 2 * d / len(d)}
"""
CE = spec("loss", "cross_entropy")
RIGHT_LOSSES = {
    "in one call": (CE, TOGETHER),
    "in two, one-hot": (spec("loss", "loss loss_grad", 'style = "apart"\nlabels = "one_hot"'), APART),
    "a class, by loops": (spec("loss", "CrossEntropy", 'style = "class"'), CLASS),
    "unstable where that is allowed": (spec("loss", "cross_entropy", "stable = false"), UNSTABLE),
    "squared error in a dict": (spec("loss", "mse", 'of = "mse"'), SQUARES),
    "the textbook's": (spec("loss", "SoftmaxCrossEntropy", 'style = "class"'), textbook("softmax_cross_entropy")),
    "the textbook's squared error": (spec("loss", "MSE", 'of = "mse"\nstyle = "class"'), textbook("mse")),
    "the textbook's yes or no": (
        spec("loss", "BCEWithLogits", 'of = "bce_with_logits"\nstyle = "class"'),
        textbook("bce_with_logits"),
    ),
}


@pytest.mark.parametrize("style", RIGHT_LOSSES)
def test_a_right_loss_passes_in_any_style(box: Box, style: str) -> None:
    assert outcome(box, *RIGHT_LOSSES[style]) == "passed"


EXP = "p = np.exp(z) / total[:, None]"
PLANTED_LOSSES = {
    "a softmax that overflows": ("logits - logits.max(axis=1, keepdims=True)", "logits * 1", "loss non_finite"),
    "softmax over the batch": ("sum(axis=1)", "sum(axis=0)[:1] + 0 * z[:, 0]", "loss wrong_value"),
    "one softmax for all": ("np.exp(z).sum(axis=1)", "np.exp(z).sum() + 0 * z[:, 0]", "loss wrong_value"),
    "the largest of the whole batch taken away": (
        "logits.max(axis=1, keepdims=True)",
        "logits.max()",
        "loss non_finite",
    ),
    "sum for mean": (").mean()", ").sum()", "loss wrong_value"),
    "sign": ("(np.log(total) - z[np.arange(n), y])", "(z[np.arange(n), y] - np.log(total))", "loss wrong_value"),
    "without 1/N": ("return loss, p / n", "return loss, p", "grad wrong_value"),
    "1/N twice": ("p / n", "p / n / n", "grad wrong_value"),
    "divided by the classes too": ("p / n", "p / p.size", "grad wrong_value"),
    "a whole column for a label": ("p[np.arange(n), y] -= 1", "p[:, y] -= 1", "grad wrong_value"),
    "y - p": ("return loss, p / n", "return loss, -p / n", "grad wrong_value"),
    "labels shifted": ("n = len(y)", "n = len(y); y = (y + 1) % logits.shape[1]", "loss wrong_value"),
    "softmax differentiated like a sigmoid": ("p / n", "p * (1 - p) / n", "grad wrong_value"),
    "logits changed in place": (
        "z = logits - logits.max(axis=1, keepdims=True)",
        "logits -= logits.max(axis=1, keepdims=True); z = logits",
        "logits mutated",
    ),
    "no gradient": ("return loss, p / n", "return loss", "grad missing"),
}


@pytest.mark.parametrize("fault", PLANTED_LOSSES)
def test_a_planted_fault_in_a_loss_is_found(box: Box, fault: str) -> None:
    right, wrong, first = PLANTED_LOSSES[fault]
    assert outcome(box, CE, changed(TOGETHER, (right, wrong))) == first


@pytest.mark.parametrize(
    ("of", "name", "right", "wrong", "first"),
    [
        ("mse", "MSE", "2 * difference / n", "difference / n", "grad wrong_value"),
        ("mse", "MSE", "2 * difference / n", "2 * difference / difference.size", "grad wrong_value"),
        ("mse", "MSE", "(difference * difference).sum() / n", "(difference * difference).mean()", "loss wrong_value"),
        (
            "bce_with_logits",
            "BCEWithLogits",
            "(p - targets) / n",
            "(p - targets) * p * (1 - p) / n",
            "grad wrong_value",
        ),
        ("bce_with_logits", "BCEWithLogits", "np.log1p(e)", "e", "loss wrong_value"),
    ],
)
def test_a_planted_fault_in_another_loss_is_found(
    box: Box, of: str, name: str, right: str, wrong: str, first: str
) -> None:
    challenge = spec("loss", name, f'of = "{of}"\nstyle = "class"')
    assert outcome(box, challenge, textbook(of, (right, wrong))) == first
