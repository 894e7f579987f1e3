"""Layers: right code in any style passes, and each planted fault is found where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.families import outcome, spec, textbook
from tutor.course import read_spec
from tutor.course.families.presets import PRESETS, find_preset
from tutor.learner import Box

# ── layers: right code ───────────────────────────────────────────────────────────────────────────────────────────────

LOOPS = """
import numpy as np
class Dense:
    def __init__(self, n_in, n_out):
        self.weight = np.zeros((n_in, n_out)); self.bias = np.zeros(n_out)
    def forward(self, x):
        self.cache = [list(row) for row in x]
        out = np.empty((len(x), len(self.bias)), x.dtype)
        for n, row in enumerate(x):
            for j in range(len(self.bias)):
                out[n, j] = sum(row[i] * self.weight[i, j] for i in range(len(row))) + self.bias[j]
        return out
    def backward(self, grad):
        n_in, n_out = self.weight.shape
        self.grad_weight, self.grad_bias = np.zeros_like(self.weight), np.zeros_like(self.bias)
        dx = np.zeros((len(self.cache), n_in), grad.dtype)
        for n, row in enumerate(self.cache):
            for j in range(n_out):
                self.grad_bias[j] += grad[n, j]
                for i in range(n_in):
                    self.grad_weight[i, j] += row[i] * grad[n, j]
                    dx[n, i] += self.weight[i, j] * grad[n, j]
        return dx
"""
TRANSPOSED = """
class Linear:
    def __init__(self, weight, bias):
        self.params = {"W": weight, "b": bias}
    def __call__(self, x):
        self.x = x
        return x @ self.params["W"].T + self.params["b"]
    def back(self, g):
        return g @ self.params["W"], {"W": g.T @ self.x, "b": g.sum(0)}
"""
IN_DICTS = """
class Linear:
    def __init__(self, n_in, n_out):
        self.p, self.grads = {}, {}
    def forward(self, x):
        self.cache = {"x": x.copy()}
        return x.dot(self.p["W"]) + self.p["b"]
    def backward(self, g):
        self.grads = {"W": self.cache["x"].T.dot(g), "b": g.sum(0)}
        return g.dot(self.p["W"].T)
"""
TUPLE = """
class Linear:
    W = b = None
    def forward(self, x):
        def back(g):
            return g @ self.W.T, x.T @ g, g.sum(axis=0)
        self.back = back
        return x @ self.W + self.b
    def backward(self, g):
        return self.back(g)
"""
BN_SHORT = """
import numpy as np
class Norm:
    eps = 1e-5
    def forward(self, x):
        self.n = len(x)
        self.std = np.sqrt(x.var(axis=0) + self.eps)
        self.hat = (x - x.mean(axis=0)) / self.std
        return self.gamma * self.hat + self.beta
    def backward(self, g):
        self.dgamma, self.dbeta = np.einsum("nd,nd->d", g, self.hat), g.sum(0)
        d = g * self.gamma
        return (self.n * d - d.sum(0) - self.hat * (d * self.hat).sum(0)) / (self.n * self.std)
