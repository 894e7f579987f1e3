"""Reading on: whatever a page is made of, nothing is passed over, and what fits a screen is never torn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutor.tui.screens.lesson_reading import KEPT, Lines, last_top, next_top


@st.composite
def pages(draw: st.DrawFn) -> list[Lines]:
    """What stands on a page: gaps of text, and things that no screen begins in the middle of."""
    wholes, end = [], 0
    for gap, size in draw(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 40)), min_size=1, max_size=12)):
        wholes.append((end + gap, end + gap + size))
        end += gap + size
    return wholes


@given(pages(), st.integers(5, 36))
def test_every_line_is_seen_and_what_fits_is_seen_whole(wholes: list[Lines], height: int) -> None:
    top, end, tops = 0, wholes[-1][1], [0]
    while top + height < end:
        after = next_top(top, height, wholes)
        assert top < after <= top + height  # it goes on, and passes nothing over
        if after > end - height:
            after = last_top(after, max(top, end - height), wholes)
            assert top < after <= top + height
        top = after
        tops.append(top)
        assert not any(first < top < last for first, last in wholes if last - first <= height)
    for first, last in wholes:
        if last - first <= height:
            assert any(top <= first and last <= top + height for top in tops)


@given(st.integers(0, 100), st.integers(5, 36))
def test_in_running_text_two_lines_stay(top: int, height: int) -> None:
    assert next_top(top, height, []) == top + height - KEPT


def test_where_a_screen_begins() -> None:
    assert next_top(0, 20, [(15, 22)]) == 15  # what was cut off comes again, whole
    assert next_top(0, 20, [(16, 20)]) == 16  # a formula at the very end is shown again
    assert next_top(0, 20, [(4, 20)]) == 20  # not so what fills the screen
    assert next_top(0, 20, [(20, 39)]) == 20  # two lines more, and it would be cut off
    assert next_top(0, 20, [(20, 30)]) == 18
    assert next_top(0, 20, [(15, 60)]) == 15 and next_top(15, 20, [(15, 60)]) == 33  # more than a screen holds
    assert last_top(15, 12, [(4, 14)]) == 14 and last_top(15, 12, [(2, 12)]) == 12
