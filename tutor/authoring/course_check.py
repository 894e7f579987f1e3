"""The author's check: first what can be read, then what must be run, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tutor.authoring.answers import answer_problems
from tutor.authoring.exercise_files import everything_in, file_problems
from tutor.authoring.head import head_problems
from tutor.authoring.pages import Pages, block_problems, read_pages, repeated_sentences, text_problems
from tutor.authoring.problem import Problem, problem_of
from tutor.authoring.quizzes import (
    Placed,
    formula_problems_of,
    placed_questions,
    question_problems_of,
    question_runs,
    quiz_files,
    same_question_id_twice,
)
from tutor.authoring.runs import Gradings, Run, listing_problems
from tutor.authoring.whole_lesson import lesson_problems
from tutor.authoring.words import TEXTS, refused_words
from tutor.course import SLUG, CheckCode, Course, PythonRun, examine_challenge, load_course
from tutor.errors import TutorError

if TYPE_CHECKING:
    from tutor.learner import Box
    from tutor.paths import Paths

WORKERS = 4  # box children at once

PAGES = ("lesson.md", "intuition.md", "math.md")


class Scope(NamedTuple):
    """Where the course is, and the part of it that is looked at: all, a lesson, or an exercise."""

    lessons: Path
    quizzes: Path
    within: Path | None = None

    @property
    def slug(self) -> str:
        """The one lesson that is looked at, or "" for all."""
        return self.within.relative_to(self.lessons).parts[0] if self.within else ""

    def holds(self, file: Path) -> bool:
        """Whether a file is looked at; a lesson's quiz belongs to the lesson."""
        if self.within is None or self.within in (file, *file.parents):
            return True
        return self.within == self.lessons / self.slug and file == self.quizzes / f"{self.slug}.toml"


