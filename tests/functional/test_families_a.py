"""Pairs of functions: right code in any style passes, and each planted fault is found where it is."""

from __future__ import annotations

import pytest

from tests.families import outcome, spec
from tests.gradings import changed
from tutor.learner import Box

CACHED = """
import numpy as np
def linear_forward(x, W, b):
    return x @ W + b, (x, W)
def linear_backward(g, cache):
    x, W = cache
    return g @ W.T, x.T @ g, g.sum(axis=0)
"""
CACHELESS = """
def forward(x, W, b): return x @ W + b
def backward(g, x, W, b): return {"dX": g @ W.T, "dW": x.T @ g, "db": g.sum(0)}
"""
OF_OUTPUT = """
import numpy as np
def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)
def sigmoid_backward(a, grad): return grad * a * (1 - a)
"""
LISTS = """
import numpy as np
def f(x, weights, bias):
    return [np.array([[sum(p * q for p, q in zip(row, w)) for w in weights] for row in x], x.dtype) + bias, {"x": x}]
def f_back(g, cache):
    return [g.T @ cache["x"], g.sum(0)]
"""
POOL = """
import numpy as np
def pool(x, k, stride):
    N, C, H, W = x.shape
    out = np.empty((N, C, (H - k) // stride + 1, (W - k) // stride + 1), x.dtype)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = x[:, :, i * stride:i * stride + k, j * stride:j * stride + k].max(axis=(2, 3))
    return out, x
def pool_back(g, x, k, stride):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*g.shape):
        window = x[n, c, i * stride:i * stride + k, j * stride:j * stride + k]
        u, v = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * stride + u, j * stride + v] += g[n, c, i, j]
    return dx
"""
ONE_PLACE = """
import numpy as np
def forward(x):
    global a
    a = np.tanh(x)
    return a
def backward(g): return g * (1 - a ** 2)
"""
LINEAR = spec("function", "linear_forward linear_backward", 'of = "linear"')
RIGHT_FUNCTIONS = {
    "a cache handed on": (LINEAR, CACHED),
    "no cache, and a dict": (
        spec("function", "forward backward", 'of = "linear"\ntakes = ["g", "x", "W", "b"]'),
        CACHELESS,
    ),
    "the output instead of a cache": (
        spec("function", "sigmoid sigmoid_backward", 'of = "sigmoid"\ntakes = ["out", "g"]'),
        OF_OUTPUT,
    ),
    "lists, transposed, without the input's gradient": (
        spec("function", "f f_back", 'of = "linear"\ntransposed = ["W"]\nreturns = ["W", "b"]'),
        LISTS,
    ),
    "nothing handed on, one place for it": (
        spec("function", "forward backward", 'of = "tanh"\ntakes = ["g"]'),
        ONE_PLACE,
    ),
    "max-pool with its sizes as arguments": (
        spec("function", "pool pool_back", 'of = "max_pool"\ntakes = ["g", "cache", "k", "stride"]'),
        POOL,
    ),
}


@pytest.mark.parametrize("style", RIGHT_FUNCTIONS)
def test_a_right_pair_of_functions_passes_in_any_style(box: Box, style: str) -> None:
    assert outcome(box, *RIGHT_FUNCTIONS[style]) == "passed"


BACK = "return g @ W.T, x.T @ g, g.sum(axis=0)"
PLANTED_FUNCTIONS = {
    "not summed": ("g.sum(axis=0)", "g", "grad_b wrong_shape"),
    "mean for sum": ("g.sum(axis=0)", "g.mean(axis=0)", "grad_b wrong_value"),
    "summed over all": ("g.sum(axis=0)", "g.sum()", "grad_b wrong_shape"),
    "summed over the outputs": ("g.sum(axis=0)", "g.sum(axis=1)", "grad_b wrong_shape"),
    "bias forgotten": ("return x @ W + b,", "return x @ W,", "out wrong_value"),
    "order of the gradients": (BACK, "return x.T @ g, g @ W.T, g.sum(axis=0)", "grad_x wrong_shape"),
    "divided by the batch": ("x.T @ g", "x.T @ g / len(x)", "grad_W wrong_value"),
    "transposed": ("x.T @ g", "g.T @ x", "grad_W wrong_shape"),
    "sign": ("g @ W.T", "-g @ W.T", "grad_x wrong_value"),
    "one gradient too few": (BACK, "return g @ W.T, x.T @ g", "grad_b missing"),
    "nothing returned": (BACK, "g @ W.T, x.T @ g, g.sum(axis=0)", "grad_x missing"),
    "no cache": ("return x @ W + b, (x, W)", "return x @ W + b", "out missing"),
    "upstream changed in place": ("x, W = cache", "x, W = cache; g /= len(g)", "g mutated"),
    "the cache of the call before": (
        "return x @ W + b, (x, W)",
        "linear_forward.__dict__.setdefault('kept', []).append((x, W)); return x @ W + b, linear_forward.kept[-2:][0]",
        "grad_W wrong_value",
    ),
    "float32 inside": ("x @ W + b", "(x @ W + b).astype(np.float32)", "out wrong_dtype"),
}


@pytest.mark.parametrize("fault", PLANTED_FUNCTIONS)
def test_a_planted_fault_in_a_function_is_found(box: Box, fault: str) -> None:
    right, wrong, first = PLANTED_FUNCTIONS[fault]
    assert outcome(box, LINEAR, changed(CACHED, (right, wrong))) == first
