"""What a run starts from: every decision taken, written down and frozen before any process is made."""

from __future__ import annotations

import os
import platform
import secrets
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from tutor import VERSION, files
from tutor.course import Challenge
from tutor.learner import content_hash
from tutor.training.devices import device_for
from tutor.training.folder import CODE, CONFIG, new_run, write_json
from tutor.training.model import TWIN, Architecture, OwnOptimizer, RunConfig, TrainOptions
from tutor.training.planning import plan

GAUGES = (("t", "<f8"), ("step", "<u4"), ("held_back", "<f4"))
MACHINE = ("cpu", "rss_mb", "gpu", "gpu_mb")


def prepare(runs: Path, challenge: Challenge, source_text: str, options: TrainOptions) -> RunConfig:
    """Make the folder of a new run, complete but for its worker, and return its configuration."""
    planned = plan(challenge, options)
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
            widths=planned.widths,
            loss=planned.architecture.loss,
            lr=planned.lr,
            batch=planned.batch,
            epochs=planned.epochs,
            steps_per_epoch=planned.steps_per_epoch,
            seed=secrets.randbits(32) if options.seed is None else options.seed,
            device=device.device,
            dtype=options.dtype,
            pace=options.pace,
            threads=blas_threads(),
            created=time.time(),
            versions=versions(),
            gauges=GAUGES + _gauges_of(planned.architecture),
            train=planned.train,
            mode=options.mode,
            architecture=planned.architecture,
            optimizer=planned.optimizer,
            optimizer_hash=content_hash(frozen[own.challenge.id]) if own else "",
            twin=TWIN if options.mode == "lockstep" else (),
            device_name=device.name,
            device_note=device.sentence,
            gpu=device.gpu,
            environment=device.environment,
            data_dir=str(options.data_dir.resolve()) if options.data_dir else "",
            time_limit=options.time_limit,
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
    return plan(challenge, options).steps


def usable_cores() -> int:
    """See the room's face."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def blas_threads() -> int:
    """Choose how many threads NumPy's matrix products may use: one core is left for the screen."""
    return max(1, min(usable_cores() - 1, 8))


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
