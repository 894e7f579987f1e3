"""The pages of a lesson as the check sees them, and what is wrong with single blocks."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from rich.cells import cell_len

from tutor.authoring.drawn import diagram_reasons, formula_reasons, inline_reasons
from tutor.authoring.problem import Problem, problem_of
from tutor.authoring.prose import listing_lines, listings, long_sentences, paragraphs
from tutor.authoring.questions import question_problems
from tutor.course import (
    Block,
    CheckCode,
    Diagram,
    LessonHead,
    Math,
    Mistake,
    Predict,
    Prose,
    PythonRun,
    Section,
    Worked,
    extra_pages,
    read_lesson,
    read_page,
    read_text,
)
from tutor.errors import ContentError

LISTING_WIDTH = 76  # cells of a line of code that a page of 80 columns shows


class Page(Struct, frozen=True):
    """A page and the file it stands in."""

    file: Path
    title: str
    blocks: tuple[Block, ...]


class Pages(Struct, frozen=True):
    """A lesson as the check sees it: its pages, lesson.md's first, and why some could not be read."""

    slug: str
    folder: Path
    head: LessonHead | None
    pages: tuple[Page, ...]
    problems: tuple[Problem, ...]

    @property
    def blocks(self) -> tuple[tuple[Path, Block], ...]:
        """Every block of every page with its file."""
        return tuple((page.file, block) for page in self.pages for block in page.blocks)

    @property
    def own(self) -> tuple[Page, ...]:
        """The pages of lesson.md."""
        return tuple(page for page in self.pages if page.file.name == "lesson.md")


def read_pages(folder: Path) -> Pages:
    """The pages of a lesson, as far as they can be read."""
    file = folder / "lesson.md"
    head: LessonHead | None = None
    pages: list[Page] = []
    problems: list[Problem] = []
    try:
        head, sections = read_lesson(file)
        pages += _pages(file, sections)
    except ContentError as error:
        problems.append(problem_of(error))
    for extra in extra_pages(folder):
        try:
            pages += _pages(extra, read_page(extra))
        except ContentError as error:
            problems.append(problem_of(error))
    return Pages(folder.name, folder, head, tuple(pages), tuple(problems))


def _pages(file: Path, sections: Sequence[Section]) -> list[Page]:
    return [Page(file, section.title, section.blocks) for section in sections]


# ── the blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def block_problems(pages: Pages, names: frozenset[str]) -> list[Problem]:
    """What is wrong with titles and single blocks; `names` are the lessons and exercises that a link may lead to."""
    titles = [Problem(p.file, None, f"## {p.title}: {r}") for p in pages.pages for r in inline_reasons(p.title)]
    return titles + [
        Problem(file, line, reason) for file, block in pages.blocks for line, reason in _block_reasons(block, names)
    ]


def text_problems(file: Path, names: frozenset[str]) -> list[Problem]:
    """What is wrong with a file of Markdown alone: a hint, a why.md."""
    try:
        prose = Prose(read_text(file), 1)
    except ContentError:
        return []  # said where the files are counted
    return [Problem(file, line, reason) for line, reason in _prose_reasons(prose, names)]


def _block_reasons(block: Block, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    match block:
        case Prose():
            yield from _prose_reasons(block, names)
            yield from _too_wide(listing_lines(block))
        case Math(latex=latex, line=line):
            for reason in formula_reasons(latex):
                yield line, f"math block: {reason}"
        case Predict(question=question, line=line):
            for reason in question_problems(question):
                yield line, reason
        case Diagram(name=name, options=options, line=line):
            for reason in diagram_reasons(name, options):
                yield line, f"diagram block: {reason}"
        case CheckCode(source=source, line=line):
            if "assert" not in source:
                yield line, "the check block asserts nothing"
        case Mistake(title=title, symptom=symptom, cause=cause, test=test, line=line):
            for reason in inline_reasons(title, symptom, cause, test):
                yield line, f"mistake block: {reason}"
        case Worked(line=line):
            for reason in inline_reasons(block.title, block.try_, *(row.note for row in block.rows)):
                yield line, f"worked block: {reason}"
        case PythonRun(source=source, line=line):
            yield from _too_wide(enumerate(source.split("\n"), line + 1))


def _too_wide(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Code is never broken into lines, so what is too wide for a small terminal is cut."""
    for line, text in lines:
        if cell_len(text) > LISTING_WIDTH:
            yield line, f"this line of a listing has {cell_len(text)} columns: a terminal of 80 shows {LISTING_WIDTH}"


def _prose_reasons(prose: Prose, names: frozenset[str]) -> Iterator[tuple[int, str]]:
    for paragraph in paragraphs(prose):
        if paragraph.forbidden:
            yield paragraph.line, f"{paragraph.forbidden} stands in the text"
        for link in paragraph.links:
            if not link.startswith(("https://", "http://")) and link not in names:
                yield paragraph.line, f"the link leads to {link!r}, which is no lesson, exercise or https address"
        for reason in inline_reasons(paragraph.source):
            yield paragraph.line, reason
    for line, code in listings(prose):
        try:
            ast.parse(code)
        except (SyntaxError, ValueError) as error:
            yield line, f"this listing is no Python: {error}"


def repeated_sentences(lessons: Sequence[Pages]) -> list[Problem]:
    """A long sentence that stands twice in the course, at its second place."""
    first: dict[str, str] = {}
    problems = []
    for pages in lessons:
        for file, block in pages.blocks:
            if not isinstance(block, Prose):
                continue
            for paragraph in paragraphs(block):
                for sentence in long_sentences(paragraph.text):
                    place = f"{pages.slug}/{file.name}"
                    if sentence in first:
                        reason = f"this sentence stands in {first[sentence]} too: {sentence[:60]}..."
                        problems.append(Problem(file, paragraph.line, reason))
                    first.setdefault(sentence, place)
    return problems
