"""Where formulas break: saturation, huge logits, a batch of one, other dtypes, wrong shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray

from tutor.nn import MSE, SGD, LeakyReLU, Linear, Network, ReLU, Sigmoid, SigmoidLayer, SoftmaxCrossEntropy, Tanh

Array = NDArray[Any]
ACTIVATIONS = [ReLU, LeakyReLU, Sigmoid, Tanh]
DTYPES = [np.float32, np.float64, np.complex128]

pytestmark = pytest.mark.filterwarnings("error")  # an overflow that is rescued afterwards still warns


@pytest.mark.parametrize("make", ACTIVATIONS)
def test_extreme_pre_activations_stay_finite(make: Callable[[], ReLU | LeakyReLU | Sigmoid | Tanh]) -> None:
    z = np.array([[-1e300, -1e4, -745.0, -0.0, 0.0, 745.0, 1e4, 1e300]])
    activation = make()
    assert np.isfinite(activation.forward(z)).all()
    assert np.isfinite(activation.backward(np.ones_like(z))).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_keeps_its_precision_in_the_far_tails(dtype: DTypeLike) -> None:
    z = np.array([-40.0, -1.0, 0.0, 1.0, 40.0], dtype)
    expected = [4.248354255291589e-18, 0.2689414213699951, 0.5, 0.7310585786300049, 1.0]
    np.testing.assert_allclose(Sigmoid().forward(z), expected, rtol=5e-7 if dtype == np.float32 else 1e-15)


def test_saturated_sigmoid_layer_has_a_gradient_of_zero_not_nan() -> None:
    layer = SigmoidLayer(1, 2)
    layer.W, layer.b = np.array([[1e4, -1e4]]), np.zeros(2)
    np.testing.assert_array_equal(layer.forward(np.array([[1.0]])), [[1.0, 0.0]])
    np.testing.assert_array_equal(layer.backward(np.ones((1, 2))), [[0.0]])
    np.testing.assert_array_equal(layer.grad_W, [[0.0, 0.0]])


@pytest.mark.parametrize(("label", "loss"), [(0, 0.0), (1, 1e300)])
def test_huge_logits(label: int, loss: float) -> None:
    got, grad = SoftmaxCrossEntropy()(np.array([[1e300, 0.0, -5e299]]), np.array([label]))
    assert got == loss
    expected = [[1.0, 0.0, 0.0]]
    expected[0][label] -= 1
    np.testing.assert_array_equal(grad, expected)


def test_equal_logits_lose_the_logarithm_of_the_number_of_classes() -> None:
    loss, grad = SoftmaxCrossEntropy()(np.full((2, 4), -3e299), np.array([1, 3]))
    assert loss == pytest.approx(np.log(4), rel=1e-15)
    np.testing.assert_allclose(grad, [[0.125, -0.375, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]], rtol=1e-15)


def test_a_batch_is_the_mean_of_its_samples() -> None:
    rng = np.random.default_rng(3)
    logits, labels, targets = rng.normal(size=(5, 3)), rng.integers(3, size=5), rng.normal(size=(5, 3))
    cross_entropy, mse = SoftmaxCrossEntropy(), MSE()
    for (loss, grad), alone in (
        (cross_entropy(logits, labels), [cross_entropy(logits[[i]], labels[[i]]) for i in range(5)]),
        (mse(logits, targets), [mse(logits[[i]], targets[[i]]) for i in range(5)]),
    ):
        assert loss == pytest.approx(np.mean([one for one, _ in alone]), rel=1e-14)
        np.testing.assert_allclose(grad, np.concatenate([g for _, g in alone]) / 5, rtol=1e-14)


def test_one_sample_by_hand() -> None:
    loss, grad = SoftmaxCrossEntropy()(np.log([[0.2, 0.5, 0.3]]), np.array([1]))
    assert loss == pytest.approx(np.log(2), rel=1e-15)
    np.testing.assert_allclose(grad, [[0.2, -0.5, 0.3]], rtol=1e-14)
    loss, grad = MSE()(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    assert loss == 5.0
    np.testing.assert_array_equal(grad, [[2.0, -4.0]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layer_class", [Linear, SigmoidLayer])
def test_layers_keep_the_dtype_that_they_are_given(
    layer_class: type[Linear] | type[SigmoidLayer], dtype: DTypeLike
) -> None:
    rng = np.random.default_rng(1)
    layer = layer_class(4, 3, rng)
    layer.W, layer.b = layer.W.astype(dtype), layer.b.astype(dtype)
    out = layer.forward(rng.normal(size=(5, 4)).astype(dtype))
    grad_input = layer.backward(np.ones_like(out))
    if isinstance(layer, SigmoidLayer):
        layer.update(0.5)
    else:
        SGD(0.5).step({"W": layer.W, "b": layer.b}, {"W": layer.grad_W, "b": layer.grad_b})
    for array in (out, grad_input, layer.grad_W, layer.grad_b, layer.W, layer.b):
        assert array.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", ACTIVATIONS)
def test_activations_keep_the_dtype(make: Callable[[], ReLU | LeakyReLU | Sigmoid | Tanh], dtype: DTypeLike) -> None:
    z = np.array([[-1.0, 0.0, 2.0]], dtype)
    activation = make()
    assert activation.forward(z).dtype == dtype
    assert activation.backward(z).dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_losses_keep_the_dtype(dtype: DTypeLike) -> None:
    logits = np.array([[1.0, 2.0], [0.5, -1.0]], dtype)
    for loss, grad in (SoftmaxCrossEntropy()(logits, np.array([0, 1])), MSE()(logits, np.ones_like(logits))):
        assert loss.dtype == dtype
        assert grad.dtype == dtype


def test_nothing_that_is_handed_in_is_changed() -> None:
    rng = np.random.default_rng(5)
    network = Network([Linear(4, 3, rng), ReLU(), SigmoidLayer(3, 2, rng), LeakyReLU(), Sigmoid(), Tanh()])
    x, labels, targets = rng.normal(size=(6, 4)), rng.integers(2, size=6), rng.normal(size=(6, 2))
    out = network.forward(x)
    inputs = (x, labels, targets, out, grad := rng.normal(size=(6, 2)), *network.params().values())
    before = [array.copy() for array in inputs]
    network.backward(grad)
    SoftmaxCrossEntropy()(out, labels)
    MSE()(out, targets)
    for array, copy in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_update_and_sgd_take_the_step_against_the_gradient() -> None:
    rng = np.random.default_rng(2)
    layer = SigmoidLayer(3, 2, rng)
    layer.forward(rng.normal(size=(4, 3)))
    layer.backward(rng.normal(size=(4, 2)))
    by_sgd = {"W": layer.W.copy(), "b": layer.b.copy()}
    expected = {"W": layer.W - 0.25 * layer.grad_W, "b": layer.b - 0.25 * layer.grad_b}
    layer.update(0.25)
    SGD(0.25).step(by_sgd, {"W": layer.grad_W, "b": layer.grad_b})
    for name in ("W", "b"):
        np.testing.assert_array_equal(getattr(layer, name), expected[name])
        np.testing.assert_array_equal(by_sgd[name], expected[name])


def test_shapes_that_numpy_would_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match=r"labels have shape \(3, 1\)"):
        SoftmaxCrossEntropy()(np.zeros((3, 2)), np.zeros((3, 1), int))
    with pytest.raises(ValueError, match=r"\(3, 1\) and targets \(3,\)"):
        MSE()(np.zeros((3, 1)), np.zeros(3))


@pytest.mark.parametrize(
    ("layer_class", "variance"), [(Linear, 2 / 300), (SigmoidLayer, 2 / (300 + 200))], ids=["he", "glorot"]
)
def test_initial_weights(layer_class: type[Linear] | type[SigmoidLayer], variance: float) -> None:
    layer = layer_class(300, 200, np.random.default_rng(0))
    assert layer.W.shape == (300, 200)
    assert abs(layer.W.mean()) < 4 * np.sqrt(variance / layer.W.size)
    assert layer.W.var() == pytest.approx(variance, rel=0.03)
    np.testing.assert_array_equal(layer.b, np.zeros(200))
    np.testing.assert_array_equal(layer.W, layer_class(300, 200, np.random.default_rng(0)).W)
    assert not np.array_equal(layer_class(3, 2).W, layer_class(3, 2).W)
