"""What challenge.toml says of the plan's arrays, read as plain text: their lengths, how they are drawn and filled.

A draw is a kind, with its arguments in brackets where it takes some: `labels(n_classes)`. Lengths and arguments are
expressions of a case's sizes and values.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tutor.course.expressions import ExpressionError, evaluate
from tutor.course.model import Fill

# Each kind of draw and the arguments that it takes.
DRAWS: dict[str, tuple[str, ...]] = {
    "normal": (),
    "uniform": (),  # in [0, 1)
    "positive": (),
    "labels": ("classes",),  # whole numbers in [0, classes)
    "one_hot": (),  # rows along the last axis
    "mask": ("p",),  # 0.0 and 1.0, kept with probability p
    "probabilities": (),  # positive, rows along the last axis sum to 1
    "distinct": (),  # no two values near each other
    "integers": ("low", "high"),  # whole numbers in [low, high)
}
WHOLE_NUMBERS = ("labels", "integers")  # kinds whose arrays are int64
FILLS_OF_WHOLE_NUMBERS: tuple[Fill, ...] = ("zeros", "ones", "fortran", "strided")


class Draw(Struct, frozen=True):
    """How an array is drawn: the kind, and its arguments as expressions."""

    kind: str = "normal"
    arguments: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """True where the array holds whole numbers, which no float32 case makes fractions of."""
        return self.kind in WHOLE_NUMBERS


def parse_draw(text: str) -> Draw:
    """Read a draw such as "mask(0.8)"; ExpressionError where there is no such kind, or it takes other arguments."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"`{text}` is no draw, such as labels(n_classes)") from None
    match node:
        case ast.Name(id=kind):
            arguments: tuple[str, ...] = ()
        case ast.Call(func=ast.Name(id=kind), args=given, keywords=[]):
            arguments = tuple(ast.unparse(argument) for argument in given)
        case _:
            raise ExpressionError(f"`{text}` is no draw, such as labels(n_classes)")
    if kind not in DRAWS:
        raise ExpressionError(f"`{text}`: there is no draw {kind!r}, only {', '.join(DRAWS)}")
    if len(arguments) != len(DRAWS[kind]):
        takes = f"({', '.join(DRAWS[kind])})" if DRAWS[kind] else ""
        raise ExpressionError(f"`{text}`: it is written {kind}{takes}")
    return Draw(kind, arguments)


def draw_arguments(draw: Draw, names: Mapping[str, object]) -> tuple[float, ...]:
    """The arguments of a draw in a case with these sizes and values; ExpressionError where they make no draw."""
    values = tuple(number_of(argument, names) for argument in draw.arguments)
    match draw.kind, values:
        case "labels", (classes,) if not (isinstance(classes, int) and classes >= 1):
            raise ExpressionError(f"labels({classes}): the number of classes must be a whole number of at least 1")
        case "mask", (p,) if not 0 < p <= 1:
            raise ExpressionError(f"mask({p}): the probability must be above 0 and at most 1")
        case "integers", (low, high) if not (isinstance(low, int) and isinstance(high, int) and low < high):
            raise ExpressionError(f"integers({low}, {high}): two whole numbers are needed, the lower one first")
    return values


def fill_fault(draw: Draw, fill: Fill) -> str:
    """Why an array drawn so cannot be filled so, or nothing."""
    if draw.whole and fill not in FILLS_OF_WHOLE_NUMBERS:
        return f"{draw.kind} are whole numbers: they take the fills {', '.join(FILLS_OF_WHOLE_NUMBERS)} alone"
    return ""


def shape_of(lengths: Sequence[str], sizes: Mapping[str, object]) -> tuple[int, ...]:
    """An array's shape from its lengths, each a size or a whole-number expression of sizes: "H - K + 1"."""
    shape = []
    for length in lengths:
        value = number_of(length, sizes)
        if not isinstance(value, int) or value < 1:
            raise ExpressionError(f"`{length}` is {value}: a length is a whole number of at least 1")
        shape.append(value)
    return tuple(shape)


def number_of(expression: str, names: Mapping[str, object]) -> int | float:
    """The one number that an expression of sizes and values gives; values that are text count for nothing."""
    known = names.get(expression)
    if isinstance(known, int | float):
        return known
    value = evaluate(expression, {name: n for name, n in names.items() if isinstance(n, int | float)})
    if isinstance(value, tuple):
        raise ExpressionError(f"`{expression}` gives several numbers, where one is needed")
    return value
