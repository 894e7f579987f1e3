"""What to do with a run that has stopped before its end: go on with it, or write down that it is lost."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import structs

from tutor.errors import RunError, reason_of
from tutor.paths import Paths
from tutor.training import folder
from tutor.training.control import check
from tutor.training.folder import CONTROL, END, EVENTS, read_config, read_control, read_end, read_process, write_json
from tutor.training.identity import anyone_runs, is_here
from tutor.training.model import End, Process, Tick
from tutor.training.tail import EventTail
from tutor.training.watch import Watch

CLOSES_WITHIN = 5.0  # seconds


def resume(run_dir: Path, *, lr: float | None = None, batch: int | None = None) -> None:
    """Start the worker of a stopped run again; it goes on from its newest checkpoint as if it had never stopped.

    `lr` and `batch` are in force from there on. Returns at once, or when the worker that has just ended is gone.
    RunError says why it cannot: it runs, it is done, or it would stop at the same place again.
    """
    from tutor.training.engines import local

    config, end, process = read_config(run_dir), read_end(run_dir), read_process(run_dir)
    name = run_dir.name
    if process is not None and not _gone(process, CLOSES_WITHIN if end else 0.0):
        raise RunError(f"The run {name} goes on already.", "", "Follow it: nothing needs to be resumed.")
    if end is None and process is not None and not is_here(process) and Watch(run_dir, points=False).poll().end is None:
        raise RunError(f"The run {name} goes on, on {process.host}.", "", "Resume it there, or cancel it first.")
    if end is not None:
        _check_end(name, end, lr, batch)
    _check_checkpoints(run_dir)
    before = read_control(run_dir)
    attempt = max(before.attempt, process.attempt if process else 1) + (0 if process is None and end is None else 1)
    request = structs.replace(
        before,
        seq=before.seq + 1,
        paused=False,
        cancel=False,
        steps_to_run=None,
        lr=before.lr if lr is None else lr,
        batch=before.batch if batch is None else batch,
        attempt=attempt,
        asked=time.time(),
    )
    check(request)
    try:
        write_json(run_dir / CONTROL, request)
        if end is not None:
            (run_dir / END).rename(run_dir / f"end-{max(1, attempt - 1)}.json")
    except OSError as error:
        raise RunError(
            f"The run {config.id} cannot be resumed.", f"{run_dir}: {reason_of(error)}.", "Make room there first."
        ) from error
    local.start(run_dir)


def _gone(process: Process, within: float) -> bool:
    """Tell whether nobody runs it, after the moments that a worker which has written its end takes to leave."""
    deadline = time.monotonic() + within
    while anyone_runs(process):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True


def _check_end(name: str, end: End, lr: float | None, batch: int | None) -> None:
    """Raise RunError where the run would end in the same way again."""
    if end.state == "done":
        raise RunError(f"The run {name} is done.", "All of its epochs are trained.", "Start it anew with more epochs.")
    if end.state == "diverged" and lr is None and batch is None:
        raise RunError(
            f"The run {name} would diverge at step {end.last_step} again.",
            "It goes on exactly as it did before.",
            "Resume it with a smaller learning rate.",
        )
    if end.state == "failed" and end.line is not None:
        raise RunError(
            f"Line {end.line} of the file stopped the run {name}.",
            "A run keeps the code that it was started with.",
            "Mend the line, and start the run anew.",
        )


def _check_checkpoints(run_dir: Path) -> None:
    """Raise RunError where the run said that its state cannot be stored, and there is no checkpoint from before."""
    if any(run_dir.glob("ckpt-*.npz")):
        return
    for event in EventTail(run_dir / EVENTS).read():
        if event.kind == "checkpoint" and event.key == "cannot":
            raise RunError(f"The run {run_dir.name} cannot be resumed.", event.text, "Start it anew.")


def orphans(paths: Paths) -> tuple[Tick, ...]:
    """Sum up the runs that have no end though nobody runs them any more: to be resumed, or marked as lost."""
    found = []
    for run_dir in folder.run_folders(paths.runs):
        try:
            if read_end(run_dir) is None:
                found.append(Watch(run_dir, points=False).poll())
        except RunError:
            continue  # opening it by name says what is wrong with it
    return tuple(tick for tick in found if tick.state == "lost")


def mark_lost(run_dir: Path) -> End:
    """Write down that a run is lost, and return what is written; RunError when it is not, or the disk refuses."""
    end = Watch(run_dir, points=False).poll().end
    if end is None:
        raise RunError(f"The run {run_dir.name} goes on.", "", "Cancel it to end it.")
    try:
        return folder.write_end(run_dir, end)
    except OSError as error:
        raise RunError(
            f"The end of {run_dir.name} cannot be written.", f"{run_dir}: {reason_of(error)}.", "Make room there first."
        ) from error
