"""The screens where the terminal has 256 colours, or 16: every style is put in what the terminal has."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

CUBE = (0, 95, 135, 175, 215, 255)  # what red, green and blue can be in colours 16 to 231; 232 to 255 are greys


class Colours256(LineFilter):
    """The nearest of the 256. Rich alone rounds light greys to their neighbours."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same text in colours of the 256."""
        return [Segment(text, style and _in_256(style), control) for text, style, control in segments]


class Colours16(LineFilter):
    """The sixteen: text by hue, bright text bold, and every background that tells something in a colour of its own.

    Rich alone takes the nearest colour: of our dark surfaces all are black then, and so are the cursor and a selection.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same text in the sixteen colours."""
        below = background.rgb
        return [Segment(text, style and _in_16(style, below), control) for text, style, control in segments]


# ── 256 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(2048)
def _in_256(style: Style) -> Style:
    fore, back = (
        None if color is None or color.is_default else RichColor.from_ansi(nearest_of_256(*color.get_truecolor()))
        for color in (style.color, style.bgcolor)
    )
    return style + Style(color=fore, bgcolor=back)


def nearest_of_256(red: int, green: int, blue: int) -> int:
    """The number of the colour, from 16 on: the first sixteen look different in every terminal."""
    wanted = red, green, blue
    steps = [min(range(6), key=lambda step, part=part: abs(CUBE[step] - part)) for part in wanted]  # type: ignore[misc]
    grey = max(0, min(23, round((sum(wanted) / 3 - 8) / 10)))
    by_cube = sum((CUBE[step] - part) ** 2 for step, part in zip(steps, wanted, strict=True))
    by_grey = sum((8 + 10 * grey - part) ** 2 for part in wanted)
    return 16 + 36 * steps[0] + 6 * steps[1] + steps[2] if by_cube <= by_grey else 232 + grey


# ── 16 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, GREY, DARK_GREY, WHITE = 0, 1, 2, 3, 4, 5, 6, 7, 8, 15
BRIGHTER = 8  # from a colour to its bright sister
HUES = (RED, YELLOW, GREEN, CYAN, BLUE, MAGENTA)  # in steps of 60 degrees
HALF_WAY = 0.35  # of a step: from here the next one is meant, so that orange is a yellow and no red
ON_WHITE = {YELLOW: MAGENTA, CYAN: BLUE}  # what cannot be read there
IN_BLACK = {YELLOW, GREEN, CYAN}  # text on these is black, on other colours white

DARK_SURFACE, LIGHT_SURFACE = 0x30, 0xD8  # a darker, a lighter grey is a surface; one between them tells something
LEAST_COLOUR = 0x20  # between the strongest and the weakest part: what has less is grey


class _Ground(NamedTuple):
    """A background, and the text on it where that cannot keep its own colour."""

    number: int
    text: int | None = None


@lru_cache(2048)
def _in_16(style: Style, below: tuple[int, int, int]) -> Style:
    back = style.bgcolor
    ground = _ground(*(below if back is None or back.is_default else back.get_truecolor()))
    number, bold = (ground.text, style.bold) if ground.text is not None else (GREY, style.bold)
    if ground.text is None and style.color is not None and not style.color.is_default:
        number, emphasised = _text(*style.color.get_truecolor(), on_white=ground.number == WHITE)
        bold = style.bold or emphasised
    elif ground.text is None and ground.number == WHITE:
        number = BLACK
    return style + Style(color=RichColor.from_ansi(number), bgcolor=RichColor.from_ansi(ground.number), bold=bold)


def _ground(red: int, green: int, blue: int) -> _Ground:
    hue = _hue(red, green, blue)
    if hue is not None:
        return _Ground(hue, BLACK if hue in IN_BLACK else WHITE)
    light = max(red, green, blue)
    if light < DARK_SURFACE:
        return _Ground(BLACK)
    if light >= LIGHT_SURFACE:
        return _Ground(WHITE)
    return _Ground(GREY, BLACK) if light < (DARK_SURFACE + LIGHT_SURFACE) // 2 else _Ground(DARK_GREY, WHITE)


def _text(red: int, green: int, blue: int, *, on_white: bool) -> tuple[int, bool]:
    """The colour, and whether bold says what the colour cannot."""
    hue, light = _hue(red, green, blue), max(red, green, blue)
    if on_white:
        if hue is not None:
            return ON_WHITE.get(hue, hue), False
        return (BLACK, light < 0x14) if light < 0x50 else (DARK_GREY, False) if light < 0xA0 else (GREY, False)
    if hue is not None:
        return hue + BRIGHTER, False
    return (WHITE, True) if light >= 0xE4 else (GREY, False) if light >= 0x78 else (DARK_GREY, False)


def _hue(red: int, green: int, blue: int) -> int | None:
    """One of the six, None for a grey."""
    from colorsys import rgb_to_hls

    if max(red, green, blue) - min(red, green, blue) < LEAST_COLOUR:
        return None
    return HUES[int(6 * rgb_to_hls(red, green, blue)[0] + 1 - HALF_WAY) % 6]
