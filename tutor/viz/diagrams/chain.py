"""chain: numbers along one path, the values going forward, then the gradient coming back, times each slope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tutor.viz.diagrams.blocks import Kind, Options, caption, number, parts, product, real
from tutor.viz.diagrams.sheet import HEAVY, LIGHT, Sheet
from tutor.viz.model import Picture, Role

STRETCH = 8  # cells that an arrow grows at most where there is room


class _Chain(NamedTuple):
    """Values v0 to vn, the operations and slopes between them, and the gradient of the last one at each."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    ops: tuple[str, ...]
    slopes: tuple[float, ...]
    gradients: tuple[float, ...]

    @property
    def last(self) -> str:
        return self.names[-1]


class _Sizes(NamedTuple):
    """How the chain is laid out: the width of each box, of the arrows, and the boxes of each row."""

    boxes: tuple[int, ...]
    arrow: int
    rows: tuple[range, ...]
    tight: bool  # a gradient's name and number below each other


class _Moment(NamedTuple):
    """How many values and gradients are there, and whether the last of them is new."""

    values: int
    gradients: int
    new: bool


def _read(options: Options) -> _Chain:
    texts, ops = parts(options["values"]), tuple(parts(options["ops"]))
    slopes = tuple(real(text, "A slope of the diagram chain") for text in parts(options["slopes"]))
    if len(texts) < 2 or not len(ops) == len(slopes) == len(texts) - 1:
        raise ValueError(
            f"The diagram chain has {len(texts)} values, {len(ops)} ops and {len(slopes)} slopes: it needs at least two"
            " values, and one op and one slope between two of them."
        )
    pairs = [text.partition("=") for text in texts]
    for text, (name, equals, _) in zip(texts, pairs, strict=True):
        if not equals or not name.strip():
            raise ValueError(f"A value of the diagram chain reads name=number, for example x=3, not {text!r}.")
    names = tuple(name.strip() for name, _, _ in pairs)
    values = tuple(real(text, f"{name.strip()} in the diagram chain") for name, _, text in pairs)
    gradients = [1.0]
    for slope in reversed(slopes):
        gradients.insert(0, gradients[0] * slope)
    return _Chain(names, values, ops, slopes, tuple(gradients))


def _steps(options: Options) -> int:
    return 2 * len(_read(options).values)


def _draw(options: Options, width: int, step: int | None) -> Picture:
    chain = _read(options)
    count = len(chain.values)
    at = 2 * count if step is None else step
    moment = _Moment(min(at, count), max(0, at - count), new=bool(step))
    sizes = _sizes(chain, width)
    sheet = Sheet()
    high = 6 if sizes.tight else 5
    for number_of_row, row in enumerate(sizes.rows):
        top, column = number_of_row * (high + 1), 0
        if number_of_row:  # where a row goes on from the one above
            column = _arrow(sheet, chain, row[0] - 1, (0, top, sizes.arrow), moment, sizes.tight)
        for place in row:
            _box(sheet, chain, place, (column, top, sizes.boxes[place]), moment, sizes.tight)
            column += sizes.boxes[place]
            if place < row[-1]:
                column = _arrow(sheet, chain, place, (column, top, sizes.arrow), moment, sizes.tight)
    words = [*_captions(chain), _finished(chain)]
    said = words[-1] if step is None else words[step]
    return (*sheet.picture(), (), *caption(said, words, width, "bright" if step else "dim"))


