"""Networks as learners write them: thirteen styles of code, each with the places at which a learner could slip.

A style writes one whole file with a `Pen`. What it writes is right; at each place where people slip the pen is told
what the slip would look like, and one of them can be planted. A slip that comes to the same in this very network (the
slope of no activation, the mean over a batch of one) says so: it must pass.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from textwrap import dedent, indent
from typing import NamedTuple


class Slip(NamedTuple):
    """What a learner could have written instead."""

    label: str
    text: str
    harmless: bool = False  # it comes to the same in this network


class Pen:
    """Writes one file; `plant` is the number of the slip that is written instead of what is right."""

    def __init__(self, rng: random.Random, plant: int | None = None) -> None:
        self.rng, self.plant = rng, plant
        self.slips: list[Slip] = []

    def one(self, *texts: str) -> str:
        """One of several spellings."""
        return self.rng.choice(texts)

    def right(self, text: str, *slips: Slip) -> str:
        """What is right here, or the planted slip."""
        before = len(self.slips)
        self.slips += slips
        if self.plant is not None and before <= self.plant < len(self.slips):
            return self.slips[self.plant].text
        return text


HEADS = ("upstream", "sigmoid", "softmax_ce", "mse", "sigmoid_mse", "sigmoid_bce", "softmax_probs")
ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh", "none")


class Net(NamedTuple):
    """The network that is written, whatever the style."""

    widths: tuple[int, ...]
    activation: str
    head: str  # what comes after the last layer: an activation, a loss
    batches_of_one: bool  # every case has a single sample
    mean_in_layers: bool  # the batch's 1/N is not in the loss but in every grad_W and grad_b

    @property
    def depth(self) -> int:
        """The number of linear layers."""
        return len(self.widths) - 1

    @property
    def flat(self) -> bool:
        """True where no activation stands between two layers."""
        return self.activation == "none" or self.depth == 1


# ── the pieces ───────────────────────────────────────────────────────────────────────────────────────────────────────

ACTIVATE = {
    "relu": ("np.maximum({z}, 0)", "np.where({z} > 0, {z}, 0)", "{z} * ({z} > 0)", "{z}.clip(0)"),
    "leaky_relu": ("np.where({z} > 0, {z}, 0.01 * {z})", "np.maximum({z}, 0.01 * {z})"),
    "sigmoid": (
        "1 / (1 + np.exp(-{z}))",
        "0.5 * (1 + np.tanh(0.5 * {z}))",
        "np.exp(-np.logaddexp(0, -{z}))",
        "np.where({z} > 0, 1, np.exp(-abs({z}))) / (1 + np.exp(-abs({z})))",
    ),
    "tanh": ("np.tanh({z})", "2 / (1 + np.exp(-2 * {z})) - 1"),
    "none": ("{z}",),
}
SLOPE_OF_OUTPUT = {
    "relu": ("({a} > 0)", "np.sign({a})", "np.where({a} > 0, 1.0, 0.0)"),
    "leaky_relu": ("np.where({a} > 0, 1, 0.01)", "(0.01 + 0.99 * ({a} > 0))"),
    "sigmoid": ("{a} * (1 - {a})", "({a} - {a}**2)"),
    "tanh": ("(1 - {a}**2)", "(1 - {a}) * (1 + {a})", "(1 - np.square({a}))"),
    "none": ("1", "np.ones_like({a})"),
}
SLOPE_OF_INPUT = {
    "relu": ("({z} > 0)", "np.where({z} > 0, 1, 0)", "np.heaviside({z}, 0)"),
    "leaky_relu": ("np.where({z} > 0, 1, 0.01)",),
    "sigmoid": ("1 / (1 + np.exp(-{z})) * (1 - 1 / (1 + np.exp(-{z})))", "0.25 / np.cosh(0.5 * {z})**2"),
    "tanh": ("(1 - np.tanh({z})**2)", "np.cosh({z})**-2.0"),
    "none": ("1",),
}


class Pieces:
    """The lines that all styles share, each spelled once per file."""

    def __init__(self, net: Net, pen: Pen) -> None:
        self.net, self.pen = net, pen
        self._activate = pen.one(*ACTIVATE[net.activation])
        self._of_output = pen.one(*SLOPE_OF_OUTPUT[net.activation])
        self._of_input = pen.one(*SLOPE_OF_INPUT[net.activation])
        self._sigmoid = pen.one("1 / (1 + np.exp(-{z}))", "np.exp(-np.logaddexp(0, -{z}))")
        self.keeps_input = pen.one("yes", "no") == "yes"  # the slope is taken at z, not at a

    def activate(self, z: str) -> str:
        """The activation of z."""
        return self.pen.right(
            self._activate.replace("{z}", z),
            Slip("activation left out", z, self.net.flat),
            Slip("activation of -z", self._activate.replace("{z}", f"(-{z})"), self.net.depth == 1),
        )

    def slope(self, z: str, a: str, g: str = "g") -> str:
        """The derivative of the activation, from whichever of z and a this file keeps."""
        net, form, at = self.net, self._of_output, a
        places = ("{a}", g)
        kinked = net.activation in ("relu", "leaky_relu")
        elsewhere = Slip("slope at the upstream gradient", form.replace(*places), net.flat)
        if self.keeps_input:
            form, at = self._of_input, z
            same = net.flat or kinked
            elsewhere = Slip("slope at the activation", form.replace("{z}", a), same)
        text = form.replace("{a}", at).replace("{z}", at)
        return self.pen.right(
            text,
            elsewhere,
            Slip("slope left out", "1", net.flat),
            Slip("slope twice", f"({text}) * ({text})", net.flat or net.activation == "relu"),
            Slip("sign of the slope", f"-({text})", net.depth == 1),
        )

    def affine(self, a: str, W: str, b: str) -> str:
        """The linear layer."""
        product = self.pen.one(f"{a} @ {W}", f"np.dot({a}, {W})", f"np.matmul({a}, {W})")
        return self.pen.right(f"{product} + {b}", Slip("bias left out", product), Slip("bias off", f"{product} - {b}"))

    def averaged(self, gradient: str, g: str = "g") -> str:
        """A parameter's gradient with the batch's 1/N, where the layers take it."""
        once = self.net.batches_of_one
        if self.net.mean_in_layers:
            return self.pen.right(
                f"{gradient} / len({g})",
                Slip("mean never taken here", gradient, once),
                Slip("mean twice here", f"{gradient} / len({g})**2", once),
            )
        return self.pen.right(
            gradient,
            Slip("divided by the batch here", f"{gradient} / len({g})", once),
            Slip("factor 2", f"2 * {gradient}"),
            Slip("sign of the gradient", f"-{gradient}"),
        )

    def grad_W(self, a: str, g: str = "g") -> str:
        """The gradient of the weights (n_in, n_out)."""
        right = self.pen.one(f"({a}.T @ {g})", f"({g}.T @ {a}).T", f"np.dot({a}.T, {g})")
        return self.averaged(
            self.pen.right(
                right,
                Slip("weights transposed", f"({g}.T @ {a})"),
                Slip("one sample alone", f"np.outer({a}[-1], {g}[-1])", self.net.batches_of_one),
            ),
            g,
        )

    def grad_b(self, g: str = "g") -> str:
        """The gradient of the bias (n_out,)."""
        right = self.pen.one(f"{g}.sum(axis=0)", f"np.sum({g}, 0)", f"np.ones(len({g})) @ {g}")
        return self.averaged(
            self.pen.right(
                right,
                Slip("bias gradient not summed", f"{g} * 1"),
                Slip("bias gradient a mean", f"{g}.mean(axis=0)", self.net.batches_of_one),
                Slip("bias gradient over the outputs", f"{g}.sum(axis=1)"),
                Slip("bias gradient over all", f"np.full_like({g}[0], {g}.sum())"),
                Slip("bias gradient of one sample", f"{g}[0] * 1", self.net.batches_of_one),
            ),
            g,
        )

    def grad_x(self, W: str, g: str = "g") -> str:
        """The gradient of a layer's input."""
        right = self.pen.one(f"{g} @ {W}.T", f"np.dot({g}, {W}.T)", f"({W} @ {g}.T).T")
        return self.pen.right(right, Slip("W for W.T", f"{g} @ {W}"), Slip("sign of the error", f"-{g} @ {W}.T"))

    def head(self, z: str) -> str:
        """What the network gives, from the last z."""
        if self.net.head in ("sigmoid", "sigmoid_mse", "sigmoid_bce"):
            return self.pen.right(self._sigmoid.replace("{z}", z), Slip("output activation left out", f"{z} * 1"))
        if self.net.head == "softmax_probs":
            return self.pen.right(f"softmax({z}, 1)", Slip("softmax over the batch", f"softmax({z}, 0)"))
        return z

    def head_back(self, g: str, out: str) -> str:
        """The gradient at the last z."""
        slope = f"{g} * {out} * (1 - {out})"
        if self.net.head in ("sigmoid", "sigmoid_mse"):
            return self.pen.right(
                slope,
                Slip("output slope left out", f"{g} * 1"),
                Slip("output slope twice", f"{slope} * {out} * (1 - {out})"),
            )
        return self.pen.right(g, Slip("a slope too much", slope))

    def loop(self, count: str, label: str = "the first layer forgotten") -> str:
        """The layers from the last to the first."""
        right = self.pen.one(f"reversed(range({count}))", f"range({count} - 1, -1, -1)")
        return self.pen.right(right, Slip(label, f"range({count} - 1, 0, -1)"))

    # ── the loss ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def loss(self) -> str:
        """The module's function `loss(out, y)`, which gives the loss and its gradient, and what it needs."""
        net, once = self.net, self.net.batches_of_one
        softmax = (
            "def softmax(z, axis):\n    e = np.exp(z - z.max(axis=axis, keepdims=True))\n"
            "    return e / e.sum(axis=axis, keepdims=True)\n\n"
        )
        if net.head in ("upstream", "sigmoid"):
            return ""
        body, grad = self._loss_and_gradient()
        if net.mean_in_layers:
            grad = self.pen.right(grad, Slip("mean twice", f"{grad} / len(y)", once))
        else:
            grad = self.pen.right(f"{grad} / len(y)", Slip("mean never taken", grad, once))
        text = f"def loss(out, y):\n{indent(dedent(body), '    ')}    return value, {grad}\n\n"
        return (softmax if "softmax" in net.head else "") + text

    def _loss_and_gradient(self) -> tuple[str, str]:
        pen, once = self.pen, self.net.batches_of_one
        match self.net.head:
            case "softmax_ce":
                axis = pen.right("1", Slip("softmax over the batch", "0"))
                return (
                    "rows = np.arange(len(y))\n"
                    f"shifted = out - out.max(axis=1, keepdims=True)\np = softmax(out, {axis})\n"
                    "value = (np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, y]).mean()\n"
                    + pen.right("p[rows, y] -= 1\n", Slip("one from the whole column", "p[:, y] -= 1\n", once)),
                    pen.right("p", Slip("sign of p - y", "-p")),
                )
            case "softmax_probs":
                return (
                    "rows = np.arange(len(y))\none_hot = np.eye(out.shape[1])[y]\n"
                    "value = -np.log(out[rows, y]).mean()\n",
                    pen.right(
                        "(out - one_hot)",
                        Slip("y - p", "(one_hot - out)"),
                        Slip("softmax like a sigmoid", "(out - one_hot) * out * (1 - out)"),
                    ),
                )
            case "sigmoid_bce":
                return (
                    "value = -(y * np.log(out) + (1 - y) * np.log(1 - out)).sum() / len(y)\n",
                    pen.right("(out - y)", Slip("y - a", "(y - out)"), Slip("factor 2 in the loss", "2 * (out - y)")),
                )
        value = pen.right("(d**2).sum() / len(y)", Slip("mean over the outputs too", "(d**2).mean()"))
        return (
            f"d = out - y\nvalue = {value}\n",
            pen.right("2 * d", Slip("factor 2 left out", "d"), Slip("sign of the error", "-2 * d")),
        )


