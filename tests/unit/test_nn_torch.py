"""The textbook against PyTorch in float64: the same numbers from a second, independent implementation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tutor.nn import MSE, SGD, LeakyReLU, Linear, Network, ReLU, Sigmoid, SigmoidLayer, SoftmaxCrossEntropy, Tanh

Array = NDArray[Any]
N, N_IN, N_HIDDEN, N_OUT = 7, 5, 4, 3


def leaf(array: Array) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def assert_close(ours: Any, theirs: torch.Tensor | None) -> None:
    assert theirs is not None
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (ReLU(), torch.relu),
        (LeakyReLU(0.2), lambda z: torch.nn.functional.leaky_relu(z, 0.2)),
        (Sigmoid(), torch.sigmoid),
        (Tanh(), torch.tanh),
    ],
    ids=["relu", "leaky_relu", "sigmoid", "tanh"],
)
def test_activation(
    ours: ReLU | LeakyReLU | Sigmoid | Tanh,
    theirs: Callable[[torch.Tensor], torch.Tensor],
    rng: np.random.Generator,
) -> None:
    z, g = 3 * rng.normal(size=(N, N_IN)), rng.normal(size=(N, N_IN))
    z[0, 0] = 0.0  # at the kink the usual choice is PyTorch's too
    z_torch = leaf(z)
    out = theirs(z_torch)
    torch.autograd.backward(out, torch.tensor(g))
    assert_close(ours.forward(z), out)
    assert_close(ours.backward(g), z_torch.grad)


@pytest.mark.parametrize(
    ("ours", "activation"),
    [(Linear(N_IN, N_OUT), lambda z: z), (SigmoidLayer(N_IN, N_OUT), torch.sigmoid)],
    ids=["linear", "sigmoid_layer"],
)
def test_layer(
    ours: Linear | SigmoidLayer,
    activation: Callable[[torch.Tensor], torch.Tensor],
    rng: np.random.Generator,
) -> None:
    ours.W, ours.b = rng.normal(size=(N_IN, N_OUT)), rng.normal(size=N_OUT)
    x, g = rng.normal(size=(N, N_IN)), rng.normal(size=(N, N_OUT))
    W_torch, b_torch, x_torch = leaf(ours.W), leaf(ours.b), leaf(x)
    out = activation(x_torch @ W_torch + b_torch)
    torch.autograd.backward(out, torch.tensor(g))
    assert_close(ours.forward(x), out)
    assert_close(ours.backward(g), x_torch.grad)
    assert_close(ours.grad_W, W_torch.grad)
    assert_close(ours.grad_b, b_torch.grad)


def test_softmax_cross_entropy(rng: np.random.Generator) -> None:
    logits, labels = 5 * rng.normal(size=(N, N_OUT)), rng.integers(N_OUT, size=N)
    logits_torch = leaf(logits)
    loss = torch.nn.functional.cross_entropy(logits_torch, torch.tensor(labels))
    torch.autograd.backward(loss)
    ours, grad = SoftmaxCrossEntropy()(logits, labels)
    assert_close(ours, loss)
    assert_close(grad, logits_torch.grad)


def test_mse_is_summed_over_the_outputs_and_averaged_over_the_batch(rng: np.random.Generator) -> None:
    predictions, targets = rng.normal(size=(N, N_OUT)), rng.normal(size=(N, N_OUT))
    predictions_torch = leaf(predictions)
    loss = torch.nn.functional.mse_loss(predictions_torch, torch.tensor(targets), reduction="sum") / N
    torch.autograd.backward(loss)
    ours, grad = MSE()(predictions, targets)
    assert_close(ours, loss)
    assert_close(grad, predictions_torch.grad)


def test_ten_steps_of_training_end_at_the_same_weights(rng: np.random.Generator) -> None:
    network = Network([Linear(N_IN, N_HIDDEN, rng), ReLU(), Linear(N_HIDDEN, N_OUT, rng)])
    optimizer = SGD(lr=0.1)
    twin = {name: leaf(value) for name, value in network.params().items()}
    twin_optimizer = torch.optim.SGD(twin.values(), lr=0.1)
    for _ in range(10):
        x, labels = rng.normal(size=(N, N_IN)), rng.integers(N_OUT, size=N)
        _, grad = SoftmaxCrossEntropy()(network.forward(x), labels)
        network.backward(grad)
        optimizer.step(network.params(), network.grads())

        hidden = torch.relu(torch.tensor(x) @ twin["0.W"] + twin["0.b"])
        loss = torch.nn.functional.cross_entropy(hidden @ twin["2.W"] + twin["2.b"], torch.tensor(labels))
        twin_optimizer.zero_grad()
        torch.autograd.backward(loss)
        twin_optimizer.step()
    for name, value in network.params().items():
        assert_close(value, twin[name])
