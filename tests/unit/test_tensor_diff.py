"""The cell diff's lines, words and copies, by example."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tutor.grading.cells import what_cells_show, what_shapes_show
from tutor.tui.clipboard import FILE, keep, numpy_text
from tutor.viz import as_text
from tutor.viz.tensor_cells import TensorCells, compare
from tutor.viz.tensor_diff import draw
from tutor.viz.tensor_fold import Fold, fold
from tutor.viz.tensor_layout import Frame, arrange
from tutor.viz.tensor_moves import first_look, hit, moved, next_quantity, to_wrong

E = np.random.default_rng(4).normal(size=(5, 3))
LARGE = np.random.default_rng(5).normal(size=(64, 32))


def changed(array: npt.NDArray[np.float64], *index: int, by: float = 1.0) -> npt.NDArray[np.float64]:
    copy = array.copy()
    copy[index] += by
    return copy


def frame_of(cells: TensorCells, width: int = 78, height: int = 16) -> Frame:
    return arrange(cells, first_look(cells), width, height)


# ── which cells are wrong ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_cursor_starts_at_the_worst_cell_and_goes_to_the_next() -> None:
    cells = compare(changed(changed(E, 4, 1, by=0.1), 2, 0), E)
    frame = frame_of(cells)
    assert frame.look.cursor == cells.worst == (0, 2, 0)
    assert to_wrong(frame, 1).cursor == (0, 4, 1)
    assert cells.rank((0, 4, 1)) == 1 and cells.rank((0, 0, 0)) is None


def test_rounding_is_no_error_and_a_float32_result_has_its_own_limit() -> None:
    assert len(compare(E * (1 + 1e-9), E).order) == 0
    assert len(compare(E * (1 + 1e-5), E).order) == E.size
    assert len(compare(E.astype(np.float32) * np.float32(1 + 1e-5), E).order) == 0


def test_the_verdict_on_the_whole_tensor_has_the_last_word() -> None:
    close = changed(E, 1, 1, by=1e-9)
    assert len(compare(close, E).order) == 0
    assert [int(flat) for flat in compare(close, E, right=False).order] == [4]
    assert len(compare(changed(E, 1, 1), E, right=True).order) == 0


def test_what_is_not_finite_is_worse_than_anything_and_equal_infinities_agree() -> None:
    yours, expected = np.array([1e300, np.nan, np.inf, 1.0]), np.array([1.0, 1.0, np.inf, np.nan])
    assert [int(flat) for flat in compare(yours, expected).order] == [1, 3, 0]


def test_nothing_to_show_is_said() -> None:
    with pytest.raises(ValueError, match="no cell"):
        compare(np.zeros((0, 3)), np.zeros((0, 3)))


# ── arranging ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_small_tensor_shows_everything_side_by_side() -> None:
    cells = compare(changed(E, 1, 2), E, E)
    wide, tall, neither = frame_of(cells, 200, 16), frame_of(cells, 78, 16), frame_of(cells, 78, 12)
    assert wide.blocks == tall.blocks == ("yours", "expected", "numeric", "difference")
    assert tall.listed and not wide.listed and not neither.listed
    assert neither.blocks == ("yours", "expected")
    assert wide.strip is None and "▸✗" in as_text(draw(wide))
    row = next(line for line in as_text(draw(tall)).split("\n") if "[1, 2]" in line)
    assert row.split() == ["▸", "[1,", "2]", f"▸✗{E[1, 2] + 1:>9.4f}".split()[0], *row.split()[4:]]
    assert row.split()[-1] == "1.0000"


def test_a_vector_is_a_list() -> None:
    text = as_text(draw(frame_of(compare(np.array([1.0, 2.5]), np.array([1.0, 2.0])))))
    assert "[0]" in text and "2.50000000" in text and "0.50000000" in text


def test_a_large_tensor_is_folded_around_its_wrong_cells_under_a_map() -> None:
    cells = compare(changed(changed(LARGE, 5, 3), 33, 20, by=0.01), LARGE)
    frame = frame_of(cells)
    text = as_text(draw(frame))
    assert "··· 4 rows, all right ···" in text and "··14··" in text and "█" in text
    assert frame.folded_words == "24 columns folded, all right · 58 rows folded, all right"
    assert moved(frame, rows=9).cursor[1] > 30  # the arrows pass over a fold
    everything = arrange(cells, hit(frame, 30, 12), 78, 200)
    assert "✗" in as_text(draw(everything))


def test_an_error_everywhere_is_not_folded() -> None:
    assert frame_of(compare(2 * LARGE, LARGE)).folded_words == ""


def test_folds_tell_how_many_cells_in_them_are_wrong() -> None:
    error = np.zeros((40, 2))
    error[20, 0], error[3] = 1.0, 1e-3
    (first, *_rest) = fold(error, 5, 20)
    assert first == Fold(0, 19, 2) and first.words == "2 wrong"


def test_what_is_longer_than_expected_has_the_indices_of_its_own() -> None:
    frame = frame_of(compare(E.sum(axis=1), E.sum(axis=0)))
    assert [frame.label_of(row) for row in range(5)] == ["[0]", "[1]", "[2]", "[3]", "[4]"]


def test_a_wrong_shape_shows_both_arrays_and_no_cell_is_wrong() -> None:
    cells = compare(E, E.sum(axis=0))
    text = as_text(draw(frame_of(cells)))
    assert not cells.comparable and "✗" not in text
    assert cells.index("yours", (0, 0, 1)) == (0, 1) and cells.index("expected", (0, 0, 1)) == (1,)
    assert cells.index("expected", (0, 3, 1)) is None
    assert len(text.split("\n")) == 2 + 5


def test_a_stack_of_matrices_names_the_one_that_is_shown() -> None:
    stack = np.ones((4, 2, 5, 6))
    frame = frame_of(compare(changed(stack, 2, 1, 0, 0), stack))
    assert "[2, 1, :, :] 6 of 8" in as_text(draw(frame))
    assert "·····[█]··" in as_text(draw(frame))


def test_right_of_the_last_column_stands_the_next_quantity() -> None:
    frame = frame_of(compare(E, E), 200)
    frame = arrange(frame.cells, moved(frame, columns=3), 200, 16)
    assert (frame.look.quantity, frame.look.cursor) == ("expected", (0, 0, 0))
    assert next_quantity(frame).quantity == "difference"


def test_a_click_goes_where_it_points() -> None:
    frame = frame_of(compare(E, E), 200)
    box = arrange(frame.cells, moved(frame, rows=2, columns=4), 200, 16).cursor_box
    assert box is not None
    look = hit(frame, box[0] + 3, box[1])
    assert (look.quantity, look.cursor) == ("expected", (0, 2, 1))


@pytest.mark.timed
def test_a_window_of_a_large_tensor_is_drawn_between_two_frames() -> None:
    expected = np.random.default_rng(6).normal(size=(64, 64))
    cells = compare(expected + 0.1, expected, expected)
    seconds = []
    for _ in range(30):
        start = time.perf_counter()
        draw(frame_of(cells, 200, 44))
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 5e-3


# ── what the cells show ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("yours", "said"),
    [
        (E, "All 15 cells agree."),
        (changed(E, 1, 1), "1 of 15 cells differs, at [1, 1]."),
        (E * np.array([[1, 1, -1]]), "5 of 15 cells differ, all of column 2: each has the wrong sign."),
        (E * np.array([[1], [0], [1], [0], [1]]), "6 of 15 cells differ, all of rows 1 and 3: each is zero."),
        (E * np.array([[2], [2], [1], [2], [2]]), "12 of 15 cells differ, all but row 2: each is 2 times"),
        (E / 5, "a mean over the batch instead of the sum."),
        (E * 5, "a sum over the batch instead of the mean."),
        (E * np.arange(2, 7)[:, None], "All 15 cells differ: each row is off by a factor of its own."),
        (E * np.array([2, 3, 5]), "All 15 cells differ: each column is off by a factor of its own."),
        (E - 0.5, "each is 0.5 too small."),
        (E[::-1], "the right numbers, in another order."),
        (E + np.cos(np.arange(15)).reshape(5, 3), "All 15 cells differ."),
    ],
)
def test_what_the_cells_have_in_common_is_said(yours: npt.NDArray[np.float64], said: str) -> None:
    assert said in what_cells_show(yours, E, compare(yours, E).error[0] > 0, {"N": 5})


def test_what_the_verdict_said_is_not_said_again() -> None:
    def shows(yours: npt.NDArray[np.float64], said: str) -> str:
        return what_cells_show(yours, E, compare(yours, E).error[0] > 0, {"N": 5}, said)

    assert shows(-E, "grad_W has the right shape, but every entry has the wrong sign.") == ""
    factor = "every entry is 1/5 (the batch size) of what it should be."
    assert shows(E / 5, factor) == "All 15 cells differ: a mean over the batch instead of the sum."
    little = "grad_W has the right shape, but its values are a little off: an error of 1e-08, where 5e-09 is allowed."
    assert shows(changed(E, 1, 1), little) == "They differ most at [1, 1]."


def test_a_square_tensor_may_be_transposed() -> None:
    square = E[:3]
    assert what_cells_show(square.T, square, square != square.T, {}) == "6 of 9 cells differ: transposed."


@pytest.mark.parametrize(
    ("yours", "expected", "said"),
    [
        (E, E.sum(axis=0), "Its sum over axis 0 is right."),
        (E, E.mean(axis=1), "Its mean over axis 1 is right."),
        (E.T, E, "Its transpose is right: every value is there, in the wrong place."),
        (E.sum(axis=0)[None], E.sum(axis=0), "Its values are right, and in order: the shape alone is wrong."),
        (E.sum(axis=0), E, "It is the right tensor, summed over axis 0 once more."),
        (np.ones((4, 4)), E, ""),
    ],
)
def test_the_step_between_two_shapes_is_found(
    yours: npt.NDArray[np.float64], expected: npt.NDArray[np.float64], said: str
) -> None:
    assert what_shapes_show(yours, expected) == said


# ── copying ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_copied_is_numpy_text() -> None:
    assert numpy_text([[1.5, -np.inf], [None, 0.1]]) == "np.array([[1.5, -np.inf],\n          [np.nan, 0.1]])"
    assert numpy_text(2.0) == "np.array(2.0)"
    assert numpy_text([True, False]) == "np.array([True, False])"


def test_a_copy_is_always_in_the_file_and_in_tmux_where_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keep("a", tmp_path / "u", {}) == f"Also in {tmp_path / 'u' / FILE}."
    assert (tmp_path / "u" / FILE).read_text() == "a"
    program = tmp_path / "tmux"
    program.write_text(f'#!/bin/sh\n[ "$2" = -w ] && exit 1\ncat > {tmp_path}/buffer\n')  # as a tmux before 3.2
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert keep("b", tmp_path / "u", {"TMUX": "x"}).startswith("Also in tmux's paste buffer (prefix ]) and in ")
    assert (tmp_path / "buffer").read_text() == "b"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "u").write_text("a file")
    assert "could not be written" in keep("a", tmp_path / "u", {})
