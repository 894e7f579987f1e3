"""The running text of a lesson: its links, its sentences, and what Markdown may not hold here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt

from tutor.course import Prose

LONG_SENTENCE = 60


class Paragraph(NamedTuple):
    """A paragraph, heading, item or cell as running text."""

    line: int
    text: str
    links: tuple[str, ...]
    forbidden: str  # "" or what stands in it that has no place in a terminal


def paragraphs(prose: Prose) -> Iterator[Paragraph]:
    """The paragraphs of a block of Markdown, with their lines in the file."""
    for token in MarkdownIt("commonmark").enable("table").parse(prose.text):
        line = prose.line + (token.map[0] if token.map else 0)
        if token.type == "html_block":
            yield Paragraph(line, "", (), "HTML")
        if token.type != "inline":
            continue
        children = token.children or []
        yield Paragraph(
            line,
            "".join(" " if child.type in ("softbreak", "hardbreak") else child.content for child in children),
            tuple(str(child.attrGet("href")) for child in children if child.type == "link_open"),
            next((_FORBIDDEN[child.type] for child in children if child.type in _FORBIDDEN), ""),
        )


_FORBIDDEN = {"html_inline": "HTML", "image": "a picture"}


def long_sentences(text: str) -> Iterator[str]:
    """The sentences that are long enough for a repetition to be no accident, in one spelling."""
    for sentence in re.split(r"(?<=[.!?:])\s+", " ".join(text.split())):
        if len(sentence) >= LONG_SENTENCE:
            yield sentence.lower()
