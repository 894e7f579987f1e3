"""The screens where NO_COLOR asks for none; Textual alone would turn every colour into a grey, a colour too."""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

TELLS = 0x30  # from here a background says something: the cursor, a selection, the line that failed
BRIGHT, DIM = 0xE4, 0x9C  # from here a grey is what matters now; up to here it is beside the point
_NONE = Style.from_color(RichColor.default(), RichColor.default())


class NoColour(LineFilter):
    """No colour at all, on the dark theme: a background that tells something is reverse, a grey is bold or dim."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same text without colours."""
        return [Segment(text, style and _plain(style), control) for text, style, control in segments]


@lru_cache(1024)
def _plain(style: Style) -> Style:
    above, below = style.color, style.bgcolor
    if below is not None and not below.is_default and max(below.get_truecolor()) >= TELLS:
        return style + _NONE + Style(reverse=True)
    if above is None or above.is_default or len(set(above.get_truecolor())) > 1:
        return style + _NONE
    light = above.get_truecolor().red
    return style + _NONE + Style(bold=style.bold or light >= BRIGHT, dim=style.dim or (light <= DIM and not style.bold))
