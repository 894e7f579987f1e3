"""Right files pass, whatever their style: no style is the grader's own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gradings import LINEAR, SIGMOID, challenge, changed, last_report, lean
from tutor.learner import Box

# Lines that come to the same: each list holds one step in the styles that learners write it in. CACHED is how the file
# keeps arrays between the two passes; `x`, `g` and `a` are local names in both.
PRODUCT = [
    "out = x @ self.W + self.b",
    "out = np.dot(x, self.W) + self.b",
    "out = np.add(np.matmul(x, self.W), self.b[None, :])",
    "out = np.einsum('ni,ij->nj', x, self.W) + self.b",
    "out = (self.W.T @ x.T).T + self.b",
    "out = np.tensordot(x, self.W, axes=1); out += self.b",
    "out = np.array([sample @ self.W + self.b for sample in x])",
    "out = np.hstack([x, np.ones((len(x), 1))]) @ np.vstack([self.W, self.b])",
    """out = np.zeros((x.shape[0], self.W.shape[1]))
for n in range(x.shape[0]):
    for j in range(self.W.shape[1]):
        out[n, j] = self.b[j]
        for i in range(x.shape[1]):
            out[n, j] += x[n, i] * self.W[i, j]""",
]
GRAD_W = [
    "grad_W = x.T @ g",
    "grad_W = np.dot(x.T, g)",
    "grad_W = (g.T @ x).T",
    "grad_W = np.einsum('ni,nj->ij', x, g)",
    "grad_W = (x[:, :, None] * g[:, None, :]).sum(axis=0)",
    "grad_W = sum(np.outer(x[n], g[n]) for n in range(len(x)))",
    "grad_W = np.zeros_like(self.W)\nfor sample, row in zip(x, g):\n    grad_W += np.outer(sample, row)",
    "grad_W = np.empty(self.W.shape)\nfor i in range(grad_W.shape[0]):\n    grad_W[i] = x[:, i] @ g",
    "self.buffer = getattr(self, 'buffer', np.empty(self.W.shape))\ngrad_W = np.matmul(x.T, g, out=self.buffer)",
]
GRAD_B = [
    "grad_b = g.sum(axis=0)",
    "grad_b = np.sum(g, axis=0, keepdims=True).ravel()",
    "grad_b = g.sum(0, keepdims=True)[0]",
    "grad_b = np.ones(len(g)) @ g",
    "grad_b = np.squeeze(np.ones((1, len(g))) @ g, axis=0)",
    "grad_b = np.einsum('nj->j', g)",
    "grad_b = np.add.reduce(g)",
    "grad_b = g.mean(axis=0) * g.shape[0]",
    "grad_b = np.zeros(g.shape[1])\nfor row in g:\n    grad_b += row",
]
GRAD_X = [
    "grad_x = g @ self.W.T",
    "grad_x = np.dot(g, self.W.transpose())",
    "grad_x = (self.W @ g.T).T",
    "grad_x = np.inner(g, self.W)",
    "grad_x = np.einsum('nj,ij->ni', g, self.W)",
    "grad_x = np.array([self.W @ row for row in g])",
    "grad_x = np.zeros(x.shape)\nfor j in range(g.shape[1]):\n    grad_x += g[:, j : j + 1] * self.W[:, j]",
]
CACHED = [  # keep x and a in forward, find them in backward
    ("self.x, self.a = x, out", "x, a = self.x, self.a"),
    ("self.cache = (x, out)", "x, a = self.cache"),
    ("self.cache = {'x': x, 'out': out}", "x, a = self.cache['x'], self.cache['out']"),
    ("self.x = x.copy(); self.a = out.copy()", "x, a = self.x, self.a; self.x = self.a = None"),
    ("self.saved.append((x, out))", "x, a = self.saved.pop()"),
    ("self.run = lambda: (x, out)", "x, a = self.run()"),
]
NAMES = [("grad_W", "grad_b"), ("dW", "db"), ("grad_W", "db")]
SIGMOIDS = [
    "out = 1 / (1 + np.exp(-out))",
    "out = 1.0 / (1.0 + np.exp(np.clip(-out, -500, 500)))",
    "out = 0.5 * (1 + np.tanh(out / 2))",
    "out = np.exp(-np.logaddexp(0, -out))",
    "out = np.where(out > 0, 1, np.exp(-np.abs(out))) / (1 + np.exp(-np.abs(out)))",
    "np.negative(out, out=out); np.exp(out, out=out); out += 1; np.reciprocal(out, out=out)",
]
SLOPES = [
    "g = grad_output * a * (1 - a)",
    "g = a * (1 - a) * grad_output",
    "g = grad_output * (a - a**2)",
    "g = grad_output.copy(); g *= a; g *= 1 - a",
    "g = -(grad_output * (a * (a - 1)))",
    "g = np.multiply(grad_output, np.multiply(a, np.subtract(1, a)))",
    "z = x @ self.W + self.b; g = grad_output / (2 + np.exp(z) + np.exp(-z))",
    "z = x @ self.W + self.b; g = grad_output * 0.25 / np.cosh(z / 2) ** 2",
    "g = np.array([[d * v * (1 - v) for d, v in zip(*rows)] for rows in zip(grad_output, a)])",
]
STEPS = [
    "self.{0} -= lr * self.{1}",
    "self.{0} = self.{0} - lr * self.{1}",
    "self.{0} += -lr * self.{1}",
    "np.subtract(self.{0}, lr * self.{1}, out=self.{0})",
    "setattr(self, '{0}', getattr(self, '{0}') - lr * getattr(self, '{1}'))",
]


def indented(lines: str) -> str:
    return "".join(f"        {line}\n" for line in lines.splitlines())


@st.composite
def layers(draw: st.DrawFn, sigmoid: bool) -> str:
    """The text of a right layer."""

    def one(of: list[str]) -> str:
        return indented(draw(st.sampled_from(of)))

    keep, find = draw(st.sampled_from(CACHED))
    name_W, name_b = draw(st.sampled_from(NAMES))
    forward = one(PRODUCT) + (one(SIGMOIDS) if sigmoid else "") + indented(keep)
    backward = indented(find) + (one(SLOPES) if sigmoid else indented("g = grad_output"))
    backward += "".join(draw(st.permutations([one(GRAD_W), one(GRAD_B), one(GRAD_X)])))
    text = f"""import numpy as np

