"""Is a claimed gradient the gradient of an objective? Answered from outside, by evaluating the objective.

Three questions:

    check_directions     is all of it right?                 a handful of evaluations, however many entries
    find_wrong_entries   which entries are wrong?            about log2(entries) evaluations for each, and a few
    numeric_gradient     what should it be, entry by entry?  one evaluation per entry

The slope of f along a direction d is the gradient's product with d. With one complex step it is known to rounding, so a
claimed gradient is right exactly if its product with d is the same, for d drawn at random: an error in any entry shows.
The error of a group of entries shows in the same way when d moves that group alone, and halving the groups in which it
shows leads to the entries that are wrong.

An objective takes a dict of float64 arrays (complex128 for the complex step) and gives one number; it must not write
into them. How each answer was made, and how far to trust it, stands in the answer.

Source: for the product with random directions, Griewank and Walther, "Evaluating Derivatives" (2008), section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.learner import derivatives

__all__ = [
    "DirectionCheck",
    "NumericGradient",
    "WrongEntries",
    "WrongEntry",
    "check_directions",
    "find_wrong_entries",
    "numeric_gradient",
]

Arrays = derivatives.Arrays
Index = derivatives.Index
Objective = derivatives.Objective
Method = derivatives.Method
NumericGradient = derivatives.NumericGradient
numeric_gradient = derivatives.numeric_gradient
Row = npt.NDArray[np.float64]

RIGHT = 1e-9  # the relative error up to which a gradient is right where the complex step was confirmed
MOST_EVALUATIONS = 400
_LEAF = 1e-6  # relative: a single entry that is closer than this to its slope is right
_NOISE = 32 * float(np.finfo(np.float64).eps)  # of the root of the sum of squared terms; measured: 1 to 12 eps
_OTHER_LENGTH = 1.7  # no power of two, so that the same slope is rounded in another way
_LEAST = 0.5  # that a random direction moves an entry by


@dataclass(frozen=True)
class DirectionCheck:
    """A claimed gradient held against the slopes along random directions."""

    error: float  # the largest over the directions; relative to both slopes and to the size of the gradient
    directions: int
    method: Method
    evaluations: int
    trust: float  # how far two independent ways of making a slope disagree, relative

    @property
    def right(self) -> bool:
        """True when nothing speaks against the gradient; a NaN does."""
        return self.error <= (RIGHT if self.method == "complex step" else max(derivatives.CONFIRMED, 10 * self.trust))


@dataclass(frozen=True)
class WrongEntry:
    """One entry of a claimed gradient that is not the slope of the objective there."""

    name: str
    index: Index
    claimed: float
    numeric: float


@dataclass(frozen=True)
class WrongEntries:
    """The wrong entries that could be named, and what can be said of the others."""

    entries: tuple[WrongEntry, ...]
    complete: bool  # False: there are more, or noise hides whether there are
    smallest: float  # an error below this, in any entry, cannot be seen
    method: Method
    evaluations: int


def check_directions(
    objective: Objective,
    at: Arrays,
    claimed: Arrays,
    directions: int = 4,
    rng: np.random.Generator | None = None,
) -> DirectionCheck:
    """Hold a claimed gradient, by the names of some arrays of `at`, against the slopes along random directions.

    By the complex step if one central difference confirms it: that alone gives no false alarm beside a kink.
    """
    rng = rng or np.random.default_rng()
    with derivatives.complex_warnings_raised():
        slopes, row = _Slopes(objective, at, list(claimed), rng), _row(claimed.values())
        size, errors = float(np.linalg.norm(row)), []
        for direction in (slopes.first, *(_draw(row.size, rng) for _ in range(directions - 1))):
            slope = slopes.along_first if direction is slopes.first else slopes.along(direction)
            by_claim = float(np.vdot(row, direction))
            errors.append(derivatives.relative(abs(slope - by_claim), slope, by_claim, size))
    worst = float(np.max(errors))  # a NaN stays one
    return DirectionCheck(worst, directions, slopes.method, slopes.counted.evaluations, slopes.trust)


def find_wrong_entries(
    objective: Objective,
    at: Arrays,
    claimed: Arrays,
    most: int = MOST_EVALUATIONS,
    rng: np.random.Generator | None = None,
) -> WrongEntries:
    """Name the entries of a claimed gradient that are wrong, by halving the groups in which an error shows.

    What is found is put right, and the whole is looked at along another direction, until nothing shows any more
    (`complete`) or `most` evaluations are spent. With central differences, where the complex step does not hold,
    kinks and rounding hide all but large errors: `smallest` says how large.
    """
    rng = rng or np.random.default_rng()
    with derivatives.complex_warnings_raised():
        slopes = _Slopes(objective, at, list(claimed), rng)
        search = _Search(slopes, _row(claimed.values()), most)
        while search.look_again(_draw(search.right.size, rng)):
            pass
    entries = tuple(search.found)
    return WrongEntries(entries, search.complete, search.noise / _LEAST, slopes.method, slopes.counted.evaluations)


def _draw(size: int, rng: np.random.Generator) -> Row:
    """A random direction that moves every entry by 0.5 to 1, up or down.

    No entry is left out, and no two errors cancel, as equal ones may along a direction of +1 and -1.
    """
    bits = rng.integers(-(2**15), 2**15, size=size, dtype=np.int16)  # several times cheaper than to draw floats
    side = (bits >> 15) | 1
    return ((bits >> 1) + side * 2**14) * 2.0**-15


def _row(arrays: Iterable[npt.NDArray[Any]], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    return np.concatenate([np.ravel(array) for array in arrays], dtype=dtype)


class _Slopes:
    """Slopes of an objective by some of its arrays, all their entries in one row: a group of them is a range of it."""

    def __init__(self, objective: Objective, at: Arrays, names: list[str], rng: np.random.Generator) -> None:
        self.counted, self.at, self.names = derivatives.Counted(objective), at, names
        self.starts = np.cumsum([0, *(at[name].size for name in names)]).tolist()
        self.method: Method = "complex step"
        self.step, self.trust = derivatives.COMPLEX_STEP, np.inf
        self.moved = _row((at[name] for name in names), np.complex128)
        # Along this direction the way is chosen; the slope found there is kept, since it is as good as any.
        self.first = _draw(self.moved.size, rng)
        parts = {name: self.first[i:j].reshape(at[name].shape) for name, i, j in self._ranges(0, self.moved.size)}
        try:
            self.along_first = self.along(self.first)
            if np.isfinite(self.along_first):
                self.trust = derivatives.slope_disagreement(self.counted, at, parts, self.along_first, 0.0)
        except Exception:  # whatever somebody's code raises when it meets complex numbers
            pass
        if self.trust > derivatives.CONFIRMED:
            precision = derivatives.measure_precision(self.counted, at, names)
            self.along_first, self.trust = derivatives.steady_slope(self.counted, at, parts, precision)
            self.method, self.step = "central differences", precision.step
            self.moved = _row(at[name] for name in names)

    def along(self, direction: Row, start: int = 0, stop: int | None = None, length: float = 1.0) -> float:
        """The slope when only the entries from start to stop move, along their part of the direction.

        It does not depend on the length of the step, but its rounding does.
        """
        stop = len(direction) if stop is None else stop
        step, group = self.step * length, direction[start:stop]
        if self.method == "complex step":
            np.multiply(group, step, out=self.moved.imag[start:stop])
            value = self._evaluate(start, stop)
            self.moved.imag[start:stop] = 0.0
            return float(np.imag(value)) / step
        here = self.moved[start:stop].copy()
        self.moved[start:stop] = here + step * group
        ahead = float(self._evaluate(start, stop))
        self.moved[start:stop] = here - step * group
        behind = float(self._evaluate(start, stop))
        self.moved[start:stop] = here
        return (ahead - behind) / (2 * step)

    def place(self, entry: int) -> tuple[str, Index]:
        """The name of an entry's array, and its index there."""
        ((name, start, _),) = self._ranges(entry, entry + 1)
        return name, tuple(int(i) for i in np.unravel_index(entry - start, self.at[name].shape))

    def _evaluate(self, start: int, stop: int) -> Any:
        """The objective, with those arrays moved that hold a part of the group; they cannot be written into."""
        arrays = dict(self.at)
        for name, first, last in self._ranges(start, stop):
            arrays[name] = self.moved[first:last].reshape(self.at[name].shape)
            arrays[name].flags.writeable = False
        return self.counted(arrays)

    def _ranges(self, start: int, stop: int) -> list[tuple[str, int, int]]:
        """The arrays that hold a part of a group, each with where it starts and stops in the row."""
        ranges = zip(self.names, self.starts, self.starts[1:], strict=False)
        return [(name, first, last) for name, first, last in ranges if first < stop and start < last]


