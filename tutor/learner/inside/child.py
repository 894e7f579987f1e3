"""One child of the box: it confines itself, runs one job, sends one answer, and ends."""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import os
import sys
import time
import traceback
import warnings
from typing import Any, NoReturn, TextIO

import numpy as np

from . import landlock, limits, processes, wire
from .code import describe, load, plain, public_names
from .drive import CaseRun, Drive
from .settled import COLUMNS, Settled, Stdout, print_arrays_within

VERDICT = 3  # the descriptor of the answer; 0 is /dev/null, 1 and 2 the output
RULES = 4  # the descriptor of the rules of Landlock, until they are in force
NO_ANSWER = 97  # exit status of a child that could not send its answer
MOST_WARNINGS = 20

# Held here because the learner's code may put anything else in their place.
_write, _exit = os.write, os._exit
_NUMPY = dict(vars(np))


class Prepared:
    """A process that has done whatever can be done before its job is known; `scratch` is its own empty folder.

    Descriptors stand as VERDICT and RULES say, and the process leads its own session.
    """

    def __init__(self, scratch: str, settled: Settled) -> None:
        self.settled, self.streams, self.refused = settled, settled.streams, settled.refused
        _move_to(scratch)
        self.limits = limits.apply_fixed()
        self.in_use = processes.memory_in_use()

    def run(self, message: bytes, tasks: int | None) -> NoReturn:
        """Run the job of this message and exit; `tasks` is the number of tasks that the user has."""
        try:
            _send(self._answer(message, tasks))
        except BaseException as error:  # of ours: whatever the learner's code raises has been caught before
            failed = plain("".join(traceback.format_exception(error)))
            _send(wire.pieces({"failed": failed, "replaced": _replaced_in_numpy()}))

    def _answer(self, message: bytes, tasks: int | None) -> list[bytes | bytearray]:
        job, given = wire.unpack(message)
        in_force = self.confine(job, tasks)
        if job["columns"] != COLUMNS:
            print_arrays_within(job["columns"])
        parts = wire.Parts()
        if job["do"] == "layers":
            answer: dict[str, object] = {"layers": self._layers(in_force)}
        elif job["cases"]:
            answer = _Answer(job, given, parts, self.streams[0]).make()
        else:
            answer = _run_script(job)
        for stream in self.streams:
            with contextlib.suppress(OSError, ValueError):  # closed by the learner's code
                stream.flush()
        return wire.pieces(answer, parts.parts)

    def confine(self, job: dict[str, Any], tasks: int | None) -> dict[str, bool]:
        """Put every layer in force that this machine has; says which limits are, and Landlock."""
        # Where the host watches what is resident, the limit on data stops what grows faster than it looks.
        by = "RLIMIT_AS" if job["memory_by"] == "address space" else "RLIMIT_DATA"
        in_force = self.limits | limits.apply(job["seconds"], job["memory_mb"], tasks, by, self.in_use.get(by))
        return in_force | {"landlock": self._enforce(job["readable"])}

    def _enforce(self, readable: list[str]) -> bool:
        policy = self.settled.policy
        if policy is not None:
            try:
                policy.allow_reading(RULES, readable)
                landlock.enforce(RULES)
            except OSError as error:
                self.refused = f"Landlock was refused ({error.strerror})"
            else:
                return True
        return False

    def _layers(self, in_force: dict[str, bool]) -> dict[str, tuple[bool, str]]:
        """Name -> (active, one sentence)."""
        sealed, landlocked = self.settled.sealed, in_force.pop("landlock")
        layers: dict[str, tuple[bool, str]] = {
            name: (active, f"The limit on {name} is in force." if active else limits.why_not(name))
            for name, active in in_force.items()
        }
        if not in_force["memory"]:
            layers["memory"] = (True, "Memory is watched ten times a second.")
        layers["privileges"] = (
            sealed,
            "No program can gain rights." if sealed else "Programs can gain rights: only Linux can forbid it.",
        )
        layers["landlock"] = (
            landlocked,
            f"Code in the box reads system and libraries, and writes a scratch folder ({self.settled.denied})."
            if landlocked
            else f"{self.refused}: code in the box can read and write whatever you can.",
        )
        no_signals = landlocked and self.settled.signals_denied
        layers["signals"] = (
            no_signals,
            "Code in the box sends signals to nobody outside."
            if no_signals
            else "Code in the box can end your other programs: Linux can forbid it from 6.12 on.",
        )
        return layers


def _replaced_in_numpy() -> str:
    """A name of NumPy's that the learner's code has given another meaning, which may be why ours failed; else empty."""
    now = vars(np)
    return next((name for name, value in _NUMPY.items() if now.get(name) is not value), "")


def _move_to(scratch: str) -> None:
    """What each process needs of its own: a folder, and random numbers, of which all others would draw the same."""
    os.chdir(scratch)
    os.environ.update(HOME=scratch, TMPDIR=scratch)
    np.random.seed(int.from_bytes(os.urandom(4), "little"))  # `random` sees to that itself
    if "torch" in sys.modules:
        sys.modules["torch"].seed()


