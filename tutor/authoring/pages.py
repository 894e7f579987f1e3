"""Whether a lesson is whole, and what it holds that must be run or compared with other lessons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from tutor.authoring.problem import Problem, problem_of
from tutor.authoring.prose import long_sentences, paragraphs
from tutor.authoring.questions import question_problems
from tutor.course import (
    Block,
    CheckCode,
    Course,
    Diagram,
    Entry,
    LessonHead,
    Math,
    Mistake,
    Predict,
    Prose,
    PythonRun,
    Section,
    extra_pages,
    read_lesson,
    read_page,
)
from tutor.errors import ContentError
from tutor.viz import draw_diagram

TEXT_WIDTH = 76


class Pages(Struct, frozen=True):
    """A lesson as the check sees it: its blocks with the file they stand in, and its problems so far."""

    slug: str
    head: LessonHead | None
    blocks: tuple[tuple[Path, Block], ...]
    problems: tuple[Problem, ...]


def read_pages(folder: Path) -> Pages:
    """The pages of a lesson, as far as they can be read."""
    file = folder / "lesson.md"
    head: LessonHead | None = None
    blocks: list[tuple[Path, Block]] = []
    problems: list[Problem] = []
    try:
        head, sections = read_lesson(file)
        blocks += _blocks(file, sections)
    except ContentError as error:
        problems.append(problem_of(error))
    for extra in extra_pages(folder):
        try:
            blocks += _blocks(extra, read_page(extra))
        except ContentError as error:
            problems.append(problem_of(error))
    if head is not None:
        for kind in (Predict, Mistake):
            if not any(isinstance(block, kind) for _, block in blocks):
                problems.append(Problem(file, None, f"the lesson has no {kind.__name__.lower()} block"))
    return Pages(folder.name, head, tuple(blocks), tuple(problems))


def _blocks(file: Path, sections: Sequence[Section]) -> list[tuple[Path, Block]]:
    return [(file, block) for section in sections for block in section.blocks]


# ── the head ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def head_problems(course: Course, entry: Entry, head: LessonHead, folder: Path) -> list[Problem]:
    """What is missing in a head, or does not fit the course and the exercises beside it."""
    file = folder / "lesson.md"
    return [Problem(file, 1, f"head: {reason}") for reason in _head_reasons(course, entry, head, folder)]


def _head_reasons(course: Course, entry: Entry, head: LessonHead, folder: Path) -> Iterator[str]:
    for key in ("title", "concept", "goal"):
        if not getattr(head, key).strip():
            yield f"`{key}` is empty"
    if not head.objectives or not all(objective.strip() for objective in head.objectives):
        yield "`objectives` is empty"
    if (head.title, head.minutes) != (entry.outline.title, entry.outline.minutes):
        yield f"`title` and `minutes` are {entry.outline.title!r} and {entry.outline.minutes} in course.toml"
    slugs = [other.outline.slug for other in course.entries]
    for other in course.entries[: slugs.index(entry.outline.slug)]:
        if isinstance(other.head, LessonHead) and other.head.concept == head.concept:
            yield f"`concept` {head.concept!r} is that of {other.outline.slug} too"
    for slug in head.prerequisites:
        if slug not in slugs:
            yield f"`prerequisites`: there is no lesson {slug!r}"
        elif slugs.index(slug) >= slugs.index(entry.outline.slug):
            yield f"`prerequisites`: {slug} does not come before this lesson"
    folders = {path.parent.name for path in folder.glob("*/challenge.toml")}
    for id in head.exercises:
        if id not in folders:
            yield f"`exercises`: there is no {id}/challenge.toml"
    for id in sorted(folders - set(head.exercises)):
        yield f"`exercises` does not name {id}"


# ── the blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def block_problems(pages: Pages, names: frozenset[str]) -> list[Problem]:
    """What is wrong with single blocks; `names` are the lessons and exercises that a link may lead to."""
    return [
        Problem(file, line, reason) for file, block in pages.blocks for line, reason in _block_reasons(block, names)
    ]


def _block_reasons(block: Block, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    match block:
        case Prose():
            for paragraph in paragraphs(block):
                if paragraph.forbidden:
                    yield paragraph.line, f"{paragraph.forbidden} stands in the text"
                for link in paragraph.links:
                    if not link.startswith(("https://", "http://")) and link not in names:
                        yield (
                            paragraph.line,
                            f"the link leads to {link!r}, which is no lesson, exercise or https address",
                        )
        case Math(unicode=unicode, line=line):
            if max(len(row) for row in unicode.split("\n")) > TEXT_WIDTH:
                yield line, f"math block: the Unicode part is wider than {TEXT_WIDTH} columns"
        case Predict(question=question, line=line):
            for reason in question_problems(question):
                yield line, reason
        case Diagram(name=name, options=options, line=line):
            try:
                draw_diagram(name, options, TEXT_WIDTH)
            except ValueError as error:
                yield line, f"diagram block: {error}"
        case CheckCode(source=source, line=line):
            if "assert" not in source:
                yield line, "the check block asserts nothing"
        case PythonRun() | Mistake():
            pass


def repeated_sentences(lessons: Sequence[Pages]) -> list[Problem]:
    """A long sentence that stands in two lessons, at its second place."""
    first: dict[str, tuple[str, Path, int]] = {}
    problems = []
    for pages in lessons:
        for file, block in pages.blocks:
            if not isinstance(block, Prose):
                continue
            for paragraph in paragraphs(block):
                for sentence in long_sentences(paragraph.text):
                    slug, *_ = first.setdefault(sentence, (pages.slug, file, paragraph.line))
                    if slug != pages.slug:
                        reason = f"this sentence stands in {slug} too: {sentence[:60]}..."
                        problems.append(Problem(file, paragraph.line, reason))
    return problems
