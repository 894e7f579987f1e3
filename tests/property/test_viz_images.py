"""Images, confusions and regions keep to their size, whatever is in them, and tell by sign what colour tells."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as some
from rich.cells import cell_len

from tutor.viz import Picture, as_text
from tutor.viz.confusion import confusion_matrix, worst_confusions
from tutor.viz.digits import digit_grid, digits_shown
from tutor.viz.pixels import smaller
from tutor.viz.regions import decision_regions
from tutor.viz.weights import weight_grid, weights_shown

anything = st.floats(width=32) | st.sampled_from([0.0, np.nan, np.inf, -np.inf])
images = some.array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=30).flatmap(
    lambda shape: some.arrays(np.float64, shape, elements=anything, fill=st.just(0.5))
)
widths, heights = st.integers(-1, 100), st.integers(-1, 30)


def keeps(picture: Picture, width: int, height: int) -> None:
    assert len(picture) <= max(0, height)
    assert all(sum(cell_len(span.text) for span in line) <= max(0, width) for line in picture)
    assert all(span.text for line in picture for span in line)


@settings(max_examples=40, deadline=None)
@given(images, widths, heights, st.booleans())
def test_weights_keep_to_their_size(weights: Any, width: int, height: int, signs: bool) -> None:
    picture = weight_grid(weights, width, height, signs=signs)
    keeps(picture, width, height)
    assert bool(picture) == bool(weights_shown(weights, width, height, signs=signs))


@settings(max_examples=40, deadline=None)
@given(images, st.data(), widths, heights, st.booleans())
def test_digits_keep_to_their_size(pixels: Any, data: st.DataObject, width: int, height: int, signs: bool) -> None:
    n = len(pixels)
    truth, predicted = (data.draw(some.arrays(np.int64, n, elements=st.integers(0, 12))) for _ in range(2))
    probability = data.draw(some.arrays(np.float64, n, elements=anything | st.floats(0, 1)))
    picture = digit_grid(pixels, truth, predicted, probability, width, height, signs=signs)
    keeps(picture, width, height)
    shown = digits_shown(pixels, width, height, signs=signs)
    assert bool(picture) == bool(shown)
    if (truth < 10).all() and (predicted < 10).all():
        assert as_text(picture).count("✗") == int((truth[:shown] != predicted[:shown]).sum())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.data(), widths, heights)
def test_confusions_keep_to_their_size(classes: int, data: st.DataObject, width: int, height: int) -> None:
    counts = data.draw(some.arrays(np.int64, (classes, classes), elements=st.integers(0, 10_000)))
    keeps(confusion_matrix(counts, width, height), width, height)


@settings(max_examples=40, deadline=None)
@given(st.data(), widths, heights)
def test_regions_keep_to_their_size(data: st.DataObject, width: int, height: int) -> None:
    shape = data.draw(some.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=12))
    regions = data.draw(some.arrays(np.int64, shape, elements=st.integers(0, 5)))
    certainty = data.draw(some.arrays(np.float64, shape, elements=anything))
    n = data.draw(st.integers(0, 9))
    points = data.draw(some.arrays(np.float64, (n, 2), elements=anything))
    labels = np.arange(n) % 3
    bounds = data.draw(st.sampled_from([np.zeros(0), np.zeros(4), np.array([-1.0, 1.0, -1.0, 1.0])]))
    picture = decision_regions(regions, certainty, bounds, points, labels, labels[::-1], width, height)
    keeps(picture, width, height)


def test_the_sign_of_a_weight_is_told_without_colour() -> None:
    weights = np.array([[[1.0, -1.0], [0.0, np.nan]]])
    assert as_text(weight_grid(weights, 20, 5, signs=True)) == "██≡≡\n  ??"
    blocks = weight_grid(weights, 20, 5)
    assert [(span.role, span.under) for span in blocks[0]] == [("pos4", "zero"), ("neg4", "bad")]


def test_wrong_digits_are_told_by_a_sign() -> None:
    pixels = np.zeros((2, 4, 4))
    picture = digit_grid(pixels, np.array([3, 7]), np.array([8, 7]), np.array([0.61, 0.987]), 30, 9)
    assert as_text(picture).splitlines()[-1] == "3✗8  61%  7    99%"


def test_the_worst_confusions_are_marked_and_said() -> None:
    counts = np.diag([30, 40, 50, 20])
    counts[0, 2], counts[3, 1], counts[2, 1] = 9, 4, 1
    assert [one[:3] for one in worst_confusions(counts)] == [(0, 2, 9), (3, 1, 4), (2, 1, 1)]
    text = as_text(confusion_matrix(counts, 80, 20))
    assert "✗9" in text and "(50)" in text and "Most often: 0 taken for 2, 9×;  3 taken for 1, 4×" in text
    assert "Every one is right." in as_text(confusion_matrix(np.diag([3, 3]), 80, 20))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_smaller_images_keep_their_mean_brightness(rows: int, columns: int, side: int) -> None:
    found = smaller(np.full((2, rows, columns), 0.25), side)
    assert max(found.shape[1:]) <= side and np.allclose(found, 0.25)
