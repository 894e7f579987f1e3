"""The scalar engine, the numeric gradient and the small network against the complex step."""

from __future__ import annotations

import cmath
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tutor.nn import TanhNetwork, Value, numerical_gradient, squared_error

Array = NDArray[Any]
STEP = 1e-30

OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["+", "-", "*", "/", "**", "exp", "log", "tanh", "relu", "neg", "2-", "3*", "2/"]),
              st.integers(0, 50), st.integers(0, 50)),
    min_size=1, max_size=25,
)  # fmt: skip


def expression(inputs: list[Any], operations: list[tuple[str, int, int]], call: Callable[[str, Any], Any]) -> Any:
    """A random graph: each operation takes any earlier nodes, so nodes are shared at all depths."""
    nodes = list(inputs)
    for name, i, j in operations:
        nodes.append(applied(name, nodes[i % len(nodes)], nodes[j % len(nodes)], i % 5 - 2, call))
    return nodes[-1]


def applied(name: str, a: Any, b: Any, exponent: int, call: Callable[[str, Any], Any]) -> Any:
    if name in ("exp", "log", "tanh", "relu"):
        return call(name, {"exp": call("tanh", a), "log": call("tanh", a) + 2}.get(name, a))
    if name in ("+", "-", "*", "neg", "2-", "3*"):
        bounded = call("tanh", a)
        return {"+": a + b, "-": a - b, "*": bounded * b, "neg": -a, "2-": 2 - a, "3*": 3 * bounded}[name]
    # Held in a range where no division is near its pole, and nothing grows without bound.
    safe = call("tanh", b) + 2
    return {"/": a / safe, "2/": 2 / safe, "**": safe**exponent}[name]


def of_complex(name: str, z: complex) -> complex:
    if name == "relu":
        return z if z.real > 0 else 0j
    result: complex = {"exp": cmath.exp, "log": cmath.log, "tanh": cmath.tanh}[name](z)
    return result


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=4), OPERATIONS)
def test_engine(numbers: list[float], operations: list[tuple[str, int, int]]) -> None:
    leaves = [Value(number) for number in numbers]
    result = expression(leaves, operations, lambda name, value: getattr(value, name)())
    result.backward()
    for i, leaf in enumerate(leaves):
        shifted = [complex(number, STEP if i == j else 0) for j, number in enumerate(numbers)]
        true = expression(shifted, operations, of_complex)
        assert abs(result.data - true.real) <= 1e-12 * (1 + abs(true.real))
        assert abs(leaf.grad - true.imag / STEP) <= 1e-11 * (1 + abs(leaf.grad))


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_small_network_and_numeric_gradient(n: int, n_in: int, n_hidden: int, n_out: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = TanhNetwork(n_in, n_hidden, n_out, rng)
    x, y = rng.normal(size=(n, n_in)), rng.normal(size=(n, n_out))

    def loss_with(name: str, value: Array) -> Any:
        p = {**network.params, name: value}
        difference = np.tanh(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"] - y
        return (difference * difference).sum() / n

    loss, grad = squared_error(network.forward(x), y)
    network.backward(grad)
    for name, p in network.params.items():
        true = np.empty_like(p)
        for index in np.ndindex(p.shape):
            shifted = p.astype(complex)
            shifted[index] += 1j * STEP
            true[index] = np.imag(loss_with(name, shifted)) / STEP
        scale = np.linalg.norm(true)
        assert np.linalg.norm(network.grads[name] - true) <= 1e-12 * scale + 1e-15
        numeric = numerical_gradient(lambda v, name=name: float(loss_with(name, v)), p)  # type: ignore[misc]
        assert np.linalg.norm(numeric - true) <= 1e-8 * scale + 1e-9 * loss
