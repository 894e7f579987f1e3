"""The learner's file as a module of the worker, and the face of the room."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tutor.learner import LearnerCodeError, code_error, load_module


def test_a_module_is_loaded() -> None:
    names = load_module("def double(x):\n    return 2 * x\n", "double.py")
    assert names["__name__"] == "solution"
    assert names["double"](3) == 6  # type: ignore[operator]


@pytest.mark.parametrize(
    ("source", "kind", "line", "column"),
    [
        ("x = 1\ny = = 2\n", "SyntaxError", 2, 5),
        ("x = 1\n\u00e9 = x / 0\n", "ZeroDivisionError", 2, 5),
        ("import sys\nsys.exit(3)\n", "SystemExit", 2, 1),
        ("def f(n): return f(n + 1)\nf(0)\n", "RecursionError", 1, 18),
    ],
)
def test_an_error_names_the_learners_line(source: str, kind: str, line: int, column: int) -> None:
    with pytest.raises(LearnerCodeError) as caught:
        load_module(source, "mine.py")
    error = caught.value.error
    assert (error.type, error.line, error.column) == (kind, line, column)
    assert len(error.traceback.splitlines()) < 40


def test_a_later_error_is_cut_to_the_learners_lines() -> None:
    names = load_module("def f(x):\n    return g(x)\n\ndef g(x):\n    return x['\\x1b[31m']\n", "mine.py")
    try:
        names["f"]({})  # type: ignore[operator]
    except KeyError as error:
        told = code_error(error, "mine.py")
    assert told.traceback == "  line 2, in f\n    return g(x)\n  line 5, in g\n    return x['\\x1b[31m']\n"
    assert "\x1b" not in told.message


@pytest.mark.parametrize("room", ["tutor.learner"])
def test_the_face_is_light(room: str) -> None:
    heavy = "{'numpy', 'torch', 'textual', 'psutil', 'tempfile_'} & set(sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, {room}; print({heavy})"], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "set()"
