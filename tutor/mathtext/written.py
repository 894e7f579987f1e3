"""What an author writes as it is: single characters, and words inside \\text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tutor.mathtext.error import MathError
from tutor.mathtext.symbols import CHARACTERS, MACROS
from tutor.mathtext.tokens import Token, tokens
from tutor.mathtext.tree import Node, Row, Space, Symbol, Text
from tutor.mathtext.words import ascii_of

# Latin and Greek, punctuation, raised and lowered signs, arrows, mathematics, boxes; not what may be drawn as an emoji.
_ONE_CELL = (
    range(0x20, 0x250),
    range(0x370, 0x400),
    range(0x1D00, 0x1DC0),
    range(0x1E00, 0x2000),
    range(0x2010, 0x20D0),
    range(0x2100, 0x2300),
    range(0x2308, 0x230C),
    range(0x239B, 0x23B4),
    range(0x2500, 0x2600),
    range(0x2713, 0x2714),
    range(0x27C0, 0x2800),
    range(0x2900, 0x2B00),
    range(0x2C60, 0x2C80),
)
_SIGNS = {" ": " ", **{sign: sign for sign in "{}_%&#$"}}


def character(token: Token) -> Symbol:
    """A character of a formula as a symbol."""
    char = token.what
    if char in CHARACTERS:
        return CHARACTERS[char]
    if char == "&":
        raise MathError("A `&` stands outside of an environment with columns.", token.position)
    _check_width(char, token.position)
    return Symbol(char, ascii_of(char), "letter" if char.isalpha() else "ordinary")


def _check_width(char: str, position: int) -> None:
    """Raises for a character that does not surely take one cell of a terminal."""
    wide = unicodedata.east_asian_width(char) in ("W", "F")
    if wide or unicodedata.category(char)[0] in "CM" or not any(ord(char) in block for block in _ONE_CELL):
        raise MathError(f"The character {char!r} is not surely one cell wide in a terminal.", position)


def words(token: Token, row: Callable[[Sequence[Token]], Node]) -> Node:
    """The words of a \\text, the blanks at their ends as spaces of the formula; a $formula$ inside them is laid out."""
    if not token.parts or token.parts[0] is None:
        raise MathError(f"`\\{token.what}` lacks its words.", token.position)
    pieces: list[Node] = []
    letters = ""
    for piece in _pieces(token.parts, row):
        if isinstance(piece, str):
            letters += piece
        else:
            pieces += [*_between_blanks(letters), piece]
            letters = ""
    pieces += _between_blanks(letters)
    return pieces[0] if len(pieces) == 1 else Row(tuple(pieces))


def _between_blanks(letters: str) -> list[Node]:
    stripped = " ".join(letters.split())
    if not stripped:
        return [Space("thin")] if letters else []
    before = [Space("thin")] if letters[0].isspace() else []
    after = [Space("thin")] if letters[-1].isspace() else []
    return [*before, Text(stripped), *after]


def _pieces(nodes: Iterable[Any], row: Callable[[Sequence[Token]], Node]) -> Iterable[str | Node]:
    for node in nodes:
        match type(node).__name__:
            case "LatexCharsNode":
                for offset, char in enumerate(node.chars):
                    if not char.isspace():
                        _check_width(char, node.pos + offset)
                    yield char
            case "LatexGroupNode":
                yield from _pieces(node.nodelist, row)
            case "LatexMathNode":
                yield row(list(tokens(node.nodelist)))
            case "LatexSpecialsNode":
                yield " " if node.specials_chars == "~" else node.specials_chars
            case "LatexMacroNode" if node.macroname in _SIGNS:
                yield _SIGNS[node.macroname] + (node.macro_post_space or "")
            case "LatexMacroNode" if node.macroname in MACROS:
                yield MACROS[node.macroname].sign + (node.macro_post_space or "")
            case "LatexMacroNode":
                raise MathError(f"The macro `\\{node.macroname}` is not known inside of words.", node.pos)
