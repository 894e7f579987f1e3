"""Each module of the textbook stands by itself, and the room's face brings nothing heavy with it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tutor.nn

FOLDER = Path(tutor.nn.__file__).parent
MODULES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")


def imported(source: str) -> set[str]:
    roots: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            roots.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            roots.add("." if node.level else (node.module or "").partition(".")[0])
    return roots


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_module_imports_only_numpy_and_the_standard_library(path: Path) -> None:
    assert imported(path.read_text(encoding="utf-8")) <= sys.stdlib_module_names | {"numpy"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_source_alone_runs(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "reference"}
    exec(compile(source, path.name, "exec"), namespace)
    defined = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert defined
    assert all(callable(namespace[name]) for name in defined)


def test_every_name_of_the_face_is_there() -> None:
    assert {name: getattr(tutor.nn, name).__name__ for name in tutor.nn.__all__} == {n: n for n in tutor.nn.__all__}
    with pytest.raises(AttributeError, match="Lineer"):
        _ = tutor.nn.Lineer


def test_importing_the_face_does_not_import_numpy() -> None:
    code = "import sys, tutor.nn; print('numpy' in sys.modules); tutor.nn.Linear; print('numpy' in sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=FOLDER.parents[1]
    )
    assert shown.stdout.split() == ["False", "True"]
