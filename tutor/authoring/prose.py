"""The running text of a lesson: its links, its sentences, and what Markdown may not hold here."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from tutor.course import Prose
from tutor.course.markup import parser

LONG_SENTENCE = 60


class Paragraph(NamedTuple):
    """A paragraph, heading, item or cell as running text."""

    line: int
    text: str
    source: str  # the Markdown
    links: tuple[str, ...]
    forbidden: str  # "" or what stands in it that has no place in a terminal


def paragraphs(prose: Prose) -> Iterator[Paragraph]:
    """The paragraphs of a block of Markdown, with their lines in the file."""
    row = 0
    for token in parser(html=True).parse(prose.text):
        row = token.map[0] if token.map else row  # a cell has no line of its own: its row has
        line = prose.line + row
        if token.type == "html_block":
            yield Paragraph(line, "", "", (), "HTML")
        if token.type != "inline":
            continue
        children = token.children or []
        yield Paragraph(
            line,
            "".join(" " if child.type in ("softbreak", "hardbreak") else child.content for child in children),
            token.content,
            tuple(str(child.attrGet("href")) for child in children if child.type == "link_open"),
            next((_FORBIDDEN[child.type] for child in children if child.type in _FORBIDDEN), ""),
        )


_FORBIDDEN = {"html_inline": "HTML", "image": "a picture"}


def listings(prose: Prose) -> Iterator[tuple[int, str]]:
    """The fences of Python that stay in the text, each with its line in the file."""
    for token in parser().parse(prose.text):
        if token.type == "fence" and token.info.strip() == "python" and token.map:
            yield prose.line + token.map[0], textwrap.dedent(token.content)


def listing_lines(prose: Prose) -> Iterator[tuple[int, str]]:
    """Every line of every fence that stays in the text, with its line in the file."""
    for token in parser().parse(prose.text):
        if token.type == "fence" and token.map:
            yield from enumerate(token.content.split("\n"), prose.line + token.map[0] + 1)


def inline_formulas(text: str) -> tuple[str, ...]:
    """The LaTeX of every `$formula$` in a line or two of Markdown."""
    tokens = parser().parseInline(text.replace("\n", " "))
    return tuple(child.content for token in tokens for child in token.children or [] if child.type == "math_inline")


def numbered_lists(prose: Prose) -> Iterator[tuple[str, ...]]:
    """The items of each numbered list as running text."""
    items: list[list[str]] | None = None
    depth = 0
    for token in parser().parse(prose.text):
        if token.type == "ordered_list_open" and depth == 0:
            items = []
        depth += token.nesting if token.type.startswith(("ordered_list", "bullet_list")) else 0
        if items is None:
            continue
        if token.type == "list_item_open" and depth == 1:
            items.append([])
        elif token.type == "inline" and items:
            items[-1].append("".join(child.content or " " for child in token.children or []))
        elif token.type == "ordered_list_close" and depth == 0:
            yield tuple(" ".join(words) for words in items)
            items = None


_END_OF_SENTENCE = re.compile(r"(?<=[.!?:])\s+")


def long_sentences(text: str) -> Iterator[str]:
    """The sentences that are long enough for a repetition to be no accident, in one spelling."""
    for sentence in _END_OF_SENTENCE.split(" ".join(text.split())):
        if len(sentence) >= LONG_SENTENCE:
            yield sentence.lower()


def count_sentences(text: str) -> int:
    """How many sentences a piece of running text has."""
    return len(re.findall(r"[.!?](?=\s+[A-Z`$]|\s*$)", text.strip())) or 1
