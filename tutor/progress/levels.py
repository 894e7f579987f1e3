"""Levels: the badges of the course, read off what is passed; nothing of them is stored."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from tutor.course import Course, LessonHead, Level
from tutor.progress.model import ExerciseState, Progress


class LevelState(Struct, frozen=True):
    """How far the learner is with one level."""

    number: int
    title: str
    earned: bool
    passed: int  # of its exercises
    total: int
    ready: bool  # False while one of its exercises is in preparation: it cannot be earned yet


def level_states(course: Course, progress: Progress) -> tuple[LevelState, ...]:
    """Every level of the course, by number."""
    heads = (entry.head for entry in course.entries)
    there = {name for head in heads if isinstance(head, LessonHead) for name in head.exercises}
    return tuple(_state(level, there, progress) for level in course.levels)


def _state(level: Level, there: set[str], progress: Progress) -> LevelState:
    passed = sum(progress.exercises.get(name, ExerciseState()).passed for name in level.exercises)
    ready = there.issuperset(level.exercises)
    earned = ready and passed == len(level.exercises)
    return LevelState(level.number, level.title, earned, passed, total=len(level.exercises), ready=ready)


def highest_level(course: Course, progress: Progress) -> int:
    """The number of the highest level that is earned; 0 for none."""
    return max((state.number for state in level_states(course, progress) if state.earned), default=0)


def levels_earned_by(course: Course, progress: Progress, exercise: str) -> tuple[LevelState, ...]:
    """The levels that passing this exercise earns, given the progress before it: none where it was passed already."""
    before = level_states(course, progress)
    state = replace(progress.exercises.get(exercise, ExerciseState()), passed=True)
    after = level_states(course, replace(progress, exercises={**progress.exercises, exercise: state}))
    return tuple(new for old, new in zip(before, after, strict=True) if new.earned and not old.earned)
