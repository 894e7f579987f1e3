"""Initialisers: how large the first weights are, so that neither signal nor gradient fades or blows up on its way.

A unit adds n_in products x * w. With independent w of mean 0, the sum has n_in * var(w) times the mean square of x; so
var(w) decides, layer after layer, whether the signal grows or shrinks. The gradient meets n_out on its way back.

    rule      variance of W           keeps
    LeCun     1 / n_in                the signal, through linear layers (and tanh near 0)
    Xavier    2 / (n_in + n_out)      a balance of signal and gradient; the two agree where n_in = n_out
    He        2 / n_in                the signal, where a ReLU lets half of it through

Each as a normal distribution of that variance, or as a uniform one on [-r, r], whose variance is r^2 / 3.
W has shape (n_in, n_out). Biases start at zero: once W differs from unit to unit, they need not.

Sources: LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), equation 16; Glorot and Bengio, "Understanding the
difficulty of training deep feedforward neural networks" (2010), equations 12 and 16; He et al., "Delving Deep into
Rectifiers" (2015), equation 10.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]  # float64


def normal(n_in: int, n_out: int, variance: float, rng: np.random.Generator) -> Array:
    """Return W (n_in, n_out) from the normal distribution of mean 0 and this variance."""
    return rng.normal(0.0, np.sqrt(variance), size=(n_in, n_out))  # NumPy takes the standard deviation


def uniform(n_in: int, n_out: int, variance: float, rng: np.random.Generator) -> Array:
    """Return W (n_in, n_out) from the uniform distribution of mean 0 and this variance."""
    r = np.sqrt(3 * variance)  # the mean of w^2 over [-r, r] is r^2 / 3
    return rng.uniform(-r, r, size=(n_in, n_out))


def lecun_normal(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Return W (n_in, n_out), normal with variance 1 / n_in."""
    return normal(n_in, n_out, 1 / n_in, rng)


def lecun_uniform(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Return W (n_in, n_out), uniform with variance 1 / n_in."""
    return uniform(n_in, n_out, 1 / n_in, rng)


def xavier_normal(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Return W (n_in, n_out), normal with variance 2 / (n_in + n_out)."""
    return normal(n_in, n_out, 2 / (n_in + n_out), rng)


def xavier_uniform(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Return W (n_in, n_out), uniform with variance 2 / (n_in + n_out): r = sqrt(6 / (n_in + n_out))."""
    return uniform(n_in, n_out, 2 / (n_in + n_out), rng)


def he_normal(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Return W (n_in, n_out), normal with variance 2 / n_in."""
    return normal(n_in, n_out, 2 / n_in, rng)


def he_uniform(n_in: int, n_out: int, rng: np.random.Generator) -> Array:
    """Return W (n_in, n_out), uniform with variance 2 / n_in: r = sqrt(6 / n_in)."""
    return uniform(n_in, n_out, 2 / n_in, rng)
