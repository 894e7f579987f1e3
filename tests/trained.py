"""What the tests of networks in training share: a run's network made of a challenge and a file, and its steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import structs

from tests.training_runs import CONFIG
from tutor.course import Challenge
from tutor.learner import load_module
from tutor.training.datasets import load
from tutor.training.model import RunConfig
from tutor.training.networks.architecture import architecture_of
from tutor.training.networks.network import Network, make_network
from tutor.training.recipes import choose_optimizer

SEED, BATCH = 3, 32


def config_for(challenge: Challenge, shape: tuple[int, ...] = (8, 8), classes: int = 10, **changes: Any) -> RunConfig:
    """The configuration of a run; `changes` are its fields, and `hidden`."""
    train = challenge.train
    assert train is not None
    architecture = architecture_of(train, shape, classes, changes.pop("hidden", None))
    fields = {"optimizer": choose_optimizer(train, ""), "lr": train.lr, **changes}
    return structs.replace(CONFIG, train=train, architecture=architecture, loss=train.loss, **fields)


def network_of(challenge: Challenge, source: str, optimizer_source: str = "", **changes: Any) -> Network:
    """The network of a run, as the worker makes it."""
    config = config_for(challenge, **changes)
    np.random.seed(SEED)
    source = source.replace(
        "default_rng()", f"default_rng({SEED})"
    )  # the textbook's classes draw from one of their own
    theirs = load_module(optimizer_source, "optimizer.py") if optimizer_source else None
    return make_network(config, load_module(source, "code.py"), theirs, SEED)


def losses(network: Network, steps: int, lr: float, batch: int = BATCH) -> list[float]:
    """The losses of so many steps on the digits, the first pass checked as the worker does."""
    data = load("digits")
    network.check_first_pass(data.x_train[:batch], data.y_train[:batch])
    x, targets = network.place(data.x_train, data.y_train)
    found = []
    for step in range(steps):
        at = step * batch % (len(targets) - batch)
        loss, grad = network.loss(network.forward(x[at : at + batch].copy()), targets[at : at + batch])
        network.backward(grad)
        network.step(lr)
        found.append(loss)
    return found


def accuracy(network: Network, epochs: int, lr: float, batch: int) -> float:
    """The accuracy on the held-back digits after training as the worker does."""
    data, rng = load("digits"), np.random.default_rng(SEED)
    network.check_first_pass(data.x_train[:batch], data.y_train[:batch])
    x, targets = network.place(data.x_train, data.y_train)
    for _ in range(epochs):
        order = rng.permutation(len(targets))
        for at in range(0, len(order), batch):
            rows = order[at : at + batch]
            _, grad = network.loss(network.forward(x[rows]), targets[rows])
            network.backward(grad)
            network.step(lr)
    output = network.evaluate(*network.place(data.x_test, data.y_test)).output
    return float((output.argmax(axis=1) == data.y_test).mean())
