from __future__ import annotations

from textual.content import Content

from tutor.tui.theme import ROLE_STYLES
from tutor.viz.model import Line, Picture, Role


def line_content(line: Line) -> Content:
    """One line of a picture in the colours of the theme."""
    return Content.assemble(*((span.text, role_style(span.role, span.under)) for span in line))


def role_style(role: Role, under: Role | None) -> str:
    """The style of a piece of a line."""
    return ROLE_STYLES[role] if under is None else f"{ROLE_STYLES[role]} on {ROLE_STYLES[under]}"


def picture_content(picture: Picture) -> Content:
    """A picture in the colours of the theme."""
    return Content("\n").join(line_content(line) for line in picture)
