"""What every lesson has: its blocks, its end, and a proof of each number on each page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from msgspec import structs

from tutor.authoring.pages import Page, Pages
from tutor.authoring.problem import Problem
from tutor.authoring.prose import count_sentences, numbered_lists, paragraphs
from tutor.course import Block, CheckCode, Diagram, Mistake, Predict, Prose, PythonRun, Worked
from tutor.course.worked import aligned, recompute

LEAST: dict[type, tuple[int, str]] = {
    Predict: (3, "predict"),
    Mistake: (3, "mistake"),
    Worked: (1, "worked"),
    Diagram: (1, "diagram"),
    PythonRun: (1, "python run"),
    CheckCode: (1, "check"),
}
SENTENCES = 3  # to remember


def lesson_problems(pages: Pages, next_slug: str) -> list[Problem]:
    """What a lesson lacks as a whole; `next_slug` is the lesson after it, "" where it is the last."""
    file = pages.folder / "lesson.md"
    problems = [Problem(page.file, line, reason) for page in pages.pages for line, reason in _unproved(page)]
    if pages.head is None:
        return problems
    for kind, (least, name) in LEAST.items():
        count = sum(isinstance(block, kind) for _, block in pages.blocks)
        if count < least:
            had = f"{count} {name} block{'s' if count > 1 else ''}" if count else f"no {name} block"
            problems.append(Problem(file, None, f"the lesson has {had}: {least} needed"))
    exercises = (name for name in pages.head.exercises if (pages.folder / name).is_dir())
    wanted = (*exercises, *([next_slug] if next_slug else []))
    return problems + [Problem(file, line, reason) for line, reason in _end_reasons(pages.own[-1], wanted)]


def _end_reasons(page: Page, wanted: tuple[str, ...]) -> Iterator[tuple[int | None, str]]:
    """The last page holds three sentences to remember, and leads on to the exercises and the next lesson."""
    prose = [block for block in page.blocks if isinstance(block, Prose)]
    line = prose[0].line if prose else None
    lists = [items for block in prose for items in numbered_lists(block)]
    if len(lists) != 1 or len(lists[0]) != SENTENCES:
        found = f"lists of {', '.join(str(len(items)) for items in lists)}" if lists else "none"
        yield line, f"the last page needs one numbered list of {SENTENCES} sentences to remember; it has {found}"
    else:
        for number, item in enumerate(lists[0], 1):
            if (count := count_sentences(item)) > 1:
                yield line, f"the last page: point {number} is {count} sentences, not one"
    links = {link for block in prose for paragraph in paragraphs(block) for link in paragraph.links}
    for name in wanted:
        if name not in links:
            yield line, f"the last page has no link to {name}: it is what follows"


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?"
_LITERAL = re.compile(rf"(?<![\w.\\])(?:{_NUMBER})(?!\w)")
_ANYWHERE = re.compile(rf"{_NUMBER}|\.\d+")
# What is no result of anything: where a link leads, a year, the number of a lesson, a page or a version.
_NO_CLAIM = re.compile(
    r"\]\([^)]*\)|https?://\S+|\b(?:1[89]|20)\d\d\b(?![.,]?\d)|\b(?:lessons?|pages?|Python|NumPy|PyTorch)\s+\d[\d.]*",
    re.IGNORECASE,
)


def _unproved(page: Page) -> Iterator[tuple[int, str]]:
    """The numbers of prose, tables and mistakes, of two digits or with a decimal point, that no block of it holds."""
    proved = {number for block in page.blocks for number in _proofs(block)}
    for block in page.blocks:
        for line, text in _claims(block):
            for literal in _LITERAL.findall(_NO_CLAIM.sub(" ", text)):
                if len(re.sub(r"\D", "", literal)) > 1 and _value(literal) not in proved:
                    yield line, f"the number {literal} stands in no block of its page that proves it"


def _claims(block: Block) -> Iterator[tuple[int, str]]:
    if isinstance(block, Prose):
        yield from ((block.line + number, text) for number, text in enumerate(block.text.split("\n")))
    elif isinstance(block, Mistake):
        yield block.line, " ".join((block.title, block.symptom, block.cause, block.test))


def _proofs(block: Block) -> Iterator[Decimal]:
    if isinstance(block, Prose | Mistake):
        return
    fields = structs.asdict(block)
    fields.pop("line")
    yield from map(_value, _ANYWHERE.findall(str(fields)))
    if isinstance(block, Worked):
        yield from map(_value, " ".join(aligned([made.value for made in recompute(block, block.given)])).split())


def _value(literal: str) -> Decimal:
    """1,000 and 1_000 are one number, and so are 2.50 and 2.5; a sign is the text's own."""
    return abs(Decimal(re.sub("[,_]", "", literal))).normalize()
