"""Markdown and Python as Textual Content: pure functions of a text and a width.

Textual's own Markdown widget doubles the start-up. Everything here is Content, so no text is ever read as markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from textual.content import Content, Span
from textual.style import Style

from tutor.learner.text import printable

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode
    from tree_sitter import Parser, Query

CODE = "$code"  # a code span
FORMULA = "$bright"
MEASURE = 72  # cells of a line of prose: more is hard to follow with the eye
INDENT = "  "  # of code and tables
TABLE_WIDTH = 76  # of a table where no width is given
GAP = 3  # cells between two columns of a table
NARROWEST_COLUMN = 8
LONGEST_UNBROKEN = 30  # a longer code span or formula may be broken at its spaces
_SLUG = re.compile(r"[0-9]{2}-[a-z0-9-]+")  # a link to another lesson
_BLANK = "\ue000"  # stands for a space inside a code span while lines are broken


def clickable(content: Content, action: str) -> Content:
    """The same, and a click on it does what the action says: for those who hold a mouse."""
    # Not "@click" alone: Textual would draw it in the style of a link, over its own.
    return content.stylize(Style.from_meta({"@click.plain": action}))


# ── Markdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def markdown_content(text: str, width: int | None = None) -> Content:
    """Markdown laid out in lines of at most `width` cells; without a width each paragraph is one line."""
    from tutor.course.markup import tree

    return _shown(_joined(_blocks(tree(printable(text)), width)))


def prose(text: str, width: int) -> Content:
    """Markdown to be read: in lines as long as the eye follows, and no longer than `width`."""
    return markdown_content(text, min(width, MEASURE))


def opening_words(text: str) -> Content:
    """The sentences of a Markdown text in one line, for a row of a list; … stands for code and tables between them."""
    from tutor.course.markup import tree

    blocks = tree(printable(text)).children
    parts: list[Content] = []
    between = False
    for node in blocks:
        if node.type in ("paragraph", "heading"):
            if parts and between:
                parts.append(Content("…"))
            parts.append(_inline(node, "", None))
            between = False
        else:
            between = True
    if not parts and blocks:
        return Content(blocks[0].content.strip().split("\n", 1)[0])
    words = Content(" ").join(parts)
    return _shown(words if words.plain.endswith((".", "?", "!")) or not between else words + Content(" …"))


def inline_content(text: str) -> Content:
    """A line or two of Markdown (code, emphasis, links) as one line of running text."""
    return _shown(_running(text, None))


def sentence(text: str, style: str) -> Content:
    """A sentence of the tutor's own: what stands between two backticks is code, and nothing else is markup."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick that stands alone is one
        return Content.styled(text, style)
    return Content.assemble(*((part, f"{style} {CODE}" if number % 2 else style) for number, part in enumerate(parts)))


def hanging(first: Content, text: str, width: int, style: str = "") -> Content:
    """A line or two of Markdown broken at `width`, behind a mark that only the first line carries."""
    indent = first.cell_length
    room = max(1, width - indent)
    lines = _broken(_running(text, room).stylize_before(style), room)
    return _shown(Content("\n").join([first + lines[0], *(line.pad_left(indent) for line in lines[1:])]))


def indented(body: Content, indent: str = INDENT) -> Content:
    """Every line with the same indent."""
    return Content("\n").join(Content(indent) + line if line else line for line in body.split(allow_blank=True))


def _running(text: str, width: int | None) -> Content:
    from tutor.course.markup import running

    return _inline(running(printable(text)), "", width)


def _blocks(node: SyntaxTreeNode, width: int | None) -> list[Content]:
    return [content for child in node.children if (content := _block(child, width)) is not None]


def _block(node: SyntaxTreeNode, width: int | None) -> Content | None:
    match node.type:
        case "paragraph":
            return _filled(_inline(node, "", width), width)
        case "heading":
            return _filled(_inline(node, "bold $bright", width), width)
        case "fence" | "code_block":
            return _listing(node)
        case "bullet_list" | "ordered_list":
            return _list(node, width)
        case "blockquote":
            body = _joined(_blocks(node, _less(width, 2)))
            bar = Content.styled("▎ ", "$accent")
            return Content("\n").join(bar + line for line in body.split(allow_blank=True))
        case "table":
            return _table(node, width or TABLE_WIDTH)
        case "hr":
            return Content.styled("─" * (width or 8), "$faint")
        case _:
            return _joined(_blocks(node, width)) if node.children else None


def _listing(node: SyntaxTreeNode) -> Content:
    source = node.content.rstrip("\n").expandtabs(4)
    language = node.info.split(" ", 1)[0] if node.type == "fence" else ""
    return indented(python_content(source) if language == "python" else Content(source))


def _list(node: SyntaxTreeNode, width: int | None) -> Content:
    start = int(node.attrs.get("start", 1))
    items = list(node.children)
    numbered = node.type == "ordered_list"
    widest = len(str(start + len(items) - 1)) + 2 if numbered else 2
    # A list is tight in Markdown's sense when its paragraphs are hidden; a loose one has air between its items.
    tight = all(child.hidden for item in items for child in item.children if child.type == "paragraph")
    lines: list[Content] = []
    for number, item in enumerate(items, start):
        mark = f"{number}. ".rjust(widest) if numbered else "· "
        body = _joined(_blocks(item, _less(width, widest)), "\n" if tight else "\n\n")
        first, *rest = body.split(allow_blank=True) or [Content("")]
        lines.append(Content.styled(mark, "$accent") + first)
        lines += [line.pad_left(widest) if line else line for line in rest]
        if not tight and number < start + len(items) - 1:
            lines.append(Content(""))
    return Content("\n").join(lines)


