"""Words that the tutor does not say, and those still to be written, wherever they stand in the course."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from tutor.authoring.problem import Problem
from tutor.course import read_text
from tutor.errors import ContentError

TEXTS = (".md", ".toml", ".py")

_WORDS = re.compile(r"\b(simply|just)\b", re.IGNORECASE)
_MARK = re.compile(r"\bAUTHOR: *(.*?)[\s\"',}\])#]*(?=[\"'}]|$)")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u26ff\ufe0f\u2705\u270a-\u270d\u2728\u274c\u274e\u2753-\u2757\u2795-\u2797\u27b0\u27bf"
    "\u2b50\u2b55\u231a\u231b\u23e9-\u23f3]"
)


def refused_words(files: Iterable[Path]) -> list[Problem]:
    """Where "simply", "just", an emoji, or a mark of a template stands in the files that a learner reads."""
    problems = []
    for file in files:
        try:
            lines = read_text(file).split("\n")
        except ContentError:
            continue  # whoever reads it for its own sake says why
        for number, line in enumerate(lines, 1):
            problems += [Problem(file, number, f"still to be written: {what}") for what in _MARK.findall(line)]
            problems += [Problem(file, number, f"“{word}” is not said here") for word in _WORDS.findall(line)]
            problems += [
                Problem(file, number, f"an emoji, U+{ord(sign):04X}: plain signs only") for sign in _EMOJI.findall(line)
            ]
    return problems
