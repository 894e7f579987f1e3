"""Right code that learners report as wrong, claim by claim: each is accepted by the family that it belongs to."""

from __future__ import annotations

import random

import pytest

from tests.families import spec, textbook, told
from tests.family_specs import family
from tests.faults.catalogue.bases import BASES, challenge_of
from tests.gradings import changed, verdict
from tests.network_styles import Net
from tests.networks import challenge
from tutor.course import Challenge
from tutor.learner import Box

Right = dict[str, tuple[Challenge, str]]


def base(name: str, *changes: tuple[str, str]) -> tuple[Challenge, str]:
    """A right file of the catalogue, written otherwise."""
    return challenge_of(name), changed(BASES[name].source, *changes)


# ── "this is not the derivative" ─────────────────────────────────────────────────────────────────────────────────────

SLOPE = "return g * a * (1 - a)"
SIGMOID_PRIME = """
def derivative(x):
    return x * (1 - x)
"""
TANH = """
import numpy as np
def tanh(z):
    y = np.tanh(z)
    return y, y
def tanh_back(g, y):
    return g * (1 - y * y)
"""
TANH_NAMED_Z = """
import numpy as np
class Tanh:
    def forward(self, Z):
        self.Z = Z = np.tanh(Z)
        return Z
    def backward(self, dA):
        return dA * (1 - self.Z * self.Z)
"""
MASK = "np.where(x > 0, g, 0)"
OF_TANH = family("function", "tanh tanh_back", of="tanh")
DERIVATIVES: Right = {
    "x (1 - x), where x is the activation": base("sigmoid", (SLOPE, SIGMOID_PRIME.strip() + "\n"), (
        "def derivative", "return g * derivative(a)\ndef derivative")),
    "x (1 - x), of an activation that is computed again": base(
        "sigmoid", (SLOPE, "x = 1 / (1 + np.exp(-z))\n    return g * (x * (1 - x))")),
    "tanh' is 1 - y^2, of the output": (OF_TANH, TANH),
    "tanh' is (1 - y) (1 + y)": (OF_TANH, TANH.replace("(1 - y * y)", "(1 - y) * (1 + y)")),
    "1 - Z * Z, where Z is what tanh gave": (spec("layer", "Tanh", 'of = "tanh"'), TANH_NAMED_Z),
    "the mask of ReLU from a": base("relu", (MASK, "g * (a > 0)")),
    "the mask of ReLU from a, as a sign": base("relu", (MASK, "g * np.sign(a)")),
    "the mask of ReLU with the zero on the other side": base("relu", (MASK, "g * (x >= 0)")),
    "zeroed where a is zero": base("relu", (MASK, "np.where(a == 0, 0, g)")),
    "leaky ReLU's mask from its output": base("leaky_relu", (
        "self.mask = ", "self.mask = np.where(z.real > 0, z, self.slope * z).real > 0  #")),
    "s (s - 1), of the negative": base("sigmoid", (SLOPE, "return -g * a * (a - 1)")),
    "s (s - 1), for what comes from -dL": base("sigmoid", (SLOPE, "minus_g = -g\n    return minus_g * (a**2 - a)")),
    "exp (-z) / (1 + exp (-z))^2": base("sigmoid", (SLOPE, "e = np.exp(-abs(z))\n    return g * e / (1 + e) ** 2")),
}  # fmt: skip

# ── "the derivative is missing in the output delta", "one too much" ──────────────────────────────────────────────────

PASS = """
import numpy as np
def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))
class Net:
    def __init__(self, widths):
        self.W, self.b = [], []
    def forward(self, x):
        self.a = [x]
        for W, b in zip(self.W, self.b):
            self.a.append(sigmoid(self.a[-1] @ W + b))
        return self.a[-1]
    def backward(self, delta):
        OUTPUT
        self.dW, self.db = [], []
        for k in reversed(range(len(self.W))):
            self.dW.insert(0, self.a[k].T @ delta)
            self.db.insert(0, delta.sum(axis=0))
            delta = delta @ self.W[k].T
            if k > 0:
                delta = delta * self.a[k] * (1 - self.a[k])
        return delta
"""
BCE = """
def loss(a, y):
    return -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum() / len(y), (a - y) / len(y)
"""
SQUARED = """
def loss(a, y):
    return ((a - y) ** 2).sum() / len(y), 2 * (a - y) / len(y)
"""
SOFTMAX = """
def loss(p, y):
    t = np.eye(p.shape[1])[y]
    return -(t * np.log(p)).sum() / len(y), (p - t) / len(y)
"""