def _sizes(chain: _Chain, width: int) -> _Sizes:
    """The roomiest layout that fits: names and numbers side by side, below each other, then in several rows."""
    every = range(len(chain.values))
    for tight in (False, True):
        boxes = tuple(max(len(_value(chain, place)), *map(len, _gradient(chain, place, tight))) + 4 for place in every)
        labels = [*chain.ops, *(_slope(slope, tight) for slope in chain.slopes)]
        arrow = max(map(len, labels)) + (4 if tight else 6)
        room = width - sum(boxes) - arrow * len(chain.ops)
        if room >= 0:
            return _Sizes(boxes, arrow + min(STRETCH, room // len(chain.ops)), (every,), tight)
    rows: list[list[int]] = [[]]
    taken = 0
    for place in every:
        if rows[-1] and taken + arrow + boxes[place] > width:
            rows.append([])
            taken = 0
        taken += boxes[place] + (arrow if rows[-1] or len(rows) > 1 else 0)
        rows[-1].append(place)
    return _Sizes(boxes, arrow, tuple(range(row[0], row[-1] + 1) for row in rows), tight=True)


def _value(chain: _Chain, place: int) -> str:
    return f"{chain.names[place]} = {number(chain.values[place])}"


def _gradient(chain: _Chain, place: int, tight: bool) -> tuple[str, ...]:
    name, size = f"∂{chain.last}/∂{chain.names[place]}", f"= {number(chain.gradients[place])}"
    return (name, size) if tight else (f"{name} {size}",)


def _slope(slope: float, tight: bool) -> str:
    return f"· {number(slope)}" if tight else f"slope {number(slope)}"


def _box(sheet: Sheet, chain: _Chain, place: int, room: tuple[int, int, int], moment: _Moment, tight: bool) -> None:
    """The value above, the gradient below; the half that is new is heavy."""
    column, top, wide = room
    lines = _gradient(chain, place, tight)
    count = len(chain.values)
    has_value, has_gradient = place < moment.values, count - place <= moment.gradients
    new_value = moment.new and not moment.gradients and place == moment.values - 1
    new_gradient = moment.new and bool(moment.gradients) and count - place == moment.gradients
    sheet.box(column, top, wide, 3)
    sheet.box(column, top + 2, wide, len(lines) + 2)
    if new_value:
        sheet.box(column, top, wide, 3, HEAVY, "mark")
    if new_gradient:
        sheet.box(column, top + 2, wide, len(lines) + 2, HEAVY, "mark")
    inner = wide - 4
    shown = _value(chain, place) if has_value else f"{chain.names[place]} = ?"
    sheet.text(column + 2, top + 1, shown.center(inner), _look(has_value, new_value))
    for row, line in enumerate(lines if has_gradient else ()):
        sheet.text(column + 2, top + 3 + row, line.center(inner), _look(True, new_gradient))


def _arrow(sheet: Sheet, chain: _Chain, place: int, room: tuple[int, int, int], moment: _Moment, tight: bool) -> int:
    """The operation above, the slope below; the column behind it."""
    column, top, wide = room
    first, last = column + 1, column + wide - 2
    count = len(chain.values)
    there = place + 1 < moment.values
    new = moment.new and not moment.gradients and place + 1 == moment.values - 1
    role: Role = "mark" if new else "curve" if there else "axis"
    sheet.text(column, top, chain.ops[place].center(wide), _look(there, new))
    sheet.line(((first, top + 1), (last, top + 1)), HEAVY if there else LIGHT, role)
    sheet.text(last, top + 1, "▸", role)
    if moment.gradients >= count - place:
        new = moment.new and moment.gradients == count - place
        role = "mark" if new else "curve2"
        below = top + 3
        sheet.line(((first, below), (last, below)), LIGHT, role, dashed=True)
        sheet.text(first, below, "◂", role)
        sheet.text(column, below + 1, _slope(chain.slopes[place], tight).center(wide), _look(True, new))
    return column + wide


def _look(there: bool, new: bool) -> Role:
    return "mark" if new else "plain" if there else "dim"


def _captions(chain: _Chain) -> list[str]:
    """What each step says, the empty stage first."""
    names, last = chain.names, chain.last
    words = [f"Values go forward, from {names[0]} to {last}; then the gradient comes back."]
    words.append(f"{_value(chain, 0)} goes in.")
    for place, op in enumerate(chain.ops, 1):
        words.append(f"{names[place]} = {op} = {number(chain.values[place])}")
    words.append(f"∂{last}/∂{last} = 1: here the way back begins.")
    for place in reversed(range(len(chain.ops))):
        factors = chain.gradients[place + 1], chain.slopes[place]
        words.append(
            f"∂{last}/∂{names[place]} = {product(factors)} = {number(chain.gradients[place])}: what arrived at"
            f" {names[place + 1]}, times the slope of {chain.ops[place]}."
        )
    return words


def _finished(chain: _Chain) -> str:
    slopes: Sequence[float] = chain.slopes[::-1]
    if len(slopes) == 1:
        return f"∂{chain.last}/∂{chain.names[0]} = {number(slopes[0])}: the slope of {chain.ops[0]}."
    return (
        f"∂{chain.last}/∂{chain.names[0]} = {product(slopes)} = {number(chain.gradients[0])}:"
        " the slopes along the chain, multiplied."
    )


KIND = Kind(("values", "ops", "slopes"), (), _draw, _steps)
