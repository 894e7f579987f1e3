"""Layers without parameters that only bring samples into another shape, and where a network computes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tutor import nn

Array = NDArray[Any]


class Host(Protocol):
    """Where a network's values are: NumPy arrays here, or tensors on a device."""

    def textbook(self, name: str) -> Any:
        """Give a class of tutor.nn that computes there."""

    def put(self, array: Array) -> Any:
        """Bring a NumPy array there."""

    def get(self, value: Any) -> Array:
        """Bring a value back."""

    def holds(self, value: object) -> bool:
        """Say whether it is an array of that place."""

    def stack(self, values: Sequence[Any]) -> Any:
        """Make (N, T, ...) of T values (N, ...)."""


class NumPy:
    """NumPy itself."""

    def textbook(self, name: str) -> Any:
        """See Host."""
        return getattr(nn, name)

    def put(self, array: Array) -> Array:
        """See Host."""
        return array

    def get(self, value: Array) -> Array:
        """See Host."""
        return value

    def holds(self, value: object) -> bool:
        """See Host."""
        return isinstance(value, np.ndarray)

    def stack(self, values: Sequence[Array]) -> Array:
        """See Host."""
        return np.stack(values, axis=1)


NUMPY = NumPy()


class Reshape:
    """The same numbers of each sample in another shape, row by row."""

    def __init__(self, n_in: Sequence[int], n_out: Sequence[int]) -> None:
        self._n_in, self._n_out = tuple(n_in), tuple(n_out)

    def forward(self, x: Any) -> Any:
        """Map x (N, *n_in) to (N, *n_out)."""
        return x.reshape(len(x), *self._n_out)

    def backward(self, grad_output: Any) -> Any:
        """Take the gradient the other way."""
        return grad_output.reshape(len(grad_output), *self._n_in)


class Tokens:
    """Numbers from 0 to 1 as whole numbers from 0 to levels - 1; they have no gradient."""

    def __init__(self, levels: int, host: Host) -> None:
        self._levels, self._host = levels, host

    def forward(self, x: Any) -> Any:
        """Map x (N, T) to tokens of the same shape."""
        levels = np.rint(self._host.get(x) * (self._levels - 1)).clip(0, self._levels - 1)
        return self._host.put(levels.astype(np.int64))


class Last:
    """The last place of every sequence."""

    def __init__(self, n_in: Sequence[int], host: Host) -> None:
        self._places, self._host = n_in[0], host

    def forward(self, x: Any) -> Any:
        """Map x (N, T, D) to (N, D)."""
        return x[:, -1]

    def backward(self, grad_output: Any) -> Any:
        """Give all of the gradient to the last place."""
        return self._host.stack([0 * grad_output] * (self._places - 1) + [grad_output])


def flat(x: Array) -> Array:
    """Give samples of any shape as rows."""
    return x.reshape(len(x), prod(x.shape[1:]))
