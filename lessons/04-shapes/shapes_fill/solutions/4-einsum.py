"""Shapes as letters: n sample, i pixel, h hidden unit, o output.

A letter that is missing on the right is summed.
"""

import numpy as np


def forward(images, W1, b1, W2, b2, gate):
    """Take the images through two layers and a gate per sample."""
    x = images.reshape(len(images), -1)
    a1 = np.tanh(np.einsum("ni,ih->nh", x, W1) + b1)
    z2 = np.einsum("nh,ho->no", a1, W2) + b2
    out = z2 * gate
    return out, x, a1, z2


def gate_backward(grad_out, z2, gate):
    """Take grad_out (N, n_out) back through `z2 * gate`."""
    grad_gate = np.einsum("no,no->n", grad_out, z2)
    return grad_out * gate, grad_gate.reshape(gate.shape)


def output_backward(grad_z2, a1, W2):
    """Take grad_z2 (N, n_out) back through `a1 @ W2 + b2`."""
    grad_W2 = np.einsum("nh,no->ho", a1, grad_z2)
    grad_b2 = np.einsum("no->o", grad_z2)
    grad_a1 = np.einsum("no,ho->nh", grad_z2, W2)
    return grad_W2, grad_b2, grad_a1


def hidden_backward(grad_a1, images, x, a1, W1):
    """Take grad_a1 (N, n_hidden) back to the images."""
    grad_z1 = grad_a1 * (1 - a1**2)
    grad_W1 = np.einsum("ni,nh->ih", x, grad_z1)
    grad_b1 = np.einsum("nh->h", grad_z1)[None, :]
    grad_x = np.einsum("nh,ih->ni", grad_z1, W1)
    return grad_W1, grad_b1, grad_x, grad_x.reshape(images.shape)


def unbroadcast(grad, shape):
    """Sum what `shape` lacks; the reshape brings its ones back."""
    axes = list(range(grad.ndim))
    extra = grad.ndim - len(shape)
    kept = [i + extra for i, n in enumerate(shape) if n != 1]
    return np.einsum(grad, axes, kept).reshape(shape)
