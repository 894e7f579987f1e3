"""The small grammar of question templates: numbers, drawn names, a few functions; read as Python's ast, never run."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Number = int | float
Value = Number | tuple[Number, ...]

MAX_CHARS = 400
MAX_MAGNITUDE = 1e15
MAX_EXPONENT = 64
MAX_ITEMS = 16
MAX_DIGITS = 15


class ExpressionError(ValueError):
    """An expression outside the grammar, or one without a finite value; the message says which."""


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


def _rounded(number: float, digits: int = 0) -> Number:
    if not abs(digits) <= MAX_DIGITS:  # round(5, -10**15) would build a number of that many digits
        raise ExpressionError(f"round takes at most {MAX_DIGITS} digits")
    return round(number, digits) if digits else round(number)


def _sigmoid(number: float) -> float:
    return 0.5 * (1 + math.tanh(number / 2))  # never overflows


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "round": _rounded,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
    "sum": sum,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "relu": lambda number: max(number, 0),
    "step": lambda number: 1 if number > 0 else 0,  # the slope of relu
}


def evaluate(expression: str, values: Mapping[str, Number]) -> Value:
    """The value of an expression over the drawn values: a finite number, or a flat tuple of them."""
    expression = expression.strip()
    if len(expression) > MAX_CHARS:
        raise ExpressionError(f"an expression may have {MAX_CHARS} characters")
    try:
        return _value(ast.parse(expression, mode="eval").body, values)
    except ExpressionError as error:
        raise ExpressionError(f"`{expression}`: {error}") from None
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
        raise ExpressionError(f"`{expression}`: {reason}") from None


def names_in(expression: str) -> frozenset[str]:
    """The names of numbers that an expression uses; none where it is no expression."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - frozenset(FUNCTIONS)


def _value(node: ast.expr, values: Mapping[str, Number]) -> Value:
    result: Any
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            result = number
        case ast.Name(id=name):
            if name not in values:
                raise ExpressionError(f"{name} is not drawn")
            result = values[name]
        case ast.Tuple(elts=items):
            result = tuple(_number(item, values) for item in items)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            result = _UNARY[type(op)](_number(operand, values))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            a, b = _number(left, values), _number(right, values)
            if isinstance(op, ast.Pow) and abs(b) > MAX_EXPONENT:
                raise ExpressionError(f"an exponent may be {MAX_EXPONENT} at most")
            result = _BINARY[type(op)](a, b)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            result = FUNCTIONS[name](*(_value(argument, values) for argument in args))
        case _:
            raise ExpressionError("only numbers, drawn names, + - * / // % **, tuples and " + " ".join(FUNCTIONS))
    return _within_bounds(result)


def _number(node: ast.expr, values: Mapping[str, Number]) -> Number:
    value = _value(node, values)
    if isinstance(value, tuple):
        raise ExpressionError("a tuple stands where a number is needed")
    return value


def _within_bounds(value: object) -> Value:
    if isinstance(value, tuple):
        if len(value) > MAX_ITEMS:
            raise ExpressionError(f"a tuple may have {MAX_ITEMS} items")
        return value
    if not isinstance(value, int | float):  # a complex root
        raise ExpressionError("the value is not a real number")
    if not abs(value) <= MAX_MAGNITUDE:  # nan too
        raise ExpressionError("the value is not a number of reasonable size")
    return value


def written(value: Value) -> str:
    """A value as a text shows it: 6.0 as 6, 0.1 + 0.2 as 0.3, a tuple as (5, 3)."""
    if isinstance(value, tuple):
        items = ", ".join(written(item) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    if isinstance(value, int):
        return str(value)
    text = f"{value:.12g}"
    return "0" if text == "-0" else text


def fill(template: str, values: Mapping[str, Number]) -> str:
    """A text with each `{expression}` replaced by its value; `{{` and `}}` are literal braces."""
    return "".join(
        written(evaluate(piece, values)) if is_expression else piece for is_expression, piece in _pieces(template)
    )


def _pieces(template: str) -> Iterator[tuple[bool, str]]:
    position = 0
    while position < len(template):
        brace = min((at for at in (template.find("{", position), template.find("}", position)) if at >= 0), default=-1)
        if brace < 0:
            yield False, template[position:]
            return
        yield False, template[position:brace]
        if template[brace : brace + 2] in ("{{", "}}"):
            yield False, template[brace]
            position = brace + 2
            continue
        end = template.find("}", brace)
        if template[brace] == "}" or end < 0:
            raise ExpressionError(f"a lone `{template[brace]}`: a literal brace is doubled")
        yield True, template[brace + 1 : end]
        position = end + 1
