"""LaTeX to the tree: what stands with what, which scripts belong to which base, which brackets are a pair."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tutor.mathtext.builders import built
from tutor.mathtext.environments import environment, is_rows, rows_of
from tutor.mathtext.error import MathError
from tutor.mathtext.fences import paired, trimmed
from tutor.mathtext.symbols import CLOSING, DELIMITER_PLAIN, DELIMITERS, MACROS, NEGATED, OPENING, SPACES
from tutor.mathtext.tokens import ENVIRONMENTS, IGNORED, MACRO_NAMES, SIZES, TEXTS, Token, inner, read, tokens
from tutor.mathtext.tree import Brace, Fenced, Kind, Matrix, Node, Row, Script, Space, Symbol
from tutor.mathtext.written import character, words

TRANSPOSED = Symbol("T", "T", "letter")


def parse(latex: str) -> Node:
    """The tree of a formula, or a MathError."""
    found = list(tokens(read(latex)))
    if is_rows(found):
        return environment("aligned", rows_of(found), row)
    return row(found)


def row(found: Sequence[Token]) -> Node:
    """Tokens as one row, its brackets paired."""
    return trimmed(paired(_Reader(found).items()))


class _Reader:
    """Reads tokens from left to right, once."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.found = found
        self.at = 0

    def items(self, until: str = "") -> list[Node]:
        """Everything up to the end, or up to the macro `until`, which stays unread."""
        items: list[Node] = []
        while self.at < len(self.found):
            token = self.found[self.at]
            if until and token.kind == "macro" and token.what == until:
                return items
            self.at += 1
            if token.kind == "space":
                items.append(Space("source"))
            elif not _is_ignored(token):
                whole = self._scripted(self._atom(token))
                is_words = token.kind == "macro" and token.what in TEXTS
                items += whole.items if is_words and isinstance(whole, Row) else (whole,)
        return items

    def _scripted(self, base: Node) -> Node:
        """The base with the scripts and primes that follow it."""
        sub: Node | None = None
        sup: Node | None = None
        primes = 0
        sup_first = False
        while (token := self._next_script()) is not None:
            if isinstance(base, Space):
                base = Row((base,))
            if token.what == "'":
                primes += 1
            elif token.what == "_":
                if sub is not None:
                    raise MathError("Two subscripts on one base; put the first pair in braces.", token.position)
                sub = self._argument(token)
            else:
                if sup is not None:
                    raise MathError("Two superscripts on one base; put the first pair in braces.", token.position)
                sup, sup_first = self._argument(token), sub is None
        if isinstance(base, Brace) and (sub is not None or sup is not None):
            return Brace(base.body, base.over, sup if base.over else sub)
        if primes:
            sign = {2: "″", 3: "‴"}.get(primes, "′" * primes)
            marks = Symbol(sign, "'" * primes, "postfix")
            sup, sup_first = (marks if sup is None else Row((marks, sup))), True
        if sub is None and sup is None:
            return base
        if isinstance(base, Script) and not (base.sub and sub) and not (base.sup and sup):
            return Script(base.base, base.sub or sub, base.sup or sup, base.sup_first)
        return Script(base, sub, sup, sup_first)

    def _next_script(self) -> Token | None:
        at = self.at
        while at < len(self.found):
            token = self.found[at]
            if _is_script(token):
                self.at = at + 1
                return token
            if token.kind != "space" and not (token.kind == "macro" and token.what in ("limits", "nolimits")):
                return None
            at += 1
        return None

    def _argument(self, after: Token) -> Node:
        """What a `^` or `_` takes: the next thing, without scripts of its own."""
        while self.at < len(self.found):
            token = self.found[self.at]
            self.at += 1
            if token.kind != "space" and not _is_ignored(token):
                if _is_script(token):
                    break
                return _as_script(self._atom(token))
        raise MathError(f"Nothing follows the `{after.what}`.", after.position)

    def _atom(self, token: Token) -> Node:
        match token.kind:
            case "group":
                return _group(token)
            case "environment":
                return _environment(token)
            case "macro":
                return self._macro(token)
        if token.what.isdigit() and token.what.isascii():
            return self._number(token)
        if _is_script(token):  # one without a base, as in {}^2 without the braces
            self.at -= 1
            return Row(())
        return character(token)

    def _number(self, token: Token) -> Node:
        digits = token.what
        while self.at < len(self.found):
            following = self.found[self.at]
            after = self.found[self.at + 1] if self.at + 1 < len(self.found) else None
            point = following.what == "." and after is not None and after.kind == "char" and after.what.isdigit()
            if following.kind != "char" or not (following.what.isdigit() or point):
                break
            digits += following.what
            self.at += 1
        return Symbol(digits, digits, "number")

    def _macro(self, token: Token) -> Node:
        name = token.what
        if name == "left":
            return self._left(token)
        if name in SIZES:
            return self._sized(token)
        if name == "not":
            return self._negated(token)
        if name in ("middle", "right"):
            return self._middle(token)
        if name in OPENING | CLOSING:
            return _bracket(DELIMITERS[name], "open" if name in OPENING else "close")
        return _plain_macro(token)

    def _delimiter(self, before: Token) -> str:
        while self.at < len(self.found):
            token = self.found[self.at]
            self.at += 1
            if token.kind == "space":
                continue
            if token.kind == "macro" and token.what in DELIMITERS:
                return DELIMITERS[token.what]
            if token.kind == "char" and token.what in "()[]|./‖⟨⟩":
                return "" if token.what == "." else token.what
            if token.kind == "char" and token.what in "<>":
                return "⟨" if token.what == "<" else "⟩"
            break
        raise MathError(f"After `\\{before.what}` there must be a bracket, a bar or a full stop.", before.position)

    def _left(self, token: Token) -> Node:
        left = self._delimiter(token)
        inside = self.items(until="right")
        if self.at >= len(self.found):
            raise MathError("`\\left` has no `\\right`.", token.position)
        closing = self.found[self.at]
        self.at += 1
        return Fenced(left, trimmed(paired(inside)), self._delimiter(closing))

    def _middle(self, token: Token) -> Node:
        if token.what == "right":
            raise MathError("`\\right` has no `\\left`.", token.position)
        return _bracket(self._delimiter(token), "relation")

    def _sized(self, token: Token) -> Node:
        sign = self._delimiter(token)
        kind: Kind = "ordinary"
        if token.what.endswith("m"):
            kind = "relation"
        elif (sign and sign in "([{⟨⌊⌈") or token.what.endswith("l"):
            kind = "open"
        elif (sign and sign in ")]}⟩⌋⌉") or token.what.endswith("r"):
            kind = "close"
        return _bracket(sign, kind)

    def _negated(self, token: Token) -> Node:
        following = self._argument(token)
        if isinstance(following, Symbol) and following.sign in NEGATED:
            other = NEGATED[following.sign]
            return MACROS[other] if other in MACROS else Symbol(other, f"not {following.plain}", "relation")
        raise MathError("`\\not` is known before `=`, `\\in`, `\\equiv` and `\\approx`.", token.position)


