"""Two versions of one file as a list of places that ask: pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from textual.content import Content

from tutor.learner import Piece, merge, merged, printable

Choice = Literal["pane", "file", "both"]

MOST_LINES = 12  # of one side of one place; the rest is counted
DEFAULTS: dict[str, Choice] = {"yours": "pane", "theirs": "file"}
WHAT = {
    "yours": "changed in this pane alone",
    "theirs": "changed in the file alone",
    "both": "changed in both",
}
ANSWERS = {"pane": "takes the pane's", "file": "takes the file's", "both": "takes both, the pane's first"}
ASKS = "which? y the pane's, f the file's, b both"


class Place(NamedTuple):
    """One place where pane and file differ."""

    at: int  # number of the piece
    line: int  # in the pane, from 1
    piece: Piece
    above: str  # the line before it, empty where there is none
    below: str


class Side(NamedTuple):
    """The lines of one side of a place."""

    name: str  # "was", "pane", "file"
    lines: tuple[str, ...]
    taken: bool


def pieces_of(base: str | None, pane: str, file: str) -> list[Piece]:
    """The three texts, cut where all agree."""
    return merge(None if base is None else base.split("\n"), pane.split("\n"), file.split("\n"))


def places(pieces: Sequence[Piece]) -> list[Place]:
    """Where pane and file differ; what both changed alike needs no answer."""
    found = []
    line = 1
    for at, piece in enumerate(pieces):
        if piece.who in WHAT:
            above = pieces[at - 1].yours[-1:] if at else ()
            below = pieces[at + 1].yours[:1] if at + 1 < len(pieces) else ()
            found.append(Place(at, line, piece, *("".join(lines) for lines in (above, below))))
        line += len(piece.yours)
    return found


def first_choice(place: Place) -> Choice | None:
    """Who alone changed a place has it; where both did, nobody."""
    return DEFAULTS.get(place.piece.who)


def result(pieces: Sequence[Piece], found: Sequence[Place], choices: Sequence[Choice | None]) -> str:
    """The text that the choices make; every place must have one."""
    chosen: list[tuple[str, ...] | None] = [None] * len(pieces)
    for place, choice in zip(found, choices, strict=True):
        piece = place.piece
        if choice is not None:
            chosen[place.at] = {"pane": piece.yours, "file": piece.theirs, "both": piece.yours + piece.theirs}[choice]
    return "\n".join(merged(pieces, chosen))


def sides(place: Place, choice: Choice | None) -> list[Side]:
    """What stood there, what the pane has and what the file has; the sides that agree are one."""
    piece = place.piece
    pane, file = choice in ("pane", "both"), choice in ("file", "both")
    if piece.who == "yours":
        return [Side("file", piece.theirs, file), Side("pane", piece.yours, pane)]
    both = [Side("pane", piece.yours, pane), Side("file", piece.theirs, file)]
    return both if piece.who == "theirs" or not piece.base else [Side("was", piece.base, False), *both]


def introduction(name: str, choices: Sequence[Choice | None], base_known: bool) -> Content:
    """How many places there are and how many still ask."""
    open_places = sum(choice is None for choice in choices)
    count = f"{len(choices)} place{'s' if len(choices) != 1 else ''}"
    asks = f"{open_places} of them {'asks' if open_places == 1 else 'ask'} you" if open_places else "each is settled"
    ends = "Both versions are kept, whatever you choose."
    if not base_known:
        ends = f"What both began with is not known. {ends}"
    return Content.assemble(
        (f"Two versions of {name}", "bold $bright"),
        (f"\nThis pane and the file differ in {count}; ", "$foreground"),
        (asks, "bold $bright" if open_places else "$foreground"),
        (f". {ends}", "$dim"),
    )


def place_lines(place: Place, number: int, choice: Choice | None, chosen: bool) -> Iterator[Content]:
    """One place: its heading, and the lines of all sides between the lines around it."""
    asks = choice is None
    yield Content.assemble(
        ("▸ " if chosen else "  ", "$accent"),
        (f"{number}  line {place.line}, {WHAT[place.piece.who]}: ", "bold $bright" if chosen else "$foreground"),
        (ASKS if choice is None else ANSWERS[choice], "bold $accent" if asks else "$good"),
    )
    if place.above:
        yield _line(" ", "", place.above, "$faint")
    for side in sides(place, choice):
        style = "$bright" if side.taken else "$foreground" if asks and side.name != "was" else "$dim"
        sign = "✓" if side.taken else "?" if asks and side.name != "was" else "·"
        shown = list(side.lines[:MOST_LINES]) or ["(nothing)"]
        for row, line in enumerate(shown):
            yield _line(sign, side.name if row == 0 else "", line, style if side.lines else "$dim")
        if len(side.lines) > MOST_LINES:
            yield _line(" ", "", f"⋯ {len(side.lines) - MOST_LINES} more lines", "$faint")
    if place.below:
        yield _line(" ", "", place.below, "$faint")


def _line(sign: str, name: str, text: str, style: str) -> Content:
    colour = {"✓": "$good", "?": "$accent"}.get(sign, "$faint")
    return Content.assemble((f"     {sign} ", colour), (f"{name:<5}│ ", "$dim"), (printable(text), style))
