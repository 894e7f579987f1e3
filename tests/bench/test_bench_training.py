"""What the worker costs the learner's code: recording every step, and the loop around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from tests.bench.harness import Line, show
from tests.training_runs import LINEAR, SIGMOID, challenge
from tutor import nn
from tutor.learner import load_module
from tutor.training import Watch, folder
from tutor.training.datasets import load
from tutor.training.loop import Trainer
from tutor.training.metrics import Pyramid, Recorder, dtype_of
from tutor.training.model import METRICS, TrainOptions
from tutor.training.networks.network import make_network
from tutor.training.prepare import prepare

pytestmark = pytest.mark.bench

ROUNDS = 250
SOURCES = {"linear_scratch": LINEAR, "backprop_fill": SIGMOID}
Epoch = Callable[[], object]


class NoRecorder(Recorder):
    """The same interface, and nothing behind it."""

    def step(self, t: float, step: int, loss: float, lr: float) -> None: ...
    def gauge(self, values: Mapping[str, float]) -> None: ...
    def flush(self) -> None: ...


class NotMeasuring(Trainer):
    """The loop without recording: no records, no gauges."""

    def _measured_update(self, grads: object) -> None:
        self._network.step(self.steering.lr)
        self._gauges_due = False


def worker_epoch(runs: Path, name: str, recording: bool = True) -> Epoch:
    """An epoch as the worker does it."""
    config = prepare(runs, challenge(name), SOURCES[name], TrainOptions(epochs=1, seed=1))
    run_dir = runs / config.id
    np.random.seed(1)
    network = make_network(config, load_module(SOURCES[name], "code.py"), None, 1)
    data = load("digits")
    trainer = (Trainer if recording else NotMeasuring)(run_dir, config, network, data, np.random.default_rng(2))
    if not recording:
        trainer._recorder = NoRecorder(run_dir, ())
    network.check_first_pass(data.x_train[:32], data.y_train[:32])
    trainer._place()

    def epoch() -> None:
        trainer._at = 0
        trainer._one_epoch()

    return epoch


def linear_script() -> Epoch:
    """The same epoch in a bare script, shuffled as well: the learner's class, and the same loss, ReLU and SGD."""
    Linear: Any = load_module(LINEAR, "code.py")["Linear"]
    np.random.seed(1)
    first, relu, second = Linear(64, 32), nn.ReLU(), Linear(32, 10)
    criterion, sgd, data, rng = nn.SoftmaxCrossEntropy(), nn.SGD(0.1), load("digits"), np.random.default_rng(2)

    def epoch() -> None:
        order = rng.permutation(len(data.x_train))
        x_train, y_train = data.x_train[order], data.y_train[order]
        for at in range(0, len(x_train), 32):
            x, y = x_train[at : at + 32], y_train[at : at + 32]
            _, grad = criterion(second.forward(relu.forward(first.forward(x))), y)
            first.backward(relu.backward(second.backward(grad)))
            sgd.step(
                {"W1": first.W, "b1": first.b, "W2": second.W, "b2": second.b},
                {"W1": first.grad_W, "b1": first.grad_b, "W2": second.grad_W, "b2": second.grad_b},
            )

    return epoch


def sigmoid_script() -> Epoch:
    """The same for two sigmoid layers with the learner's own update."""
    Layer: Any = load_module(SIGMOID, "code.py")["SigmoidLayer"]
    np.random.seed(1)
    first, second = Layer(64, 32), Layer(32, 10)
    criterion, data, rng = nn.MSE(), load("digits"), np.random.default_rng(2)
    targets = np.eye(10)[data.y_train]

    def epoch() -> None:
        order = rng.permutation(len(targets))
        x_train, y_train = data.x_train[order], targets[order]
        for at in range(0, len(targets), 32):
            x, y = x_train[at : at + 32], y_train[at : at + 32]
            _, grad = criterion(second.forward(first.forward(x)), y)
            first.backward(second.backward(grad))
            first.update(1.0)
            second.update(1.0)

    return epoch


def speed_ratio(baseline: Epoch, ours: Epoch) -> float:
    """The speed of ours against the baseline: alternating epochs, the quieter half of each (the machine is shared)."""
    spent = np.array([[seconds(baseline), seconds(ours)] for _ in range(ROUNDS)])
    quiet = np.sort(spent, axis=0)[: ROUNDS // 2].mean(axis=0)
    return float(quiet[0] / quiet[1])


def seconds(act: Epoch) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


@pytest.mark.parametrize("name", SOURCES)
def test_recording_every_step(tmp_path: Path, name: str) -> None:
    ratio = speed_ratio(worker_epoch(tmp_path, name, recording=False), worker_epoch(tmp_path, name))
    show(Line("recording every step", name, "0.98x", ratio >= 0.98, "the loop without", ratio))


@pytest.mark.parametrize(("name", "script"), [("linear_scratch", linear_script), ("backprop_fill", sigmoid_script)])
def test_the_learners_step_in_the_worker(tmp_path: Path, name: str, script: Callable[[], Epoch]) -> None:
    ratio = speed_ratio(script(), worker_epoch(tmp_path, name))
    show(Line("learner's step in the worker", name, "0.97x", ratio >= 0.97, "the bare script", ratio))


def test_opening_a_run_of_ten_million_steps(tmp_path: Path) -> None:
    config = prepare(tmp_path, challenge("linear_scratch"), LINEAR, TrainOptions(epochs=1, seed=1))
    run_dir, n = tmp_path / config.id, 10_000_000
    folder.write_json(run_dir / folder.CONFIG, structs.replace(config, epochs=n // config.steps_per_epoch))
    pyramid = Pyramid()
    with (run_dir / folder.METRICS_FILE).open("wb") as metrics, (run_dir / folder.PYRAMID_FILE).open("wb") as blocks:
        for first in range(0, n, 1_000_000):
            records = np.zeros(1_000_000, dtype_of(METRICS))
            records["step"] = np.arange(first + 1, first + 1_000_001)
            records["loss"] = 1 / records["step"]
            records.tofile(metrics)
            pyramid.add(records["step"], records["loss"]).tofile(blocks)
    spent = []
    for _ in range(5):
        began = perf_counter()
        watch = Watch(run_dir)
        watch.poll()
        steps, _ = watch.new_points()
        spent.append((perf_counter() - began) * 1e3)
    assert steps[-1] == n
    idle = perf_counter()
    watch.poll()
    idle = (perf_counter() - idle) * 1e3
    news = f"a poll without news {idle:.2f} ms"
    show(Line("opening a run of 1e7 steps", f"{min(spent):.1f} ms", "20 ms", min(spent) <= 20, news))
