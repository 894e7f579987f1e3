"""The learner's unchanged file on tensors trains as it does on NumPy: the same weights, the same losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.families import spec, textbook
from tests.training_runs import LINEAR, SIGMOID, challenge
from tests.twins import config_of, make, train
from tutor.course import Challenge
from tutor.course.families.presets import PRESETS
from tutor.errors import RunError
from tutor.learner import LearnerCodeError
from tutor.ontorch import run_source, to_host
from tutor.training.checkpoints.stored import Position, restore, write
from tutor.training.datasets import load
from tutor.training.model import Optimizer

Array = NDArray[Any]
STEPS = 100


def seeded(module: str) -> str:
    """A module of the textbook as a learner's file, which draws the same weights each time."""
    return textbook(module).replace("default_rng()", "default_rng(5)")


MLP = spec("network", "MLP", 'make = "MLP(widths, activation)"\nactivation = "tanh"')
ADAM = Optimizer("adam", settings={"beta1": 0.9, "beta2": 0.999, "eps": 1e-8})
RIGHT: dict[str, tuple[Challenge, str, dict[str, Any]]] = {
    "linear_scratch": (challenge("linear_scratch"), LINEAR, {}),
    "backprop_fill": (challenge("backprop_fill"), SIGMOID, {"optimizer": Optimizer(owner="layer"), "lr": 1.0}),
    "a whole network": (MLP, seeded("mlp"), {"hidden": (24, 16)}),
    "Adam": (challenge("linear_scratch"), LINEAR, {"optimizer": ADAM, "lr": 0.002}),
}
OF_LAYERS = {
    name: (made, seeded(preset.module))
    for name, preset in PRESETS.items()
    if (made := spec("layer", preset.name, f'of = "{name}"')).train is not None
}


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> str:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    return str(request.param)


def differences(exercise: Any, source: str, steps: int, device: str, **changes: Any) -> tuple[float, float]:
    """How far apart both are after so many steps: the losses of all of them, and the parameters; relative."""
    ours = make(config_of(exercise, "on-torch", device=device, **changes), source)
    theirs = make(config_of(exercise, "numpy", **changes), source)
    lr = changes.get("lr", 0.1)
    start = theirs.params()
    assert all(np.array_equal(start[name], value) for name, value in ours.params().items())  # bit for bit
    losses = np.array([*zip(train(ours, steps, lr), train(theirs, steps, lr), strict=True)])
    apart = np.abs(losses[:, 0] / losses[:, 1] - 1).max()
    params = theirs.params()
    return float(apart), max(
        float(np.linalg.norm(value - params[name]) / (np.linalg.norm(params[name]) + 1e-3))  # a bias may stay at 0
        for name, value in ours.params().items()
    )


@pytest.mark.parametrize("name", RIGHT)
def test_hundred_steps_as_on_numpy(name: str, device: str) -> None:
    exercise, source, changes = RIGHT[name]
    assert max(differences(exercise, source, STEPS, device, **changes)) < 1e-12


@pytest.mark.parametrize("name", OF_LAYERS)
def test_every_layer_of_the_textbook(name: str, device: str) -> None:
    assert max(differences(*OF_LAYERS[name], 4, device)) < 1e-12


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "max", "min", "prod", "any", "all"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_a_reduction_keeps_the_dimensions_that_numpy_keeps(name: str, axis: Any, keepdims: bool, device: str) -> None:
    source = f"""
import numpy as np
x = np.random.default_rng(2).normal(size=(3, 4, 2))
r = np.{name}(x, axis={axis}, keepdims={keepdims}), x.{name}(axis={axis}, keepdims={keepdims})
"""
    names: dict[str, Any] = {}
    exec(source, names)
    for ours, theirs in zip(run_source(source, "reduction.py", device)["r"], names["r"], strict=True):
        assert np.shape(to_host(ours)) == np.shape(theirs)
        np.testing.assert_allclose(to_host(ours), theirs, rtol=1e-13)


def test_float32_stays_float32(device: str) -> None:
    network = make(config_of(*RIGHT["linear_scratch"][:1], "on-torch", device=device, dtype="float32"), LINEAR)
    losses = [*train(network, STEPS, 0.1)]
    assert losses[-1] < losses[0] / 2
    assert {value.dtype for value in network.params().values()} == {np.dtype(np.float32)}