def ends_in(head: str) -> Challenge:
    """A network of sigmoids with this end."""
    return challenge(random.Random(3), "lists", Net((4, 3, 5), "sigmoid", head, False, False))


HIDDEN = "self.a.append(sigmoid(self.a[-1] @ W + b))"
PROBABILITIES = (
    HIDDEN,
    "z = self.a[-1] @ W + b; self.a.append(sigmoid(z))\n        e = np.exp(z - z.max(axis=1, keepdims=True))\n"
    "        self.a[-1] = e / e.sum(axis=1, keepdims=True)",
)
OUTPUT_DELTAS: Right = {
    "a - y with binary cross-entropy": (ends_in("sigmoid_bce"), changed(PASS, ("OUTPUT", "pass")) + BCE),
    "the long way round with binary cross-entropy": (
        ends_in("sigmoid_bce"),
        changed(PASS, ("OUTPUT", "a = self.a[-1]; delta = delta / (a * (1 - a)) * (a * (1 - a))")) + BCE,
    ),
    "p - y with softmax and cross-entropy": (
        ends_in("softmax_probs"), changed(PASS, ("OUTPUT", "pass"), PROBABILITIES) + SOFTMAX
    ),
    "(a - y) a (1 - a) with a squared error": (
        ends_in("sigmoid_mse"),
        changed(PASS, ("OUTPUT", "delta = delta * self.a[-1] * (1 - self.a[-1])")) + SQUARED,
    ),
    "sigmoid(z) - y of logits": base("binary"),
    "p - y, by the whole Jacobian of softmax": base("cross_entropy", (
        "return loss, (p - one_hot) / n",
        "J = p[:, :, None] * np.eye(c) - p[:, :, None] * p[:, None, :]\n"
        "    with np.errstate(all='ignore'):\n"
        "        long = np.einsum('nij,nj->ni', J, -one_hot / np.where(p == 0, 1, p)) / n\n"
        "    return loss, np.where((p[one_hot == 1] > 1e-9)[:, None], long, (p - one_hot) / n)",
    )),
}  # fmt: skip

# ── "+= must be -=" ──────────────────────────────────────────────────────────────────────────────────────────────────

QUERY = """
import numpy as np
class Net:
    def __init__(self, widths):
        self.W, self.b = [], []
    def forward(self, x):
        self.a = [x]
        for k, (W, b) in enumerate(zip(self.W, self.b)):
            self.a.append(1 / (1 + np.exp(-(self.a[-1] @ W + b))))
        return self.a[-1]
    def learn(self, x, targets, lr):
        outputs = self.forward(x)
        errors = targets - outputs
        loss = (errors**2).sum() / len(x)
        errors = 2 * errors / len(x)
        for k in (1, 0):
            step = errors * self.a[k + 1] * (1 - self.a[k + 1])
            errors = step @ self.W[k].T
            self.W[k] += lr * (self.a[k].T @ step)
            self.b[k] += lr * step.sum(axis=0)
        return loss
"""
DESCENT = challenge(random.Random(4), "descent", Net((4, 3, 5), "sigmoid", "sigmoid_mse", False, False))
UPDATES: Right = {
    "+= with target - output": (DESCENT, QUERY),
    "-= with output - target": (
        DESCENT,
        changed(QUERY, ("errors = targets - outputs", "errors = outputs - targets"), ("] += lr", "] -= lr")),
    ),
    "an optimiser that adds the negative": base("sgd", ("p -= self.lr * grads[name]", "p += -self.lr * grads[name]")),
    "a step that adds the negative": base("loop", ("p -= optimizer.lr * model", "p += -optimizer.lr * model")),
}

# ── "1/m must be in dZ" ──────────────────────────────────────────────────────────────────────────────────────────────

