"""The parent of a worker: `python -m tutor.training.waiter RUN_DIR`. It says how the worker ended when that could not.

It holds the run's lock, records who runs it, and stays in the session that the engine made. A worker that is killed
(by a person, by the kernel for want of memory, by a crash in a library) cannot write end.json: its waiter does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from tutor.training.folder import METRICS_FILE, PROC, read_config, read_control, read_end, write_end, write_json
from tutor.training.identity import BUSY, identify, take_lock
from tutor.training.model import End
from tutor.training.tail import read_edge
from tutor.training.worker import BLAS_VARIABLES


def main(argv: list[str]) -> int:
    """Start the worker of the folder argv[0], wait for it, and return its exit status."""
    run_dir = Path(argv[0])
    config = read_config(run_dir)
    lock = take_lock(run_dir)
    if lock is None:
        return BUSY
    if read_end(run_dir) is not None:
        return 1
    ooms = _oom_kills()
    worker: subprocess.Popen[bytes] | None = None
    asked: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if worker is not None:
            with contextlib.suppress(ProcessLookupError):
                worker.send_signal(number)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited by the worker
    signal.signal(signal.SIGTERM, pass_on)
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "tutor.training.worker", str(run_dir), "--lock-fd", str(lock)],
        stdin=subprocess.DEVNULL,
        pass_fds=(lock,),
        process_group=0,  # so that it can be killed with all that it started, and the waiter stays to tell
        env=os.environ | dict.fromkeys(BLAS_VARIABLES, str(config.threads)),
    )
    try:
        write_json(run_dir / PROC, identify(worker.pid, os.getpid()))
    except OSError as error:  # a full disk: without an identity nobody could ever stop it
        worker.kill()
        print(f"{run_dir / PROC}: {error}", file=sys.stderr)
    if asked:
        worker.send_signal(asked[-1])
    status = worker.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)  # processes that the learner's code left behind
    if read_end(run_dir) is None:
        write_end(run_dir, classify(run_dir, status, oom_killed=_oom_kills() > ooms))
    return status if status >= 0 else 128 - status


def classify(run_dir: Path, status: int, *, oom_killed: bool) -> End:
    """Say how a worker ended that wrote no end.json, from its exit status (negative: the signal)."""
    edge = read_edge(run_dir / METRICS_FILE)
    step = edge.last.step if edge else 0
    if read_control(run_dir).cancel:
        return End("cancelled", "You cancelled it.", step, status)
    if status == -signal.SIGKILL and oom_killed:
        reason = "The machine ran out of memory and the kernel ended the run. A smaller batch needs less."
        return End("out-of-memory", reason, step, status)
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return End("failed", f"Its process was killed from outside, or crashed ({name}).", step, status)
    return End("failed", f"Its process left early, with exit status {status}; the log may say why.", step, status)


def _oom_kills() -> int:
    """Count the processes that this machine's kernel has killed for want of memory."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
