"""Scalar formulas of the authors: read with a whitelist, evaluated, and differentiated by the rules of the course."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tutor.viz.diagrams.blocks import number

LONGEST = 200  # signs of one formula

_Rule = tuple[Callable[[float], float], Callable[[float, float], float]]  # f(x), and f'(x) from x and f(x)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


FUNCTIONS: dict[str, _Rule] = {
    "tanh": (math.tanh, lambda _, y: 1 - y * y),
    "relu": (lambda x: max(x, 0.0), lambda x, _: float(x > 0)),
    "exp": (math.exp, lambda _, y: y),
    "log": (math.log, lambda x, _: 1 / x),
    "sigmoid": (_sigmoid, lambda _, y: y * (1 - y)),
}
_OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
GRAMMAR = f"names, numbers, + - * / **, parentheses and {' '.join(FUNCTIONS)}"


class Formula(NamedTuple):
    """A formula that may be evaluated; `uses` are the names in it, from left to right, each as often as it stands."""

    text: str
    tree: ast.expr
    uses: tuple[str, ...]


class _Dual(NamedTuple):
    """A value, and its slope along each use of a name, from left to right."""

    value: float
    slopes: tuple[float, ...]


def read(text: str) -> Formula:
    """The formula in a text; ValueError says what the grammar has."""
    try:
        tree = ast.parse(text.strip()[:LONGEST], mode="eval").body if len(text) <= LONGEST else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is None or not _allowed(tree):
        raise ValueError(f"{text.strip()!r} is no formula of a diagram: it may have {GRAMMAR}.")
    return Formula(ast.unparse(tree), tree, _uses(tree))


def value(formula: Formula, values: Mapping[str, float]) -> float:
    """What the formula gives; ValueError where it has no finite value."""
    return _traced(formula, values).value


def slopes(formula: Formula, values: Mapping[str, float]) -> tuple[float, ...]:
    """How fast the value changes with each use of a name; 0 for relu at its kink."""
    return _traced(formula, values).slopes


def with_numbers(formula: Formula, values: Mapping[str, float]) -> str:
    """The formula with the values in the places of the names: 2 * -3."""
    return ast.unparse(_Filled(values).visit(ast.parse(formula.text, mode="eval").body))


def operation(formula: Formula) -> str:
    """The sign of a formula that is one operation on names alone: *, tanh; its text where it is more."""
    match formula.tree:
        case ast.BinOp(left=ast.Name(), op=op, right=ast.Name()):
            return _SIGNS[type(op)]
        case ast.BinOp(left=ast.Name(), op=op, right=ast.Constant() as constant):
            return f"{_SIGNS[type(op)]}{ast.unparse(constant)}"
        case ast.Call(func=ast.Name(id=name), args=[ast.Name()]):
            return name
        case _:
            return formula.text.replace(" ", "")


class _Filled(ast.NodeTransformer):
    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._values:
            return node  # a function
        held = self._values[node.id]
        size = ast.Name(number(abs(held)), ast.Load())
        # A minus of its own, so that unparse knows when it needs parentheses.
        return ast.UnaryOp(ast.USub(), size) if held < 0 else size


def _allowed(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=int() | float() as constant):
            return not isinstance(constant, bool)
        case ast.Name(id=name):
            return name not in FUNCTIONS
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _allowed(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return isinstance(op, _OPERATIONS) and _allowed(left) and _allowed(right)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            return name in FUNCTIONS and _allowed(argument)
        case _:
            return False


def _uses(node: ast.expr) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.UnaryOp(operand=operand):
            return _uses(operand)
        case ast.BinOp(left=left, right=right):
            return _uses(left) + _uses(right)
        case ast.Call(args=[argument]):
            return _uses(argument)
        case _:
            return ()


def _traced(formula: Formula, values: Mapping[str, float]) -> _Dual:
    try:
        dual = _dual(formula.tree, values)
        if all(isinstance(part, float) and math.isfinite(part) for part in (dual.value, *dual.slopes)):
            return dual
    except (ArithmeticError, ValueError, TypeError):  # TypeError: a root became complex
        pass
    given = ", ".join(f"{name} = {number(values[name])}" for name in dict.fromkeys(formula.uses))
    raise ValueError(f"{formula.text} has no finite value and slope{f' at {given}' if given else ''}.")


def _dual(node: ast.expr, values: Mapping[str, float]) -> _Dual:
    match node:
        case ast.Constant(value=int() | float() as constant):
            return _Dual(float(constant), ())
        case ast.Name(id=name):
            return _Dual(values[name], (1.0,))
        case ast.UnaryOp(operand=operand):
            inner = _dual(operand, values)
            return _Dual(-inner.value, tuple(-slope for slope in inner.slopes))
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            function, derivative = FUNCTIONS[name]
            inner = _dual(argument, values)
            result = function(inner.value)
            return _Dual(result, tuple(slope * derivative(inner.value, result) for slope in inner.slopes))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, _dual(left, values), _dual(right, values))
        case _:
            raise TypeError(f"{type(node).__name__} was not read")


def _binary(op: ast.operator, left: _Dual, right: _Dual) -> _Dual:
    a, b = left.value, right.value
    match op:
        case ast.Add():
            result, by_left, by_right = a + b, 1.0, 1.0
        case ast.Sub():
            result, by_left, by_right = a - b, 1.0, -1.0
        case ast.Mult():
            result, by_left, by_right = a * b, b, a
        case ast.Div():
            result, by_left, by_right = a / b, 1 / b, -a / b**2
        case _:
            result = a**b
            by_left = b * a ** (b - 1) if b and left.slopes else 0.0
            by_right = result * math.log(a) if right.slopes else 0.0
    return _Dual(result, (*(slope * by_left for slope in left.slopes), *(slope * by_right for slope in right.slopes)))