"""
CONV_LOOPS = """
import numpy as np
class Conv:
    def __init__(self, c_in, c_out, k, stride, padding):
        self.s, self.p = stride, padding
    def forward(self, x):
        p, s = self.p, self.s
        self.x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        N, C, H, W = self.x.shape
        O, _, k, _ = self.W.shape
        out = np.empty((N, O, (H - k) // s + 1, (W - k) // s + 1), x.dtype)
        for i in range(out.shape[2]):
            for j in range(out.shape[3]):
                window = self.x[:, None, :, i * s:i * s + k, j * s:j * s + k]
                out[:, :, i, j] = (window * self.W).sum(axis=(2, 3, 4)) + self.b
        return out
    def backward(self, g):
        p, s, k = self.p, self.s, self.W.shape[-1]
        dx = np.zeros_like(self.x)
        self.dW, self.db = np.zeros_like(self.W), g.sum(axis=(0, 2, 3))
        for n in range(len(g)):
            for o in range(g.shape[1]):
                for i in range(g.shape[2]):
                    for j in range(g.shape[3]):
                        at = (n, slice(None), slice(i * s, i * s + k), slice(j * s, j * s + k))
                        self.dW[o] += self.x[at] * g[n, o, i, j]
                        dx[at] += self.W[o] * g[n, o, i, j]
        return dx[:, :, p:dx.shape[2] - p, p:dx.shape[3] - p]
"""
RELU_OF_OUTPUT = """
class ReLU:
    def forward(self, x):
        self.a = x * (x > 0)
        return self.a
    def backward(self, g):
        return {"dx": g * (self.a > 0)}
"""
SOFTPLUS = """
import numpy as np
class Softplus:
    def __init__(self, beta): self.beta = beta
    def forward(self, x):
        self.x = x.copy()
        return np.logaddexp(0, self.beta * x) / self.beta
    def backward(self, g):
        return g / (1 + np.exp(-self.beta * self.x))
"""

DENSE = 'of = "linear"\nattributes = { W = "weight", b = "bias" }'
RIGHT_LAYERS = {
    "loops, and names of its own": (spec("layer", "Dense", DENSE), LOOPS),
    "transposed, in a dict, by the constructor": (
        spec(
            "layer",
            "Linear",
            'of = "linear"\npass = "constructor"\ntransposed = ["W"]\nforward = "__call__"\nbackward = "back"\n'
            "gradients = { W = ['returned[1][\"W\"]'], b = ['returned[1][\"b\"]'] }",
        ),
        TRANSPOSED,
    ),
    "parameters and gradients in dicts, inputs copied": (
        spec("layer", "Linear", 'of = "linear"\ncopies = true\nattributes = { W = "p[\'W\']", b = "p[\'b\']" }'),
        IN_DICTS,
    ),
    "a closure and a tuple": (spec("layer", "Linear", 'of = "linear"\nmake = "Linear()"'), TUPLE),
    "the short batch norm": (spec("layer", "Norm", 'of = "batch_norm"\nmake = "Norm()"'), BN_SHORT),
    "convolution by loops": (spec("layer", "Conv", 'of = "conv2d"'), CONV_LOOPS),
    "the mask of ReLU from its output, in a dict": (spec("layer", "ReLU", 'of = "relu"'), RELU_OF_OUTPUT),
    "attention with every intermediate": (
        spec("layer", "SelfAttention", 'of = "attention"\nintermediates = ["scores", "weights", "grad_scores"]'),
        textbook("attention"),
    ),
    "causal attention": (
        spec("layer", "SelfAttention", 'of = "attention"\nvalues = { causal = true }'),
        textbook("attention"),
    ),
}


@pytest.mark.parametrize("style", RIGHT_LAYERS)
def test_a_right_layer_passes_in_any_style(box: Box, style: str) -> None:
    assert outcome(box, *RIGHT_LAYERS[style]) == "passed"


@pytest.mark.parametrize("of", PRESETS)
def test_the_textbook_passes_by_its_own_preset(box: Box, of: str) -> None:
    preset = find_preset(of)
    assert outcome(box, spec("layer", preset.name, f'of = "{of}"'), textbook(preset.module)) == "passed"


def test_a_layer_that_the_textbook_has_not_is_judged_by_a_file_beside_the_spec(box: Box, tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(SOFTPLUS)
    (tmp_path / "challenge.toml").write_text(
        'id = "softplus"\nfamily = "layer"\ndefines = ["Softplus"]\n[options]\nmake = "Softplus(2.0)"\n'
        'reference = "right.py"\noutput = ["N", "n"]\nsizes = { N = 5, n = 4 }\ninputs = { x = ["N", "n"] }\n'
    )
    challenge = read_spec(tmp_path / "challenge.toml")
    assert (
        outcome(box, challenge, SOFTPLUS.replace("np.logaddexp(0, self.beta * x)", "np.log1p(np.exp(self.beta * x))"))
        == "passed"
    )
    assert outcome(box, challenge, SOFTPLUS.replace("np.exp(-self.beta", "np.exp(-1")) == "grad_input wrong_value"


def test_a_layer_that_must_keep_copies_and_keeps_its_input_itself_is_refused(box: Box) -> None:
    challenge = spec("layer", "Linear", 'of = "linear"\ncopies = true')
    assert outcome(box, challenge, textbook("linear")) == "grad_W unstable"


# ── layers: planted faults ───────────────────────────────────────────────────────────────────────────────────────────

# (preset, what is changed in the textbook's, the first wrong result)
PLANTED = {
    "bias gradient not summed": ("linear", "grad_output.sum(axis=0)", "grad_output", "grad_b wrong_shape"),
    "mask of ReLU from the gradient": (
        "relu",
        "np.where(self.mask, grad_output, 0)",
        "np.where(grad_output > 0, grad_output, 0)",
        "grad_input wrong_value",
    ),
    "leaky slope lost": (
        "leaky_relu",
        "np.where(self.mask, grad_output, self.slope * grad_output)",
        "np.where(self.mask, grad_output, 0 * grad_output)",
        "grad_input wrong_value",
    ),
    "preactivation in a (1 - a)": (
        "sigmoid",
        "self.a = sigmoid(z)",
        "self.a = z; return sigmoid(z)",
        "grad_input wrong_value",
    ),
    "a sigmoid that overflows": (
        "sigmoid",
        "self.a = sigmoid(z)",
        "self.a = np.exp(z) / (1 + np.exp(z))",
        "out non_finite",
    ),
    "1 + a * a for tanh": ("tanh", "1 - self.a * self.a", "1 + self.a * self.a", "grad_input wrong_value"),
    "windows that overlap, = for +=": (
        "conv2d",
        "pixels += grad_windows[..., u, v].transpose(0, 3, 1, 2)",
        "pixels[...] = grad_windows[..., u, v].transpose(0, 3, 1, 2)",
        "grad_input wrong_value",
    ),
    "bias of the convolution summed over images alone": (
        "conv2d",
        "grad_rows.sum(axis=0)",
        "grad_output.sum(axis=0)",
        "grad_b wrong_shape",
    ),
    "kernel flipped on the way back": (
        "conv2d",
        "grad_rows @ self.W.reshape(c_out, -1)",
        "grad_rows @ self.W[:, :, ::-1, ::-1].reshape(c_out, -1)",
        "grad_input wrong_value",
    ),
    "border left on": (
        "conv2d",
        "grad_padded[:, :, p : p + height, p : p + width]",
        "grad_padded[:, :, :height, :width]",
        "grad_input wrong_value",
    ),
    "max-pool, = for += where windows overlap": (
        "max_pool",
        "pixels += np.where(self.place == u * k + v, grad_output, 0)",
        "pixels[...] = np.where(self.place == u * k + v, grad_output, pixels)",
        "grad_input wrong_value",
    ),
    "max-pool spreads like a mean": (
        "max_pool",
        "np.where(self.place == u * k + v, grad_output, 0)",
        "grad_output / k**2",
        "grad_input wrong_value",
    ),
    "batch norm without the path through the mean": (
        "batch_norm",
        "+ through_var",
        "+ 0 * through_var",
        "grad_input wrong_value",
    ),
    "statistics over the features": (
        "layer_norm",
        "x.mean(axis=-1, keepdims=True)",
        "x.mean(axis=0, keepdims=True)",
        "out wrong_value",
    ),
    "layer norm without the variance": (
        "layer_norm",
        "(self.grad_x_hat - shift - stretch)",
        "(self.grad_x_hat - shift)",
        "grad_input wrong_value",
    ),
    "gamma summed over the wrong axis": (
        "layer_norm",
        "(grad_output * self.x_hat).sum(axis=samples)",
        "(grad_output * self.x_hat).sum(axis=-1)",
        "grad_gamma wrong_shape",
    ),
    "dropout by 1 / p": ("dropout", "values / (1 - self.p)", "values / max(self.p, 1e-3)", "out wrong_value"),
    "dropout without its scale on the way back": (
        "dropout",
        "self._keep(grad_output, self.mask)",
        "grad_output * self.mask",
        "grad_input wrong_value",
    ),
    "dropout with the mask of the batch before": (
        "dropout",
        "self.mask = mask  #",
        "self.mask = mask if self.mask is None else self.mask  #",
        "grad_input wrong_value",
    ),
    "repeated tokens keep the last": (
        "embedding",
        "np.add.at(self.grad_W, self.tokens, grad_output)",
        "self.grad_W[self.tokens] += grad_output",
        "grad_W wrong_value",
    ),
    "attention without 1 / sqrt(H) on the way back": (
        "attention",
        "grad_products = self.grad_scores / math.sqrt(self.W_q.shape[1])",
        "grad_products = self.grad_scores",
        "grad_W_q wrong_value",
    ),
    "softmax of attention differentiated like a sigmoid": (
        "attention",
        "self.weights * (self.grad_weights - weighted_mean)",
        "self.grad_weights * self.weights * (1 - self.weights)",
        "grad_W_q wrong_value",
    ),
    "softmax of attention without the largest taken away": (
        "attention",
        "np.exp(hidden_away - hidden_away.max(axis=-1, keepdims=True))",
        "np.exp(hidden_away)",
        "out non_finite",
    ),
    "one of the three ways of x forgotten": ("attention", " + self.grad_k @ self.W_k.T", "", "grad_input wrong_value"),
    "tanh' left out of the recurrent step": (
        "recurrent_step",
        "grad_h * (1 - self.h * self.h)",
        "grad_h * 1",
        "grad_W_x wrong_value",
    ),
    "W_h not transposed": ("recurrent_step", "grad_z @ self.W_h.T", "grad_z @ self.W_h", "grad_h_prev wrong_value"),
    "the gradient of the step after forgotten": (
        "recurrent",
        "grad_output[:, t] + grad_h_prev",
        "grad_output[:, t]",
        "grad_W_x wrong_value",
    ),
    "a cache that all layers share": (
        "tanh",
        "self.a: Array = np.tanh(z)",
        "Tanh.a = np.tanh(z)",
        "grad_input unstable",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_in_a_layer_is_found(box: Box, fault: str) -> None:
    of, right, wrong, first = PLANTED[fault]
    preset = find_preset(of)
    assert outcome(box, spec("layer", preset.name, f'of = "{of}"'), textbook(preset.module, (right, wrong))) == first
