"""The helper first: then every sum asks for a shape, not an axis."""

import numpy as np


def unbroadcast(grad, shape):
    """Bring grad back to `shape`, one axis at a time."""
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1:
            grad = grad.sum(axis=axis, keepdims=True)
    return grad


def forward(images, W1, b1, W2, b2, gate):
    """Take the images through two layers and a gate per sample."""
    x = images.reshape(len(images), -1)
    a1 = np.tanh(x @ W1 + b1)
    z2 = a1 @ W2 + b2
    out = z2 * gate
    return out, x, a1, z2


def gate_backward(grad_out, z2, gate):
    """Take grad_out (N, n_out) back through `z2 * gate`."""
    return grad_out * gate, unbroadcast(grad_out * z2, gate.shape)


def output_backward(grad_z2, a1, W2):
    """Take grad_z2 (N, n_out) back through `a1 @ W2 + b2`."""
    n_out = W2.shape[1]
    grad_b2 = unbroadcast(grad_z2, (n_out,))
    return a1.T @ grad_z2, grad_b2, grad_z2 @ W2.T


def hidden_backward(grad_a1, images, x, a1, W1):
    """Take grad_a1 (N, n_hidden) back to the images."""
    grad_z1 = grad_a1 * (1 - a1**2)
    n_hidden = W1.shape[1]
    grad_b1 = unbroadcast(grad_z1, (1, n_hidden))
    grad_x = grad_z1 @ W1.T
    grad_images = grad_x.reshape(images.shape)
    return x.T @ grad_z1, grad_b1, grad_x, grad_images
