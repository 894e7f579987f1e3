"""Words of a formula in ASCII."""

from __future__ import annotations

import unicodedata

from tutor.mathtext.symbols import CHARACTERS

_TYPOGRAPHY = {"—": "--", "–": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "′": "'", "½": "1/2", "¼": "1/4"}


def ascii_words(text: str) -> str:
    """The text with every sign above 127 spelled in ASCII."""
    return "".join(ascii_of(char) for char in text)


def ascii_of(char: str) -> str:
    """The nearest ASCII to one character; a question mark where there is none."""
    if char.isascii():
        return char
    if char in _TYPOGRAPHY:
        return _TYPOGRAPHY[char]
    known = CHARACTERS.get(char)
    if known is not None:
        return known.plain
    near = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    return near or "?"
