"""The fast full check at kinks and the edges of its input, the search for wrong entries when it cannot succeed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tutor.grading.full_check import FullGradient, full_gradient
from tutor.grading.gradients import Arrays, check_directions, find_wrong_entries
from tutor.nn import Linear, Network, ReLU, SoftmaxCrossEntropy

NAMES = ("W1", "b1", "W2", "b2")


def network(
    seed: int = 3, n: int = 4, n_in: int = 5, units: int = 6, classes: int = 3
) -> tuple[Any, Any, dict[str, Any]]:
    """Input, labels and parameters."""
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(n, n_in)),
        rng.integers(classes, size=n),
        {
            "W1": rng.normal(size=(n_in, units)), "b1": rng.normal(size=units),
            "W2": rng.normal(size=(units, classes)), "b2": rng.normal(size=classes),
        },
    )  # fmt: skip


def backward(x: Any, labels: Any, parameters: Arrays) -> Arrays:
    """The gradients by the textbook."""
    first, second = Linear(*parameters["W1"].shape), Linear(*parameters["W2"].shape)
    first.W, first.b, second.W, second.b = (parameters[name] for name in NAMES)
    whole = Network([first, ReLU(), second])
    whole.backward(SoftmaxCrossEntropy()(whole.forward(x), labels)[1])
    return dict(zip(NAMES, (first.grad_W, first.grad_b, second.grad_W, second.grad_b), strict=True))


def loss_of(x: Any, labels: Any) -> Any:
    """The loss as a function of the parameters."""

    def objective(at: Arrays) -> Any:
        a1 = np.maximum(x @ at["W1"] + at["b1"], 0)
        return SoftmaxCrossEntropy()(a1 @ at["W2"] + at["b2"], labels)[0]

    return objective


def assert_is(found: FullGradient, expected: Arrays) -> None:
    for name in NAMES:
        np.testing.assert_allclose(getattr(found, name), expected[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("distance", [1e-7, 1e-9, 1e-14, -1e-8])
def test_a_unit_near_its_kink_gets_a_smaller_step(distance: float) -> None:
    x, labels, parameters = network()
    z1 = x @ parameters["W1"]
    parameters["b1"][2] = -z1[1, 2] + distance  # unit 2 is all but at 0 in sample 1
    found = full_gradient(x, labels, **parameters)
    assert_is(found, backward(x, labels, parameters))
    assert found.smallest_step <= abs(distance)
    assert found.kinks_avoided >= 1
    assert found.at_kink == 0


def test_the_usual_step_would_have_been_wrong_there() -> None:
    """What the smaller step is for: a difference across the kink is not the gradient."""
    x, labels, parameters = network()
    parameters["b1"][2] = -(x @ parameters["W1"])[1, 2] + 1e-7
    true = backward(x, labels, parameters)["b1"][2]
    loss, h = loss_of(x, labels), 1e-6
    ahead, behind = (loss(parameters | {"b1": parameters["b1"] + s * h * (np.arange(6) == 2)}) for s in (1, -1))
    assert abs((ahead - behind) / (2 * h) - true) > 1e-3 * abs(true)
    assert full_gradient(x, labels, **parameters).b1[2] == pytest.approx(true, rel=1e-9)


def test_a_unit_at_its_kink_is_kept_off_and_counted() -> None:
    x, labels, parameters = network()
    x[1, 3] = 0.0
    parameters["W1"][:, 2] = np.array([1.0, -1.0, 0.0, 5.0, 0.0])
    x[1, :2] = 0.5
    parameters["b1"][2] = 0.0  # 0.5 - 0.5 + 0: exactly 0
    assert (x @ parameters["W1"] + parameters["b1"])[1, 2] == 0.0
    found = full_gradient(x, labels, **parameters)
    assert found.at_kink == 5  # of the six that lead to the unit, the one whose input is 0 moves nothing
    assert_is(found, backward(x, labels, parameters))


def test_all_zero_input_and_a_dead_unit() -> None:
    x, labels, parameters = network()
    x[:] = 0.0
    parameters["b1"][:3] = -1.0
    found = full_gradient(x, labels, **parameters)
    assert_is(found, backward(x, labels, parameters))
    assert not found.W1.any()
    assert found.step == found.smallest_step


@pytest.mark.parametrize("scale", [1e-3, 30.0, 300.0])
def test_saturated_probabilities_lose_no_digits(scale: float) -> None:
    """Where the loss is nearly 0 or the label hopeless, the change of the loss is still known to all its digits."""
    x, labels, parameters = network()
    parameters["W2"] *= scale
    assert_is(full_gradient(x, labels, **parameters, step=1e-9), backward(x, labels, parameters))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"W1": np.zeros((5, 7))}, "W2 is float64 of shape|b1 is float64 of shape"),
        ({"b1": np.zeros(6, dtype=np.float32)}, "b1 is float32"),
        ({"x": np.zeros((4, 9))}, "x is float64 of shape"),
        ({"labels": np.array([0, 1, 2, 3])}, "whole numbers from 0 to 2"),
        ({"labels": np.zeros(0, dtype=int), "x": np.zeros((0, 5))}, "at least one"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, Any], says: str) -> None:
    x, labels, parameters = network()
    with pytest.raises(ValueError, match=says):
        full_gradient(**({"x": x, "labels": labels, **parameters} | change))


def test_a_wrong_tensor_is_not_named_in_part_as_if_that_were_all() -> None:
    x, labels, parameters = network(n_in=30, units=40)
    claimed = backward(x, labels, parameters)
    claimed["W1"] = claimed["W1"] * 2
    found = find_wrong_entries(loss_of(x, labels), parameters, claimed, most=100)
    assert found.entries
    assert not found.complete
    assert found.evaluations <= 102  # a look that has begun is finished


def test_entries_that_are_no_numbers_are_wrong() -> None:
    x, labels, parameters = network()
    true = backward(x, labels, parameters)
    claimed = {name: value.copy() for name, value in true.items()}
    claimed["W1"][1, 2], claimed["b2"][0] = np.nan, np.inf
    claimed["W2"][3, 1] += 0.01
    found = find_wrong_entries(loss_of(x, labels), parameters, claimed)
    assert {(entry.name, entry.index) for entry in found.entries} == {("W1", (1, 2)), ("b2", (0,)), ("W2", (3, 1))}
    assert found.complete
    assert not check_directions(loss_of(x, labels), parameters, claimed).right


def test_by_differences_small_errors_are_said_to_be_hidden() -> None:
    x, labels, parameters = network()
    claimed = backward(x, labels, parameters)
    claimed["W2"][3, 1] += 0.01
    claimed["b2"][1] += 1e-12
    loss = loss_of(x, labels)
    found = find_wrong_entries(lambda at: float(loss(at)), parameters, claimed)
    assert [(entry.name, entry.index) for entry in found.entries] == [("W2", (3, 1))]
    assert found.method == "central differences"
    assert found.smallest > 1e-12
    assert found.entries[0].numeric == pytest.approx(claimed["W2"][3, 1] - 0.01, rel=1e-5)


def test_an_objective_that_writes_into_what_it_is_given_is_told_so() -> None:
    x, labels, parameters = network()
    claimed, loss = backward(x, labels, parameters), loss_of(x, labels)

    def writes(at: Arrays) -> Any:
        at["W1"] *= 1.0
        return loss(at)

    with pytest.raises(ValueError, match="read-only"):
        find_wrong_entries(writes, parameters, claimed)


def test_an_absolute_value_is_not_taken_for_its_complex_step() -> None:
    """np.abs of a complex number is silently something else: here its slope would be 0."""
    at = {"v": np.array([1.5, -2.0, 0.5])}
    found = check_directions(lambda arrays: np.abs(arrays["v"]).sum(), at, {"v": np.sign(at["v"])})
    assert (found.right, found.method) == (True, "central differences")
    assert not check_directions(lambda arrays: np.abs(arrays["v"]).sum(), at, {"v": np.zeros(3)}).right


def test_the_face_hands_them_out_without_loading_numpy_first() -> None:
    code = (
        "import sys, tutor.grading, tutor.learner; print('numpy' in sys.modules);"
        "print(tutor.grading.full_gradient.__name__, tutor.grading.find_wrong_entries.__name__,"
        " tutor.learner.derivatives.__name__)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "full_gradient", "find_wrong_entries", "tutor.learner.inside.derivatives"]
