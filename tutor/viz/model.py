"""A picture is a tuple of lines; a line is a tuple of spans; a span is text and the role it plays."""

from __future__ import annotations

from typing import Literal, NamedTuple

# A role, not a colour: the screen maps it to its theme, plain output drops it.
Role = Literal["plain", "dim", "axis", "label", "accent", "curve", "curve2", "good", "bad", "mark"]


class Span(NamedTuple):
    """A piece of a line."""

    text: str
    role: Role = "plain"


Line = tuple[Span, ...]
Picture = tuple[Line, ...]


def as_text(picture: Picture) -> str:
    """The picture without its roles, for a plain terminal."""
    return "\n".join("".join(span.text for span in line).rstrip() for line in picture)
