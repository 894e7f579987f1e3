"""Training runs in the test's own process, stopped at a chosen step: what a worker does, without one."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import structs

from tests.training_runs import challenge
from tutor.training import folder
from tutor.training.loop import Trainer
from tutor.training.model import End, RunConfig, TrainOptions
from tutor.training.prepare import prepare
from tutor.training.worker import make_trainer

# A layer that keeps all sorts of things: what it draws and counts decides every later bit.
MEMORY = """
import random
from collections import deque
import numpy as np

noise = np.random.default_rng(11)
passes = 0

class Running:
    __slots__ = ("mean",)
    def __init__(self, n):
        self.mean = np.zeros(n)

class Linear:
    made = 0
    def __init__(self, n_in, n_out):
        Linear.made += 1
        self.W = np.random.randn(n_out, n_in).T * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)
        self.rng = np.random.RandomState(5)
        self.running = Running(n_in)
        self.last = deque(maxlen=3)
        self.seen = {}

    def forward(self, x):
        global passes
        passes += 1
        self.running.mean = 0.9 * self.running.mean + 0.1 * x.mean(axis=0)
        kept = (noise.random(x.shape) < 0.9) * (1 + 1e-3 * np.random.randn()) * (1 + 1e-3 * random.random())
        self.x = (x - 0.01 * self.running.mean) * kept + 1e-4 * self.rng.randn() + 1e-6 * passes
        self.last.append(float(x.sum()))
        self.seen[passes % 3] = self.x[:1].copy()
        return self.x @ self.W + self.b + 1e-6 * sum(self.last)

    def backward(self, grad_output):
        self.grad_W = self.x.T @ grad_output
        self.grad_b = grad_output.sum(axis=0)
        return grad_output @ self.W.T
"""


def make_run(runs: Path, source: str, name: str = "linear_scratch", **options: Any) -> tuple[Path, RunConfig]:
    """A run of two epochs of five steps, without a process."""
    asked = structs.replace(TrainOptions(epochs=2, batch=288, seed=7), **options)
    config = prepare(runs, challenge(name), source, asked)
    return runs / config.id, config


class Watched:
    """A network that calls back after every step."""

    def __init__(self, trainer: Trainer, after_step: Callable[[int], object]) -> None:
        """`after_step` gets the number of steps taken by this trainer."""
        self._network = trainer._network
        self._after_step = after_step
        self._taken = 0
        trainer._network = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def step(self, lr: float) -> None:
        self._network.step(lr)
        self._taken += 1
        self._after_step(self._taken)


def train(run_dir: Path, config: RunConfig, attempt: int = 1, stop_after: int | None = None) -> tuple[Trainer, End]:
    """Train to the end, or until a signal comes during the step after which it should stop."""
    trainer = make_trainer(run_dir, config, attempt)
    Watched(trainer, lambda taken: trainer.stop(signal.SIGTERM) if taken == stop_after else None)
    end = trainer.run()
    if stop_after is None:  # else what was not flushed is lost, as by a kill
        trainer.close()
    return trainer, end


def contents(path: Path) -> dict[str, Any]:
    """All that a checkpoint holds, but when it was written and by which attempt."""
    with np.load(path) as stored:
        header, tree, views = json.loads(stored["text"].tobytes())
        memory = [stored[f"r{i}"].tobytes() for i in range(len(stored.files) - 1)]
    header["attempt"], header["position"]["t"] = 0, 0.0
    del header["position"]["explained"]  # the explainer looks by the clock
    return {"header": header, "tree": tree, "views": views, "memory": memory}


def losses(run_dir: Path) -> list[tuple[int, float]]:
    """The curve, as a reader sees it."""
    from tutor.training.metrics import read_metrics

    records = read_metrics((run_dir / folder.METRICS_FILE).read_bytes())
    return [(int(record["step"]), float(record["loss"])) for record in records]
