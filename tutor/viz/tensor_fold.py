"""Rows or columns that are too many for their place, folded around the worst of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SHORTEST = 3  # fewer lines than this are shown: a fold of them would save nothing
AS_BAD = 0.1  # of the largest error


class Fold(NamedTuple):
    """Lines from `start` to before `stop` that are not shown, with so many wrong cells in them."""

    start: int
    stop: int
    wrong: int

    @property
    def words(self) -> str:
        """What is in it: "all right", or how many cells are not."""
        return f"{self.wrong} wrong" if self.wrong else "all right"


Item = int | Fold


def fold(error: npt.NDArray[np.float64], room: int, cursor: int) -> tuple[Item, ...]:
    """Lines of a matrix of errors, (lines, cells): the worst with their neighbours, the cursor's, and folds between.

    Nothing is folded where all lines have room, nor where there is nothing to fold around: all are right, or most of
    them are about as wrong as the worst.
    """
    lines = len(error)
    worst = error.max(axis=1, initial=0.0)
    largest = float(worst.max(initial=0.0))
    if lines <= room or not largest or np.count_nonzero(worst >= AS_BAD * largest) > lines // 2:
        return tuple(range(lines))
    wrong = np.count_nonzero(error, axis=1)
    order = np.argsort(-worst, kind="stable")[: np.count_nonzero(worst)]
    for most in (room, room // 2, room // 3):  # as many of the worst as have room with their neighbours, or a few more
        near = np.abs(np.arange(lines)[:, None] - order[: max(1, most)]).min(axis=1)
        near[cursor] = 0
        items = _items(near <= 1, wrong)
        if len(items) <= room:
            break
    for reach in range(2, room):  # more of the neighbours, as long as there is room
        wider = _items(near <= reach, wrong)
        if len(wider) > room:
            break
        items = wider
    return items


def _items(kept: npt.NDArray[np.bool_], wrong: npt.NDArray[np.intp]) -> tuple[Item, ...]:
    items: list[Item] = []
    start = 0
    for stop in [*(int(line) for line in np.flatnonzero(kept)), len(kept)]:
        if stop - start < SHORTEST:
            items += range(start, stop)
        else:
            items.append(Fold(start, stop, int(wrong[start:stop].sum())))
        if stop < len(kept):
            items.append(stop)
        start = stop + 1
    return tuple(items)


def number_of(items: Sequence[Item], line: int) -> int:
    """Which item a line is."""
    return next(
        number
        for number, item in enumerate(items)
        if item == line or (isinstance(item, Fold) and item.start <= line < item.stop)
    )


def step(items: Sequence[Item], line: int, by: int) -> int:
    """The line so many items away, at most the last one that is shown; folds are passed over."""
    shown = [item for item in items if not isinstance(item, Fold)]
    here = shown.index(line)
    return shown[max(0, min(len(shown) - 1, here + by))]
