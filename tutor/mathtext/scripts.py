"""Raised and lowered signs of Unicode, where there is one for every sign of a script."""

from __future__ import annotations

from tutor.mathtext.symbols import SUBSCRIPTS, SUPERSCRIPTS


def raised(text: str) -> str | None:
    """The text as superscript signs, or None where one is lacking."""
    return _translated(text, SUPERSCRIPTS)


def lowered(text: str) -> str | None:
    """The text as subscript signs, or None where one is lacking."""
    return None if text.startswith(",") else _translated(text, SUBSCRIPTS)


def _translated(text: str, table: dict[str, str]) -> str | None:
    signs = [table.get(char) for char in text]
    return "".join(sign for sign in signs if sign) if all(signs) else None


def bracketed(mark: str, text: str) -> str:
    """A script written with `^` or `_`, in brackets unless it is one name or number."""
    return f"{mark}{text}" if _is_plain(text) or _has_own_brackets(text) else f"{mark}({text})"


def _is_plain(text: str) -> bool:
    """Whether the text is one sign, or one name or number without a script of its own: x^(2ⁿ) is not x^2ⁿ."""
    return len(text) == 1 or (text.isalnum() and not any(char in _MOVED for char in text))


_MOVED = frozenset("".join([*SUPERSCRIPTS.values(), *SUBSCRIPTS.values()])) - frozenset("*′†°,")


def _has_own_brackets(text: str) -> bool:
    if text[:1] + text[-1:] not in ("()", "[]"):
        return False
    depth = 0
    for number, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        if depth == 0:
            return number == len(text) - 1
    return False
