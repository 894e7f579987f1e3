"""Reduction and raster, over any data."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.viz.curve import Curve
from tutor.viz.raster import braille, decimate, trace

values = st.floats(-1e6, 1e6, allow_subnormal=False)


def lit_columns(rows: tuple[str, ...]) -> list[list[int]]:
    """For each column of dots, the rows of dots that are lit, from the top."""
    places = {0: (0, 3), 1: (1, 4), 2: (2, 5), 3: (6, 7)}
    columns: list[list[int]] = [[] for _ in range(2 * len(rows[0]))]
    for number, row in enumerate(rows):
        for cell, sign in enumerate(row):
            bits = ord(sign) - 0x2800 if sign != " " else 0
            for line, sides in places.items():
                for side, bit in enumerate(sides):
                    if bits >> bit & 1:
                        columns[2 * cell + side].append(4 * number + line)
    return columns


@given(st.lists(st.tuples(st.floats(0, 100), values), min_size=1, max_size=300), st.integers(2, 80))
def test_decimate_is_the_minimum_and_maximum_of_each_column(points: list[tuple[float, float]], columns: int) -> None:
    x, y = np.array(points).T
    low, high = decimate(x, y, columns, (0, 100))
    column = np.floor(x * ((columns - 1) / 100) + 0.5).astype(int)
    for number in range(columns):
        here = y[column == number]
        assert np.isnan(low[number]) == (here.size == 0)
        if here.size:
            assert (low[number], high[number]) == (here.min(), here.max())


@given(
    st.lists(st.tuples(st.integers(0, 200), st.floats(0, 1)), min_size=1, max_size=200),
    st.integers(1, 40),
    st.integers(1, 12),
)
def test_a_curve_has_no_holes(points: list[tuple[int, float]], width: int, height: int) -> None:
    x, y = np.array(sorted(points), dtype=float).T
    columns = lit_columns(braille(x, y, width, height, (0, 200), (0, 1)))
    filled = [number for number, rows in enumerate(columns) if rows]
    assert filled == list(range(filled[0], filled[-1] + 1))
    for rows in columns[filled[0] : filled[-1] + 1]:
        assert rows == list(range(rows[0], rows[-1] + 1))
    for left, right in zip(columns[filled[0] : filled[-1]], columns[filled[0] + 1 : filled[-1] + 1], strict=True):
        assert left[0] <= right[-1] + 1 and right[0] <= left[-1] + 1


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=50))
def test_any_floats_draw(points: list[tuple[float, float]]) -> None:
    x, y = np.array(points, dtype=float).reshape(-1, 2).T
    rows = braille(x, y, 20, 5, (0, 1), (0, 1))
    assert [len(row) for row in rows] == [20] * 5


def test_a_spike_between_two_columns_is_kept() -> None:
    x = np.arange(100_000.0)
    y = np.zeros(100_000)
    y[54_321] = 1.0
    columns = lit_columns(braille(x, y, 50, 10, (0, 99_999), (0, 1)))
    assert sum(rows[0] == 0 for rows in columns) == 1


def test_what_is_above_the_range_is_cut_at_the_edge() -> None:
    columns = decimate(np.arange(4.0), np.array([0.0, 0.5, 1e200, 0.5]), 4)
    dots = trace(columns, 2, (0, 1))
    assert dots.shape == (2, 2)
    assert dots[0, 0] & 0x08 and dots[0, 1] & 0x08  # the ways up and down leave through the top, left and right of it


@settings(max_examples=30)
@given(st.integers(16, 300), st.integers(1, 3000), st.integers(0, 2**32), st.booleans())
def test_a_curve_in_pieces_has_the_extremes_of_its_points(capacity: int, count: int, seed: int, resumed: bool) -> None:
    random = np.random.default_rng(seed)
    x = np.cumsum(random.exponential(size=count))
    if resumed:
        x[count // 2 :] -= x[count // 2] / 2
    y = random.standard_normal(count)
    y[random.random(count) < 0.1] = np.nan
    one_by_one, at_once = Curve("loss", capacity=capacity), Curve("loss", capacity=capacity)
    for point in zip(x.tolist(), y.tolist(), strict=True):
        one_by_one.append(*point)
    at_once.extend(x, y)
    kept = ~np.isnan(y)
    for curve in (one_by_one, at_once):
        pieces = curve.ranges()
        assert curve.points == count
        assert pieces.x.size <= capacity
        if kept.any():
            assert (pieces.low.min(), pieces.high.max()) == (y[kept].min(), y[kept].max())
    assert all(np.array_equal(a, b) for a, b in zip(one_by_one.ranges(), at_once.ranges(), strict=True))


def test_a_long_curve_keeps_a_quarter_of_its_pieces_and_the_place_of_a_spike() -> None:
    steps = np.arange(1_000_000.0)
    loss = np.ones(1_000_000)
    loss[654_321] = 9.0
    curve = Curve("loss", capacity=1024)
    curve.extend(steps, loss)
    x, _, high = curve.ranges()
    assert 256 <= x.size <= 1024
    assert abs(x[high.argmax()] - 654_321) < 1_000_000 / 256
    assert np.all(np.diff(x) > 0)


def test_a_pyramid_opens_a_curve() -> None:
    curve = Curve("loss")
    curve.extend([0, 256, 512], [1.0, np.nan, 0.5], [2.0, np.nan, 0.75])
    x, low, high = curve.ranges()
    assert (x.tolist(), low.tolist(), high.tolist()) == ([0, 512], [1.0, 0.5], [2.0, 0.75])
