"""Lessons: Markdown pages, cut at `## ` headings and at the fences that mean something."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tutor.course.blocks import (
    Block,
    CheckCode,
    Diagram,
    Lesson,
    Math,
    Mistake,
    Predict,
    Prose,
    PythonRun,
    Section,
    Worked,
)
from tutor.course.model import LessonHead, Question
from tutor.course.outline import load_course, read_head, resolve
from tutor.course.question_faults import question_fault
from tutor.course.reader import Struct, parse_toml, read_text, to_record, toml_data
from tutor.course.worked import worked_fault
from tutor.errors import ContentError, UnknownName


def load_lesson(lessons: Path, slug: str) -> Lesson:
    """A whole lesson, by slug, concept or number; UnknownName, or ContentError for the first file that is broken."""
    course = load_course(lessons)
    if course.broken and not course.entries:
        first = course.broken[0]
        raise ContentError(first.file, first.reason, first.line)
    entry = resolve(course, slug)
    slug = entry.outline.slug
    if entry.head is None:
        ready = (other.outline.slug for other in course.entries if other.head is not None)
        raise UnknownName("lesson that is ready", slug, ready)
    folder = lessons / slug
    head, sections = read_lesson(folder / "lesson.md")
    intuition, math = (read_page(file) if file.exists() else () for file in extra_pages(folder))
    return Lesson(slug=slug, head=head, sections=sections, intuition=intuition, math=math)


def read_lesson(file: Path) -> tuple[LessonHead, tuple[Section, ...]]:
    """lesson.md: its head and its pages."""
    text = read_text(file)
    head, first_line = read_head(text, file)
    return head, _sections("\n".join(text.split("\n")[first_line - 1 :]), file, first_line)


def read_page(file: Path) -> tuple[Section, ...]:
    """intuition.md or math.md: pages without a head."""
    return _sections(read_text(file), file)


def extra_pages(folder: Path) -> tuple[Path, Path]:
    """The two files of a lesson that are one key away."""
    return folder / "intuition.md", folder / "math.md"


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Fence:
    """A fence that means something: its info line, its body, and the lines of the file on which they stand."""

    file: Path
    kind: str
    info: str
    body: str
    line: int

    def error(self, reason: str, line: int | None = None) -> ContentError:
        return ContentError(self.file, f"{self.kind} block: {reason}", line or self.line)


_OPENING = re.compile(r"(`{3,})([^`]*)$")


def _sections(text: str, file: Path, first_line: int = 1) -> tuple[Section, ...]:
    sections: list[Section] = []
    title: str | None = None
    blocks: list[Block] = []
    for line, heading, block in _parts(text, file, first_line):
        if heading is not None:
            if title is not None:
                sections.append(Section(title, tuple(blocks)))
            title, blocks = heading, []
        elif title is None:
            raise ContentError(file, "text stands before the first `## ` heading", line)
        elif block is not None:
            blocks.append(block)
    if title is None:
        raise ContentError(file, "has no page: a page starts with a `## ` heading", first_line)
    sections.append(Section(title, tuple(blocks)))
    return tuple(sections)


def _parts(text: str, file: Path, first_line: int) -> Iterator[tuple[int, str | None, Block | None]]:
    """Headings and blocks in order, each with its line."""
    lines = text.split("\n")
    prose: list[str] = []
    start = 0  # of the prose
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        end = _end_of_fence(lines, at, opening[1]) if opening else at
        info = opening[2].strip() if opening else ""
        if opening and end is None:
            raise ContentError(file, f"the fence ```{info} is never closed", first_line + at)
        assert end is not None
        maker = _MAKERS.get(" ".join(info.split()[:2]) if info.startswith("python") else info.split(" ")[0])
        heading = lines[at][3:].strip() if lines[at].startswith("## ") else None
        if maker or heading is not None:
            yield from _prose(prose, first_line + start)
            prose, start = [], end + 1
            if heading is not None:
                if not heading:
                    raise ContentError(file, "a heading without words", first_line + at)
                yield first_line + at, heading, None
            elif maker:
                kind, _, rest = info.partition(" ")
                fence = _Fence(file, kind, rest.strip(), "\n".join(lines[at + 1 : end]), first_line + at)
                yield fence.line, None, maker(fence)
        else:
            prose.extend(lines[at : end + 1])
        at = end + 1
    yield from _prose(prose, first_line + start)


def _end_of_fence(lines: list[str], at: int, ticks: str) -> int | None:
    closing = re.compile(rf"`{{{len(ticks)},}}\s*$")
    return next((number for number in range(at + 1, len(lines)) if closing.match(lines[number])), None)


def _prose(lines: list[str], line: int) -> Iterator[tuple[int, None, Block]]:
    text = "\n".join(lines)
    if text.strip():
        skipped = next(number for number, words in enumerate(lines) if words.strip())
        yield line + skipped, None, Prose(text.strip("\n"), line + skipped)


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _math(fence: _Fence) -> Math:
    if not fence.body.strip():
        raise fence.error("there is no formula in it")
    rule = next((number for number, line in enumerate(fence.body.split("\n"), 1) if line.strip() == "---"), None)
    if rule is not None:
        raise fence.error("it holds LaTeX alone: leave out the line `---` and what follows it", fence.line + rule)
    return Math(fence.body.strip(), fence.line)


def _predict(fence: _Fence) -> Predict:
    question = parse_toml(fence.body, Question, fence.file, fence.line + 1)
    fault = question_fault(question)
    if fault:
        raise fence.error(fault)
    return Predict(msgspec.structs.replace(question, lesson=fence.file.parent.name), fence.line)


def _python_run(fence: _Fence) -> PythonRun:
    return PythonRun(_code(fence), fence.line)


def _check(fence: _Fence) -> CheckCode:
    return CheckCode(_code(fence), fence.line)


def _code(fence: _Fence) -> str:
    if not fence.body.strip():
        raise fence.error("there is no code in it")
    return fence.body + "\n"


def _diagram(fence: _Fence) -> Diagram:
    try:
        name, *options = shlex.split(fence.info)
    except ValueError as error:
        raise fence.error('the info line is `diagram NAME key="value" ...`: ' + (str(error) or "no name")) from None
    pairs = [option.partition("=") for option in options]
    if fence.body.strip():
        raise fence.error("it has no body: its options stand on the info line", fence.line + 1)
    if not name.isidentifier() or any(not equals or not key.isidentifier() for key, equals, _ in pairs):
        raise fence.error('the info line is `diagram NAME key="value" ...`')
    return Diagram(name, {key: value for key, _, value in pairs}, fence.line)


def _mistake(fence: _Fence) -> Mistake:
    mistake = _record(fence, Mistake)
    if not all(words.strip() for words in (mistake.title, mistake.symptom, mistake.cause, mistake.test)):
        raise fence.error("title, symptom, cause and test must not be empty")
    return mistake


def _worked(fence: _Fence) -> Worked:
    worked = _record(fence, Worked)
    fault = worked_fault(worked)
    if fault:
        raise fence.error(fault)
    return worked


def _record(fence: _Fence, into: type[Struct]) -> Struct:
    """The TOML of a block as its record, which gets the line of the fence."""
    data = toml_data(fence.body, fence.file, fence.line + 1)
    known = [name for name in into.__struct_encode_fields__ if name != "line"]
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise fence.error(f"`{unknown[0]}` is not known here: there is {', '.join(known)}")
    return to_record({**data, "line": fence.line}, into, fence.body, fence.file, fence.line + 1)


_MAKERS: dict[str, Callable[[_Fence], Block]] = {
    "math": _math,
    "predict": _predict,
    "python run": _python_run,
    "diagram": _diagram,
    "mistake": _mistake,
    "worked": _worked,
    "check": _check,
}
