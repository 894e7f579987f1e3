"""The screens where NO_COLOR asks for none; Textual alone would turn every colour into a grey, a colour too."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

TELLS = 0x30  # from here a background says something: the cursor, a selection, the line that failed
_NONE = Style.from_color(RichColor.default(), RichColor.default())


class NoColour(LineFilter):
    """No colour at all; what only a background told is told by reverse video."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same text without colours."""
        return [Segment(text, style and _plain(style), control) for text, style, control in segments]


@lru_cache(1024)
def _plain(style: Style) -> Style:
    below = style.bgcolor
    tells = below is not None and not below.is_default and max(below.get_truecolor()) >= TELLS
    return style + _NONE + Style(reverse=True) if tells else style + _NONE
