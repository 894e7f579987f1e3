"""Looks at the epochs: what is stored is what was there, and no disk and no number stops it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.epoch_looks import config_of, plane, trained
from tutor.errors import RunError
from tutor.training.datasets import load
from tutor.training.epochs import (
    GRID_COLUMNS,
    GRID_ROWS,
    MOST_LOOKS,
    EpochLooks,
    first_layer,
    image_shape,
    list_epochs,
    read_epoch,
)

DIGITS = load("digits")
RNG = np.random.default_rng(0)
OUTPUT = RNG.normal(size=(len(DIGITS.y_test), 10))
PARAMS = {"W1": RNG.normal(size=(64, 20)), "b1": np.zeros(20), "W2": RNG.normal(size=(20, 10))}


def test_a_look_is_what_the_network_said(tmp_path: Path) -> None:
    EpochLooks(tmp_path, config_of(3), DIGITS).write(2, 90, OUTPUT, PARAMS)
    look = read_epoch(tmp_path, 2)
    assert (look.epoch, look.step, look.units) == (2, 90, 20)
    assert np.allclose(look.weights, PARAMS["W1"].T.reshape(20, 8, 8), rtol=1e-3)
    predicted = OUTPUT.argmax(axis=1)
    assert look.accuracy == pytest.approx((predicted == DIGITS.y_test).mean())
    assert look.confusion.sum() == len(DIGITS.y_test)
    assert look.confusion[3, 5] == ((DIGITS.y_test == 3) & (predicted == 5)).sum()
    chosen = look.samples.index
    assert np.array_equal(look.samples.truth, DIGITS.y_test[chosen])
    assert np.array_equal(look.predicted, predicted[chosen])
    softmax = np.exp(OUTPUT) / np.exp(OUTPUT).sum(axis=1, keepdims=True)
    assert np.allclose(look.probability, softmax.max(axis=1)[chosen], atol=1e-3)
    assert np.allclose(look.samples.images, DIGITS.x_test[chosen].reshape(-1, 8, 8), atol=1e-3)


def test_the_samples_are_balanced_and_the_same_in_every_run(tmp_path: Path) -> None:
    for run in ("a", "b"):
        (tmp_path / run).mkdir()
        EpochLooks(tmp_path / run, config_of(3), DIGITS).write(0, 0, OUTPUT, PARAMS)
    one, other = (read_epoch(tmp_path / run, 0).samples for run in ("a", "b"))
    assert np.array_equal(one.index, other.index)
    assert np.bincount(one.truth).tolist() == [6] * 10
    assert one.truth[:10].tolist() == list(range(10))  # in turn: the first ones are balanced too


def test_a_network_learns_from_look_to_look(tmp_path: Path) -> None:
    run_dir = trained(tmp_path, 3)
    assert list_epochs(run_dir) == (0, 1, 2, 3)
    before, after = read_epoch(run_dir, 0), read_epoch(run_dir, 3)
    assert before.accuracy < 0.4 < 0.8 < after.accuracy
    assert not np.array_equal(before.weights, after.weights)
    assert not len(after.samples.bounds) and not after.regions.size


def test_points_of_the_plane_have_decision_regions(tmp_path: Path) -> None:
    look = read_epoch(trained(tmp_path, 3, plane()), 3)
    assert look.regions.shape == look.certainty.shape == (GRID_ROWS, GRID_COLUMNS)
    assert look.regions[:, 0].mean() < 0.1 and look.regions[:, -1].mean() > 0.9  # class 1 is on the right
    assert not look.weights.size and not look.samples.images.size
    assert look.samples.points.shape == (60, 2)


def test_long_runs_keep_evenly_spread_epochs_and_the_last(tmp_path: Path) -> None:
    looks = EpochLooks(tmp_path, config_of(1003), DIGITS)
    for epoch in range(1004):
        looks.write(epoch, epoch, OUTPUT[:, :10], PARAMS)
    epochs = list_epochs(tmp_path)
    assert epochs[0] == 0 and epochs[-1] == 1003
    assert MOST_LOOKS / 2 < len(epochs) <= MOST_LOOKS
    assert len(set(np.diff(epochs[:-1]))) == 1


def test_the_newest_is_there_for_those_who_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("tutor.training.epochs.time.monotonic", lambda: now)
    looks = EpochLooks(tmp_path, config_of(1003), DIGITS)
    for epoch in range(20):
        now += 2.0  # a slow epoch
        looks.write(epoch, epoch, OUTPUT, PARAMS)
    assert list_epochs(tmp_path) == (0, 8, 16, 19)


@pytest.mark.parametrize(
    ("sample_shape", "params", "shape", "units"),
    [
        ((64,), {"W1": np.zeros((64, 7))}, (7, 8, 8), 7),
        ((64,), {"W1": np.zeros((7, 64))}, (7, 8, 8), 7),
        ((64,), {"b0": np.zeros(64), "W1": np.zeros((64, 200))}, (64, 8, 8), 200),
        ((784,), {"W1": np.zeros((784, 3))}, (3, 28, 28), 3),
        ((1, 28, 28), {"K1": np.zeros((6, 1, 5, 5)), "W2": np.zeros((9, 10))}, (6, 5, 5), 6),
        ((3, 8, 8), {"W1": np.zeros((192, 3))}, (3, 8, 8), 3),
        ((8, 8), {"W1": np.zeros((64, 3))}, (3, 8, 8), 3),
        ((2,), {"W1": np.zeros((2, 3))}, (0, 0, 0), 0),
        ((64,), {"gamma1": np.zeros(5)}, (0, 0, 0), 0),
        ((63,), {"W1": np.zeros((63, 3))}, (0, 0, 0), 0),
    ],
)
def test_the_first_layer_is_found_by_its_shape(
    sample_shape: tuple[int, ...], params: dict[str, np.ndarray], shape: tuple[int, ...], units: int
) -> None:
    found, count = first_layer(params, sample_shape)
    assert (found.shape, count) == (shape, units)


def test_what_is_an_image() -> None:
    assert [image_shape(shape) for shape in ((64,), (784,), (1, 28, 28), (2,), (63,), ())] == [
        (8, 8),
        (28, 28),
        (28, 28),
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "mse"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_network_that_diverged_is_looked_at_too(tmp_path: Path, loss: str, value: float) -> None:
    params = {"W1": np.full((64, 4), value)}
    EpochLooks(tmp_path, config_of(3, loss), DIGITS).write(1, 45, np.full_like(OUTPUT, value), params)
    look = read_epoch(tmp_path, 1)
    assert look.confusion.sum() == len(DIGITS.y_test)
    assert ((look.probability >= 0) & (look.probability <= 1)).all()


def test_a_disk_that_refuses_says_so_and_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = EpochLooks(tmp_path, config_of(9), DIGITS)
    looks.write(0, 0, OUTPUT, PARAMS)

    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            looks.write(1, 45, OUTPUT, PARAMS)
    assert sorted(path.name for path in (tmp_path / "epochs").iterdir()) == ["00000.npz", "samples.npz"]
    looks.write(2, 90, OUTPUT, PARAMS)
    assert list_epochs(tmp_path) == (0, 2)


def test_what_is_damaged_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    assert list_epochs(tmp_path) == ()
    EpochLooks(tmp_path, config_of(9), DIGITS).write(0, 0, OUTPUT, PARAMS)
    path = tmp_path / "epochs" / "00000.npz"
    whole = path.read_bytes()
    for damaged in (b"", b"nothing", whole[: len(whole) // 2], whole[:-7], whole.replace(b"confusion", b"confusiox")):
        path.write_bytes(damaged)
        with pytest.raises(RunError) as caught:
            read_epoch(tmp_path, 0)
        assert caught.value.next_step
    with pytest.raises(RunError):
        read_epoch(tmp_path, 7)
    path.write_bytes(whole)
    (tmp_path / "epochs" / "samples.npz").write_bytes(b"PK")
    with pytest.raises(RunError):
        read_epoch(tmp_path, 0)
