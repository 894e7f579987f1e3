"""Letters that have their hat, bar, tilde or dots built in: one cell, where a combining accent is none."""

from __future__ import annotations

import unicodedata

_COMBINING = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308"}
# The mark on the line above, where there is no such letter.
MARKS = {"hat": "^", "bar": "_", "tilde": "~", "dot": ".", "ddot": "..", "vec": "→"}


def accented(letter: str, name: str) -> str | None:
    """The letter with its accent as one sign, where Unicode has one."""
    if len(letter) != 1 or name not in _COMBINING:
        return None
    whole = unicodedata.normalize("NFC", letter + _COMBINING[name])
    return whole if len(whole) == 1 else None
