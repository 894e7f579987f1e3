"""paths: one weight of a small network, and every way by which it reaches the loss."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import NamedTuple

from tutor.viz.diagrams.blocks import Kind, Options, caption, parts, whole
from tutor.viz.diagrams.sheet import Sheet
from tutor.viz.model import Picture, Role

MOST_UNITS = 5  # of a layer that are drawn
MOST_LAYERS, LEAST_GAP, MOST_GAP = 6, 9, 24
LARGEST_PATHS = 10**9
DOTTED = 3  # a dot in every third column: where many lines cross, they stay fainter than one that is lit
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille sign, by row and column


class _Net(NamedTuple):
    """Sizes of the layers, the weight that is followed (layer, from, to), and the samples of the batch."""

    sizes: tuple[int, ...]
    layer: int
    start: int
    end: int
    samples: int

    @property
    def paths(self) -> int:
        """How many ways lead from the weight to the loss, in one sample."""
        return prod(self.sizes[self.layer + 1 :])


class _Place(NamedTuple):
    column: int
    row: int


def _read(options: Options) -> _Net:
    sizes = tuple(whole(text, "A size of the diagram paths", 1) for text in parts(options["sizes"]))
    if not 2 <= len(sizes) <= MOST_LAYERS:
        raise ValueError(f'The diagram paths needs 2 to {MOST_LAYERS} sizes, for example sizes="3|4|2".')
    weight = options["weight"].split(":")
    if len(weight) != 3:
        raise ValueError(
            f"The weight of the diagram paths reads layer:from:to, for example 1:0:2, not {options['weight']!r}."
        )
    layer, start, end = (whole(text, "A number in the weight of the diagram paths", 0) for text in weight)
    if not 1 <= layer < len(sizes) or start >= sizes[layer - 1] or end >= sizes[layer]:
        raise ValueError(
            f"The weight {options['weight']} of the diagram paths is not there: layers count from 1 to"
            f" {len(sizes) - 1}, units from 0."
        )
    if prod(sizes) > LARGEST_PATHS:
        raise ValueError("The sizes of the diagram paths are too large to draw.")
    return _Net(sizes, layer, start, end, whole(options.get("samples", "1"), "The samples of the diagram paths", 1))


def _steps(options: Options) -> int:
    net = _read(options)
    return len(net.sizes) - net.layer + 1  # the weight, the layers behind it, the loss


def _draw(options: Options, width: int, step: int | None) -> Picture:
    net = _read(options)
    lit = _steps(options) if step is None else step
    copies = 2 if net.samples == 2 and max(net.sizes) <= MOST_UNITS else 1
    labels = ["sample 0", "sample 1"] if copies == 2 else [""]
    margin = len(labels[0]) + 2 if copies == 2 else 0
    gap = max(LEAST_GAP, min(MOST_GAP, (width - margin - 8) // len(net.sizes)))
    apart = 2 if copies == 2 else 3  # rows from unit to unit
    tall = apart * (min(max(net.sizes), MOST_UNITS) - 1) + 1
    sheet = Sheet()
    heads = [f"{net.sizes[0]} inputs", *(f"{size} units" for size in net.sizes[1:]), "loss"]
    heads[-2] = f"{net.sizes[-1]} outputs"
    columns = [margin + 3 + gap * place for place in range(len(net.sizes) + 1)]
    for column, head in zip(columns, heads, strict=True):
        head = head.removesuffix("s") if head.startswith("1 ") else head
        sheet.text(max(0, column - len(head) // 2), 0, head, "label")
    high = copies * (tall + 1) - 1
    loss = _Place(columns[-1], 2 + high // 2)
    wires = _Wires()
    dots: list[tuple[_Place, bool]] = []
    names: list[_Place] = []  # where the weight is named
    for copy in range(copies):
        top = 2 + copy * (tall + 1)
        sheet.text(0, top + tall // 2, labels[copy], "label")
        units = [_units(net, place, (column, top, tall), apart) for place, column in enumerate(columns[:-1])]
        dots += _wire(net, units, loss, wires, lit)
        names.append(_middle(units[net.layer - 1][net.start], units[net.layer][net.end]))
    wires.onto(sheet, step is not None)
    for place, bright in [*dots, (loss, lit >= _steps(options))]:
        sheet.text(place.column - 1, place.row, f" {'●' if bright else '○'} ", "bright" if bright else "dim")
    for place in names if lit else ():
        sheet.text(place.column - 1, place.row, " w ", "mark" if step == 1 else "bright")
    _elided(sheet, net, columns, tall)
    words = [*_captions(net), _finished(net)]
    said = words[-1] if step is None else words[step]
    return (*sheet.picture(), (), *caption(said, words, width, "bright" if step else "dim"))


def _units(net: _Net, layer: int, room: tuple[int, int, int], apart: int) -> dict[int, _Place]:
    """The units of a layer that are drawn, around the middle."""
    column, top, tall = room
    size = net.sizes[layer]
    shown = list(range(min(size, MOST_UNITS)))
    followed = net.start if layer == net.layer - 1 else net.end if layer == net.layer else 0
    if followed not in shown:
        shown[-1] = followed
    first = top + (tall - (apart * (len(shown) - 1) + 1)) // 2
    return {unit: _Place(column, first + apart * place) for place, unit in enumerate(shown)}


def _middle(start: _Place, end: _Place) -> _Place:
    return _Place((start.column + end.column) // 2, (start.row + end.row) // 2)


class _Wires:
    """Straight lines in braille: a dotted one for every weight, a heavy one for what is lit."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], tuple[int, int]] = {}  # bits, and how bright

    def draw(self, start: _Place, end: _Place, light: int) -> None:
        """light: 0 for a weight that is only there, 1 for a path, 2 for what was lit last."""
        x0, y0 = 2 * start.column, 4 * start.row + 1
        x1, y1 = 2 * end.column + 1, 4 * end.row + 1
        for x in range(x0 + 4, x1 - 3):
            y = round(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
            if light or (x + start.row) % DOTTED == 0:
                for row in (y - 1, y, y + 1) if light else (y,):
                    self._dot(x, row, light)

    def _dot(self, x: int, y: int, light: int) -> None:
        bit = _BITS[y % 4][x % 2]
        bits, brightest = self._cells.get((x // 2, y // 4), (0, 0))
        # What is lit is not blurred by what is not.
        if light >= brightest:
            self._cells[x // 2, y // 4] = ((bits if brightest or not light else 0) | bit, light)

    def onto(self, sheet: Sheet, stepped: bool) -> None:
        """Put the lines on the sheet; the last ones are marked only where there are steps."""
        roles: tuple[Role, ...] = ("cloud", "curve", "mark" if stepped else "curve")
        for (column, row), (bits, light) in self._cells.items():
            sheet.text(column, row, chr(0x2800 + bits), roles[light])


def _wire(
    net: _Net, units: list[dict[int, _Place]], loss: _Place, wires: _Wires, lit: int
) -> list[tuple[_Place, bool]]:
    """Draw one sample's connections; its units, and which of them are lit."""
    bright: set[_Place] = set()
    for layer, (before, behind) in enumerate(pairwise([*units, {0: loss}]), 1):
        reach = layer - net.layer + 1  # the step by which the paths have come through here
        for start, left in before.items():
            for end, right in behind.items():
                on = (start, end) == (net.start, net.end) if layer == net.layer else left in bright and reach > 0
                light = (2 if reach == lit else 1) if on and 0 < reach <= lit else 0
                wires.draw(left, right, light)
                if light:
                    bright |= {left, right}
    return [(place, place in bright) for layer in units for place in layer.values()]


def _elided(sheet: Sheet, net: _Net, columns: list[int], tall: int) -> None:
    """Dots where units are left out."""
    for column, size in zip(columns, net.sizes, strict=False):
        if size > MOST_UNITS:
            sheet.text(column, 2 + tall, "⋮", "dim")


def _captions(net: _Net) -> list[str]:
    """What each step says, the empty stage first."""
    words = [f"The weight from unit {net.start} to unit {net.end} of layer {net.layer}: what can it reach?"]
    each = "In each sample it" if net.samples > 1 else "It"
    words.append(f"{each} moves one number: unit {net.end} of layer {net.layer}.")
    ways = 1
    for layer in range(net.layer + 1, len(net.sizes)):
        ways *= net.sizes[layer]
        words.append(f"That moves every unit of layer {layer}: {_paths(ways)} so far.")
    each = _paths(net.paths)
    if net.samples > 1:
        words.append(f"And all of them end in the one loss: {each} per sample, {net.paths * net.samples:,} in all.")
    else:
        words.append(f"And {'that moves' if net.paths == 1 else 'all of them end in'} the loss: {each}.")
    return words


def _paths(count: int) -> str:
    return f"{count:,} path{'s' if count > 1 else ''}"


def _finished(net: _Net) -> str:
    words = f"1 weight, {_paths(net.paths)} per sample"
    if net.samples > 1:
        words += f"; {net.samples:,} samples: {_paths(net.paths * net.samples)}"
    return f"{words}. Its gradient is the sum over all of them." if net.paths * net.samples > 1 else f"{words}."


KIND = Kind(("sizes", "weight"), ("samples",), _draw, _steps)
