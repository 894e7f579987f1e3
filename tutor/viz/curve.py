"""The data of a chart: a series as it is, or a curve that grows for millions of steps in fixed memory."""

from __future__ import annotations

from math import isfinite
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tutor.viz.model import Role

Array = NDArray[np.float64]
# How a curve is drawn, so that colour is not needed to tell it; "": solid for the first of a chart, dotted for others.
# A cloud lies behind every curve.
Stroke = Literal["", "solid", "dotted", "dashed", "cloud"]

# Beyond this a difference of two values may overflow: such a value counts as infinite.
LARGEST = 1e300


class Ranges(NamedTuple):
    """Pieces of a curve: at each x, the lowest and the highest value there; three arrays of one length."""

    x: Array
    low: Array
    high: Array


class Plottable(Protocol):
    """What a chart can draw: a Series or a Curve."""

    @property
    def name(self) -> str:
        """Its name in the legend."""
        ...

    @property
    def role(self) -> Role:
        """Its role on the screen."""
        ...

    @property
    def stroke(self) -> Stroke:
        """How it is drawn."""
        ...

    @property
    def sign(self) -> str:
        """A sign of one cell that stands on it here and there; "" for none."""
        ...

    def ranges(self) -> Ranges:
        """Its pieces, finite."""
        ...


class Series(NamedTuple):
    """Points as they are; x and y of one length, NaN and inf allowed (they are left out)."""

    name: str
    x: ArrayLike
    y: ArrayLike
    role: Role = "curve"
    stroke: Stroke = ""
    sign: str = ""

    def ranges(self) -> Ranges:
        """Every finite point as a piece of its own; ValueError when x and y differ in length."""
        x, y = np.asarray(self.x, dtype=np.float64).ravel(), np.asarray(self.y, dtype=np.float64).ravel()
        return _finite(x, y, y)


class Curve:
    """Points that keep arriving, in at most `capacity` pieces: memory and the cost of a frame do not grow with the run.

    A piece is the lowest and highest value of a stretch of x. When all pieces are taken, the stretches double and
    neighbours merge: evenly spaced, a quarter of `capacity` or more is always kept, several for every column of dots.
    """

    def __init__(self, name: str, role: Role = "curve", capacity: int = 8192) -> None:
        if capacity < 16:
            raise ValueError(f"A curve needs room for at least 16 pieces, not {capacity}.")
        self.name = name
        self.role = role
        self.stroke: Stroke = ""
        self.sign = ""
        self.points = 0  # all that were given, the non-finite ones too
        self._pieces = np.empty((3, capacity))  # x, low, high
        self._size = 0
        self._stretch = 0.0  # of x, in one piece; 0 while every point is its own piece

    def append(self, x: float, y: float) -> None:
        """One more point; amortised constant time."""
        self.points += 1
        if not (isfinite(x) and isfinite(y) and abs(x) <= LARGEST and abs(y) <= LARGEST):
            return
        if self._size == self._pieces.shape[1]:
            self._fold()
        self._pieces[:, self._size] = x, y, y
        self._size += 1

    def extend(self, x: ArrayLike, y: ArrayLike, high: ArrayLike | None = None) -> None:
        """Many more points; with `high`, pieces already reduced (y is then their lowest value), as in a pyramid."""
        xs, lows = np.asarray(x, dtype=np.float64).ravel(), np.asarray(y, dtype=np.float64).ravel()
        highs = lows if high is None else np.asarray(high, dtype=np.float64).ravel()
        self.points += xs.size
        pieces = np.stack(_finite(xs, lows, highs))
        start = 0
        while start < pieces.shape[1]:
            if self._size == self._pieces.shape[1]:
                self._fold()
            stop = min(pieces.shape[1], start + self._pieces.shape[1] - self._size)
            self._pieces[:, self._size : self._size + stop - start] = pieces[:, start:stop]
            self._size += stop - start
            start = stop

    def ranges(self) -> Ranges:
        """The pieces, as views that the next append may change."""
        return Ranges(*self._pieces[:, : self._size])

    def _fold(self) -> None:
        """Merge neighbours until at most half of the pieces are taken."""
        x, low, high = self._pieces[:, : self._size]
        if (np.diff(x) < 0).any():  # a resumed run goes back a few steps
            order = np.argsort(x, kind="stable")
            x, low, high = x[order], low[order], high[order]
        span, room = float(x[-1] - x[0]), self._pieces.shape[1] // 2 - 2
        # Doubling, so that old stretches lie whole within new ones and nothing drifts.
        self._stretch = self._stretch or max(span / room, 1e-300)
        while span / self._stretch > room:
            self._stretch *= 2
        starts = np.flatnonzero(np.diff(np.floor(x / self._stretch), prepend=-np.inf))
        merged = x[starts], np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
        self._size = starts.size
        self._pieces[:, : self._size] = merged


def _finite(x: Array, low: Array, high: Array) -> Ranges:
    if not x.size == low.size == high.size:
        raise ValueError(f"A curve needs as many x as y; it was given {x.size}, {low.size} and {high.size}.")
    # NaN compares false, so one comparison an array finds all three.
    kept = (np.abs(x) <= LARGEST) & (np.abs(low) <= LARGEST) & (np.abs(high) <= LARGEST)
    return Ranges(x, low, high) if kept.all() else Ranges(x[kept], low[kept], high[kept])
