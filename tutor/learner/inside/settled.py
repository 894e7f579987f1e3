"""Makes a process look like a fresh Python to the learner's code, once for all that are forked from it."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
from collections.abc import Iterable
from io import TextIOWrapper
from typing import NoReturn

import numpy as np

from . import landlock, limits

COLUMNS = 76  # at which arrays are printed unless the job says otherwise

_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/opt", "/proc", "/sys", "/System", "/Library")
_DEVICES = ("/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_PYTHON = {sys.prefix, sys.base_prefix, sys.exec_prefix, *sysconfig.get_paths().values()}


def _without_nested(folders: Iterable[str]) -> tuple[str, ...]:
    """Existing folders, none inside another: each rule costs time in every child."""
    real = sorted({os.path.realpath(folder) for folder in folders if os.path.exists(folder)})  # noqa: PTH110
    return tuple(a for a in real if not any(a != b and a.startswith(b.rstrip("/") + "/") for b in real))


def _readable() -> tuple[str, ...]:
    """What any program may read: the system, the interpreter, its packages, and torch wherever that was loaded from."""
    torch = [os.path.dirname(sys.modules["torch"].__file__ or "")] if "torch" in sys.modules else []  # noqa: PTH120
    return _without_nested((*_SYSTEM, *_DEVICES, *_PYTHON, *torch))


class Settled:
    """A process that to the learner's code looks like a fresh Python, and so does whatever is forked from it.

    Every page of memory that a child writes to must be copied first, so as much as possible is done before the fork.
    """

    def __init__(self) -> None:
        self.streams = _settle_in()
        print_arrays_within(COLUMNS)
        self.sealed = limits.no_new_privileges()
        self.policy: landlock.Policy | None = None
        self.refused = "This system has no Landlock, which Linux offers from 5.13 on"
        version = landlock.abi() if self.sealed else 0
        self.signals_denied = version >= 6
        self.denied = f"ABI {version}" + (", no TCP" if version >= 4 else "") + (", no signals" if version >= 6 else "")
        if version:
            try:
                policy = landlock.Policy(version, _readable(), ("/dev/null",))
                os.close(policy.rules_for("/dev/null"))
            except OSError as error:
                self.refused = f"Landlock was refused ({error.strerror})"
            else:
                self.policy = policy

    def rules_for(self, scratch: str) -> int | None:
        """The descriptor of the rules for a child, None where there is no Landlock; raises OSError."""
        return None if self.policy is None else self.policy.rules_for(scratch)


def _settle_in() -> tuple[Stdout, _Stderr]:
    """Make this process look to the learner's code like a fresh Python."""
    if "torch" not in sys.modules:
        _REFUSED["torch"] = "torch is not loaded for this exercise"
    sys.argv = [""]
    sys.meta_path.insert(0, _Refuse)
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]
    sys.breakpointhook = _no_keyboard
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # By line, so that what was printed before a crash or an endless loop is seen.
    out = Stdout(
        open(1, "wb", closefd=False),  # noqa: SIM115
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    err = _Stderr(
        open(2, "wb", buffering=0, closefd=False),  # noqa: SIM115
        encoding="utf-8",
        errors="backslashreplace",
        write_through=True,
    )
    err.before = out
    vars(sys).update(stdout=out, __stdout__=out, stderr=err, __stderr__=err)
    return out, err


class Stdout(TextIOWrapper):
    """Standard output with marks in it that tell which part of a case printed what."""

    due = ""  # a mark that stands before whatever is printed next: what prints nothing leaves no trace

    def write(self, text: str) -> int:
        """Write text, and before it the mark that is due."""
        self.tell_mark()
        return super().write(text)

    def tell_mark(self) -> None:
        """Write the mark that is due."""
        mark, self.due = self.due, ""
        if mark:
            super().write(mark)


class _Stderr(TextIOWrapper):
    before: Stdout

    def write(self, text: str) -> int:
        self.before.tell_mark()
        self.before.flush()
        return super().write(text)


def print_arrays_within(columns: int) -> None:
    """Four digits, and lines that fit: an array that is printed can be read. The learner's code may say otherwise."""
    np.set_printoptions(precision=4, linewidth=columns)
    if "torch" in sys.modules:
        sys.modules["torch"].set_printoptions(linewidth=columns)


_REFUSED = {"tutor": "the tutor itself cannot be imported here: the file stands on its own"}


class _Refuse:
    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        reason = _REFUSED.get(name.partition(".")[0])
        if reason:
            raise ModuleNotFoundError(reason, name=name)


def _no_keyboard(*_: object, **__: object) -> NoReturn:
    raise EOFError("breakpoint() cannot stop here")
