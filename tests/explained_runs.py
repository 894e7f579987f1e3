"""Runs that the chart should talk about, and runs that it should leave in peace: trained here, quickly, by tutor.nn."""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Any, NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from tests.training_runs import CONFIG
from tutor import nn
from tutor.nn.mlp import mse, softmax_cross_entropy
from tutor.training.datasets import load
from tutor.training.explain import Explained, Explainer
from tutor.training.model import RunConfig

Array = NDArray[Any]
Samples = tuple[Array, Array, Array, Array, int]  # x, y to learn from; x, y held back; classes

GAIN = {"relu": 2.0, "tanh": 1.0, "sigmoid": 16.0, "none": 1.0}  # He; LeCun; Glorot and Bengio: 4 times as large
OPTIMIZERS = {"sgd": nn.SGD, "momentum": nn.Momentum, "adam": nn.Adam}


class Setup(NamedTuple):
    """One configuration; the defaults train the digits well."""

    name: str
    data: str = "digits"
    hidden: tuple[int, ...] = (32,)
    activation: str = "relu"
    loss: str = "softmax_cross_entropy"
    optimizer: str = "sgd"
    lr: float = 0.1
    batch: int = 32
    epochs: int = 8
    scale: float = 1.0  # times the right standard deviation of the weights
    samples: int = 0  # to learn from; 0: all
    wrong_labels: float = 0.0  # the share of the labels that are drawn anew
    sign: float = 1.0  # -1: up the gradient
    bias: float = 0.0  # of the hidden layers, at the start
    gauge_every: int = 7  # steps; about 10 a second are measured, which at full speed is one in a thousand


# What is right: the loss falls, however slowly or noisily.
HEALTHY = (
    Setup("plain"),
    Setup("no hidden layer", hidden=()),
    Setup("three hidden", hidden=(32, 32, 32)),
    Setup("five hidden", hidden=(32, 32, 32, 32, 32), lr=0.05),
    Setup("wide", hidden=(128,), epochs=4),
    Setup("narrow", hidden=(10,), epochs=10),
    Setup("tanh", activation="tanh"),
    Setup("tanh, three hidden", activation="tanh", hidden=(24, 24, 24)),
    Setup("tanh, five hidden", activation="tanh", hidden=(24,) * 5, lr=0.05),
    Setup("sigmoid", activation="sigmoid", lr=0.3),
    Setup("sigmoid, two hidden", activation="sigmoid", hidden=(32, 32), lr=0.3),
    Setup("sigmoid, four hidden, adam", activation="sigmoid", hidden=(24,) * 4, optimizer="adam", lr=3e-3),
    Setup("batch of 1", batch=1, lr=0.01, epochs=1, gauge_every=50),
    Setup("batch of 2", batch=2, lr=0.02, epochs=2, gauge_every=30),
    Setup("batch of 4, tanh", batch=4, lr=0.03, epochs=3, activation="tanh"),
    Setup("batch of 8, adam", batch=8, optimizer="adam", lr=1e-3, epochs=4),
    Setup("batch of 256", batch=256, lr=0.2, epochs=20),
    Setup("full batch", batch=1437, lr=0.3, epochs=60, gauge_every=3),
    Setup("full batch, slow", batch=1437, lr=0.03, epochs=60, gauge_every=3),
    Setup("slow", lr=0.003),
    Setup("very slow", lr=0.001, epochs=12),
    Setup("slow, batch of 4", lr=0.001, batch=4, epochs=3, gauge_every=100),
    Setup("brisk", lr=0.3),
    Setup("momentum", optimizer="momentum", lr=0.02),
    Setup("momentum, slow", optimizer="momentum", lr=0.001),
    Setup("momentum, full batch", optimizer="momentum", lr=0.05, batch=1437, epochs=60, gauge_every=2),
    Setup("adam", optimizer="adam", lr=1e-3),
    Setup("adam, brisk", optimizer="adam", lr=5e-3),
    Setup("adam, slow", optimizer="adam", lr=1e-4),
    Setup("adam, five hidden", optimizer="adam", lr=1e-3, hidden=(32,) * 5),
    Setup("many epochs", epochs=50, batch=64, gauge_every=300),
    Setup("many epochs, adam", epochs=40, batch=64, optimizer="adam", lr=2e-3, gauge_every=500),
    Setup("many epochs, deep", epochs=30, batch=64, hidden=(32, 32, 32), lr=0.1, gauge_every=200),
    Setup("one epoch", epochs=1),
    Setup("three epochs, few samples", epochs=3, samples=200, batch=16),
    Setup("squared error", loss="mse", lr=0.03),
    Setup("squared error, tanh", loss="mse", activation="tanh", lr=0.03),
    Setup("squared error, sigmoid", loss="mse", activation="sigmoid", lr=0.05),
    Setup("squared error, adam", loss="mse", optimizer="adam", lr=2e-3),
    Setup("squared error, batch of 1", loss="mse", lr=0.003, batch=1, epochs=1, gauge_every=60),
    Setup("squared error, slow", loss="mse", lr=0.002),
    Setup("moons", data="moons", hidden=(16,), lr=0.2, batch=16, epochs=25),
    Setup("moons, slow", data="moons", hidden=(16,), lr=0.01, batch=16, epochs=20),
    Setup("moons, tanh, adam", data="moons", hidden=(16, 16), activation="tanh", optimizer="adam", lr=5e-3, epochs=20),
    Setup("rings", data="rings", hidden=(16,), lr=0.2, batch=32, epochs=30),
    Setup("rings, batch of 1", data="rings", hidden=(16,), lr=0.02, batch=1, epochs=2, gauge_every=60),
    Setup("spirals, adam", data="spirals", hidden=(32, 32), optimizer="adam", lr=1e-2, batch=32, epochs=20),
    Setup("spirals, deep tanh", data="spirals", hidden=(16,) * 4, activation="tanh", optimizer="adam", lr=5e-3,
          epochs=15),
    Setup("xor", data="xor", hidden=(8,), lr=0.2, batch=16, epochs=30),
    Setup("xor, full batch", data="xor", hidden=(8,), activation="tanh", lr=0.5, batch=640, epochs=200, gauge_every=9),
    Setup("xor, squared error", data="xor", hidden=(8,), activation="tanh", loss="mse", lr=0.1, batch=16, epochs=40),
)  # fmt: skip


