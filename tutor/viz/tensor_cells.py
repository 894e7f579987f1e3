"""A tensor of the learner's beside what it should be, cell by cell: which are wrong, and which is the worst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Quantity = Literal["yours", "expected", "numeric", "difference"]
QUANTITIES: tuple[Quantity, ...] = ("yours", "expected", "numeric", "difference")
Array = npt.NDArray[np.float64]
Place = tuple[int, int, int]  # slice, row, column: every tensor as a stack of matrices

LIMIT, LIMIT_FLOAT32 = 1e-6, 1e-4  # relative, of one cell: as the grader's limits of a whole tensor
FLOOR = 1e-3  # of that limit, times the largest entry: what is left of a sum that cancels is rounding


@dataclass(frozen=True, eq=False)
class TensorCells:
    """The quantities that there are, each as a stack of matrices, and what is wrong with each cell.

    A vector stands as a column where all are vectors, else as a row, as NumPy broadcasts it. Where yours has another
    shape than expected nothing is compared: there is no difference, and no cell is wrong or right.
    """

    shapes: Mapping[Quantity, tuple[int, ...]]  # as NumPy has them
    values: Mapping[Quantity, Array]  # each (slices, rows, columns)
    error: Array  # of the common extent: |yours - expected| of a wrong cell, 0 of a right one, inf where not finite
    order: npt.NDArray[np.intp]  # the wrong cells, flat, the worst first; of equal ones the first in memory first
    comparable: bool
    whole: bool  # whole numbers or booleans: shown without decimals

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Those that there are, in the order in which they are shown."""
        return tuple(quantity for quantity in QUANTITIES if quantity in self.values)

    @property
    def extent(self) -> Place:
        """Slices, rows and columns that hold all of them."""
        slices, rows, columns = self.error.shape
        return slices, rows, columns

    @property
    def is_vector(self) -> bool:
        """True where every matrix is one column."""
        return self.extent[0] == self.extent[2] == 1

    @cached_property
    def worst(self) -> Place | None:
        """The worst cell."""
        return self.place(int(self.order[0])) if len(self.order) else None

    @cached_property
    def largest_error(self) -> float:
        """The largest finite error of a wrong cell."""
        return float(np.max(self.error, where=np.isfinite(self.error), initial=0.0))

    def place(self, flat: int) -> Place:
        """A cell by its number in memory."""
        slices, rows, columns = np.unravel_index(flat, self.extent)
        return int(slices), int(rows), int(columns)

    def flat(self, place: Place) -> int:
        """The number of a cell in memory."""
        _, rows, columns = self.extent
        return (place[0] * rows + place[1]) * columns + place[2]

    def at(self, quantity: Quantity, place: Place) -> float | None:
        """One value; None where this quantity has no such cell, or none was made."""
        values = self.values.get(quantity)
        if values is None or any(i >= n for i, n in zip(place, values.shape, strict=True)):
            return None
        value = float(values[place])
        return None if quantity == "numeric" and value != value else value

    def index(self, quantity: Quantity, place: Place) -> tuple[int, ...] | None:
        """The index of a cell as NumPy has it; None where this quantity has no such cell."""
        if self.at(quantity, place) is None and quantity != "numeric":
            return None
        shape, (_, rows, columns) = self.shapes[quantity], self.values[quantity].shape
        flat = (place[0] * rows + place[1]) * columns + place[2]
        return tuple(int(i) for i in np.unravel_index(flat, shape)) if flat < prod(shape) else None

    def rank(self, place: Place) -> int | None:
        """0 for the worst cell, 1 for the next; None for a right one."""
        found = np.flatnonzero(self.order == self.flat(place))
        return int(found[0]) if len(found) else None


def compare(
    yours: npt.NDArray[Any] | None,
    expected: npt.NDArray[Any] | None,
    numeric: npt.NDArray[Any] | None = None,
    *,
    right: bool | None = None,
) -> TensorCells:
    """Lay the arrays beside each other.

    `right` is the verdict on the whole tensor, where there is one: of a right one no cell is wrong, of a wrong one the
    worst is, however small its error. ValueError where there is neither yours nor expected, or nothing in them.
    """
    given: dict[Quantity, npt.NDArray[Any] | None] = {"yours": yours, "expected": expected, "numeric": numeric}
    found = {quantity: np.asarray(array) for quantity, array in given.items() if array is not None}
    if not ("yours" in found or "expected" in found) or all(array.size == 0 for array in found.values()):
        raise ValueError("There is no cell to show.")
    whole = all(array.dtype.kind in "biu" for array in found.values())
    arrays = {quantity: array.astype(np.float64) for quantity, array in found.items()}
    comparable = "yours" in arrays and "expected" in arrays and arrays["yours"].shape == arrays["expected"].shape
    if comparable:
        arrays["difference"] = _difference(arrays["yours"], arrays["expected"])
    columns = all(array.ndim <= 1 for array in arrays.values())
    values = {quantity: _stack(array, columns) for quantity, array in arrays.items()}
    extent = tuple(np.max([array.shape for array in values.values()], axis=0))
    error = np.zeros(extent)
    if comparable:
        error = _errors(values["yours"], values["expected"], values["difference"], right)
    order = np.argsort(-error, axis=None, kind="stable")[: np.count_nonzero(error)]
    return TensorCells({q: a.shape for q, a in arrays.items()}, values, error, order, comparable, whole)


def _difference(yours: Array, expected: Array) -> Array:
    """0 where both are the same, infinities included."""
    same = (yours == expected) | (np.isnan(yours) & np.isnan(expected))
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(same, 0.0, yours - expected)


@np.errstate(over="ignore", invalid="ignore")
def _errors(yours: Array, expected: Array, difference: Array, right: bool | None) -> Array:
    size = np.where(np.isfinite(difference), np.abs(difference), np.inf)
    if right:
        return np.zeros_like(size)
    float32 = bool(np.all(yours.astype(np.float32) == yours)) and not np.all(expected.astype(np.float32) == expected)
    limit = LIMIT_FLOAT32 if float32 else LIMIT
    expected_size = np.where(np.isfinite(expected), np.abs(expected), 0.0)
    wrong = size > limit * (expected_size + FLOOR * float(np.max(expected_size, initial=0.0)))
    if right is False and not wrong.any():
        wrong = (size == np.max(size)) & (size > 0)
    return np.where(wrong, size, 0.0)


def _stack(array: Array, columns: bool) -> Array:
    if array.ndim <= 1:
        return array.reshape(1, -1, 1) if columns else array.reshape(1, 1, -1)
    slices = prod(array.shape[:-2])
    return array.reshape(slices, *array.shape[-2:])


def number_text(value: float, decimals: int, *, none: bool = False, zero: bool = False) -> str:
    """A number with so many decimals, none for whole numbers; at most `decimals` + 6 cells.

    With `none` NaN is a value that was not made, and a dash; with `zero` an exact 0 is told from a rounded one.
    """
    if none and value != value:
        return "–"
    if decimals == 0 or (zero and value == 0):
        return f"{value:.0f}"
    if value == 0 or 1e-3 <= abs(value) < 1e3:
        return f"{value:.{decimals}f}"
    return f"{value:.{max(1, decimals - 2)}e}"
