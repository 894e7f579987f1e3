"""The pictures of the lessons, from a name and options; the weight of lines carries the meaning, colour repeats it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from typing import NamedTuple

from rich.cells import cell_len

from tutor.viz.model import Line, Picture, Role, Span

_TENSOR = re.compile(r"\s*(?P<name>[^()]+?)\s*\((?P<shape>[^()]*)\)\s*")


class Tensor(NamedTuple):
    """A named array of a picture and its symbolic shape."""

    name: str
    shape: tuple[str, ...]

    @property
    def shape_text(self) -> str:
        """(N, 4), as NumPy would print it; () for a number."""
        comma = "," if len(self.shape) == 1 else ""
        return f"({', '.join(self.shape)}{comma})"


class Block(NamedTuple):
    """A part of a picture: lines of the same width in cells."""

    width: int
    lines: tuple[Line, ...]


def names() -> tuple[str, ...]:
    """The names that draw knows."""
    return tuple(_DIAGRAMS)


def draw(name: str, options: Mapping[str, str], width: int) -> Picture:
    """The picture in lines of at most `width` cells; ValueError with a sentence for an unknown name or wrong option."""
    if name not in _DIAGRAMS:
        raise ValueError(f"There is no diagram called {name!r}; there is: {', '.join(_DIAGRAMS)}.")
    needed, make = _DIAGRAMS[name]
    unknown, missing = sorted(set(options) - set(needed)), [key for key in needed if key not in options]
    if unknown:
        raise ValueError(f"The diagram {name} has no option {unknown[0]!r}; it has: {', '.join(needed)}.")
    if missing:
        raise ValueError(f"The diagram {name} needs the option {missing[0]!r}.")
    for key, value in options.items():
        if any(not sign.isprintable() or cell_len(sign) != 1 for sign in value):
            raise ValueError(f"The option {key!r} of the diagram {name} holds a sign that is not one cell wide.")
    picture = make(options, width)
    widest = max(_width(line) for line in picture)
    if widest > width:
        return _note(f"This picture needs {widest} columns.", width)
    return picture


# flow: tensors left to right, values going forward, gradients coming back


def _flow(options: Mapping[str, str], width: int) -> Picture:
    tensors = [_node(text) for text in options["nodes"].split("|")]
    edges = [text.strip() for text in options["edges"].split("|")] if options["edges"].strip() else []
    if len(edges) != len(tensors) - 1:
        raise ValueError(
            f"The diagram flow has {len(tensors)} nodes and {len(edges)} edges: it needs one edge between two nodes."
        )
    arrows = [_arrow(edge, f"grad_{tensor.name}") for edge, tensor in zip(edges, tensors, strict=False)]
    rows: list[list[Block]] = [[]]
    for number, tensor in enumerate(tensors):
        # A box is kept with the arrow that leaves it, so a row that breaks off says where it goes.
        parts = [_box(tensor), *arrows[number : number + 1]]
        if rows[-1] and sum(part.width for part in [*rows[-1], *parts]) > width:
            rows.append([_STUB])
        rows[-1] += parts
    picture = [line for row in rows for line in _beside(row)]
    legend = (Span("━━▸", "curve"), Span(" forward    ", "dim"), Span("◂╌╌", "curve2"), Span(" gradient", "dim"))
    return (*picture, legend) if edges else tuple(picture)


def _node(text: str) -> Tensor:
    name, colon, shape = text.partition(":")
    match = _TENSOR.fullmatch(f"{name}{shape}")
    if not colon or match is None:
        raise ValueError(f"A node of the diagram flow reads name:(shape), for example x:(N, 4), not {text.strip()!r}.")
    return Tensor(match["name"], _dimensions(match["shape"]))


def _box(tensor: Tensor) -> Block:
    inner = max(len(tensor.name), len(tensor.shape_text)) + 2
    return Block(
        inner + 2,
        (
            (Span(f"┌{'─' * inner}┐", "axis"),),
            (Span("│", "axis"), Span(tensor.name.center(inner), "accent"), Span("│", "axis")),
            (Span("│", "axis"), Span(tensor.shape_text.center(inner), "label"), Span("│", "axis")),
            (Span(f"└{'─' * inner}┘", "axis"),),
        ),
    )


def _arrow(edge: str, gradient: str) -> Block:
    inner = max(len(edge), len(gradient)) + 2
    return Block(
        inner + 2,
        (
            (Span(edge.center(inner + 2)),),
            (Span(f" {'━' * (inner - 1)}▸ ", "curve"),),
            (Span(f" ◂{'╌' * (inner - 1)} ", "curve2"),),
            (Span(gradient.center(inner + 2)),),
        ),
    )


# Where a row goes on from the one above it; indented, so that it reads so.
_STUB = Block(6, ((Span(" " * 6),), (Span("   ━▸ ", "curve"),), (Span("   ◂╌ ", "curve2"),), (Span(" " * 6),)))


# matmul: three rectangles whose equal sides have equal length


def _matmul(options: Mapping[str, str], width: int) -> Picture:
    left, right, result = (_matrix(key, options[key]) for key in ("left", "right", "result"))
    if left.shape[1] != right.shape[0]:
        raise ValueError(
            f"{left.name} has {left.shape[1]} columns and {right.name} {right.shape[0]} rows: they do not multiply."
        )
    expected = left.shape[0], right.shape[1]
    if result.shape != expected:
        raise ValueError(f"{left.name} @ {right.name} has shape ({', '.join(expected)}), not {result.shape_text}.")
    sizes: dict[str, int] = {}
    for dimension, size in zip((left.shape[0], left.shape[1], right.shape[1]), (2, 4, 3), strict=True):
        sizes.setdefault(dimension, 1 if dimension == "1" else size)
    matrices = (left, right, result)
    # Cells of width for one unit: enough for each name inside its rectangle.
    unit = max(2, *(-(-(len(m.name) + 2) // sizes[m.shape[1]]) for m in matrices if m.shape[1] != "1"))
    height = max(sizes[m.shape[0]] for m in matrices) + 3
    shared = left.shape[1]
    rectangles = [_rectangle(m, sizes, unit, height, shared) for m in matrices]
    middle = 2 + (height - 4) // 2  # where the names stand
    parts = [
        rectangles[0],
        _operator("@", height, middle),
        rectangles[1],
        _operator("=", height, middle),
        rectangles[2],
    ]
    return (*_beside(parts), *_note(f"each entry of {result.name} sums over {shared}", width))


def _matrix(key: str, text: str) -> Tensor:
    match = _TENSOR.fullmatch(text)
    tensor = Tensor(match["name"], _dimensions(match["shape"])) if match else None
    if tensor is None or len(tensor.shape) != 2:
        raise ValueError(f"The option {key!r} of the diagram matmul reads name (rows, columns), not {text!r}.")
    return tensor


def _rectangle(matrix: Tensor, sizes: Mapping[str, int], unit: int, height: int, shared: str) -> Block:
    """The rows' name at the left, the columns' name above; the side that is summed over is drawn double."""
    rows, columns = matrix.shape
    tall, wide = sizes[rows], max(sizes[columns] * unit, len(matrix.name) + 2 if columns == "1" else 0)
    wide = max(wide, len(columns))
    above, side = _role(columns == shared), _role(rows == shared)
    flat, upright = ("═" if columns == shared else "─"), ("║" if rows == shared else "│")
    corners = {("─", "│"): "┌┐└┘", ("═", "│"): "╒╕╘╛", ("─", "║"): "╓╖╙╜", ("═", "║"): "╔╗╚╝"}[flat, upright]
    margin = " " * (len(rows) + 1)
    lines: list[Line] = [
        (Span(f"{margin} "), Span(columns.center(wide), above), Span(" ")),
        (Span(margin), Span(corners[0] + flat * wide + corners[1], "axis")),
    ]
    for row in range(tall):
        here = row == (tall - 1) // 2
        lines.append(
            (
                Span(f"{rows} " if here else margin, side),
                Span(upright, "axis"),
                Span((matrix.name if here else "").center(wide), "accent"),
                Span(upright, "axis"),
            )
        )
    lines.append((Span(margin), Span(corners[2] + flat * wide + corners[3], "axis")))
    total = len(margin) + wide + 2
    top = (height - len(lines)) // 2
    blank: Line = (Span(" " * total),)
    return Block(total, (*[blank] * top, *lines, *[blank] * (height - len(lines) - top)))


def _role(summed: bool) -> Role:
    return "mark" if summed else "label"


def _operator(sign: str, height: int, middle: int) -> Block:
    return Block(5, tuple((Span(f"  {sign}  " if row == middle else " " * 5),) for row in range(height)))


# Shared


def _dimensions(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _beside(blocks: list[Block]) -> tuple[Line, ...]:
    return tuple(
        tuple(span for part in parts for span in part) for parts in zip(*(block.lines for block in blocks), strict=True)
    )


def _note(words: str, width: int) -> tuple[Line, ...]:
    return tuple((Span(part, "dim"),) for part in textwrap.wrap(words, max(width, 1)))


def _width(line: Line) -> int:
    return sum(cell_len(span.text) for span in line)


_DIAGRAMS: dict[str, tuple[tuple[str, ...], Callable[[Mapping[str, str], int], Picture]]] = {
    "flow": (("nodes", "edges"), _flow),
    "matmul": (("left", "right", "result"), _matmul),
}
