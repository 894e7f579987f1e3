"""A sheet of cells to draw on: text, boxes and lines whose crossings and corners find their own signs."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from itertools import groupby, pairwise

from tutor.viz.model import Line, Picture, Role, Span


class Weight(IntEnum):
    """How heavy a line is."""

    LIGHT = 1
    HEAVY = 2


LIGHT, HEAVY = Weight.LIGHT, Weight.HEAVY

Point = tuple[int, int]  # column, row

# The sign for arms up, right, down, left, each none, light or heavy: 27, 9, 3 and 1 times the weight is its place.
_JOINTS = " ╴╸╷┐┑╻┒┓╶─╾┌┬┭┎┰┱╺╼━┍┮┯┏┲┳╵┘┙│┤┥╽┧┪└┴┵├┼┽┟╁╅┕┶┷┝┾┿┢╆╈╹┚┛╿┦┩┃┨┫┖┸┹┞╀╃┠╂╉┗┺┻┡╄╇┣╊╋"
_DASHED = {"─": "╌", "│": "╎", "━": "╍", "┃": "╏"}
_BRAILLE = "\u2800"
_UP, _RIGHT, _DOWN, _LEFT = 0, 1, 2, 3


class Sheet:
    """Cells by column and row; what is written covers lines, and the latest role of a line is the one it shows."""

    def __init__(self) -> None:
        self._signs: dict[Point, tuple[str, Role, Role | None]] = {}
        self._arms: dict[Point, list[int]] = {}
        self._looks: dict[Point, tuple[Role, bool]] = {}

    def text(self, column: int, row: int, text: str, role: Role = "plain", under: Role | None = None) -> None:
        """Write to the right of a cell, over whatever is there."""
        for place, sign in enumerate(text):
            self._signs[column + place, row] = (sign, role, under)

    def dots(self, column: int, row: int, sign: str, role: Role) -> None:
        """Add the dots of a braille sign to those that are there."""
        before = self._signs.get((column, row), (sign, role, None))[0]
        both = chr(ord(before) | ord(sign)) if before >= _BRAILLE else sign
        self._signs[column, row] = (both, role, None)

    def line(self, points: Sequence[Point], weight: Weight = LIGHT, role: Role = "axis", dashed: bool = False) -> None:
        """Draw from point to point, along rows and columns; where lines meet, they join."""
        self._stroke(points, weight, role, dashed)
        for end, inside in ((points[0], points[1]), (points[-1], points[-2])):
            arms = self._arms[end]
            outward = (
                _LEFT if inside[0] > end[0] else _RIGHT if inside[0] < end[0] else _UP if inside[1] > end[1] else _DOWN
            )
            arms[outward] = max(arms[outward], weight)

    def box(self, column: int, row: int, width: int, height: int, weight: Weight = LIGHT, role: Role = "axis") -> None:
        """A frame of so many cells outside."""
        right, bottom = column + width - 1, row + height - 1
        self._stroke(
            ((column, row), (right, row), (right, bottom), (column, bottom), (column, row)), weight, role, dashed=False
        )

    def _stroke(self, points: Sequence[Point], weight: Weight, role: Role, dashed: bool) -> None:
        for start, end in pairwise(points):
            flat = start[1] == end[1]
            ahead, back = (_RIGHT, _LEFT) if flat else (_DOWN, _UP)
            first, last = sorted((start, end))
            cells = (
                [(column, first[1]) for column in range(first[0], last[0] + 1)]
                if flat
                else [(first[0], row) for row in range(first[1], last[1] + 1)]
            )
            for cell in cells:
                arms = self._arms.setdefault(cell, [0, 0, 0, 0])
                if cell != last:
                    arms[ahead] = max(arms[ahead], weight)
                if cell != first:
                    arms[back] = max(arms[back], weight)
                self._looks[cell] = (role, dashed)

    def free(self, column: int, row: int, cells: int) -> bool:
        """Whether nothing stands in so many cells to the right."""
        return not any((column + place, row) in held for place in range(cells) for held in (self._signs, self._arms))

    @property
    def height(self) -> int:
        """Rows that hold something."""
        return max((row for _, row in (*self._signs, *self._arms)), default=-1) + 1

    def picture(self) -> Picture:
        """The lines, each as few spans as its looks allow, without blanks at the end."""
        cells = {place: (*self._joint(place),) for place in self._arms} | self._signs
        rows: list[Line] = []
        for row in range(self.height):
            end = max((column for column, at in cells if at == row), default=-1) + 1
            looks = [cells.get((column, row), (" ", "plain", None)) for column in range(end)]
            rows.append(
                tuple(
                    Span("".join(sign for sign, *_ in run), role, under)
                    for (role, under), run in groupby(looks, key=lambda look: (look[1], look[2]))
                )
            )
        return tuple(rows)

    def _joint(self, place: Point) -> tuple[str, Role, None]:
        up, right, down, left = self._arms[place]
        role, dashed = self._looks[place]
        sign = _JOINTS[27 * up + 9 * right + 3 * down + left]
        return (_DASHED.get(sign, sign) if dashed else sign), role, None
