"""The Markdown of lessons, questions and hints: CommonMark with tables and `$formulas$`, without HTML and pictures."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.dollarmath import dollarmath_plugin


@cache
def parser(html: bool = False) -> MarkdownIt:
    """What reads it; without `html` tags are text, as a terminal shows them."""
    made = MarkdownIt("commonmark", {"html": html}).enable("table")
    made.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=False)
    # A formula on lines of its own is a `math` block; in running text two dollars are two dollars.
    return made.disable("math_block").disable("math_block_label", ignoreInvalid=True)


def tree(text: str) -> SyntaxTreeNode:
    """Markdown as a tree of blocks."""
    return SyntaxTreeNode(parser().parse(text))


def running(text: str) -> SyntaxTreeNode:
    """A line or two of Markdown as running text."""
    return SyntaxTreeNode(parser().parseInline(text.replace("\n", " ")))
