"""Finding a page by its words: every heading, paragraph, formula, line of code and mistake of the lessons."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tutor.course.blocks import TRACKS, Block, Lesson, Math, Mistake, Prose, PythonRun, Section, Track, Worked
from tutor.course.lessons import load_lesson
from tutor.course.model import Course, LessonHead
from tutor.errors import TutorError

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode


class Line(Struct, frozen=True):
    """A piece of a page as running text: a paragraph, a row of a table, a formula, a line of code."""

    text: str
    folded: str  # sign for sign as it is compared
    heading: bool = False


class PageText(Struct, frozen=True):
    """A page of a lesson with its words."""

    lesson: str  # slug
    title: str  # of the lesson
    track: Track
    section: int  # from 0
    heading: str
    lines: tuple[Line, ...]  # the first is the heading
    folded: str  # all of them


class Hit(Struct, frozen=True):
    """A page that holds every word, and the line of it that holds most of them."""

    page: PageText
    line: str
    spans: tuple[tuple[int, int], ...]  # where the words stand in the line
    rank: int  # 0: all in a heading, 1: all in one line, 2: all on the page


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read_pages(course: Course, lessons: Path) -> tuple[PageText, ...]:
    """Every page of every lesson that can be read, in the order of the course."""
    pages: list[PageText] = []
    for entry in course.entries:
        if isinstance(entry.head, LessonHead):
            try:
                pages += pages_of(load_lesson(lessons, entry.outline.slug))
            except TutorError:  # the map says why it cannot be read
                continue
    return tuple(pages)


def pages_of(lesson: Lesson) -> Iterator[PageText]:
    """The pages of one lesson: its own, then those of its intuition and its derivation."""
    for track in TRACKS:
        for number, section in enumerate(lesson.pages(track)):
            lines = tuple(_lines(section))
            whole = "\n".join(line.folded for line in lines)
            yield PageText(lesson.slug, lesson.head.title, track, number, lines[0].text, lines, whole)


def _lines(section: Section) -> Iterator[Line]:
    from tutor.course.markup import running

    yield _line(_text(running(section.title)), heading=True)
    for block in section.blocks:
        yield from (line for line in _block(block) if line.text)


def _block(block: Block) -> Iterator[Line]:
    from tutor.course.markup import running, tree

    match block:
        case Prose(text=text):
            yield from _prose(tree(text))
        case Math(latex=latex):
            yield _line(_formula(latex))
        case PythonRun(source=source):
            yield from map(_line, source.split("\n"))
        case Mistake():
            for words in (block.title, block.symptom, block.cause, block.test):
                yield _line(_text(running(words)))
        case Worked():
            for words in (block.title, block.try_, *(row.note for row in block.rows)):
                yield _line(_text(running(words)))


def _prose(node: SyntaxTreeNode) -> Iterator[Line]:
    for child in node.children:
        if child.type in ("paragraph", "heading"):
            yield _line(_text(child), heading=child.type == "heading")
        elif child.type == "tr":
            yield _line(" · ".join(_text(cell) for cell in child.children))
        elif child.type in ("fence", "code_block"):
            yield from map(_line, child.content.split("\n"))
        else:
            yield from _prose(child)


def _text(node: SyntaxTreeNode) -> str:
    match node.type:
        case "math_inline":
            return _formula(node.content)
        case "softbreak" | "hardbreak":
            return " "
        case _:
            return "".join(map(_text, node.children)) if node.children else node.content


def _formula(latex: str) -> str:
    from tutor.mathtext import MathError, inline

    try:
        return inline(latex)
    except MathError:
        return latex


def _line(text: str, heading: bool = False) -> Line:
    text = " ".join(text.split())
    return Line(text, folded(text), heading)


# ── comparing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def folded(text: str) -> str:
    """The text sign for sign as it is compared: small letters, `Wᵢⱼ` as `wij`."""
    return text.lower() if text.isascii() else "".join(map(_folded, text))


@lru_cache(maxsize=2048)
def _folded(sign: str) -> str:
    return "-" if sign == "−" else unicodedata.normalize("NFKD", sign)[0].casefold()[0]


def search_pages(pages: Sequence[PageText], words: str) -> tuple[Hit, ...]:
    """The pages that hold all the words, each as the beginning of a word; those that say them in a heading first."""
    wanted = [_pattern(word) for word in dict.fromkeys(folded(words).split())]
    hits = [hit for page in pages if wanted and (hit := _hit(page, wanted)) is not None]
    return tuple(sorted(hits, key=lambda hit: hit.rank))  # stable: within a rank in the order of the course


def _pattern(word: str) -> re.Pattern[str]:
    begins = r"(?<![^\W_])" if word[0].isalnum() else ""
    return re.compile(begins + re.escape(word).replace("d", "[d∂]"))


def _hit(page: PageText, wanted: Sequence[re.Pattern[str]]) -> Hit | None:
    if not all(word.search(page.folded) for word in wanted):
        return None
    found = [frozenset(n for n, word in enumerate(wanted) if word.search(line.folded)) for line in page.lines]
    whole = [line.heading for line, words in zip(page.lines, found, strict=True) if len(words) == len(wanted)]
    best = max(range(len(found)), key=lambda place: (len(found[place]), not page.lines[place].heading))
    line = page.lines[best]
    spans = sorted(match.span() for word in wanted for match in word.finditer(line.folded))
    return Hit(page, line.text, tuple(spans), 0 if any(whole) else 1 if whole else 2)


def excerpt(hit: Hit, width: int) -> tuple[str, tuple[tuple[int, int], ...]]:
    """So much of the line as fits, around most of the words, and where they stand in that."""
    text, room = hit.line, width - 4  # for what says that it goes on
    if len(text) <= width:
        return text, hit.spans
    starts = [start for start, _ in hit.spans] or [0]
    first = max(starts, key=lambda start: sum(start <= other < start + room // 2 for other in starts))
    start = 0 if first < room // 2 else text.rfind(" ", 0, first - room // 4) + 1  # not in the middle of a word
    end = len(text) if len(text) - start <= room else max(text.rfind(" ", 0, start + room), start + 1)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    shift = len(before) - start
    inside = [(a + shift, min(b, end) + shift) for a, b in hit.spans if start <= a < end]
    return f"{before}{text[start:end]}{after}", tuple(inside)
