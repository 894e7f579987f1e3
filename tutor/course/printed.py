"""What code prints, as it is compared: whitespace evened, numbers as numbers, everything else sign by sign."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tutor.course.numbers import about_number, about_shape, equal

MAX_OUTPUT = 600  # characters; a longer text is no answer

Token = float | str

_TOKEN = re.compile(
    r"(?P<number>(?<![\w.])[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?(?![\w.]))|\w+|\S",
)


def read_output(text: str) -> tuple[Token, ...]:
    """The numbers, words and signs of a printed text: `array([1., 2])` as array ( [ 1.0 , 2.0 ] )."""
    if len(text) > MAX_OUTPUT:
        return ()
    text = re.sub("[\u2212\u2010-\u2015\ufe63\uff0d]", "-", text)
    return tuple(float(match[0]) if match["number"] else match[0] for match in _TOKEN.finditer(text))


def same_output(typed: Sequence[Token], printed: Sequence[Token], tolerance: float, commas: bool = True) -> bool:
    """Whether two outputs are the same; NumPy's arrays have no commas, so a learner's may count for nothing."""
    if not commas:
        typed, printed = ([token for token in tokens if token != ","] for tokens in (typed, printed))
    return len(typed) == len(printed) and all(
        _same(one, other, tolerance) for one, other in zip(typed, printed, strict=True)
    )


def _same(one: Token, other: Token, tolerance: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return equal(one, other, tolerance)
    return one == other


# ── a wrong output that is no known mistake ──────────────────────────────────────────────────────────────────────────


def about_output(typed: Sequence[Token], printed: Sequence[Token], tolerance: float) -> str:
    """One sentence on where a wrong output first differs; it does not say what stands there."""
    if len(typed) == len(printed) == 1 and isinstance(typed[0], float) and isinstance(printed[0], float):
        return about_number(typed[0], printed[0], tolerance)
    shapes = _as_shape(typed), _as_shape(printed)
    if shapes[0] is not None and shapes[1] is not None and shapes[0] != shapes[1]:
        return about_shape(shapes[0], shapes[1])
    pairs = zip(typed, printed, strict=False)
    at = next((at for at, (one, other) in enumerate(pairs) if not _same(one, other, tolerance)), None)
    if at is None:
        few = len(typed) < len(printed)
        shown = _shown(typed[-1] if few else typed[len(printed)])
        return f"So far it is right, and something follows after {shown}." if few else f"It ends before your {shown}."
    mine, right = typed[at], printed[at]
    numbers = [token for token in typed if isinstance(token, float)]
    if isinstance(mine, float) and isinstance(right, float) and len(numbers) > 1:
        place = sum(isinstance(token, float) for token in typed[:at]) + 1
        first = "" if place == 1 else "the first that differs: "
        return f"{_shown(mine)}, the {_ordinal(place)} number, is {first}{_how(mine, right)}."
    return f"The first difference is at your {_shown(mine)}{_after(typed, at)}: {_instead(mine, right)} stands there."


def _as_shape(tokens: Sequence[Token]) -> tuple[int, ...] | None:
    """A printed shape, `(3, 4)` or `(3,)`; None where it is none."""
    if len(tokens) < 2 or tokens[0] != "(" or tokens[-1] != ")":
        return None
    inner = tokens[1:-1]
    sizes = [token for token in inner if isinstance(token, float)]
    if any(token not in (",",) for token in inner if not isinstance(token, float)):
        return None
    return tuple(int(size) for size in sizes) if all(size == int(size) >= 0 for size in sizes) else None


def _how(mine: float, right: float) -> str:
    return "right but for its sign" if mine == -right else f"too {'large' if mine > right else 'small'}"


def _instead(mine: Token, right: Token) -> str:
    kinds = [
        "number" if isinstance(token, float) else "word" if token[0].isalpha() else "sign" for token in (mine, right)
    ]
    return f"{'another' if kinds[0] == kinds[1] else 'a'} {kinds[1]}"


def _after(typed: Sequence[Token], at: int) -> str:
    return f" after {_shown(typed[at - 1])}" if at else ""


def _shown(token: Token) -> str:
    return f"`{token:.12g}`" if isinstance(token, float) else f"`{token}`"


def _ordinal(number: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    return words[number - 1] if number <= len(words) else f"{number}th"