Style = Callable[[Net, Pen], str]


def _keep(pen: Pen, name: str, value: str) -> str:
    """A line that keeps an array for the way back."""
    stale = f"self.{name} = getattr(self, {name!r}, None) or {value}"
    return pen.right(f"self.{name} = {value}", Slip(f"{name} of the first batch", stale))


START = "import numpy as np\n\n"


# ── the styles ───────────────────────────────────────────────────────────────────────────────────────────────────────


def lists(net: Net, pen: Pen) -> str:
    """A class with lists, and a loop over the layers."""
    of = Pieces(net, pen)
    early = Slip("updated before it is propagated", "self.W[k] = self.W[k] - 0.1 * self.grad_W[k]\n            ")
    return (
        START
        + of.loss()
        + f"""class Net:
    def __init__(self, widths):
        self.W = [np.zeros((m, n)) for m, n in zip(widths, widths[1:])]
        self.b = [np.zeros(n) for n in widths[1:]]

    def forward(self, x):
        {_keep(pen, "a", "[x]")}
        self.z = []
        for k in range(len(self.W)):
            z = {of.affine("self.a[k]", "self.W[k]", "self.b[k]")}
            self.z.append(z)
            self.a.append(z if k == len(self.W) - 1 else {of.activate("z")})
        self.out = {of.head("self.z[-1]")}
        return self.out

    def backward(self, g):
        L = len(self.W)
        self.grad_W, self.grad_b = [None] * L, [None] * L
        g = {of.head_back("g", "self.out")}
        for k in {of.loop("L")}:
            self.grad_W[k] = {of.grad_W("self.a[k]")}
            self.grad_b[k] = {of.grad_b()}
            {pen.right("", early)}g = {of.grad_x("self.W[k]")}
            if k > 0:
                g = g * {of.slope("self.z[k - 1]", "self.a[k]")}
        return g
"""
    )