def _is_ignored(token: Token) -> bool:
    return token.kind == "macro" and token.what in IGNORED


def _is_script(token: Token) -> bool:
    return token.kind == "char" and token.what in "^_'"


def _bracket(sign: str, kind: Kind) -> Symbol:
    return Symbol(sign, DELIMITER_PLAIN.get(sign, sign), kind)


def _group(token: Token) -> Node:
    """A group counts as one thing: {,} in 101{,}770 is no punctuation and {=} no relation."""
    whole = row(list(tokens(token.parts)))
    if isinstance(whole, Symbol) and whole.kind in ("punctuation", "binary", "relation"):
        return Symbol(whole.sign, whole.plain, "ordinary")
    return whole


def _as_script(node: Node) -> Node:
    r"""A script as it is meant: \top, also in ^{-\top}, is a T, \circ a degree, \star and \ast a star."""
    if isinstance(node, Row):
        return Row(tuple(TRANSPOSED if item == MACROS["top"] else item for item in node.items))
    if not isinstance(node, Symbol):
        return node
    if node == MACROS["top"]:
        return TRANSPOSED
    if node == MACROS["circ"]:
        return MACROS["degree"]
    if node in (MACROS["ast"], MACROS["star"]):
        return Symbol("*", "*", "ordinary")
    return Symbol(node.sign, node.plain, "ordinary") if node.kind == "binary" else node


def _environment(token: Token) -> Node:
    if token.what not in ENVIRONMENTS:
        known = ", ".join(sorted(ENVIRONMENTS))
        raise MathError(f"The environment `{token.what}` is not known to the layout; there is {known}.", token.position)
    return environment(token.what, rows_of(list(tokens(token.parts))), row, token.columns)


def _plain_macro(token: Token) -> Node:
    """A macro that takes nothing from what follows it but its own arguments."""
    name = token.what
    if name in TEXTS:
        return words(token, row)
    if name in SPACES:
        return SPACES[name]
    if name in MACROS:
        return MACROS[name]
    if name in DELIMITERS:
        return _bracket(DELIMITERS[name], "ordinary")
    if name == "bmod":
        return Symbol("mod", "mod", "relation")
    if name == "intercal":
        return TRANSPOSED
    if name == "substack" and token.parts and token.parts[0] is not None:
        lines = rows_of(list(tokens(inner(token.parts[0]))))
        return Matrix(tuple((row(line[0]),) for line in lines))
    arguments = [None if part is None else row(list(tokens(inner(part)))) for part in token.parts]
    made = built(name, arguments, token.position)
    if made is None:
        raise _unknown(token)
    return made


def _unknown(token: Token) -> MathError:
    near = difflib.get_close_matches(token.what, sorted(MACRO_NAMES), n=1)
    advice = f" Did you mean `\\{near[0]}`?" if near else ""
    return MathError(f"The macro `\\{token.what}` is not known to the layout.{advice}", token.position)
