"""Levels: read from course.toml, earned by what is passed, and told once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import Course, Entry, LessonHead, Level, OutlineLesson, load_course
from tutor.paths import locate
from tutor.progress import ExerciseState, Progress, highest_level, level_states, levels_earned_by, next_step
from tutor.tui.screens.home_view import Item, home_rows, level_status

NAMES = ("a", "b", "c", "d")


def course(there: tuple[str, ...] = NAMES, **levels: tuple[str, ...]) -> Course:
    head = LessonHead("Layers", "layers", "Write.", 20, "easy", ("write",), exercises=there)
    entry = Entry(0, OutlineLesson("06-layers", "Layers", 20), head)
    made = tuple(Level(int(name[1:]), f"The {name}", exercises) for name, exercises in levels.items())
    return Course(("Part",), (entry,), (), made)


def passed(*names: str) -> Progress:
    return Progress(exercises={name: ExerciseState(passed=True) for name in names})


def test_a_level_is_earned_when_all_its_exercises_are_passed() -> None:
    two = course(l1=("a",), l2=("b", "c"))
    assert [(state.earned, state.passed, state.total) for state in level_states(two, passed("b"))] == [
        (False, 0, 1),
        (False, 1, 2),
    ]
    assert highest_level(two, passed("b")) == 0
    assert highest_level(two, passed("a")) == 1
    assert highest_level(two, passed("a", "b", "c")) == 2


def test_a_level_with_an_exercise_in_preparation_cannot_be_earned() -> None:
    (state,) = level_states(course(("a",), l1=("a", "b")), passed("a", "b"))
    assert not state.ready
    assert not state.earned
    assert level_status(state)[1] == "in preparation"


@given(st.permutations(NAMES))
def test_each_level_is_told_by_exactly_one_of_the_passes(order: list[str]) -> None:
    two = course(l1=("a", "b"), l2=("b", "c", "d"))
    told: list[int] = []
    for number, name in enumerate(order):
        told += [level.number for level in levels_earned_by(two, passed(*order[:number]), name)]
        assert levels_earned_by(two, passed(*order[: number + 1]), name) == ()
    assert sorted(told) == [1, 2]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_map_shows_every_level_with_a_sign(width: int) -> None:
    three = course(l1=("a",), l2=("b", "c"), l3=("x",))
    progress = passed("a", "b")
    rows = home_rows(three, progress, next_step(three, progress), (), Item("continue", ""), width)
    lines = [row.line.plain.rstrip() for row in rows if "The l" in row.line.plain]
    assert [line.split()[:2] for line in lines] == [["✓", "1"], ["◐", "2"], ["·", "3"]]
    assert all(row.line.cell_length <= width for row in rows)
    if width == 120:
        assert lines[0].endswith("earned")
        assert lines[1].endswith("1 of 2 passed")


def test_levels_are_read_by_number_and_what_is_no_level_is_told(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text(
        '[[part]]\ntitle = "P"\nlesson = []\n'
        '[[level]]\nnumber = 2\ntitle = "Two"\nexercises = ["b"]\n'
        '[[level]]\nnumber = 1\ntitle = "One"\nexercises = ["a"]\n'
        '[[level]]\nnumber = 2\ntitle = "Again"\nexercises = ["c"]\n'
        '[[level]]\nnumber = 3\ntitle = "None"\nexercises = []\n'
        '[[level]]\nnumber = 0\ntitle = "Zero"\nexercises = ["d"]\n'
    )
    course = load_course(tmp_path)
    assert [(level.number, level.title) for level in course.levels] == [(1, "One"), (2, "Two")]
    assert [broken.reason for broken in course.broken] == [
        "level 2 is listed twice",
        "level 3 has no title or no exercises",
        "level 0 is no number from 1",
    ]


def test_the_course_that_ships_has_its_first_levels() -> None:
    assert [level.number for level in load_course(locate().lessons).levels][:2] == [1, 2]
