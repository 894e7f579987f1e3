"""What `author new` makes passes the check, except for its marks: for every kind, in the real box."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.program import tutor
from tutor.authoring import Problem, check
from tutor.authoring.new import FAMILIES, QUESTION_KINDS, new_exercise, new_lesson, new_question
from tutor.authoring.new_exercise import Kind
from tutor.cli.authors import where_to_write
from tutor.errors import TutorError, UnknownName
from tutor.learner import Box
from tutor.paths import PACKAGE, Paths, locate

OUTLINE = """[[part]]
title = "Layers"
lesson = [
    { slug = "07-activations", title = "Activations", minutes = 20 },
    { slug = "08-softmax", title = "Softmax", minutes = 15 },
]
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A course with one lesson, as `author new` makes it."""
    root = tmp_path.resolve()
    (root / "lessons").mkdir()
    (root / "quizzes").mkdir()
    (root / "lessons" / "course.toml").write_text(OUTLINE)
    paths = Paths(user_data=root / "user_data", lessons=root / "lessons", quizzes=root / "quizzes")
    new_lesson(paths.lessons, paths.quizzes, "07-activations")
    return paths


def marks(folder: Path) -> int:
    return sum(len(re.findall("AUTHOR:", file.read_text())) for file in folder.rglob("*") if file.is_file())


def only_marks(problems: Sequence[Problem]) -> int:
    others = [str(problem) for problem in problems if not problem.reason.startswith("still to be written: ")]
    assert others == []
    return len(problems)


def test_a_new_lesson_has_no_problem_but_its_marks(paths: Paths, box: Box) -> None:
    found = check(paths, box)
    assert only_marks(found) == len({(p.file, p.line, p.reason) for p in found}) > 40
    assert marks(paths.lessons.parent) >= len(found)
    assert str(found[0]).endswith("intuition.md:1: still to be written: the picture or story, as a title")


def test_two_new_lessons_do_not_repeat_each_other(paths: Paths, box: Box) -> None:
    new_lesson(paths.lessons, paths.quizzes, "08-softmax")
    only_marks(check(paths, box))


KINDS: tuple[Kind, ...] = ("fill", "scratch", "debug")


@pytest.mark.parametrize(
    ("family", "kind"),
    [*zip(FAMILIES, itertools.cycle(KINDS), strict=False), *(("layer", kind) for kind in KINDS)],
)
def test_a_new_exercise_has_no_problem_but_its_marks(paths: Paths, box: Box, family: str, kind: Kind) -> None:
    made = new_exercise(paths.lessons, "activations/mine_too", kind, family)
    folder = paths.lessons / "07-activations" / "mine_too"
    assert {file for file in folder.rglob("*") if file.is_file()} == set(made)
    assert only_marks(check(paths, box, folder)) == marks(folder) >= 6


def test_every_kind_of_question_has_no_problem_but_its_marks(paths: Paths, box: Box) -> None:
    quiz = paths.quizzes / "07-activations.toml"
    before = quiz.read_text()
    for kind in QUESTION_KINDS:
        assert new_question(paths.lessons, paths.quizzes, "7", kind) == quiz
    assert quiz.read_text().startswith(before.rstrip())
    assert len(QUESTION_KINDS) == 9
    assert all(quiz.read_text().count(f'kind = "{kind}"') >= 1 for kind in QUESTION_KINDS)
    found = check(paths, box, paths.lessons / "07-activations")
    half = [problem for problem in found if "have a `draw`" in problem.reason]  # of these nine, four have one
    only_marks([problem for problem in found if problem not in half])


def test_nothing_is_overwritten_and_a_wrong_name_is_explained(paths: Paths) -> None:
    texts = {file: file.read_text() for file in paths.lessons.rglob("*.md")}
    with pytest.raises(TutorError, match="is there already"):
        new_lesson(paths.lessons, paths.quizzes, "07-activations")
    with pytest.raises(TutorError, match=r"is not listed in course\.toml"):
        new_lesson(paths.lessons, paths.quizzes, "09-backprop")
    with pytest.raises(TutorError, match="is no slug"):
        new_lesson(paths.lessons, paths.quizzes, "../x")
    with pytest.raises(TutorError, match="names no exercise"):
        new_exercise(paths.lessons, "07-activations/Mine", "fill", "layer")
    with pytest.raises(TutorError, match=r"has no lesson\.md"):
        new_exercise(paths.lessons, "08-softmax/mine", "fill", "layer")
    with pytest.raises(UnknownName, match="layer"):
        new_exercise(paths.lessons, "07-activations/mine", "fill", "layers")
    with pytest.raises(UnknownName, match="shape"):
        new_question(paths.lessons, paths.quizzes, "07-activations", "shapes")
    new_exercise(paths.lessons, "07-activations/mine", "fill", "layer")
    with pytest.raises(TutorError, match="an exercise mine already"):
        new_exercise(paths.lessons, "07-activations/mine", "debug", "layer")
    assert all(file.read_text() == text for file, text in texts.items())


def test_the_command_makes_all_three_and_says_what_is_left(tmp_path: Path) -> None:
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    (lessons / "course.toml").write_text(OUTLINE)
    made = tutor(tmp_path, "author", "new", "lesson", "08-softmax", "--lessons", lessons)
    assert (made.status, made.err) == (0, "")
    assert "08-softmax.toml" in made.out and "tutor author check" in made.out
    made = tutor(tmp_path, "author", "new", "exercise", "softmax/own", "--kind", "fill", "--lessons", lessons)
    assert made.status == 0 and 'put "own" into `exercises`' in made.out
    made = tutor(tmp_path, "author", "new", "question", "softmax", "--kind", "order", "--lessons", lessons)
    assert made.status == 0
    again = tutor(tmp_path, "author", "new", "lesson", "08-softmax", "--lessons", lessons)
    assert again.status == 2 and "is there already" in again.err


def test_an_installed_tutor_does_not_write_to_its_own_course(tmp_path: Path) -> None:
    installed = Paths(
        user_data=tmp_path, lessons=PACKAGE / "content" / "lessons", quizzes=PACKAGE / "content" / "quizzes"
    )
    with pytest.raises(TutorError, match="installed"):
        where_to_write(installed, None)
    lessons = tmp_path / "lessons"
    assert where_to_write(installed, lessons) == (lessons.resolve(), tmp_path.resolve() / "quizzes")
    checkout = locate(tmp_path)
    assert where_to_write(checkout, None) == (checkout.lessons, checkout.quizzes)
