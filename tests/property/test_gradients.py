"""Every way to make or check a gradient by evaluations, against the backward passes of the textbook."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.grading.full_check import full_gradient
from tutor.grading.gradients import Arrays, check_directions, find_wrong_entries, numeric_gradient
from tutor.learner import derivatives
from tutor.nn import Linear, Network, ReLU, SoftmaxCrossEntropy, Tanh

sizes = st.integers(1, 7)
widths = st.lists(sizes, min_size=2, max_size=4)
seeds = st.integers(0, 2**32 - 1)
activations = st.sampled_from([ReLU, Tanh])
some = settings(derandomize=True, deadline=None, max_examples=40)


class Case(NamedTuple):
    objective: Callable[[Arrays], Any]
    at: Arrays
    gradient: Arrays
    rng: np.random.Generator
    labels: Any


def case(n: int, widths: list[int], activation: type[ReLU] | type[Tanh], seed: int) -> Case:
    """A network with random parameters, its loss as a function of them and of its input, and its own gradient."""
    rng = np.random.default_rng(seed)
    layers: list[Any] = []
    for n_in, n_out in pairwise(widths):
        linear = Linear(n_in, n_out, rng)
        linear.b = rng.normal(size=n_out)
        layers += [linear, activation()]
    network, loss = Network(layers[:-1]), SoftmaxCrossEntropy()
    x, labels = rng.normal(size=(n, widths[0])), rng.integers(widths[-1], size=n)
    at = {name: value.copy() for name, value in network.params().items()} | {"x": x}

    def objective(arrays: Arrays) -> Any:
        for name, value in arrays.items():
            if name != "x":
                place, attribute = name.split(".")
                setattr(layers[int(place)], attribute, value)
        return loss(network.forward(arrays["x"]), labels)[0]

    objective(at)
    grad_x = network.backward(loss(network.forward(x), labels)[1])
    gradient = {name: value.copy() for name, value in network.grads().items()} | {"x": grad_x}
    return Case(objective, at, gradient, rng, labels)


def in_reals_only(objective: Callable[[Arrays], Any]) -> Callable[[Arrays], float]:
    """The same function by code that complex numbers break."""
    return lambda arrays: float(objective({name: np.asarray(a, dtype=np.float64) for name, a in arrays.items()}))


def distance(a: Arrays, b: Arrays) -> float:
    """The norm of the difference over the sum of the norms, all tensors in one."""
    norms = [np.sqrt(sum(float(np.sum(np.square(part))) for part in parts)) for parts in (
        [a[name] - b[name] for name in b], a.values(), b.values())]  # fmt: skip
    return float(norms[0] / (norms[1] + norms[2] or 1.0))


@given(n=sizes, widths=widths, activation=activations, seed=seeds)
@some
def test_the_complex_step_is_exact(n: int, widths: list[int], activation: type[ReLU], seed: int) -> None:
    made = case(n, widths, activation, seed)
    found = numeric_gradient(made.objective, made.at, made.gradient)
    assert distance(found.values, made.gradient) < 1e-12
    assert found.method == "complex step"
    assert found.error <= derivatives.CONFIRMED


@given(n=sizes, widths=widths, activation=activations, seed=seeds)
@some
def test_differences_are_near_and_know_their_kinks(
    n: int, widths: list[int], activation: type[ReLU], seed: int
) -> None:
    made = case(n, widths, activation, seed)
    found = numeric_gradient(in_reals_only(made.objective), made.at, made.gradient)
    assert found.method == "central differences"
    assert distance(found.values, made.gradient) < 1e-7
    assert not found.at_kink


@given(seed=seeds, distance=st.floats(2e-7, 8e-7), sign=st.sampled_from([-1, 1]))
@some
def test_a_kink_beside_an_entry_is_seen_and_avoided(seed: int, distance: float, sign: int) -> None:
    x = np.random.default_rng(seed).normal(size=5)
    kink = x[2] + sign * distance

    def objective(arrays: Arrays) -> float:
        return float(np.sum(np.sin(arrays["x"])) + 3 * abs(arrays["x"][2] - kink))

    found = derivatives.central_differences(objective, {"x": x}, ["x"])
    expected = np.cos(x) - 3 * sign * (np.arange(5) == 2)
    np.testing.assert_allclose(found.values["x"], expected, rtol=1e-6, atol=1e-6)
    assert (found.beside_kink, found.at_kink) == (1, None)


@given(seed=seeds, left=st.floats(-2, 2), right=st.floats(-2, 2))
@some
def test_an_entry_at_a_kink_is_named(seed: int, left: float, right: float) -> None:
    x = np.random.default_rng(seed).normal(size=(2, 3))
    x[1, 0] = 0.0

    def objective(arrays: Arrays) -> float:
        v = float(arrays["x"][1, 0])
        return float(np.sum(np.square(arrays["x"]))) + (right if v > 0 else left) * v

    found = derivatives.central_differences(objective, {"x": x}, ["x"])
    if abs(left - right) > 1e-3:
        assert found.at_kink == {"x": ((1, 0),)}
        assert found.values["x"][1, 0] == pytest.approx((left + right) / 2, abs=1e-6)
    if left == right:
        assert found.at_kink is None
    found.values["x"][1, 0] = 0.0
    np.testing.assert_allclose(found.values["x"], 2 * x, rtol=1e-6, atol=1e-6)


@given(n=sizes, widths=widths, activation=activations, seed=seeds)
@some
def test_four_directions_accept_the_right_and_refuse_one_wrong_entry(
    n: int, widths: list[int], activation: type[ReLU], seed: int
) -> None:
    made = case(n, widths, activation, seed)
    found = check_directions(made.objective, made.at, made.gradient, rng=made.rng)
    assert found.right
    assert found.error < 1e-12
    assert found.method == "complex step"
    in_reals = check_directions(in_reals_only(made.objective), made.at, made.gradient, rng=made.rng)
    assert in_reals.method == "central differences"

    name = max(made.gradient, key=lambda name: float(np.abs(made.gradient[name]).max()))
    if made.gradient[name].any():
        wrong = np.unravel_index(np.argmax(np.abs(made.gradient[name])), made.gradient[name].shape)
        made.gradient[name][wrong] *= 1.0001
        assert not check_directions(made.objective, made.at, made.gradient, rng=made.rng).right


@given(
    n=sizes,
    widths=st.tuples(st.integers(2, 20), st.integers(2, 20), st.integers(2, 7)),
    activation=activations,
    seed=seeds,
    planted=st.integers(0, 5),
    size=st.floats(-4, 4),
)
@some
def test_bisection_names_exactly_the_planted_errors(
    n: int, widths: tuple[int, int, int], activation: type[ReLU], seed: int, planted: int, size: float
) -> None:
    made = case(n, list(widths), activation, seed)
    claimed = {name: value.copy() for name, value in made.gradient.items()}
    # An entry without any gradient, of a unit that is off, cannot be wrong by a share of itself.
    places = [(name, index) for name in claimed for index in np.ndindex(claimed[name].shape)
              if abs(claimed[name][index]) > 1e-7]  # fmt: skip
    chosen = {places[i] for i in made.rng.choice(len(places), size=min(planted, len(places)), replace=False)}
    for name, index in chosen:
        claimed[name][index] *= 1 + 10**size * made.rng.choice([-1, 1])
    found = find_wrong_entries(made.objective, made.at, claimed, rng=made.rng)
    assert {(entry.name, entry.index) for entry in found.entries} == chosen
    assert found.complete
    for entry in found.entries:
        assert entry.claimed == claimed[entry.name][entry.index]
        assert entry.numeric == pytest.approx(made.gradient[entry.name][entry.index], rel=1e-6)


@given(n=sizes, n_in=sizes, units=sizes, classes=sizes, seed=seeds)
@some
def test_the_full_check_is_the_gradient(n: int, n_in: int, units: int, classes: int, seed: int) -> None:
    made = case(n, [n_in, units, classes], ReLU, seed)
    W1, b1, W2, b2 = (made.at[name] for name in ("0.W", "0.b", "2.W", "2.b"))
    found = full_gradient(made.at["x"], made.labels, W1, b1, W2, b2)
    assert found.at_kink == 0
    for ours, name in ((found.W1, "0.W"), (found.b1, "0.b"), (found.W2, "2.W"), (found.b2, "2.b")):
        true = made.gradient[name]
        assert ours.shape == true.shape
        assert float(np.linalg.norm(ours - true)) <= 1e-10 * float(np.linalg.norm(true)) + 1e-15
