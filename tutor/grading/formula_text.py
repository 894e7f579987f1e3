"""What a learner types as a formula, read as one Python expression; nothing of it is run here."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection

from msgspec import Struct

MAX_FORMULA = 300  # characters

BUILTINS = frozenset(("abs", "float", "int", "len", "max", "min", "range", "round", "sum"))
# Functions of NumPy that are understood without `np.` in front.
OF_NUMPY = frozenset(
    (
        *("argmax", "clip", "dot", "einsum", "exp", "log", "matmul", "maximum", "mean", "minimum", "multiply", "ones"),
        *("outer", "prod", "sign", "sqrt", "square", "tanh", "transpose", "where", "zeros"),
    )
)

# Signs of mathematics, and those that an editor puts in the place of others, which can only mean one thing.
_MEANT = {
    **dict.fromkeys(("ᵀ", "⊤", "^T"), ".T"),
    **dict.fromkeys(("×", "⊙", "∗"), "*"),
    **dict.fromkeys(("“", "”", "„"), '"'),
    **dict.fromkeys(("‘", "’"), "'"),
    **{"²": "**2", "→": "->"},
}


class FormulaError(ValueError):
    """What was typed is no formula; the sentence says why."""


def read_formula(text: str, names: Collection[str]) -> tuple[ast.expr, ...]:
    """The expressions that a text may mean, the likeliest first: `x·g` is a matrix product, or one by element.

    Forgiven are `ᵀ` and `^T`, `²`, the signs `·`, `×`, `⊙` and `−`, a name in the wrong case, NumPy's functions without
    `np.`, and a name with `=`, or `return`, in front of it all. FormulaError for what is no expression of these names.
    """
    text = text.strip()
    if not text:
        raise FormulaError("Type an expression of NumPy, as it would stand in code.")
    if len(text) > MAX_FORMULA:
        raise FormulaError(f"That is longer than a formula is here: {MAX_FORMULA} signs are the most.")
    text = re.sub(r"^(return\s+|[^\W\d][\w.]*\s*=(?!=)\s*)", "", text)
    text = re.sub("[\u2212\u2010-\u2015\ufe63\uff0d]", "-", text)
    for sign, meant in _MEANT.items():
        text = text.replace(sign, meant)
    text = re.sub(r"\^(?=\s*[0-9(])", "**", text)
    readings = [text.replace("·", "@"), text.replace("·", "*")] if "·" in text else [text]
    return tuple(_expression(reading, names) for reading in readings)


def _expression(text: str, names: Collection[str]) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a wrong escape in a text: on the screen it would be a scribble
            expression = ast.parse(text, mode="eval")
            _Known(names, expression).visit(expression)
            return ast.fix_missing_locations(expression).body
    except FormulaError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(_about_syntax(text, error)) from None


def _about_syntax(text: str, error: Exception) -> str:
    if text.count("(") != text.count(")"):
        more = "opened" if text.count("(") > text.count(")") else "closed"
        return f"That is no expression yet: a parenthesis is {more} too often."
    at = error.offset if isinstance(error, SyntaxError) else None
    before = text[: at - 1].rstrip() if at else ""
    if not at or at > len(text):
        return "That is no expression yet: something is missing at its end."
    where = f", understood as far as `{before}`" if before else ""
    return f"That is no expression of Python{where}. Write it as it would stand in code."


class _Known(ast.NodeTransformer):
    """Names that are given, in whatever case; all others are refused."""

    def __init__(self, names: Collection[str], expression: ast.Expression) -> None:
        self.names = names
        # What a comprehension or a lambda makes a name of.
        self.bound = {
            node.id if isinstance(node, ast.Name) else node.arg
            for node in ast.walk(expression)
            if (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)) or isinstance(node, ast.arg)
        }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.names or node.id == "np" or node.id in self.bound or node.id in BUILTINS:
            return node
        alike = [name for name in self.names if name.lower() == node.id.lower()]
        if len(alike) == 1:
            return ast.copy_location(ast.Name(alike[0], node.ctx), node)
        if node.id == "numpy":
            return ast.copy_location(ast.Name("np", node.ctx), node)
        if node.id in OF_NUMPY:
            return ast.copy_location(ast.Attribute(ast.Name("np", ast.Load()), node.id, ast.Load()), node)
        raise FormulaError(f"There is no `{node.id[:40]}` here. The names are {_listed(self.names)}, and np.")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """`sum(g, axis=0)` is NumPy's sum."""
        self.generic_visit(node)
        match node.func:
            case ast.Name(id="sum" | "max" | "min" as name) if node.keywords:
                node.func = ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load())
        return node


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


class Part(Struct, frozen=True):
    """A part of a formula that may have a shape; `within` are the computed parts that it is made of."""

    text: str
    node: ast.expr
    within: tuple[str, ...]

    @property
    def computed(self) -> bool:
        """False of a name or an attribute, which is looked up."""
        return isinstance(self.node, _COMPUTED)


_COMPUTED = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript)


def parts_of(formula: ast.expr) -> tuple[Part, ...]:
    """The parts of a formula, each after those that it is made of."""
    parts: dict[str, Part] = {}

    def gather(node: ast.AST) -> list[str]:
        if isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
            return []  # there names have values that change
        children = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]
        within = [text for child in children for text in gather(child)]
        if not isinstance(node, (*_COMPUTED, ast.Attribute, ast.Name)):
            return within
        text = ast.unparse(node)
        part = parts.setdefault(text, Part(text, node, tuple(within)))
        return [text] if part.computed else within

    gather(formula)
    return tuple(parts.values())
