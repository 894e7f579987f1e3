"""The code of a lesson's `python run` and `check` blocks, made ready for the box, and the output it must have."""

from __future__ import annotations

import ast
import io
import re
import tokenize

_EXPECTED = re.compile(r"#\s*->(?: (.*)|\s*)$")
CHECK_HEADER = "import numpy as np\n"  # one line: a line of the block is one further down


def runnable(source: str) -> str:
    """The source with each top-level expression shown as Python's prompt shows it; its lines stay where they are."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source  # the box says what is wrong with it
    lines = [line.encode() for line in source.split("\n")]  # ast counts columns in UTF-8 bytes
    for node in reversed(tree.body):
        if isinstance(node, ast.Expr) and node.end_lineno and node.end_col_offset is not None:
            last, first = node.end_lineno - 1, node.lineno - 1
            column, end = node.col_offset, node.end_col_offset
            lines[last] = lines[last][:end] + b")" + lines[last][end:]
            lines[first] = lines[first][:column] + b"__import__('sys').displayhook(" + lines[first][column:]
    return b"\n".join(lines).decode()


def expected_output(source: str) -> tuple[str, ...]:
    """The lines that the block must print: the texts after `# -> `, from top to bottom."""
    try:
        comments = [
            token.string
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        ]
    except (SyntaxError, tokenize.TokenError):
        return ()
    matches = (_EXPECTED.match(comment) for comment in comments)
    return tuple((match[1] or "").rstrip() for match in matches if match)
