"""What a run starts from: every decision taken, written down and frozen before any process is made."""

from __future__ import annotations

import math
import os
import platform
import secrets
import time
from importlib import metadata
from pathlib import Path

from tutor import VERSION, files
from tutor.course import Challenge, Train
from tutor.errors import RunError
from tutor.learner import content_hash
from tutor.training.folder import CONFIG, code_file, new_run, write_json
from tutor.training.model import RunConfig

GAUGES = (("t", "<f8"), ("step", "<u4"), ("held_back", "<f4"))


def prepare(
    runs: Path,
    challenge: Challenge,
    source_text: str,
    *,
    dataset: str,
    epochs: int | None,
    lr: float | None,
    batch: int | None,
    seed: int | None,
    pace: float,
) -> RunConfig:
    """Make the folder of a new run, complete but for its worker, and return its configuration."""
    from tutor.training.datasets import load

    train = _train(challenge)
    data = load(dataset)
    samples, features = data.x_train.shape
    epochs = train.epochs if epochs is None else epochs
    lr = train.lr if lr is None else lr
    batch = train.batch if batch is None else batch
    _check(epochs, lr, batch, pace)
    source = source_text.encode("utf-8", "surrogateescape")
    with new_run(runs, challenge.id) as (run_id, folder):
        config = RunConfig(
            id=run_id,
            challenge=challenge.id,
            code_hash=content_hash(source),
            dataset=dataset,
            widths=(features, *train.hidden, data.classes),
            loss=train.loss,
            lr=lr,
            batch=batch,
            epochs=epochs,
            steps_per_epoch=math.ceil(samples / batch),
            seed=secrets.randbits(32) if seed is None else seed,
            device="cpu",
            dtype="float64",
            pace=pace,
            threads=blas_threads(),
            created=time.time(),
            versions=_versions(),
            gauges=GAUGES + _gauges_of(train),
            train=train,
        )
        frozen = code_file(folder, config)
        frozen.parent.mkdir()
        files.replace(frozen, source)
        write_json(folder / CONFIG, config)
    return config


def planned_steps(challenge: Challenge, dataset: str) -> int:
    """Count the steps that a run of the exercise takes as it stands."""
    from tutor.training.datasets import load

    train = _train(challenge)
    return train.epochs * math.ceil(len(load(dataset).x_train) / train.batch)


def usable_cores() -> int:
    """See the room's face."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def blas_threads() -> int:
    """Choose how many threads NumPy's matrix products may use: one core is left for the screen."""
    return max(1, min(usable_cores() - 1, 8))


def _train(challenge: Challenge) -> Train:
    if challenge.train is None:
        raise RunError(
            f"{challenge.id} trains no network.",
            "",
            "Choose an exercise in which you write a layer: tutor challenge --list",
        )
    return challenge.train


def _check(epochs: int, lr: float, batch: int, pace: float) -> None:
    from tutor.training.control import check
    from tutor.training.model import Control

    check(Control(lr=lr, batch=batch, pace=pace))
    if epochs < 1:
        raise RunError(f"{epochs} epochs cannot be trained.", "", "Give a whole number from 1 on.")


def _gauges_of(train: Train) -> tuple[tuple[str, str], ...]:
    """Name the gauges of a network: gradient norm and update ratio per parameter, dead units per ReLU of ours."""
    layers = range(1, len(train.hidden) + 2)
    names = [f"{kind}.{name}{i}" for i in layers for name in train.params for kind in ("grad_norm", "update_ratio")]
    if train.activation == "relu":
        names += [f"dead.{i}" for i in layers[:-1]]
    return tuple((name, "<f4") for name in names)


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "numpy": metadata.version("numpy"), "tutor": VERSION}
