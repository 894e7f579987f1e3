"""Worked examples: their rows made anew from the numbers that the learner gives."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from tutor.course.blocks import Worked, WorkedRow
from tutor.course.expressions import FUNCTIONS, ExpressionError, evaluate, names_in

MOST_GIVEN = 6
MOST_ROWS = 8
DECIMALS = 4
SMALLEST, LARGEST = 1e-4, 1e7  # what is beyond is written with a power of ten


class WorkedValue(Struct, frozen=True):
    """A row with its number, or with the reason why it has none."""

    row: WorkedRow
    value: float | None
    error: str = ""


def recompute(worked: Worked, given: Mapping[str, float]) -> tuple[WorkedValue, ...]:
    """Every row with its value for these numbers; what cannot be computed says so, and so does what needs it."""
    known: dict[str, int | float] = dict(given)
    made: list[WorkedValue] = []
    for row in worked.rows:
        missing = sorted(names_in(row.value) - known.keys())
        if missing:
            made.append(WorkedValue(row, None, f"needs {missing[0]}, which has no value"))
            continue
        try:
            value = evaluate(row.value, known)
            if isinstance(value, tuple):
                raise ExpressionError("a row is one number, not a tuple")
        except ExpressionError as error:
            made.append(WorkedValue(row, None, _in_plain_words(str(error))))
            continue
        known[row.name] = value
        made.append(WorkedValue(row, float(value)))
    return tuple(made)


_WORDS = {
    "zero": "divides by zero",
    "negative": "divides by zero",
    "domain": "is not defined here",
    "range": "is too large a number",
}


def _in_plain_words(message: str) -> str:
    """What Python or the grammar says of an expression, without the expression, as a learner reads it."""
    reason = message.rpartition("`: ")[2]
    if "reasonable size" in reason or "too large" in reason:
        return "is too large a number"
    return next((words for sign, words in _WORDS.items() if sign in reason.split()), reason)


def formulas(worked: Worked) -> tuple[str, ...]:
    """How each row is made, in the names that are shown."""
    # "gw = ∂L/∂w" says itself what the name is, and then the name stands in the formulas.
    called = {row.name: row.show for row in worked.rows if row.show and "=" not in row.show}
    called = {name: f"({show})" if _OPERATOR.search(show) else show for name, show in called.items()}
    return tuple(re.sub(r"[^\W\d]\w*", lambda name: called.get(name[0], name[0]), row.value) for row in worked.rows)


_OPERATOR = re.compile(r" (?:[-+*/]|\*\*) ")  # "p - y" put into "p - y ** 2" would be another formula


def worked_fault(worked: Worked) -> str | None:
    """Why a worked example cannot be shown, or None."""
    if not worked.title.strip():
        return "`title` must not be empty"
    if not 1 <= len(worked.given) <= MOST_GIVEN:
        return f"`given` holds one to {MOST_GIVEN} numbers, not {len(worked.given)}"
    if not 1 <= len(worked.rows) <= MOST_ROWS:
        return f"there are one to {MOST_ROWS} rows, not {len(worked.rows)}"
    called = [*worked.given, *(row.name for row in worked.rows)]
    for number, name in enumerate(called):
        if not name.isidentifier() or name in FUNCTIONS:
            return f"`{name}` is no name for a number"
        if name in called[:number]:
            return f"the name `{name}` stands twice"
    for made in recompute(worked, worked.given):
        if made.value is None:
            return f"the row `{made.row.name}`: {made.error}"
    return None


def aligned(numbers: Sequence[float | None], whole: int = 0, fraction: int = 0) -> tuple[str, ...]:
    """Numbers as a column of equal width, decimal point under decimal point; blank for what is none.

    `whole` and `fraction` are the least cells before the point, and from the point on.
    """
    texts = ["" if number is None else _written(number) for number in numbers]
    left = max([whole, *(len(text.partition(".")[0]) for text in texts)])
    column = [" " * (left - len(text.partition(".")[0])) + text for text in texts]
    width = max([left + fraction, *map(len, column)])
    return tuple(text.ljust(width) for text in column)


def _written(number: float) -> str:
    if number and not SMALLEST <= abs(number) < LARGEST:
        return f"{number:.3e}" if math.isfinite(number) else str(number)
    text = f"{number:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
