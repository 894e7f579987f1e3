"""The norm ratio: one number that neither size, scale nor overflow can fool."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tutor.grading.norms import LIMIT_FLOAT64, AnyArray, norm, norm_ratio, worst_index

ordinary = st.floats(-1e3, 1e3, allow_subnormal=False).filter(lambda value: value == 0 or abs(value) > 1e-3)
shapes = array_shapes(max_dims=3, max_side=4)
any_value = st.floats(width=64)


@st.composite
def pairs(draw: st.DrawFn, elements: st.SearchStrategy[float] = ordinary) -> tuple[AnyArray, AnyArray]:
    shape = draw(shapes)
    return draw(arrays(np.float64, shape, elements=elements)), draw(arrays(np.float64, shape, elements=elements))


@settings(max_examples=30, deadline=None)
@given(pairs())
def test_equal_is_zero_and_the_order_does_not_matter(pair: tuple[AnyArray, AnyArray]) -> None:
    got, expected = pair

    assert norm_ratio(got, got) == 0.0
    assert norm_ratio(got, expected) == norm_ratio(expected, got)
    assert 0.0 <= norm_ratio(got, expected) <= 1.0 + 1e-12
    if not np.array_equal(got, expected):
        assert norm_ratio(got, expected) > 0.0


@settings(max_examples=30, deadline=None)
@given(pairs(), st.sampled_from([1e-300, 1e-100, 1e-9, 1e9, 1e100, 1e300]), st.sampled_from([0.0, 1e-6]))
def test_the_scale_does_not_matter(pair: tuple[AnyArray, AnyArray], scale: float, floor: float) -> None:
    got, expected = pair

    assert norm_ratio(got * scale, expected * scale, floor * scale) == pytest.approx(
        norm_ratio(got, expected, floor), rel=1e-9
    )


@settings(max_examples=30, deadline=None)
@given(pairs(st.floats(-1e-9, 1e-9)), st.floats(1e-6, 1e6))
def test_two_tensors_below_the_floor_agree_and_one_above_it_does_not(
    pair: tuple[AnyArray, AnyArray], scale: float
) -> None:
    got, expected = pair
    floor = 1e-7 * scale

    assert norm_ratio(got * scale, expected * scale, floor) == 0.0
    assert norm_ratio(np.ones_like(got) * scale, expected * scale, floor) > 0.5
    assert norm_ratio(got * scale, np.ones_like(got) * scale, floor) > 0.5


@settings(max_examples=60, deadline=None)
@given(pairs(any_value), st.sampled_from([0.0, 1e-9, 1.0]))
def test_the_ratio_is_always_a_number_and_what_is_not_finite_is_never_right(
    pair: tuple[AnyArray, AnyArray], floor: float
) -> None:
    got, expected = pair
    ratio = norm_ratio(got, expected, floor)

    assert 0.0 <= ratio <= 1.0 + 1e-12
    if not (np.isfinite(got).all() and np.isfinite(expected).all()):
        assert ratio > LIMIT_FLOAT64


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1.7e308, -1.7e308])
def test_no_single_value_stands_for_everything(value: float) -> None:
    """An infinite difference over infinite norms is NaN, and NaN is above no limit."""
    expected = np.array([[1.0, -2.0], [3.0, 0.5]])
    assert norm_ratio(np.full((2, 2), value), expected) > LIMIT_FLOAT64
    assert norm_ratio(np.where(expected > 2, value, expected), expected) > LIMIT_FLOAT64
    assert norm_ratio(expected * np.nan, expected * np.nan) > LIMIT_FLOAT64


@pytest.mark.parametrize("floor", [np.nan, np.inf])
@pytest.mark.parametrize("scale", [1.0, 1e300])
def test_a_floor_that_is_not_finite_makes_nothing_right(floor: float, scale: float) -> None:
    assert norm_ratio(np.ones(3) * scale, np.array([1.0, 2.0, 3.0]) * scale, floor) == 1.0


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, shapes, elements=ordinary), st.sampled_from([1e-300, 1.0, 1e300]))
def test_the_norm_neither_overflows_nor_underflows(values: AnyArray, scale: float) -> None:
    assert norm(values * scale) / scale == pytest.approx(float(np.sqrt((values * values).sum())), rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, shapes, elements=ordinary), st.data(), st.sampled_from([0.5, -7.0, np.nan, np.inf]))
def test_the_worst_entry_is_the_one_that_differs_most(values: AnyArray, data: st.DataObject, by: float) -> None:
    index = data.draw(st.sampled_from(list(np.ndindex(values.shape))))
    got = values + 1e-9
    got[index] += by

    assert worst_index(got, values) == index


@settings(max_examples=30, deadline=None)
@given(pairs(any_value))
def test_the_worst_entry_is_always_one_of_the_entries(pair: tuple[AnyArray, AnyArray]) -> None:
    got, expected = pair
    assume(got.size)
    index = worst_index(got, expected)

    assert got[index].shape == ()
    finite = np.isfinite(got) & np.isfinite(expected)
    if not finite.all():
        assert (
            not np.isfinite(got[index]) or not np.isfinite(expected[index]) or abs(got[index] - expected[index]) > 1e308
        )


def test_what_is_small_beside_the_floor_and_more_than_nothing_is_still_compared() -> None:
    true = np.full(10, 1e-4)
    assert norm_ratio(np.zeros(10), true, floor=1e-3 * 10, nothing=1e-6 * 10) > 1e-2
    assert norm_ratio(true + 1e-8, true, floor=1e-3 * 10, nothing=1e-6 * 10) < 1e-4
    assert norm_ratio(np.zeros(10), true, floor=1e-3 * 10) == 0.0
    assert norm_ratio(np.zeros(10), true * 1e-2, floor=1e-3 * 10, nothing=1e-6 * 10) == 0.0
