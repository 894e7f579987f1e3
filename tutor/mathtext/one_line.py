"""A formula on one line of text: fractions with a slash, and brackets wherever the line would be read otherwise."""

from __future__ import annotations

from tutor.mathtext.accents import accented
from tutor.mathtext.scripts import bracketed, lowered, raised
from tutor.mathtext.spacing import Style, is_operator, is_vulgar, kind_of, sign_of, spaced, visible
from tutor.mathtext.symbols import DELIMITER_PLAIN, LIMITS, VULGAR
from tutor.mathtext.tree import (
    Accent,
    Aligned,
    Brace,
    Fenced,
    Fraction,
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
from tutor.mathtext.words import ascii_words


def flat(node: Node, style: Style) -> str:
    """The node as one line."""
    style = style.flattened()
    match node:
        case Symbol():
            return sign_of(node, style)
        case Text(text=text):
            return ascii_words(text) if style.ascii else text
        case Row(items=items):
            return _row(items, style)
        case Script():
            return _script(node, style)
        case Fraction():
            return _fraction(node, style)
        case Root(body=body, index=index):
            return _root(body, index, style)
        case Accent():
            return _accent(node, style)
        case Fenced(left=left, body=body, right=right):
            return delimiter(left, style) + flat(body, style.inside()) + delimiter(right, style, closing=True)
        case Brace(body=body, label=label):
            return flat(body, style) + (f" [{flat(label, style)}]" if label is not None else "")
        case Stack():
            return _stack(node, style)
        case Matrix():
            return _matrix(node, style)
        case Aligned(rows=rows):
            return _aligned(rows, style)
    return ""


def delimiter(sign: str, style: Style, closing: bool = False) -> str:
    """A bracket in this style."""
    if style.ascii and sign in "⌊⌋⌈⌉" and sign:
        return ")" if closing else DELIMITER_PLAIN[sign]
    return DELIMITER_PLAIN.get(sign, sign) if style.ascii else sign


def _row(items: tuple[Node, ...], style: Style) -> str:
    line = ""
    before: Node | None = None
    for part in spaced(items, style):
        written = flat(part.node, style)
        if isinstance(part.node, Fraction) and _binds_a_fraction(before) and not is_vulgar(part.node, style):
            written, gap = f"({written})", " " if is_operator(before) else ""
        else:
            gap = (" * " if style.ascii else " · ") if part.dot else " " * part.gap
        line += gap + written
        before = part.node
    return line


def _binds_a_fraction(before: Node | None) -> bool:
    """Whether a fraction after it needs brackets: log(a/b) and d/dx (a/b)."""
    if is_operator(before):
        return True
    if before is None or kind_of(before) not in ("word", "differential"):
        return False
    base = before.base if isinstance(before, Script) else before
    return not (isinstance(base, Symbol) and base.sign in LIMITS)


def _script(node: Script, style: Style) -> str:
    base = flat(node.base, style)
    if _needs_brackets_as_base(node.base):
        base = f"({base})"
    sub = "" if node.sub is None else subscript(node.sub, style)
    sup = "" if node.sup is None else superscript(node.sup, style)
    return base + (sup + sub if node.sup_first else sub + sup)


def _needs_brackets_as_base(base: Node) -> bool:
    match base:
        case Row(items=items):
            return len(list(visible(items))) > 1
        case Fraction() | Script() | Root():
            return True
    return False


def subscript(node: Node, style: Style) -> str:
    """A subscript on the same line: subscript signs, else `_name` or `_(i + 1)`."""
    text = flat(node, style.script())
    return (not style.ascii and lowered(text)) or bracketed("_", text)


def superscript(node: Node, style: Style) -> str:
    """A superscript on the same line: superscript signs, else `^name` or `^(n + 1)`."""
    text = flat(node, style.script())
    if text and not text.strip("′″‴'"):
        return text
    return (not style.ascii and raised(text)) or bracketed("^", text)


def _fraction(node: Fraction, style: Style) -> str:
    if not node.bar:
        return f"{flat(node.top, style)} over {flat(node.bottom, style)}"
    top, bottom = flat(node.top, style.inside()), flat(node.bottom, style.inside())
    if is_vulgar(node, style):
        return VULGAR[top, bottom]
    if _needs_brackets_above(node.top):
        top = f"({top})"
    if _needs_brackets_below(node.bottom):
        bottom = f"({bottom})"
    return f"{top}/{bottom}"


def _factors(node: Node) -> list[Node]:
    return list(visible(node.items)) if isinstance(node, Row) else [node]


def _needs_brackets_above(node: Node) -> bool:
    """A numerator with anything in it that binds less than a slash."""
    factors = _factors(node)
    kinds = [kind_of(factor) for factor in factors]
    if kinds[:1] == ["binary"]:  # a minus before it all
        return True
    if {"binary", "relation", "punctuation", "big", "text"} & set(kinds[1:]) or "big" in kinds[:1]:
        return len(factors) > 1
    if "fraction" in kinds:
        return True
    return "word" in kinds and kinds[-1] != "fence" and len(factors) > 1


def _needs_brackets_below(node: Node) -> bool:
    """A denominator that is more than one factor: a/(b c), but ∂L/∂W."""
    factors = _factors(node)
    if len(factors) < 2:
        return isinstance(factors[0], Fraction | Aligned) if factors else False
    first, second = factors[0], factors[1]
    if len(factors) == 2 and kind_of(second) in ("letter", "ordinary", "word"):
        sign = first.base if isinstance(first, Script) else first
        return not (isinstance(sign, Symbol) and (sign.kind == "differential" or sign.sign == "d"))
    if len(factors) == 2 and isinstance(second, Fenced):
        return not (kind_of(first) == "word" or (isinstance(first, Symbol) and first.sign in _FUNCTION_LETTERS))
    return True


_FUNCTION_LETTERS = "fghσφψpP"


def _root(body: Node, index: Node | None, style: Style) -> str:
    inside = flat(body, style.inside())
    mark = "sqrt" if style.ascii else "√"
    if index is not None:
        degree = flat(index, style.script())
        mark = f"root{degree}" if style.ascii else ROOTS.get(degree, (raised(degree) or degree) + "√")
    if isinstance(body, Fenced) and body.left == "(":
        return mark + inside
    if not style.ascii and is_short_radicand(body, inside):
        return mark + inside
    return f"{mark}({inside})"


ROOTS = {"3": "∛", "4": "∜"}


def is_short_radicand(body: Node, written: str) -> bool:
    """Whether a root sign alone is enough: a letter, with an index perhaps, or a number."""
    if isinstance(body, Script):
        return body.sup is None and body.sub is not None and "_" not in written and is_short_radicand(body.base, "x")
    return isinstance(body, Symbol) and (body.kind == "number" or len(written) == 1)


def _accent(node: Accent, style: Style) -> str:
    body = flat(node.body, style)
    if not style.ascii and (sign := accented(body, node.name)):
        return sign
    name = node.name
    if body.replace("_", "").isalnum():
        return f"{body}_{name}"
    if isinstance(node.body, Script):
        inner = Accent(node.name, node.body.base)
        return flat(Script(inner, node.body.sub, node.body.sup, node.body.sup_first), style)
    return f"{name}({body})"


def _stack(node: Stack, style: Style) -> str:
    base = flat(node.base, style)
    notes = [flat(part, style.inside()) for part in (node.above, node.below) if part is not None]
    note = ", ".join(notes)
    return base if not note else f"{base}[{note}]"


def _matrix(node: Matrix, style: Style) -> str:
    inside = style.inside()
    if node.cases:
        rows = [_case(row, inside) for row in node.rows]
        return "{ " + "; ".join(rows) + " }"
    between = " " if node.columns else ", "  # an array may be a table of words
    rows = [between.join(flat(cell, inside) for cell in row) for row in node.rows]
    if node.columns:
        return "; ".join(rows)
    if style.place == "script" and not node.left:
        return ", ".join(rows)
    left, right = (node.left, node.right) if node.left else ("[", "]")
    if len(node.rows) == 1 and not node.left:
        return rows[0]
    return delimiter(left, style) + "; ".join(rows) + delimiter(right, style, closing=True)


def _case(row: tuple[Node, ...], style: Style) -> str:
    """A value and the words that say when it holds; a comma where the author wrote a condition alone."""
    written = [flat(cell, style).rstrip(",") for cell in row]
    return "".join(
        words if not number else f" {words}" if kind_of(_first(row[number])) == "text" else f", {words}"
        for number, words in enumerate(written)
        if words
    )


def _first(node: Node) -> Node:
    """What a row begins with."""
    return next(visible(node.items), node) if isinstance(node, Row) else node


def _aligned(rows: tuple[tuple[Node, ...], ...], style: Style) -> str:
    line = ""
    for row in rows:
        items: list[Node] = []
        for number, cell in enumerate(row):
            if number and number % 2 == 0:
                items.append(Space("quad"))
            items += cell.items if isinstance(cell, Row) else (cell,)
        written = flat(Row(tuple(items)), style)
        goes_on = any(kind_of(item) == "relation" for item in list(visible(items))[:1])
        line += written if not line else (f" {written}" if goes_on else f"; {written}")
    return line


def is_blank(node: Node) -> bool:
    """Whether nothing is to be seen of a node."""
    return isinstance(node, Space) or (isinstance(node, Row) and all(is_blank(item) for item in node.items))
