"""How much space stands between two neighbours of a row (after the TeXbook, chapter 18), in cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tutor.mathtext.tree import (
    Accent,
    Aligned,
    Brace,
    Fenced,
    Fraction,
    Kind,
    Matrix,
    Node,
    Root,
    Row,
    Script,
    Space,
    Stack,
    Symbol,
    Text,
)

Place = Literal["top", "inside", "script"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a part is written: `flat` on one line of text, `place` top for the formula itself, script for an exponent."""

    ascii: bool = False
    flat: bool = False
    place: Place = "top"

    def inside(self) -> Style:
        """The style within a bracket, a fraction, a cell."""
        return self if self.place != "top" else replace(self, place="inside")

    def script(self) -> Style:
        """The style of a subscript or superscript, set tight."""
        return replace(self, place="script")

    def flattened(self) -> Style:
        """The same on one line."""
        return replace(self, flat=True)

    @property
    def relation(self) -> int:
        """Cells on each side of a relation."""
        if self.place == "script":
            return 0
        return 1 if self.flat or self.place == "inside" else 2

    @property
    def binary(self) -> int:
        """Cells on each side of + - and their like."""
        return 0 if self.place == "script" else 1

    def quad(self, size: str) -> int:
        """Cells of the space that an author asked for by name."""
        return {"quad": 2, "qquad": 4}[size] * (1 if self.flat else 2)


@dataclass(frozen=True, slots=True)
class Placed:
    """An item of a row with the cells before it; `dot` asks for a multiplication dot in that gap."""

    node: Node
    kind: Kind
    gap: int
    dot: bool = False
    wide: bool = False  # the gap is a \quad: the row may be cut here into sentences


def sign_of(symbol: Symbol, style: Style) -> str:
    """How the symbol is written in this style."""
    return symbol.plain if style.ascii else symbol.sign


def kind_of(node: Node) -> Kind:
    """What a node is to its neighbours."""
    match node:
        case Symbol(kind=kind):
            return kind
        case Text():
            return "text"
        case Script(base=base) | Accent(body=base) | Stack(base=base):
            return kind_of(base)
        case Brace(body=base):
            return kind_of(base) if kind_of(base) == "relation" else "ordinary"
        case Fraction():
            return "fraction"
        case Fenced() | Matrix() | Aligned():
            return "fence"
        case Root():
            return "ordinary"
        case Row(items=items) if len(items) == 1:
            return kind_of(items[0])
    return "ordinary"


def spaced(items: Sequence[Node], style: Style) -> list[Placed]:
    """The items of a row without its spaces, each with the gap before it."""
    placed: list[Placed] = []
    hint = ""
    words = False
    seen = list(items)
    for number, node in enumerate(seen):
        if isinstance(node, Space):
            hint = _wider(hint, node.size)
            continue
        kind = kind_of(node)
        if hint in ("quad", "qquad"):
            words = False
        if kind == "text":
            words = _are_prose(node, placed[-1:] if hint not in ("quad", "qquad") else (), seen[number + 1 :])
        before = placed[-1] if placed and hint not in ("quad", "qquad") else None
        if kind == "binary" and (_starts_a_term(before) or _ends_the_row(seen[number + 1 :])):
            kind = "prefix"
        if not placed:
            gap, dot = (style.quad(hint), False) if hint in ("quad", "qquad") else (0, False)
        elif hint in ("quad", "qquad"):
            gap, dot = style.quad(hint), False
        else:
            gap, dot = _gap(placed[-1], node, kind, hint, style.inside() if words else style)
        placed.append(Placed(node, kind, gap, dot, wide=bool(placed) and hint in ("quad", "qquad")))
        hint = ""
    return placed


_ORDER = ("", "source", "none", "thin", "thick", "quad", "qquad")
_ASKED = {"source": 1, "thin": 1, "thick": 2}


def _wider(one: str, other: str) -> str:
    """Two spaces as one: the wider of them; two thin ones are a thick one."""
    return "thick" if one == other == "thin" else max(one, other, key=_ORDER.index)


def _are_prose(words: Node, before: Sequence[Placed], after: Sequence[Node]) -> bool:
    """Whether words and what follows them are a sentence, set closer; one word before a relation is a name."""
    several = isinstance(words, Text) and " " in words.text
    follows = next(visible(after), None)
    return bool(before) or several or follows is None or kind_of(follows) != "relation"


def _starts_a_term(before: Placed | None) -> bool:
    return before is None or before.kind in ("binary", "prefix", "relation", "punctuation", "open", "big", "word")


def _ends_the_row(rest: Sequence[Node]) -> bool:
    return all(isinstance(node, Space) for node in rest)


