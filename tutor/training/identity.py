"""Who runs a run: an identity that a reused process number cannot fake, and the lock that lets one worker in."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import os
import platform
import tempfile
from pathlib import Path

import msgspec

from tutor.training.folder import PROC, read_control, read_json, read_process
from tutor.training.model import Process

LOCK = "lock"
BUSY = 75  # EX_TEMPFAIL: the exit status of a second worker
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}  # what some NFS mounts answer to flock


@functools.cache
def boot_id() -> str:
    """Name this start of this machine: a process of another one is gone, whatever its number says."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        import psutil

        return str(int(psutil.boot_time()))


def start_ticks(pid: int) -> int:
    """Return when process `pid` started, in the kernel's ticks (elsewhere hundredths of a second); 0: it is gone."""
    return _look(pid)[1]


def is_running(pid: int, ticks: int) -> bool:
    """Tell whether the process that started at `ticks` still runs as `pid`; a zombie has ended."""
    state, now = _look(pid)
    return now != 0 and now == ticks and state not in "ZX"


def identify(pid: int, waiter_pid: int, attempt: int = 1) -> Process:
    """Make the record of proc.json for a worker and its waiter on this machine."""
    return Process(
        host=platform.node(),
        boot_id=boot_id(),
        pid=pid,
        start_ticks=start_ticks(pid),
        waiter_pid=waiter_pid,
        waiter_ticks=start_ticks(waiter_pid),
        attempt=attempt,
    )


def is_here(process: Process) -> bool:
    """Tell whether the process numbers of `process` belong to this machine since its last start."""
    return process.host == platform.node() and process.boot_id == boot_id()


def worker_runs(process: Process) -> bool:
    """Tell whether the recorded worker runs on this machine."""
    return is_here(process) and is_running(process.pid, process.start_ticks)


def anyone_runs(process: Process) -> bool:
    """Tell whether the recorded worker, or the waiter that will report its end, runs on this machine."""
    return worker_runs(process) or (is_here(process) and is_running(process.waiter_pid, process.waiter_ticks))


def next_attempt(run_dir: Path) -> int:
    """Return which start of the worker this one is: what a resume asked for, or one more than the last."""
    wanted, last = read_control(run_dir).attempt, read_process(run_dir)
    return wanted if last is None or wanted > last.attempt else last.attempt + 1


def take_lock(run_dir: Path) -> int | None:
    """Take the run's lock and return its descriptor, held until the last process that inherits it ends.

    None means that another worker has it.
    """
    fd = os.open(run_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError as error:
        if error.errno not in NO_LOCKS or not _claim(run_dir):
            os.close(fd)
            if error.errno in NO_LOCKS:
                return None
            raise
    return fd


def _claim(run_dir: Path) -> bool:
    """Where there are no locks: hard-link a file with our identity into place, which only one process can do."""
    claim = run_dir / f"{LOCK}.owner"
    with tempfile.NamedTemporaryFile(dir=run_dir, prefix=".owner-") as mine:
        mine.write(msgspec.json.encode(identify(os.getpid(), os.getpid())))
        mine.flush()
        for _ in range(2):
            with contextlib.suppress(FileExistsError):
                os.link(mine.name, claim)
                return True
            if any(anyone_runs(owner) for owner in _owners(claim, run_dir / PROC)):
                return False
            claim.unlink(missing_ok=True)  # its owner is gone
    return False


def _owners(*files: Path) -> list[Process]:
    return [owner for file in files if (owner := read_json(file, Process)) is not None]


def _look(pid: int) -> tuple[str, int]:
    """Return the state letter and the start of a process, ("", 0) when there is none."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return "", 0
        fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
        return fields[0], int(fields[19])
    import psutil

    try:
        process = psutil.Process(pid)
        state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "R"
        return state, int(process.create_time() * 100)
    except psutil.Error:
        return "", 0
