"""The files of a new exercise, made of one right file and the changes that spoil it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tutor.course.reader import read_toml

Kind = Literal["fill", "scratch", "debug"]

MARK = "# AUTHOR: what this file is about, and what is to be done in it\n"
HINTS = (
    "AUTHOR: what does one have to ask oneself here?\n",
    "AUTHOR: the idea, without a line of the solution.\n",
    "AUTHOR: nearly the line.\n",
)
WHY = "AUTHOR: why it is so, for somebody who has passed.\n"


class Change(Struct, frozen=True):
    """A text of the right file, and what stands there instead."""

    old: str
    new: str


class Spoilt(Struct, frozen=True):
    """A change that makes the file wrong, and how the grader says so."""

    label: str
    old: str
    new: str
    fails: str  # "grad_b wrong_shape"


class Gap(Struct, frozen=True):
    """A line of the right file that a fill exercise leaves out, and what its blank asks for."""

    line: str
    text: str


class Template(Struct, frozen=True):
    """templates/exercises/FAMILY.toml."""

    defines: tuple[str, ...]
    options: str  # TOML
    right: str
    second: str  # the label of the second solution, in which `other` is changed
    other: Change
    empty: tuple[str, ...]  # the functions that an exercise from scratch leaves empty
    blank: tuple[Gap, ...]
    wrong: tuple[Spoilt, ...]  # the first three are the variants of a debug exercise


def exercise_texts(file: Path, id: str, lesson: str, kind: Kind) -> dict[str, str]:
    """The text of every file of the exercise, by its place in the folder."""
    template = read_toml(file, Template)
    right = template.right.lstrip("\n")
    texts = {"challenge.toml": _challenge(template, file.stem, id, lesson, kind), "why.md": WHY}
    texts |= {f"hints/{number}.md": text for number, text in enumerate(HINTS, 1)}
    texts["solutions/1-plain.py"] = right
    texts[f"solutions/2-{template.second}.py"] = _changed(right, template.other.old, template.other.new)
    for spoilt in template.wrong:
        source = _changed(right, spoilt.old, spoilt.new)
        texts[f"wrong/{spoilt.label}.py"] = f"# fails: {spoilt.fails}\n# why: {spoilt.label}\n{source}"
    if kind == "debug":
        for name, spoilt in zip("abc", template.wrong, strict=False):
            texts[f"variants/{name}.py"] = MARK + _changed(right, spoilt.old, spoilt.new)
    texts["starter.py"] = {
        "fill": lambda: MARK + _with_blanks(right, template.blank),
        "scratch": lambda: MARK + _emptied(right, template.empty),
        "debug": lambda: texts["variants/a.py"],
    }[kind]()
    return texts


def _challenge(template: Template, family: str, id: str, lesson: str, kind: Kind) -> str:
    defines = ", ".join(f'"{name}"' for name in template.defines)
    return (
        f'id = "{id}"\ntitle = "AUTHOR: the exercise in a few words"\nkind = "{kind}"\nlesson = "{lesson}"\n'
        f'family = "{family}"\ndefines = [{defines}]\n\n[options]\n{template.options.strip()}\n'
    )


def _changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the template"
    return text.replace(old, new)


def _with_blanks(right: str, gaps: tuple[Gap, ...]) -> str:
    for number, gap in enumerate(gaps, 1):
        target = gap.line.partition(" = ")[0]
        right = _changed(right, gap.line + "\n", f"{target} = ...  # BLANK {number}: {gap.text}\n")
    return right


def _emptied(right: str, names: tuple[str, ...]) -> str:
    """The file with the bodies of these functions gone; their words stay."""
    lines = right.split("\n")
    functions = [
        node for node in ast.walk(ast.parse(right)) if isinstance(node, ast.FunctionDef) and node.name in names
    ]
    for function in sorted(functions, key=lambda function: -function.lineno):
        words, *rest = function.body
        blanks = " " * words.col_offset
        start, end = (words.end_lineno or words.lineno), rest[-1].end_lineno
        lines[start:end] = [f'{blanks}raise NotImplementedError("`{function.name}` is still empty.")']
    return "\n".join(lines)