class {"SigmoidLayer" if sigmoid else "Linear"}:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)
        self.saved = []

    def forward(self, x):
{forward}        return out

    def backward(self, grad_output):
{backward}        self.{name_W}, self.{name_b} = grad_W, grad_b
        return grad_x
"""
    if sigmoid:
        step = draw(st.sampled_from(STEPS))
        text += f"\n    def update(self, lr):\n{indented(step.format('W', name_W))}{indented(step.format('b', name_b))}"
    return text


@settings(max_examples=20, deadline=None)
@given(layers(sigmoid=False), st.integers(0, 2**63 - 1))
def test_every_right_linear_layer_passes(box: Box, source: str, seed: int) -> None:
    report = last_report(box, lean("linear_scratch"), source, seed)

    assert report.passed, f"{report.headline} {report.next_step}\n{source}"


@settings(max_examples=20, deadline=None)
@given(layers(sigmoid=True), st.integers(0, 2**63 - 1))
def test_every_right_sigmoid_layer_passes(box: Box, source: str, seed: int) -> None:
    report = last_report(box, lean("backprop_fill"), source, seed)

    assert report.passed, f"{report.headline} {report.next_step}\n{source}"


# Right code that looks wrong, or that does something besides.
SLOPE = "grad_output * self.a * (1 - self.a)"
ALARMS = {
    "the derivative as x(1-x), at the activation": (
        (SLOPE, "grad_output * sigmoid_derivative(self.a)"),
        ("class S", "def sigmoid_derivative(x):\n    return x * (1 - x)\n\nclass S"),
    ),
    "the derivative at the activation, the sigmoid undone": (
        (SLOPE, "grad_output * np.exp(np.log(self.a) + np.log1p(-self.a))"),
        ("1 / (1 + np.exp(-(x", "np.clip(1 / (1 + np.exp(-(x"),
        ("+ self.b)))", "+ self.b))), 1e-12, 1 - 1e-12)"),
    ),
    "s(s-1), and a step uphill along it": (
        (SLOPE, "grad_output * self.a * (self.a - 1)"),
        ("self.dW = ", "self.dW = -"),
        ("self.db = ", "self.db = -"),
        ("return grad_z", "return -grad_z"),
    ),
    "+= of the negative": (("self.W -= lr", "self.W += -lr"), ("self.b -= lr", "self.b += -lr")),
    "a pass that runs forward again": (
        ("grad_z = grad_output", "self.forward(self.x)\n        grad_z = grad_output"),
    ),
    "it prints, warns and draws": (
        ("self.x = x", "self.x = x; print(x.shape); np.random.seed(0); np.random.randn(3); np.log(0 * x)"),
    ),
    "annotations, slots and a main part": (
        ("import numpy as np", "from __future__ import annotations\nimport numpy as np"),
        ("class SigmoidLayer:", "class SigmoidLayer:\n    __slots__ = ('W', 'b', 'x', 'a', 'dW', 'db')"),
        ("(self, grad_output)", "(self, grad_output: np.ndarray) -> np.ndarray"),
        ("self.b -= lr * self.db", "self.b -= lr * self.db\n\nif __name__ == '__main__':\n    1 / 0"),
    ),
    "gradients cleared before they are added to": (
        ("self.dW = self.x.T @ grad_z", "self.dW = np.zeros_like(self.W); self.dW += self.x.T @ grad_z"),
    ),
    "one product for both parameters": (
        ("self.dW = self.x.T @ grad_z", "both = np.hstack([self.x, np.ones((len(self.x), 1))]).T @ grad_z"),
        ("self.db = grad_z.sum(axis=0)", "self.dW, self.db = both[:-1], both[-1]"),
    ),
    "a subclass of a layer": (
        ("class SigmoidLayer:", "class Layer:\n    kind = 'sigmoid'\n\nclass SigmoidLayer(Layer):"),
        ("self.W = np", "super().__init__()\n        self.W = np"),
    ),
    "gradients as properties": (
        ("self.dW = ", "self._dW = "),
        ("    def update", "    @property\n    def dW(self):\n        return self._dW\n\n    def update"),
    ),
    "both names of a gradient": (("self.dW = ", "self.dW = self.grad_W = "),),
    "the hidden layer checks its own gradient": (
        ("return grad_z @", "assert self.dW.shape == self.W.shape; assert self.db.ndim == 1; return grad_z @"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("pairs", ALARMS.values(), ids=ALARMS)
def test_right_code_that_looks_wrong_passes(box: Box, pairs: tuple[tuple[str, str], ...]) -> None:
    report = last_report(box, lean("backprop_fill"), changed(SIGMOID, *pairs))

    assert report.passed, f"{report.headline} {report.next_step}"


LOOPS = (
    (
        "self.a = 1 / (1 + np.exp(-(x @ self.W + self.b)))",
        """self.a = np.zeros((len(x), len(self.b)))
        for n in range(len(x)):
            for j in range(len(self.b)):
                z = self.b[j]
                for i in range(x.shape[1]):
                    z += x[n, i] * self.W[i, j]
                self.a[n, j] = 1 / (1 + np.exp(-z))""",
    ),
    ("self.dW = self.x.T @ grad_z", "self.dW, grad_x = np.zeros_like(self.W), np.zeros_like(self.x)"),
    (
        "return grad_z @ self.W.T",
        """for n in range(len(grad_x)):
            for j in range(len(self.b)):
                for i in range(grad_x.shape[1]):
                    self.dW[i, j] += self.x[n, i] * grad_z[n, j]
                    grad_x[n, i] += grad_z[n, j] * self.W[i, j]
        return grad_x""",
    ),
)


def test_plain_loops_pass_every_tier_with_time_to_spare(box: Box) -> None:
    exercise = challenge("backprop_fill")
    report = last_report(box, exercise, changed(SIGMOID, *LOOPS))

    assert report.passed, report.headline
    assert report.seconds < exercise.limits.seconds


def test_lines_end_as_they_like_and_tabs_indent(box: Box) -> None:
    for text in (LINEAR.replace("\n", "\r\n"), LINEAR.replace("    ", "\t"), LINEAR + "\f"):
        assert last_report(box, lean("linear_scratch"), text).passed
