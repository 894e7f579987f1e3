"""The truth for shapes_fill, with the interface of the learner's file."""

import numpy as np


def forward(images, W1, b1, W2, b2, gate):
    x = images.reshape(len(images), -1)
    a1 = np.tanh(x @ W1 + b1)
    z2 = a1 @ W2 + b2
    return z2 * gate, x, a1, z2


def gate_backward(grad_out, z2, gate):
    return grad_out * gate, (grad_out * z2).sum(axis=1, keepdims=True)


def output_backward(grad_z2, a1, W2):
    return a1.T @ grad_z2, grad_z2.sum(axis=0), grad_z2 @ W2.T


def hidden_backward(grad_a1, images, x, a1, W1):
    grad_z1 = grad_a1 * (1 - a1**2)
    grad_x = grad_z1 @ W1.T
    return x.T @ grad_z1, grad_z1.sum(axis=0, keepdims=True), grad_x, grad_x.reshape(images.shape)


def unbroadcast(grad, shape):
    extra = grad.ndim - len(shape)
    grad = grad.sum(axis=tuple(range(extra)))
    return grad.sum(axis=tuple(axis for axis, length in enumerate(shape) if length == 1), keepdims=True)
