"""What a network looked like after every epoch: epochs/NNNNN.npz, written by the worker, read by who looks back."""

from __future__ import annotations

import io
import math
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tutor.errors import RunError, reason_of
from tutor.training.model import RunConfig

if TYPE_CHECKING:
    from tutor.training.datasets import Dataset

Array = NDArray[Any]

EPOCHS = "epochs"
SAMPLES = "samples.npz"
MOST_LOOKS = 200  # files; of a longer run they are spread evenly
MOST_UNITS = 64  # of the first layer
MOST_SAMPLES = 60  # held back, shown in every epoch
NEWEST_EVERY = 1.0  # seconds: an epoch between two that stay is written for those who watch, and goes with the next
GRID_ROWS, GRID_COLUMNS = 40, 80  # of the decision regions
MARGIN = 0.1  # of the extent of the points, around them
HALF = float(np.finfo(np.float16).max)  # what a stored weight can be
_LOOK = re.compile(r"(\d{5,})\.npz")


class Samples(Struct, frozen=True, eq=False):
    """The held-back samples that every epoch shows: the same ones, the classes in turn."""

    index: Array  # (n,), in the held-back set
    truth: Array  # (n,)
    images: Array  # (n, rows, columns), from 0 to 1; (n, 0, 0) where a sample is no image
    points: Array  # (n, 2) of the plane; (n, 0) where a sample is none
    bounds: Array  # left, right, bottom, top of the decision regions; (0,) without
    classes: int


class EpochLook(Struct, frozen=True, eq=False):
    """One epoch: what the first layer looks for, and what the network says of the held-back samples."""

    epoch: int
    step: int
    weights: Array  # (units, rows, columns) of the first layer, as images; (0, 0, 0) where they are none
    units: int  # of the layer, of which `weights` may hold the first ones
    predicted: Array  # (n,), for Samples
    probability: Array  # (n,), of what is predicted; of a squared error the output itself, held to [0, 1]
    confusion: Array  # (classes, classes) counts of all held-back samples: rows the truth, columns the prediction
    accuracy: float  # on all of them
    regions: Array  # (GRID_ROWS, GRID_COLUMNS) predicted class, the top row first; (0, 0) without
    certainty: Array  # the same shape: its probability
    samples: Samples


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class EpochLooks:
    """Writes a look at every epoch into the run's folder; of more than 200, evenly spread ones and the newest."""

    def __init__(self, run_dir: Path, config: RunConfig, data: Dataset) -> None:
        """Choose the samples, which depends on the data alone: two runs show the same ones."""
        self._folder = run_dir / EPOCHS
        self._config = config
        self._y = data.y_test
        self._sample_shape = data.x_test.shape[1:]
        self._samples = _choose(data)
        self._stride = _stride(config.epochs)
        self._passing: Path | None = None  # the newest, where it is not one of those that stay
        self._written_at = -math.inf

    def write(
        self,
        epoch: int,
        step: int,
        output: Array,
        params: Mapping[str, Array],
        evaluate: Callable[[Array], Array] | None = None,
    ) -> None:
        """Store the look at one epoch, 0 before the first step, from the output (M, classes) for all of x_test.

        `evaluate` maps points (n, 2) to the output (n, classes); it is asked for data of the plane alone, whose
        decision regions are then stored. Raises OSError where the disk refuses; nothing is half written then.
        """
        stays = epoch % self._stride == 0 or epoch >= self._config.epochs
        if not stays and time.monotonic() - self._written_at < NEWEST_EVERY:
            return
        if not self._folder.exists() or epoch == 0:
            self._folder.mkdir(exist_ok=True)
            _write(self._folder / SAMPLES, **_arrays_of(self._samples))
        path = self._folder / f"{epoch:05}.npz"
        _write(path, **self._look(epoch, step, np.asarray(output), params, evaluate))
        if self._passing is not None and self._passing != path:
            self._passing.unlink(missing_ok=True)
        self._passing = None if stays else path
        self._written_at = time.monotonic()

    @np.errstate(all="ignore")  # a network that diverges is looked at too
    def _look(
        self,
        epoch: int,
        step: int,
        output: Array,
        params: Mapping[str, Array],
        evaluate: Callable[[Array], Array] | None,
    ) -> dict[str, Any]:
        predicted, probability = self._read(output)
        classes, chosen = self._samples.classes, self._samples.index
        pairs = self._y.astype(np.int64) * classes + np.minimum(predicted, classes - 1)
        weights, units = first_layer(params, self._sample_shape)
        regions = certainty = np.zeros((0, 0))
        if evaluate is not None and len(self._samples.bounds):
            found, sure = self._read(np.asarray(evaluate(grid(self._samples.bounds))))
            regions, certainty = found.reshape(GRID_ROWS, GRID_COLUMNS), sure.reshape(GRID_ROWS, GRID_COLUMNS)
        return {
            "numbers": np.array([epoch, step, units], dtype=np.int64),
            "weights": np.clip(weights, -HALF, HALF).astype(np.float16),
            "predicted": predicted[chosen].astype(np.uint16),
            "probability": probability[chosen].astype(np.float16),
            "confusion": np.bincount(pairs, minlength=classes * classes).reshape(classes, classes).astype(np.uint32),
            "regions": regions.astype(np.uint8),
            "certainty": certainty.astype(np.float16),
        }

    def _read(self, output: Array) -> tuple[Array, Array]:
        """What is predicted, and how surely; NaN counts as the lowest."""
        finite = np.nan_to_num(output.astype(np.float64), nan=-np.inf, posinf=1e300, neginf=-1e300)
        predicted = finite.argmax(axis=1)
        largest = np.take_along_axis(finite, predicted[:, None], axis=1)
        if self._config.loss == "softmax_cross_entropy":
            return predicted, np.nan_to_num(1 / np.exp(finite - largest).sum(axis=1))
        return predicted, np.clip(largest[:, 0], 0.0, 1.0)


