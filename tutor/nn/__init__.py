"""The textbook: a small neural network library, written to be read.

Each module is one idea and stands by itself (the standard library and NumPy, nothing else), so it can be read, copied
and run alone; the grader uses the same files as the reference for exercises. Where two modules need the same few lines,
such as a stable sigmoid, both have them.

One convention: x is (N, n_in), W is (n_in, n_out), the loss is a mean over the batch and so carries the 1/N, and layers
sum over the batch. Layers have `forward(x)` and `backward(grad_output)`; losses return `(loss, grad)`.

The names below are loaded when first asked for, so that importing this room does not import NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.nn.activations import LeakyReLU, ReLU, Sigmoid, Tanh
    from tutor.nn.linear import Linear
    from tutor.nn.mse import MSE
    from tutor.nn.network import Network
    from tutor.nn.sgd import SGD
    from tutor.nn.sigmoid_layer import SigmoidLayer
    from tutor.nn.softmax_cross_entropy import SoftmaxCrossEntropy

__all__ = [
    "MSE",
    "SGD",
    "LeakyReLU",
    "Linear",
    "Network",
    "ReLU",
    "Sigmoid",
    "SigmoidLayer",
    "SoftmaxCrossEntropy",
    "Tanh",
]

_MODULES = {
    "LeakyReLU": "activations",
    "Linear": "linear",
    "MSE": "mse",
    "Network": "network",
    "ReLU": "activations",
    "SGD": "sgd",
    "Sigmoid": "activations",
    "SigmoidLayer": "sigmoid_layer",
    "SoftmaxCrossEntropy": "softmax_cross_entropy",
    "Tanh": "activations",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