class _Search:
    """The state of a search for wrong entries."""

    def __init__(self, slopes: _Slopes, claimed: Row, most: int) -> None:
        self.slopes, self.claimed, self.most = slopes, claimed, most
        self.right = claimed.copy()  # what was found is put right here
        self.found: list[WrongEntry] = []
        self.complete, self.noise = False, np.inf
        self.value = float(slopes.counted(slopes.at))

    def look_again(self, direction: Row) -> bool:
        """Look at the whole along a new direction, and follow what shows; True while there may be more to find."""
        self.direction = direction
        if not np.isfinite(self.right).all():
            self._measure_what_is_no_number()
            return not self._spent()
        before, count = len(self.found), self.right.size
        whole, again = self._error(0, count), self._error(0, count, _OTHER_LENGTH)
        self.noise = max(4 * abs(whole - again), _NOISE * float(np.linalg.norm(direction * self.right)))
        if self.slopes.method == "central differences":
            self.noise = max(self.noise, _NOISE * abs(self.value) / self.slopes.step)
        self.complete = abs(whole) <= self.noise
        if self.complete:
            return False
        self._follow(whole)
        return len(self.found) > before and not self._spent()

    def _spent(self) -> bool:
        return self.slopes.counted.evaluations >= self.most

    def _follow(self, whole: float) -> None:
        """Halve every group in which an error shows; the error of the second half is what the first leaves over."""
        groups = [(0, self.right.size, whole)]
        while groups and not self._spent():
            start, stop, error = groups.pop()
            if stop - start == 1:
                self._look_at_entry(start)
                continue
            middle = (start + stop) // 2
            first = self._error(start, middle)
            halves = [(start, middle, first), (middle, stop, error - first)]
            groups += sorted((half for half in halves if abs(half[2]) > self.noise), key=lambda half: abs(half[2]))

    def _look_at_entry(self, entry: int) -> None:
        """Take the entry for wrong if its own slope, measured alone, says so."""
        slope = self.slopes.along(self.direction, entry, entry + 1) / float(self.direction[entry])
        said = float(self.right[entry])
        same = abs(slope - said) <= max(_LEAF * (abs(slope) + abs(said)), _LEAST * self.noise)
        if not (same and np.isfinite(said)):
            self.found.append(WrongEntry(*self.slopes.place(entry), claimed=float(self.claimed[entry]), numeric=slope))
            self.right[entry] = slope

    def _measure_what_is_no_number(self) -> None:
        """Put entries right that are seen to be wrong without any slope: NaN and infinities."""
        self.noise = 0.0
        for entry in np.flatnonzero(~np.isfinite(self.right)):
            if self._spent():
                break
            self._look_at_entry(int(entry))

    def _error(self, start: int, stop: int, length: float = 1.0) -> float:
        """How far the slope that moves this group alone is from what the claimed gradient says it is."""
        claimed = float(np.sum(self.direction[start:stop] * self.right[start:stop]))
        return self.slopes.along(self.direction, start, stop, length) - claimed
