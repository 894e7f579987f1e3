"""Lessons as plain text: for `learn --plain`, for pipes, and for screen readers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tutor.course import signs
from tutor.course.ask import draw, formula_names
from tutor.course.blocks import Block, CheckCode, Diagram, Lesson, Math, Mistake, Predict, Prose, Section, Worked
from tutor.course.expressions import written
from tutor.course.model import Asked
from tutor.course.worked import aligned, formulas, recompute

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_UNBROKEN = "\u00a0"  # stands for a space inside a code span while lines are filled

# ── lessons ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def lesson_text(lesson: Lesson, width: int = 78) -> str:
    """A whole lesson to be read from top to bottom; the answers of its predictions stand at its end."""
    head = lesson.head
    parts = [_underlined(f"{lesson.slug[:2]} {head.title}", "="), _filled(head.goal, width)]
    parts.append(f"{head.minutes} minutes, {head.difficulty}.")
    parts.append("\n".join(_filled(objective, width, "- ", "  ") for objective in head.objectives))
    asked: list[Asked] = []
    for sections in (lesson.sections, lesson.intuition, lesson.math):
        for section in sections:
            parts.extend(_section(section, width, asked))
    if asked:
        parts.append(_underlined("Answers", "-"))
        for number, question in enumerate(asked, 1):
            answer = f"{_right_answer(question)} {question.explain}".strip()
            parts.append(_filled(_inline_text(answer), width, f"{number}. ", "   "))
    return _fit("\n\n".join(part for part in parts if part)) + "\n"


def _section(section: Section, width: int, asked: list[Asked]) -> list[str]:
    parts = [_underlined(_inline_text(section.title), "-")]
    for block in section.blocks:
        if isinstance(block, Predict):
            asked.append(draw(block.question, seed=0))
            parts.append(_question(asked[-1], len(asked), width))
        elif not isinstance(block, CheckCode):
            parts.append(_block(block, width))
    return parts


def _block(block: Block, width: int) -> str:
    match block:
        case Prose(text=text):
            return markdown_text(text, width)
        case Math(latex=latex):
            return textwrap.indent(_formula(latex, width - 4), "    ")
        case Diagram(name=name, options=options):
            return textwrap.indent(_picture(name, options, width - 4), "    ")
        case Mistake():
            return _mistake(block, width)
        case Worked():
            return _worked(block, width)
        case _:
            return textwrap.indent(getattr(block, "source", "").rstrip(), "    ")


def _formula(latex: str, width: int) -> str:
    from tutor.mathtext import MathError, display

    try:
        return "\n".join(display(latex, width, ascii=signs.are_missing()))
    except MathError:  # the author's check has its reason
        return latex


def _formula_in_line(latex: str) -> str:
    from tutor.mathtext import MathError, inline

    try:
        return inline(latex, ascii=signs.are_missing())
    except MathError:
        return f"${latex}$"


def _picture(name: str, options: dict[str, str], width: int) -> str:
    from tutor.viz import as_text, draw_diagram

    try:
        return as_text(draw_diagram(name, options, width))
    except ValueError as error:
        return textwrap.fill(f"(There should be a picture here. {error})", width)


def _mistake(mistake: Mistake, width: int) -> str:
    card = [_filled(_inline_text(mistake.title), width, "Mistake: ", "  ")]
    for label, words in (("You see", mistake.symptom), ("Because", mistake.cause), ("To tell", mistake.test)):
        card.append(_filled(_inline_text(words), width, f"  {label}: ", "    "))
    return "\n".join(card)


def _worked(worked: Worked, width: int) -> str:
    made = recompute(worked, worked.given)
    names = [*worked.given, *(row.row.show or row.row.name for row in made)]
    numbers = aligned([*worked.given.values(), *(row.value for row in made)])
    column = max(map(len, names))
    card = [_filled(_inline_text(worked.title), width)]
    rows = [f"    {name:<{column}}  {number}   " for name, number in zip(names, numbers, strict=True)]
    card += rows[: len(worked.given)]
    made_of, notes = formulas(worked), [row.error or _inline_text(row.row.note) for row in made]
    widest = max(map(len, made_of)) + 3
    beside = all(len(rows[0]) + widest + len(note) <= width for note in notes)
    for line, formula, note in zip(rows[len(worked.given) :], made_of, notes, strict=True):
        card.append(line + (f"{formula:<{widest}}{note}" if beside else formula))
        if note and not beside:
            indent = " " * (len(line) + 2)
            card.append(_filled(note, width, indent, indent))
    if worked.try_:
        card.append(_filled(_inline_text(worked.try_), width, "    Try: ", "    "))
    return "\n".join(line.rstrip() for line in card)


def _question(asked: Asked, number: int, width: int) -> str:
    told = question_text(asked, width, [f"  {letter}) " for letter in _LETTERS])
    return f"Question {number} (the answer stands at the end)\n{told}"


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def question_text(asked: Asked, width: int, marks: Sequence[str]) -> str:
    """The question with its code, and its choices or items, each behind a mark."""
    lines = [markdown_text(asked.text, width)]
    if asked.code:
        lines += ["", textwrap.indent(_code(asked), "    "), ""]
    texts = [choice.text for choice in asked.choices] + [item.text for item in asked.items]
    for mark, text in zip(marks, texts, strict=False):
        lines.append(_filled(_inline_text(text), width, mark, " " * len(mark)))
    if asked.question.kind == "formula":
        lines.append(_filled(f"In NumPy, of {', '.join(formula_names(asked))}.", width))
    return "\n".join(lines).rstrip()


def _code(asked: Asked) -> str:
    """The code of a question; with the numbers of its lines where one of them is asked for."""
    if not asked.lines:
        return asked.code
    candidates = {line.number for line in asked.lines}
    rows = enumerate(asked.code.split("\n"), 1)
    return "\n".join(f"{number if number in candidates else '':>3}  {row}".rstrip() for number, row in rows)


def _right_answer(asked: Asked) -> str:
    match asked.question.kind:
        case "number" | "shape":
            return f"{written(asked.shape if asked.shape is not None else asked.number or 0.0)}."
        case "formula" | "output":
            return f"`{' '.join(asked.answer.split())}`."
        case "line":
            return f"Line {next(line.number for line in asked.lines if line.right)}."
        case "order":
            order = sorted(range(len(asked.items)), key=lambda index: asked.items[index].place)
            return f"{', '.join(_LETTERS[index] for index in order)}."
        case "recall":
            return ""
        case _:
            letters = (letter for letter, choice in zip(_LETTERS, asked.choices, strict=False) if choice.right)
            return f"{', '.join(letters)}."


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def markdown_text(md: str, width: int = 78) -> str:
    """Markdown as plain text: filled paragraphs, indented code, aligned tables; marks of emphasis are left out."""
    from tutor.course.markup import tree

    return _fit(_blocks(tree(md), width))


def _fit(text: str) -> str:
    """What the terminal can show of it."""
    return signs.as_ascii(text) if signs.are_missing() else text


def _blocks(node: SyntaxTreeNode, width: int, between: str = "\n\n") -> str:
    return between.join(text for child in node.children if (text := _markdown_block(child, width)))


def _markdown_block(node: SyntaxTreeNode, width: int) -> str:
    match node.type:
        case "paragraph":
            return _filled(_inline(node), width)
        case "heading":
            return _underlined(_inline(node).replace(_UNBROKEN, " "), "-" if node.tag in ("h1", "h2") else "·")
        case "fence" | "code_block":
            return textwrap.indent(node.content.rstrip("\n"), "    ")
        case "bullet_list" | "ordered_list":
            return _list(node, width)
        case "blockquote":
            return textwrap.indent(_blocks(node, width - 2), "| ", lambda _: True)
        case "table":
            return _table(node)
        case "hr":
            return "-" * 8
        case _:
            return _blocks(node, width) if node.children else node.content.rstrip("\n")


def _list(node: SyntaxTreeNode, width: int) -> str:
    first = int(node.attrs.get("start", 1))
    items = []
    for number, item in enumerate(node.children, first):
        mark = "- " if node.type == "bullet_list" else f"{number}. "
        body = _blocks(item, width - len(mark), between="\n")
        items.append(mark + textwrap.indent(body, " " * len(mark)).lstrip(" "))
    return "\n".join(items)


def _table(node: SyntaxTreeNode) -> str:
    rows = [
        [_inline(cell).replace(_UNBROKEN, " ") for cell in row.children]
        for part in node.children
        for row in part.children
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * size for size in widths))
    return "\n".join(lines)


def _inline_text(md: str) -> str:
    """Markdown of a line or two as running text."""
    from tutor.course.markup import running

    return _inline(running(md)).replace("\n", " ")


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text":
            return node.content
        case "math_inline":
            return _formula_in_line(node.content).replace(" ", _UNBROKEN)
        case "code_inline":
            return "`" + node.content.replace(" ", _UNBROKEN) + "`"
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "link":
            words = "".join(_inline(child) for child in node.children)
            target = str(node.attrs.get("href", ""))
            return f"{words} ({target})" if target.startswith("http") and target != words else words
        case _:
            return "".join(_inline(child) for child in node.children) if node.children else node.content


def _filled(text: str, width: int, first: str = "", rest: str = "") -> str:
    lines = [
        textwrap.fill(
            line,
            max(width, 20),
            initial_indent=first if number == 0 else rest,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, line in enumerate(text.split("\n"))
    ]
    return "\n".join(lines).replace(_UNBROKEN, " ")


def _underlined(text: str, mark: str) -> str:
    return f"{text}\n{mark * len(text)}"
