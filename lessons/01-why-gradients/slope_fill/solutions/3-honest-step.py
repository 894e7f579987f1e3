# Honest step: 1.3 + 1e-5 is rounded, so the nudge that really happened
# is not quite h. This version divides by the distance between the two
# points where f was called, and not by the one that was meant.
# Gains: one source of error less. Numbers that are large compared with
#   h profit most: at 1e6 a nudge of 1e-5 is off by up to six parts in a
#   million.
# Costs: one line to explain.

import numpy as np


def numeric_slopes(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    slopes = np.empty_like(x)
    for i, old in np.ndenumerate(x.copy()):
        above, below = old + h, old - h
        x[i] = above
        up = f(x)
        x[i] = below
        down = f(x)
        x[i] = old
        slopes[i] = (up - down) / (above - below)
    return slopes


def step(x, slopes, lr):
    return x + (-lr) * slopes


def descend(f, x, lr, steps, h=1e-5):
    if steps == 0:
        return x
    return descend(f, step(x, numeric_slopes(f, x, h), lr), lr, steps - 1, h)
