"""cost: a forward pass for every weight, against one forward and one backward pass."""

from __future__ import annotations

from itertools import pairwise
from math import log10
from typing import NamedTuple

from tutor.viz.diagrams.blocks import Kind, Options, caption, parts, whole
from tutor.viz.diagrams.sheet import Sheet
from tutor.viz.model import Picture, Role

WIDEST = 100  # cells: a longer bar says nothing more
BACKPROP = 2  # passes: one forward, one backward
_NUDGE, _BACK = "nudge every number", "backprop"
_BAR = max(len(_NUDGE), len(_BACK)) + 2  # the column where bars begin


class _Layer(NamedTuple):
    """A linear layer: in, out."""

    inputs: int
    outputs: int

    @property
    def numbers(self) -> int:
        """Its weights and biases."""
        return (self.inputs + 1) * self.outputs


def _read(options: Options) -> list[_Layer]:
    sizes = [whole(text, "A size of the diagram cost", 1) for text in parts(options["sizes"])]
    if len(sizes) < 2:
        raise ValueError('The diagram cost needs at least two sizes, for example sizes="784|128|10".')
    return [_Layer(*pair) for pair in pairwise(sizes)]


def _steps(options: Options) -> int:
    return len(_read(options)) + 3  # each layer counted, the sum, the two bars


def _draw(options: Options, width: int, step: int | None) -> Picture:
    layers = _read(options)
    shown = len(layers) + 3 if step is None else step
    sheet = Sheet()
    sizes = [layers[0].inputs, *(layer.outputs for layer in layers)]
    sheet.text(0, 0, " ▸ ".join(f"{size:,}" for size in sizes), "bright")
    _count(sheet, layers, shown, new=step is not None)
    top = len(layers) + 3
    passes = sum(layer.numbers for layer in layers) + 1
    _bars(sheet, passes, (top, min(width, WIDEST)), shown - len(layers) - 1, new=step is not None)
    words = [*_captions(layers, passes), _finished(passes)]
    said = words[-1] if step is None else words[step]
    return (*sheet.picture(), (), *caption(said, words, width, "bright" if step else "dim"))


def _count(sheet: Sheet, layers: list[_Layer], shown: int, new: bool) -> None:
    """A line for each layer, and their sum."""
    total = sum(layer.numbers for layer in layers)
    rows = [
        (
            f"layer {place}",
            f"{layer.inputs:,} × {layer.outputs:,} weights + {layer.outputs:,} biases",
            f"{layer.numbers:,}",
        )
        for place, layer in enumerate(layers, 1)
    ]
    rows.append(("together", "", f"{total:,}"))
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    for place, (name, what, numbers) in enumerate(rows, 1):
        there = place <= shown
        there_role: Role = "bright" if place == len(rows) else "plain"
        role: Role = "mark" if new and place == shown else there_role if there else "dim"
        sheet.text(0, place, name, role)
        if there:
            sheet.text(wide[0] + 3, place, what, role)
            sheet.text(wide[0] + wide[1] + 6, place, numbers.rjust(wide[2]), role)


def _bars(sheet: Sheet, passes: int, room: tuple[int, int], shown: int, new: bool) -> None:
    """Two bars, and below them the scale: every mark ten times the one before."""
    top, width = room
    said = [f"{passes:,} forward", "1 forward, 1 backward"]
    decades = log10(passes)
    shares = [log10(count) / decades for count in (passes, BACKPROP)]
    longest = max(
        8, int(min((width - _BAR - len(words) - 2) / share for words, share in zip(said, shares, strict=True)))
    )
    roles: tuple[Role, Role] = ("curve", "good")
    for place, (name, share, role) in enumerate(zip((_NUDGE, _BACK), shares, roles, strict=True)):
        there, fresh = place < shown, new and place == shown - 1
        row = top + 2 * place
        sheet.text(0, row, name, "mark" if fresh else "plain" if there else "dim")
        if there:
            cells = max(1, round(longest * share))
            sheet.text(_BAR, row, ("█" if place else "▒") * cells, "mark" if fresh else role)
            sheet.text(_BAR + cells + 1, row, said[place], "mark" if fresh else "bright")
    last = int(decades)
    labels = [f"{10**decade:,}" for decade in range(last + 1)]
    columns = [_BAR + round(longest * decade / decades) for decade in range(last + 1)]
    sheet.line(((_BAR, top + 3), (_BAR + longest, top + 3)))
    free = 0
    for label, column in zip(labels, columns, strict=True):
        sheet.text(column, top + 3, "┴" if column > _BAR else "└")
        if column >= free and column + len(label) <= width:
            sheet.text(column, top + 4, label, "label")
            free = column + len(label) + 2
    sheet.text(0, top + 4, "passes, log scale", "label")


def _captions(layers: list[_Layer], passes: int) -> list[str]:
    """What each step says, the empty stage first."""
    words = ["How many passes does it take to learn every slope once? First count the numbers that can move."]
    words += [
        f"Layer {place}: {layer.inputs:,} · {layer.outputs:,} + {layer.outputs:,} = {layer.numbers:,}"
        for place, layer in enumerate(layers, 1)
    ]
    words.append(f"{passes - 1:,} weights and biases, and each has a slope of its own.")
    words.append(f"A forward pass for each, nudged, and one more without a nudge to compare with: {passes:,}.")
    words.append("Backprop has all of them after one forward and one backward pass.")
    return words


def _finished(passes: int) -> str:
    less = f", so count three: still {passes / 3:,.0f} times less" if passes >= 6 else ""
    return (
        f"{passes:,} passes against {BACKPROP}. A backward pass does about the work of two forward passes{less}."
        " The scale is logarithmic: each mark is ten times the one before."
    )


KIND = Kind(("sizes",), (), _draw, _steps)
