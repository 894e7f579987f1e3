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
    from tutor.nn.adam import Adam, AdamW
    from tutor.nn.attention import SelfAttention
    from tutor.nn.autograd import Value, topological_order, zero_grad
    from tutor.nn.batch_norm import BatchNorm
    from tutor.nn.bce_with_logits import BCEWithLogits
    from tutor.nn.clipping import clip_by_norm, clip_by_value
    from tutor.nn.conv2d import Conv2D
    from tutor.nn.dropout import Dropout
    from tutor.nn.embedding import Embedding
    from tutor.nn.gradient_check import Checked, check_gradients, numerical_gradient
    from tutor.nn.initializers import he_normal, he_uniform, lecun_normal, lecun_uniform, xavier_normal, xavier_uniform
    from tutor.nn.layer_norm import LayerNorm
    from tutor.nn.linear import Linear
    from tutor.nn.max_pool import MaxPool2D
    from tutor.nn.mlp import MLP
    from tutor.nn.momentum import Momentum, Nesterov
    from tutor.nn.mse import MSE
    from tutor.nn.network import Network
    from tutor.nn.recurrent import Recurrent, RecurrentStep
    from tutor.nn.rmsprop import RMSProp
    from tutor.nn.sgd import SGD
    from tutor.nn.sigmoid_layer import SigmoidLayer
    from tutor.nn.softmax_cross_entropy import SoftmaxCrossEntropy
    from tutor.nn.training_step import TanhNetwork, squared_error, train_epoch, train_step

__all__ = [
    "MLP",
    "MSE",
    "SGD",
    "Adam",
    "AdamW",
    "BCEWithLogits",
    "BatchNorm",
    "Checked",
    "Conv2D",
    "Dropout",
    "Embedding",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2D",
    "Momentum",
    "Nesterov",
    "Network",
    "RMSProp",
    "ReLU",
    "Recurrent",
    "RecurrentStep",
    "SelfAttention",
    "Sigmoid",
    "SigmoidLayer",
    "SoftmaxCrossEntropy",
    "Tanh",
    "TanhNetwork",
    "Value",
    "check_gradients",
    "clip_by_norm",
    "clip_by_value",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "numerical_gradient",
    "squared_error",
    "topological_order",
    "train_epoch",
    "train_step",
    "xavier_normal",
    "xavier_uniform",
    "zero_grad",
]

_MODULES = {
    "Adam": "adam",
    "AdamW": "adam",
    "BCEWithLogits": "bce_with_logits",
    "BatchNorm": "batch_norm",
    "Checked": "gradient_check",
    "Conv2D": "conv2d",
    "Dropout": "dropout",
    "Embedding": "embedding",
    "LayerNorm": "layer_norm",
    "LeakyReLU": "activations",
    "Linear": "linear",
    "MLP": "mlp",
    "MSE": "mse",
    "MaxPool2D": "max_pool",
    "Momentum": "momentum",
    "Nesterov": "momentum",
    "Network": "network",
    "RMSProp": "rmsprop",
    "ReLU": "activations",
    "Recurrent": "recurrent",
    "RecurrentStep": "recurrent",
    "SGD": "sgd",
    "SelfAttention": "attention",
    "Sigmoid": "activations",
    "SigmoidLayer": "sigmoid_layer",
    "SoftmaxCrossEntropy": "softmax_cross_entropy",
    "Tanh": "activations",
    "TanhNetwork": "training_step",
    "Value": "autograd",
    "check_gradients": "gradient_check",
    "clip_by_norm": "clipping",
    "clip_by_value": "clipping",
    "he_normal": "initializers",
    "he_uniform": "initializers",
    "lecun_normal": "initializers",
    "lecun_uniform": "initializers",
    "numerical_gradient": "gradient_check",
    "squared_error": "training_step",
    "topological_order": "autograd",
    "train_epoch": "training_step",
    "train_step": "training_step",
    "xavier_normal": "initializers",
    "xavier_uniform": "initializers",
    "zero_grad": "autograd",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
