"""The blanks of a starter: `self.grad_b = ...  # BLANK 2: the gradient of b`."""

from __future__ import annotations

import io
import re
import tokenize

from msgspec import Struct

_COMMENT = re.compile(r"#\s*BLANK\s+(\d{1,3})\b\s*:?\s*(.*)")
_LINE = re.compile(r"(?P<code>[^#\"']*\.\.\.[^#]*)(?P<comment>#\s*BLANK\s+\d{1,3}\b.*)")
_IN_SUBSCRIPT = re.compile(r"\w\s*\[[^\]]*\.\.\.")


class Blank(Struct, frozen=True):
    """A blank that is still empty: its number, the line it stands on, and what goes there."""

    number: int
    line: int
    text: str


def blanks(source: str) -> tuple[Blank, ...]:
    """The blanks still empty in a learner's file, which need not be valid Python."""
    try:
        return _by_tokens(source)
    except (SyntaxError, tokenize.TokenError, ValueError):
        return _by_lines(source)


def _by_tokens(source: str) -> tuple[Blank, ...]:
    empty: set[int] = set()  # lines with an Ellipsis that is not part of an index such as x[..., 0]
    comments: dict[int, str] = {}
    subscript: list[bool] = []  # for each open bracket, whether it indexes
    before = tokenize.TokenInfo(tokenize.NEWLINE, "", (0, 0), (0, 0), "")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.string
        elif token.string == "..." and not (subscript and subscript[-1]):
            empty.add(token.start[0])
        elif token.string in ("(", "[", "{"):
            follows_value = before.type in (tokenize.NAME, tokenize.STRING) or before.string in (")", "]", "}")
            subscript.append(token.string == "[" and follows_value)
        elif token.string in (")", "]", "}") and subscript:
            subscript.pop()
        before = token
    return tuple(blank for line in sorted(empty) if (blank := _blank(comments.get(line, ""), line)))


def _by_lines(source: str) -> tuple[Blank, ...]:
    found = []
    for line, words in enumerate(source.splitlines(), 1):
        match = _LINE.match(words)
        if match and not _IN_SUBSCRIPT.search(match["code"]) and (blank := _blank(match["comment"], line)):
            found.append(blank)
    return tuple(found)


def _blank(comment: str, line: int) -> Blank | None:
    match = _COMMENT.search(comment)
    return Blank(int(match[1]), line, match[2].strip()) if match else None
