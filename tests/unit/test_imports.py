"""What a room must not load: before the first frame every import is a wait."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.ptyscreen import ROOT

HEAVY = ("numpy", "torch", "plotext", "watchfiles", "markdown_it", "click")

# Loaded before the first frame without a screen's own need for Textual, so that either.
FACES = [
    "tutor.paths",
    "tutor.errors",
    "tutor.course",
    "tutor.progress",
    "tutor.learner",
    "tutor.grading",
    "tutor.training",
    "tutor.viz",
    "tutor.supervisor",
    "tutor.cli",
]
# These may load Textual, and nothing else that is heavy.
SCREENS = [
    "tutor.tui",
    "tutor.tui.terminal",
    "tutor.tui.app",
]


def loaded_by(module: str) -> set[str]:
    """The top-level names in sys.modules of a fresh interpreter that has imported the module."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("module", FACES)
def test_a_face_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(module).isdisjoint({*HEAVY, "textual", "rich"})


@pytest.mark.parametrize("module", SCREENS)
def test_a_screen_loads_nothing_heavy_but_textual(module: str) -> None:
    assert loaded_by(module).isdisjoint(HEAVY)


def test_the_door_loads_nothing() -> None:
    """`tutor --version` is answered by a module that imports os and sys alone, which are there already."""
    bare = loaded_by("os")
    assert loaded_by("tutor.__main__") - bare == {"tutor"}
