"""Three texts cut into what each side changed: no line of either is ever lost silently."""

from __future__ import annotations

from itertools import chain

from hypothesis import example, given
from hypothesis import strategies as st

from tutor.learner import Piece, merge, merged
from tutor.learner.merging import MOST_COMPARED
from tutor.tui.screens import conflict_view

TEXTS = st.lists(st.sampled_from(list("abcdefgh")), max_size=14)


def joined(parts: list[tuple[str, ...]]) -> list[str]:
    return list(chain.from_iterable(parts))


@given(base=TEXTS, yours=TEXTS, theirs=TEXTS, known=st.booleans())
def test_the_pieces_are_the_three_texts(base: list[str], yours: list[str], theirs: list[str], known: bool) -> None:
    pieces = merge(base if known else None, yours, theirs)
    assert joined([piece.yours for piece in pieces]) == yours
    assert joined([piece.theirs for piece in pieces]) == theirs
    if known:
        assert joined([piece.base for piece in pieces]) == base
    for piece in pieces:
        assert (piece.who == "nobody") == (piece.base == piece.yours == piece.theirs)
        if piece.who == "yours":
            assert known and piece.theirs == piece.base
        if piece.who == "theirs":
            assert known and piece.yours == piece.base


@given(base=TEXTS, yours=TEXTS, theirs=TEXTS)
def test_what_one_side_changed_alone_is_in_the_result(base: list[str], yours: list[str], theirs: list[str]) -> None:
    pieces = merge(base, yours, theirs)
    both = [piece.yours + piece.theirs if piece.who == "both" else None for piece in pieces]
    result = merged(pieces, both)
    expected = joined(
        [{"theirs": piece.theirs, "both": piece.yours + piece.theirs}.get(piece.who, piece.yours) for piece in pieces]
    )
    assert result == expected
    for text in (yours, theirs):  # every line that a side has and the base has not is there as often
        for line in set(text):
            assert result.count(line) >= text.count(line) - base.count(line)


@given(base=TEXTS, other=TEXTS)
def test_one_change_alone_is_the_result(base: list[str], other: list[str]) -> None:
    for yours, theirs in ((base, other), (other, base), (other, other)):
        pieces = merge(base, yours, theirs)
        assert merged(pieces, [None] * len(pieces)) == other


@given(base=TEXTS, yours=TEXTS, theirs=TEXTS)
def test_neither_side_is_favoured(base: list[str], yours: list[str], theirs: list[str]) -> None:
    swap = {"yours": "theirs", "theirs": "yours"}
    swapped = [Piece(swap.get(p.who, p.who), p.base, p.theirs, p.yours) for p in merge(base, theirs, yours)]  # type: ignore[arg-type]
    assert merge(base, yours, theirs) == swapped


@given(base=TEXTS, yours=TEXTS, theirs=TEXTS, known=st.booleans())
@example(base=["a"], yours=[], theirs=["b"], known=True)
def test_all_of_one_side_is_that_side(base: list[str], yours: list[str], theirs: list[str], known: bool) -> None:
    texts = ["\n".join(text) for text in (base, yours, theirs)]
    pieces = conflict_view.pieces_of(texts[0] if known else None, texts[1], texts[2])
    places = conflict_view.places(pieces)
    assert conflict_view.result(pieces, places, ["pane"] * len(places)) == texts[1]
    assert conflict_view.result(pieces, places, ["file"] * len(places)) == texts[2]
    for place in places:  # the number said is the line where it stands
        at = place.line - 1
        assert tuple(texts[1].split("\n")[at : at + len(place.piece.yours)]) == place.piece.yours


def test_two_changes_far_apart_are_merged_and_two_that_touch_ask() -> None:
    base = list("abcdef")
    assert [p.who for p in merge(base, list("Abcdef"), list("abcdeF"))] == ["yours", "nobody", "theirs"]
    assert [p.who for p in merge(base, list("aBcdef"), list("abCdef"))] == ["nobody", "both", "nobody"]
    assert [p.who for p in merge(base, list("aBcdef"), list("aBcdef"))] == ["nobody", "alike", "nobody"]


def test_texts_too_long_to_compare_are_one_place() -> None:
    many = [str(number) for number in range(MOST_COMPARED + 1)]
    pieces = merge(["top", *many, "end"], ["top", *reversed(many), "end"], ["top", *many[5:], "end"])
    assert [piece.who for piece in pieces] == ["nobody", "both", "nobody"]