COURSERA = """
import numpy as np
class Net:
    def __init__(self, widths):
        self.W, self.b = [], []
    def forward(self, x):
        self.A = [x]
        for k, (W, b) in enumerate(zip(self.W, self.b), start=1):
            Z = self.A[-1] @ W + b
            self.A.append(Z if k == len(self.W) else np.tanh(Z))
        return self.A[-1]
    def loss(self, out, y):
        t = np.eye(out.shape[1])[y]
        top = out.max(axis=1, keepdims=True)
        logs = out - top - np.log(np.exp(out - top).sum(axis=1, keepdims=True))
        self.dZ = np.exp(logs) - t
        return -(t * logs).sum() / len(y)
    def backward(self):
        dZ, self.dW, self.db = self.dZ, [], []
        m = len(dZ)
        for k in range(len(self.W))[::-1]:
            self.dW.insert(0, 1 / m * self.A[k].T @ dZ)
            self.db.insert(0, 1 / m * dZ.sum(axis=0))
            dZ = dZ @ self.W[k].T * (1 - self.A[k] ** 2)
"""
FUSED: dict[str, object] = {"activation": "tanh", "loss": "softmax_cross_entropy", "goes_back": "net.backward()"}
IN_LAYERS = challenge(random.Random(5), "lists", Net((4, 3, 5), "tanh", "softmax_ce", False, True))
ONE_M = family("network", "Net", **FUSED, grad_input=False)
IN_THE_OPEN = changed(
    COURSERA,
    ("class Net", "def loss(out, y):\n    net = Net([]); return net.loss(out, y), net.dZ\nclass Net"),
    ("backward(self)", "backward(self, dZ)"), ("dZ, self.dW, self.db = self.dZ, [], []", "self.dW, self.db = [], []"),
    ("* (1 - self.A[k] ** 2)", "* (1 - self.A[k] ** 2 if k else 1)\n        return dZ"),
)  # fmt: skip
ONCE: Right = {
    "1/m in every dW and db": (ONE_M, COURSERA),
    "1/m in dZ": (ONE_M, changed(COURSERA, ("m = len(dZ)", "m, dZ = 1, dZ / len(dZ)"))),
    "1/m in every dW and db, where dZ is seen": (IN_LAYERS, IN_THE_OPEN),
    "1/m in dZ, where dZ is seen": (IN_LAYERS, changed(IN_THE_OPEN, ("net.dZ", "net.dZ / len(y)"), ("1 / m * ", ""))),
}

# ── "a term is missing", "epsilon is in the wrong place", "it must be flipped", ... ──────────────────────────────────

DMEAN = "dmean = -dhat.sum(axis=0) / std"
EPSILON_HAT = """
import numpy as np
class Adam:
    def __init__(self, lr, beta1, beta2, eps):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.powers, self.m, self.v = [1.0, 1.0], {}, {}
    def step(self, params, grads):
        self.powers = [self.powers[0] * self.beta1, self.powers[1] * self.beta2]
        lr_t = self.lr * (1 - self.powers[1]) ** 0.5 / (1 - self.powers[0])
        for key, g in grads.items():
            self.m[key] = self.beta1 * self.m.get(key, 0) + (1 - self.beta1) * g
            self.v[key] = self.beta2 * self.v.get(key, 0) + (1 - self.beta2) * g * g
            params[key] -= lr_t * self.m[key] / (np.sqrt(self.v[key]) + self.eps)
"""
OUT_DATA = """
import math
class Value:
    def __init__(self, data, children=()):
        self.data, self.grad, self._backward, self._prev = data, 0.0, lambda: None, children
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def back():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = back
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = back
        return out
    def exp(self):
        out = Value(math.exp(self.data), (self,))
        def back():
            self.grad += out.data * out.grad
        out._backward = back
        return out
    __radd__, __rmul__ = __add__, __mul__
    def backward(self):
        topo, seen = [], set()
        def build(v):
            if v not in seen:
                seen.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in topo[::-1]:
            v._backward()
"""
SCATTER = """
import numpy as np
class Conv:
    def __init__(self, c_in, c_out, k, stride, padding):
        self.k, self.s, self.p = k, stride, padding
    def windows(self, shape):
        for i in range((shape[2] - self.k) // self.s + 1):
            for j in range((shape[3] - self.k) // self.s + 1):
                at = np.s_[:, :, i * self.s : i * self.s + self.k, j * self.s : j * self.s + self.k]
                yield i, j, at
    def forward(self, x):
        self.x = np.pad(x, [(0, 0), (0, 0), (self.p, self.p), (self.p, self.p)])
        found, axes = {}, [1, 2, 3]
        for i, j, at in self.windows(self.x.shape):
            found[i, j] = np.tensordot(self.x[at], self.W, (axes, axes))
        rows, columns = max(found)
        out = np.empty((len(x), len(self.W), rows + 1, columns + 1))
        for (i, j), value in found.items():
            out[:, :, i, j] = value + self.b
        return out
    def backward(self, g):
        dx, self.dW, self.db = np.zeros(self.x.shape), np.zeros(self.W.shape), g.sum(axis=(0, 2, 3))
        for i, j, at in self.windows(self.x.shape):
            self.dW += np.tensordot(g[:, :, i, j], self.x[at], ([0], [0]))
            dx[at] += np.tensordot(g[:, :, i, j], self.W, 1)
        return dx[:, :, self.p : dx.shape[2] - self.p, self.p : dx.shape[3] - self.p]
"""
# The other way to say the same: a full correlation with the flipped kernels, of gradients with zeros between them.
FLIPPED = changed(
    SCATTER,
    ("            dx[at] += np.tensordot(g[:, :, i, j], self.W, 1)\n", ""),
    (
        "        return dx[",
        "        N, O, h, w = g.shape\n        k, s = self.k, self.s\n"
        "        wide = np.zeros((N, O, dx.shape[2] + k - 1, dx.shape[3] + k - 1))\n"
        "        wide[:, :, k - 1 : k - 1 + h * s : s, k - 1 : k - 1 + w * s : s] = g\n"
        "        flipped = self.W[:, :, ::-1, ::-1]\n"
        "        for i in range(dx.shape[2]):\n            for j in range(dx.shape[3]):\n"
        "                seen = wide[:, :, i : i + k, j : j + k]\n"
        "                dx[:, :, i, j] = np.tensordot(seen, flipped, ([1, 2, 3], [0, 2, 3]))\n"
        "        return dx[",
    ),
)  # fmt: skip
CONV = spec("layer", "Conv", 'of = "conv2d"')
OTHERS: Right = {
    "batch norm without the variance's part in dmu": base("norm"),
    "batch norm with it": base("norm", (DMEAN, f"{DMEAN} + dvar * -2 * (x - mean).sum(axis=0) / n")),
    "batch norm's three paths in one line": base("norm", (
        "dx = dhat / std + dvar * 2 * (x - mean) / n + dmean / n",
        "dx = (n * dhat - dhat.sum(axis=0) - hat * (dhat * hat).sum(axis=0)) / (n * std)",
    )),
    "Adam with epsilon-hat": (challenge_of("adam"), EPSILON_HAT),
    "Adam with epsilon outside": base("adam"),
    "exp' is the output": (
        family("autograd", "Value", operators={"add": "a + b", "mul": "a * b", "exp": "a.exp()"}), OUT_DATA
    ),
    "exp' is exp of the input": base(
        "autograd", ("Value(e, ((self, e),))", "Value(e, ((self, math.exp(self.data)),))")
    ),
    "a convolution backward that scatters and flips nothing": (CONV, SCATTER),
    "a convolution backward that flips": (CONV, FLIPPED),
    # PyTorch itself sums a gradient down to the shape of what was broadcast.
    "a bias gradient that PyTorch sums": base("torch_linear", ("g.sum(dim=0)", "g")),
    "a gradient check of textbook's own": (
        family("checker", "check_gradients", style="params", call="check_gradients(loss, params, grads).right"),
        textbook("gradient_check"),
    ),
}  # fmt: skip

