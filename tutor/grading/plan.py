"""The plan of a check: which arrays the learner's file meets, drawn now, so that no answer can be known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from tutor.course import Case, Challenge, Fill, Tier

FloatArray = npt.NDArray[np.floating[Any]]
Float64Array = npt.NDArray[np.float64]


class Planned(Struct, frozen=True):
    """One draw of one case: its sizes and arrays by name."""

    tier: Tier
    case: Case
    sizes: dict[str, int]
    arrays: dict[str, FloatArray]


def make_plan(challenge: Challenge, tiers: Iterable[Tier], seed: int) -> tuple[Planned, ...]:
    """Draw the arrays of every case of these tiers; the same seed gives the same plan."""
    planned: list[Planned] = []
    for tier in tiers:
        for number, case in enumerate(challenge.cases(tier)):
            for again in range(case.repeat):
                rng = np.random.default_rng([seed, _TIER_NUMBER[tier], number, again])
                arrays = {
                    name: _draw(rng, tuple(case.sizes[size] for size in shape), case.fill.get(name), case.dtype)
                    for name, shape in challenge.arrays.items()
                }
                planned.append(Planned(tier=tier, case=case, sizes=dict(case.sizes), arrays=arrays))
    return tuple(planned)


_TIER_NUMBER: dict[Tier, int] = {"basic": 0, "edge": 1, "stress": 2}


def _draw(rng: np.random.Generator, shape: tuple[int, ...], fill: Fill | None, dtype: str) -> FloatArray:
    values: FloatArray = rng.standard_normal(shape).astype(dtype)
    return FILLS[fill](values) if fill else values


def _strided(values: FloatArray) -> FloatArray:
    """The same values as every second column (entry) of a larger block of memory."""
    block = np.zeros((*values.shape[:-1], 2 * values.shape[-1]), dtype=values.dtype)
    block[..., ::2] = values
    return block[..., ::2]


FILLS: dict[Fill, Callable[[FloatArray], FloatArray]] = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "negative_zero": lambda values: -np.zeros_like(values),
    "huge": lambda values: values * values.dtype.type(1e15),
    "tiny": lambda values: values * values.dtype.type(1e-15),
    "saturated": lambda values: values * values.dtype.type(200),
    "fortran": np.asfortranarray,
    "strided": _strided,
}
