"""What passes between a run's folder and whoever watches it: frozen records."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tutor.course import Train

State = Literal[
    "queued", "starting", "running", "done", "failed", "cancelled", "diverged", "timed-out", "out-of-memory", "lost"
]
ENDED: frozenset[State] = frozenset({"done", "failed", "cancelled", "diverged", "timed-out", "out-of-memory", "lost"})

# The records of the binary files, little-endian, as (name, NumPy dtype); config.json repeats them, so that a file
# describes itself.
METRICS = (("t", "<f8"), ("step", "<u4"), ("attempt", "<u4"), ("loss", "<f4"), ("lr", "<f4"))
PYRAMID = (
    ("level", "<u4"),
    ("first_step", "<u4"),
    ("last_step", "<u4"),
    ("min", "<f4"),
    ("max", "<f4"),
    ("last", "<f4"),
)
PYRAMID_LEVELS = (256, 65_536)


class RunConfig(Struct, frozen=True):
    """config.json: everything a run was started with; never changed afterwards."""

    id: str
    challenge: str
    code_hash: str
    dataset: str
    widths: tuple[int, ...]  # 64, 32, 10
    loss: str
    lr: float
    batch: int
    epochs: int
    steps_per_epoch: int
    seed: int
    device: str  # "cpu"
    dtype: str
    pace: float  # steps per second, 0 for full speed
    threads: int  # BLAS
    created: float  # seconds since the epoch
    versions: dict[str, str]  # python, numpy, tutor
    metrics: tuple[tuple[str, str], ...] = METRICS
    gauges: tuple[tuple[str, str], ...] = ()
    pyramid: tuple[tuple[str, str], ...] = PYRAMID
    schema: int = 1
    train: Train | None = None  # the exercise's table, frozen with the code: the course may change under a run

    @property
    def steps(self) -> int:
        """All steps of the run."""
        return self.epochs * self.steps_per_epoch


class Control(Struct, frozen=True):
    """control.json: what the watchers ask for; replaced by rename, the last writer wins, the worker echoes seq."""

    seq: int = 0
    paused: bool = False
    lr: float | None = None
    batch: int | None = None
    pace: float | None = None  # None: as configured; 0: full speed
    steps_to_run: int | None = None
    cancel: bool = False


class Process(Struct, frozen=True):
    """proc.json: who runs it, so that a reused pid is never mistaken for it."""

    host: str
    boot_id: str
    pid: int
    start_ticks: int
    waiter_pid: int
    waiter_ticks: int


class End(Struct, frozen=True):
    """end.json: written before any teardown."""

    state: State
    reason: str  # one sentence for the learner
    last_step: int
    exit_code: int | None = None
    line: int | None = None  # in the learner's file, for an exception
    held_back: float | None = None  # accuracy in [0, 1]


class Event(Struct, frozen=True):
    """A line of events.jsonl: an epoch, an evaluation, a change, what the chart explains."""

    t: float
    step: int
    kind: Literal["started", "epoch", "evaluated", "control", "note", "ended"]
    text: str = ""
    epoch: int | None = None
    held_back: float | None = None  # accuracy in [0, 1]
    held_back_loss: float | None = None
    seq: int | None = None


class Tick(Struct, frozen=True):
    """What is true of a run now: one record per poll, one message per record."""

    config: RunConfig
    state: State
    paused: bool
    step: int
    epoch: int  # 1-based, the one under way
    loss: float | None  # the last one
    lr: float | None
    held_back: float | None
    steps_per_s: float | None
    seconds_left: float | None
    elapsed: float
    pace: float
    end: End | None
    events: tuple[Event, ...]
    new_points: int  # how many metrics were read by this poll