def _gap(before: Placed, node: Node, kind: Kind, hint: str, style: Style) -> tuple[int, bool]:
    """The cells between two neighbours, and whether a multiplication dot goes there."""
    first = before.kind
    if hint == "none":
        return 0, False
    if "relation" in (first, kind):
        joined = first == kind and hint not in ("thin", "thick")
        return 0 if joined else max(style.relation, _around_name(before.node, node, style)), False
    if "binary" in (first, kind):
        return max(style.binary, _around_name(before.node, node, style)), False
    if first == "prefix" and kind == "fraction" and not _on_one_line(node, style):
        return 1, False  # a minus must not run into the bar
    if first == "prefix" or kind in ("punctuation", "close", "postfix") or first == "open":
        return int(hint in ("thin", "thick")), False
    if first == "punctuation":
        return (0 if style.place == "script" else 1), False
    if _slashed(before.node, style) or _slashed(node, style):
        factors = "text" not in (first, kind) and first not in ("big", "differential", "word")
        dot = factors and not is_operator(before.node)
        return 1, dot
    if style.place == "script" and hint == "source":
        hint = ""
    asked = _ASKED.get(hint, 0) if _may_part(first, kind) else 0
    return max(_closeness(before, node, kind, style), min(asked, 1) if style.flat else asked), False


def _may_part(first: Kind, kind: Kind) -> bool:
    return not (first == "differential" or (first == "word" and kind == "fence"))


def _closeness(before: Placed, node: Node, kind: Kind, style: Style) -> int:
    """The cells that two factors need in order not to run into each other."""
    first = before.kind
    names = _is_name(before.node, style, last=True), _is_name(node, style)
    if first == "word":
        return 0 if kind == "fence" else 1
    if first == "differential":
        scripted = isinstance(before.node, Script) and (style.ascii or (style.flat and before.node.sub is not None))
        return int(scripted or names[0] or kind == "word") if kind != "fence" else 0
    if isinstance(before.node, Brace) and isinstance(node, Brace):
        return 2
    if "big" in (first, kind) or kind == "word":
        if first == "big" and kind == "fraction" and not _on_one_line(node, style):
            return 2
        return 0 if style.place == "script" and not style.ascii else 1
    if "fraction" in (first, kind):
        if style.flat or style.place == "script":
            return 1
        return 2 if first == kind else 1
    if kind == "fence":
        return 0
    if all(names):
        return 1
    if "text" in (first, kind):
        return 0
    if kind == "differential":
        return 0 if first == "number" or (isinstance(before.node, Symbol) and before.node.sign == "/") else 1
    if first == "fence" and style.place != "script":
        return 1
    scripted = isinstance(before.node, Script)
    return int(scripted and style.place != "script" and kind in ("letter", "number", "ordinary"))


def _around_name(first: Node, second: Node, style: Style) -> int:
    """An operator that is spelled as a word, as the x of n x m in ASCII, is never set tight."""
    return int(any(isinstance(node, Symbol) and _is_operator_name(node, style) for node in (first, second)))


def _is_operator_name(symbol: Symbol, style: Style) -> bool:
    return symbol.kind in ("binary", "relation") and any(char.isalpha() for char in sign_of(symbol, style))


def _is_name(node: Node, style: Style, last: bool = False) -> bool:
    """Whether a letter or digit beside it would be read as a part of it."""
    match node:
        case Symbol(kind="number"):
            return style.ascii or not last
        case Symbol():
            sign = sign_of(node, style)
            return len(sign) > 1 and sign[-1 if last else 0].isalnum()
        case Script(base=base):
            return not last and _is_name(base, style)
        case Accent(body=body):
            return style.ascii or _is_name(body, style)
    return False


def _slashed(node: Node, style: Style) -> bool:
    """Whether a node is a fraction that is written with a slash here."""
    if isinstance(node, Brace):
        return _slashed(node.body, style)
    if not isinstance(node, Fraction) or not node.bar:
        return False
    return _on_one_line(node, style) and not is_vulgar(node, style)


def _on_one_line(node: Node, style: Style) -> bool:
    return style.flat or style.place == "script" or (isinstance(node, Fraction) and node.small)


def is_vulgar(fraction: Fraction, style: Style) -> bool:
    """Whether there is a single sign for the fraction: a half, a quarter."""
    from tutor.mathtext.symbols import VULGAR

    if style.ascii or not isinstance(fraction.top, Symbol) or not isinstance(fraction.bottom, Symbol):
        return False
    return (fraction.top.sign, fraction.bottom.sign) in VULGAR


def is_operator(node: Node | None) -> bool:
    """d/dx and its like: what follows is not multiplied but differentiated."""
    if not isinstance(node, Fraction):
        return False
    top = node.top.base if isinstance(node.top, Script) else node.top
    return isinstance(top, Symbol) and (top.kind == "differential" or top.sign == "d")


def visible(items: Sequence[Node]) -> Iterator[Node]:
    """The items without the spaces."""
    return (item for item in items if not isinstance(item, Space))
