"""The plan of a check: the same seed the same arrays, another seed others, and fills that are what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import msgspec
import numpy as np
import pytest

from tests.gradings import LINEAR, changed, last_report, lean
from tutor.course import TIERS, Case, Challenge, Fill
from tutor.grading.plan import Planned, make_plan
from tutor.learner import Box

SIZES = {"N": 6, "n_in": 5, "n_out": 3}


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def with_case(**fields: object) -> Challenge:
    """The linear exercise with one edge case of the given kind alone."""
    case = msgspec.convert({"proves": "this", "sizes": SIZES, **fields}, Case)
    return msgspec.structs.replace(lean("linear_scratch"), edge=(case,))


def only(fill: str, dtype: str = "float64") -> Planned:
    (planned,) = make_plan(with_case(fill={"x": fill}, dtype=dtype), ("edge",), 1)
    return planned


def test_the_same_seed_draws_the_same_and_another_seed_draws_others() -> None:
    exercise = lean("backprop_fill")
    one, again, other = (make_plan(exercise, TIERS, seed) for seed in (1, 1, 2))

    for planned, same, different in zip(one, again, other, strict=True):
        for name, array in planned.arrays.items():
            np.testing.assert_array_equal(array, same.arrays[name])
            assert planned.case.fill.get(name) == "zeros" or not np.array_equal(array, different.arrays[name])


def test_no_two_draws_of_a_plan_are_alike() -> None:
    seen = {planned.arrays["W"].tobytes() for planned in make_plan(lean("linear_scratch"), TIERS, 3)}

    assert len(seen) == len(make_plan(lean("linear_scratch"), TIERS, 3))


def test_a_tier_draws_the_same_alone_and_among_others() -> None:
    exercise = lean("linear_scratch")
    (alone,) = make_plan(exercise, ("basic",), 4)

    np.testing.assert_array_equal(alone.arrays["x"], make_plan(exercise, TIERS, 4)[0].arrays["x"])


def test_shapes_and_dtypes_are_those_of_the_case() -> None:
    for planned in make_plan(lean("backprop_fill"), TIERS, 5):
        for name, shape in lean("backprop_fill").arrays.items():
            assert planned.arrays[name].shape == tuple(planned.sizes[size] for size in shape)
            assert planned.arrays[name].dtype == planned.case.dtype


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("fill", get_args(Fill))
def test_a_fill_is_what_its_name_says(fill: str, dtype: str) -> None:
    x = only(fill, dtype).arrays["x"]

    match fill:
        case "zeros":
            assert not x.any() and not np.signbit(x).any()
        case "ones":
            assert (x == 1).all()
        case "negative_zero":
            assert not x.any() and np.signbit(x).all()
        case "huge":
            assert 1e14 < np.abs(x).max() < 1e17
        case "tiny":
            assert 1e-17 < np.abs(x).max() < 1e-14
        case "saturated":
            assert 100 < np.abs(x).max() < 2000
        case "fortran":
            assert x.flags.f_contiguous and not x.flags.c_contiguous
        case "strided":
            assert not x.flags.f_contiguous and not x.flags.c_contiguous
        case _:
            pytest.fail(f"{fill} is not looked at")
    assert np.isfinite(x).all()
    assert x.shape == (6, 5)
    assert x.dtype == dtype


@pytest.mark.parametrize(
    ("fill", "asserted"),
    [
        ("negative_zero", "np.signbit(x).all()"),
        ("strided", "not (x.flags.c_contiguous or x.flags.f_contiguous)"),
        ("fortran", "x.flags.f_contiguous and not x.flags.c_contiguous"),
    ],
)
def test_a_fill_reaches_the_learners_code_as_it_is(box: Box, fill: str, asserted: str) -> None:
    exercise = with_case(fill={"x": fill})
    drive = msgspec.structs.replace(
        exercise.drive, forward="out = layer.forward(x)", backward="grad_input = layer.backward(g)"
    )
    asserting = changed(LINEAR, ("self.x = x", f"self.x = x; assert x.shape != (6, 5) or ({asserted})"))

    assert last_report(box, msgspec.structs.replace(exercise, drive=drive), asserting).passed
    never = changed(asserting, (f"({asserted})", f"not ({asserted})"))
    assert not last_report(box, msgspec.structs.replace(exercise, drive=drive), never).passed
