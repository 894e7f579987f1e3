"""What the lines of a drive name, found in their text: they are never run here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from tutor.course import Challenge, Drive, parse_draw


def fed_names(drive: Drive) -> frozenset[str]:
    """The intermediates that a drive asks for with `right("name", ...)`: only these are sent along with a case."""
    return _fed("\n".join((drive.setup, drive.forward, drive.backward, drive.update)))


def makes_objects(drive: Drive) -> bool:
    """True where the setup calls something: then there are instances, and each must be independent of the others."""
    return _calls(drive.setup)


def batch_names(challenge: Challenge) -> tuple[str, ...]:
    """The float arrays that forward alone is handed: their owner may overwrite them as soon as forward is done."""
    drive = challenge.drive
    handed = _names(drive.forward) - _names(drive.setup) - _names(drive.backward) - _names(drive.update)
    return tuple(
        name
        for name in challenge.arrays
        if name in handed and not parse_draw(challenge.draws.get(name, "normal")).whole
    )


def updated_names(challenge: Challenge) -> tuple[str, ...]:
    """The arrays that the update may change in place: the setup's, and those that its results are read from."""
    drive = challenge.drive
    spellings = (spelling for found in drive.results.get("update", {}).values() for spelling in found)
    named = _names(drive.setup).union(*map(_names, spellings))
    return tuple(name for name in challenge.arrays if name in named)


@lru_cache(maxsize=256)
def _names(lines: str) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(ast.parse(lines.strip())) if isinstance(node, ast.Name))


@lru_cache(maxsize=256)
def _calls(lines: str) -> bool:
    return any(isinstance(node, ast.Call) for node in _run_at_once(ast.parse(lines.strip())))


def _run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when these lines do: not what a function among them would do if it were called."""
    yield node
    function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for field, value in ast.iter_fields(node):
        if not (function and field == "body"):
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, ast.AST):
                    yield from _run_at_once(child)


@lru_cache(maxsize=64)
def _fed(lines: str) -> frozenset[str]:
    names = set()
    for node in ast.walk(ast.parse(lines)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "right" and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                names.add(first.value)
    return frozenset(names)
