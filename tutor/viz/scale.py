"""Axes: a range that reads well, its ticks and their labels."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import NamedTuple


class Scale(NamedTuple):
    """A range and its ticks, in the coordinates that are drawn (log10 of the value on a logarithmic axis)."""

    low: float
    high: float
    ticks: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    def holds(self, low: float, high: float) -> bool:
        """Whether the range covers [low, high], rounding aside."""
        slack = 1e-9 * (self.high - self.low)
        return self.low - slack <= low and high <= self.high + slack


def linear(low: float, high: float, count: int) -> Scale:
    """About `count` steps of 1, 2 or 5 around [low, high] with a little air; from 0 when the data comes near it."""
    low, high = _widened(low, high)
    air = 0.02 * (high - low)
    if 0 <= low < high / 2:
        low = 0.0
    elif low >= 0:
        low = max(0.0, low - air)
    else:
        low -= air
    high += air
    step = _step((high - low) / count)
    first, last = floor(low / step), ceil(high / step)
    return _scale(first * step, last * step, step)


def fixed(low: float, high: float, count: int) -> Scale:
    """Exactly [low, high], ticks at the round values within it."""
    low, high = _widened(low, high)
    return _scale(low, high, _step((high - low) / count))


def growing(low: float, high: float, count: int) -> Scale:
    """A range for data that grows to the right: with room ahead, so that it is outgrown rarely."""
    low, high = _widened(low, high) if high > low else (low, low + max(1.0, 1e-3 * abs(low)))
    if 0 <= low < high / 5:
        low = 0.0
    ahead = low + 1.25 * (high - low)
    step = _step((ahead - low) / 10)
    return _scale(low, ceil(ahead / step) * step, _step((ahead - low) / count))


def logarithmic(low: float, high: float, count: int) -> Scale:
    """[low, high], already log10 of the values, out to the next 1, 2 or 5 times a power of ten."""
    start, stop = _decade_step(low, up=False), _decade_step(high, up=True)
    if stop - start < 0.25:
        start, stop = _decade_step(start - 0.1, up=False), _decade_step(stop + 0.1, up=True)
    decades = range(ceil(start - 1e-9), floor(stop + 1e-9) + 1)
    ticks = [float(k) for k in decades[:: max(1, ceil(len(decades) / (count + 1)))]]
    if len(decades) < 3:
        fine = [k + log10(m) for k in range(floor(start) - 1, ceil(stop) + 1) for m in (1, 2, 5)]
        ticks = [t for t in fine if start - 1e-9 <= t <= stop + 1e-9]
        ticks = ticks[:: max(1, ceil(len(ticks) / (count + 2)))]
    return Scale(start, stop, tuple(ticks), tuple(_power_label(t) for t in ticks))


def _widened(low: float, high: float) -> tuple[float, float]:
    """A range worth ticks: a flat one is opened by a tenth of its value, or to one on either side of zero."""
    size = max(abs(low), abs(high))
    if high - low > max(1e-6 * size, 1e-290):
        return low, high
    middle = low / 2 + high / 2
    half = 0.1 * size if size > 1e-290 else 1.0
    return middle - half, middle + half


def _step(least: float) -> float:
    power = floor(log10(least))
    unit = 10.0**power
    return next((m * unit for m in (1, 2, 5) if m * unit >= least * (1 - 1e-9)), 10 * unit)


def _scale(low: float, high: float, step: float) -> Scale:
    numbers = range(ceil(low / step - 1e-6), floor(high / step + 1e-6) + 1)
    ticks = tuple(n * step for n in numbers)
    largest = max(abs(low), abs(high))
    return Scale(low, high, ticks, tuple(_label(tick, step, largest) for tick in ticks))


def _label(value: float, step: float, largest: float) -> str:
    """A tick's value in as few signs as tell it from the next: 0.25, 12.5k, 3e-7."""
    if abs(value) < step / 2:
        return "0"
    if largest >= 1e12 or step < 1e-6:
        digits = max(0, floor(log10(abs(value)) + 1e-9) - floor(log10(step) + 1e-9))
        return _power(f"{value:.{digits}e}")
    if largest >= 1000 and step >= 1:
        for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= size:
                return f"{value / size:.12g}{sign}"
    return f"{value:.{max(0, -floor(log10(step) + 1e-9))}f}"


def _decade_step(place: float, up: bool) -> float:
    decade = floor(place)
    steps = [decade, decade + log10(2), decade + log10(5), decade + 1.0]
    if up:
        return next(s for s in steps if s >= place - 1e-9)
    return next(s for s in reversed(steps) if s <= place + 1e-9)


def _power_label(place: float) -> str:
    decade = floor(place + 1e-9)
    digit = round(10 ** (place - decade))
    if -4 <= decade < 4:
        return f"{digit * 10**decade}" if decade >= 0 else f"{digit * 10.0**decade:.{-decade}f}"
    return f"{digit}e{decade}"


def _power(text: str) -> str:
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}"
