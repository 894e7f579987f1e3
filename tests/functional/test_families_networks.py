"""Networks: right code in any style passes, each planted fault is found where it is."""

from __future__ import annotations

import pytest

from tests.families import outcome, spec, textbook
from tests.gradings import changed, verdict
from tutor.learner import Box

IN_A_DICT = """
import numpy as np
class TwoOrMore:
    def __init__(self, widths):
        self.depth = len(widths) - 1
        self.params = {f"W{k}": np.zeros((widths[k - 1], widths[k])) for k in range(1, self.depth + 1)}
        self.params |= {f"b{k}": np.zeros(widths[k]) for k in range(1, self.depth + 1)}
    def forward(self, x):
        self.a = {0: x}
        for k in range(1, self.depth + 1):
            z = self.a[k - 1] @ self.params[f"W{k}"] + self.params[f"b{k}"]
            self.a[k] = z if k == self.depth else np.tanh(z)
        return self.a[self.depth]
    def backward(self, g):
        grads = {}
        for k in range(self.depth, 0, -1):
            grads[f"dW{k}"], grads[f"db{k}"] = self.a[k - 1].T @ g, g.sum(0)
            g = (g @ self.params[f"W{k}"].T) * (1 - self.a[k - 1] ** 2 if k > 1 else 1)
        return grads
"""
OF_LAYERS = """
import numpy as np
class Linear:
    def __init__(self, n_in, n_out): self.W, self.b = np.zeros((n_in, n_out)), np.zeros(n_out)
    def forward(self, x): self.x = x; return x @ self.W + self.b
    def backward(self, g):
        self.dW, self.db = self.x.T @ g, g.sum(axis=0)
        return g @ self.W.T
class ReLU:
    def forward(self, x): self.mask = x > 0; return x * self.mask
    def backward(self, g): return g * self.mask
class Net:
    def __init__(self, widths):
        self.layers = []
        for m, n in zip(widths, widths[1:]):
            self.layers += [Linear(m, n), ReLU()]
        self.layers.pop()
    def forward(self, x):
        for layer in self.layers: x = layer.forward(x)
        return x
    def loss(self, logits, y):
        e = np.exp(logits - logits.max(1, keepdims=True)); p = e / e.sum(1, keepdims=True)
        shifted = logits - logits.max(1, keepdims=True)
        rows = np.arange(len(y))
        loss = (np.log(np.exp(shifted).sum(1)) - shifted[rows, y]).mean()
        p[rows, y] -= 1
        return loss, p / len(y)
    def backward(self, g):
        for layer in reversed(self.layers): g = layer.backward(g)
        return g
"""
BY_ATTRIBUTES = """
import numpy as np
class Net:
    def __init__(self, widths): self.L = len(widths) - 1
    def forward(self, x):
        self.cache, a = [], x
        for k in range(1, self.L + 1):
            z = a @ getattr(self, f"W{k}") + getattr(self, f"b{k}")
            self.cache.append((a, z))
            a = np.maximum(z, 0) if k < self.L else z
        return a
    def backward(self, delta):
        returned = {}
        for k in range(self.L, 0, -1):
            a, _ = self.cache[k - 1]
            returned[f"W{k}"], returned[f"b{k}"] = a.T.dot(delta), delta.sum(axis=0)
            delta = delta.dot(getattr(self, f"W{k}").T)
            if k > 1: delta = delta * (self.cache[k - 2][1] > 0)
        return {**returned, "x": delta}
"""
WITH_ITS_LOSS = """
import numpy as np
class Net:
    def __init__(self, widths): self.weights, self.biases = [], []
    def forward(self, x):
        self.a = [x]
        for W, b in zip(self.weights, self.biases):
            z = W @ self.a[-1].T
            self.a.append(1 / (1 + np.exp(-(z.T + b))))
        self.a[-1] = z.T + b
        return self.a[-1]
    def cost(self, y):
        self.delta = 2 * (self.a[-1] - y) / len(y)
        return ((self.a[-1] - y) ** 2).sum() / len(y)
    def backward(self):
        delta, pairs = self.delta, []
        for k in reversed(range(len(self.weights))):
            pairs.insert(0, (delta.T @ self.a[k], delta.sum(axis=0)))
            delta = (delta @ self.weights[k]) * self.a[k] * (1 - self.a[k])
        return pairs
"""
OF_TANH = 'make = "MLP(widths, activation)"\nactivation = "tanh"'
MLP = spec("network", "MLP", OF_TANH)
BY_LAYERS = spec("network", "Net", 'weights = "layers"\nloss = "softmax_cross_entropy"')
RIGHT_NETWORKS = {
    "parameters in a dict": (
        spec("network", "TwoOrMore", 'weights = "dict"\nactivation = "tanh"\ngrad_input = false'),
        IN_A_DICT,
    ),
    "attributes, and gradients in a returned dict": (
        spec("network", "Net", 'weights = "attributes"'),
        BY_ATTRIBUTES,
    ),
    "layers in a row": (BY_LAYERS, OF_LAYERS),
    "its own loss, transposed lists, pairs": (
        spec(
            "network",
            "Net",
            'activation = "sigmoid"\nloss = "mse"\ncomputes = "net.cost(y)"\ngoes_back = "net.backward()"\n'
            'transposed = true\ngrad_input = false\nnamed = { W = "weights", b = "biases" }\n'
            'gradients = { W = ["returned[{i}][0]"], b = ["returned[{i}][1]"] }',
        ),
        WITH_ITS_LOSS,
    ),
    **{
        f"the textbook's with {activation}": (
            spec("network", "MLP", f'make = "MLP(widths, activation)"\nactivation = "{activation}"'),
            textbook("mlp"),
        )
        for activation in ("relu", "leaky_relu", "sigmoid", "tanh", "none")
    },
    "twelve layers deep": (
        spec("network", "MLP", 'make = "MLP(widths, activation)"\nactivation = "tanh"\ndepths = [12, 7]'),
        textbook("mlp"),
    ),
    "the mean in the layers, where either will do": (
        spec(
            "network",
            "MLP",
            'loss = "mse"\ncomputes = "mse(out, y)"\n[judge]\nscale = "either"\nper_sample = ["grad", "grad_input"]',
        ),
        textbook(
            "mlp",
            ("self.inputs[k].T @ grad", "self.inputs[k].T @ grad / len(grad)"),
            ("grad.sum(axis=0)", "grad.mean(axis=0)"),
            ("2 * difference / len(predictions)", "2 * difference"),
        ),
    ),
    "the textbook's with its loss": (
        spec("network", "MLP", 'loss = "softmax_cross_entropy"\ncomputes = "softmax_cross_entropy(out, y)"'),
        textbook("mlp"),
    ),
    "the textbook's with its squared error": (
        spec("network", "MLP", 'loss = "mse"\ncomputes = "mse(out, y)"\ndepths = [3]'),
        textbook("mlp"),
    ),
}


