"""The cell diff at any size of any tensor: nothing is wider than its place, and the cursor is always in sight."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nst

from tutor.grading.cells import what_cells_show, what_shapes_show
from tutor.tui.clipboard import numpy_text
from tutor.viz import as_text
from tutor.viz.heat_strip import LEVELS, heat_strip, levels
from tutor.viz.tensor_cells import TensorCells, compare
from tutor.viz.tensor_diff import draw
from tutor.viz.tensor_fold import Fold, fold
from tutor.viz.tensor_layout import Frame, Look, arrange
from tutor.viz.tensor_moves import ended, first_look, hit, moved, next_quantity, next_slice, paged, to_wrong

pytestmark = pytest.mark.filterwarnings("error")  # a warning of NumPy's would be written across the screen
SHAPES = nst.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=12)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
SIZES = {"width": st.integers(58, 200), "height": st.integers(8, 50)}


@st.composite
def tensors(draw: st.DrawFn) -> TensorCells:
    """Yours with a few wrong cells, or of another shape, or with anything in it."""
    shape = draw(SHAPES)
    expected = np.arange(1.0, 1 + np.prod(shape)).reshape(shape) / 7
    yours = expected.copy()
    kind = draw(st.sampled_from(["few", "any", "shape", "right", "large"]))
    if kind == "few":
        for _ in range(draw(st.integers(1, 4))):
            yours.flat[draw(st.integers(0, yours.size - 1))] = draw(NUMBERS)
    elif kind == "any":
        yours = draw(nst.arrays(np.float64, shape, elements=NUMBERS))
    elif kind == "shape":
        yours = np.ones(draw(SHAPES))
    elif kind == "large":
        expected = np.ones((draw(st.integers(20, 70)), draw(st.integers(1, 70))))
        yours = expected.copy()
        yours[draw(st.integers(0, len(yours) - 1)), 0] += 1
    return compare(yours, expected, draw(st.sampled_from([None, expected])))


MOVES = [
    *(lambda frame, by=by: moved(frame, *by) for by in ((1, 0), (-1, 0), (0, 1), (0, -1), (3, 0), (0, 9))),
    lambda frame: paged(frame, 1),
    lambda frame: ended(frame, last=True),
    lambda frame: ended(frame, last=False, everything=True),
    lambda frame: to_wrong(frame, 1),
    lambda frame: next_quantity(frame),
    lambda frame: next_slice(frame, 1),
    lambda frame: hit(frame, 20, 6),
    lambda frame: Look(frame.look.cursor, frame.look.quantity, folded=not frame.look.folded, as_list=True),
    lambda frame: Look(frame.look.cursor, frame.look.quantity, in_strip=True),
]


def in_sight(frame: Frame) -> bool:
    box = frame.cursor_box
    return box is not None and box[0] + box[2] <= frame.width and box[1] < frame.height


@given(cells=tensors(), keys=st.lists(st.sampled_from(MOVES), max_size=8), **SIZES)
def test_every_look_fits_its_place_with_the_cursor_in_it(
    cells: TensorCells, keys: list[Any], width: int, height: int
) -> None:
    frame = arrange(cells, first_look(cells), width, height)
    for key in [None, *keys]:
        frame = arrange(cells, key(frame) if key else frame.look, width, height)
        lines = as_text(draw(frame)).split("\n")
        assert len(lines) <= height and max(map(len, lines)) <= width
        assert in_sight(frame)
        assert all(0 <= at < n for at, n in zip(frame.look.cursor, cells.extent, strict=True))


@given(cells=tensors(), **SIZES)
def test_the_way_through_the_wrong_cells_meets_each_once_the_worst_first(
    cells: TensorCells, width: int, height: int
) -> None:
    look, seen = first_look(cells), []
    for _ in range(min(len(cells.order), 60)):
        seen.append(cells.flat(look.cursor))
        look = to_wrong(arrange(cells, look, width, height), 1)
    assert seen == [int(flat) for flat in cells.order[:60]]
    errors = cells.error.flat[seen]
    assert all(a >= b for a, b in pairwise(errors))


@given(
    error=nst.arrays(
        np.float64, nst.array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.sampled_from([0, 0.01, 1])
    ),
    room=st.integers(1, 50),
    data=st.data(),
)
def test_a_fold_hides_no_line_of_the_worst_and_none_twice(
    error: npt.NDArray[np.float64], room: int, data: st.DataObject
) -> None:
    cursor = data.draw(st.integers(0, len(error) - 1))
    items = fold(error, room, cursor)
    lines = [line for item in items for line in (range(item.start, item.stop) if isinstance(item, Fold) else [item])]
    assert lines == list(range(len(error)))
    assert cursor in items
    assert int(np.argmax(error.max(axis=1))) in items or not error.any()
    for item in items:
        if isinstance(item, Fold):
            assert item.wrong == np.count_nonzero(error[item.start : item.stop])


@given(
    error=nst.arrays(
        np.float64,
        nst.array_shapes(min_dims=2, max_dims=2, max_side=80),
        elements=st.sampled_from([0.0, 1e-6, 0.3, 1, np.inf]),
    ),
    width=st.integers(10, 80),
    lines=st.integers(1, 8),
)
def test_the_map_shows_every_wrong_cell_and_leads_to_the_worst_of_a_bin(
    error: npt.NDArray[np.float64], width: int, lines: int
) -> None:
    strip = heat_strip(error, width, lines, float(np.max(error, where=np.isfinite(error), initial=0)))
    assert len(strip.levels) <= lines and strip.levels.shape[1] * strip.widened + 2 <= max(width, 3)
    for row, column in np.ndindex(error.shape):
        line, number = strip.bin_of(row, column)
        assert strip.levels[line, number] > 0 or error[row, column] == 0
        assert error[strip.cell_of(error, line, number)] >= error[row, column]


@given(nst.arrays(np.float64, st.integers(1, 30), elements=st.floats(0, 1e300)))
def test_more_error_is_never_a_lower_level(error: npt.NDArray[np.float64]) -> None:
    found = levels(np.sort(error), float(error.max()))
    assert (np.diff(found) >= 0).all()
    assert found.max() == (len(LEVELS) - 1 if error.any() else 0)


@given(nst.arrays(np.float64, SHAPES, elements=NUMBERS) | nst.arrays(np.bool_, SHAPES) | nst.arrays(np.int64, SHAPES))
def test_what_is_copied_evaluates_to_the_same_array(array: npt.NDArray[Any]) -> None:
    again = eval(numpy_text(array.tolist()), {"np": np})
    assert again.dtype == array.dtype and again.shape == array.shape
    assert again.tobytes() == array.tobytes() or np.array_equal(again, array, equal_nan=True)


@given(nst.arrays(np.float64, SHAPES, elements=NUMBERS), nst.arrays(np.float64, SHAPES, elements=NUMBERS), st.data())
def test_there_is_a_word_on_anything(
    got: npt.NDArray[np.float64], other: npt.NDArray[np.float64], data: st.DataObject
) -> None:
    expected = data.draw(nst.arrays(np.float64, got.shape, elements=NUMBERS))
    cells = compare(got, expected)
    words = what_cells_show(got, expected, cells.error.reshape(got.shape) > 0, {"N": 5})
    assert words == "" or words.endswith(".")
    words = what_shapes_show(got, other)
    assert words == "" or words.endswith(".")
