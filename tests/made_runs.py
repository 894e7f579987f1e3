"""Runs that are made by hand: a folder as a worker leaves it, without one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tests.training_runs import CONFIG, LINEAR
from tutor.training import folder
from tutor.training.metrics import dtype_of
from tutor.training.model import End, Event, RunConfig


def made_run(
    runs: Path,
    number: int = 1,
    *,
    losses: Sequence[float] = (2.0, 1.5, 1.0),
    records: np.ndarray[Any, Any] | None = None,
    records_of_twin: np.ndarray[Any, Any] | None = None,
    events: Sequence[Event] = (),
    end: End | None = None,
    ended: bool = True,
    **settings: object,
) -> Path:
    """A run's folder; `losses` are those of steps 1, 2, ..., unless `records` of metrics.bin are given."""
    challenge = str(settings.get("challenge", CONFIG.challenge))
    config: RunConfig = msgspec.structs.replace(CONFIG, id=f"{number}-{challenge}", **settings)
    run_dir = runs / config.id
    (run_dir / folder.CODE).mkdir(parents=True)
    folder.write_json(run_dir / folder.CONFIG, config)
    folder.code_file(run_dir, config).write_text(LINEAR)
    if records is None:
        records = steps(range(1, len(losses) + 1), losses)
    (run_dir / folder.METRICS_FILE).write_bytes(records.tobytes())
    if records_of_twin is not None:
        (run_dir / "twin.bin").write_bytes(records_of_twin.tobytes())
    lines = b"".join(msgspec.json.encode(event) + b"\n" for event in events)
    (run_dir / folder.EVENTS).write_bytes(lines)
    if ended:
        folder.write_json(run_dir / folder.END, end or End("done", "All is done.", len(losses)))
    return run_dir


def steps(numbers: Sequence[int], losses: Sequence[float], attempt: int = 1) -> np.ndarray[Any, Any]:
    """Records of metrics.bin, ten a second."""
    made = np.zeros(len(losses), dtype_of(CONFIG.metrics))
    made["step"], made["loss"], made["attempt"], made["lr"] = list(numbers), list(losses), attempt, 0.1
    made["t"] = made["step"] / 10
    return made
