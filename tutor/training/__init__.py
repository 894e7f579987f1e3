"""Training: a learner's code, frozen into a folder, trains in a worker that outlives the terminal.

A run is a folder under `user_data/runs/`. Whoever watches or controls a run reads and writes only that folder, so a
worker of this terminal, one of another terminal and one on another machine look the same, and opening the folder is all
there is to coming back.

`plan` says what a run would be made of, `start` makes its folder and its worker, `restart` repeats a run, `resume` goes
on with one that was cut off (one of the `orphans`, unless `mark_lost` ends it); `Watch` follows a run, `list_runs` sums
all up, `Overview` again and again, `find_run` finds one by what was typed; `control` changes a running one, `cancel`
asks it to end, `end_run` stays until it has. `rename`, `compare`, `size_of` and `delete` are for those that are there;
`export_csv` and `export_svg` take one elsewhere, `LogTail` and `read_log` say what it printed.
Nothing here imports NumPy until a run is started or points are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from tutor.errors import RunError
from tutor.training import folder, runs
from tutor.training.control import cancel, control, end_run, escalate
from tutor.training.folder import read_log
from tutor.training.log_tail import LogTail
from tutor.training.model import (
    ENDED,
    Control,
    End,
    Event,
    OwnOptimizer,
    Process,
    RunConfig,
    State,
    Tick,
    TrainOptions,
)
from tutor.training.overview import Overview, Summary
from tutor.training.resume import mark_lost, orphans, resume
from tutor.training.runs import LONGEST_TITLE, Row, compare, delete, rename, size_of, title_of
from tutor.training.watch import Watch
from tutor.training.words import MODES, duration, mode_words, network_words, optimizer_words, size_words

if TYPE_CHECKING:
    from tutor.course import Challenge
    from tutor.paths import Paths
    from tutor.training.planning import Plan

__all__ = [
    "ENDED",
    "LONGEST_TITLE",
    "MODES",
    "Control",
    "End",
    "Event",
    "LogTail",
    "Overview",
    "OwnOptimizer",
    "Process",
    "Row",
    "RunConfig",
    "State",
    "Summary",
    "Tick",
    "TrainOptions",
    "Watch",
    "cancel",
    "compare",
    "control",
    "csv_lines",
    "delete",
    "duration",
    "end_run",
    "escalate",
    "export_csv",
    "export_svg",
    "find_run",
    "list_runs",
    "mark_lost",
    "mode_words",
    "network_words",
    "optimizer_words",
    "orphans",
    "paced_for",
    "plan",
    "read_log",
    "rename",
    "restart",
    "resume",
    "size_of",
    "size_words",
    "start",
    "title_of",
    "usable_cores",
]


def start(
    paths: Paths,
    challenge: Challenge,
    source_text: str,
    options: TrainOptions | None = None,
    *,
    dataset: str = "digits",
    epochs: int | None = None,
    lr: float | None = None,
    batch: int | None = None,
    seed: int | None = None,
    pace: float = 0.0,
) -> RunConfig:
    """Freeze the learner's code into a new run and start its worker in the background.

    `options` say all that may be asked, or the few keywords do. The run's folder is `paths.runs / config.id`. RunError:
    the exercise trains nothing, its layer has no place in a network for this data, a value makes no sense, or there is
    no room. DatasetUnavailable: the data set's files are not where `options.data_dir` says.
    """
    from tutor.training.engines import local
    from tutor.training.prepare import prepare

    if options is None:
        options = TrainOptions(dataset=dataset, epochs=epochs, lr=lr, batch=batch, seed=seed, pace=pace)
    config = prepare(paths.runs, challenge, source_text, options)
    local.start(paths.runs / config.id)
    return config


def restart(paths: Paths, run_id: str) -> RunConfig:
    """Start a run again as a new one: the code that was frozen for it, the same settings, the same seed."""
    from tutor.training.engines import local

    config = runs.repeat(paths.runs, paths.runs / run_id)
    local.start(paths.runs / config.id)
    return config


def plan(challenge: Challenge, options: TrainOptions) -> Plan:
    """Settle every choice of a run without starting it; RunError says which ones do not fit together."""
    from tutor.training import planning

    return planning.plan(challenge, options)


def paced_for(challenge: Challenge, seconds: float = 60.0, options: TrainOptions | None = None) -> float:
    """Return the steps per second at which a run of the exercise takes `seconds`."""
    from tutor.training.prepare import planned_steps

    return planned_steps(challenge, options or TrainOptions()) / seconds


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
            tick = Watch(run_dir, points=False).poll()
            ticks.append(structs.replace(tick, title=title_of(run_dir)))
        except RunError:
            continue  # opening it by name says what is wrong with it
    return tuple(ticks)


def find_run(paths: Paths, name: str) -> Path:
    """Find a run's folder by its id, its number, its title, or a beginning that only it has.

    UnknownName when there is none, or not one alone; RunError when the runs cannot be listed.
    """
    return runs.find(paths.runs, name)


def export_csv(run_dir: Path, file: Path, *, every: int = 1, force: bool = False) -> int:
    """Write the run's steps to a new CSV file and return how many rows; `csv_lines` says what is in them.

    RunError: the run cannot be read, the file is there already and not `force`, or it cannot be written.
    """
    from tutor.training import export

    return export.export_csv(run_dir, file, every=every, force=force)


def csv_lines(run_dir: Path, every: int = 1) -> Iterator[str]:
    """Give the run as CSV, many lines at a time: a heading, then every `every`th step and each that was evaluated."""
    from tutor.training import export

    return export.csv_lines(run_dir, every)


def export_svg(run_dir: Path, file: Path, *, log_y: bool = False, force: bool = False) -> None:
    """Write the run's chart to a new SVG file that stands alone; RunError as of `export_csv`."""
    from tutor.training import svg

    svg.export_svg(run_dir, file, log_y=log_y, force=force)