def check(
    paths: Paths, box: Box, folder: Path | None = None, say: Callable[[str], object] = lambda _: None
) -> tuple[Problem, ...]:
    """Every problem of the course, by file and line; with a folder only of the lesson or exercise in it.

    `folder` may also be the root of another course, with `lessons/` and `quizzes/` in it. `say` is told what could not
    be looked at here, and why.
    """
    scope = scope_of(paths, folder)
    course = load_course(scope.lessons)
    lessons = [read_pages(scope.lessons / slug) for slug in _slugs(course)]
    questions = placed_questions(lessons, scope.quizzes)
    found = [*_course_problems(course, scope, lessons, questions), *_lesson_problems(course, scope, lessons)]
    found += formula_problems_of([placed for placed in questions if scope.holds(placed.file)])
    links = link_names(course, scope)
    gradings: list[Gradings] = []
    for exercise in filter(scope.holds, exercise_folders(scope.lessons)):
        problems, graded = _exercise(exercise, box, links)
        found += problems
        gradings += graded
    runs = [*_listings(lessons, box), *question_runs(questions, box), *(run for one in gradings for run in one.runs())]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="author-check") as pool:
        for problems in pool.map(lambda run: run(), [run for file, run in runs if scope.holds(file)]):
            found += problems
    skipped = [file for one in gradings for file in one.without_torch]
    if skipped:
        say(f"PyTorch is not installed here: solutions in it were not graded: {len(skipped)} (pip install torch).")
    return _sorted(problem for problem in found if scope.holds(problem.file))


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file and line."""
    once = dict.fromkeys(problems)
    return tuple(sorted(once, key=lambda problem: (problem.file, problem.line or 0, problem.reason)))


def check_across(paths: Paths) -> tuple[Problem, ...]:
    """The problems of the course that no lesson has by itself; nothing is run."""
    scope = scope_of(paths, None)
    course = load_course(scope.lessons)
    lessons = [read_pages(scope.lessons / slug) for slug in _slugs(course)]
    return _sorted(_course_problems(course, scope, lessons, placed_questions(lessons, scope.quizzes)))


def scope_of(paths: Paths, folder: Path | None) -> Scope:
    """What a folder means: nothing, or the lessons themselves, is all of the course."""
    lessons, quizzes = paths.lessons.resolve(), paths.quizzes.resolve()
    folder = folder.resolve() if folder is not None else lessons
    if folder == lessons:
        return Scope(lessons, quizzes)
    if (folder / "lessons").is_dir():
        return Scope(folder / "lessons", folder / "quizzes")
    if folder.is_dir() and lessons in folder.parents:
        return Scope(lessons, quizzes, folder)
    raise TutorError(
        f"{folder} is not a folder of a course.",
        "",
        f"Name a folder below {lessons}, or one that holds lessons/ and quizzes/.",
    )


def _slugs(course: Course) -> list[str]:
    """The lessons that are there, readable or not."""
    return [entry.outline.slug for entry in course.entries if entry.head is not None]


def exercise_folders(lessons: Path) -> list[Path]:
    """The folder of every exercise of the course."""
    return [file.parent for file in sorted(lessons.glob("*/*/challenge.toml")) if SLUG.fullmatch(file.parts[-3])]


def link_names(course: Course, scope: Scope) -> frozenset[str]:
    """Where a link may lead, besides an address."""
    lessons = (entry.outline.slug for entry in course.entries)
    return frozenset((*lessons, *(folder.name for folder in exercise_folders(scope.lessons))))


# ── across lessons ───────────────────────────────────────────────────────────────────────────────────────────────────


def _course_problems(
    course: Course, scope: Scope, lessons: Sequence[Pages], questions: Sequence[Placed]
) -> Iterator[Problem]:
    yield from (Problem(broken.file, broken.line, broken.reason) for broken in course.broken)
    yield from repeated_sentences(lessons)
    yield from same_question_id_twice(questions)
    yield from quiz_files(lessons, scope.quizzes)
    yield from _same_exercise_id_twice(exercise_folders(scope.lessons))
    for file in _strays(scope):
        yield Problem(file, None, "is no file of the course")


def _same_exercise_id_twice(folders: Sequence[Path]) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for folder in folders:
        if first.setdefault(folder.name, folder) != folder:
            reason = f"{first[folder.name].parent.name} has an exercise of the same id"
            yield Problem(folder / "challenge.toml", None, reason)


def _strays(scope: Scope) -> Iterator[Path]:
    """Files that are neither the course's, nor a lesson's, nor a quiz; those of exercises are looked at with them."""
    exercises = set(exercise_folders(scope.lessons))
    for file in everything_in(scope.lessons):
        place = file.relative_to(scope.lessons).parts
        if (
            exercises.isdisjoint(file.parents)
            and place != ("course.toml",)
            and not (len(place) == 2 and place[1] in PAGES)
        ):
            yield file
    yield from (file for file in everything_in(scope.quizzes) if file.suffix != ".toml")


# ── one lesson ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _lesson_problems(course: Course, scope: Scope, lessons: Sequence[Pages]) -> Iterator[Problem]:
    """What is wrong with each lesson that is looked at, and with its quiz, as far as reading shows it."""
    slugs = [entry.outline.slug for entry in course.entries]
    links = link_names(course, scope)
    after = dict(zip(slugs, [*slugs[1:], ""], strict=False))
    for pages in lessons:
        if scope.slug not in ("", pages.slug):
            continue
        yield from pages.problems
        yield from block_problems(pages, links)
        yield from lesson_problems(pages, after[pages.slug])
        if pages.head:
            yield from head_problems(course, course.entry(pages.slug), pages.head, pages.folder)
    quizzes = [file for file in sorted(scope.quizzes.glob("*.toml")) if scope.holds(file)]
    for file in quizzes:
        yield from question_problems_of(file)
    texts = [file for file in everything_in(scope.within or scope.lessons) if file.suffix in TEXTS]
    yield from refused_words([*texts, *quizzes])


def _listings(lessons: Sequence[Pages], box: Box) -> Iterator[tuple[Path, Run]]:
    """The code of the lessons that must be run."""
    for pages in lessons:
        for file, block in pages.blocks:
            if isinstance(block, PythonRun | CheckCode):
                yield file, partial(listing_problems, box, file, block)


# ── one exercise ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _exercise(folder: Path, box: Box, links: frozenset[str]) -> tuple[list[Problem], list[Gradings]]:
    """The problems of an exercise that reading shows, and what of it is to be graded: nothing where it is broken."""
    challenge, faults = examine_challenge(folder)
    problems = [problem_of(fault) for fault in faults]
    if challenge is None:
        return problems, []
    problems += [*file_problems(challenge, folder), *answer_problems(challenge, folder)]
    for text in (folder / "why.md", *sorted((folder / "hints").glob("*.md"))):
        problems += text_problems(text, links)
    return problems, [] if faults else [Gradings(box, challenge, folder)]
