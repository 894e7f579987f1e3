"""The author's check: first what can be read, then what must be run, several at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.authoring.pages import Pages, block_problems, head_problems, read_pages, repeated_sentences
from tutor.authoring.problem import Problem, problem_of
from tutor.authoring.questions import quiz_problems
from tutor.authoring.runs import exercise_files, grading_problems, gradings, listing_problems
from tutor.course import SLUG, CheckCode, Course, Predict, PythonRun, examine_challenge, load_course
from tutor.errors import TutorError

if TYPE_CHECKING:
    from tutor.learner import Box
    from tutor.paths import Paths

WORKERS = 4  # box children at once

Run = Callable[[], list[Problem]]


def check(paths: Paths, box: Box, folder: Path | None = None) -> tuple[Problem, ...]:
    """Every problem of the course, by file and line; with a folder only of the lesson or exercise in it.

    `folder` may also be the root of another course, with `lessons/` and `quizzes/` in it.
    """
    lessons, quizzes, within = _where(paths, folder)
    course = load_course(lessons)
    found, runs = _read(course, lessons, quizzes, box)
    if within is not None:
        runs = [(file, run) for file, run in runs if within in file.parents]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="author-check") as pool:
        for problems in pool.map(lambda item: item[1](), runs):
            found += problems
    if within is not None:
        quiz = quizzes / f"{_slug_of(within, lessons)}.toml"
        found = [
            problem for problem in found if within in (problem.file, *problem.file.parents) or problem.file == quiz
        ]
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.file, problem.line or 0, problem.reason)))


def _where(paths: Paths, folder: Path | None) -> tuple[Path, Path, Path | None]:
    lessons, quizzes = paths.lessons.resolve(), paths.quizzes.resolve()
    if folder is None:
        return lessons, quizzes, None
    folder = folder.resolve()
    if folder == lessons:
        return lessons, quizzes, None
    if (folder / "lessons").is_dir():
        return folder / "lessons", folder / "quizzes", None
    if folder.is_dir() and lessons in folder.parents:
        return lessons, quizzes, folder
    raise TutorError(
        f"{folder} is not a folder of a course.",
        "",
        f"Name a folder below {lessons}, or one that holds lessons/ and quizzes/.",
    )


def _slug_of(folder: Path, lessons: Path) -> str:
    return folder.relative_to(lessons).parts[0]


def _read(course: Course, lessons: Path, quizzes: Path, box: Box) -> tuple[list[Problem], list[tuple[Path, Run]]]:
    """The problems that reading shows, and what must be run, each with the file it belongs to."""
    problems = [Problem(broken.file, broken.line, broken.reason) for broken in course.broken]
    runs: list[tuple[Path, Run]] = []
    all_pages: list[Pages] = []
    exercises = [file.parent for file in sorted(lessons.glob("*/*/challenge.toml")) if SLUG.fullmatch(file.parts[-3])]
    links = frozenset(entry.outline.slug for entry in course.entries) | frozenset(path.name for path in exercises)
    for entry in course.entries:
        folder = lessons / entry.outline.slug
        if entry.head is None:
            continue
        pages = read_pages(folder)
        all_pages.append(pages)
        problems += pages.problems
        problems += block_problems(pages, links)
        if pages.head:
            problems += head_problems(course, entry, pages.head, folder)
        for file, block in pages.blocks:
            if isinstance(block, PythonRun | CheckCode):
                runs.append((file, partial(listing_problems, box, file, block)))
    problems += repeated_sentences(all_pages)
    problems += _questions(all_pages, quizzes)
    for folder in exercises:
        problems += _exercise(folder, box, runs)
    problems += _same_id_twice(exercises)
    return problems, runs


def _questions(all_pages: list[Pages], quizzes: Path) -> list[Problem]:
    """Every quiz, and ids that are used twice in the course."""
    problems: list[Problem] = []
    seen: dict[str, Path] = {}
    slugs = {pages.slug for pages in all_pages}
    for slug in sorted(slugs - {file.stem for file in quizzes.glob("*.toml")}):
        problems.append(Problem(quizzes / f"{slug}.toml", None, "is missing: every lesson has a quiz"))
    places = [
        (block.question.id, file, block.line)
        for pages in all_pages
        for file, block in pages.blocks
        if isinstance(block, Predict)
    ]
    for file in sorted(quizzes.glob("*.toml")):
        if file.stem not in slugs:
            problems.append(Problem(file, None, "belongs to no lesson"))
        of_quiz, ids = quiz_problems(file)
        problems += of_quiz
        places += [(id, *place) for id, place in ids.items()]
    for id, file, line in places:
        if id in seen:
            problems.append(Problem(file, line, f"question {id!r}: the id is used in {seen[id].name} too"))
        seen.setdefault(id, file)
    return problems


def _exercise(folder: Path, box: Box, runs: list[tuple[Path, Run]]) -> list[Problem]:
    challenge, faults = examine_challenge(folder)
    problems = [problem_of(fault) for fault in faults]
    if challenge is not None:
        problems += exercise_files(challenge, folder)
    if challenge is not None and not faults:
        for role, file in gradings(challenge, folder):
            runs.append((file, partial(grading_problems, box, challenge, role, file)))
    return problems


def _same_id_twice(folders: list[Path]) -> list[Problem]:
    first: dict[str, Path] = {}
    problems = []
    for folder in folders:
        if first.setdefault(folder.name, folder) != folder:
            reason = f"{first[folder.name].parent.name} has an exercise of the same id"
            problems.append(Problem(folder / "challenge.toml", None, reason))
    return problems
