"""The plan of a check: the same seed the same arrays, another seed others, and fills that are what they say."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import numpy as np
import pytest

from tests.gradings import LINEAR, changed, last_report, lean
from tutor.course import TIERS, Case, Challenge, Fill
from tutor.course.draws import FILLS_OF_WHOLE_NUMBERS
from tutor.grading.plan import Planned, make_plan
from tutor.learner import Box

SIZES = {"N": 6, "n_in": 5, "n_out": 3}


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
        case "extreme":
            assert np.abs(x).min() >= 1e4
        case "ties":
            assert (x == 0).any() and not np.signbit(x[x == 0]).any()
            assert len(np.unique(x)) < x.size / 2
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


# ── draws ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(draw: str, shape: tuple[str, ...] = ("N", "n_in"), **fields: object) -> list[np.ndarray[Any, Any]]:
    """The array x of thirty draws of one case."""
    exercise = with_case(**{"values": {"p": 0.75}, "repeat": 30, **fields})
    exercise = msgspec.structs.replace(exercise, draws={"x": draw}, arrays={**exercise.arrays, "x": shape})
    return [planned.arrays["x"] for planned in make_plan(exercise, ("edge",), 7)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("draw", ["labels(n_out)", "integers(-2, n_out + 1)"])
def test_whole_numbers_stay_whole_and_cover_their_range(draw: str, dtype: str) -> None:
    arrays = drawn(draw, dtype=dtype)
    low, high = (0, 3) if draw.startswith("labels") else (-2, 4)

    assert {array.dtype for array in arrays} == {np.dtype("int64")}
    assert set(np.concatenate(arrays).ravel()) == set(range(low, high))
    assert all(len(np.unique(array)) > 1 for array in drawn(draw, ("2",)))  # never one class alone where there are two


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("draw", ["uniform", "positive", "one_hot", "mask(p)", "probabilities", "distinct", "normal"])
def test_a_draw_is_what_its_name_says(draw: str, dtype: str) -> None:
    arrays = drawn(draw, dtype=dtype)
    together = np.stack(arrays)

    assert together.dtype == dtype and together.shape == (30, 6, 5)
    assert len({array.tobytes() for array in arrays}) > 20
    match draw:
        case "uniform":
            assert 0 <= together.min() < 0.05 and 0.95 < together.max() < 1
        case "positive":
            assert together.min() > 0.05
        case "one_hot":
            assert (np.sort(together, axis=-1) == [0, 0, 0, 0, 1]).all()
            assert all(len(np.unique(array, axis=0)) > 1 for array in arrays)
        case "mask(p)":
            assert set(np.unique(together)) == {0, 1} and 0.7 < together.mean() < 0.8
            assert all(0 < array.mean() < 1 for array in drawn("mask(0.99)", ("2", "2")))
        case "probabilities":
            assert together.min() > 0
            np.testing.assert_allclose(together.sum(axis=-1), 1, rtol=1e-6)
        case "distinct":
            gaps = np.diff(np.sort(together.reshape(30, -1), axis=1), axis=1)
            assert gaps.min() > 0.05 and 0.9 < together.std() < 1.1
        case "normal":
            assert together.min() < -2 and 0.9 < together.std() < 1.1


def test_a_shape_may_be_made_of_expressions() -> None:
    (first, *_) = drawn("normal", ("N - n_out + 1", "3", "n_in"))

    assert first.shape == (4, 3, 5)
    assert drawn("normal", ())[0].shape == ()
    assert drawn("integers(0, 1000000)", ())[0].shape == ()


@pytest.mark.parametrize("fill", get_args(Fill))
def test_every_fill_takes_arrays_of_any_rank(fill: str) -> None:
    for shape in ((), ("N",), ("N", "n_in", "n_out")):
        assert drawn("normal", shape, fill={"x": fill})[0].shape == tuple(SIZES[size] for size in shape)


def test_a_fill_of_whole_numbers_keeps_them_whole() -> None:
    for fill in FILLS_OF_WHOLE_NUMBERS:
        assert drawn("labels(n_out)", fill={"x": fill})[0].dtype == np.int64
