"""Debug exercises as learners meet them, and levels when they are earned: in the Lab and by commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import tutor
from tests.screens import learner, solution
from tutor.authoring.new import new_exercise
from tutor.course import load_challenge, solutions, starters
from tutor.learner import Box
from tutor.paths import Paths, locate
from tutor.tui.opening import Opening
from tutor.tui.screens.dialogs import Question

HOME, LAB = Opening("home", ""), Opening("lab", "mended")
LESSON = """+++
title = "Layers"
concept = "layers"
goal = "Mend it."
minutes = 20
difficulty = "easy"
objectives = ["mend it"]
exercises = ["mended"]
+++

## Page

Words.
"""
OUTLINE = """[[part]]
title = "Layers"
lesson = [{ slug = "06-layers", title = "Layers", minutes = 20 }]

[[level]]
number = 1
title = "Finding a fault"
exercises = ["mended"]

[[level]]
number = 2
title = "Writing it all"
exercises = ["mended", "written"]
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A course of one lesson with one debug exercise."""
    lessons = tmp_path / "lessons"
    (lessons / "06-layers").mkdir(parents=True)
    (lessons / "course.toml").write_text(OUTLINE)
    (lessons / "06-layers" / "lesson.md").write_text(LESSON)
    (tmp_path / "quizzes").mkdir()
    new_exercise(lessons, "06-layers/mended", "debug", "layer")
    return Paths(user_data=tmp_path / "user_data", lessons=lessons, quizzes=tmp_path / "quizzes")


async def test_the_lab_tells_of_the_fault_and_a_reset_brings_another(paths: Paths, tmp_path: Path, box: Box) -> None:
    variants = starters(load_challenge(paths.lessons, "mended"))
    assert len(set(variants)) == 3
    async with learner(tmp_path, LAB, box, paths=paths) as someone:
        assert "One fault is planted in this file" in someone.headline
        assert "blank" not in someone.headline
        assert someone.file.read_text() == someone.lab.pane.text in variants
        for _ in range(4):
            before = someone.lab.pane.text
            await someone.press("f9")
            assert isinstance(someone.app.screen, Question)
            assert "another planted fault" in someone.app.screen.words
            await someone.press("y")
            await someone.until(lambda before=before: someone.lab.pane.text != before)  # type: ignore[misc]
            assert someone.lab.pane.text in variants
            await someone.until(lambda: someone.file.read_text() == someone.lab.pane.text)
        there = someone.lab.pane.text
    async with learner(tmp_path, LAB, box, paths=paths) as someone:  # the next day: the same file
        assert someone.lab.pane.text == there


async def test_the_untouched_file_fails_as_its_variant_does_and_mending_it_earns_the_level(
    paths: Paths, tmp_path: Path, box: Box
) -> None:
    async with learner(tmp_path, LAB, box, paths=paths) as someone:
        faults = {"a": "1/5", "b": "1/5", "c": "wrong sign"}
        assert faults[someone.lab.pane.text.partition("variant ")[2][0]] in await someone.save()
        (_, right), *_ = solutions(someone.lab.challenge)
        first = someone.lab.pane.text.partition("\n")[0]
        assert "Passed" in await someone.save(f"{first}\n{right}")
        assert someone.notices.count("Level 1 earned Finding a fault.") == 1
        assert "Level 2" not in someone.notices  # `written` is in preparation
        await someone.until(lambda: someone.state.passed)
        await someone.save(f"{first}\n{right}\n")
        assert someone.notices.count("Level 1 earned") == 1
        await someone.press("f9", "y")  # the mended file still knows which one it was
        await someone.until(lambda: "variant" in someone.lab.pane.text and right not in someone.lab.pane.text)
        assert someone.lab.pane.text.partition("\n")[0] != first


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_home_shows_the_level_in_its_title_and_in_its_map(
    paths: Paths, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with learner(tmp_path, HOME, size=size, paths=paths) as someone:
        assert "level" not in someone.said("#title")
        someone.app.record("exercise_passed", exercise="mended", lesson="06-layers")
        await someone.until(lambda: someone.app.store.progress.exercises)
        someone.app.screen.on_screen_resume()  # type: ignore[attr-defined]
        await someone.until(lambda: "level 1" in someone.said("#title"))
        lines = [row.line.plain for row in someone.app.screen.map.rows()]  # type: ignore[attr-defined]
        assert any(line.startswith("✓  1  Finding a fault") for line in lines)
        assert any(line.startswith("·  2  Writing it all") for line in lines)


# ── by commands ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_debug_exercise_by_commands(tmp_path: Path) -> None:
    found = load_challenge(locate().lessons, "linear_debug")
    told = tutor(tmp_path, "challenge", "linear_debug")
    assert "One fault is planted in this file" in told.out
    file = tmp_path / "implementations" / "linear_debug.py"
    first = file.read_text()
    assert first in starters(found)
    assert tutor(tmp_path, "test", "linear_debug").status == 1
    told = tutor(tmp_path, "reset", "linear_debug", stdin="y\n")
    assert "a file with another planted fault" in told.out
    assert "Another fault is planted" in told.out
    assert file.read_text() != first
    assert file.read_text() in starters(found)


def test_a_level_is_told_once_by_the_commands(tmp_path: Path) -> None:
    file = tmp_path / "implementations" / "linear_scratch.py"
    file.parent.mkdir()
    file.write_text(solution("linear_scratch"))
    assert [level["earned"] for level in tutor(tmp_path, "progress", "--json").json["levels"]][:1] == [False]
    first = tutor(tmp_path, "test", "linear_scratch")
    assert "Level 1 earned: A layer's backward pass." in first.out
    assert "earned" not in tutor(tmp_path, "test", "linear_scratch").out
    assert tutor(tmp_path, "progress", "--json").json["levels"][0]["earned"] is True
    assert "✓   1  A layer's backward pass             earned" in tutor(tmp_path, "progress").out
    assert tutor(tmp_path).out.startswith("tutor · backpropagation · level 1\n")
