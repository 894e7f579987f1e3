"""What the tests of training share: correct learners' files, runs in a fresh folder, and waiting for a condition."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tutor.course import Challenge, load_challenge
from tutor.paths import Paths, locate
from tutor.training import ENDED, RunConfig, Tick, Watch, start
from tutor.training.folder import read_end, read_process
from tutor.training.identity import is_running, worker_runs
from tutor.training.model import Process

# A run as it stands in its folder, for what only shows one.
CONFIG = RunConfig(
    id="1-linear_scratch",
    challenge="linear_scratch",
    code_hash="",
    dataset="digits",
    widths=(64, 32, 10),
    loss="mse",
    lr=0.1,
    batch=32,
    epochs=60,
    steps_per_epoch=45,
    seed=3,
    device="cpu",
    dtype="float64",
    pace=45.0,
    threads=1,
    created=0.0,
    versions={},
)

LINEAR = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad_output):
        self.grad_W = self.x.T @ grad_output
        self.grad_b = grad_output.sum(axis=0)
        return grad_output @ self.W.T
"""

SIGMOID = """
import numpy as np

class SigmoidLayer:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * np.sqrt(1 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        self.a = 1 / (1 + np.exp(-(x @ self.W + self.b)))
        return self.a

    def backward(self, grad_output):
        grad_z = grad_output * self.a * (1 - self.a)
        self.dW = self.x.T @ grad_z
        self.db = grad_z.sum(axis=0)
        return grad_z @ self.W.T

    def update(self, lr):
        self.W -= lr * self.dW
        self.b -= lr * self.db
"""


def challenge(name: str) -> Challenge:
    """One of the course's own exercises."""
    return load_challenge(locate().lessons, name)


def paths_in(folder: Path) -> Paths:
    """The course, and a learner's folder of the test's own."""
    return locate(folder / "user_data")


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Poll until the condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.01)


def wait_for(watch: Watch, condition: Callable[[Tick], object], seconds: float = 30.0) -> Tick:
    """Poll a run until what is true of it meets the condition."""
    found: list[Tick] = []

    def met() -> bool:
        found[:] = [watch.poll()]
        return bool(condition(found[0]))

    wait_until(met, seconds)
    return found[0]


def ended(tick: Tick) -> bool:
    """The condition that a run has ended."""
    return tick.state in ENDED


def finish(paths: Paths, name: str, source: str, seconds: float = 30.0, **options: float | int) -> tuple[Watch, Tick]:
    """Train to the end, whatever it is."""
    with running(paths, name, source, **options) as (watch, _):
        return watch, wait_for(watch, ended, seconds)


@contextmanager
def running(paths: Paths, name: str, source: str, **options: object) -> Iterator[tuple[Watch, RunConfig]]:
    """Start a run; one that has not ended at the end of the test is killed."""
    config = start(paths, challenge(name), source, **options)  # type: ignore[arg-type]
    run_dir = paths.runs / config.id
    try:
        yield Watch(run_dir), config
    finally:
        if read_end(run_dir) is None:
            kill(run_dir)


def started(watch: Watch, after_step: int = 1) -> Process:
    """Wait until the run has made some steps, and return who runs it."""
    wait_for(watch, lambda tick: tick.step >= after_step)
    process = read_process(watch.run_dir)
    assert process is not None
    assert worker_runs(process)
    return process


def kill(run_dir: Path) -> None:
    """Kill the worker and the waiter of a run, if they are there."""
    process = read_process(run_dir)
    for pid, ticks in (
        [(process.pid, process.start_ticks), (process.waiter_pid, process.waiter_ticks)] if process else []
    ):
        if is_running(pid, ticks):
            os.kill(pid, signal.SIGKILL)
