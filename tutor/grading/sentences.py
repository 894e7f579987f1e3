"""The words of a verdict: what is wrong, exactly, in one sentence in the second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tutor.grading.norms import AnyArray, norm_ratio
from tutor.learner import CodeError


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape as NumPy writes it."""
    return str(tuple(int(n) for n in shape))


def wrong_shape(name: str, got: tuple[int, ...], expected: tuple[int, ...], batch: int | None) -> str:
    """Name both shapes, and what the difference tells."""
    start = f"{name} has shape {shape_text(got)}, expected {shape_text(expected)}"
    if len(got) == len(expected) + 1 and got[1:] == expected and got[0] == batch:
        return f"{start}: it still carries the batch."
    if got == (batch,) and len(expected) == 1:
        return f"{start}: it has one entry per sample, so the wrong axis was summed."
    if got == (1, *expected) or got == (*expected, 1):
        return f"{start}: an axis of length 1 was kept."
    if got == ():
        return f"{start}: it was summed down to a single number."
    if got == expected[::-1]:
        return f"{start}: it is transposed."
    return f"{start}."


def wrong_dtype(name: str, got: np.dtype[Any], expected: str) -> str:
    """Name both kinds of number, and what is lost between them."""
    lost = f"only about {np.finfo(got).precision + 1} digits are left" if got.kind == "f" else "fractions are lost"
    return f"{name} is {got.name}, expected {expected}: {lost}."


def non_finite(name: str, got: float, index: tuple[int, ...], expected: float | None) -> str:
    """Name the entry that is no number, and what belongs there."""
    return f"{name} holds {got} at {list(index)}" + (f", expected {number(expected)}." if expected is not None else ".")


def second_call_differs(name: str) -> str:
    """The second call on the same inputs gave something else."""
    return f"{name} is right on the first call and different on the second: something from the first is still there."


def second_call_stopped(name: str, error: CodeError) -> str:
    """The second call on the same inputs raised."""
    where = f" in line {error.line}" if error.line else ""
    return f"{name} is right on the first call, but the second call stopped{where} with {error.type}."


def beside_another(name: str) -> str:
    """Another instance ran between forward and backward, and the result became another."""
    return (
        f"{name} changes when another instance runs in between: "
        "state is shared between instances (a class attribute or a global)."
    )


def kept_not_copied(name: str, batch: Sequence[str]) -> str:
    """The batch was overwritten between forward and backward, where copies are asked for."""
    are, arrays, them = ("are", "arrays", "them") if len(batch) > 1 else ("is", "array", "it")
    return (
        f"{name} changes when {' and '.join(batch)} {are} overwritten between forward and backward: your code keeps "
        f"the very {arrays} it was given, and the caller has filled {them} with the next batch."
    )


_KEEPERS = {"loss": "loss", "network": "network"}  # by family, where it is no layer


def kept_note(batch: Sequence[str], family: str) -> str:
    """The same where nobody asks for copies: worth knowing, and no fault."""
    selves, copies, them = ("themselves", "copies", "them") if len(batch) > 1 else ("itself", "a copy", "it")
    return (
        f"Your {_KEEPERS.get(family, 'layer')} keeps {' and '.join(batch)} {selves}, not {copies}: fine, as long as "
        f"nobody overwrites {them} before backward."
    )


def seen_with(sentence: str, case: str) -> str:
    """A sentence, and the case in which it was seen where that is not the one it stands beside."""
    return f"{sentence} This shows with {case}."


LITTLE_OFF = "its values are a little off"


def wrong_value(
    name: str, got: AnyArray, expected: AnyArray, sizes: dict[str, int], error: float, limit: float, says: str = ""
) -> str:
    """Say what is true of the whole tensor where one sentence can; its error, a norm ratio, is above the limit.

    `says` is the exercise's own sentence: it stands where the numbers tell no more than how many of them are wrong.
    """
    if expected.size == 1:
        return says or _wrong_number(name, got, expected, sizes)
    got, expected = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    pattern = _of_all(got, expected, sizes)
    if not pattern and says:
        return says
    pattern = pattern or _of_some(got, expected)
    if not pattern:  # a limit tighter than the one that single values are counted by
        digits = _digits_apart(error, limit, 1)
        pattern = f"{LITTLE_OFF}: an error of {error:.{digits}g}, where {limit:.{digits}g} is allowed"
    return f"{name} has the right shape, but {pattern}."


