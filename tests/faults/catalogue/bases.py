"""The right files in which faults are planted: learners' own, and the textbook's."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from tests.families import textbook
from tests.family_specs import family
from tutor.course import Challenge


class Base(NamedTuple):
    """A right file and what it answers."""

    family: str
    defines: str
    options: dict[str, object]
    source: str


SIGMOID = """
import numpy as np
def sigmoid(z):
    a = 1 / (1 + np.exp(-z))
    return a, (z, a)
def sigmoid_back(g, cache):
    z, a = cache
    return g * a * (1 - a)
"""
RELU = """
import numpy as np
def relu(x):
    a = np.maximum(x, 0)
    return a, (x, a)
def relu_back(g, cache):
    x, a = cache
    return np.where(x > 0, g, 0)
"""
NORM = """
import numpy as np
def norm(x, gamma, beta):
    mean = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + 1e-5)
    hat = (x - mean) / std
    return gamma * hat + beta, (x, mean, std, hat, gamma)
def norm_back(g, cache):
    x, mean, std, hat, gamma = cache
    n = len(x)
    dgamma, dbeta = (g * hat).sum(axis=0), g.sum(axis=0)
    dhat = g * gamma
    dvar = (dhat * (x - mean)).sum(axis=0) * -0.5 / std**3
    dmean = -dhat.sum(axis=0) / std
    dx = dhat / std + dvar * 2 * (x - mean) / n + dmean / n
    return dx, dgamma, dbeta
"""
AFFINE = """
import numpy as np
KEPT = {}
def affine(x, W, b):
    return x @ W + b, {"x": x, "W": W}
def affine_back(g, cache):
    x, W = cache["x"], cache["W"]
    return {"x": g @ W.T, "W": x.T @ g, "b": g.sum(axis=0)}
"""
CROSS_ENTROPY = """
import numpy as np
def cross_entropy(logits, y):
    n, c = logits.shape
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    p = e / e.sum(axis=1, keepdims=True)
    one_hot = np.zeros((n, c))
    one_hot[np.arange(n), y] = 1
    loss = (np.log(e.sum(axis=1)) - (one_hot * shifted).sum(axis=1)).sum() / n
    return loss, (p - one_hot) / n
"""
SQUARES = """
import numpy as np
def mse(p, y):
    return ((p - y) ** 2).sum() / len(p)
def mse_grad(p, y):
    return 2 * (p - y) / len(p)
"""
BINARY = """
import numpy as np
def bce(logits, y):
    losses = np.maximum(logits, 0) - logits * y + np.log1p(np.exp(-abs(logits)))
    p = np.exp(-np.logaddexp(0, -logits))
    return losses.sum() / len(y), (p - y) / len(y)
"""
PROBABILITIES = """
import numpy as np
class Net:
    def __init__(self, widths):
        self.W, self.b = [], []
    def forward(self, x):
        self.inputs = []
        for k, (W, b) in enumerate(zip(self.W, self.b), start=1):
            self.inputs.append(x)
            x = x @ W + b
            if k < len(self.W):
                x = 1 / (1 + np.exp(-x))
        return x
    def loss(self, out, y):
        error = out - y
        return (error**2).sum() / len(y), 2 * error / len(y)
    def backward(self, delta):
        self.dW, self.db = [], []
        error = delta
        for W, a in zip(reversed(self.W), reversed(self.inputs)):
            self.dW.insert(0, a.T @ delta)
            self.db.insert(0, delta.sum(axis=0))
            error = delta @ W.T
            delta = error * a * (1 - a)
        return error
"""
STEP = """
def train_step(model, loss, optimizer, x, y):
    model.zero_grad()
    out = model.forward(x)
    value, grad = loss(out, y)
    model.backward(grad)
    for name, p in model.params.items():
        p -= optimizer.lr * model.grads[name]
    return value
"""
MOMENTUM = """
import numpy as np
class Momentum:
    def __init__(self, lr, mu):
        self.lr, self.mu, self.v = lr, mu, [None, None]
    def step(self, params, grads):
        for i in range(len(params)):
            if self.v[i] is None:
                self.v[i] = np.zeros_like(params[i])
            self.v[i] = self.mu * self.v[i] - self.lr * grads[i]
            params[i] += self.v[i]
"""
CHECK = """
import numpy as np
def check(loss, params, grads):
    h = 1e-5
    for name, p in params.items():
        p64 = p
        if p.dtype != np.float64:
            raise TypeError("a gradient check needs float64")
        numeric = np.zeros(p.shape)
        flat, slopes = p64.reshape(-1), numeric.reshape(-1)
        for i in range(flat.size):
            kept = flat[i]
            flat[i] = kept + h
            plus = loss()
            flat[i] = kept - h
            minus = loss()
            flat[i] = kept
            slopes[i] = (plus - minus) / (2 * h)
        gap = np.linalg.norm(numeric - grads[name])
        if not gap / (np.linalg.norm(numeric) + np.linalg.norm(grads[name])) < 1e-6:
            return False
    return True
