"""Small images in a terminal: pixels as half blocks in two colours, or as signs where there are no colours for that."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size

from tutor.viz.model import Line, Picture, Role, Span

Array = NDArray[Any]

SIDE = 16  # pixels of an image as half blocks, at most: what is larger is made smaller, so that several are in sight
SIDE_OF_SIGNS = 8  # and as signs, which take four times the room
UNKNOWN = "?"  # a pixel that is no number


class Scale(NamedTuple):
    """How a level is drawn; levels are counted from 0, and one more stands for what is no number."""

    roles: tuple[Role, ...]  # of half blocks
    signs: tuple[tuple[str, Role], ...]  # where there are none: the sign alone tells the levels apart


GREYS = Scale(
    ("grey0", "grey1", "grey2", "grey3", "grey4", "grey5", "grey6", "grey7", "bad"),
    ((" ", "axis"), (" ", "axis"), ("·", "axis"), ("░", "label"), ("░", "plain"), ("▒", "plain"), ("▓", "plain"),
     ("█", "plain"), (UNKNOWN, "bad")),
)  # fmt: skip
# A minus for what is below zero, a shade for what is above: the sign is told without a colour.
SIGNED = Scale(
    ("neg4", "neg3", "neg2", "neg1", "zero", "pos1", "pos2", "pos3", "pos4", "bad"),
    (("≡", "curve"), ("=", "curve"), ("=", "curve"), ("-", "curve"), (" ", "axis"), ("░", "accent"), ("▒", "accent"),
     ("▓", "accent"), ("█", "accent"), (UNKNOWN, "bad")),
)  # fmt: skip


def smaller(images: Array, side: int) -> Array:
    """Means of neighbouring pixels, of images (n, rows, columns), until neither side is longer than asked."""
    rows, columns = images.shape[1:]
    by = max(1, -(-max(rows, columns, 1) // max(1, side)))
    if by == 1 or not rows or not columns:
        return images
    across, down = np.arange(0, columns, by), np.arange(0, rows, by)
    with np.errstate(all="ignore"):
        sums = np.add.reduceat(np.add.reduceat(images.astype(np.float64), down, axis=1), across, axis=2)
    heights, widths = np.diff(np.append(down, rows)), np.diff(np.append(across, columns))
    means: Array = sums / (heights[:, None] * widths)
    return means


def tile(levels: Array, scale: Scale, *, signs: bool) -> list[Line]:
    """One image (rows, columns) of levels as lines: a half block holds two pixels, a pixel is two signs."""
    if signs:
        return [_runs([(scale.signs[level][0] * 2, scale.signs[level][1], None) for level in row]) for row in levels]
    lines = []
    for y in range(0, len(levels), 2):
        above = [scale.roles[level] for level in levels[y]]
        below = [scale.roles[level] for level in levels[y + 1]] if y + 1 < len(levels) else [None] * len(above)
        lines.append(
            _runs([("█" if a == b else "▀", a, None if a == b else b) for a, b in zip(above, below, strict=True)])
        )
    return lines


def _runs(pixels: Sequence[tuple[str, Role, Role | None]]) -> Line:
    """Neighbours that look alike as one span: less to send."""
    return tuple(Span(key[0] * len(list(run)), key[1], key[2]) for key, run in groupby(pixels))


def side_for(images: Array, width: int, height: int, *, signs: bool, below: int = 0) -> int:
    """How long a side may be, in pixels, for one image with `below` lines under it to fit; 0: none does."""
    side = min(SIDE_OF_SIGNS if signs else SIDE, width // 2 if signs else width)
    rows = height - below
    return max(0, min(side, rows if signs else 2 * rows)) if images.size else 0


def in_rows(tiles: Sequence[Sequence[Line]], width: int, height: int, gap: tuple[int, int] = (2, 1)) -> Picture:
    """Tiles of equal size beside and below each other, as many as there is room for."""
    if not tiles or not tiles[0]:
        return ()
    wide, high = max(map(length, tiles[0])), len(tiles[0])
    across, down = fitting(wide, high, width, height, gap)
    picture: list[Line] = []
    for row in range(0, min(len(tiles), across * down), max(1, across)):
        if picture:
            picture += [()] * gap[1]
        beside = tiles[row : row + across]
        for line in range(high):
            spans: list[Span] = []
            for one in beside:
                spans += [*([Span(" " * gap[0])] if spans else []), *padded(one[line], wide)]
            picture.append(tuple(spans))
    return tuple(picture)


def fitting(wide: int, high: int, width: int, height: int, gap: tuple[int, int] = (2, 1)) -> tuple[int, int]:
    """How many tiles stand beside each other, and how many below."""
    return max(0, (width + gap[0]) // max(1, wide + gap[0])), max(0, (height + gap[1]) // max(1, high + gap[1]))


def length(line: Line) -> int:
    """Cells of a line."""
    return sum(cell_len(span.text) for span in line)


def padded(line: Line, width: int) -> Line:
    """The same, in exactly so many cells."""
    room = width - length(line)
    return (*line, Span(" " * room)) if room > 0 else cut(line, width)


def cut(line: Line, width: int) -> Line:
    """The same, in at most so many cells."""
    spans: list[Span] = []
    for span in line:
        wide = cell_len(span.text)
        spans.append(span if wide <= width else span._replace(text=set_cell_size(span.text, max(0, width))))
        width -= wide
        if width <= 0:
            break
    return tuple(span for span in spans if span.text)


def within(picture: Sequence[Line], width: int, height: int) -> Picture:
    """No line longer, and no more of them, than asked."""
    return tuple(cut(line, max(0, width)) for line in picture[: max(0, height)])
