"""The tree as boxes: fractions stacked, limits over and under, everything on its baseline."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.mathtext.accents import MARKS, accented
from tutor.mathtext.box import EMPTY, Box, beside, box, grown, outlined, placed, stacked, text
from tutor.mathtext.delimiters import fenced, rooted
from tutor.mathtext.one_line import ROOTS, flat, is_blank, is_short_radicand, subscript, superscript
from tutor.mathtext.scripts import lowered, raised
from tutor.mathtext.spacing import Placed, Style, spaced
from tutor.mathtext.symbols import LIMITS
from tutor.mathtext.tables import aligned, matrix
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
    Stack,
    Symbol,
)


def layout(node: Node, style: Style) -> Box:
    """The box of a node, as wide as it likes."""
    match node:
        case Row(items=items):
            return row(items, style)
        case Script():
            return _script(node, style, tall_follows=False)
        case Fraction():
            return _fraction(node, style)
        case Root():
            return _root(node, style)
        case Accent():
            return _accent(node, style)
        case Fenced(left=left, body=body, right=right):
            return fenced(left, layout(body, style.inside()), right, style)
        case Brace():
            return _brace(node, style)
        case Stack():
            return _stack(node, style)
        case Matrix():
            return matrix(node, style, layout)
        case Aligned():
            return aligned(node, style, layout)
    return text(flat(node, style))


def row(items: Sequence[Node], style: Style) -> Box:
    """Things one after the other, with the space between them."""
    return joined(spaced(items, style), style)


def joined(parts: Sequence[Placed], style: Style, first_gap: bool = True) -> Box:
    """Spaced things as one box; a continuation line leaves the gap before its first thing out."""
    pieces: list[Box] = []
    for part, made in zip(parts, boxes_of(parts, style), strict=True):
        if part.gap and (pieces or first_gap):
            dot = " * " if style.ascii else " · "
            pieces.append(text(dot if part.dot else " " * part.gap))
        pieces.append(made)
    return beside(pieces)


def boxes_of(parts: Sequence[Placed], style: Style) -> list[Box]:
    """The box of each part; a sum before something tall has its limits under it."""
    made: list[Box] = []
    tall_follows = False
    for part in reversed(parts):
        if part.kind in ("relation", "binary"):
            tall_follows = False
        if isinstance(part.node, Script) and takes_limits(part.node.base):
            this = _script(part.node, style, tall_follows)
        else:
            this = layout(part.node, style)
        tall_follows = tall_follows or this.tall
        made.append(this)
    return made[::-1]


def takes_limits(base: Node) -> bool:
    """Whether the scripts of a base are limits: a sum, a maximum."""
    if isinstance(base, Symbol):
        return base.kind == "big" or base.sign in LIMITS
    return False


def _script(node: Script, style: Style, tall_follows: bool) -> Box:
    if takes_limits(node.base) and style.place != "script":
        return _limited(node, style, tall_follows)
    base = layout(_as_base(node.base), style)
    sub = None if node.sub is None else _one_line(node.sub, style, raise_it=False)
    sup = None if node.sup is None else _one_line(node.sup, style, raise_it=True)
    if not base.tall and base.height == 1 and isinstance(sub or "", str) and isinstance(sup or "", str):
        pieces = (sup, sub) if node.sup_first else (sub, sup)
        return text(base.lines[0] + "".join(piece for piece in pieces if isinstance(piece, str)))
    return _raised_and_lowered(base, sub, sup)


def _as_base(base: Node) -> Node:
    """The base of a script, in brackets where the script would seem to belong to its last part."""
    several = isinstance(base, Row) and len(base.items) > 1 and not is_blank(base)
    return Fenced("(", base, ")") if several or isinstance(base, Script | Fraction | Root) else base


def _one_line(script: Node, style: Style, raise_it: bool) -> str | Box:
    """A script as signs on the line of its base, or as a box to be moved off it."""
    line = flat(script, style.script())
    if style.ascii:
        made = layout(script, style.script())
        if made.height > 1:
            return made
        return superscript(script, style) if raise_it else subscript(script, style)
    if raise_it and line and not line.strip("′″‴"):
        return line
    signs = raised(line) if raise_it else lowered(line)
    return signs if signs is not None else layout(script, style.script())


def _raised_and_lowered(base: Box, sub: str | Box | None, sup: str | Box | None) -> Box:
    """A base with scripts at its upper and lower right corner."""
    over = [] if sup is None else list(sup.lines if isinstance(sup, Box) else (sup,))
    under = [] if sub is None else list(sub.lines if isinstance(sub, Box) else (sub,))
    at_corner_above = isinstance(sup, str)
    at_corner_below = isinstance(sub, str)
    if base.height == 1 and at_corner_above and at_corner_below:
        at_corner_below = False
    above = base.rise - 1 if at_corner_above else base.rise
    width = max(map(len, [*over, *under]))
    blank = " " * width
    # Rows of the column of scripts, from the top one down to the bottom one, counted from the baseline.
    top = max(base.above, above + len(over)) if over else base.above
    rows = {}
    for number, line in enumerate(reversed(over)):
        rows[above + 1 + number] = line
    below = base.fall - 1 if at_corner_below else base.fall
    for number, line in enumerate(under):
        rows[-(below + 1 + number)] = line
    bottom = max(base.below, *(-place for place in rows), 0)
    top = max(top, *rows, 0)
    column = [rows.get(place, blank) for place in range(top, -bottom - 1, -1)]
    scripts = outlined(box(column, top), base)
    whole = beside((grown(base, top, bottom), scripts))
    return outlined(whole, base)


def _limited(node: Script, style: Style, tall_follows: bool) -> Box:
    """A sum or a maximum with its limits: beside it when they are short and nothing tall follows."""
    base = layout(node.base, style)
    sub = None if node.sub is None else _one_line(node.sub, style, raise_it=False)
    short = isinstance(sub, str) and (len(sub) <= 2 or (style.ascii and len(sub) <= 3))
    if node.sup is None and short and isinstance(sub, str) and not tall_follows:
        return text(base.lines[0] + sub)
    return _limits(base, *_notes(node.sub, node.sup, style))


def _notes(below: Node | None, above: Node | None, style: Style) -> tuple[Box | None, Box | None]:
    """What stands under and over something, in the small style."""
    script = style.script()
    return (None if below is None else layout(below, script), None if above is None else layout(above, script))


def _limits(base: Box, below: Box | None, above: Box | None) -> Box:
    parts = [part for part in (above, base, below) if part is not None]
    return stacked(parts, int(above is not None))


def _stack(node: Stack, style: Style) -> Box:
    """A small thing over or under a base; an arrow grows with its label."""
    base = layout(node.base, style)
    below, above = _notes(node.below, node.above, style)
    if isinstance(node.base, Symbol) and node.base.sign in "→←":
        longest = max(note.width for note in (below, above) if note is not None)
        stroke = text(("-" if style.ascii else "─") * (longest + 1))
        base = beside((stroke, base) if node.base.sign == "→" else (base, stroke))
    return _limits(base, below, above)


def _fraction(node: Fraction, style: Style) -> Box:
    if node.small or style.place == "script":
        return text(flat(node, style))
    top, bottom = layout(node.top, style.inside()), layout(node.bottom, style.inside())
    width = max(top.width, bottom.width)
    if width <= 1 and node.bar:
        width = 3  # a bar of one cell is read as a minus
    bar = "-" if style.ascii else "─"
    if any(part.tall and part.width == width for part in (top, bottom)):
        width += 2
    middle = text((bar if node.bar else " ") * width)
    return stacked((top, middle, bottom), 1)


def _root(node: Root, style: Style) -> Box:
    body = layout(node.body, style.inside())
    line = flat(node, style)
    short = is_short_radicand(_unaccented(node.body), "x")
    if body.height == 1 and (style.ascii or short or style.place == "script"):
        return text(line)
    if not body.tall and body.height > 1:  # a hat stands where the line over it would be
        mark = text("sqrt" if style.ascii else "√")
        return beside((mark, body) if short and not style.ascii else (mark, text("("), body, text(")")))
    if node.index is None:
        return rooted(body, style)
    if body.height == 1 and (sign := ROOTS.get(flat(node.index, style))):
        return rooted(body, style, sign)
    made = rooted(body, style)
    degree = layout(node.index, style.script())
    return beside((outlined(box([*degree.lines, " " * degree.width], degree.height), text("")), made))


def _unaccented(node: Node) -> Node:
    """The letter under a hat, with its index."""
    if isinstance(node, Script):
        return Script(_unaccented(node.base), node.sub, node.sup)
    return _unaccented(node.body) if isinstance(node, Accent) else node


def _accent(node: Accent, style: Style) -> Box:
    if isinstance(node.body, Script):  # the mark stands over the letter, not over its index
        inner = Accent(node.name, node.body.base)
        return layout(Script(inner, node.body.sub, node.body.sup, node.body.sup_first), style)
    body = layout(node.body, style)
    if body.height == 1 and not style.ascii and (sign := accented(body.lines[0], node.name)):
        return text(sign)
    if style.ascii and body.height == 1 and body.width == 1:
        return text(flat(node, style))
    width = body.width
    if node.name == "underline":
        return outlined(box((*body.lines, ("-" if style.ascii else "‾") * width), body.baseline), body)
    mark = "->" if style.ascii and node.name == "vec" else MARKS[node.name]
    line = mark * width if node.name == "bar" else mark.center(width)
    return outlined(box((line, *body.lines), body.baseline + 1), body)


def _brace(node: Brace, style: Style) -> Box:
    body = layout(node.body, style)
    width = max(body.width, 3)
    label = EMPTY if node.label is None else layout(node.label, style.inside())
    mark = text(_brace_line(width, node.over, style, bool(label.width)))
    body = placed(body, width)
    parts = (label, mark, body) if node.over else (body, mark, label)
    seen = [part for part in parts if part.width]
    made = stacked(seen, seen.index(body))
    return outlined(made, body)


def _brace_line(width: int, over: bool, style: Style, labelled: bool) -> str:
    if style.ascii:
        left, right, line = (".", ".", "-") if over else ("'", "'", "-")
        middle = "+"
    else:
        left, right, line = ("╭", "╮", "─") if over else ("╰", "╯", "─")
        middle = "┴" if over else "┬"
    half = (width - 1) // 2
    strokes = left + line * (width - 2) + right
    return strokes[:half] + middle + strokes[half + 1 :] if labelled else strokes
