"""What the tests of the looks at the epochs share: a small network that learns, and the folder that it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from tests.training_runs import CONFIG
from tutor import nn
from tutor.nn.mlp import softmax_cross_entropy
from tutor.training.datasets import Dataset, load
from tutor.training.epochs import EpochLooks
from tutor.training.folder import CONFIG as CONFIG_FILE
from tutor.training.folder import END, write_json
from tutor.training.model import End, RunConfig

Array = NDArray[Any]


def config_of(epochs: int, loss: str = "softmax_cross_entropy") -> RunConfig:
    """A run of so many epochs."""
    return structs.replace(CONFIG, epochs=epochs, loss=loss)


def plane(n: int = 300) -> Dataset:
    """Two classes of the plane, one beside the other."""
    rng = np.random.default_rng(2)
    y = np.arange(n) % 2
    x = rng.normal(0, 0.6, (n, 2)) + np.stack([2.0 * y - 1, np.zeros(n)], axis=1)
    return structs.replace(
        load("digits"), name="plane", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:], classes=2
    )


def params_of(network: nn.MLP) -> dict[str, Array]:
    """By the names that the worker gives them."""
    weights = {f"W{i}": W for i, W in enumerate(network.W, 1)}
    return weights | {f"b{i}": b for i, b in enumerate(network.b, 1)}


def trained(folder: Path, epochs: int = 4, data: Dataset | None = None, *, ended: bool = True) -> Path:
    """Train, and leave a run's folder with a look at every epoch."""
    data = data or load("digits")
    run_dir = folder / f"3-{data.name}"
    run_dir.mkdir(parents=True)
    config = config_of(epochs)
    write_json(run_dir / CONFIG_FILE, config)
    network = nn.MLP((data.x_train.shape[1], 12, data.classes), rng=np.random.default_rng(1))
    sgd, looks = nn.SGD(0.3), EpochLooks(run_dir, config, data)
    for epoch in range(epochs + 1):
        for at in range(0, len(data.x_train) if epoch else 0, 32):
            _, grad = softmax_cross_entropy(network.forward(data.x_train[at : at + 32]), data.y_train[at : at + 32])
            network.backward(grad)
            grads = {f"W{i}": g for i, g in enumerate(network.grad_W, 1)}
            sgd.step(params_of(network), grads | {f"b{i}": g for i, g in enumerate(network.grad_b, 1)})
        looks.write(epoch, epoch * 45, network.forward(data.x_test), params_of(network), network.forward)
    if ended:
        write_json(run_dir / END, End("done", "All epochs are done.", epochs * 45, 0))
    return run_dir
