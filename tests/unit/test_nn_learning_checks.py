"""The scalar engine and the gradient check, at their edges."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from tutor.nn import (
    MSE,
    Linear,
    Network,
    ReLU,
    Tanh,
    Value,
    check_gradients,
    numerical_gradient,
    topological_order,
    zero_grad,
)


def test_shared_nodes_get_the_sum_of_what_arrives() -> None:
    a = Value(3.0)
    (a * a).backward()
    assert a.grad == 6.0
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    d = c + a  # c is used at two depths
    (d * c).backward()
    assert (c.grad, d.grad, b.grad, a.grad) == (-6.0 - 4.0, -6.0, -20.0, 24.0)


def test_gradients_add_up_over_passes_exactly() -> None:
    a = Value(0.5)
    result = ((a * a).tanh() + 2 / a) * a
    result.backward()
    once = a.grad
    result.backward()
    assert a.grad == 2 * once
    zero_grad(topological_order(result))
    result.backward()
    assert a.grad == once


def test_a_chain_longer_than_pythons_recursion_limit() -> None:
    length = 10 * sys.getrecursionlimit()
    x = Value(0.0)
    y = x
    for _ in range(length):
        y = y + x
    y.backward()
    assert x.grad == length + 1


def test_numbers_on_either_side() -> None:
    x = Value(4.0)
    for result, value, slope in (
        (2 * x, 8.0, 2.0),
        (1 - x, -3.0, -1.0),
        (2 / x, 0.5, -0.125),
        (x / 2, 2.0, 0.5),
        (3 + x, 7.0, 1.0),
        (x - 1, 3.0, 1.0),
        (2**x, 16.0, 16 * np.log(2)),
        (x**0.5, 2.0, 0.25),
        (x**-1, 0.25, -0.0625),
        (x**x, 256.0, 256 * (np.log(4) + 1)),
        (-x, -4.0, -1.0),
        (Value(0.0) * x + x**0, 1.0, 0.0),
    ):
        x.grad = 0.0
        result.backward()
        assert result.data == pytest.approx(value, rel=1e-14)
        assert x.grad == pytest.approx(slope, rel=1e-14)
    zero = Value(0.0)
    (zero**2 + zero**1 + zero**0 + zero.relu()).backward()
    assert zero.grad == 1.0


def test_a_neuron_is_pytorchs() -> None:
    numbers = [2.0, -0.7, 0.3, 1.1]
    ours = [Value(number) for number in numbers]
    theirs = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in numbers]
    x, w, b, k = ours
    out = ((x * w + b).tanh() / k - (x.log() * w).exp()) ** 3
    out.backward()
    tx, tw, tb, tk = theirs
    tout = ((tx * tw + tb).tanh() / tk - (tx.log() * tw).exp()) ** 3
    torch.autograd.backward(tout)
    assert out.data == pytest.approx(tout.item(), rel=1e-14)
    assert [v.grad for v in ours] == pytest.approx([t.grad.item() for t in theirs if t.grad is not None], rel=1e-13)


# ── the gradient check ───────────────────────────────────────────────────────────────────────────────────────────────


def network_and_loss() -> tuple[Network, Linear, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    rng = np.random.default_rng(1)
    first = Linear(4, 3, rng)
    return Network([first, Tanh(), Linear(3, 2, rng)]), first, rng.normal(size=(5, 4))


def test_it_accepts_right_gradients_restores_and_refuses_wrong_ones() -> None:
    network, _, x = network_and_loss()
    y = np.ones((5, 2))

    def loss() -> float:
        return float(MSE()(network.forward(x), y)[0])

    network.backward(MSE()(network.forward(x), y)[1])
    before = {name: p.copy() for name, p in network.params().items()}
    grads = network.grads()
    found = check_gradients(loss, network.params(), grads)
    assert found.right
    assert max(found.ratios.values()) < 1e-8
    assert not any(found.kinks.values())
    assert all(np.array_equal(p, before[name]) for name, p in network.params().items())
    for wrong in (2 * grads["0.W"], -grads["0.W"], 0 * grads["0.W"], grads["0.W"][::-1], np.nan * grads["0.W"]):
        found = check_gradients(loss, network.params(), {**grads, "0.W": wrong})
        assert not found.right
        assert [name for name, ratio in found.ratios.items() if not ratio < 1e-6] == ["0.W"]


def test_a_kink_is_said_and_both_slopes_are_right_there() -> None:
    x = {"x": np.array([0.0, 1.0, -2.0, 3e-6])}

    def loss() -> float:
        return float((np.maximum(x["x"], 0) * [3.0, 1.0, 1.0, 1.0]).sum())

    for slope, right in ((0.0, True), (3.0, True), (1.5, True), (-0.1, False), (3.1, False)):
        found = check_gradients(loss, x, {"x": np.array([slope, 1.0, 0.0, 1.0])})
        assert found.kinks == {"x": [(0,), (3,)]}  # the last is no kink itself: one is within the step
        assert found.right == right


def test_relu_network_away_from_kinks_has_none() -> None:
    network, first, x = network_and_loss()
    network.layers[1] = ReLU()
    first.b += 0.3
    y = np.zeros((5, 2))
    network.backward(MSE()(network.forward(x), y)[1])
    found = check_gradients(lambda: float(MSE()(network.forward(x), y)[0]), network.params(), network.grads())
    assert found.right
    assert not any(found.kinks.values())


def test_what_is_perturbed_is_restored_when_f_raises() -> None:
    x = np.array([1.0, 2.0])
    before = x.copy()

    def f(x: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        if x[1] > 2:
            raise ZeroDivisionError
        return float(x.sum())

    with pytest.raises(ZeroDivisionError):
        numerical_gradient(f, x)
    np.testing.assert_array_equal(x, before)


def test_float32_and_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        numerical_gradient(lambda x: float(x.sum()), np.ones(2, np.float32))
    with pytest.raises(ValueError, match=r"\(1, 2\), and w has \(2,\)"):
        check_gradients(lambda: 0.0, {"w": np.ones(2)}, {"w": np.ones((1, 2))})
    assert check_gradients(lambda: 7.0, {"w": np.ones(2)}, {"w": np.zeros(2)}).right  # 0 against 0
