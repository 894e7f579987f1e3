"""What passes between a run's folder and whoever watches it: frozen records."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

from tutor.course import Challenge, Train

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

# Of such a difference: from here on two results are not the same, by the type of the run. Correct code stays below
# 1e-12 in float64; in float32 a unit at the kink of a ReLU may fall to either side by rounding, and take a whole
# sample's share with it.
DIFFERENT = {"float64": 1e-9, "float32": 1e-2}

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


class OptimizerDrive(Struct, frozen=True):
    """How the learner's own optimiser is made and called, as its exercise does: expressions of its settings."""

    make: str  # "Adam(lr, beta1, beta2, eps)"; a function needs none
    step: str  # "optimizer.step(params, grads)", "w = optimizer.update(w, g)", "params, state = adam(...)"
    style: Literal["dict", "list", "update", "function"] = "dict"
    state: str = "{}"  # function: what it is handed before the first step
    lr: str = ""  # the attribute that holds the learning rate; found by looking where empty
    gradient: Literal["array", "function"] = "array"  # function: it asks for the gradient where it likes


class Optimizer(Struct, frozen=True):
    """What moves the parameters."""

    kind: str = "sgd"  # a name of tutor.nn: sgd, momentum, nesterov, rmsprop, adam, adamw
    owner: Literal["ours", "yours", "layer"] = "ours"  # layer: the update method of the learner's own class
    challenge: str = ""  # of the learner's own: the exercise, whose frozen file is beside the other
    settings: dict[str, float] = {}  # mu, rho, beta1, beta2, eps, weight_decay
    drive: OptimizerDrive | None = None  # of the learner's own


class OwnOptimizer(Struct, frozen=True):
    """A passed exercise in which the learner wrote an optimiser, and their file."""

    challenge: Challenge
    source: str


class TrainOptions(Struct, frozen=True):
    """What may be asked of a new run; what is None or empty is as the exercise and its data set say."""

    dataset: str = "digits"
    data_dir: Path | None = None  # where the IDX files of MNIST and Fashion-MNIST are
    epochs: int | None = None
    batch: int | None = None
    lr: float | None = None
    hidden: tuple[int, ...] | None = None  # sizes between input and output: 128 for 784-128-10
    optimizer: str | OwnOptimizer = ""  # a name of tutor.nn (adam), or the learner's own
    seed: int | None = None
    device: str = "auto"  # auto, cpu, cuda, cuda:1, mps
    dtype: Literal["float64", "float32"] = "float64"
    pace: float = 0.0  # steps per second, 0 for full speed
    mode: Mode = "numpy"
    time_limit: float = 0.0  # seconds that one start of the worker may take, 0 for any


EventKind = Literal["started", "epoch", "evaluated", "control", "note", "explained", "checkpoint", "resumed", "ended"]


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
    device_note: str = ""  # why it is not the device that was asked for
    gpu: str = ""  # its UUID, where the driver knows it
    environment: dict[str, str] = {}  # what the worker sets before torch loads: CUDA_VISIBLE_DEVICES
    data_dir: str = ""  # the folder of the data set's files, where it does not come with the tutor
    restarted_from: str = ""  # the run that this one repeats
    time_limit: float = 0.0  # seconds that one start of the worker may take, 0 for any

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
    attempt: int = 1  # which start of the worker is wanted: each resume adds one
    asked: float = 0.0  # when that was asked for, in seconds since the epoch; 0: with the run


class Process(Struct, frozen=True):
    """proc.json: who runs it, so that a reused pid is never mistaken for it."""

    host: str
    boot_id: str
    pid: int
    start_ticks: int
    waiter_pid: int
    waiter_ticks: int
    attempt: int = 1  # which start of the worker this is


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
    disconnected: bool = False  # the folder cannot be reached at the moment: the rest is what was true before
    attempt: int = 1  # which start of the worker this is
    title: str = ""  # the learner's own name for it
    steps_left: int | None = None  # with the batch as it is now; None: as config says

    @property
    def steps(self) -> int:
        """All steps of the run, those to come with the batch as it is now."""
        return max(self.step, self.config.steps) if self.steps_left is None else self.step + self.steps_left
