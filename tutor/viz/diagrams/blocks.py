"""What the kinds of diagrams share: what a kind is, tensors in options, numbers as text, lines beside each other."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from tutor.viz.model import Line, Picture, Role, Span

Options = Mapping[str, str]

_TENSOR = re.compile(r"\s*(?P<name>[^()]+?)\s*\((?P<shape>[^()]*)\)\s*")
MEASURE = 72  # cells of a line of words: more is hard to follow with the eye
_LARGEST_PLAIN = 1e6  # a whole number below is written with all its digits


class Kind(NamedTuple):
    """One kind of diagram: the options it needs, those it may have, its picture and the number of its steps."""

    needed: tuple[str, ...]
    optional: tuple[str, ...]
    draw: Callable[[Options, int, int | None], Picture]
    steps: Callable[[Options], int] = lambda _: 0


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


# ── options ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def parts(text: str) -> list[str]:
    """What stands between the bars; nothing where there is nothing."""
    return [part.strip() for part in text.split("|")] if text.strip() else []


def tensor(text: str) -> Tensor | None:
    """name (shape), or None where the text does not read so."""
    match = _TENSOR.fullmatch(text)
    return Tensor(match["name"], dimensions(match["shape"])) if match else None


def dimensions(text: str) -> tuple[str, ...]:
    """The names in a shape."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def real(text: str, where: str) -> float:
    """A finite number; ValueError names where it stands."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{where} is a number, for example 0.5, not {text.strip()!r}.") from None
    if not math.isfinite(value):
        raise ValueError(f"{where} is a finite number, not {text.strip()}.")
    return value


def whole(text: str, where: str, least: int) -> int:
    """A whole number of at least `least`; ValueError names where it stands."""
    if not text.strip().isdecimal() or int(text) < least:
        raise ValueError(f"{where} is a whole number of at least {least}, not {text.strip()!r}.")
    return int(text)


# ── text ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def number(value: float, digits: int = 4) -> str:
    """A value in few signs: 36, -0.25, 0.7616, 1e-7."""
    if value == int(value) and abs(value) < _LARGEST_PLAIN:
        return str(int(value))
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else text


def product(factors: Sequence[float]) -> str:
    """12 · (-2)."""
    first, *rest = (number(factor) for factor in factors)
    return " · ".join([first, *(f"({factor})" if factor.startswith("-") else factor for factor in rest)])


def total(terms: Sequence[str]) -> str:
    """-8 + 24 - 3: a sum of numbers already written."""
    first, *rest = terms
    return first + "".join(f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in rest)


def note(words: str, width: int, role: Role = "dim") -> tuple[Line, ...]:
    """Words below a picture, broken where the room ends."""
    return tuple((Span(part, role),) for part in textwrap.wrap(words, max(1, min(width, MEASURE))))


def caption(words: str, all_words: Sequence[str], width: int, role: Role) -> tuple[Line, ...]:
    """The words of one step, in as many lines as the longest of all steps needs, so that a picture keeps its height."""
    lines = note(words, width, role)
    most = max(len(note(other, width)) for other in all_words)
    blank: Line = (Span(""),)
    return (*lines, *[blank] * (most - len(lines)))


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def beside(blocks: Sequence[Block]) -> tuple[Line, ...]:
    """Blocks of the same height, left to right."""
    return tuple(
        tuple(span for part in row for span in part) for row in zip(*(block.lines for block in blocks), strict=True)
    )


def length(line: Line) -> int:
    """Cells of a line."""
    return sum(cell_len(span.text) for span in line)


def widest(picture: Picture) -> int:
    """Cells of the longest line."""
    return max((length(line) for line in picture), default=0)
