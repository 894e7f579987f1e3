"""What a run starts from: every decision taken, written down and frozen before any process is made."""

from __future__ import annotations

import math
import os
import platform
import secrets
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import VERSION, files
from tutor.course import Challenge, Train
from tutor.errors import RunError
from tutor.learner import content_hash
from tutor.training.architecture import architecture_of, widths_of
from tutor.training.devices import device_for
from tutor.training.folder import CODE, CONFIG, new_run, write_json
from tutor.training.model import TWIN, Architecture, OwnOptimizer, RunConfig, TrainOptions
from tutor.training.recipes import choose_optimizer, recipe_for, usual_lr

if TYPE_CHECKING:
    from tutor.training.datasets import DataFacts

GAUGES = (("t", "<f8"), ("step", "<u4"), ("held_back", "<f4"))
MACHINE = ("cpu", "rss_mb", "gpu", "gpu_mb")


def prepare(runs: Path, challenge: Challenge, source_text: str, options: TrainOptions) -> RunConfig:
    """Make the folder of a new run, complete but for its worker, and return its configuration."""
    train, data = _train(challenge), _facts(options)
    recipe, optimizer = recipe_for(train, options.dataset), choose_optimizer(train, options.optimizer)
    hidden = recipe.hidden if options.hidden is None else options.hidden
    architecture = architecture_of(train, data.sample_shape, data.classes, hidden)
    epochs, batch = _given(options.epochs, recipe.epochs), _given(options.batch, recipe.batch)
    lr = usual_lr(train, optimizer) if options.lr is None else options.lr
    _check(epochs, lr, batch, options.pace)
    own = options.optimizer if isinstance(options.optimizer, OwnOptimizer) else None
    sources = {challenge.id: source_text, **({own.challenge.id: own.source} if own else {})}
    frozen = {name: text.encode("utf-8", "surrogateescape") for name, text in sources.items()}
    device = device_for(options.device, options.mode, options.dtype)
    with new_run(runs, challenge.id) as (run_id, folder):
        config = RunConfig(
            id=run_id,
            challenge=challenge.id,
            code_hash=content_hash(frozen[challenge.id]),
            dataset=options.dataset,
            widths=widths_of(architecture),
            loss=architecture.loss,
            lr=lr,
            batch=batch,
            epochs=epochs,
            steps_per_epoch=math.ceil(data.samples / batch),
            seed=secrets.randbits(32) if options.seed is None else options.seed,
            device=device.device,
            dtype=options.dtype,
            pace=options.pace,
            threads=blas_threads(),
            created=time.time(),
            versions=versions(),
            gauges=GAUGES + _gauges_of(architecture),
            train=train,
            mode=options.mode,
            architecture=architecture,
            optimizer=optimizer,
            optimizer_hash=content_hash(frozen[own.challenge.id]) if own else "",
            twin=TWIN if options.mode == "lockstep" else (),
            device_name=device.name,
            device_note=device.sentence,
            gpu=device.gpu,
            environment=device.environment,
            data_dir=str(options.data_dir.resolve()) if options.data_dir else "",
            restarted_from=options.restarted_from,
        )
        _freeze(folder, frozen)
        write_json(folder / CONFIG, config)
    return config


def _freeze(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Copy the learner's files into the run: what they write from now on does not change it."""
    (folder / CODE).mkdir()
    for name, content in contents.items():
        files.replace(folder / CODE / f"{name}.py", content)


def planned_steps(challenge: Challenge, options: TrainOptions) -> int:
    """Count the steps that such a run of the exercise takes."""
    train = _train(challenge)
    recipe = recipe_for(train, options.dataset)
    batch = _given(options.batch, recipe.batch)
    return _given(options.epochs, recipe.epochs) * math.ceil(_facts(options).samples / batch)


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
            "Choose an exercise in which you write a layer or a network: tutor challenge --list",
        )
    return challenge.train


def _facts(options: TrainOptions) -> DataFacts:
    from tutor.training.datasets import facts

    return facts(options.dataset, options.data_dir)


def _given(*choices: int | None) -> int:
    return next(choice for choice in choices if choice is not None)


def _check(epochs: int, lr: float, batch: int, pace: float) -> None:
    from tutor.training.control import check
    from tutor.training.model import Control

    check(Control(lr=lr, batch=batch, pace=pace))
    if epochs < 1:
        raise RunError(f"{epochs} epochs cannot be trained.", "", "Give a whole number from 1 on.")


def _gauges_of(architecture: Architecture) -> tuple[tuple[str, str], ...]:
    """Name the gauges of a network: gradient norm and update ratio per parameter, dead units per ReLU, the machine.

    A ReLU is numbered as the last layer with parameters in front of it.
    """
    names: list[str] = []
    dead: list[str] = []
    number = 0
    for layer in architecture.layers:
        number += bool(layer.params)
        names += [f"{kind}.{name}" for name in layer.params.values() for kind in ("grad_norm", "update_ratio")]
        dead += [f"dead.{number}"] if layer.kind == "relu" else []
    return tuple((name, "<f4") for name in (*names, *dead, *MACHINE))


def versions() -> dict[str, str]:
    """What a run is computed with."""
    return {"python": platform.python_version(), "numpy": metadata.version("numpy"), "tutor": VERSION}
