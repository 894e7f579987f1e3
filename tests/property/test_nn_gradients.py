"""Every backward pass of the textbook against the complex step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.complex_step import complex_step
from tutor.nn import MSE, LeakyReLU, Linear, Network, ReLU, Sigmoid, SigmoidLayer, SoftmaxCrossEntropy, Tanh

Array = NDArray[Any]
LIMIT = 1e-12

sizes = st.integers(1, 6)
seeds = st.integers(0, 2**32 - 1)
fixed = settings(derandomize=True, deadline=None, max_examples=60)


def assert_same(got: Array, true: Array) -> None:
    assert got.shape == true.shape
    scale = np.linalg.norm(got) + np.linalg.norm(true)
    assert np.linalg.norm(got - true) <= LIMIT * scale, f"norm ratio {np.linalg.norm(got - true) / scale:.1e}"


@pytest.mark.parametrize("layer_class", [Linear, SigmoidLayer])
@given(n=sizes, n_in=sizes, n_out=sizes, seed=seeds)
@fixed
def test_layers_with_parameters(
    layer_class: type[Linear] | type[SigmoidLayer], n: int, n_in: int, n_out: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    layer = layer_class(n_in, n_out, rng)
    W, b = layer.W, rng.normal(size=n_out)
    layer.b = b
    x, g = rng.normal(size=(n, n_in)), rng.normal(size=(n, n_out))

    def objective(x: Array, W: Array, b: Array) -> Any:
        other = layer_class(n_in, n_out)
        other.W, other.b = W, b
        return (other.forward(x) * g).sum()

    layer.forward(x)
    grad_input = layer.backward(g)
    assert_same(layer.grad_W, complex_step(lambda v: objective(x, v, b), W))
    assert_same(layer.grad_b, complex_step(lambda v: objective(x, W, v), b))
    assert_same(grad_input, complex_step(lambda v: objective(v, W, b), x))


@pytest.mark.parametrize("make", [ReLU, LeakyReLU, lambda: LeakyReLU(0.3), Sigmoid, Tanh])
@given(shape=st.lists(sizes, min_size=1, max_size=3), seed=seeds)
@fixed
def test_activations(make: Callable[[], ReLU | LeakyReLU | Sigmoid | Tanh], shape: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    z, g = rng.normal(size=shape), rng.normal(size=shape)
    activation = make()
    activation.forward(z)
    assert_same(activation.backward(g), complex_step(lambda v: (make().forward(v) * g).sum(), z))


@given(n=sizes, classes=sizes, seed=seeds)
@fixed
def test_softmax_cross_entropy(n: int, classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(n, classes)), rng.integers(classes, size=n)
    _, grad = SoftmaxCrossEntropy()(logits, labels)
    assert_same(grad, complex_step(lambda v: SoftmaxCrossEntropy()(v, labels)[0], logits))


@given(n=sizes, d=sizes, seed=seeds)
@fixed
def test_mse(n: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    predictions, targets = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    _, grad = MSE()(predictions, targets)
    assert_same(grad, complex_step(lambda v: MSE()(v, targets)[0], predictions))


@given(n=sizes, widths=st.tuples(sizes, sizes, sizes, sizes), seed=seeds)
@fixed
def test_network_from_loss_to_every_parameter(n: int, widths: tuple[int, int, int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = Linear(widths[0], widths[1], rng), SigmoidLayer(widths[1], widths[2], rng)
    third = Linear(widths[2], widths[3], rng)
    network = Network([first, Tanh(), second, third])
    x, labels = rng.normal(size=(n, widths[0])), rng.integers(widths[3], size=n)
    _, grad = SoftmaxCrossEntropy()(network.forward(x), labels)
    grad_x = network.backward(grad)
    grads = {name: value.copy() for name, value in network.grads().items()}
    assert list(grads) == list(network.params()) == ["0.W", "0.b", "2.W", "2.b", "3.W", "3.b"]

    def loss_with(name: str, value: Array) -> Any:
        place, attribute = name.split(".")
        layer = network.layers[int(place)]
        kept = getattr(layer, attribute)
        setattr(layer, attribute, value)
        loss, _ = SoftmaxCrossEntropy()(network.forward(x), labels)
        setattr(layer, attribute, kept)
        return loss

    for name, value in network.params().items():
        assert_same(grads[name], complex_step(lambda v, name=name: loss_with(name, v), value))  # type: ignore[misc]
    assert_same(grad_x, complex_step(lambda v: SoftmaxCrossEntropy()(network.forward(v), labels)[0], x))
