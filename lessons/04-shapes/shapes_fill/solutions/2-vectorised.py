"""One line a blank: a product, a sum or a reshape, by shape."""

import numpy as np


def forward(images, W1, b1, W2, b2, gate):
    """Take the images through two layers and a gate per sample."""
    x = images.reshape(len(images), -1)
    a1 = np.tanh(x @ W1 + b1)
    z2 = a1 @ W2 + b2
    out = z2 * gate
    return out, x, a1, z2


def gate_backward(grad_out, z2, gate):
    """Take grad_out (N, n_out) back through `z2 * gate`."""
    grad_z2 = grad_out * gate
    products = grad_out * z2
    grad_gate = products.sum(axis=1, keepdims=True)  # (N, 1)
    return grad_z2, grad_gate


def output_backward(grad_z2, a1, W2):
    """Take grad_z2 (N, n_out) back through `a1 @ W2 + b2`."""
    grad_W2 = a1.T @ grad_z2  # (n_hidden, N) @ (N, n_out)
    grad_b2 = grad_z2.sum(axis=0)  # (n_out,)
    grad_a1 = grad_z2 @ W2.T  # (N, n_out) @ (n_out, n_hidden)
    return grad_W2, grad_b2, grad_a1


def hidden_backward(grad_a1, images, x, a1, W1):
    """Take grad_a1 (N, n_hidden) back to the images."""
    grad_z1 = grad_a1 * (1 - a1**2)
    grad_W1 = x.T @ grad_z1  # (n_in, N) @ (N, n_hidden)
    grad_b1 = grad_z1.sum(axis=0, keepdims=True)  # (1, n_hidden)
    grad_x = grad_z1 @ W1.T  # (N, n_hidden) @ (n_hidden, n_in)
    grad_images = grad_x.reshape(images.shape)
    return grad_W1, grad_b1, grad_x, grad_images


def unbroadcast(grad, shape):
    """Bring grad back to the shape it was stretched from."""
    extra = grad.ndim - len(shape)
    front = tuple(range(extra))
    ones = tuple(i for i, n in enumerate(shape) if n == 1)
    fewer = grad.sum(axis=front)
    result = fewer.sum(axis=ones, keepdims=True)
    return result
