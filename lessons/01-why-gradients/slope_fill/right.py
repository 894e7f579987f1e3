"""The slopes of the two functions that the drive measures, worked out by hand."""

import numpy as np


def wave_slopes(x, u, scale):
    """Of sum(sin(x) * u) + sum(exp(x / 2)) ** 2 / x.size, like x."""
    grown = np.exp(x / 2)
    return scale * (np.cos(x) * u + grown.sum() * grown / x.size)


def bowl_slopes(w, A, y, scale):
    """Of (sum((A @ w - y) ** 2) + sum(w ** 4) / 40) / len(y), like w."""
    return scale * (2 * A.T @ (A @ w - y) + w**3 / 10) / len(y)


def after_steps(w, A, y, scale, lr, steps):
    """Where gradient descent stands after `steps` steps, like w."""
    for _ in range(steps):
        w = w - lr * bowl_slopes(w, A, y, scale)
    return w