def _wrong_number(name: str, got: AnyArray, expected: AnyArray, sizes: dict[str, int]) -> str:
    if expected.dtype.kind == "b":
        return f"{name} is {bool(got.flat[0])}, expected {bool(expected.flat[0])}."
    a, b = float(got.flat[0]), float(expected.flat[0])
    factor = factor_text(a / b, sizes) if a and b else ""
    if "(" in factor:  # a size by name, and no number that means nothing
        return f"{name} is {factor} what it should be."
    digits = _digits_apart(a, b, 4)
    return f"{name} is {a:.{digits}g}, expected {b:.{digits}g}."


def _digits_apart(one: float, other: float, least: int) -> int:
    """So many digits tell the two numbers apart."""
    return next((digits for digits in range(least, 17) if f"{one:.{digits}g}" != f"{other:.{digits}g}"), 17)


def _of_all(got: AnyArray, expected: AnyArray, sizes: dict[str, int]) -> str:
    """What is wrong with all of its values alike, or nothing."""
    if not np.any(got):
        return "every entry is zero"
    if norm_ratio(got, -expected) < 1e-9:
        return "every entry has the wrong sign"
    factor = common_factor(got, expected)
    if factor is not None:
        return f"every entry is {factor_text(factor, sizes)} what it should be"
    if got.ndim == 2 and got.shape[0] == got.shape[1] and norm_ratio(got.T, expected) < 1e-9:
        return "it is transposed"
    return ""


def _of_some(got: AnyArray, expected: AnyArray) -> str:
    """Which of its values are wrong; nothing where none of them is wrong by itself."""
    close = np.isclose(got, expected, rtol=1e-6, atol=1e-9 * float(np.max(np.abs(expected), initial=0.0)))
    wrong = int(got.size - np.count_nonzero(close))
    if not wrong:
        return ""
    if got.ndim == 2 and got.size > wrong:
        bad_rows, bad_columns = np.flatnonzero(~close.all(axis=1)), np.flatnonzero(~close.all(axis=0))
        if wrong == 1:
            return f"the value at [{bad_rows[0]}, {bad_columns[0]}] is wrong"
        if len(bad_rows) == 1:
            return _in_a_line(wrong, got.shape[1], f"row {bad_rows[0]}")
        if len(bad_columns) == 1:
            return _in_a_line(wrong, got.shape[0], f"column {bad_columns[0]}")
    return f"{wrong} of its {got.size} values {'is' if wrong == 1 else 'are'} wrong"


def _in_a_line(wrong: int, length: int, line: str) -> str:
    return f"{line} is wrong" if wrong == length else f"{wrong} of the {length} values in {line} are wrong"


def common_factor(got: AnyArray, expected: AnyArray) -> float | None:
    """The one number that makes `got` of `expected`, where there is one."""
    unit = float(np.max(np.abs(expected), initial=0.0))
    if unit == 0.0 or got.size < 2:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        in_units = expected / unit
        factor = float(np.sum(got * in_units)) / float(np.sum(in_units * in_units)) / unit
        return factor if factor and norm_ratio(got, factor * expected) < 1e-9 else None


def factor_text(factor: float, sizes: dict[str, int]) -> str:
    """A factor in words: "5 (the batch size) times", "1/5 (the batch size) of", "2 times"."""
    for name, size in sizes.items():
        meaning = " (the batch size)" if name == "N" else f" ({name})"
        if size <= 2:  # a factor of 2 has reasons of its own
            continue
        if abs(factor - size) < 1e-6 * size:
            return f"{size}{meaning} times"
        if abs(factor * size - 1) < 1e-6:
            return f"1/{size}{meaning} of"
    return f"{factor:.4g} times" if abs(factor - 1) > 1e-3 else f"{factor:.10g} times"


def number(value: float) -> str:
    """Four significant digits: enough to compare by eye."""
    return f"{value:.4g}"
