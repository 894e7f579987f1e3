"""Run folders without a worker: as long as wanted, in the state wanted, for what only reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from tests.training_runs import CONFIG
from tutor.training import End, Event, RunConfig
from tutor.training.folder import CONFIG as CONFIG_FILE
from tutor.training.folder import END, EVENTS, GAUGES_FILE, METRICS_FILE, PYRAMID_FILE
from tutor.training.metrics import Pyramid, dtype_of
from tutor.training.model import METRICS, TWIN

GAUGES = (
    ("t", "<f8"),
    ("step", "<u4"),
    ("held_back", "<f4"),
    *((f"{kind}.{name}", "<f4") for name in ("W1", "b1", "W2", "b2") for kind in ("grad_norm", "update_ratio")),
    ("dead.1", "<f4"),
    *((name, "<f4") for name in ("cpu", "rss_mb", "gpu", "gpu_mb")),
)
CHUNK = 1 << 20  # steps made at once
RATE = 2000.0  # steps a second


def losses_at(steps: NDArray[Any], total: int) -> NDArray[np.float64]:
    """A loss that falls, with the noise of batches: the same for the same step."""
    noise = np.sin(steps * 12.9898) * np.sin(steps * 0.731)
    values: NDArray[np.float64] = 2.2 * np.exp(-6 * steps / total) + 0.12 + 0.1 * noise * np.exp(-2 * steps / total)
    return values


def make_run(
    runs: Path,
    steps: int,
    *,
    name: str = "1-linear_scratch",
    ended: str | None = "done",
    more_events: Sequence[Event] = (),
    epochs: int = 20,
    **config: Any,
) -> Path:
    """The folder of a run that has made so many steps; `ended` is the state it ended in, None while it is under way."""
    run_dir = runs / name
    run_dir.mkdir(parents=True)
    written = replace(
        CONFIG,
        id=name,
        epochs=epochs,
        steps_per_epoch=max(1, steps // epochs),
        gauges=GAUGES,
        loss="softmax_cross_entropy",
    )
    written = replace(written, **config)
    (run_dir / CONFIG_FILE).write_bytes(msgspec.json.encode(written))
    write_steps(run_dir, 1, steps, steps)
    _write_gauges(run_dir, steps)
    events = [*_epochs(written, steps), *more_events]
    (run_dir / EVENTS).write_bytes(
        b"".join(msgspec.json.encode(event) + b"\n" for event in sorted(events, key=lambda event: event.step))
    )
    if ended is not None:
        end = End(ended, f"It is {ended}.", steps, held_back=0.95)  # type: ignore[arg-type]
        (run_dir / END).write_bytes(msgspec.json.encode(end))
    if written.twin:
        _write_twin(run_dir, steps)
    return run_dir


def write_steps(run_dir: Path, first: int, last: int, total: int, attempt: int = 1) -> None:
    """Append steps to metrics.bin and the pyramid, as the worker does."""
    pyramid = Pyramid()
    with (run_dir / METRICS_FILE).open("ab") as metrics, (run_dir / PYRAMID_FILE).open("ab") as blocks:
        for start in range(first, last + 1, CHUNK):
            steps = np.arange(start, min(start + CHUNK, last + 1))
            records = np.zeros(len(steps), dtype_of(METRICS))
            records["t"], records["step"], records["attempt"] = steps / RATE, steps, attempt
            records["loss"], records["lr"] = losses_at(steps, total), 0.1
            metrics.write(records.tobytes())
            blocks.write(pyramid.add(records["step"], records["loss"]).tobytes())
        blocks.write(pyramid.rest().tobytes())


def _write_gauges(run_dir: Path, steps: int) -> None:
    records = np.zeros(200, dtype_of(GAUGES))
    at = np.linspace(1, max(1, steps), 200)
    records["t"], records["step"] = at / RATE, at
    for number, name in enumerate(("W1", "b1", "W2", "b2")):
        records[f"grad_norm.{name}"] = (0.4 + 0.2 * number) * np.exp(-3 * at / at[-1]) + 0.01
        records[f"update_ratio.{name}"] = 2e-3 * np.exp(-2 * at / at[-1]) / (1 + number)
    records["dead.1"], records["cpu"], records["rss_mb"] = 0.04, 0.98, 61.0
    records["gpu"] = records["gpu_mb"] = np.nan
    (run_dir / GAUGES_FILE).write_bytes(records.tobytes())


def _write_twin(run_dir: Path, steps: int) -> None:
    records = np.zeros(steps, dtype_of(TWIN))
    at = np.arange(1, steps + 1)
    records["step"], records["attempt"] = at, 1
    records["loss_difference"], records["gradient_difference"] = 2e-16, np.where(at == steps // 2, 3e-15, 1e-15)
    records["free_loss"] = losses_at(at, steps) * (1 + 0.1 * at / steps)
    (run_dir / "twin.bin").write_bytes(records.tobytes())


def _epochs(config: RunConfig, steps: int) -> list[Event]:
    """What a worker tells at the beginning and at the end of every epoch."""
    events = [Event(0.0, 0, "started", "Training on the digits.")]
    for epoch in range(1, config.epochs + 1):
        begin, end = (epoch - 1) * config.steps_per_epoch, epoch * config.steps_per_epoch
        if begin < steps:
            events.append(Event(begin / RATE, begin, "epoch", epoch=epoch))
        if end <= steps:
            share = epoch / config.epochs
            events.append(
                Event(
                    end / RATE,
                    end,
                    "evaluated",
                    epoch=epoch,
                    held_back=0.97 - 0.6 * 2.0 ** (-8 * share),
                    held_back_loss=0.25 + 2 * 2.0 ** (-8 * share),
                    accuracy=0.99 - 0.65 * 2.0 ** (-8 * share),
                    loss=0.15 + 2 * 2.0 ** (-8 * share),
                )
            )
    return events