def layers(net: Net, pen: Pen) -> str:
    """A class for the linear layer, one for the activation, and a network that is a list of both."""
    of = Pieces(net, pen)
    kept = pen.right("self.x", Slip("a cache that all layers share", "Dense.x"))
    return (
        START
        + of.loss()
        + f"""class Dense:
    def __init__(self, m, n):
        self.W, self.b = np.zeros((m, n)), np.zeros(n)

    def forward(self, x):
        {kept} = x
        return {of.affine("x", "self.W", "self.b")}
    def backward(self, g):
        x = {kept}
        self.dW = {of.grad_W("x")}
        self.db = {of.grad_b()}
        return {of.grad_x("self.W")}


class Activation:
    def forward(self, z):
        self.z = z
        self.a = {of.activate("z")}
        return self.a
    def backward(self, g):
        return g * {of.slope("self.z", "self.a")}


class Net:
    def __init__(self, widths):
        self.layers = []
        for m, n in zip(widths, widths[1:]):
            self.layers += [Dense(m, n), Activation()]
        self.layers.pop()

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        self.out = {of.head("x")}
        return self.out

    def backward(self, g):
        g = {of.head_back("g", "self.out")}
        for layer in self.layers[::-1]:
            g = layer.backward(g)
        return g
"""
    )