class Sick(NamedTuple):
    """A configuration that must be told, and what may be told beside it."""

    key: str
    setup: Setup
    also: Set[str] = frozenset()


SICK = (
    Sick("first-loss", Setup("weights ten times too large", scale=10.0, lr=0.001), {"large-steps", "exploding"}),
    Sick("chance", Setup("deep sigmoid, small weights", activation="sigmoid", hidden=(24,) * 4, scale=0.1, lr=0.01),
         {"vanishing"}),
    Sick("chance", Setup("all units dead", hidden=(32, 32), bias=-30.0, lr=0.05), {"dead", "vanishing"}),
    Sick("flat", Setup("no step to speak of", lr=1e-7), {"small-steps"}),
    Sick("flat", Setup("no step, squared error", lr=1e-8, loss="mse"), {"small-steps"}),
    Sick("rising", Setup("up the gradient", sign=-1.0, lr=0.02), {"exploding", "large-steps"}),
    Sick("oscillating", Setup("full batch, too brisk", activation="tanh", batch=1437, lr=2.0, epochs=40, gauge_every=2),
         {"large-steps", "rising"}),
    Sick("overfitting", Setup("few samples, wrong labels", samples=60, wrong_labels=0.5, hidden=(64, 64), epochs=40,
         optimizer="adam", lr=5e-3, batch=16)),
    Sick("vanishing", Setup("deep sigmoid", activation="sigmoid", hidden=(24,) * 6, scale=0.25, lr=0.1), {"chance"}),
    Sick("exploding", Setup("deep, too large", hidden=(32,) * 5, scale=4.0, lr=1e-7),
         {"first-loss", "flat", "small-steps"}),
    Sick("dead", Setup("biases far below zero", bias=-1.2, lr=0.05), {"chance", "vanishing"}),
    Sick("large-steps", Setup("far too brisk", activation="tanh", lr=3.0),
         {"oscillating", "rising", "vanishing", "flat"}),
    Sick("small-steps", Setup("hardly a step", lr=1e-6), {"flat"}),
    Sick("diverged", Setup("out of all bounds", loss="mse", lr=5.0), {"rising", "exploding", "large-steps", "dead"}),
)  # fmt: skip


class Recording(NamedTuple):
    """What a worker would have seen."""

    setup: Setup
    config: RunConfig
    losses: Array
    gauges: list[tuple[int, dict[str, float]]]
    evaluated: list[tuple[int, int, float, float, float, float]]
    diverged: int  # the step, 0 for never


