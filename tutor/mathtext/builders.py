"""The macros with arguments: fractions, roots, accents, fonts, braces, things over things."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tutor.mathtext.error import MathError
from tutor.mathtext.symbols import ACCENT_NAMES, BLACKBOARD, MACROS, SCRIPT_LETTERS
from tutor.mathtext.tree import Accent, Brace, Fenced, Fraction, Node, Root, Row, Space, Stack, Symbol

Arguments = Sequence[Node | None]


def built(name: str, arguments: Arguments, position: int) -> Node | None:
    """The tree of a macro with its arguments, or None for a macro that is none of these."""
    if name not in _BUILDERS:
        return None
    if not arguments or arguments[-1] is None:
        raise MathError(f"`\\{name}` lacks its argument; inside of another it wants braces around it.", position)
    return _BUILDERS[name](name, arguments)


def _given(arguments: Arguments, number: int) -> Node:
    argument = arguments[number]
    return Row(()) if argument is None else argument


def _fraction(name: str, arguments: Arguments) -> Node:
    return Fraction(_given(arguments, 0), _given(arguments, 1), small=name == "tfrac")


def _binomial(_name: str, arguments: Arguments) -> Node:
    return Fenced("(", Fraction(_given(arguments, 0), _given(arguments, 1), bar=False), ")")


def _root(_name: str, arguments: Arguments) -> Node:
    return Root(_given(arguments, 1), arguments[0])


def _accent(name: str, arguments: Arguments) -> Node:
    return Accent(ACCENT_NAMES[name], _given(arguments, 0))


def _upright(_name: str, arguments: Arguments) -> Node:
    """Upright letters: a name when there are several of them, else the letter."""
    node = _given(arguments, -1)
    letters = _spelled(node)
    if letters is None:
        return node
    if len(letters) == 1:
        return Symbol(letters, letters, "differential" if letters == "d" else "letter")
    return Symbol(letters, letters, "word")


def _spelled(node: Node) -> str | None:
    """The letters of a name, a thin space in it kept; None where there is more than letters."""
    pieces = []
    for item in node.items if isinstance(node, Row) else (node,):
        if isinstance(item, Space):
            pieces.append(" " if item.size == "thin" else "")
        elif isinstance(item, Symbol) and item.kind in ("letter", "number", "ordinary"):
            pieces.append(item.sign)
        elif isinstance(item, Symbol) and item.sign == "−":
            pieces.append("-")
        else:
            return None
    return "".join(pieces) or None


def _as_it_is(_name: str, arguments: Arguments) -> Node:
    """A terminal's formula has no bold and no slant; the letters stay."""
    return _given(arguments, 0)


def _lettered(name: str, arguments: Arguments) -> Node:
    inner = _given(arguments, 0)
    table = BLACKBOARD if name == "mathbb" else SCRIPT_LETTERS
    if isinstance(inner, Symbol) and inner.sign in table:
        return Symbol(table[inner.sign], inner.plain, "letter")
    return inner


def _brace(name: str, arguments: Arguments) -> Node:
    return Brace(_given(arguments, 0), over=name == "overbrace")


def _stack(name: str, arguments: Arguments) -> Node:
    small, base = _given(arguments, 0), _given(arguments, 1)
    return Stack(base, below=small) if name == "underset" else Stack(base, above=small)


def _long_arrow(name: str, arguments: Arguments) -> Node:
    return Stack(MACROS["to" if name == "xrightarrow" else "gets"], above=_given(arguments, 1), below=arguments[0])


def _boxed(_name: str, arguments: Arguments) -> Node:
    return Fenced("[", _given(arguments, 0), "]")


def _modulo(_name: str, arguments: Arguments) -> Node:
    return Fenced("(", Row((Symbol("mod", "mod", "word"), _given(arguments, 0))), ")")


_BUILDERS: dict[str, Callable[[str, Arguments], Node]] = {
    **dict.fromkeys(("frac", "dfrac", "cfrac", "tfrac"), _fraction),
    **dict.fromkeys(("mathrm", "mathsf", "mathtt", "mathit", "operatorname"), _upright),
    **dict.fromkeys(("mathbf", "boldsymbol", "bm", "mathop", "mathbin", "mathrel"), _as_it_is),
    **dict.fromkeys(("mathbb", "mathcal", "mathscr"), _lettered),
    **dict.fromkeys(("underbrace", "overbrace"), _brace),
    **dict.fromkeys(("overset", "underset", "stackrel"), _stack),
    **dict.fromkeys(("xrightarrow", "xleftarrow"), _long_arrow),
    **dict.fromkeys(ACCENT_NAMES, _accent),
    "binom": _binomial,
    "sqrt": _root,
    "boxed": _boxed,
    "pmod": _modulo,
}
