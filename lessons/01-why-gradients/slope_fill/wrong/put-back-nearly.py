# fails: x mutated

import numpy as np


def numeric_slopes(f, x, h=1e-5):
    if x.dtype != np.float64:
        x = x.astype(np.float64)
    slopes = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        down = f(x)
        x[i] += h
        slopes[i] = (up - down) / (2 * h)
    return slopes


def step(x, slopes, lr):
    return x - lr * slopes


def descend(f, x, lr, steps, h=1e-5):
    for _ in range(steps):
        x = step(x, numeric_slopes(f, x, h), lr)
    return x
