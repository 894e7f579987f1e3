from __future__ import annotations

from textual.content import Content

from tutor.tui.theme import ROLE_STYLES
from tutor.viz.model import Line, Picture


def line_content(line: Line) -> Content:
    """One line of a picture in the colours of the theme."""
    return Content.assemble(*((span.text, ROLE_STYLES[span.role]) for span in line))


def picture_content(picture: Picture) -> Content:
    """A picture in the colours of the theme."""
    return Content("\n").join(line_content(line) for line in picture)
