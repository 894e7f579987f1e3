"""One child of the box: it confines itself, runs one job, sends one answer, and ends."""

from __future__ import annotations

import builtins
import contextlib
import functools
import gc
import importlib
import os
import signal
import sys
import sysconfig
import time
import traceback
import warnings
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any, NoReturn, TextIO

import numpy as np

from . import landlock, limits, wire
from .code import describe, load, plain, public_names
from .drive import CaseRun, Drive

VERDICT = 3  # the descriptor of the answer; 0 is /dev/null, 1 and 2 the output
NO_ANSWER = 97  # exit status of a child that could not send its answer
MOST_WARNINGS = 20

# Held here because the learner's code may put anything else in their place.
_write, _exit = os.write, os._exit
_NUMPY = dict(vars(np))

_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/opt", "/proc", "/sys", "/System", "/Library")
_DEVICES = ("/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_PYTHON = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}


def _without_nested(folders: Iterable[str]) -> tuple[str, ...]:
    """Existing folders, none inside another: each rule costs time in every child."""
    real = sorted({os.path.realpath(folder) for folder in folders if os.path.exists(folder)})  # noqa: PTH110
    return tuple(a for a in real if not any(a != b and a.startswith(b.rstrip("/") + "/") for b in real))


@functools.cache
def _readable() -> tuple[str, ...]:
    """What any program may read: the system, the interpreter, its packages, and torch wherever that was loaded from."""
    torch = [os.path.dirname(sys.modules["torch"].__file__ or "")] if "torch" in sys.modules else []  # noqa: PTH120
    return _without_nested((*_SYSTEM, *_DEVICES, *_PYTHON, *torch))


class Prepared:
    """A process that has done whatever can be done before its job is known; `scratch` is its own empty folder.

    Descriptors stand as VERDICT says, and the process leads its own session.
    """

    def __init__(self, scratch: str) -> None:
        self.scratch = scratch
        self.streams = _settle_in(scratch)
        self.limits = limits.apply_fixed()
        self.in_use = limits.memory_in_use()
        self.sealed = limits.no_new_privileges()
        self.rules: landlock.Rules | None = None
        self.refused = "This system has no Landlock, which Linux offers from 5.13 on"
        version = landlock.abi() if self.sealed else 0
        self.denied = f"ABI {version}" + (", no TCP" if version >= 4 else "") + (", no signals" if version >= 6 else "")
        if version:
            try:
                self.rules = landlock.Rules(version, _readable(), (scratch, "/dev/null"))
            except OSError as error:
                self.refused = f"Landlock was refused ({error.strerror})"

    def run(self, message: bytes, tasks: int | None) -> NoReturn:
        """Run the job of this message and exit; `tasks` is the number of tasks that the user has."""
        try:
            _send(self._answer(message, tasks))
        except BaseException as error:  # of ours: whatever the learner's code raises has been caught before
            failed = plain("".join(traceback.format_exception(error)))
            _send(wire.pieces({"failed": failed, "replaced": _replaced_in_numpy()}))

    def _answer(self, message: bytes, tasks: int | None) -> list[bytes | bytearray]:
        job, given = wire.unpack(message)
        layers = self.confine(job, tasks)
        parts = wire.Parts()
        if job["do"] == "layers":
            answer: dict[str, object] = {"layers": layers}
        elif job["cases"]:
            answer = _Answer(job, given, parts).make()
        else:
            answer = _run_script(job)
        for stream in self.streams:
            with contextlib.suppress(OSError, ValueError):  # closed by the learner's code
                stream.flush()
        return wire.pieces(answer, parts.parts)

    def confine(self, job: dict[str, Any], tasks: int | None) -> dict[str, tuple[bool, str]]:
        """Put every layer in force that this machine has; says which: name -> (active, one sentence)."""
        # Where the host watches what is resident, the limit on data stops what grows faster than it looks.
        by = "RLIMIT_AS" if job["memory_by"] == "address space" else "RLIMIT_DATA"
        in_force = self.limits | limits.apply(job["seconds"], job["memory_mb"], tasks, by, self.in_use.get(by))
        layers: dict[str, tuple[bool, str]] = {
            name: (active, f"The limit on {name} is in force." if active else limits.why_not(name))
            for name, active in in_force.items()
        }
        if not in_force["memory"]:
            layers["memory"] = (True, "Memory is watched ten times a second.")
        layers["privileges"] = (
            self.sealed,
            "No program can gain rights." if self.sealed else "Programs can gain rights: only Linux can forbid it.",
        )
        layers["landlock"] = self._landlock(job["readable"])
        return layers

    def _landlock(self, readable: list[str]) -> tuple[bool, str]:
        if self.rules is not None:
            try:
                self.rules.allow_reading(readable)
                self.rules.enforce()
            except OSError as error:
                self.refused = f"Landlock was refused ({error.strerror})"
            else:
                return True, f"Code in the box reads system and libraries, and writes a scratch folder ({self.denied})."
        return False, f"{self.refused}: code in the box can read and write whatever you can."


def _replaced_in_numpy() -> str:
    """A name of NumPy's that the learner's code has given another meaning, which may be why ours failed; else empty."""
    now = vars(np)
    return next((name for name, value in _NUMPY.items() if now.get(name) is not value), "")


def _settle_in(scratch: str) -> tuple[TextIO, TextIO]:
    """Make this process look to the learner's code like a fresh Python in an empty folder."""
    os.chdir(scratch)
    os.environ.update(HOME=scratch, TMPDIR=scratch)
    np.random.seed()  # a forked child would draw what all others draw; `random` sees to that itself
    if "torch" in sys.modules:
        sys.modules["torch"].seed()
    else:
        _REFUSED["torch"] = "torch is not loaded for this exercise"
    sys.argv = [""]
    sys.meta_path.insert(0, _Refuse)
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]
    sys.breakpointhook = _no_keyboard
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # By line, so that what was printed before a crash or an endless loop is seen.
    out = open(1, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    err = _Stderr(
        open(2, "wb", buffering=0, closefd=False),  # noqa: SIM115
        encoding="utf-8",
        errors="backslashreplace",
        write_through=True,
    )
    err.before = out
    vars(sys).update(stdout=out, __stdout__=out, stderr=err, __stderr__=err)
    return out, err


class _Stderr(TextIOWrapper):
    before: TextIO

    def write(self, text: str) -> int:
        self.before.flush()
        return super().write(text)


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


_REFUSED = {"tutor": "the tutor itself cannot be imported here: the file stands on its own"}


class _Refuse:
    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        reason = _REFUSED.get(name.partition(".")[0])
        if reason:
            raise ModuleNotFoundError(reason, name=name)


def _no_keyboard(*_: object, **__: object) -> NoReturn:
    raise EOFError("breakpoint() cannot stop here")


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

    def __init__(self, job: dict[str, Any], given: list[memoryview], parts: wire.Parts) -> None:
        self.job, self.given, self.parts = job, given, parts
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
        for case in self.job["cases"]:
            run = CaseRun(drive, case, self.given, self.parts, dict(vars(module)), self.filename, deadline)
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
    return limits.threads() == 1


def warm_up() -> None:
    """Do now, in the host, what every child would otherwise do for its first time."""
    rehearse()
    gc.collect()
    gc.freeze()