def _choose(data: Dataset) -> Samples:
    """The first of every class, then the second of every class, and so on."""
    y = np.asarray(data.y_test)
    of_class = [np.flatnonzero(y == label) for label in range(data.classes)]
    turns = range(-(-MOST_SAMPLES // max(1, data.classes)))
    index = np.array([which[turn] for turn in turns for which in of_class if turn < len(which)], dtype=np.int64)
    index = index[:MOST_SAMPLES]
    x = np.asarray(data.x_test)
    shape = image_shape(x.shape[1:])
    plane = x.shape[1:] == (2,)
    return Samples(
        index=index,
        truth=y[index],
        images=x[index].reshape(len(index), -1, *shape).mean(axis=1) if shape else np.zeros((len(index), 0, 0)),
        points=x[index] if plane else np.zeros((len(index), 0)),
        bounds=_bounds(x) if plane and len(x) else np.zeros(0),
        classes=data.classes,
    )


def image_shape(sample_shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Rows and columns of a sample, of (1, 28, 28) and of 784 alike; None where it is no image."""
    if len(sample_shape) >= 2:
        return sample_shape[-2], sample_shape[-1]
    side = math.isqrt(sample_shape[0]) if sample_shape else 0
    return (side, side) if side >= 4 and side * side == sample_shape[0] else None


def first_layer(params: Mapping[str, Array], sample_shape: tuple[int, ...]) -> tuple[Array, int]:
    """The weights next to the samples as images (units, rows, columns), and how many units there are.

    They are the first parameter that fits: kernels (units, channels, rows, columns), of which the channels' mean is
    taken, or a matrix with one row, or one column, per feature. (0, 0, 0) where there is none, or no image to make.
    """
    shape, features = image_shape(sample_shape), math.prod(sample_shape)
    for parameter in params.values():
        if parameter.ndim == 4:
            return parameter[:MOST_UNITS].mean(axis=1), len(parameter)
        if parameter.ndim == 2 and features in parameter.shape:
            units = parameter.T if parameter.shape[0] == features else parameter
            if shape is None:
                break
            # A sample of several channels has one image per channel: their mean is shown.
            return units[:MOST_UNITS].reshape(len(units[:MOST_UNITS]), -1, *shape).mean(axis=1), len(units)
    return np.zeros((0, 0, 0)), 0


def _bounds(points: Array) -> Array:
    low, high = points.min(axis=0), points.max(axis=0)
    room = MARGIN * np.maximum(high - low, 1e-9)
    return np.array([low[0] - room[0], high[0] + room[0], low[1] - room[1], high[1] + room[1]])


def grid(bounds: Array) -> Array:
    """The points (GRID_ROWS * GRID_COLUMNS, 2) at which decision regions are asked, the top row first."""
    left, right, bottom, top = bounds
    x, y = np.meshgrid(np.linspace(left, right, GRID_COLUMNS), np.linspace(top, bottom, GRID_ROWS))
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _stride(epochs: int) -> int:
    stride = 1
    while epochs // stride + 2 > MOST_LOOKS:
        stride *= 2
    return stride


def _arrays_of(samples: Samples) -> dict[str, Any]:
    return {
        "index": samples.index,
        "truth": samples.truth.astype(np.uint16),
        "images": samples.images.astype(np.float16),
        "points": samples.points.astype(np.float32),
        "bounds": samples.bounds,
        "classes": np.array(samples.classes),
    }


def _write(path: Path, **arrays: Any) -> None:
    """Whole or not at all; not forced to the disk: a look that a power cut takes is none that anybody needs."""
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        temporary.write_bytes(packed.getbuffer())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def list_epochs(run_dir: Path) -> tuple[int, ...]:
    """The epochs that can be looked at, in order; empty where there are none yet. RunError when unreadable."""
    try:
        names = [path.name for path in (run_dir / EPOCHS).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise _unreadable(run_dir / EPOCHS, reason_of(error)) from error
    return tuple(sorted(int(match[1]) for match in map(_LOOK.fullmatch, names) if match))


def read_epoch(run_dir: Path, epoch: int) -> EpochLook:
    """Read the look at one epoch; RunError when it is not there or damaged."""
    samples = read_samples(run_dir)
    stored = _load(run_dir / EPOCHS / f"{epoch:05}.npz")
    try:
        confusion = stored["confusion"]
        number, step, units = (int(n) for n in stored["numbers"])
        n = len(samples.index)
        if confusion.shape != (samples.classes,) * 2 or {len(stored["predicted"]), len(stored["probability"])} != {n}:
            raise ValueError("its arrays do not fit together")
        return EpochLook(
            epoch=number,
            step=step,
            weights=stored["weights"].astype(np.float32).reshape(stored["weights"].shape[:3]),
            units=units,
            predicted=stored["predicted"].astype(np.int64),
            probability=stored["probability"].astype(np.float64),
            confusion=confusion.astype(np.int64),
            accuracy=float(np.trace(confusion)) / max(1, int(confusion.sum())),
            regions=stored["regions"].astype(np.int64),
            certainty=stored["certainty"].astype(np.float64),
            samples=samples,
        )
    except (KeyError, ValueError) as error:
        raise _unreadable(run_dir / EPOCHS / f"{epoch:05}.npz", f"it is damaged ({error})") from error


def read_samples(run_dir: Path) -> Samples:
    """Read which samples the run's epochs show; RunError when that is not there or damaged."""
    path = run_dir / EPOCHS / SAMPLES
    stored = _load(path)
    try:
        return Samples(
            index=stored["index"],
            truth=stored["truth"].astype(np.int64),
            images=stored["images"].astype(np.float64),
            points=stored["points"].astype(np.float64),
            bounds=stored["bounds"],
            classes=int(stored["classes"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise _unreadable(path, f"it is damaged ({error})") from error


def _load(path: Path) -> dict[str, Array]:
    import zipfile
    import zlib

    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, AttributeError, TypeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is damaged"
        raise _unreadable(path, reason) from error


def _unreadable(path: Path, reason: str) -> RunError:
    return RunError("This epoch cannot be shown.", f"{path}: {reason}.", "The other epochs are not touched by it.")