@pytest.mark.parametrize("style", RIGHT_NETWORKS)
def test_a_right_network_passes_in_any_style(box: Box, style: str) -> None:
    assert outcome(box, *RIGHT_NETWORKS[style]) == "passed"


STEP = "grad = grad * slope(self.activation, self.inputs[k])"
PLANTED_NETWORKS = {
    "slope left out": (STEP, "pass", "grad_W1 wrong_value"),
    "slope at the gradient": (STEP, "grad = grad * slope(self.activation, grad)", "grad_W1 wrong_value"),
    "slope at the slope": (STEP, f"{STEP} * slope(self.activation, self.inputs[k])", "grad_W1 wrong_value"),
    "slope below the first layer": ("if k > 0:", "if True:", "grad_input wrong_value"),
    "slope of the wrong activation": (
        "of_tanh: Array = 1 - a * a",
        "of_tanh: Array = a * (1 - a)",
        "grad_W1 wrong_value",
    ),
    "weights of the wrong layer": ("grad @ self.W[k].T", "grad @ self.W[k - 1].T", "could_not_run exception"),
    "bias gradient not summed": ("grad.sum(axis=0)", "grad", "grad_b2 wrong_shape"),
    "bias of the last layer forgotten": ("a @ W + b", "a @ W + (b if k == 0 else 0)", "out wrong_value"),
    "weights divided by the batch": (
        "self.inputs[k].T @ grad",
        "self.inputs[k].T @ grad / len(grad)",
        "grad_W2 wrong_value",
    ),
    "activation after the last layer too": ("a = z if k == len(self.W) - 1 else", "a =", "out wrong_value"),
    "the first layer's input for all": ("self.inputs[k].T @ grad", "self.inputs[0].T @ grad", "grad_W2 wrong_shape"),
    "updated before it is propagated": (
        "grad = grad @ self.W[k].T",
        "self.W[k] = self.W[k] - 0.01 * self.grad_W[k]; grad = grad @ self.W[k].T",
        "grad_W1 wrong_value",
    ),
}


@pytest.mark.parametrize("fault", PLANTED_NETWORKS)
def test_a_planted_fault_in_a_network_is_found(box: Box, fault: str) -> None:
    right, wrong, first = PLANTED_NETWORKS[fault]
    assert outcome(box, MLP, textbook("mlp", (right, wrong))) == first


def test_a_fault_of_a_deep_network_alone_is_found(box: Box) -> None:
    deep = spec("network", "MLP", f"{OF_TANH}\ndepths = [2, 9]")
    wrong = textbook("mlp", (STEP, f"{STEP} * (1 if k < 8 else 2)"))
    assert outcome(box, MLP, wrong) == "passed"
    assert outcome(box, deep, wrong) == "grad_W8 wrong_value"


def test_a_network_that_is_right_for_two_layers_alone_is_found(box: Box) -> None:
    reversed_two = ("in reversed(range(len(self.W)))", "in list(reversed(range(len(self.W))))[:2]")
    assert outcome(box, MLP, textbook("mlp", reversed_two)) == "grad_W1 wrong_value"  # of three layers
    assert (
        outcome(box, spec("network", "MLP", f"{OF_TANH}\ndepths = [2, 1]"), textbook("mlp", reversed_two)) == "passed"
    )


def test_the_gradient_of_the_loss_is_fed_so_that_a_wrong_one_alone_is_wrong(box: Box) -> None:
    report = verdict(box, BY_LAYERS, changed(OF_LAYERS, ("return loss, p / len(y)", "return loss, p")))
    wrong = [check.name for check in report.checks if check.verdict != "right"]
    assert wrong == ["grad"]