def _table(node: SyntaxTreeNode, width: int) -> Content:
    """Columns as wide as their longest cell; where that is too much, the widest ones are broken into lines."""
    rows = [[_inline(cell, "", width) for cell in row.children] for part in node.children for row in part.children]
    widths = [max(cell.cell_length for cell in column) for column in zip(*rows, strict=True)]
    room = width - len(INDENT) - GAP * (len(widths) - 1)
    while sum(widths) > room and max(widths) > NARROWEST_COLUMN:
        widths[widths.index(max(widths))] -= 1
    header, *body = [_table_row(row, widths) for row in rows]
    rule = Content.styled("─" * (sum(widths) + GAP * (len(widths) - 1)), "$faint")
    # Rows of several lines need air between them to be told apart.
    between = "\n\n" if any(len(row) > 1 for row in body) else "\n"
    head = Content("\n").join([*(line.stylize_before("$dim") for line in header), rule])
    return indented(_joined([head, _joined([Content("\n").join(row) for row in body], between)], "\n"))


def _table_row(cells: Sequence[Content], widths: Sequence[int]) -> list[Content]:
    columns = [_broken(cell, size) for cell, size in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(len(column) for column in columns)):
        parts = [column[number] if number < len(column) else Content("") for column in columns]
        padded = [part.pad_right(size - part.cell_length) for part, size in zip(parts, widths, strict=True)]
        lines.append(Content(" " * GAP).join(padded).rstrip())
    return lines


def _inline(node: SyntaxTreeNode, style: str, width: int | None) -> Content:
    """The running text of a node; `style` is what stands around it."""
    match node.type:
        case "text":
            return Content.styled(node.content, style)
        case "code_inline":
            return Content.styled(_unbroken(node.content, width), f"{style} {CODE}".strip())
        case "math_inline":
            return Content.styled(_unbroken(formula_in_line(node.content), width), f"{style} {FORMULA}".strip())
        case "softbreak":
            return Content.styled(" ", style)
        case "hardbreak":
            return Content("\n")
        case "strong":
            return _inlines(node, f"{style} bold $bright", width)
        case "em":
            return _inlines(node, f"{style} italic", width)
        case "link":
            words, target = _inlines(node, f"{style} underline", width), str(node.attrs.get("href", ""))
            if _SLUG.fullmatch(target):
                return clickable(words, f"app.follow('{target}')")
            if not target.startswith(("http:", "https:")) or words.plain == target:
                return words
            return words + Content.styled(f" ({target})", "$dim")
        case _:
            return _inlines(node, style, width) if node.children else Content.styled(node.content, style)


def _inlines(node: SyntaxTreeNode, style: str, width: int | None) -> Content:
    return Content("").join(_inline(child, style.strip(), width) for child in node.children)


def _unbroken(text: str, width: int | None) -> str:
    """As one word where it is short, and lines are broken at all."""
    return text.replace(" ", _BLANK) if width is not None and len(text) <= LONGEST_UNBROKEN else text


def formula_in_line(latex: str) -> str:
    """A formula in one line of Unicode; as it is written where it cannot be laid out."""
    from tutor.mathtext import MathError, inline

    try:
        return inline(latex)
    except MathError:  # the author's check has its reason
        return f"${latex}$"


def formula_content(latex: str, width: int) -> Content:
    """A display formula in as many lines as it needs."""
    from tutor.mathtext import MathError, display

    try:
        lines = display(latex, width)
    except MathError:
        lines = tuple(latex.split("\n"))
    return Content.styled("\n".join(lines), FORMULA)


def _less(width: int | None, by: int) -> int | None:
    return None if width is None else max(1, width - by)


def _joined(parts: Iterable[Content], between: str = "\n\n") -> Content:
    return Content(between).join(parts)


def _filled(content: Content, width: int | None) -> Content:
    return content if width is None else Content("\n").join(_broken(content, width))


def _broken(content: Content, width: int) -> list[Content]:
    return [line.rstrip() for line in content.wrap(max(1, width))] or [Content("")]


def _shown(content: Content) -> Content:
    """The same with spaces inside code spans as spaces again."""
    return Content(content.plain.replace(_BLANK, " "), spans=list(content.spans))


# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def python_content(source: str) -> Content:
    """Python in the colours of the code pane; what does not parse keeps the colours of what does."""
    from tree_sitter import QueryCursor

    from tutor.tui.widgets.code_theme import syntax_style

    parser, query = _python_grammar()
    source = printable(source)
    raw = source.encode()
    # The tree counts bytes, Content counts characters.
    place = list(range(len(raw) + 1)) if len(raw) == len(source) else _characters(source)
    spans: list[Span] = []
    for name, nodes in QueryCursor(query).captures(parser.parse(raw).root_node).items():
        if style := syntax_style(name):
            spans += [Span(place[node.start_byte], place[node.end_byte], style) for node in nodes]
    return Content(source, spans=spans, strip_control_codes=False)


def _characters(source: str) -> list[int]:
    """For each byte of the UTF-8 of the source, and for its end, the number of its character."""
    return [number for number, sign in enumerate(source) for _ in sign.encode()] + [len(source)]


@cache
def _python_grammar() -> tuple[Parser, Query]:
    """The grammar and the query that Textual's code pane uses."""
    from importlib.resources import files

    import tree_sitter_python
    from tree_sitter import Language, Parser, Query

    language = Language(tree_sitter_python.language())
    query = files("textual").joinpath("tree-sitter/highlights/python.scm").read_text("utf-8")
    return Parser(language), Query(language, query)
