"""Environments with rows and columns: matrices, cases, aligned derivations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tutor.mathtext.tokens import Token
from tutor.mathtext.tree import Aligned, Matrix, Node

_DELIMITERS = {
    "bmatrix": ("[", "]"),
    "pmatrix": ("(", ")"),
    "vmatrix": ("|", "|"),
    "Vmatrix": ("‖", "‖"),
    "Bmatrix": ("{", "}"),
    "matrix": ("", ""),
    "smallmatrix": ("", ""),
    "array": ("", ""),
}


def is_rows(found: Sequence[Token]) -> bool:
    """Whether a formula has several lines or columns without an environment around it."""
    return any(_breaks(token) or _divides(token) for token in found)


def _breaks(token: Token) -> bool:
    return token.kind == "macro" and token.what == "\\"


def _divides(token: Token) -> bool:
    return token.kind == "char" and token.what == "&"


def rows_of(found: Sequence[Token]) -> list[list[list[Token]]]:
    """Tokens cut into rows at `\\\\` and into cells at `&`; an empty last row is none."""
    rows: list[list[list[Token]]] = [[[]]]
    for token in found:
        if _breaks(token):
            rows.append([[]])
        elif _divides(token):
            rows[-1].append([])
        else:
            rows[-1][-1].append(token)
    if len(rows) > 1 and not any(token.kind != "space" for cell in rows[-1] for token in cell):
        rows.pop()
    return rows


def environment(
    name: str, rows: list[list[list[Token]]], row: Callable[[Sequence[Token]], Node], columns: str = ""
) -> Node:
    """The tree of the cells of an environment that is known."""
    cells = tuple(tuple(row(cell) for cell in line) for line in rows)
    if name == "cases":
        return Matrix(cells, "{", "", cases=True)
    if name in _DELIMITERS:
        return Matrix(cells, *_DELIMITERS[name], columns="".join(side for side in columns if side in "lcr"))
    return Aligned(cells)