CLAIMS: Right = {**DERIVATIVES, **OUTPUT_DELTAS, **UPDATES, **ONCE, **OTHERS}


@pytest.mark.parametrize("claim", CLAIMS)
def test_right_code_that_was_called_wrong_is_accepted(box: Box, claim: str) -> None:
    of, source = CLAIMS[claim]
    report = verdict(box, of, source)
    assert report.passed, f"{told(report)}\n{source}"


def test_the_variant_of_adam_is_named(box: Box) -> None:
    assert "epsilon-hat" in verdict(box, *CLAIMS["Adam with epsilon-hat"]).variant


@pytest.mark.parametrize(
    ("claim", "changes"),
    [
        ("a - y with binary cross-entropy", (("      pass", "      delta = delta * self.a[-1] * (1 - self.a[-1])"),)),
        ("(a - y) a (1 - a) with a squared error", (("delta = delta * self.a[-1] * (1 - self.a[-1])", "pass"),)),
        ("+= with target - output", (("errors = targets - outputs", "errors = outputs - targets"),)),
        ("1/m in every dW and db", (("1 / m * dZ.sum", "dZ.sum"),)),
        ("1/m in every dW and db, where dZ is seen", (("net.dZ", "net.dZ / len(y)"),)),
        ("1/m in dZ, where dZ is seen", (("net.dZ / len(y)", "net.dZ"),)),
        ("exp' is the output", (("out.data * out.grad", "self.data * out.grad"),)),
        ("a convolution backward that flips", (("self.W[:, :, ::-1, ::-1]", "self.W"),)),
        ("Adam with epsilon-hat", (("** 0.5 / (1 - self.powers[0])", "/ (1 - self.powers[0])"),)),
    ],
)  # fmt: skip
def test_its_neighbour_that_is_wrong_is_refused(box: Box, claim: str, changes: tuple[tuple[str, str], ...]) -> None:
    of, source = CLAIMS[claim]
    assert verdict(box, of, changed(source, *changes)).status == "failed"
