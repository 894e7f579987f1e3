"""Loops: the sums that a matrix product hides, written out."""

import numpy as np


def sigmoid(z):
    """Return 1 / (1 + exp(-z)), safe for any z."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def silu(z):
    """Return the bend of layer 1: z * sigmoid(z)."""
    return z * sigmoid(z)


def silu_slope(z):
    """Return the slope of silu, taken at z."""
    s = sigmoid(z)
    return s + z * s * (1.0 - s)


def linear(row, W, b):
    """Return the linear step of one sample, product by product."""
    z = b.copy()  # z is added to, and b belongs to the caller
    for j in range(W.shape[1]):
        for i in range(W.shape[0]):
            z[j] += row[i] * W[i, j]
    return z


def forward(x, params):
    """Take x (N, n_in) forward, and keep what backward needs."""
    W1, W2, W3 = params["W1"], params["W2"], params["W3"]
    samples = x.shape[0]
    z1 = np.zeros((samples, W1.shape[1]), x.dtype)
    z2 = np.zeros((samples, W2.shape[1]), x.dtype)
    out = np.zeros((samples, W3.shape[1]), x.dtype)
    a1, a2 = np.zeros_like(z1), np.zeros_like(z2)
    for n in range(samples):  # every sample goes its way alone
        z1[n] = linear(x[n], W1, params["b1"])
        a1[n] = silu(z1[n])
        z2[n] = linear(a1[n], W2, params["b2"])
        a2[n] = np.tanh(z2[n])
        out[n] = linear(a2[n], W3, params["b3"])
    cache = {"into_W1": x, "into_W2": a1, "into_W3": a2}
    cache |= {"silu_at": z1, "tanh_gave": a2}
    return (a1, a2, out), cache


def backward(grad_out, params, cache):
    """Take grad_out (N, n_out) back. Finished; do not change it.

    Returns: the gradients of all parameters and of x, by name.
    """
    grads = {}
    grads["W3"] = cache["into_W3"].T @ grad_out
    grads["b3"] = grad_out.sum(axis=0)
    grad_a2 = grad_out @ params["W3"].T

    grad_z2 = grad_a2 * (1 - cache["tanh_gave"] ** 2)
    grads["W2"] = cache["into_W2"].T @ grad_z2
    grads["b2"] = grad_z2.sum(axis=0)
    grad_a1 = grad_z2 @ params["W2"].T

    grad_z1 = grad_a1 * silu_slope(cache["silu_at"])
    grads["W1"] = cache["into_W1"].T @ grad_z1
    grads["b1"] = grad_z1.sum(axis=0)
    grads["x"] = grad_z1 @ params["W1"].T
    return grads
