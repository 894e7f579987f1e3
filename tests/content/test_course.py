"""The course that ships, as `tutor author check` sees it: a test for each lesson, so that they run side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tutor.authoring import Problem, check, check_across
from tutor.course import Challenge, list_challenges, load_challenge, load_course, solutions
from tutor.learner import Box
from tutor.paths import locate

PATHS = locate()
SLUGS = [entry.outline.slug for entry in load_course(PATHS.lessons).entries if entry.head is not None]


def none_of(problems: Sequence[Problem]) -> None:
    assert not problems, "\n" + "\n".join(map(str, problems))


@pytest.mark.parametrize("slug", SLUGS)
def test_a_lesson_its_exercises_and_its_quiz_hold_what_they_say(slug: str, box: Box) -> None:
    none_of(check(PATHS, box, PATHS.lessons / slug))


def test_the_lessons_hold_together() -> None:
    none_of(check_across(PATHS))


@pytest.mark.parametrize("id", ["linear_scratch", "backprop_scratch"])
def test_the_main_exercises_are_solved_in_four_levels(id: str) -> None:
    labels = [label for label, _ in solutions(load_challenge(PATHS.lessons, id))]
    assert labels[:4] == ["naive", "vectorised", "memory-lean", "pytorch"]


def test_every_exercise_of_a_level_is_there() -> None:
    there = {found.id for found in list_challenges(PATHS.lessons) if isinstance(found, Challenge)}
    assert {name for level in load_course(PATHS.lessons).levels for name in level.exercises} <= there
