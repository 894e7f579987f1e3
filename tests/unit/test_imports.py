"""What a room must not load: before the first frame every import is a wait."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ptyscreen import ROOT

HEAVY = ("numpy", "torch", "plotext", "watchfiles", "inotify_simple", "markdown_it", "click")

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
    "tutor.mathtext",
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


FIRST_FRAME = """
import sys
from pathlib import Path
from tutor.paths import locate
from tutor.progress import Store
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.terminal import harden

def after_the_frame(self):
    print(*sys.modules, file=sys.__stdout__)
    self.exit()

TutorApp._after_first_frame = after_the_frame
harden()
paths = locate(Path(sys.argv[1]))
with Store.open(paths) as store:
    TutorApp(paths, store, Opening()).run(headless=True)
"""
# Beside what is heavy: what home does not show, and what only a second look at the folder or a key asks for.
LATER = {
    *HEAVY,
    "psutil",
    "tree_sitter",
    "pygments",
    "concurrent.futures.thread",
    "tutor.training",
    "tutor.grading",
    "tutor.learner",
    "tutor.viz",
    "tutor.mathtext",
    "pylatexenc",
    "tutor.nn",
    "tutor.cli",
    "tutor.course.lessons",
    "tutor.course.markup",
    "tutor.course.search",
    "tutor.course.quizzes",
    "tutor.course.challenges",
    "tutor.tui.screens.lesson",
    "tutor.tui.screens.search",
    "tutor.tui.screens.lab",
}


def test_the_first_frame_loads_nothing_that_can_wait(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(run.stdout.split())
    assert "tutor.tui.screens.home" in loaded
    assert loaded.isdisjoint(LATER)


FIRST_PAGE = """
import sys
from pathlib import Path
from tests.reading import OTHER, small_course
from tutor.progress import Store
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.screens.lesson import LessonScreen

def after_the_page(self):
    print(*sys.modules, file=sys.__stdout__)
    self.app.exit()

LessonScreen._draw_ahead = after_the_page
paths = small_course(Path(sys.argv[1]))
with Store.open(paths) as store:
    store.record("welcomed")
    TutorApp(paths, store, Opening("lesson", OTHER)).run(headless=True)
"""


def test_a_page_without_formulas_and_pictures_waits_for_neither(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FIRST_PAGE, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(run.stdout.split())
    assert "markdown_it" in loaded and "tutor.tui.screens.lesson_page" in loaded
    later = {"pylatexenc", "tutor.mathtext", "tutor.viz.diagrams", "tutor.course.search", "numpy", "click"}
    assert loaded.isdisjoint(later)


def test_the_door_loads_nothing() -> None:
    """`tutor --version` is answered by a module that imports os and sys alone, which are there already."""
    bare = loaded_by("os")
    assert loaded_by("tutor.__main__") - bare == {"tutor"}
