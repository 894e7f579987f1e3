"""The network in one class and the yes-or-no loss: against the complex step, and against PyTorch in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tutor.nn import MLP, BCEWithLogits
from tutor.nn.mlp import mse, softmax_cross_entropy

Array = NDArray[Any]
ACTIVATIONS = get_args(get_type_hints(MLP.__init__)["activation"])
IN_TORCH: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "leaky_relu": lambda z: torch.nn.functional.leaky_relu(z, 0.01),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "none": lambda z: z,
}
SIZES = (5, 4, 6, 3)
STEP = 1e-30


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def network(activation: Any, depth: int, rng: np.random.Generator) -> MLP:
    net = MLP(SIZES[: depth + 1], activation, rng)
    net.b = [rng.normal(size=b.shape) for b in net.b]
    return net


def leaf(array: Array) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float64, requires_grad=True)


def assert_close(ours: Any, theirs: torch.Tensor | None) -> None:
    assert theirs is not None
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_network_is_that_of_torch(activation: str, depth: int, rng: np.random.Generator) -> None:
    net, x = network(activation, depth, rng), rng.normal(size=(7, SIZES[0]))
    g = rng.normal(size=(7, SIZES[depth]))
    x_t, W, b = leaf(x), [leaf(W) for W in net.W], [leaf(b) for b in net.b]
    out = x_t
    for k in range(depth):
        out = out @ W[k] + b[k]
        out = out if k == depth - 1 else IN_TORCH[activation](out)
    torch.autograd.backward(out, torch.tensor(g))
    assert_close(net.forward(x), out)
    assert_close(net.backward(g), x_t.grad)
    for k in range(depth):
        assert_close(net.grad_W[k], W[k].grad)
        assert_close(net.grad_b[k], b[k].grad)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_network_takes_the_complex_step(activation: str, rng: np.random.Generator) -> None:
    net, x, g = network(activation, 3, rng), rng.normal(size=(4, SIZES[0])), rng.normal(size=(4, SIZES[3]))
    net.forward(x)
    net.backward(g)
    W, grad = net.W[0], net.grad_W[0]
    for index in np.ndindex(W.shape):
        net.W[0] = W.astype(complex)
        net.W[0][index] += 1j * STEP
        numeric = float(np.imag((net.forward(x) * g).sum())) / STEP
        assert numeric == pytest.approx(float(grad[index]), rel=1e-12, abs=1e-14)


def test_its_losses_are_those_of_torch(rng: np.random.Generator) -> None:
    logits, labels, targets = rng.normal(size=(6, 4)), rng.integers(0, 4, 6), rng.normal(size=(6, 4))
    for (loss, grad), theirs in (
        (softmax_cross_entropy(logits, labels), lambda z: torch.nn.functional.cross_entropy(z, torch.tensor(labels))),
        (mse(logits, targets), lambda z: ((z - torch.tensor(targets)) ** 2).sum() / 6),
    ):
        z = leaf(logits)
        whole = theirs(z)
        whole.backward()
        assert_close(loss, whole)
        assert_close(grad, z.grad)


@pytest.mark.parametrize("scale", [1.0, 50.0, 1e4])
def test_yes_or_no_is_that_of_torch_at_any_size(scale: float, rng: np.random.Generator) -> None:
    logits, targets = scale * rng.normal(size=(6, 4)), rng.integers(0, 2, (6, 4)).astype(float)
    loss, grad = BCEWithLogits().forward(logits, targets)
    z = leaf(logits)
    theirs = torch.nn.functional.binary_cross_entropy_with_logits(z, torch.tensor(targets), reduction="sum") / 6
    theirs.backward()  # type: ignore[no-untyped-call]
    assert_close(loss, theirs)
    assert_close(grad, z.grad)


def test_yes_or_no_takes_the_complex_step_and_refuses_shapes_that_would_broadcast(rng: np.random.Generator) -> None:
    logits, targets = 3 * rng.normal(size=(5, 2)), rng.integers(0, 2, (5, 2)).astype(float)
    _, grad = BCEWithLogits().forward(logits, targets)
    for index in np.ndindex(logits.shape):
        shifted = logits.astype(complex)
        shifted[index] += 1j * STEP
        numeric = float(np.imag(BCEWithLogits().forward(shifted, targets)[0])) / STEP
        assert numeric == pytest.approx(float(grad[index]), rel=1e-12)
    with pytest.raises(ValueError, match="make them the same"):
        BCEWithLogits().forward(logits[:, :1], targets[:, 0])
