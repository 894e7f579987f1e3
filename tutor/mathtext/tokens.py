"""pylatexenc's nodes as a flat list of tokens: characters, macros, groups, environments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from tutor.mathtext.error import MathError
from tutor.mathtext.symbols import ACCENT_NAMES, DELIMITERS, MACROS, SPACES

# Macros with arguments, as pylatexenc writes them: { one that must be there, [ one that may, * a star.
ARGUMENTS: dict[str, str] = {
    **dict.fromkeys(ACCENT_NAMES, "{"),
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac", "binom", "overset", "underset", "stackrel"), "{{"),
    **dict.fromkeys(("underbrace", "overbrace", "boxed", "substack", "pmod"), "{"),
    **dict.fromkeys(("mathrm", "mathbf", "mathit", "mathsf", "mathtt", "mathbb", "mathcal", "mathscr"), "{"),
    **dict.fromkeys(("boldsymbol", "bm", "mathop", "mathbin", "mathrel"), "{"),
    **dict.fromkeys(("text", "textbf", "textit", "textrm", "texttt", "mbox"), "{"),
    **dict.fromkeys(("xrightarrow", "xleftarrow", "sqrt"), "[{"),
    "operatorname": "*{",
    "\\": "*[",
}
TEXTS = {"text", "textbf", "textit", "textrm", "texttt", "mbox"}
SIZES = {f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")}
IGNORED = {"displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "nonumber", "notag"}
STRUCTURE = {"left", "right", "middle", "not", "bmod", "intercal"}
ENVIRONMENTS = {
    **dict.fromkeys(("matrix", "bmatrix", "pmatrix", "vmatrix", "Vmatrix", "Bmatrix", "smallmatrix"), ""),
    **dict.fromkeys(("cases", "aligned", "align", "align*", "gathered", "split", "equation", "equation*"), ""),
    "array": "{",
}
MACRO_NAMES = frozenset(
    {*ARGUMENTS, *SIZES, *IGNORED, *STRUCTURE, *MACROS, *SPACES, *DELIMITERS},
)


@dataclass(frozen=True, slots=True)
class Token:
    """One step of the LaTeX: `what` is the character or the name; `parts` are pylatexenc's nodes inside of it."""

    kind: Literal["char", "space", "macro", "group", "environment"]
    what: str
    position: int
    parts: tuple[Any, ...] = ()
    columns: str = ""  # what an array says of its columns: {lcr}


@cache
def _context() -> Any:
    """What pylatexenc shall know: our macros, and none of its own."""
    from pylatexenc.macrospec import (
        EnvironmentSpec,
        LatexContextDb,
        MacroSpec,
        MacroStandardArgsParser,
        SpecialsSpec,
    )

    def spec(name: str, arguments: str) -> Any:
        modes = [False] if name in TEXTS else None
        tight = name == "\\"
        parser = MacroStandardArgsParser(arguments, args_math_mode=modes, optional_arg_no_space=tight)
        return MacroSpec(name, args_parser=parser)

    context = LatexContextDb()
    context.add_context_category(
        "formulas",
        macros=[spec(*entry) for entry in ARGUMENTS.items()],
        environments=[EnvironmentSpec(*entry) for entry in ENVIRONMENTS.items()],
        specials=[SpecialsSpec("&"), SpecialsSpec("~")],
    )
    context.set_unknown_macro_spec(MacroSpec(""))
    context.set_unknown_environment_spec(EnvironmentSpec(""))
    return context


def read(latex: str) -> list[Any]:
    """pylatexenc's nodes of a formula."""
    from pylatexenc.latexwalker import LatexWalker, LatexWalkerEndOfStream, LatexWalkerParseError

    try:
        walker = LatexWalker(latex, latex_context=_context(), tolerant_parsing=False)
        nodes: list[Any] = walker.get_latex_nodes(
            parsing_state=walker.make_parsing_state(in_math_mode=True),
        )[0]
    except LatexWalkerParseError as error:
        position = error.pos or 0
        raise MathError(f"The LaTeX ends or closes where it should not: {_reason(error.msg)}", position) from None
    except LatexWalkerEndOfStream:
        raise MathError("The LaTeX ends where an argument should stand.", len(latex)) from None
    return nodes


def _reason(message: str) -> str:
    message = message.strip().splitlines()[0].strip()
    return message if message.endswith(".") else message + "."


def tokens(nodes: Iterable[Any]) -> Iterator[Token]:
    """The nodes one by one, text cut into characters, runs of blanks made one."""
    for node in nodes:
        if node is None:
            continue
        match type(node).__name__:
            case "LatexCharsNode":
                yield from _characters(node)
            case "LatexMacroNode":
                arguments = node.nodeargd.argnlist if node.nodeargd and node.nodeargd.argnlist else ()
                yield Token("macro", node.macroname, node.pos, tuple(arguments))
                if node.macro_post_space and not arguments:
                    yield Token("space", " ", node.pos + len(node.macroname) + 1)
            case "LatexGroupNode":
                yield Token("group", "", node.pos, tuple(node.nodelist))
            case "LatexEnvironmentNode":
                columns = node.nodeargd.argnlist if node.nodeargd and node.nodeargd.argnlist else ()
                spec = "".join(part.latex_verbatim() for part in columns)
                yield Token("environment", node.environmentname, node.pos, tuple(node.nodelist), spec)
            case "LatexSpecialsNode" if node.specials_chars == "~":
                yield Token("macro", " ", node.pos)
            case "LatexSpecialsNode":
                yield Token("char", node.specials_chars, node.pos)
            case "LatexMathNode":
                raise MathError("A dollar stands inside the formula; it is no part of it.", node.pos)


def inner(node: Any) -> list[Any]:
    """What is inside the braces of an argument, or the argument that has none."""
    return list(node.nodelist) if hasattr(node, "nodelist") else [node]


def _characters(node: Any) -> Iterator[Token]:
    before = ""
    for offset, char in enumerate(node.chars):
        if not char.isspace():
            yield Token("char", char, node.pos + offset)
        elif not before.isspace():
            yield Token("space", " ", node.pos + offset)
        before = char
