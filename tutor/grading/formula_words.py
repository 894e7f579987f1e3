"""What there is to say of a wrong formula that no author foresaw: where it stops, or how its values differ."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tutor.course import equal
from tutor.grading.formula_text import Part
from tutor.learner import CodeError

AnyArray = npt.NDArray[Any]
Shape = tuple[int, ...]

# ── it stops ─────────────────────────────────────────────────────────────────────────────────────────────────────────

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@",
}  # fmt: skip


def about_stop(parts: Sequence[Part], values: Mapping[str, AnyArray], error: CodeError) -> str:
    """The smallest part that stops, and why, in one sentence; of two arrays that do not fit, their shapes."""
    stopping = next(
        (part for part in parts if part.computed and part.text not in values and values.keys() >= set(part.within)),
        None,
    )
    where = f"`{stopping.text}` stops" if stopping else "That stops"
    if stopping and isinstance(stopping.node, ast.BinOp) and type(stopping.node.op) in _SIGNS:
        left, right = ast.unparse(stopping.node.left), ast.unparse(stopping.node.right)
        if left in values and right in values:
            return _about_pair(where, stopping.node.op, (left, values[left].shape), (right, values[right].shape))
    nothing = re.fullmatch(r"'numpy\.ndarray' object has no attribute '(\w+)'", error.message)
    if nothing:
        return f"An array has no `{nothing[1]}`."
    message = error.message.strip().rstrip(".")
    return f"{where}: {message or error.type}."


def _about_pair(where: str, operator: ast.operator, left: tuple[str, Shape], right: tuple[str, Shape]) -> str:
    told = f"{where}: `{left[0]}` has shape {left[1]} and `{right[0]}` has shape {right[1]}"
    if not isinstance(operator, ast.MatMult):
        return f"{told}, and `{_SIGNS[type(operator)]}` needs equal sizes, or 1."
    if not left[1] or not right[1]:
        return f"{told}, and `@` needs an axis on both sides."
    meet = right[1][-2] if len(right[1]) > 1 else right[1][0]
    return f"{told}, and `@` adds over the two that meet, {left[1][-1]} and {meet}: they must be equal."


# ── its values differ ────────────────────────────────────────────────────────────────────────────────────────────────


def about_value(given: Sequence[AnyArray], right: Sequence[AnyArray], sizes: Sequence[Mapping[str, int]]) -> str:
    """How the values of a wrong formula differ from the right ones, in each trial; it does not say how to mend it."""
    if given[0].shape != right[0].shape:
        return _about_shapes(given, right, sizes[0])
    if not all(np.isfinite(values).all() for values in given):
        return "The shape is right, but there are values in it that are no finite numbers."
    single = right[0].size == 1
    factors = [_factor(one, other) for one, other in zip(given, right, strict=True)]
    if None not in factors:
        told = _about_factor([factor for factor in factors if factor is not None], sizes, single)
        if told:
            return told
    if single:
        return "That is a single number, as it should be, and not the right one."
    return f"The shape is right, the values are not{_how_many(given[0], right[0])}."


def _about_shapes(given: Sequence[AnyArray], right: Sequence[AnyArray], sizes: Mapping[str, int]) -> str:
    mine, needed = given[0].shape, right[0].shape
    if mine == needed[::-1] and all(_close(one.T, other) for one, other in zip(given, right, strict=True)):
        return f"That is the right array lying on its side: it has shape {_named(mine, sizes)}."
    if given[0].size == right[0].size and _close(given[0].reshape(needed), right[0]):
        return f"The numbers are right, the shape is not: {_named(mine, sizes)}. Asked for is {_named(needed, sizes)}."
    return f"That has shape {_named(mine, sizes)}. Asked for is {_named(needed, sizes)}."


def _named(shape: Shape, sizes: Mapping[str, int]) -> str:
    """A shape, and its sizes by name where they all have one: all sizes differ."""
    names = {size: name for name, size in sizes.items()}
    told = f"`{shape}`" if shape else "`()`, a single number"
    if not shape or not all(size in names for size in shape):
        return told
    return f"{told}, that is `({', '.join(names[size] for size in shape)}{',' if len(shape) == 1 else ''})`"


def _close(one: AnyArray, other: AnyArray) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-8, atol=1e-12))


def _factor(one: AnyArray, other: AnyArray) -> float | None:
    """The one number by which all entries are too large, or None."""
    below = float(np.vdot(other, other))
    if not below:
        return None
    factor = float(np.vdot(other, one)) / below
    return factor if factor and _close(one, factor * np.asarray(other)) else None


def _about_factor(factors: Sequence[float], sizes: Sequence[Mapping[str, int]], single: bool) -> str:
    """What the factor of each trial tells; nothing of a single number, which is always some multiple of another."""
    if all(equal(factor, -1, 0) for factor in factors):
        return f"The size{'' if single else ' of every entry'} is right, the sign is not."
    every = "It is" if single else "Every entry is"
    if factors[0] < 0:
        every = f"The sign is not right, and {every[:1].lower()}{every[1:]}"
    amounts = [abs(factor) for factor in factors]
    for name in sizes[0]:
        lengths = [trial[name] for trial in sizes]
        if all(equal(amount, length, 0) for amount, length in zip(amounts, lengths, strict=True)):
            return f"{every} `{name}` times what it should be."
        if all(equal(amount * length, 1, 0) for amount, length in zip(amounts, lengths, strict=True)):
            return f"{every} 1/`{name}` of what it should be."
    if all(equal(amount, amounts[0], 0) for amount in amounts):
        return f"{every} {amounts[0]:.4g} times what it should be."
    return "" if single else f"{every} off by the same factor."


def _how_many(given: AnyArray, right: AnyArray) -> str:
    fitting = int(np.isclose(given, right, rtol=1e-8, atol=1e-12).sum())
    return f": {fitting} of {right.size} entries are" if fitting else ""
