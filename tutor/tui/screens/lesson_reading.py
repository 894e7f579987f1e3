"""Reading on: where the next screen of a page begins, so that no line is passed over and nothing is torn in two."""

from __future__ import annotations

from collections.abc import Iterable

KEPT = 2  # lines that stay, so that the eye finds its place again
Lines = tuple[int, int]  # the first line, and the one after the last


def next_top(top: int, height: int, wholes: Iterable[Lines]) -> int:
    """The line at which the next screen begins, after one of `height` lines from `top` on.

    `wholes` are the formulas, pictures, tables, questions and cards, which stand side by side: what the screen cut off
    comes again from its first line, as far as there is room for all of it. Between them any line will do.
    """
    bottom = top + height
    begin = max(top + 1, bottom - KEPT)
    for first, last in wholes:
        if first < bottom < last and top < first and (last - first <= height or first - top >= height // 2):
            return first
        if begin < first == bottom and last - first <= height < last - begin:
            return first  # with two lines above it, it would be cut off at once
        if first < begin < last <= bottom:
            # It was seen whole. It is shown again if it is small, or else the page goes on right behind it.
            return first if top < first and bottom - first <= height // 3 else last
    return begin


def last_top(top: int, lowest: int, wholes: Iterable[Lines]) -> int:
    """The same for the last screen, which would begin at `lowest` if the page ended at its last line."""
    begin = lowest
    for first, last in wholes:
        begin = last if first < begin < last else begin
    return min(top, begin)
