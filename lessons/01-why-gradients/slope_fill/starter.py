# Fill in the seven blanks. Replace each `...`; leave the names.
#
# numeric_slopes measures a gradient with nothing but the function itself:
# it nudges one entry at a time, up and down, and puts it back. step and
# descend use what it found.
#
# You are judged on functions of several numbers that are drawn at that
# moment, against slopes worked out with pencil and paper: first with the
# usual h of 1e-5 (slopes), then with a hundred times as much
# (slopes_wide), then on an array of whole numbers. The hard cases come
# last: one number, zeros, float32, many entries. What is handed to you
# must be left as it came.

import numpy as np


def numeric_slopes(f, x, h=1e-5):
    """Measure the slope of f in every entry of x, by central differences.

    Receives: f   takes an array of the shape of x, returns one number
              x   an array of any shape, maybe of whole numbers or float32
              h   how far to nudge, to each side
    Returns:  slopes, float64, one per entry, in the shape of x
    """
    x = ...  # BLANK 1: a float64 copy of x, which you may nudge freely
    slopes = np.zeros(x.shape)
    for i in np.ndindex(x.shape):  # i: an index such as (0, 2)
        old = x[i]
        x[i] = ...  # BLANK 2: this entry, nudged up
        up = f(x)
        x[i] = ...  # BLANK 3: this entry, nudged down
        down = f(x)
        x[i] = ...  # BLANK 4: this entry, as it was
        slopes[i] = ...  # BLANK 5: how fast f rises here, per unit
    return slopes


def step(x, slopes, lr):
    """Take one step of gradient descent from x; return where it leads.

    Receives: x, slopes   arrays of one shape; both stay as they are
              lr          the learning rate
    Returns:  a new array of that shape
    """
    return ...  # BLANK 6: x after one step against its slopes


def descend(f, x, lr, steps, h=1e-5):
    """Take several steps down f from x, and return where they lead."""
    for _ in range(steps):
        x = ...  # BLANK 7: one step from here, with slopes measured here
    return x
