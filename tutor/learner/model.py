"""What goes into the box and what comes out of it: plain data, raw arrays, never pickles, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from tutor.course import Drive, Limits

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.generic]]
    Arrays = dict[str, Array]


class Numeric(Struct, frozen=True):
    """A request for the numeric gradient of the learner's own forward pass, made in the box after everything else."""

    wrt: tuple[str, ...]  # names of the case's arrays
    output: str = ""  # the objective is sum(output * upstream) ...
    upstream: str = ""
    loss: str = ""  # ... or this result itself
    seconds: float = 1.0  # give up after so long: the verdict does not need it
    most: int = 2000  # entries; for more of them, or where time is too short, only those shown are made
    shown: dict[str, tuple[tuple[int, ...], ...]] = {}  # array -> indices; all others are NaN then


class Sweep(Struct, frozen=True):
    """A request for one derivative of the learner's own forward pass by every method at every step, as in Numeric."""

    wrt: str  # name of one of the case's arrays, of floats
    steps: tuple[float, ...]  # fewer of them are taken where the forward pass is slow
    entry: tuple[int, ...] | None = None  # along this one; None: along a random direction through all of them
    seed: int = 0  # of that direction
    output: str = ""
    upstream: str = ""
    loss: str = ""
    seconds: float = 0.8


class BoxCase(Struct, frozen=True):
    """One run of the drive: sizes and arrays by name, and what is known to be right for `right(name, value)`."""

    sizes: Mapping[str, bool | int | float | str]  # sizes, and whatever else the case gives a name to
    arrays: Arrays
    right: Arrays
    numeric: Numeric | None = None
    sweep: Sweep | None = None
    second_call: bool = True  # forward and backward once more on the same objects
    beside: bool = False  # a pass of fresh objects, with another instance's forward between its forward and backward
    reused: bool = False  # a pass of fresh objects, in which the inputs are overwritten between forward and backward
    extra: dict[str, str] = {}  # more results: name -> expression, read at the very end (the reference's `terms`)


class BoxJob(Struct, frozen=True):
    """A learner's file (or a reference) and the cases to drive it with; one fresh child runs them in order."""

    source: str
    filename: str  # shown in tracebacks
    drive: Drive
    cases: tuple[BoxCase, ...]
    limits: Limits = Limits()
    readable: tuple[str, ...] = ()  # folders that the file may read besides system and venv
    torch: bool = False  # run in a child that has torch loaded
    columns: int = 76  # at which NumPy breaks the lines of an array that is printed
    batch: tuple[str, ...] = ()  # arrays that a `reused` pass overwrites
    updated: tuple[str, ...] = ()  # arrays that the update may change in place
    reference: bool = (
        False  # not a learner's file: its answer never comes near a process that a learner's is forked from
    )


FaultKind = Literal[
    "syntax",
    "exception",  # raised while the file was imported, or in a stage (then also in CaseResult.error)
    "exited",  # sys.exit, os._exit, raised at import: the program left early
    "no_answer",  # ended without an answer (closed its pipes)
    "signal",
    "timeout",
    "output",  # printed past the cap
    "memory",
    "forked",  # several processes answered, or processes were left behind in numbers
    "garbled",
    "cancelled",
    "tutor",  # our own fault: never blamed on the learner
]


class CodeError(Struct, frozen=True):
    """An exception in the learner's code, cut to the learner's lines; text is already filtered for the screen."""

    type: str
    message: str
    line: int | None  # the innermost line of the learner's file
    column: int | None = None
    stage: str = ""  # "import", "setup", "forward", "backward", "update"
    traceback: str = ""  # the learner's lines only, as text


class Fault(Struct, frozen=True):
    """Why there is no (whole) answer; one plain sentence and a next step."""

    kind: FaultKind
    sentence: str
    next_step: str = ""
    error: CodeError | None = None


class CaseResult(Struct, frozen=True):
    """What the drive left behind in one case. Arrays are copies in C order; anything not an array is described."""

    results: Arrays  # first call
    second: Arrays  # second call on the same objects, empty when not asked for
    not_arrays: dict[str, str]  # result -> what it was instead: "None", "a list", "complex", "an object array"
    missing: dict[str, str]  # result -> why no spelling gave it: "'Linear' object has no attribute 'grad_W'"
    inputs_after: Arrays  # of the plan's arrays those that the learner's code changed, as it left them
    error: CodeError | None  # the first stage that raised; earlier results are still there
    numeric: Arrays  # by name of the plan's array; absent where it could not be made
    numeric_note: str = ""  # "complex step", "central differences", or why there is none
    second_error: CodeError | None = None
    # Results after forward of two more passes, empty when not asked for; what was not made there has no entries at all.
    beside: Arrays = {}
    reused: Arrays = {}
    sweep: Arrays = {}  # what inside/sweep.py makes; empty where it could not be made
    sweep_note: str = ""  # why not


class Printed(Struct, frozen=True):
    """What a part of a job printed: a case's first pass with its update, or the second call on the same objects."""

    case: int  # its number in the job; -1 for what was printed before the first one
    again: bool
    text: str
    unjudged: bool = False  # of a call on another batch, made to see that it leaves no trace


class BoxResult(Struct, frozen=True):
    """The whole answer of one child."""

    fault: Fault | None
    cases: tuple[CaseResult, ...]  # those that were finished, in order
    output: str  # stdout and stderr as they came, filtered, at most 64 KiB each
    output_cut: bool
    seconds: float
    warnings: tuple[str, ...] = ()  # numerical warnings, each once
    defined: tuple[str, ...] = ()  # public names that the file defines at top level
    printed: tuple[Printed, ...] = ()  # the output once more, by who printed it, in order


class BoxLayers(Struct, frozen=True):
    """Which protections are active on this machine, for `tutor doctor`: name -> (active, one sentence)."""

    strategy: Literal["zygote", "spare"]
    layers: dict[str, tuple[bool, str]]
