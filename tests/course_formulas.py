"""Every formula of the course in the order of its files: those of `math` fences and those in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import tomli
from markdown_it.tree import SyntaxTreeNode

from tests.ptyscreen import ROOT
from tutor.course.markup import running, tree

TOML_FENCES = ("predict", "worked", "mistake")


class Formula(NamedTuple):
    """LaTeX and the file it stands in, below the root of the repository."""

    file: str
    latex: str
    display: bool


def lesson_names() -> list[str]:
    """The lessons that have a folder, in the order of the course."""
    return sorted(folder.name for folder in (ROOT / "lessons").iterdir() if folder.is_dir())


def formulas(lesson: str) -> list[Formula]:
    """All formulas of a lesson, of its quiz, and of the pages of its exercises."""
    files = sorted((ROOT / "lessons" / lesson).rglob("*.md"))
    found = [formula for file in files for formula in _of_page(file)]
    quiz = ROOT / "quizzes" / f"{lesson}.toml"
    if quiz.exists():
        found += _of_toml(quiz, quiz.read_text(encoding="utf-8"))
    return list(dict.fromkeys(found))


def _of_page(file: Path) -> Iterator[Formula]:
    text = re.sub(r"\A\+\+\+\n.*?\n\+\+\+\n", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    for node in tree(text).walk():
        if node.type == "fence":
            kind = node.info.split()[0] if node.info.split() else ""
            if kind == "math":
                yield Formula(_name(file), node.content.strip(), display=True)
            elif kind in TOML_FENCES:
                yield from _of_toml(file, node.content)
        elif node.type == "math_inline":
            yield Formula(_name(file), node.content, display=False)


def _of_toml(file: Path, text: str) -> Iterator[Formula]:
    for words in _strings(tomli.loads(text)):
        # In a template a brace is doubled, and {expression} is a number.
        plain = re.sub(r"(?<!\{)\{[^{}]*\}(?!\})", "7", words).replace("{{", "{").replace("}}", "}")
        for node in _inline(running(plain)) if "$" in plain else ():
            yield Formula(_name(file), node.content, display=False)


def _inline(root: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
    return (node for node in root.walk() if node.type == "math_inline")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()
