# Naive: every blank filled with the plainest line.
# Gains: it reads like the sentence "up, down, back, divide".
# Costs: two calls of f for every entry. No central
#   difference can avoid this.

import numpy as np


def numeric_slopes(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    slopes = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        down = f(x)
        x[i] = old
        slopes[i] = (up - down) / (2 * h)
    return slopes


def step(x, slopes, lr):
    return x - lr * slopes


def descend(f, x, lr, steps, h=1e-5):
    for _ in range(steps):
        x = step(x, numeric_slopes(f, x, h), lr)
    return x
