"""A formula as a small frozen tree: what it says, not how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What a sign is to its neighbours decides the space between them (TeXbook, chapter 18); TeX has fewer kinds.
Kind = Literal[
    "letter",
    "number",
    "ordinary",
    "word",  # the name of a function: log, max, ReLU
    "text",
    "differential",  # clings to what follows: the partial sign, nabla, a capital delta
    "prefix",  # a sign in front of its term: the minus of -x
    "postfix",  # clings to what stands before it: a factorial
    "big",  # a sum, a product
    "binary",
    "relation",
    "punctuation",
    "open",
    "close",
    "fence",
    "fraction",
]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One sign or one name; `plain` is its spelling in ASCII."""

    sign: str
    plain: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Text:
    """Words inside a formula, without the spaces around them."""

    text: str


@dataclass(frozen=True, slots=True)
class Space:
    """Space that the author asked for; `source` is a blank in the LaTeX: a hint and no more."""

    size: Literal["source", "none", "thin", "quad", "qquad"]


@dataclass(frozen=True, slots=True)
class Row:
    """Things one after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A base with a subscript, a superscript or both; a limit of a sum or of `max` is a script too."""

    base: Node
    sub: Node | None = None
    sup: Node | None = None
    sup_first: bool = False


@dataclass(frozen=True, slots=True)
class Fraction:
    """A numerator over a denominator; without a bar a binomial coefficient, `small` on one line."""

    top: Node
    bottom: Node
    bar: bool = True
    small: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """A square root, or the root of an index."""

    body: Node
    index: Node | None = None


@dataclass(frozen=True, slots=True)
class Accent:
    """A hat, bar, tilde, dot, arrow over something, or a line under it."""

    name: str  # hat, bar, tilde, dot, ddot, vec, underline
    body: Node


@dataclass(frozen=True, slots=True)
class Fenced:
    """Something between two delimiters; an empty one is invisible."""

    left: str
    body: Node
    right: str


@dataclass(frozen=True, slots=True)
class Brace:
    """A brace, and its label, under or over something."""

    body: Node
    over: bool
    label: Node | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """A small thing over or under a base: `\\overset`, `\\underset`, a long arrow with its label."""

    base: Node
    above: Node | None = None
    below: Node | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of cells between two delimiters; `cases` are two columns behind a brace."""

    rows: tuple[tuple[Node, ...], ...]
    left: str = ""
    right: str = ""
    cases: bool = False
    columns: str = ""  # of an array: l, c, r


@dataclass(frozen=True, slots=True)
class Aligned:
    """Lines of a derivation, their columns right and left of the `&` in turn."""

    rows: tuple[tuple[Node, ...], ...]


Node = Symbol | Text | Space | Row | Script | Fraction | Root | Accent | Fenced | Brace | Stack | Matrix | Aligned
