"""New lessons, exercises and questions from templates: they pass the check except for their marks, `AUTHOR: ...`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tutor import files
from tutor.authoring.new_exercise import Kind, exercise_texts
from tutor.course import SLUG, Course, Entry, LessonHead, list_challenges, load_course, read_quiz, resolve
from tutor.errors import StoreError, TutorError, UnknownName, reason_of

TEMPLATES = Path(__file__).parent / "templates"
FAMILIES = tuple(sorted(file.stem for file in (TEMPLATES / "exercises").glob("*.toml")))
QUESTION_KINDS = tuple(sorted(file.stem for file in (TEMPLATES / "questions").glob("*.toml")))
QUIZ = ("one", "number", "number", "number", "shape", "shape", "order", "line", "formula", "output")  # half are drawn

_EXERCISE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def new_lesson(lessons: Path, quizzes: Path, slug: str) -> tuple[Path, ...]:
    """Make the pages and the quiz of a lesson that course.toml lists; the files that were made."""
    course = load_course(lessons)
    entry = next((entry for entry in course.entries if entry.outline.slug == slug), None)
    if entry is None or not SLUG.fullmatch(slug):
        line = f'{{ slug = "{slug}", title = "...", minutes = 20 }}'
        reason = "is not listed in course.toml." if SLUG.fullmatch(slug) else "is no slug such as 07-activations."
        raise TutorError(f"{slug} {reason}", "", f"Put it into a part of {lessons / 'course.toml'} first: {line}")
    words = {
        "title": entry.outline.title,
        "concept": slug[3:],
        "minutes": str(entry.outline.minutes),
        "next": _link_on(course, entry),
    }
    texts = {lessons / slug / name: _template(name, words) for name in ("lesson.md", "intuition.md", "math.md")}
    questions = (_question(kind, f"{slug[3:]}-{kind}-{number}") for number, kind in enumerate(QUIZ, 1))
    texts[quizzes / f"{slug}.toml"] = "\n".join(questions)
    return _make(texts)


def _link_on(course: Course, entry: Entry) -> str:
    """The last page of a lesson leads to the next one."""
    after = course.entries[course.entries.index(entry) + 1 :]
    return f"[{after[0].outline.title}]({after[0].outline.slug})" if after else ""


def new_exercise(lessons: Path, name: str, kind: Kind, family: str) -> tuple[Path, ...]:
    """Make the folder of an exercise, LESSON/ID; the files that were made."""
    lesson, _, id = name.strip("/").rpartition("/")
    if family not in FAMILIES:
        raise UnknownName("family", family, FAMILIES)
    entry = resolve(load_course(lessons), lesson)
    if not isinstance(entry.head, LessonHead):
        raise TutorError(f"{entry.outline.slug} has no lesson.md that can be read.", "", "Make the lesson first.")
    if not _EXERCISE.fullmatch(id):
        example = f"{entry.outline.slug}/softmax_scratch"
        raise TutorError(f"{name} names no exercise.", "", f"LESSON/ID is needed, such as {example}.")
    if any(id == getattr(found, "id", "") for found in list_challenges(lessons)):
        raise TutorError(f"There is an exercise {id} already.", "", "Every exercise of the course has its own id.")
    template = TEMPLATES / "exercises" / f"{family}.toml"
    texts = exercise_texts(template, id, entry.outline.slug, kind)
    return _make({lessons / entry.outline.slug / id / place: text for place, text in texts.items()})


def new_question(lessons: Path, quizzes: Path, lesson: str, kind: str) -> Path:
    """Put a question below those of a lesson's quiz, which is made where there is none; the quiz."""
    if kind not in QUESTION_KINDS:
        raise UnknownName("kind of question", kind, QUESTION_KINDS)
    slug = resolve(load_course(lessons), lesson).outline.slug
    file = quizzes / f"{slug}.toml"
    if not os.path.lexists(file):
        return _make({file: _question(kind, f"{slug[3:]}-{kind}-1")})[0]
    located, faults = read_quiz(file)
    for fault in faults:
        raise fault
    taken = {question.id for _, question in located}
    id = next(id for n in range(1, len(taken) + 2) if (id := f"{slug[3:]}-{kind}-{n}") not in taken)
    try:
        text = file.read_text(encoding="utf-8")
        files.replace(file, f"{text.rstrip()}\n\n{_question(kind, id)}".encode())
    except OSError as error:
        raise _not_made(file, error) from error
    return file


def _question(kind: str, id: str) -> str:
    return _template(f"questions/{kind}.toml", {"id": id})


def _template(name: str, words: Mapping[str, str]) -> str:
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text


def _make(texts: Mapping[Path, str]) -> tuple[Path, ...]:
    """Write files that are not there yet: all of them, or none."""
    _refuse_what_is_there(texts)
    for file, text in texts.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            raise _not_made(file, error) from error
    return tuple(texts)


def _refuse_what_is_there(made: Iterable[Path]) -> None:
    there = next((file for file in made if os.path.lexists(file)), None)
    if there is not None:
        raise TutorError(f"{there} is there already.", "Nothing was written.", "Choose another name, or move it away.")


def _not_made(file: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{file} cannot be written: {reason_of(error)}.", "", "Name a folder of yours with --lessons DIR."
    )