def record(setup: Setup, seed: int) -> Recording:
    """Train one setup and write down what the worker would hand on."""
    rng = np.random.default_rng([seed, 5])
    x, y, x_test, y_test, classes = _samples(setup, rng)
    widths = (x.shape[1], *setup.hidden, classes)
    network = _network(setup, widths, rng)
    loss_of = softmax_cross_entropy if setup.loss == "softmax_cross_entropy" else _squared(classes)
    optimizer = OPTIMIZERS[setup.optimizer](setup.sign * setup.lr)
    params = {f"{kind}{i}": p for kind in "Wb" for i, p in enumerate(getattr(network, kind), 1)}
    losses: list[float] = []
    gauges: list[tuple[int, dict[str, float]]] = []
    evaluated: list[tuple[int, int, float, float, float, float]] = []
    dead: dict[str, float] = {}
    for epoch in range(1, setup.epochs + 1):
        order = rng.permutation(len(x))
        for at in range(0, len(x), setup.batch):
            rows = order[at : at + setup.batch]
            loss, grad = loss_of(network.forward(x[rows]), y[rows])
            if not math.isfinite(loss):
                return Recording(
                    setup, _config(setup, widths, len(x)), np.array(losses), gauges, evaluated, len(losses) + 1
                )
            losses.append(float(loss))
            network.backward(grad)
            grads = {f"{kind}{i}": g for kind in "Wb" for i, g in enumerate(getattr(network, f"grad_{kind}"), 1)}
            due = len(losses) == 1 or len(losses) % setup.gauge_every == 0
            before = {name: p.copy() for name, p in params.items()} if due else {}
            optimizer.step(params, grads)
            if due:
                gauges.append((len(losses), _measure(before, params, grads) | dead))
        test, train = network.forward(x_test), None
        if setup.activation == "relu":
            dead = {f"dead.{i}": float((~(a > 0).any(axis=0)).mean()) for i, a in enumerate(network.inputs[1:], 1)}
        train = network.forward(x[:500])
        evaluated.append((
            epoch, len(losses), float(loss_of(train, y[:500])[0]), float((train.argmax(1) == y[:500]).mean()),
            float(loss_of(test, y_test)[0]), float((test.argmax(1) == y_test).mean()),
        ))  # fmt: skip
    return Recording(setup, _config(setup, widths, len(x)), np.array(losses), gauges, evaluated, 0)


def replay(recording: Recording, chunk: int = 45) -> tuple[Explained, ...]:
    """Tell an explainer what was recorded, `chunk` steps at a time; return all that it said."""
    explainer = Explainer(recording.config)
    gauges, evaluated = list(recording.gauges), list(recording.evaluated)
    said: list[Explained] = []
    at = 0
    while at < len(recording.losses):
        past = min(at + chunk, len(recording.losses), evaluated[0][1] if evaluated else at + chunk)
        said += explainer.steps(np.arange(at + 1, past + 1), recording.losses[at:past])
        newest = None
        while gauges and gauges[0][0] <= past:
            newest = gauges.pop(0)
        if newest is not None:
            said += explainer.gauges(*newest)
        if evaluated and evaluated[0][1] == past:
            said += explainer.evaluated(*evaluated.pop(0))
        at = past
    if recording.diverged:
        said += explainer.diverged(recording.diverged, "the forward pass of layer 1")
    return tuple(said)


def _measure(before: dict[str, Array], after: dict[str, Array], grads: dict[str, Array]) -> dict[str, float]:
    values = {}
    for name, old in before.items():
        size = float(np.linalg.norm(old))
        values[f"grad_norm.{name}"] = float(np.linalg.norm(grads[name]))
        values[f"update_ratio.{name}"] = float(np.linalg.norm(after[name] - old)) / size if size else math.nan
    return values


def _network(setup: Setup, widths: tuple[int, ...], rng: np.random.Generator) -> nn.MLP:
    network = nn.MLP(widths, setup.activation, rng)  # type: ignore[arg-type]
    for k, W in enumerate(network.W):
        last = k == len(network.W) - 1
        gain = 1.0 if last and setup.activation != "relu" else GAIN[setup.activation]
        W[:] = rng.normal(0.0, setup.scale * math.sqrt(gain / W.shape[0]), size=W.shape)
        if not last:
            network.b[k][:] = setup.bias
    return network


def _squared(classes: int) -> Any:
    one_hot = np.eye(classes)
    return lambda output, labels: mse(output, one_hot[labels])


def _config(setup: Setup, widths: tuple[int, ...], samples: int) -> RunConfig:
    return structs.replace(
        CONFIG, dataset=setup.data, widths=widths, loss=setup.loss, lr=setup.lr, batch=setup.batch,
        epochs=setup.epochs, steps_per_epoch=math.ceil(samples / setup.batch),
    )  # fmt: skip


def _samples(setup: Setup, rng: np.random.Generator) -> Samples:
    data = load(setup.data)
    x, y = data.x_train, data.y_train
    if setup.samples:
        x, y = x[: setup.samples], y[: setup.samples].copy()
    if setup.wrong_labels:
        wrong = rng.random(len(y)) < setup.wrong_labels
        y = np.where(wrong, rng.integers(0, data.classes, len(y)), y)
    return x, y, data.x_test, data.y_test, data.classes
