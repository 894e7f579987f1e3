"""The layer of an exercise that was written by hand, in a network that trains: what it lacks, and that it is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.trained import network_of
from tests.training_runs import LINEAR, SIGMOID, challenge
from tutor import nn
from tutor.errors import RunError
from tutor.training.networks.checks import check_first_step
from tutor.training.networks.network import Network


def stack(source: str, name: str = "linear_scratch") -> Network:
    return network_of(challenge(name), source, shape=(6,), classes=3, hidden=(5,))


def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(4, 6)), rng.integers(0, 3, size=4)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (LINEAR.replace("np.random.randn(n_in, n_out)", "np.zeros((n_in, n_out))"), "start at zero"),
        (LINEAR.replace("self.W = np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)", "pass"), "sets no self.W"),
        (LINEAR.replace("np.zeros(n_out)", "0"), "self.b of your Linear is of the type int"),
        (LINEAR.replace("np.zeros(n_out)", "np.zeros(n_out, int)"), "array of int64"),
        (LINEAR.replace("class Linear", "class Layer"), "no class Linear"),
        (LINEAR.replace("def backward", "def back"), "no method backward"),
        (LINEAR.replace("grad_output.sum(axis=0)", "grad_output"), "The gradient of b1 is an array of shape (4, 5)"),
        (LINEAR.replace("self.grad_W = ", "grad_W = "), "leaves no self.grad_W"),
        (LINEAR.replace("return grad_output @ self.W.T", "pass"), "Your backward returns None"),
        (LINEAR.replace("return x @ self.W + self.b", "return (x @ self.W + self.b).T"), "shape (5, 4)"),
        (LINEAR.replace("return x @ self.W + self.b", "return (x @ self.W).astype(int)"), "array of int64"),
    ],
)
def test_what_a_class_lacks_is_said_in_a_sentence(source: str, said: str) -> None:
    with pytest.raises(RunError) as raised:
        stack(source).check_first_pass(*batch())

    assert said in str(raised.value)


def test_an_update_that_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(RunError, match="Your SigmoidLayer has no method update"):
        stack(SIGMOID.replace("def update", "def learn"), "backprop_fill")


def test_the_stack_has_our_activation_between_the_learners_layers_only() -> None:
    """Against the same network written down by hand: loss, every gradient, and one step of ours."""
    network = stack(LINEAR)
    x, labels = batch()
    network.check_first_pass(x, labels)
    W1, b1, W2, b2 = (value.copy() for value in network.params().values())
    first, second = nn.Linear(6, 5), nn.Linear(5, 3)
    first.W, first.b, second.W, second.b = W1, b1, W2, b2
    by_hand = nn.Network([first, nn.ReLU(), second])
    expected_loss, grad = nn.SoftmaxCrossEntropy()(by_hand.forward(x), labels)
    by_hand.backward(grad)

    placed, targets = network.place(x, labels)
    loss, grad = network.loss(network.forward(placed), targets)
    grads = network.backward(grad)
    assert loss == expected_loss
    assert list(grads) == list(network.params()) == ["W1", "b1", "W2", "b2"]
    for ours, theirs in zip(grads.values(), by_hand.grads().values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    found = network.evaluate(placed, targets)
    np.testing.assert_array_equal(found.output, by_hand.forward(x))
    assert found.loss == expected_loss
    assert found.dead == [float((x @ W1 + b1 <= 0).all(axis=0).mean())]
    network.step(0.5)
    np.testing.assert_array_equal(network.params()["W1"], W1 - 0.5 * grads["W1"])


def test_the_squared_error_takes_one_hot_targets_and_the_learners_update_is_used() -> None:
    network = stack(SIGMOID, "backprop_fill")
    x, labels = batch()
    placed, targets = network.place(x, labels)
    np.testing.assert_array_equal(targets.argmax(axis=1), labels)
    np.testing.assert_array_equal(targets.sum(axis=1), 1)
    before = {name: value.copy() for name, value in network.params().items()}
    grads = network.backward(network.loss(network.forward(placed), targets)[1])
    network.step(2.0)

    for name, value in network.params().items():
        np.testing.assert_allclose(value, before[name] - 2.0 * grads[name])
    assert network.evaluate(placed, targets).dead == []


def test_samples_are_placed_once_as_rows_of_the_runs_dtype() -> None:
    network = network_of(challenge("linear_scratch"), LINEAR, dtype="float32")
    images = np.random.default_rng(0).random((3, 8, 8))
    x, targets = network.place(images, np.array([1, 2, 3]))
    assert (x.shape, x.dtype, targets.dtype) == ((3, 64), np.float32, np.int64)
    x[:] = 0
    assert images.any()  # a copy: whatever happens to it, the data stays
    assert network.forward(x).dtype == np.float32


def test_what_a_checkpoint_must_hold_has_a_name() -> None:
    roots: dict[str, Any] = stack(LINEAR).roots()
    assert [*roots] == ["layer1", "layer2", "layer3", "optimizer", "generator"]
    assert type(roots["layer1"]).__name__ == "Linear"
    assert isinstance(roots["optimizer"], nn.SGD)
    assert isinstance(roots["generator"], np.random.Generator)


def test_an_update_that_changes_nothing_is_said_unless_there_is_nothing_to_change() -> None:
    values = {"W1": np.ones((2, 2)), "b1": np.ones(2)}
    with pytest.raises(RunError, match="W and b are what they were"):
        check_first_step(values, values, {"W1": 2.0, "b1": 0.0})
    check_first_step(values, values, {"W1": 0.0, "b1": 0.0})
