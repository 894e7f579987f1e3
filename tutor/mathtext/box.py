"""Boxes: rectangles of text with a baseline, set beside each other and above each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "centre", "right"]


@dataclass(frozen=True, slots=True)
class Box:
    """Lines of equal width; `baseline` is the line that a neighbour on one line stands beside.

    `rise` and `fall` count the lines above and below the baseline that a bracket has to span: a hat or a raised
    exponent stands outside of it.
    """

    lines: tuple[str, ...]
    baseline: int
    rise: int
    fall: int

    @property
    def width(self) -> int:
        """Cells from the left edge to the right."""
        return len(self.lines[0])

    @property
    def height(self) -> int:
        """Lines."""
        return len(self.lines)

    @property
    def above(self) -> int:
        """Lines above the baseline."""
        return self.baseline

    @property
    def below(self) -> int:
        """Lines below the baseline."""
        return len(self.lines) - 1 - self.baseline

    @property
    def tall(self) -> bool:
        """Whether a bracket around it has to be drawn over several lines."""
        return self.rise + self.fall > 0


def box(lines: Iterable[str], baseline: int, rise: int | None = None, fall: int | None = None) -> Box:
    """A box of lines that need not be equally wide; without `rise` and `fall` all of it counts."""
    lines = list(lines)
    width = max(map(len, lines))
    whole = tuple(line.ljust(width) for line in lines)
    return Box(
        whole,
        baseline,
        baseline if rise is None else rise,
        len(whole) - 1 - baseline if fall is None else fall,
    )


def text(line: str) -> Box:
    """One line."""
    return Box((line,), 0, 0, 0)


EMPTY = text("")


def beside(boxes: Sequence[Box]) -> Box:
    """Boxes from left to right, their baselines on one line."""
    boxes = [part for part in boxes if part.width]
    if not boxes:
        return EMPTY
    if len(boxes) == 1:
        return boxes[0]
    above = max(part.above for part in boxes)
    below = max(part.below for part in boxes)
    padded = [grown(part, above, below).lines for part in boxes]
    lines = tuple("".join(pieces) for pieces in zip(*padded, strict=True))
    return Box(lines, above, max(part.rise for part in boxes), max(part.fall for part in boxes))


def grown(part: Box, above: int, below: int) -> Box:
    """The box with blank lines, so that it has so many lines above and below its baseline."""
    blank = " " * part.width
    lines = (blank,) * (above - part.above) + part.lines + (blank,) * (below - part.below)
    return Box(lines, above, part.rise, part.fall)


def placed(part: Box, width: int, side: Side = "centre") -> Box:
    """The box in the middle, or at a side, of a wider one."""
    spare = width - part.width
    if spare <= 0:
        return part
    left = {"left": 0, "centre": spare // 2, "right": spare}[side]
    lines = tuple(" " * left + line + " " * (spare - left) for line in part.lines)
    return Box(lines, part.baseline, part.rise, part.fall)


def stacked(parts: Sequence[Box], base: int, side: Side = "centre") -> Box:
    """Boxes from top to bottom; the baseline is that of the part with the number `base`."""
    width = max(part.width for part in parts)
    lines = tuple(line for part in parts for line in placed(part, width, side).lines)
    baseline = sum(part.height for part in parts[:base]) + parts[base].baseline
    return box(lines, baseline)


def outlined(part: Box, like: Box) -> Box:
    """The box, counted for brackets as if it were `like`: for a mark that needs none."""
    return Box(part.lines, part.baseline, like.rise, like.fall)


def touching(upper: Box, lower: Box) -> bool:
    """Whether two lines of a formula need a blank line between them; a hat or an index alone needs none."""
    return bool(upper.fall or lower.rise or upper.below > 1 or lower.above > 1)


def paragraphs(parts: Sequence[Box]) -> Box:
    """Lines of a formula one under the other, left aligned, with a blank line where tall ones would touch."""
    lines: list[str] = []
    for number, part in enumerate(parts):
        if number and touching(parts[number - 1], part):
            lines.append("")
        lines.extend(part.lines)
    return box(lines, (len(lines) - 1) // 2)
