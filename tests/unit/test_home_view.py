"""The home screen as lines: every course fits, every item can be reached, every state has its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.course import Broken, Course, Entry, LessonHead, OutlineLesson
from tutor.progress import ExerciseState, LessonState, NextStep, Progress
from tutor.tui.screens.home_view import Item, RunLine, home_rows, items_in_order, lesson_status

HEAD = LessonHead(
    title="Linear layer",
    concept="linear-layer",
    goal="Write it.",
    minutes=20,
    difficulty="medium",
    objectives=("write it",),
    exercises=("linear_scratch",),
)
STEP = NextStep("lesson", "01-a", "01 A", "a lesson of 20 minutes")


def course(*parts: int, head: LessonHead | Broken | None = HEAD) -> Course:
    """A course with so many lessons in each part."""
    entries, number = [], 0
    for part, lessons in enumerate(parts):
        for _ in range(lessons):
            number += 1
            entries.append(Entry(part, OutlineLesson(f"{number:02}-lesson", f"Lesson {number}", 20), head))
    return Course(tuple(f"Part {part}" for part in range(len(parts))), tuple(entries))


@pytest.mark.parametrize("parts", [(), (1,), (2, 3), (3, 5, 3, 3, 6), (1, 1, 1, 1, 1, 1, 9)], ids=str)
@pytest.mark.parametrize("width", [60, 76, 78, 118, 200])
def test_every_course_fits_every_width_and_every_lesson_can_be_chosen(parts: tuple[int, ...], width: int) -> None:
    runs = [RunLine("1-run", "one on digits   epoch 3/60")]
    rows = home_rows(course(*parts), Progress(), STEP, runs, Item("continue", ""), width)
    assert all(row.line.cell_length <= width for row in rows)
    items = items_in_order(rows)
    assert [item.name for item in items if item.kind == "lesson"] == [
        f"{number:02}-lesson" for number in range(1, sum(parts) + 1)
    ]
    assert items[0].kind == "continue"
    assert items[-1] == Item("run", "1-run")


def test_what_is_chosen_is_marked_by_a_sign() -> None:
    rows = home_rows(course(2, 2), Progress(), STEP, [], Item("lesson", "03-lesson"), 100)
    marked = [row.line.plain for row in rows if "▸" in row.line.plain]
    assert len(marked) == 1
    assert "▸ 03" in marked[0]


@pytest.mark.parametrize(
    ("lesson", "exercise", "expected"),
    [
        (None, None, "· 20 min"),
        (LessonState(section=3), None, "◐ page 4"),
        (LessonState(read=True), None, "◐ read"),
        (LessonState(read=True, quiz_right=9, quiz_asked=12), None, "◐ quiz 9/12"),
        (LessonState(read=True), ExerciseState(attempts=2, right=3, total=7), "◐ 3 of 7 right"),
        (
            LessonState(read=True, quiz_right=12, quiz_asked=12),
            ExerciseState(passed=True, attempts=1),
            "✓ quiz 12/12 · passed",
        ),
    ],
)
def test_each_state_of_a_lesson_has_a_sign_and_words(
    lesson: LessonState | None, exercise: ExerciseState | None, expected: str
) -> None:
    entry = course(1).entries[0]
    progress = Progress(
        lessons={"01-lesson": lesson} if lesson else {}, exercises={"linear_scratch": exercise} if exercise else {}
    )
    sign, words, _ = lesson_status(entry, progress)
    assert f"{sign} {words}" == expected


@pytest.mark.parametrize("width", [78, 118])
def test_a_broken_file_is_listed_with_line_and_reason_and_the_rest_stays(width: int) -> None:
    faults = {"02-lesson": (Broken(Path("quizzes/02-lesson.toml"), 12, "question 3 has no right choice"),)}
    rows = home_rows(course(2, 2), Progress(), STEP, [], Item("continue", ""), width, faults)
    text = [row.line.plain for row in rows]
    assert any("02-lesson.toml:12: question 3 has no right choice" in line for line in text)
    assert sum("broken file" in line for line in text) == 1
    assert sum("20 min" in line for line in text) == 3


def test_a_lesson_that_is_missing_or_broken_says_so() -> None:
    assert lesson_status(course(1, head=None).entries[0], Progress())[1] == "in preparation"
    broken = course(1, head=Broken(Path("lesson.md"), 3, "no title")).entries[0]
    assert lesson_status(broken, Progress())[:2] == ("✗", "broken file")
