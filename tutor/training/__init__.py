"""Training: a learner's code, frozen into a folder, trains in a worker that outlives the terminal.

A run is a folder under `user_data/runs/`. Whoever watches or controls a run reads and writes only that folder, so a
worker of this terminal, one of another terminal and one on another machine look the same, and opening the folder is all
there is to coming back.

`start` makes the folder and its worker; `Watch` follows a run, `list_runs` sums all up, `find_run` finds one by what
was typed; `control` changes a running one, `cancel` asks it to end, `end_run` stays until it has.
Nothing here imports NumPy until a run is started or points are drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tutor.errors import RunError
from tutor.training import folder
from tutor.training.control import cancel, control, end_run, escalate
from tutor.training.folder import read_log
from tutor.training.model import ENDED, Control, End, Event, Process, RunConfig, State, Tick
from tutor.training.watch import Watch
from tutor.training.words import duration

if TYPE_CHECKING:
    from tutor.course import Challenge
    from tutor.paths import Paths

__all__ = [
    "ENDED",
    "Control",
    "End",
    "Event",
    "Process",
    "RunConfig",
    "State",
    "Tick",
    "Watch",
    "cancel",
    "control",
    "duration",
    "end_run",
    "escalate",
    "find_run",
    "list_runs",
    "paced_for",
    "read_log",
    "start",
    "usable_cores",
]


def start(
    paths: Paths,
    challenge: Challenge,
    source_text: str,
    *,
    dataset: str = "digits",
    epochs: int | None = None,
    lr: float | None = None,
    batch: int | None = None,
    seed: int | None = None,
    pace: float = 0.0,
) -> RunConfig:
    """Freeze the learner's code into a new run and start its worker in the background.

    What is None is as the exercise says; `pace` is in steps per second, 0 for full speed. The run's folder is
    `paths.runs / config.id`. RunError: the exercise trains nothing, a value makes no sense, or there is no room.
    """
    from tutor.training.engines import local
    from tutor.training.prepare import prepare

    config = prepare(
        paths.runs, challenge, source_text, dataset=dataset, epochs=epochs, lr=lr, batch=batch, seed=seed, pace=pace
    )
    local.start(paths.runs / config.id)
    return config


def paced_for(challenge: Challenge, seconds: float = 60.0, dataset: str = "digits") -> float:
    """Return the steps per second at which a run of the exercise takes `seconds`."""
    from tutor.training.prepare import planned_steps

    return planned_steps(challenge, dataset) / seconds


def usable_cores() -> int:
    """Count the cores that training may use, which in a container are not all of the machine's."""
    from tutor.training import prepare

    return prepare.usable_cores()


def list_runs(paths: Paths) -> tuple[Tick, ...]:
    """Sum up all runs, newest first, by the ends of their files; one that cannot be read is left out.

    RunError when the runs cannot be listed at all.
    """
    ticks = []
    for run_dir in folder.run_folders(paths.runs):
        try:
            ticks.append(Watch(run_dir, points=False).poll())
        except RunError:
            continue  # opening it by name says what is wrong with it
    return tuple(ticks)


def find_run(paths: Paths, name: str) -> Path:
    """Find a run's folder by its id, its number, or a beginning that only it has.

    UnknownName when there is none, or not one alone; RunError when the runs cannot be listed.
    """
    return folder.find(paths.runs, name)
