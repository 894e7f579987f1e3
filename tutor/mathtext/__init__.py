"""Mathematics in a terminal: LaTeX in, lines of text out; knows nothing of the rest of the house.

`display` lays a formula out over several lines, fractions stacked, everything on its baseline; `inline` writes it on
one line, with brackets wherever the line would be read otherwise. Both have an ASCII spelling. What the layout does not
know is a `MathError`; `macros` are the names it knows. pylatexenc reads the LaTeX and loads with the first formula.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tutor.mathtext.error import MathError

if TYPE_CHECKING:
    from tutor.mathtext.tree import Node

__all__ = ["MathError", "display", "inline", "macros"]


@lru_cache(maxsize=1024)
def display(latex: str, width: int, ascii: bool = False) -> tuple[str, ...]:
    """A formula as lines of text, every sign one cell wide, broken to fit `width` cells; or a MathError."""
    from tutor.mathtext.breaking import fitted
    from tutor.mathtext.spacing import Style

    try:
        made = fitted(_tree(latex), max(width, 1), Style(ascii=ascii))
    except RecursionError:
        raise MathError("The formula is nested too deeply.") from None
    lines = [line.rstrip() for line in made.lines]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return tuple(lines)


@lru_cache(maxsize=4096)
def inline(latex: str, ascii: bool = False) -> str:
    """A formula on one line of text, every sign one cell wide; or a MathError."""
    from tutor.mathtext.one_line import flat
    from tutor.mathtext.spacing import Style

    try:
        return flat(_tree(latex), Style(ascii=ascii, flat=True)).strip()
    except RecursionError:
        raise MathError("The formula is nested too deeply.") from None


def macros() -> tuple[str, ...]:
    """The names of all macros that the layout knows, without their backslash."""
    from tutor.mathtext.tokens import MACRO_NAMES

    return tuple(sorted(MACRO_NAMES))


def _tree(latex: str) -> Node:
    from tutor.mathtext.parse import parse

    return parse(latex)