def test_it_is_checked_measured_and_asked_as_on_numpy(device: str) -> None:
    config = {mode: config_of(challenge("linear_scratch"), mode, device=device) for mode in ("numpy", "on-torch")}
    found = {}
    for mode, of in config.items():
        network, data = make(of, LINEAR), load("digits")
        network.check_first_pass(data.x_train[:32], data.y_train[:32])
        placed = network.place(data.x_test, data.y_test)
        assert network.lockstep() is None
        gradients = dict(network.backward(network.loss(network.forward(placed[0]), placed[1])[1]))
        found[mode] = (network.evaluate(*placed), gradients, network.find_non_finite(*placed))
    ours, theirs = found["on-torch"], found["numpy"]
    np.testing.assert_allclose(ours[0].output, theirs[0].output, rtol=1e-12)
    assert ours[0].dead == theirs[0].dead
    assert ours[0].loss == pytest.approx(theirs[0].loss, rel=1e-12)
    assert ours[2] == theirs[2]
    for name, value in theirs[1].items():
        np.testing.assert_allclose(ours[1][name], value, rtol=1e-10, atol=1e-13)


def test_a_checkpoint_holds_it(tmp_path: Any) -> None:
    config = config_of(challenge("linear_scratch"), "on-torch", optimizer=ADAM)
    network = make(config, LINEAR)
    [*train(network, 5, 0.01)]
    order = np.random.default_rng(0).bit_generator.state
    position = Position(5, 1, 0, dict(order), 0.0, 0.01, 32, None, [])
    write(tmp_path, config, network, network.namespaces, position)
    further = [*train(network, 5, 0.01, first=5)]
    again = make(config, LINEAR)
    assert restore(tmp_path, config, again, again.namespaces, pytest.fail) == position
    assert [*train(again, 5, 0.01, first=5)] == further


def test_an_error_in_their_file_names_its_line() -> None:
    with pytest.raises(LearnerCodeError) as raised:
        make(
            config_of(challenge("linear_scratch"), "on-torch"), "import numpy as np\n\nx = np.fft.fft([1, 0])\n1 / 0\n"
        )
    assert (raised.value.error.line, raised.value.error.type) == (4, "ZeroDivisionError")


def test_what_is_not_there_is_named_with_a_way_out() -> None:
    source = LINEAR.replace("return x @ self.W", "return np.fft.fft(x).real @ self.W")
    network, data = make(config_of(challenge("linear_scratch"), "on-torch"), source), load("digits")
    with pytest.raises(NotImplementedError, match=r"np\.fft\.fft is not there on torch tensors\. .*--on-torch"):
        network.check_first_pass(data.x_train[:4], data.y_train[:4])


def test_apples_gpus_have_no_float64() -> None:
    with pytest.raises(RunError, match="float32 only"):
        make(config_of(challenge("linear_scratch"), "on-torch", device="mps"), LINEAR)


@pytest.mark.parametrize("name", RIGHT)
def test_float32_starts_as_on_numpy(name: str) -> None:
    exercise, source, changes = RIGHT[name]
    ours, theirs = (
        make(config_of(exercise, mode, dtype="float32", **changes), source) for mode in ("on-torch", "numpy")
    )
    for name, value in theirs.params().items():
        assert value.dtype == np.float32
        assert np.array_equal(ours.params()[name], value)


@pytest.mark.parametrize("name", RIGHT)
def test_a_step_asks_for_the_loss_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    exercise, source, changes = RIGHT[name]
    network = make(config_of(exercise, "on-torch", **changes), source)
    steps, asked = train(network, 5, 0.1), list[str]()
    next(steps)

    def told(method: str) -> Any:
        real = getattr(torch.Tensor, method)

        def wrapped(*args: Any, **named: Any) -> Any:
            asked.append(method)
            return real(*args, **named)

        return wrapped

    for method in ("item", "tolist", "cpu", "numpy", "nonzero", "__bool__", "__float__", "__int__", "__index__"):
        monkeypatch.setattr(torch.Tensor, method, told(method))
    assert len([*steps]) == 4
    assert asked == ["item"] * 4
