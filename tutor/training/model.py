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
# twin.bin, of a run in lockstep: PyTorch at the learner's weights, and PyTorch on its own from the same start.
TWIN = (
    ("step", "<u4"),
    ("attempt", "<u4"),
    ("loss_difference", "<f8"),  # at equal weights, relative
    ("gradient_difference", "<f8"),  # at equal weights: the largest |g - t| / (|g| + |t|) of all parameters, by norm
    ("free_loss", "<f8"),  # of the twin that was left to itself
)

Mode = Literal["numpy", "twin", "lockstep", "on-torch"]  # the learner's NumPy; PyTorch's twin; both; theirs on tensors


class Layer(Struct, frozen=True):
    """One layer of a network, as it is made here and by PyTorch; shapes are of one sample."""

    kind: str  # linear, relu, leaky_relu, sigmoid, tanh, conv2d, max_pool, batch_norm, ..., flatten, reshape, mean
    n_in: tuple[int, ...]
    n_out: tuple[int, ...]
    params: dict[str, str] = {}  # the kind's own name -> its name in the network: W -> W1, b -> b1
    yours: bool = False  # the learner's class, not the textbook's
    settings: dict[str, float] = {}  # kernel size, stride, slope, probability, epsilon


class Architecture(Struct, frozen=True):
    """The network of a run, in the order of the forward pass, with its loss."""

    layers: tuple[Layer, ...]
    loss: str  # softmax_cross_entropy, mse
    whole: str = ""  # the learner's class where it is the whole network, forward and backward


class Optimizer(Struct, frozen=True):
    """What moves the parameters."""

    kind: str = "sgd"  # a name of tutor.nn: sgd, momentum, nesterov, rmsprop, adam, adamw
    owner: Literal["ours", "yours", "layer"] = "ours"  # layer: the update method of the learner's own class
    challenge: str = ""  # of the learner's own: the exercise, whose frozen file is beside the other
    settings: dict[str, float] = {}  # momentum, beta1, beta2, eps, weight_decay


EventKind = Literal[
    "started", "epoch", "evaluated", "control", "note", "explained", "checkpoint", "resumed", "ended"
]


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
    mode: Mode = "numpy"
    architecture: Architecture | None = None
    optimizer: Optimizer = Optimizer()
    optimizer_hash: str = ""  # of the learner's own, as code_hash
    twin: tuple[tuple[str, str], ...] = ()  # the fields of twin.bin
    device_name: str = ""  # "NVIDIA A100", the CPU's model
    restarted_from: str = ""  # the run that this one repeats

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
    kind: EventKind
    text: str = ""
    epoch: int | None = None
    held_back: float | None = None  # accuracy in [0, 1]
    held_back_loss: float | None = None
    seq: int | None = None
    accuracy: float | None = None  # on samples that are trained on, in [0, 1]
    loss: float | None = None  # on the same
    key: str = ""  # of what is explained: flat, rising, overfitting, ...
    lesson: str = ""  # the lesson to reread
    advice: str = ""  # what to try
    attempt: int = 1  # counts the starts of the worker


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
