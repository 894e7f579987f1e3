"""Zoom, pan and cursor of the Train screen, over any order of keys."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import assume, given
from hypothesis import strategies as st

from tutor.tui.screens import train_window as window
from tutor.tui.screens.train_control import next_rate
from tutor.tui.screens.train_window import LEAST, SPANS, ChartState, in_sight

Key = Callable[[ChartState, int, int], ChartState]
extents = st.integers(1, 10**7)


def keys() -> st.SearchStrategy[Key]:
    """One key, pressed on a state of a run with so many steps, of which so many are done."""
    by, marks = st.integers(-30, 30), st.lists(st.integers(0, 10**7), max_size=5)
    return st.one_of(
        st.tuples(st.booleans(), st.integers(0, 10**7)).map(
            lambda how: lambda s, extent, newest: window.zoom(s, extent, closer=how[0], around=min(how[1], extent))
        ),
        by.map(lambda by: lambda s, extent, newest: window.pan(s, extent, by)),
        by.map(lambda by: lambda s, extent, newest: window.move_cursor(s, extent, newest, by)),
        st.tuples(marks, st.booleans()).map(
            lambda how: lambda s, extent, newest: window.to_mark(s, extent, newest, how[0], forward=how[1])
        ),
        st.just(lambda s, extent, newest: window.all_of_it(s)),
        st.just(lambda s, extent, newest: window.without_cursor(s)),
    )


@given(extents, st.floats(0, 1), st.lists(keys(), max_size=25))
def test_no_order_of_keys_leaves_the_data_or_loses_the_cursor(extent: int, done: float, pressed: list[Key]) -> None:
    state, newest = ChartState(), int(done * extent)
    for key in pressed:
        state = key(state, extent, newest)
        first, last = in_sight(state, extent)
        assert 0 <= first < last <= max(LEAST, extent)
        assert last - first >= LEAST
        if state.cursor is not None:
            assert first <= state.cursor <= last
            assert state.cursor <= extent


@given(
    st.integers(100, 10**7), st.lists(st.booleans(), min_size=1, max_size=12), st.integers(-6, 6), st.integers(0, 10**7)
)
def test_the_opposite_pan_leads_back(extent: int, zooms: list[bool], by: int, around: int) -> None:
    state = ChartState()
    for closer in zooms:
        state = window.zoom(state, extent, closer=closer, around=min(around, extent))
    assume(state.window is not None)
    assert state.window is not None
    first, last = state.window
    start = first + by * max(1, (last - first) // window.PAN)
    assume(0 <= start <= extent - (last - first))  # it did not meet the edge
    assert window.pan(window.pan(state, extent, by), extent, -by) == state


@given(st.integers(100, 10**7), st.floats(0, 1))
def test_zooming_in_keeps_what_is_under_the_cursor_where_it_is(extent: int, place: float) -> None:
    state = window.put_cursor(ChartState(), extent, extent, int(place * extent))
    assert state.cursor is not None
    closer = window.zoom(state, extent, closer=True, around=0)
    first, last = in_sight(closer, extent)
    assert closer.cursor == state.cursor
    assert abs((state.cursor - first) / (last - first) - state.cursor / extent) < 0.03


@given(st.integers(100, 10**7), st.lists(st.integers(0, 10**7), min_size=1, max_size=8, unique=True))
def test_every_mark_is_come_to_in_turn(extent: int, marks: list[int]) -> None:
    marks = sorted({min(mark, extent) for mark in marks})
    state, seen = window.put_cursor(ChartState(), extent, extent, 0), []
    for _ in marks:
        state = window.to_mark(state, extent, extent, marks, forward=True)
        seen.append(state.cursor)
    assert seen[-1] == marks[-1]
    assert set(marks) - {0} <= set(seen)
    for _ in marks:
        state = window.to_mark(state, extent, extent, marks, forward=False)
    assert state.cursor == marks[0]


@given(st.lists(st.sampled_from([-1, 1, 0]), max_size=30))
def test_smoothing_stays_on_its_steps_and_comes_back(pressed: list[int]) -> None:
    state = ChartState(span=30, smoothed=30)
    for by in pressed:
        state = window.smoother(state, by) if by else window.as_it_is(state)
        assert state.span in SPANS
    if state.span > 1:
        assert window.as_it_is(window.as_it_is(state)) == state
        assert window.as_it_is(state).span == 1


@given(st.integers(1, 10**6), st.integers(1, 10**7))
def test_the_usual_mean_is_over_no_more_than_an_epoch_and_a_fiftieth(steps_per_epoch: int, steps: int) -> None:
    span = window.usual_span(steps_per_epoch, steps)
    assert span in SPANS
    assert span == 1 or span <= min(steps_per_epoch, steps / 50)


@given(st.floats(1e-12, 1e12))
def test_learning_rates_go_up_and_down_by_readable_numbers(lr: float) -> None:
    up, down = next_rate(lr, up=True), next_rate(lr, up=False)
    assert down < lr < up
    assert up <= 2.6 * lr and down >= lr / 2.6
    assert f"{up:.0e}"[0] in "125" and f"{down:.0e}"[0] in "125"


@given(st.sampled_from([1, 2, 5]), st.integers(-12, 12))
def test_up_and_down_again_is_the_same_rate(digit: int, power: int) -> None:
    lr = float(f"{digit}e{power}")
    assert next_rate(next_rate(lr, up=True), up=False) == lr
    assert next_rate(next_rate(lr, up=False), up=True) == lr
