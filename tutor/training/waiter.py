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
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from msgspec import structs

from tutor.training.folder import METRICS_FILE, PROC, read_config, read_control, read_end, write_end, write_json
from tutor.training.identity import BUSY, identify, next_attempt, take_lock
from tutor.training.model import End, RunConfig
from tutor.training.tail import read_edge
from tutor.training.worker import BLAS_VARIABLES, STOPS, TAKEN

if TYPE_CHECKING:
    from tutor.training.devices import DeviceReport


def main(argv: list[str]) -> int:
    """Start the worker of the folder argv[0], wait for it, and return its exit status."""
    run_dir = Path(argv[0])
    config = read_config(run_dir)
    lock = take_lock(run_dir)
    if lock is None:
        return BUSY
    if read_end(run_dir) is not None:
        return 1
    waiting = Waiting(run_dir, lock, next_attempt(run_dir))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited by the worker
    for number in STOPS:
        signal.signal(number, waiting.pass_on)
    environment = os.environ | dict.fromkeys(BLAS_VARIABLES, str(config.threads)) | config.environment
    ooms = _oom_kills()
    status = waiting.run(environment)
    if status == TAKEN and not waiting.asked:  # once more, on another GPU where there is one, in a process of its own
        elsewhere, said = another_gpu(config)
        status = waiting.run(environment | elsewhere, "--again", said)
    if read_end(run_dir) is None:
        write_end(run_dir, classify(run_dir, status, oom_killed=_oom_kills() > ooms))
    return status if status >= 0 else 128 - status


class Waiting:
    """One worker after another, and the signals that are passed on to it."""

    def __init__(self, run_dir: Path, lock: int, attempt: int) -> None:
        self._run_dir = run_dir
        self._lock = lock
        self._attempt = attempt
        self._worker: subprocess.Popen[bytes] | None = None
        self.asked: list[int] = []

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        """Hand a signal to the worker, or keep it for the one that is being made."""
        self.asked.append(number)
        if self._worker is not None:
            with contextlib.suppress(ProcessLookupError):
                self._worker.send_signal(number)

    def run(self, environment: Mapping[str, str], *more: str) -> int:
        """Start a worker, record who it is, and wait for its end."""
        command = [sys.executable, "-P", "-m", "tutor.training.worker", str(self._run_dir)]
        worker = self._worker = subprocess.Popen(
            [*command, "--lock-fd", str(self._lock), "--attempt", str(self._attempt), *more],
            stdin=subprocess.DEVNULL,
            pass_fds=(self._lock,),
            process_group=0,  # so that it can be killed with all that it started, and the waiter stays to tell
            env=environment,
        )
        try:
            write_json(self._run_dir / PROC, identify(worker.pid, os.getpid(), self._attempt))
        except OSError as error:  # a full disk: without an identity nobody could ever stop it
            worker.kill()
            print(f"{self._run_dir / PROC}: {error}", file=sys.stderr)
        if self.asked:
            worker.send_signal(self.asked[-1])
        status = worker.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.pid, signal.SIGKILL)  # processes that the learner's code left behind
        return status


def another_gpu(config: RunConfig, ask: Callable[[], DeviceReport] | None = None) -> tuple[dict[str, str], str]:
    """Choose a GPU other than the run's, which was taken; return what to set for the worker, and what to say of it."""
    from tutor.training import devices

    name = config.device_name or "The GPU"
    report = (ask or devices.probe)()
    free = tuple(gpu for gpu in report.gpus if gpu.uuid and gpu.uuid != config.gpu)
    left = structs.replace(report, gpus=free)
    choice = devices.choose("cuda", left, os.environ, mode=config.mode, dtype=config.dtype) if free else None
    if choice is None or choice.device == "cpu":
        return {}, f"{name} was taken by others before the first step, and there is no other: tried once more."
    return choice.environment, f"{name} was taken by others before the first step: tried on {choice.name}."


def classify(run_dir: Path, status: int, *, oom_killed: bool) -> End:
    """Say how a worker ended that wrote no end.json, from its exit status (negative: the signal)."""
    edge = read_edge(run_dir / METRICS_FILE)
    step = edge.last.step if edge else 0
    if read_control(run_dir).cancel:
        return End("cancelled", "You cancelled it.", step, status)
    if status == -signal.SIGKILL and oom_killed:
        batch = read_control(run_dir).batch or read_config(run_dir).batch
        advice = f"Try batch {batch // 2}." if batch > 1 else "Try a smaller network."
        reason = f"The machine ran out of memory, with batch {batch}, and the kernel ended the run. {advice}"
        return End("out-of-memory", reason, step, status)
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return End("failed", f"Its process was killed from outside, or crashed ({name}).", step, status)
    if status == TAKEN:
        return End("failed", "Others took its GPU before the first step. The CPU always works: --device cpu.", step)
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
