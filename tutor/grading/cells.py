"""What the cells of a wrong tensor show beyond the sentence of its verdict: where they are wrong, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from tutor.grading.norms import norm_ratio, worst_index
from tutor.grading.sentences import LITTLE_OFF, common_factor, factor_text

SAME = 1e-9  # a norm ratio below it: the same numbers, computed another way
MOST_NAMED = 3  # rows or columns named by number

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def what_cells_show(got: Array, expected: Array, wrong: Mask, sizes: Mapping[str, int], said: str = "") -> str:
    """How many cells differ, where, and what they have in common, but for what was `said` already; all of one shape."""
    count = int(np.count_nonzero(wrong))
    if got.size <= 1:
        return ""
    if count == 0:
        return f"All {got.size} cells agree."
    if LITTLE_OFF in said:
        return f"They differ most at {list(worst_index(got, expected))}."
    how = _how(got[wrong], expected[wrong], sizes) or _by_line(got, expected) or _order(got, expected)
    core, _, rest = how.partition(", ")
    known = bool(how) and core.removeprefix("each is ").removeprefix("each has ") in said
    if known and not rest:
        return ""
    some = f"{count} of {got.size} cells {'differs' if count == 1 else 'differ'}"
    number = f"All {count} cells differ" if count == got.size else some + _where(wrong)
    return f"{number}{': ' if how else ''}{rest if known else how}."


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def what_shapes_show(got: Array, expected: Array) -> str:
    """The one step from a tensor to another of another shape, where there is one."""
    if got.size == 0 or expected.size == 0:
        return ""
    return next((words for made, right, words in _steps(got, expected) if _same(made, right)), "")


def _same(one: Array, other: Array) -> bool:
    return one.shape == other.shape and norm_ratio(one, other) < SAME


def _steps(got: Array, expected: Array) -> Iterator[tuple[Array, Array, str]]:
    """What to compare with what, and what to say where they are the same."""
    if got.ndim >= 2:
        yield got.T, expected, "Its transpose is right: every value is there, in the wrong place."
    if got.size == expected.size:
        yield got.reshape(expected.shape), expected, "Its values are right, and in order: the shape alone is wrong."
    for axis in range(got.ndim):
        kept = got.ndim == expected.ndim
        yield got.sum(axis=axis, keepdims=kept), expected, f"Its sum over axis {axis} is right."
        yield got.mean(axis=axis, keepdims=kept), expected, f"Its mean over axis {axis} is right."
    for axis in range(expected.ndim):
        kept = got.ndim == expected.ndim
        yield got, expected.sum(axis=axis, keepdims=kept), f"It is the right tensor, summed over axis {axis} once more."
        yield got, expected.mean(axis=axis, keepdims=kept), f"It is the mean over axis {axis} of the right tensor."


def _where(wrong: Mask) -> str:
    """Whole rows, whole columns, the diagonal, or the few rows or columns that hold all of them."""
    if np.count_nonzero(wrong) == 1:
        return f", at {[int(i) for i in np.argwhere(wrong)[0]]}"
    if wrong.ndim != 2:
        return ""
    for axis, name in ((1, "row"), (0, "column")):
        lines, full = np.flatnonzero(wrong.any(axis=axis)), np.asarray(wrong.all(axis=axis))
        if len(lines) < len(full) and full[lines].all() and wrong.shape[axis] > 1:
            rest = np.flatnonzero(~full)
            all_but = len(rest) < len(lines) and len(lines) > MOST_NAMED
            return f", all but {_numbered(name, rest)}" if all_but else f", all of {_numbered(name, lines)}"
    if wrong.shape[0] == wrong.shape[1] and np.array_equal(wrong, np.eye(len(wrong), dtype=bool)):
        return ", all of the diagonal"
    held = [(name, np.flatnonzero(wrong.any(axis=axis)), axis) for axis, name in ((1, "row"), (0, "column"))]
    name, lines, axis = min(held, key=lambda each: len(each[1]))
    few = len(lines) <= MOST_NAMED and len(lines) < wrong.shape[1 - axis]
    return f", in {_numbered(name, lines)}" if few else ""


def _numbered(name: str, numbers: npt.NDArray[np.intp]) -> str:
    words = [str(int(number)) for number in numbers]
    if len(words) == 1:
        return f"{name} {words[0]}"
    if len(words) > MOST_NAMED:
        return f"{len(words)} {name}s"
    return f"{name}s {', '.join(words[:-1])} and {words[-1]}"


def _how(got: Array, expected: Array, sizes: Mapping[str, int]) -> str:
    """What all the wrong cells have in common; their values as vectors."""
    each = "each" if len(got) > 1 else "it"
    if np.isnan(got).all():
        return f"{each} is no number"
    if not (np.isfinite(got).all() and np.isfinite(expected).all()):
        bad = int(np.count_nonzero(~np.isfinite(got)))
        return f"{bad} of them {'is' if bad == 1 else 'are'} not finite" if bad else ""
    if not got.any():
        return f"{each} is zero"
    if norm_ratio(got, -expected) < SAME:
        return f"{each} has the wrong sign"
    factor = common_factor(got, expected) if len(got) > 1 else None
    if factor is not None:
        return f"each is {factor_text(factor, dict(sizes))} what it should be{_mean_or_sum(factor, sizes)}"
    offset = got - expected
    if len(got) > 1 and norm_ratio(offset, np.full_like(offset, offset.mean())) < 1e-7:
        return f"each is {abs(offset.mean()):.4g} too {'large' if offset.mean() > 0 else 'small'}"
    return ""


def _mean_or_sum(factor: float, sizes: Mapping[str, int]) -> str:
    batch = sizes.get("N", 0)
    if batch > 2 and abs(factor * batch - 1) < 1e-6:
        return ", a mean over the batch instead of the sum"
    if batch > 2 and abs(factor / batch - 1) < 1e-6:
        return ", a sum over the batch instead of the mean"
    return ""


def _by_line(got: Array, expected: Array) -> str:
    """Each row, or each column, by a factor of its own: something is broadcast that should not be there."""
    if got.ndim != 2 or min(got.shape) < 2 or not (np.isfinite(got).all() and np.isfinite(expected).all()):
        return ""
    for axis, name in ((1, "row"), (0, "column")):
        squares = np.sum(expected * expected, axis=axis, keepdims=True)
        factors = np.where(squares > 0, np.sum(got * expected, axis=axis, keepdims=True) / squares, 1.0)
        if norm_ratio(got, factors * expected) < SAME:
            return f"each {name} is off by a factor of its own"
    return ""


def _order(got: Array, expected: Array) -> str:
    """The right numbers in another order."""
    if got.ndim == 2 and got.shape[0] == got.shape[1] and norm_ratio(got.T, expected) < SAME:
        return "transposed"
    if (
        got.size > 2
        and np.isfinite(got).all()
        and norm_ratio(np.sort(got, axis=None), np.sort(expected, axis=None)) < SAME
    ):
        return "the right numbers, in another order"
    return ""