def rehearse() -> None:
    """Run a small case, so that the children find every line of ours warm."""
    drive = Drive(
        {
            "setup": "layer = Layer()",
            "forward": "out = layer.forward(x)",
            "backward": "grad = layer.backward(x)",
            "update": "",
            "results": {"forward": {"out": ["out"]}, "backward": {"grad_W": ["layer.dW", "grad"]}},
        }
    )
    case: dict[str, Any] = {
        "sizes": {},
        "right": {},
        "numeric": None,
        "second_call": True,
        "extra": {"sum": "out.sum()"},
    }
    module = load(_REHEARSED, "rehearsal.py", "solution")
    for _ in range(2):
        parts = wire.Parts()
        case["arrays"] = {"x": parts.add_array(np.random.standard_normal((3, 2)))}
        header, given = wire.unpack(wire.pack({"case": case}, parts.parts))
        run = CaseRun(drive, header["case"], given, wire.Parts(), dict(vars(module)), "rehearsal.py", 0.0)
        run.run()
        wire.pieces(run.fields, run.parts.parts)
    del sys.modules["solution"]


_REHEARSED = """
import numpy as np
class Layer:
    def forward(self, x):
        self.x = x
        return x @ np.ones((2, 3)) + np.zeros(3)
    def backward(self, g):
        self.grad = self.x.T @ g
        return np.exp(-g).sum(axis=0)
"""


def fault_of(error: BaseException, filename: str, stage: str) -> dict[str, object]:
    """The fields of the fault that an exception of the learner's code makes."""
    kind = "exception"
    if isinstance(error, SyntaxError) and error.filename == filename:
        kind = "syntax"
    elif isinstance(error, SystemExit):
        kind = "exited"
    elif isinstance(error, MemoryError):
        limits.open_reserve()
        kind = "memory"
    described = describe(error, filename, stage)
    if isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(described["message"]):
        kind = "memory"  # as torch says it
    return {"kind": kind, "error": described}


def _run_script(job: dict[str, Any]) -> dict[str, object]:
    fault = None
    try:
        load(job["source"], job["filename"], "__main__")
    except SystemExit as exit_:
        if type(exit_.code) not in (int, type(None)) or exit_.code:
            fault = fault_of(exit_, job["filename"], "import")
    except BaseException as error:
        fault = fault_of(error, job["filename"], "import")
    return {"fault": fault, "cases": [], "warnings": [], "defined": []}


class _Answer:
    """The answer to a job with cases, as it grows."""

    def __init__(self, job: dict[str, Any], given: list[memoryview], parts: wire.Parts, stdout: Stdout) -> None:
        self.job, self.given, self.parts, self.stdout = job, given, parts, stdout
        self.filename: str = job["filename"]
        self.fault: dict[str, object] | None = None
        self.cases: list[dict[str, object]] = []
        self.warnings: dict[str, None] = {}

    def make(self) -> dict[str, object]:
        started = time.monotonic()
        # Compiled before any of the learner's code runs: an error here is the exercise's.
        drive = Drive(self.job["drive"])
        self._catch_warnings()
        builtins_before = dict(vars(builtins))
        try:
            module = load(self.job["source"], self.filename, "solution")
        except BaseException as error:
            vars(builtins).update(builtins_before)
            self.fault = fault_of(error, self.filename, "import")
            return self._fields([])
        vars(builtins).update(builtins_before)
        defined = [plain(name, 200) for name in public_names(module)]
        deadline = started + 0.7 * self.job["seconds"]
        for number, case in enumerate(self.job["cases"]):

            def says(part: str, number: int = number) -> None:
                self.stdout.due = wire.MARK.format(number, part)

            names = dict(vars(module))
            run = CaseRun(drive, case, self.given, self.parts, names, self.filename, deadline, says)
            run.run()
            self.cases.append(run.fields)
            if run.raised is not None:
                fault = fault_of(run.raised, self.filename, run.fields["error"]["stage"])
                self.fault = self.fault or fault
                if fault["kind"] != "exception":
                    break
        return self._fields(defined)

    def _fields(self, defined: list[str]) -> dict[str, object]:
        return {"fault": self.fault, "cases": self.cases, "warnings": list(self.warnings), "defined": defined}

    def _catch_warnings(self) -> None:
        """Gather numerical warnings, each once; show all others as Python does."""
        show = warnings.showwarning

        def showwarning(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, (RuntimeWarning, np.exceptions.ComplexWarning)):
                where = f" (line {lineno})" if filename == self.filename else ""
                if len(self.warnings) < MOST_WARNINGS:
                    self.warnings[plain(f"{message}{where}")] = None
            else:
                show(message, category, filename, lineno, file, line)

        warnings.showwarning = showwarning


def _send(answer: list[bytes | bytearray]) -> NoReturn:
    """Send the answer and end without any of Python's own leave-taking: threads and exit hooks cannot hold it."""
    try:
        for piece in answer:
            view = memoryview(piece)
            while view:
                view = view[_write(VERDICT, view) :]
    except OSError:
        _exit(NO_ANSWER)
    _exit(0)


def load_torch() -> bool:
    """Load torch on a single thread; says whether this process has no other thread and so may be forked."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    x = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    (x @ x).backward(x.detach())  # the first backward pass imports more, for most of a second
    return processes.threads() == 1


def warm_up() -> Settled:
    """Do now, once, what every child would otherwise do for its first time."""
    rehearse()
    settled = Settled()
    gc.collect()
    gc.freeze()
    return settled
