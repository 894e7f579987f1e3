"""Loops: no transpose, no axis; every += names what collects."""

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
    grad_gate = np.zeros_like(gate)
    for n in range(z2.shape[0]):
        for o in range(z2.shape[1]):
            grad_gate[n, 0] += grad_out[n, o] * z2[n, o]
    return grad_z2, grad_gate


def linear_backward(grad_z, x, W):
    """Take grad_z back through `x @ W + b`, product by product."""
    grad_W, grad_x = np.zeros_like(W), np.zeros_like(x)
    grad_b = np.zeros(W.shape[1], dtype=W.dtype)
    for n in range(x.shape[0]):
        for j in range(W.shape[1]):
            grad_b[j] += grad_z[n, j]
            for i in range(W.shape[0]):
                grad_W[i, j] += x[n, i] * grad_z[n, j]
                grad_x[n, i] += grad_z[n, j] * W[i, j]
    return grad_W, grad_b, grad_x


def output_backward(grad_z2, a1, W2):
    """Take grad_z2 (N, n_out) back through `a1 @ W2 + b2`."""
    return linear_backward(grad_z2, a1, W2)


def hidden_backward(grad_a1, images, x, a1, W1):
    """Take grad_a1 (N, n_hidden) back to the images."""
    grad_z1 = grad_a1 * (1 - a1**2)
    grad_W1, grad_b1, grad_x = linear_backward(grad_z1, x, W1)
    grad_images = np.zeros_like(images)
    samples, height, width = images.shape
    for n in range(samples):
        for r in range(height):
            for c in range(width):
                grad_images[n, r, c] = grad_x[n, r * width + c]
    return grad_W1, grad_b1[None, :], grad_x, grad_images


def unbroadcast(grad, shape):
    """Walk over all entries; add each where its original stood."""
    result = np.zeros(shape, dtype=grad.dtype)
    extra = grad.ndim - len(shape)
    for place in np.ndindex(grad.shape):
        pairs = zip(place[extra:], shape)
        original = tuple(0 if n == 1 else i for i, n in pairs)
        result[original] += grad[place]
    return result
