"""What a watcher can ask of a run: one small file, replaced whole, that the worker looks at ten times a second."""

from __future__ import annotations

import contextlib
import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import structs

from tutor.errors import RunError, reason_of
from tutor.training.folder import CONTROL, METRICS_FILE, read_control, read_end, read_process, write_end, write_json
from tutor.training.identity import anyone_runs, is_here, worker_runs
from tutor.training.model import Control, End, Process
from tutor.training.tail import read_edge

ASK_FOR = 2.0  # seconds that a request to cancel is left to the worker
END_WITHIN = 10.0  # seconds
LOOK_EVERY = 0.2  # seconds between two looks at a run that is being ended
LARGEST_LR = 1e30  # metrics.bin holds float32
TERM_FOR = 5.0  # seconds that SIGTERM is left to it after that


def control(run_dir: Path, **changes: Any) -> Control:
    """Ask the run for changes, by the names of Control's fields, and return the whole request.

    The last writer wins. `steps_to_run` pauses the run after so many steps. RunError: the run has ended, a value makes
    no sense, or the folder cannot be written.
    """
    end = read_end(run_dir)
    if end is not None:
        raise RunError(f"The run {run_dir.name} has ended ({end.state}).", "Nothing can be changed any more.")
    before = read_control(run_dir)
    if changes.get("steps_to_run") is not None:
        changes.setdefault("paused", True)
    request = structs.replace(before, **{"steps_to_run": None, **changes, "seq": before.seq + 1})
    check(request)
    try:
        write_json(run_dir / CONTROL, request)
    except OSError as error:
        raise _out_of_reach(run_dir, error) from error
    return request


def _out_of_reach(run_dir: Path, error: OSError) -> RunError:
    return RunError(
        f"The run {run_dir.name} cannot be controlled.",
        f"{run_dir}: {reason_of(error)}.",
        "Make room there, or make the folder writable.",
    )


def check(request: Control) -> None:
    """Raise RunError where a value makes no sense."""
    if request.lr is not None and not 0 < request.lr <= LARGEST_LR:  # also refuses NaN
        raise RunError(f"{request.lr:g} is no learning rate.", "", "Give a number above 0, such as 0.1.")
    if request.batch is not None and request.batch < 1:
        raise RunError(f"{request.batch} is no batch size.", "", "Give a whole number from 1 on.")
    if request.pace is not None and not (math.isfinite(request.pace) and request.pace >= 0):
        raise RunError(f"{request.pace:g} is no pace.", "", "Give steps per second, or 0 for full speed.")
    if request.steps_to_run is not None and request.steps_to_run < 1:
        raise RunError(f"{request.steps_to_run} steps cannot be run.", "", "Give a whole number from 1 on.")


def cancel(run_dir: Path) -> Control:
    """Ask the run to end as cancelled, and return at once; `escalate` goes on when it does not listen.

    Asking again, or asking a run that has ended, changes nothing.
    """
    before = read_control(run_dir)
    if before.cancel or read_end(run_dir) is not None:
        return before
    return control(run_dir, cancel=True)


def end_run(run_dir: Path, wait: Callable[[float], object]) -> bool:
    """Cancel a run and stay until it has ended: False when it has not within 10 s, or when `wait` returns true.

    `wait(seconds)` passes the time between two looks: `time.sleep`, or the `wait` of an event that calls it off.
    """
    cancel(run_dir)
    waited = 0.0
    while not escalate(run_dir, waited):
        if waited >= END_WITHIN or wait(LOOK_EVERY):
            return False
        waited += LOOK_EVERY
    return True


def escalate(run_dir: Path, waited: float) -> bool:
    """Go on with a cancelled run, `waited` seconds after the request, and tell whether it has ended.

    To be called a few times a second. Leaves the worker 2 s to notice, then sends SIGTERM, after 5 s more SIGKILL to
    its group: only to the process that proc.json means, never to a stranger that has its number. Where nobody is left
    to write the end, writes it. RunError: the end cannot be written, or the process is another user's.
    """
    if read_end(run_dir) is not None:
        return True
    process = read_process(run_dir)
    if process is None or not is_here(process):
        return False  # not started yet, or on another machine: the request in the folder is all there is
    if not anyone_runs(process):
        edge = read_edge(run_dir / METRICS_FILE)
        end = End("cancelled", "You cancelled it; its worker was gone already.", edge.last.step if edge else 0)
        try:
            write_end(run_dir, end)
        except OSError as error:
            raise _out_of_reach(run_dir, error) from error
        return True
    if waited >= ASK_FOR and worker_runs(process):
        try:
            _signal(process, signal.SIGTERM if waited < ASK_FOR + TERM_FOR else signal.SIGKILL)
        except PermissionError as error:
            raise RunError(
                f"The run {run_dir.name} cannot be ended.",
                "Its process belongs to another user.",
                "Only they can end it.",
            ) from error
    return False


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # ended this moment
        if number == signal.SIGTERM:
            os.kill(process.pid, number)
        else:
            os.killpg(process.pid, number)  # the worker leads its own group, with whatever the learner's code started
