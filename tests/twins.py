"""What the tests of PyTorch beside the learner's code share: a run's configuration, its network, its steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import structs

from tests.training_runs import CONFIG
from tutor.course import Challenge
from tutor.learner import load_module
from tutor.training import torch_side
from tutor.training.datasets import load
from tutor.training.model import RunConfig
from tutor.training.networks.architecture import architecture_of
from tutor.training.networks.network import make_network

SEED, BATCH = 3, 32


def config_of(challenge: Challenge, mode: str = "lockstep", **changes: Any) -> RunConfig:
    """The configuration of a run of the exercise on the digits."""
    assert challenge.train is not None
    architecture = architecture_of(challenge.train, (8, 8), 10, changes.pop("hidden", None))
    fields = {"train": challenge.train, "architecture": architecture, "lr": challenge.train.lr, "mode": mode, **changes}
    return structs.replace(CONFIG, challenge=challenge.id, loss=challenge.train.loss, **fields)


def make(config: RunConfig, source: str) -> Any:
    """Make the network of a run as the worker does."""
    np.random.seed(SEED)
    name = f"{config.challenge}.py"
    if config.mode == "numpy":
        return make_network(config, load_module(source, name), None, SEED)
    return torch_side.make_network(config, {name: source}, SEED)


def train(network: Any, steps: int, lr: float, first: int = 0) -> Iterator[float]:
    """Train on batches of the digits, the same at the same step, and yield the loss after each step."""
    data = load("digits")
    x, targets = network.place(data.x_train, data.y_train)
    for step in range(first, first + steps):
        at = step * BATCH % (len(targets) - BATCH)
        loss, grad = network.loss(network.forward(x[at : at + BATCH]), targets[at : at + BATCH])
        network.backward(grad)
        network.step(lr)
        yield loss
