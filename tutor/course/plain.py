"""Lessons as plain text: for `learn --plain`, for pipes, and for screen readers."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tutor.course.ask import draw
from tutor.course.expressions import written
from tutor.course.model import Asked, Block, CheckCode, Diagram, Lesson, Math, Mistake, Predict, Prose, Section

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
            answer = f"{_right_answer(question)} {_inline_text(question.explain)}"
            parts.append(_filled(answer, width, f"{number}. ", "   "))
    return "\n\n".join(part for part in parts if part) + "\n"


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
        case Math(unicode=unicode):
            return textwrap.indent(unicode, "    ")
        case Diagram(name=name, options=options):
            return textwrap.indent(_picture(name, options, width - 4), "    ")
        case Mistake():
            return _mistake(block, width)
        case _:
            return textwrap.indent(getattr(block, "source", "").rstrip(), "    ")


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


def _question(asked: Asked, number: int, width: int) -> str:
    lines = [f"Question {number} (the answer stands at the end)", markdown_text(asked.text, width)]
    for letter, choice in zip("abcdefghijklmnopqrstuvwxyz", asked.choices, strict=False):
        lines.append(_filled(_inline_text(choice.text), width, f"  {letter}) ", "     "))
    return "\n".join(lines)


def _right_answer(asked: Asked) -> str:
    if asked.shape is not None:
        return f"{written(asked.shape)}."
    if asked.number is not None:
        return f"{written(asked.number)}."
    letters = [
        letter for letter, choice in zip("abcdefghijklmnopqrstuvwxyz", asked.choices, strict=False) if choice.right
    ]
    return f"{', '.join(letters)}."


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def markdown_text(md: str, width: int = 78) -> str:
    """Markdown as plain text: filled paragraphs, indented code, aligned tables; marks of emphasis are left out."""
    return _blocks(_tree(md), width)


def _tree(md: str, inline: bool = False) -> SyntaxTreeNode:
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    parser = MarkdownIt("commonmark").enable("table")
    return SyntaxTreeNode(parser.parseInline(md) if inline else parser.parse(md))


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
    return _inline(_tree(md, inline=True)).replace("\n", " ")


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "html_inline":
            return node.content
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
