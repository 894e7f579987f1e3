"""What moves the parameters: ours, and the learner's own in every style that their exercise knows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.family_specs import family
from tests.functional.test_families_b import RIGHT
from tests.trained import losses, network_of
from tests.training_runs import LINEAR, SIGMOID, challenge
from tutor import nn
from tutor.errors import RunError, UnknownName
from tutor.training.datasets import load
from tutor.training.model import OwnOptimizer
from tutor.training.networks.network import Network
from tutor.training.networks.optimizers import OURS
from tutor.training.recipes import SETTINGS, choose_optimizer, usual_lr

STEPS = 40
OWN = [label for label, (_, options, _, _) in RIGHT.items() if not str(options["rule"]).startswith("clip")]


def own(label: str) -> tuple[Any, str]:
    name, options, source, _ = RIGHT[label]
    exercise = family("optimizer", name, **options)
    return choose_optimizer(train(), OwnOptimizer(exercise, source)), source


def train() -> Any:
    return challenge("linear_scratch").train


def walked(network: Network, lr: float, later: float) -> dict[str, Any]:
    """The parameters after forty steps, the learning rate changed half-way."""
    assert np.mean(losses(network, STEPS // 2, lr)[-5:]) < 2.3
    losses(network, STEPS // 2, later)
    return network.params()


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_optimizer_of_ours_trains_and_is_the_textbooks(kind: str) -> None:
    optimizer = choose_optimizer(train(), kind)
    network = network_of(challenge("linear_scratch"), LINEAR, optimizer=optimizer)
    lr = usual_lr(train(), optimizer)
    data = load("digits")
    x, targets = network.place(data.x_train[:8], data.y_train[:8])
    grads = network.backward(network.loss(network.forward(x), targets)[1])
    expected = {name: value.copy() for name, value in network.params().items()}
    network.step(lr)
    getattr(nn, OURS[kind])(lr, **SETTINGS[kind]).step(expected, grads)
    for name, value in network.params().items():
        np.testing.assert_array_equal(value, expected[name])
    found = losses(network, 3 * STEPS, lr)
    assert np.mean(found[-5:]) < 0.7 * found[0]


_OTHER_WALK = ("epsilon", "rate outside", "PyTorch", "as a mean", "penalty", "Sutskever")


@pytest.mark.parametrize("label", OWN)
def test_the_learners_own_optimizer_trains_and_walks_as_ours_does(label: str) -> None:
    optimizer, source = own(label)
    lr = 0.05 if optimizer.kind in ("sgd", "momentum", "nesterov") else 0.01
    theirs = network_of(challenge("linear_scratch"), LINEAR, source, optimizer=optimizer, lr=lr)
    way = walked(theirs, lr, 0.4 * lr)
    if any(words in label for words in _OTHER_WALK):
        return  # another documented way: it trains, which was seen
    ours = network_of(challenge("linear_scratch"), LINEAR, optimizer=choose_optimizer(train(), optimizer.kind), lr=lr)
    expected = walked(ours, lr, 0.4 * lr)
    for name, value in way.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-6, atol=1e-9)


HIDDEN_RATE = """
class SGD:
    def __init__(self, lr):
        self.moved = lambda p, g: p - lr * g
    def step(self, params, grads):
        for name in params:
            params[name][...] = self.moved(params[name], grads[name])
"""


def test_a_rate_that_cannot_be_found_scales_the_steps() -> None:
    optimizer = choose_optimizer(train(), OwnOptimizer(family("optimizer", "SGD", rule="sgd"), HIDDEN_RATE))
    theirs = network_of(challenge("linear_scratch"), LINEAR, HIDDEN_RATE, optimizer=optimizer, lr=0.1)
    expected = walked(network_of(challenge("linear_scratch"), LINEAR, lr=0.1), 0.1, 0.03)
    for name, value in walked(theirs, 0.1, 0.03).items():
        np.testing.assert_allclose(value, expected[name])


def test_a_layer_with_an_update_of_its_own_moves_by_it_unless_another_is_asked_for() -> None:
    exercise = challenge("backprop_fill")
    assert exercise.train is not None
    assert choose_optimizer(exercise.train, "").owner == "layer"
    source = SIGMOID.replace("self.W -= lr * self.dW", "raise ValueError")
    network = network_of(exercise, source, optimizer=choose_optimizer(exercise.train, "adam"))
    assert losses(network, STEPS, 0.01)[-1] < 1.0


def test_what_is_no_optimizer_is_said() -> None:
    with pytest.raises(UnknownName, match="adam"):
        choose_optimizer(train(), "adan")
    clipping = family("optimizer", "clip_by_norm", rule="clip_by_norm", returns="norm")
    with pytest.raises(RunError, match="mine is no optimiser that trains a network"):
        choose_optimizer(train(), OwnOptimizer(clipping, ""))
    with pytest.raises(RunError, match="linear_scratch is no optimiser"):
        choose_optimizer(train(), OwnOptimizer(challenge("linear_scratch"), ""))


def test_what_a_checkpoint_must_hold_of_an_optimizer() -> None:
    found = {}
    for label in ("adam", "adam as a function", "rmsprop, array by array"):
        optimizer, source = own(label)
        network = network_of(challenge("linear_scratch"), LINEAR, source, optimizer=optimizer, lr=0.01)
        losses(network, 2, 0.01)
        found[label] = network.roots()
    assert found["adam"]["optimizer"].t == 2  # type: ignore[attr-defined]
    assert found["adam as a function"]["optimizer"].state["t"] == 2  # type: ignore[attr-defined]
    assert {"optimizer.W1", "optimizer.b2"} <= {*found["rmsprop, array by array"]}
