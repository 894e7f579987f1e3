"""Following a run from its folder alone: what is new since the last look, and what is true of it now."""

from __future__ import annotations

import errno
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from tutor.errors import RunError, reason_of
from tutor.training.events import MOST_EPOCHS
from tutor.training.folder import (
    CONFIG,
    EVENTS,
    GAUGES_FILE,
    HEARTBEAT,
    METRICS_FILE,
    PYRAMID_FILE,
    read_config,
    read_control,
    read_end,
    read_process,
)
from tutor.training.identity import anyone_runs, boot_id
from tutor.training.logind import ADVICE, logind_kills
from tutor.training.model import Control, End, Event, Process, RunConfig, State, Tick
from tutor.training.tail import METRIC, Edge, EventTail, Tail, find_step, last_attempt, read_edge, record_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONG = 200_000  # steps from which a run is opened from its pyramid
SILENT_FOR = 60.0  # seconds without a heartbeat, or without a start, after which a run counts as lost


# What a file server that is away for the moment makes the system say.
AWAY = {
    errno.EIO,
    errno.ESTALE,
    errno.ETIMEDOUT,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ENOTCONN,
    errno.ECONNABORTED,
    errno.ECONNRESET,
}


class Watch:
    """One run, followed by `poll`, a few times a second; cheap when nothing changed, NumPy only when points came."""

    def __init__(self, run_dir: Path, *, points: bool = True) -> None:
        """Open the run; RunError when its config.json cannot be read. Without `points` only the newest is read."""
        self.run_dir = run_dir
        self.config: RunConfig = read_config(run_dir)
        self.restarted = False  # the points of the last poll begin anew: clear the curve before adding them
        self.gauges: dict[str, float] = {}  # the newest, by the names in config.gauges
        self.new_events: tuple[Event, ...] = ()  # what was told since the poll before: all of it, also in a long run
        self._points = points
        self._metrics = Tail(run_dir / METRICS_FILE)
        self._gauges = Tail(run_dir / GAUGES_FILE)
        self._events = EventTail(run_dir / EVENTS, MOST_EPOCHS)
        self._new: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
        self._last_step = 0
        self._opened = False
        self._edge: Edge | None = None
        self._edge_size = -1
        self._tick_before: Tick | None = None

    def poll(self) -> Tick:
        """Read what is new and say what is true of the run now.

        While its folder cannot be reached, what was true before is said again, with `disconnected`. RunError when the
        folder is gone, or cannot be read.
        """
        self.new_events = ()
        try:
            self._reach()
            self._tick_before = self._poll()
        except (OSError, RunError) as error:
            away = error if isinstance(error, OSError) else error.__cause__
            if self._tick_before is not None and isinstance(away, OSError) and away.errno in AWAY:
                return structs.replace(self._tick_before, disconnected=True, new_points=0)
            if isinstance(error, RunError):
                raise
            raise RunError(
                f"The run {self.run_dir.name} cannot be read.",
                f"{error.filename or self.run_dir}: {reason_of(error)}.",
                "Open it again when its folder is back.",
            ) from error
        return self._tick_before

    def _reach(self) -> None:
        """Raise OSError when the folder cannot be reached; a mount that is away shows nothing where it was."""
        try:
            (self.run_dir / CONFIG).stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            if self.run_dir.parent.is_dir():
                raise  # the run was removed
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN), str(self.run_dir)) from error

    def _poll(self) -> Tick:
        # The end is read first: whatever it follows is then on the disk already, and no last point is missed.
        end = read_end(self.run_dir)
        count = self._read_points() if self._points else 0
        events = self._events.read()
        self._read_edge(next((event.t for event in reversed(events) if event.kind == "control"), 0.0))
        self.new_events = self._events.new
        control = read_control(self.run_dir)
        if end is not None:
            state: State = end.state
        else:
            state, end = self._classify(events, control)
        return self._tick(state, end, control, events, count)

    def new_points(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Hand out the steps and losses that were read since the last call, once."""
        import numpy as np

        new, self._new = self._new, []
        if not new:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        return np.concatenate([steps for steps, _ in new]), np.concatenate([losses for _, losses in new])

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _read_points(self) -> int:
        self.restarted = False
        count = 0 if self._opened else self._open()
        data = self._metrics.read(METRIC.size)
        if self._metrics.restarted:
            self._start_anew()
        if data:
            from tutor.training.metrics import read_metrics

            records = read_metrics(data, self.config.metrics)
            if int(records["step"][0]) <= self._last_step:
                self._start_anew()  # steps are run again from a checkpoint: the later attempt replaces them
                self._metrics.offset = 0
                count = self._open()
                records = read_metrics(self._metrics.read(METRIC.size), self.config.metrics)
                records = records[records["step"] > self._last_step]
            if len(records):
                self._last_step = int(records["step"][-1])
                self._new.append((records["step"].astype("i8"), records["loss"].astype("f4")))
                count += len(records)
        self._read_gauges()
        return count

    def _open(self) -> int:
        """At the first look at a long run, take its outline from the pyramid and go on from there."""
        self._opened = True
        path = self.run_dir / METRICS_FILE
        if not path.exists() or path.stat().st_size < LONG * METRIC.size or not (self.run_dir / PYRAMID_FILE).exists():
            return 0
        from tutor.training.metrics import outline, read_pyramid

        first = last_attempt(path)
        blocks = read_pyramid(self.run_dir)
        blocks = blocks[blocks["last_step"] <= (self._edge_now() or 0)]
        steps, losses = outline(blocks)
        if not len(steps) or first is None or (first.attempt > 1 and steps[-1] < first.step - 1):
            return 0  # what lies between stands in the metrics of an earlier attempt alone
        self._new.append((steps, losses))
        self._last_step = int(steps[-1])
        self._metrics.offset = METRIC.size * find_step(path, self._last_step + 1)
        return len(steps)

    def _edge_now(self) -> int | None:
        edge = read_edge(self.run_dir / METRICS_FILE)
        return edge.last.step if edge else None

    def _start_anew(self) -> None:
        self.restarted = True
        self._new.clear()
        self._last_step = 0

    def _read_gauges(self) -> None:
        size = record_size(self.config.gauges)
        data = self._gauges.read(size) if size else b""
        if data:
            from tutor.training.metrics import read_gauges

            self.gauges = read_gauges(data, self.config.gauges)

    def _read_edge(self, since: float) -> None:
        try:
            size = (self.run_dir / METRICS_FILE).stat().st_size
        except OSError:
            return
        if size != self._edge_size:
            self._edge, self._edge_size = read_edge(self.run_dir / METRICS_FILE, since), size

    # ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _classify(self, events: tuple[Event, ...], control: Control) -> tuple[State, End | None]:
        """Find the state of a run without end.json; a lost one gets an End that says why, which is written nowhere."""
        process = read_process(self.run_dir)
        if process is not None and process.attempt < control.attempt:
            process = None  # it was resumed, and its worker is not there yet
        why = _why_lost(self.run_dir, max(self.config.created, control.asked), process)
        if why:
            written = read_end(self.run_dir)  # it may have ended between our two looks
            if written is not None:
                return written.state, written
            return "lost", End("lost", why, self._edge.last.step if self._edge else 0)
        if process is None:
            return "queued", None
        return ("running" if events and events[-1].attempt >= process.attempt else "starting"), None

    def _tick(
        self, state: State, end: End | None, control: Control, events: tuple[Event, ...], new_points: int
    ) -> Tick:
        config, edge = self.config, self._edge
        step = edge.last.step if edge else 0
        epoch, first_step = next(((e.epoch, e.step) for e in reversed(events) if e.kind == "epoch"), (1, 0))
        paused = control.paused and state == "running"
        rate = edge.rate if edge and state == "running" and not paused else None
        left = 0 if state == "done" else _steps_left(config, control, epoch or 1, step - first_step)
        return Tick(
            config=config,
            state=state,
            paused=paused,
            step=step,
            epoch=epoch or 1,
            loss=edge.last.loss if edge else None,
            lr=control.lr or config.lr,
            held_back=next((e.held_back for e in reversed(events) if e.kind == "evaluated"), None),
            steps_per_s=rate,
            seconds_left=left / rate if rate else None,
            elapsed=max(edge.last.t if edge else 0.0, events[-1].t if events else 0.0),
            pace=config.pace if control.pace is None else control.pace,
            end=end,
            events=events,
            new_points=new_points,
            attempt=max(control.attempt, events[-1].attempt if events else 1),
            steps_left=left,
        )


def _steps_left(config: RunConfig, control: Control, epoch: int, into_epoch: int) -> int:
    per_epoch = config.steps_per_epoch
    if control.batch:
        per_epoch = -(-per_epoch * config.batch // control.batch)
    return (config.epochs - epoch) * per_epoch + max(0, per_epoch - into_epoch)


def _why_lost(run_dir: Path, asked: float, process: Process | None) -> str:
    """Say why nobody can be running this run any more; empty when somebody may be."""
    if process is None:
        if time.time() - asked > SILENT_FOR:
            return "It was never started: no worker has come to it."
        return ""
    if anyone_runs(process):
        return ""
    if process.host != platform.node():
        if _silence(run_dir) > SILENT_FOR:
            return f"It ran on {process.host}, and nothing has been heard from there for a minute."
        return ""
    if process.boot_id != boot_id():
        return "This machine was started again while it ran."
    if logind_kills():
        return f"Its process is gone: this machine ends all that you started when you log out; {ADVICE}."
    return "Its process is gone and left no word why."


def _silence(run_dir: Path) -> float:
    """Measure the seconds since the last heartbeat by the clock of the file server: hosts' clocks differ."""
    try:
        beat = (run_dir / HEARTBEAT).stat().st_mtime
    except OSError:
        beat = (run_dir / CONFIG).stat().st_mtime
    try:
        fd, name = tempfile.mkstemp(dir=run_dir, prefix=".now-")
    except OSError:
        return time.time() - beat
    try:
        return os.fstat(fd).st_mtime - beat
    finally:
        os.close(fd)
        Path(name).unlink(missing_ok=True)
