"""The plan of a check: which arrays the learner's file meets, drawn now, so that no answer can be known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from tutor.course import Case, Challenge, Fill, Tier, draw_arguments, parse_draw, shape_of

AnyArray = npt.NDArray[Any]
Float64Array = npt.NDArray[np.float64]
Shape = tuple[int, ...]


class Planned(Struct, frozen=True):
    """One draw of one case: its sizes and arrays by name."""

    tier: Tier
    case: Case
    sizes: dict[str, int]
    arrays: dict[str, AnyArray]
    number: int = 0  # of the case in its tier; all draws of one case share it
    place: int = 0  # of this draw in the plan

    @property
    def names(self) -> dict[str, bool | int | float | str]:
        """What the drive's lines may name besides the arrays: sizes, and the case's own values."""
        return {**self.sizes, **self.case.values}


def make_plan(challenge: Challenge, tiers: Iterable[Tier], seed: int) -> tuple[Planned, ...]:
    """Draw the arrays of every case of these tiers; the same seed gives the same plan."""
    planned: list[Planned] = []
    for tier in tiers:
        for number, case in enumerate(challenge.cases(tier)):
            shapes = {name: shape_of(lengths, case.sizes) for name, lengths in challenge.arrays.items()}
            for again in range(case.repeat):
                rng = np.random.default_rng([seed, _TIER_NUMBER[tier], number, again])
                arrays = {
                    name: _draw(rng, shape, challenge.draws.get(name, "normal"), case, name)
                    for name, shape in shapes.items()
                }
                planned.append(Planned(tier, case, dict(case.sizes), arrays, number, place=len(planned)))
    return tuple(planned)


_TIER_NUMBER: dict[Tier, int] = {"basic": 0, "edge": 1, "stress": 2}

# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_parse_draw = lru_cache(maxsize=256)(parse_draw)


def draw_array(
    rng: np.random.Generator, shape: Shape, text: str, names: Mapping[str, object], dtype: str = "float64"
) -> AnyArray:
    """One array of a kind such as "labels(n_classes)"; `names` are sizes and values that its arguments may name."""
    draw = _parse_draw(text)
    arguments = draw_arguments(draw, names) if draw.arguments else ()
    values: AnyArray = np.asarray(_KINDS[draw.kind](rng, shape, *arguments))
    return values if draw.whole else values.astype(dtype)


def _draw(rng: np.random.Generator, shape: Shape, text: str, case: Case, name: str) -> AnyArray:
    values = draw_array(rng, shape, text, {**case.sizes, **case.values}, case.dtype)
    fill = case.fill.get(name)
    return np.asarray(FILLS[fill](values)) if fill else values


def _integers(rng: np.random.Generator, shape: Shape, low: int, high: int) -> AnyArray:
    """Whole numbers of which at least two differ where they can: a batch of one class alone hides faults."""
    values: AnyArray = np.asarray(rng.integers(low, high, shape))
    if values.size > 1 and high - low > 1 and (values == values.flat[0]).all():
        values.flat[rng.integers(values.size)] = low + (values.flat[0] - low + 1) % (high - low)
    return values


def _one_hot(rng: np.random.Generator, shape: Shape) -> AnyArray:
    rows: AnyArray = np.eye(shape[-1])[_integers(rng, shape[:-1], 0, shape[-1])]
    return rows


def _mask(rng: np.random.Generator, shape: Shape, p: float) -> AnyArray:
    values: AnyArray = np.asarray(rng.random(shape) < p, dtype=np.float64)
    if values.size > 1 and p < 1 and (values == values.flat[0]).all():
        values.flat[rng.integers(values.size)] = 1 - values.flat[0]
    return values


def _probabilities(rng: np.random.Generator, shape: Shape) -> AnyArray:
    weights: AnyArray = np.exp(rng.standard_normal(shape))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


def _distinct(rng: np.random.Generator, shape: Shape) -> AnyArray:
    """A shuffled ladder of about unit variance; each value stays within a quarter of a step of its rung."""
    size = int(np.prod(shape))
    rungs = rng.permutation(size) - (size - 1) / 2 + rng.uniform(-0.25, 0.25, size)
    ladder: AnyArray = (rungs * np.sqrt(12) / max(size, 2)).reshape(shape)
    return ladder


_KINDS: dict[str, Callable[..., AnyArray]] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.random(shape),
    "positive": lambda rng, shape: np.exp(rng.standard_normal(shape) / 2),
    "labels": lambda rng, shape, classes: _integers(rng, shape, 0, classes),
    "one_hot": _one_hot,
    "mask": _mask,
    "probabilities": _probabilities,
    "distinct": _distinct,
    "integers": _integers,
}

# ── filling ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _strided(values: AnyArray) -> AnyArray:
    """The same values as every second column (entry) of a larger block of memory."""
    if not values.ndim:
        return values
    block = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), dtype=values.dtype)
    view: AnyArray = block[..., ::2]
    view[...] = values
    return view


def _extreme(values: AnyArray) -> AnyArray:
    """Beyond 1e4 to both sides: the exponential of any of them is 0 or infinite."""
    beyond: AnyArray = values * values.dtype.type(1e4) + np.copysign(values.dtype.type(1e4), values)
    return beyond


def _ties(values: AnyArray) -> AnyArray:
    """Rounded, so that values repeat; the first is zero, and the last two are alike."""
    rounded: AnyArray = np.asarray(np.round(values) + values.dtype.type(0))  # no -0.0
    rounded.flat[-2:] = rounded.flat[-1]
    rounded.flat[:1] = 0
    return rounded


FILLS: dict[Fill, Callable[[AnyArray], AnyArray]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "negative_zero": lambda values: -np.zeros_like(values),
    "huge": lambda values: values * values.dtype.type(1e15),
    "tiny": lambda values: values * values.dtype.type(1e-15),
    "saturated": lambda values: values * values.dtype.type(200),
    "extreme": _extreme,
    "ties": _ties,
    "fortran": lambda values: np.asarray(values, order="F"),
    "strided": _strided,
}
