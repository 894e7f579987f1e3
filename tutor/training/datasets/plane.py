"""Points in the plane: small problems that a straight line cannot solve, the same bytes on every machine.

Only the bits of PCG64, which NumPy promises never to change, are drawn, and every coordinate ends on a grid of 1/4096:
the last bit of a sine, which differs from one processor to the next, is rounded away. Both coordinates have a standard
deviation of about 1, as initial weights expect of their input.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tutor.training.datasets.records import Dataset, dataset
from tutor.training.datasets.tables import PLANE

Points = NDArray[np.float64]
Draw = Callable[..., Points]

_GRID = 4096


def load(name: str, dtype: str) -> Dataset:
    """Draw the set of that name; points (N, 2) shuffled once, the last fifth held back."""
    facts = PLANE[name]
    bits = np.random.PCG64(SEEDS[name])

    def uniform(*shape: int) -> Points:
        """Draw numbers in [0, 1) that are exact multiples of 2^-32."""
        return (bits.random_raw(shape) >> np.uint64(32)) / 2.0**32

    count = facts.samples + facts.held_back
    label = np.arange(count) % facts.classes
    points = _MAKERS[name](label, uniform)
    order = np.argsort(uniform(count), kind="stable")
    x, y = (np.round(points * _GRID) / _GRID)[order].astype(dtype), label[order].astype(np.int64)
    split = facts.samples
    return dataset(facts, x[:split], y[:split], x[split:], y[split:])


def _noise(count: int, uniform: Draw) -> Points:
    """Draw (count, 2) nearly normal numbers of variance 1: the sum of twelve uniform ones, which is exact."""
    total: Points = uniform(count, 2, 12).sum(axis=-1)
    return total - 6.0


def _xor(label: NDArray[np.int64], uniform: Draw) -> Points:
    """Four clouds in the corners of a square; opposite corners belong together."""
    right = uniform(len(label)) < 0.5
    up = right == (label == 0)
    x, y = np.where(right, 0.95, -0.95), np.where(up, 0.95, -0.95)
    return np.stack([x, y], axis=1) + 0.27 * _noise(len(label), uniform)


def _moons(label: NDArray[np.int64], uniform: Draw) -> Points:
    """Two half circles, each reaching into the other."""
    angle = np.pi * uniform(len(label))
    side = np.where(label == 0, 1.0, -1.0)
    x = side * (np.cos(angle) - 0.5)
    y = side * (np.sin(angle) - 0.25)
    return np.stack([1.15 * x, 2.0 * y], axis=1) + 0.13 * _noise(len(label), uniform)


def _spirals(label: NDArray[np.int64], uniform: Draw) -> Points:
    """Three arms, each two thirds of a turn, from the middle outwards."""
    along = np.sqrt(uniform(len(label)))  # more points outside, where the arms are farther apart
    angle = 2.0 * np.pi / 3.0 * (label + 2.0 * along)
    radius = 0.15 + 1.85 * along
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) + 0.07 * _noise(len(label), uniform)


def _rings(label: NDArray[np.int64], uniform: Draw) -> Points:
    """One ring around another."""
    angle = 2.0 * np.pi * uniform(len(label))
    radius = np.where(label == 0, 0.8, 1.8)
    ring: Points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return ring + 0.14 * _noise(len(label), uniform)


_MAKERS = {"xor": _xor, "moons": _moons, "spirals": _spirals, "rings": _rings}
SEEDS = {"xor": 1, "moons": 2, "spirals": 3, "rings": 4}
