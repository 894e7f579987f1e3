"""Text for a terminal that has no signs beyond ASCII: the nearest sign for each, one for one where it can be."""

from __future__ import annotations

import sys
import unicodedata

_NEAREST = {
    **dict.fromkeys("─━═╌╍┄┅┈┉╴╶╸╺╼╾", "-"),
    **dict.fromkeys("│┃║╎╏┆┇┊┋╵╷╹╻╽╿▎▌", "|"),
    **dict.fromkeys("▸▶→⇒", ">"),
    **dict.fromkeys("◂◀←", "<"),
    **dict.fromkeys("▴▲↑", "^"),
    **dict.fromkeys("▾▼↓", "v"),
    **dict.fromkeys("·×⋅", "*"),
    **dict.fromkeys("○●◐•", "o"),
    **dict.fromkeys("−–—", "-"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    "∂": "d", "Σ": "S", "∑": "S", "√": "V", "≈": "~", "≤": "<", "≥": ">", "≠": "#", "⟨": "<", "⟩": ">", "½": "1/2",
    "ᵀ": "'", "…": "...", "✓": "+", "✗": "x", "∞": "oo", "°": " deg", "⏎": "enter",
}  # fmt: skip


def are_missing() -> bool:
    """Whether what is printed goes to a terminal that has no mathematical signs."""
    try:
        "∂Σ√ᵀ₁─".encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return True
    return False


def as_ascii(text: str) -> str:
    """The text in ASCII; what has no likeness is a question mark."""
    return text if text.isascii() else "".join(sign if sign.isascii() else _nearest(sign) for sign in text)


def _nearest(sign: str) -> str:
    if sign in _NEAREST:
        return _NEAREST[sign]
    name = unicodedata.name(sign, "")
    if name.startswith("BOX DRAWINGS"):
        return "+"
    if name.startswith(("BRAILLE", "BLOCK", "UPPER", "LOWER", "LEFT", "RIGHT", "FULL")):
        return "#"
    if name.startswith("GREEK"):
        return name.split(" WITH ")[0].rpartition(" ")[2].lower()
    plain = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return plain or "?"
