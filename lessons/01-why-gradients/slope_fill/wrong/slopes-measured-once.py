# fails: after_ten_steps wrong_value

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
    slopes = numeric_slopes(f, x, h)
    for _ in range(steps):
        x = step(x, slopes, lr)
    return x
