"""Numbers and shapes as people type them, and what there is to say to a wrong one that no author foresaw."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from tutor.course.expressions import ExpressionError, evaluate

MAX_ANSWER = 100  # characters; a longer text is no answer


def equal(number: float, right: float, tolerance: float) -> bool:
    """Whether a number lies within the tolerance, or within rounding where there is none."""
    return abs(number - right) <= max(tolerance * (1 + 1e-9), 1e-9 * max(1.0, abs(right)))


_DECIMAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_NUMBER = re.compile(rf"([+-]?)\s*({_DECIMAL})(?:\s*/\s*([+-]?)\s*({_DECIMAL}))?")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:([,_ ])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]*)?")
_THOUSANDS_WITHIN = re.compile(rf"(?<![0-9.,_]){_THOUSANDS.pattern}(?![0-9,_])")
_ARITHMETIC = re.compile(r"[0-9.eE()+\-*/ ]*[0-9.)] *[-+*/][0-9.eE()+\-*/ ]*")  # 1e-3 alone is none
_NO_ARITHMETIC = re.compile(r"//|(?:^|[-+*/(]) *[-+] *[-+]")  # two signs before a number


def read_number(text: str) -> tuple[float, ...]:
    """The numbers that a text may mean, the likeliest first: "101,770" is 101770, or 101.77; none when it is none.

    Plain arithmetic of numbers is worked out: "784*128 + 128", "(3 - 5) ** 2".
    """
    text = text.strip()
    if len(text) > MAX_ANSWER:
        return ()
    text = re.sub("[\u2212\u2010-\u2015\ufe63\uff0d]", "-", text)  # the minus of a formula, and the dashes taken for it
    spellings = [text]
    sign, digits = (text[0], text[1:].lstrip()) if text[:1] in ("+", "-") else ("", text)
    if _THOUSANDS.fullmatch(digits):
        spellings.insert(0, sign + re.sub("[,_ ]", "", digits))
    spellings.append(text.replace(",", ".") if text.count(",") <= 2 and "." not in text else text)
    numbers = [_one_number(spelling) for spelling in spellings]
    if numbers == [None] * len(numbers):
        spellings[0] = _THOUSANDS_WITHIN.sub(lambda found: re.sub("[,_ ]", "", found[0]), text)
        numbers = [_worked_out(spelling) for spelling in spellings]
    return tuple(dict.fromkeys(number for number in numbers if number is not None))


def _worked_out(text: str) -> float | None:
    """The value of plain arithmetic: numbers, + - * / ** and parentheses; a part of it may not be beyond 1e15."""
    if not _ARITHMETIC.fullmatch(text) or _NO_ARITHMETIC.search(text):
        return None
    try:
        value = evaluate(text, {})
    except ExpressionError:
        return None
    return None if isinstance(value, tuple) else float(value)


def _one_number(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    if not match:
        return None
    number = float(match[1] + match[2])
    if match[4]:
        below = float(match[3] + match[4])
        if not below:
            return None
        number /= below
    return number if abs(number) != float("inf") and number == number else None


def read_shape(text: str) -> tuple[int, ...] | None:
    """The shape that a text means: "(64, 128)", "64, 128", "64x128", "[64,128]", "(3,)", "()"; None when it is none."""
    text = text.strip()
    if len(text) > MAX_ANSWER:
        return None
    for left, right in ("()", "[]"):
        if text.startswith(left) and text.endswith(right):
            text = text[1:-1].strip()
            if not text:
                return ()
            break
    sizes = re.split(r"\s*[,x×*]\s*", text.removesuffix(",").strip())
    if not all(re.fullmatch(r"[0-9]{1,9}", size) for size in sizes):
        return None
    return tuple(int(size) for size in sizes)


# ── a wrong number or shape that is no known mistake ─────────────────────────────────────────────────────────────────


def about_shape(shape: tuple[int, ...], right: tuple[int, ...]) -> str:
    """One sentence on how a wrong shape differs from the right one; it does not say the right sizes."""
    if len(shape) != len(right):
        if sorted(size for size in shape if size != 1) == sorted(size for size in right if size != 1):
            return (
                f"The sizes are right, but an axis of size 1 is {'missing' if len(shape) < len(right) else 'too many'}."
            )
        return f"Your shape has {_axes(len(shape))}; the right one has {_axes(len(right))}."
    if sorted(shape) == sorted(right):
        return "Both sizes are right, and swapped." if len(right) == 2 else "The sizes are right, their order is not."
    wrong = [axis for axis, size in enumerate(right) if shape[axis] != size]
    if len(wrong) < len(right):
        fitting = [axis for axis in range(len(right)) if axis not in wrong]
        is_not = "does not" if len(wrong) == 1 else "do not"
        return f"{_listed(fitting).capitalize()} fit{'s' if len(fitting) == 1 else ''}; {_listed(wrong)} {is_not}."
    misplaced = next((axis for axis in wrong if shape[axis] in right), None)
    if misplaced is not None:
        return f"{shape[misplaced]} belongs in it, but not as axis {misplaced}; the rest does not."
    return "The number of axes is right, and none of the sizes."


def _listed(axes: Sequence[int]) -> str:
    return f"{'axis' if len(axes) == 1 else 'axes'} {' and '.join(str(axis) for axis in axes)}"


def _axes(count: int) -> str:
    return "no axes" if count == 0 else "1 axis" if count == 1 else f"{count} axes"


NEAR = 0.02  # of the right number: a slip of rounding, or of the last step


def about_number(number: float, right: float, tolerance: float) -> str:
    """One sentence on how a wrong number differs from the right one; it does not say the right number."""
    if not right:
        return f"{number:.12g} is too {'large' if number > 0 else 'small'}."
    if equal(-number, right, min(tolerance, abs(right) / 2)):
        return "The size is right, the sign is not."
    if not number:
        return "Not 0: something is left over."
    ratio = number / right
    if ratio < 0:
        return "The sign is not right, and the size is not either."
    if _same(number, right * 10.0 ** round(math.log10(ratio))) and not _same(ratio, 1):
        return "The digits are right, the decimal point is not."
    if abs(number - right) <= max(NEAR * abs(right), 3 * tolerance):
        return "Close: keep more digits on the way." if tolerance else "Close: look at the arithmetic once more."
    if _same(ratio, 2) or _same(ratio, 0.5):
        return f"That is {'twice' if ratio > 1 else 'half of'} what is right."
    size = f"{'far ' if not 0.1 < ratio < 10 else ''}too {'large' if ratio > 1 else 'small'}"
    return f"{number:.12g} is {size}." if right > 0 else f"The sign is right, the size is {size}."


def _same(number: float, other: float) -> bool:
    return math.isclose(number, other, rel_tol=1e-9)