"""
LAYER_OF_HE = """
import numpy as np
class Layer:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)
"""
TORCH_LINEAR = """
import torch
class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, W, b):
        ctx.save_for_backward(x, W)
        return x @ W + b
    @staticmethod
    def backward(ctx, g):
        x, W = ctx.saved_tensors
        return g @ W.T, x.T @ g, g.sum(dim=0)
"""
TORCH_LEAKY = """
import torch
class Leaky(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.where(x > 0, x, 0.01 * x)
        ctx.save_for_backward(x, out)
        return out
    @staticmethod
    def backward(ctx, g):
        x, out = ctx.saved_tensors
        return torch.where(x > 0, g, 0.01 * g)
"""
ADAM: dict[str, object] = {"rule": "adam"}
BASES = {
    "sigmoid": Base("function", "sigmoid sigmoid_back", {"of": "sigmoid"}, SIGMOID),
    "relu": Base("function", "relu relu_back", {"of": "relu"}, RELU),
    "norm": Base("function", "norm norm_back", {"of": "batch_norm"}, NORM),
    "affine": Base("function", "affine affine_back", {"of": "linear"}, AFFINE),
    "conv2d": Base("layer", "Conv2D", {"of": "conv2d"}, textbook("conv2d")),
    "max_pool": Base("layer", "MaxPool2D", {"of": "max_pool"}, textbook("max_pool")),
    "batch_norm": Base("layer", "BatchNorm", {"of": "batch_norm"}, textbook("batch_norm")),
    "layer_norm": Base("layer", "LayerNorm", {"of": "layer_norm"}, textbook("layer_norm")),
    "dropout": Base("layer", "Dropout", {"of": "dropout"}, textbook("dropout")),
    "embedding": Base("layer", "Embedding", {"of": "embedding"}, textbook("embedding")),
    "attention": Base("layer", "SelfAttention", {"of": "attention"}, textbook("attention")),
    "recurrent_step": Base("layer", "RecurrentStep", {"of": "recurrent_step"}, textbook("recurrent")),
    "recurrent": Base("layer", "Recurrent", {"of": "recurrent"}, textbook("recurrent")),
    "sigmoid_layer": Base("layer", "SigmoidLayer", {"of": "sigmoid_layer"}, textbook("sigmoid_layer")),
    "leaky_relu": Base("layer", "LeakyReLU", {"of": "leaky_relu"}, textbook("activations")),
    "cross_entropy": Base("loss", "cross_entropy", {}, CROSS_ENTROPY),
    "squares": Base("loss", "mse mse_grad", {"of": "mse", "style": "apart"}, SQUARES),
    "binary": Base("loss", "bce", {"of": "bce_with_logits"}, BINARY),
    "network": Base(
        "network", "Net", {"activation": "sigmoid", "loss": "mse", "depths": [3, 2, 1]}, PROBABILITIES
    ),
    "adam": Base("optimizer", "Adam", ADAM, textbook("adam")),
    "penalised": Base("optimizer", "Adam", {**ADAM, "penalty": True, "make": "Adam(lr, weight_decay=weight_decay)"},
                      textbook("adam")),
    "momentum": Base("optimizer", "Momentum", {"rule": "momentum", "style": "list"}, MOMENTUM),
    "rmsprop": Base("optimizer", "RMSProp", {"rule": "rmsprop"}, textbook("rmsprop")),
    "sgd": Base("optimizer", "SGD", {"rule": "sgd", "lr": "lr"}, textbook("sgd")),
    "clipping": Base("optimizer", "clip_by_norm", {"rule": "clip_by_norm", "returns": "norm"}, textbook("clipping")),
    "loop": Base("loop", "train_step", {"returns": "loss"}, STEP),
    "autograd": Base("autograd", "Value", {}, textbook("autograd")),
    "check": Base("checker", "check", {"style": "params"}, CHECK),
    "he": Base("initializer", "he_normal", {"rule": "he", "call": "he_normal(n_in, n_out, rng)"},
               textbook("initializers")),
    "layer_of_he": Base("initializer", "Layer", {"rule": "he", "of": "class"}, LAYER_OF_HE),
    "torch_linear": Base("torch_function", "Linear", {"of": "linear"}, TORCH_LINEAR),
    "torch_leaky": Base("torch_function", "Leaky", {"of": "leaky_relu"}, TORCH_LEAKY),
}  # fmt: skip


@cache
def challenge_of(name: str) -> Challenge:
    """The exercise that a right file answers."""
    base = BASES[name]
    return family(base.family, base.defines, **base.options)
