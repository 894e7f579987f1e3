"""What the system tells of processes: whose they are, how many there are, and how their time was spent."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

_LINUX = sys.platform.startswith("linux")
_TICKS = os.sysconf("SC_CLK_TCK")  # a second
_PAGE = resource.getpagesize()
_MOST_TASKS = 200  # that are asked how long they waited

# Two limits of Linux that bind nobody here: one on locks that no kernel since 2.4 looks at, one on real-time threads.
_RLIMIT_LOCKS, _RLIMIT_RTTIME = 10, 15
_BOTH = 1 << 62


class Spent(NamedTuple):
    """Seconds that processes had a processor, and that one of them was ready to run but had to wait for it."""

    processor: float
    delayed: float


NOTHING = Spent(0.0, 0.0)


def mark(number: int) -> None:
    """Mark this process, and with it all that it will ever start, as belonging to a job (Linux).

    Sessions, groups, parents and environments are changed by any daemon; a hard limit is inherited by whatever is
    forked or executed, and can only be lowered. There are two, and what one gains the other loses: lowered to look
    like another's, they match no more.
    """
    if _LINUX:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(_RLIMIT_LOCKS, (number, number))
            resource.setrlimit(_RLIMIT_RTTIME, (_BOTH - number, _BOTH - number))


def mark_of(pid: int) -> int | None:
    """The number of the job that a process belongs to; None if it has none, or it cannot be told."""
    if not _LINUX:
        return None
    try:
        number = resource.prlimit(pid, _RLIMIT_LOCKS)[1]
        return number if number + resource.prlimit(pid, _RLIMIT_RTTIME)[1] == _BOTH else None
    except (OSError, ValueError):
        return None  # it has ended meanwhile


def marked(number: int) -> list[int]:
    """All processes that belong to a job, its child too."""
    return [pid for pid in _all() if mark_of(pid) == number]


def children() -> set[int]:
    """Every child of this process, adopted ones too; empty where the system does not say."""
    try:
        return {int(pid) for pid in read(f"/proc/self/task/{os.getpid()}/children").split()}
    except OSError:
        pass
    found = set()
    for pid in _all():
        with contextlib.suppress(OSError, IndexError, ValueError):
            if int(_stat(pid)[1]) == os.getpid():
                found.add(pid)
    return found


def spent(pid: int) -> Spent:
    """How the first thread of a process spent its time; zeros where it cannot be told."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        had, waited = read(f"/proc/{pid}/schedstat").split()[:2]
        return Spent(int(had) / 1e9, int(waited) / 1e9)
    return NOTHING


def spent_by_job(number: int, pid: int) -> Spent:
    """How the processes of a job spent their time, `pid` being its child: altogether, and the longest wait of any."""
    had, waited = 0.0, 0.0
    tasks = 0
    for process in {pid, *(marked(number) if _LINUX else ())}:
        with contextlib.suppress(OSError, ValueError, IndexError):  # it may have ended meanwhile
            had += sum(map(int, _stat(process)[11:15])) / _TICKS  # those it waited for included
            for task in islice(os.listdir(f"/proc/{process}/task"), _MOST_TASKS - tasks):  # noqa: PTH208
                tasks += 1
                waited = max(waited, spent(int(task)).delayed)
    return Spent(had, waited)


def tasks_of_user() -> int | None:
    """How many processes and threads this user has on the whole machine, or None where it cannot be told."""
    user = os.getuid()
    count = 0
    for pid in _all():
        with contextlib.suppress(OSError, ValueError, IndexError):  # it may have ended meanwhile
            if os.stat(f"/proc/{pid}").st_uid == user:  # noqa: PTH116
                count += int(_stat(pid)[17])
    return count or None


def tasks_of_machine() -> int | None:
    """How many processes and threads there are on the whole machine, or None where it cannot be told at once."""
    try:
        return int(read("/proc/loadavg").split()[3].partition(b"/")[2])
    except (OSError, ValueError, IndexError):
        return None


def threads() -> int:
    """How many threads this process has; 1 where it cannot be told."""
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208
    except OSError:
        return 1


def memory_in_use() -> dict[str, int]:
    """By the name of the limit on it: address space and data of this process in bytes; empty where it has no limit."""
    if not _LINUX:
        return {}  # macOS refuses to set them
    try:
        pages = read("/proc/self/statm").split()
        return {"RLIMIT_AS": int(pages[0]) * _PAGE, "RLIMIT_DATA": int(pages[5]) * _PAGE}
    except (OSError, ValueError, IndexError):
        return {}


def resident(pid: int) -> int | None:
    """The memory of a process in bytes, or None where it cannot be told."""
    if _LINUX:
        with contextlib.suppress(OSError, ValueError, IndexError):  # it may have ended meanwhile
            return int(read(f"/proc/{pid}/statm").split()[1]) * _PAGE
        return None
    import subprocess

    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=False, timeout=1)
        return int(told.stdout) * 1024
    return None


def read(file: str) -> bytes:
    """A small file of the system's, at the cost of three system calls: pathlib and buffers cost several times that."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)


def _all() -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from map(int, filter(str.isdigit, os.listdir("/proc")))  # noqa: PTH208


def _stat(pid: int) -> list[bytes]:
    """The fields of a process from its state on, which is the third in proc(5)."""
    return read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
