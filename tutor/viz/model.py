"""A picture is a tuple of lines; a line is a tuple of spans; a span is text and the role it plays."""

from __future__ import annotations

from typing import Literal, NamedTuple

# A role, not a colour: the screen maps it to its theme, plain output drops it.
Role = Literal[
    "plain",
    "bright",  # what is read first
    "dim",
    "axis",
    "label",
    "accent",
    "curve",
    "curve2",
    "good",
    "bad",
    "mark",
    "curve3",
    "curve4",
    "curve5",
    "curve6",
    "curve7",
    "cloud",  # of single values, behind the curve through them
    "grey0",  # to grey7: paper to ink, of an image
    "grey1",
    "grey2",
    "grey3",
    "grey4",
    "grey5",
    "grey6",
    "grey7",
    "neg4",  # to pos4: of a map with a sign, from its darkest to its lightest
    "neg3",
    "neg2",
    "neg1",
    "zero",
    "pos1",
    "pos2",
    "pos3",
    "pos4",
]


class Span(NamedTuple):
    """A piece of a line."""

    text: str
    role: Role = "plain"
    under: Role | None = None  # what is behind the text: half a block has two colours


Line = tuple[Span, ...]
Picture = tuple[Line, ...]


def as_text(picture: Picture) -> str:
    """The picture without its roles, for a plain terminal."""
    return "\n".join("".join(span.text for span in line).rstrip() for line in picture)
