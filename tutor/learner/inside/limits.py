"""What a child of the box may use: time, memory, files, processes; what a platform lacks is left out and said so."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import math
import os
import resource
import signal
import sys
import time

LARGEST_FILE = 64 << 20  # bytes, each
OPEN_FILES = 256
MORE_TASKS = 64  # processes and threads beyond those the user has already
_RESERVE = 32 << 20  # kept back from the learner, so that an answer can still be sent once memory has run out

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_LINUX = sys.platform.startswith("linux")


def _prctl(option: int, value: int) -> bool:
    return _LINUX and int(_libc.prctl(option, value, 0, 0, 0)) == 0


_libc = ctypes.CDLL(None)
if _LINUX:
    _libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)


def adopt_orphans() -> bool:
    """Make this process the one to which processes below it fall when their parent dies (Linux)."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> bool:
    """Be killed by the kernel when the parent dies (Linux); exits at once if it has died already."""
    active = _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    return active


def no_new_privileges() -> bool:
    """Let no program started from here gain rights, which Landlock asks for (Linux)."""
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def widen_pipe(descriptor: int) -> None:
    """Let a pipe hold 1 MiB where the system allows it, so that a large answer passes in few turns."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 1 << 20)


def apply_fixed() -> dict[str, bool]:
    """Set the limits that are the same for every job; says which are in force."""
    return {
        "file size": _limit("RLIMIT_FSIZE", LARGEST_FILE),
        "core dumps": _limit("RLIMIT_CORE", 0),
        "open files": _limit("RLIMIT_NOFILE", OPEN_FILES),
    }


def apply(seconds: float, memory_mb: int, tasks: int | None, by: str, base: int | None) -> dict[str, bool]:
    """Set the limits of a job, for this process and all that it starts; says which are in force.

    `memory_mb` comes on top of `base`, what interpreter and libraries use of the limit `by` (None: it cannot be set);
    `tasks` is the user's count at this moment.
    """
    processor = math.ceil(time.process_time() + seconds) + 1  # importing torch may have used some
    memory = None if base is None else base + (memory_mb << 20)
    return {
        "processor time": _limit("RLIMIT_CPU", processor, processor + 1),
        "memory": memory is not None and _limit(by, memory, memory + _RESERVE),
        # The kernel exempts root from this one.
        "processes": tasks is not None and os.getuid() != 0 and _limit("RLIMIT_NPROC", tasks + MORE_TASKS),
    }


def why_not(name: str) -> str:
    """Why a limit that `apply` or `apply_fixed` names is not in force, and what can be done about it."""
    if name == "processes" and os.getuid() == 0:
        return "The kernel sets root no limit on processes: they are counted ten times a second instead."
    return f"This system refuses the limit on {name}: every check is still ended after its time."


def open_reserve() -> None:
    """Give up the memory limit's reserve: the learner's code has hit it, and the answer must still be made."""
    for name in ("RLIMIT_AS", "RLIMIT_DATA"):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            _, hard = resource.getrlimit(getattr(resource, name))
            resource.setrlimit(getattr(resource, name), (hard, hard))


def _limit(name: str, soft: int, hard: int | None = None) -> bool:
    number = getattr(resource, name, None)
    if number is None:
        return False
    try:
        _, ceiling = resource.getrlimit(number)
        hard = soft if hard is None else hard
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(number, (soft, hard))
    except (OSError, ValueError):
        return False
    return True
