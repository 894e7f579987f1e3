"""A broken page, quiz or exercise is found before anybody opens it, and only that one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tutor.course import find_faults, load_course
from tutor.paths import locate

SLUG = "06-linear-layer"


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        (f"quizzes/{SLUG}.toml", "[[question]]\nid = \n", 2),
        (f"lessons/{SLUG}/linear_scratch/challenge.toml", 'id = "linear_scratch"\nkind = [\n', None),
        (f"lessons/{SLUG}/lesson.md", "+++\ntitle = 3\n+++\n", 2),
    ],
)
def test_the_broken_file_is_named_with_its_line(tmp_path: Path, file: str, text: str, line: int | None) -> None:
    paths = locate()
    shutil.copytree(paths.lessons, tmp_path / "lessons")
    shutil.copytree(paths.quizzes, tmp_path / "quizzes")
    (tmp_path / file).write_text(text)
    course = load_course(tmp_path / "lessons")
    faults = find_faults(course, tmp_path / "lessons", tmp_path / "quizzes")
    assert list(faults) == [SLUG]
    (fault,) = faults[SLUG]
    assert fault.file == tmp_path / file
    assert fault.reason
    assert line is None or fault.line == line


def test_the_course_that_ships_has_none() -> None:
    paths = locate()
    assert find_faults(load_course(paths.lessons), paths.lessons, paths.quizzes) == {}
