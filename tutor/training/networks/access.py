"""Where a network's parameters and gradients are: expressions such as "layer.grads['W']", compiled once for all.

They are read at every step, so that all of them together are one function without a call inside.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Scope = dict[str, Any]


def at(made: object, key: str | int) -> Any:
    """Take a part of what a backward pass returned, by its name in a dict or its place in a tuple; as in a drive."""
    if isinstance(made, dict if isinstance(key, str) else (tuple, list)):
        return made[key]  # type: ignore[index]
    raise TypeError(f"what came back is of type {type(made).__name__}")


def bound(expression: str, names: Mapping[str, str]) -> str:
    """Replace names of an expression by other expressions."""
    tree = _Replacing({name: ast.parse(text, mode="eval").body for name, text in names.items()})
    return ast.unparse(tree.visit(ast.parse(expression, mode="eval")))


class _Replacing(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, ast.expr]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._names.get(node.id, node)


def expression_of(spelling: str, owner: str = "layer") -> str:
    """Read a spelling of a [train] table: a lone name is an attribute of the learner's object."""
    return f"{owner}.{spelling}" if spelling.isidentifier() and spelling != "returned" else spelling


def first_found(expressions: Iterable[str], scope: Scope, fits: Callable[[object], bool]) -> str | None:
    """Find the first expression that gives what fits; one that cannot be evaluated gives nothing."""
    for expression in expressions:
        try:
            found = eval(expression, scope)
        except Exception:  # whatever the learner's objects raise when asked for what they have not
            continue
        if fits(found):
            return expression
    return None


def reader(expressions: Mapping[str, str], scope: Scope) -> Callable[[], dict[str, Any]]:
    """Make a function that reads all of these into a dict."""
    read: Callable[[], dict[str, Any]] = eval(f"lambda: {_entries(expressions)}", scope)
    return read


def writer(places: Mapping[str, str], transposed: Iterable[str], scope: Scope) -> Callable[[Mapping[str, Any]], None]:
    """Make a function that puts some of these values, by name, into their places."""
    flipped = set(transposed)
    lines = [
        f"if {name!r} in values: {place} = values[{name!r}]{'.T' if name in flipped else ''}"
        for name, place in places.items()
    ]
    return _defined("values", lines, "None", scope)


# A step takes some sixty microseconds, and a loop over its parts a percent of them: what follows is written out.


def chain(functions: Sequence[Callable[[Any], Any]], then: object = None) -> Callable[[Any], Any]:
    """Make one function that hands its argument through all of these; it returns `then` where that is given."""
    scope: Scope = {"then": then, **{f"f{i}": function for i, function in enumerate(functions)}}
    return _defined("x", [f"x = f{i}(x)" for i in range(len(functions))], "x" if then is None else "then", scope)


def each(functions: Sequence[Callable[[Any], object]]) -> Callable[[Any], None]:
    """Make one function that calls all of these with its argument."""
    scope: Scope = {f"f{i}": function for i, function in enumerate(functions)}
    return _defined("x", [f"f{i}(x)" for i in range(len(functions))], "None", scope)


def moving(optimizer: Any, params: Mapping[str, str], grads: Mapping[str, str], scope: Scope) -> Callable[[Any], None]:
    """Make the step of an optimiser of ours at a learning rate."""
    names = {"optimizer_": optimizer, "move_": optimizer.step}
    call = f"move_({_entries(params)}, {_entries(grads)})"
    return _defined("lr_", ["optimizer_.lr = lr_", call], "None", {**scope, **names})


def _defined(argument: str, lines: Sequence[str], result: str, scope: Scope) -> Callable[[Any], Any]:
    body = "".join(f"    {line}\n" for line in (*lines, f"return {result}"))
    exec(f"def function_({argument}):\n{body}", scope)
    function: Callable[[Any], Any] = scope.pop("function_")
    return function


def _entries(expressions: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name!r}: {expression}" for name, expression in expressions.items()) + "}"
