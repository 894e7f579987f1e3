"""Two versions of a text and what both began with: what each changed, and where the two changes meet."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal

from msgspec import Struct

Who = Literal["nobody", "yours", "theirs", "alike", "both"]
Lines = tuple[str, ...]

MOST_COMPARED = 3000  # lines of each: beyond it one change is as large as all that differs


class Piece(Struct, frozen=True):
    """A stretch of the text: the lines of all three, and who changed them; all pieces make up all three texts."""

    who: Who
    base: Lines
    yours: Lines
    theirs: Lines

    @property
    def settled(self) -> Lines | None:
        """What belongs in a merged text; None where both changed the same lines, and somebody must say."""
        return None if self.who == "both" else self.theirs if self.who == "theirs" else self.yours


def merge(base: Sequence[str] | None, yours: Sequence[str], theirs: Sequence[str]) -> list[Piece]:
    """Cut three texts, given by their lines, where all three agree; two changes that touch are one of both.

    Without a base, what both have in common is taken for it: nobody knows then who changed what, so each difference is
    of both.
    """
    if base is None:
        base = [line for a, _, size in _matches(yours, theirs) for line in yours[a : a + size]]
        known = False
    else:
        known = True
    pieces: list[Piece] = []
    at_base = at_yours = at_theirs = 0
    for start, in_yours, in_theirs, size in [
        *_common(_matches(base, yours), _matches(base, theirs)),
        (len(base), len(yours), len(theirs), 0),
    ]:
        changed = _piece(base[at_base:start], yours[at_yours:in_yours], theirs[at_theirs:in_theirs], known)
        same = tuple(base[start : start + size])
        pieces += [piece for piece in (changed, Piece("nobody", same, same, same)) if any((*piece_texts(piece),))]
        at_base, at_yours, at_theirs = start + size, in_yours + size, in_theirs + size
    return _joined(pieces)


def merged(pieces: Sequence[Piece], chosen: Sequence[Lines | None]) -> list[str]:
    """The lines of the merged text; `chosen` has for each piece what takes its place, None for what is settled."""
    lines: list[str] = []
    for piece, choice in zip(pieces, chosen, strict=True):
        taken = piece.settled if choice is None else choice
        if taken is None:
            raise ValueError("both changed these lines, and nothing was chosen")
        lines += taken
    return lines


def piece_texts(piece: Piece) -> tuple[Lines, Lines, Lines]:
    """The three texts of a piece."""
    return piece.base, piece.yours, piece.theirs


def _piece(base: Sequence[str], yours: Sequence[str], theirs: Sequence[str], known: bool) -> Piece:
    a, b, c = tuple(base), tuple(yours), tuple(theirs)
    who: Who = "nobody" if a == b == c else "alike" if b == c else "both"
    if who == "both" and known:
        who = "theirs" if a == b else "yours" if a == c else "both"
    return Piece(who, a, b, c)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours that nobody changed are one."""
    joined: list[Piece] = []
    for piece in pieces:
        if piece.who == "nobody" and joined and joined[-1].who == "nobody":
            lines = joined[-1].base + piece.base
            joined[-1] = Piece("nobody", lines, lines, lines)
        else:
            joined.append(piece)
    return joined


def _matches(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, int]]:
    """Where stretches of the two are equal: start in each, and length; equal beginnings and ends are found first."""
    shorter = min(len(a), len(b))
    head = next((n for n in range(shorter) if a[n] != b[n]), shorter)
    tail = next((n for n in range(shorter - head) if a[-1 - n] != b[-1 - n]), shorter - head)
    middle_a, middle_b = a[head : len(a) - tail], b[head : len(b) - tail]
    found = [(0, 0, head)]
    if max(len(middle_a), len(middle_b)) <= MOST_COMPARED:
        blocks = SequenceMatcher(None, middle_a, middle_b, autojunk=False).get_matching_blocks()
        found += [(block.a + head, block.b + head, block.size) for block in blocks]
    found.append((len(a) - tail, len(b) - tail, tail))
    return [match for match in found if match[2]]


def _common(
    yours: Sequence[tuple[int, int, int]], theirs: Sequence[tuple[int, int, int]]
) -> list[tuple[int, int, int, int]]:
    """Stretches of the base that stand in both others: start in base, yours and theirs, and length."""
    found = []
    i = j = 0
    while i < len(yours) and j < len(theirs):
        (start_i, at_i, size_i), (start_j, at_j, size_j) = yours[i], theirs[j]
        start, end = max(start_i, start_j), min(start_i + size_i, start_j + size_j)
        if start < end:
            found.append((start, at_i + start - start_i, at_j + start - start_j, end - start))
        if start_i + size_i < start_j + size_j:
            i += 1
        else:
            j += 1
    return found
