"""Brackets, bars and root signs of any height."""

from __future__ import annotations

from tutor.mathtext.box import EMPTY, Box, beside, box, text
from tutor.mathtext.one_line import delimiter
from tutor.mathtext.spacing import Style

# top, middle, bottom, and everything between them
_UNICODE = {
    "(": "⎛⎜⎝⎜",
    ")": "⎞⎟⎠⎟",
    "[": "⎡⎢⎣⎢",
    "]": "⎤⎥⎦⎥",
    "{": "⎧⎨⎩⎪",
    "}": "⎫⎬⎭⎪",
    "⌊": "⎢⎢⎣⎢",
    "⌋": "⎥⎥⎦⎥",
    "⌈": "⎡⎢⎢⎢",
    "⌉": "⎤⎥⎥⎥",
    "|": "││││",
    "‖": "║║║║",
    "/": "╱╱╱╱",
}
_ASCII = {
    "(": "/|\\|",
    ")": "\\|/|",
    "{": "/<\\|",
    "}": "\\>/|",
    "⌊": "||[|",
    "⌋": "||]|",
    "⌈": "[|||",
    "⌉": "]|||",
}


def fenced(left: str, body: Box, right: str, style: Style, air_inside: bool = True) -> Box:
    """The body between two delimiters as tall as it, with a little air beside tall ones."""
    air = text(" " if body.tall and (left or right) and air_inside else "")
    parts = (tall(left, body, style), air if left else EMPTY, body, air if right else EMPTY)
    return beside((*parts, tall(right, body, style, closing=True)))


def tall(sign: str, body: Box, style: Style, closing: bool = False) -> Box:
    """A delimiter that spans the body's lines, hats and raised scripts aside."""
    if not sign:
        return EMPTY
    if not body.tall:
        return text(delimiter(sign, style, closing))
    height = body.rise + body.fall + 1
    if sign in "⟨⟩":
        return _angle(sign, height, body.rise, style)
    if style.ascii:
        pieces = ["||"] * 4 if sign == "‖" else list(_ASCII.get(sign, sign * 4))
    else:
        pieces = list(_UNICODE[sign])
    return box(_column(pieces, height, body.rise if sign in "{}" else height // 2), body.rise)


def _column(pieces: list[str], height: int, middle: int) -> list[str]:
    top, centre, bottom, between = pieces
    column = [top, *[between] * (height - 2), bottom]
    if 0 < middle < height - 1:
        column[middle] = centre
    return column


def _angle(sign: str, height: int, rise: int, style: Style) -> Box:
    """A tall angle: two slanting strokes that meet at the middle."""
    half = height // 2
    down, up = ("\\", "/") if style.ascii else ("╲", "╱")
    width = max(half, 1)
    first = [" " * (width - 1 - row) + up + " " * row for row in range(half)]
    last = [" " * row + down + " " * (width - 1 - row) for row in range(half)]
    middle = [("<" if style.ascii else "⟨").ljust(width)] if height % 2 else []
    lines = [*first, *middle, *last]
    if sign == "⟩":
        lines = [line[::-1].translate(str.maketrans("╱╲/\\<⟨", "╲╱\\/>⟩")) for line in lines]
    return box(lines, rise)


def rooted(body: Box, style: Style, sign: str = "√") -> Box:
    """The body under a root sign: one sign and a line over it, or a slanting stroke as tall as it."""
    line = "_" * body.width
    if body.height == 1 and not style.ascii:
        return box((" " + line, sign + body.lines[0]), 1, 0, 0)
    up = "/" if style.ascii else "╱"
    height = body.height
    lines = [" " * (height + 1) + line]
    for number, content in enumerate(body.lines):
        stroke = " " * (height - number - 1) + up
        if number == height - 1:
            stroke = "\\/" if style.ascii else "╲╱"
        else:
            stroke = " " + stroke
        lines.append(stroke.ljust(height + 1) + content)
    return box(lines, body.baseline + 1)
