"""PyTorch's twin of a network, and both in lockstep: the same numbers, and the first step in which they are not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.families import spec, textbook
from tests.training_runs import LINEAR, SIGMOID, challenge
from tests.twins import config_of, make, train
from tutor import nn
from tutor.course.families.presets import PRESETS, find_preset
from tutor.errors import RunError
from tutor.training import torch_side
from tutor.training.checkpoints.stored import Position, restore, write
from tutor.training.datasets import load
from tutor.training.model import Layer, Optimizer
from tutor.training.torch_side.layers import make_layer
from tutor.training.torch_side.optimizers import make_optimizer, set_learning_rate

Array = NDArray[Any]
LR = 0.1
DEVICES = ("cpu", "cuda")
MLP = spec("network", "MLP", 'make = "MLP(widths, activation)"\nactivation = "tanh"')
RIGHT = {
    "linear_scratch": (challenge("linear_scratch"), LINEAR),
    "backprop_fill": (challenge("backprop_fill"), SIGMOID),
    "a whole network": (MLP, textbook("mlp")),
}
OF_LAYERS = {
    name: (spec("layer", preset.name, f'of = "{name}"'), textbook(preset.module))
    for name, preset in PRESETS.items()
    if spec("layer", find_preset(name).name, f'of = "{name}"').train is not None
}


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    return str(request.param)


def worst_of(network: Any, steps: int, lr: float, first: int = 0) -> tuple[float, float, float]:
    """The largest difference of loss and gradients at equal weights, and of the free twin's loss, relative."""
    found = [
        (*network.lockstep()[:2], abs(network.lockstep()[2] - loss) / loss) for loss in train(network, steps, lr, first)
    ]
    of_loss, of_gradients, of_free = np.max(found, axis=0)
    return float(of_loss), float(of_gradients), float(of_free)


# ── correct code ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", RIGHT)
def test_correct_code_is_within_1e_12_of_pytorch_at_each_of_200_steps(name: str, device: str) -> None:
    of, source = RIGHT[name]
    network = make(config_of(of, device=device), source)
    assert max(worst_of(network, 200, LR)) < 1e-12
    assert network.first_divergence() == ""


@pytest.mark.parametrize("name", OF_LAYERS)
def test_every_layer_of_the_textbook_has_a_twin(name: str, device: str) -> None:
    of, source = OF_LAYERS[name]
    network = make(config_of(of, device=device), source)
    data = load("digits")
    network.check_first_pass(data.x_train[:9], data.y_train[:9])
    assert max(worst_of(network, 12, LR)) < 1e-12


@pytest.mark.parametrize("name", ["linear_scratch", "dropout", "batch_norm"])
def test_a_twin_alone_has_the_losses_of_numpy_and_is_used_like_it(name: str, device: str) -> None:
    """Also with dropout, whose masks it draws alike, and with a last batch of one."""
    of, source = {**RIGHT, **OF_LAYERS}[name]
    ours, twin = (make(config_of(of, mode, device=device), source) for mode in ("numpy", "twin"))
    data = load("digits")
    for rows in (32, 1):
        for network in (ours, twin):
            network.check_first_pass(data.x_train[:rows], data.y_train[:rows])
    np.testing.assert_allclose([*train(twin, 40, LR)], [*train(ours, 40, LR)], rtol=1e-12)
    assert twin.lockstep() is None
    for key, value in ours.params().items():
        np.testing.assert_allclose(twin.params()[key], value, rtol=1e-9, atol=1e-12)
    seen, expected = (network.evaluate(*network.place(data.x_test, data.y_test)) for network in (twin, ours))
    np.testing.assert_allclose(seen.output, expected.output, rtol=1e-9, atol=1e-9)
    assert (seen.loss, seen.dead) == (pytest.approx(expected.loss, rel=1e-10), expected.dead)


def test_lockstep_trains_the_learners_network_and_nothing_else() -> None:
    """Step by step and bit for bit what a run without PyTorch does."""
    config = config_of(RIGHT["linear_scratch"][0])
    beside = make(config, LINEAR)
    alone = make(config_of(RIGHT["linear_scratch"][0], "numpy"), LINEAR)
    assert [*train(beside, 20, LR)] == [*train(alone, 20, LR)]
    for name, value in alone.params().items():
        np.testing.assert_array_equal(beside.params()[name], value)
    data = load("digits")
    seen, expected = (network.evaluate(*network.place(data.x_test, data.y_test)) for network in (beside, alone))
    np.testing.assert_array_equal(seen.output, expected.output)


def test_in_float32_rounding_is_no_difference() -> None:
    network = make(config_of(RIGHT["linear_scratch"][0], dtype="float32"), LINEAR)
    of_loss, of_gradients, of_free = worst_of(network, 60, LR)
    assert max(of_loss, of_free) < 1e-5
    assert of_gradients < 1e-2
    assert network.first_divergence() == ""
    assert network.params()["W1"].dtype == np.float32


IN_PLACE = LINEAR.replace("self.x = x", "x *= 1.0; self.x = x.copy(); x[...] = 7.0")


def test_what_a_learner_writes_into_its_input_does_not_reach_pytorch() -> None:
    """Between the layers x is the network's own; the batch itself is the learner's to spoil, for this step."""
    of = RIGHT["linear_scratch"][0]
    source = IN_PLACE.replace("return x @ self.W", "return self.x @ self.W")
    assert max(worst_of(make(config_of(of, hidden=()), source), 10, LR)) < 1e-12


# ── optimizers ───────────────────────────────────────────────────────────────────────────────────────────────────────

OPTIMIZERS: dict[str, tuple[Any, dict[str, float]]] = {
    "sgd": (nn.SGD, {}),
    "momentum": (nn.Momentum, {"mu": 0.8}),
    "nesterov": (nn.Nesterov, {"mu": 0.9}),
    "rmsprop": (nn.RMSProp, {"rho": 0.95, "eps": 1e-3}),
    "adam": (nn.Adam, {"beta1": 0.8, "beta2": 0.99, "eps": 1e-4}),
    "adamw": (nn.AdamW, {"weight_decay": 0.3}),
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_an_optimizer_takes_the_steps_of_the_textbook_also_when_the_learning_rate_changes(kind: str) -> None:
    rng = np.random.default_rng(4)
    values = {"W": rng.normal(size=(4, 3)), "b": rng.normal(size=3)}
    tensors = {name: torch.nn.Parameter(torch.tensor(value)) for name, value in values.items()}
    made, settings = OPTIMIZERS[kind]
    ours = made(0.05, **settings)
    theirs = make_optimizer(Optimizer(kind, settings=settings), tensors.values(), 0.05)
    for step in range(50):
        ours.lr = 0.05 if step < 20 else 0.02
        grads = {name: rng.normal(size=value.shape) for name, value in values.items()}
        ours.step(values, grads)
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(grads[name])
        set_learning_rate(theirs, ours.lr)
        theirs.step()
    for name, value in values.items():
        np.testing.assert_allclose(tensors[name].detach().numpy(), value, rtol=1e-12)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_the_free_twin_runs_with_the_learners_through_50_steps(kind: str) -> None:
    config = config_of(RIGHT["linear_scratch"][0], optimizer=Optimizer(kind, settings=OPTIMIZERS[kind][1]), lr=0.01)
    assert max(worst_of(make(config, LINEAR), 50, 0.01)) < 1e-12


def test_an_optimizer_that_pytorch_has_not_is_said() -> None:
    with pytest.raises(RunError, match="no twin of the optimizer mine"):
        make_optimizer(Optimizer("mine"), [torch.nn.Parameter(torch.ones(1))], 0.1)


# ── wrong code ───────────────────────────────────────────────────────────────────────────────────────────────────────

GRAD_W, GRAD_B, GRAD_X = "self.x.T @ grad_output", "grad_output.sum(axis=0)", "grad_output @ self.W.T"
BACKWARD = "What backward makes before, for W2 and b2, is right."
WRONG = {
    "the batch's mean twice": ((GRAD_B, "grad_output.mean(axis=0)"), "gradient of b3 is not", "times 0.03125 (1/32)"),
    "a transposed square weight": (
        (GRAD_X, "grad_output @ (self.W if W_is_square(self) else self.W.T)"),
        "W1",
        BACKWARD,
    ),
    "a transposed square gradient": (
        (GRAD_W, "(self.x.T @ grad_output).T if W_is_square(self) else self.x.T @ grad_output"),
        "gradient of W2 is not",
        "That of W2 is the right one transposed",
    ),
    "a wrong sign": ((GRAD_W, f"-{GRAD_W}"), "gradient of W3 is not", "times -1"),
    "nothing at all": ((GRAD_W, f"0 * {GRAD_W}"), "gradient of W3 is not", "That of W3 is zero"),
    "one part in ten thousand": ((GRAD_B, f"{GRAD_B} * 1.0001"), "gradient of b3 is not", "times 1.0001"),
    "one part in a hundred million, in forward": (
        ("x @ self.W +", "x @ self.W * 1.00000001 +"),
        "forward pass",
        "look",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_wrong_code_is_caught_at_the_first_step_and_named(fault: str) -> None:
    pair, *said = WRONG[fault]
    source = LINEAR.replace(*pair) + "\ndef W_is_square(layer): return len(set(layer.W.shape)) == 1\n"
    network = make(config_of(RIGHT["linear_scratch"][0], hidden=(16, 16)), source)
    sentences = [network.first_divergence() for _ in train(network, 3, LR)]
    assert sentences[1:] == ["", ""]
    for part in said:
        assert part in sentences[0]


def test_the_first_step_that_differs_is_named_and_only_that() -> None:
    """The bias is zero at the start: a forward that forgets it is right once."""
    source = LINEAR.replace("x @ self.W + self.b", "x @ self.W")
    network = make(config_of(RIGHT["linear_scratch"][0]), source)
    sentences, differences = zip(
        *((network.first_divergence(), network.lockstep()) for _ in train(network, 4, LR)), strict=True
    )
    assert [bool(sentence) for sentence in sentences] == [False, True, False, False]
    assert [of_loss > 1e-6 for of_loss, _, _ in differences] == [False, True, True, True]
    assert max(differences[0][:2]) < 1e-12


def test_a_loss_of_the_learners_own_is_told_from_its_output() -> None:
    options = 'make = "MLP(widths, activation)"\nloss = "mse"\ncomputes = "mse(out, y)"'
    source = textbook("mlp", ("(difference * difference).sum() / len(predictions)", "(difference**2).mean()"))
    network = make(config_of(spec("network", "MLP", options)), source)
    [*train(network, 1, 0.01)]
    assert network.first_divergence().startswith("Your loss is not PyTorch's")


def test_gradients_of_nothing_agree() -> None:
    """In front of a batch norm a bias has no gradient: what both have of it is rounding."""
    of, source = OF_LAYERS["batch_norm"]
    network = make(config_of(of), source)
    data = load("digits")
    x, targets = network.place(data.x_train, data.y_train)
    _, grad = network.loss(network.forward(x[:32]), targets[:32])
    assert 0 < np.linalg.norm(network.backward(grad)["b1"]) < 1e-15
    assert network.lockstep()[1] < 1e-12


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["twin", "lockstep"])
@pytest.mark.parametrize(("name", "kind"), [("dropout", "momentum"), ("batch_norm", "adam"), ("linear", "nesterov")])
def test_after_a_checkpoint_it_goes_on_bit_for_bit(tmp_path: Path, mode: str, name: str, kind: str) -> None:
    of, source = OF_LAYERS[name]
    source = source.replace("from __future__ import annotations\n", "")
    config = config_of(of, mode, optimizer=Optimizer(kind), lr=0.02)
    through = make(config, source)
    [*train(through, 5, 0.02)]
    [*train(through, 2, 0.01, 5)]  # the velocity is in units of the last learning rate
    position = Position(7, 1, 7 * 32, {}, 0.0, 0.01, 32, None, [])
    assert write(tmp_path, config, through, through.namespaces, position)
    expected = [(loss, through.lockstep()) for loss in train(through, 4, 0.01, 7)]

    again = make(config, source)
    said: list[str] = []
    assert restore(tmp_path, config, again, again.namespaces, said.append) == position
    assert [(loss, again.lockstep()) for loss in train(again, 4, 0.01, 7)] == expected
    assert said == []
    for key, value in through.params().items():
        np.testing.assert_array_equal(again.params()[key], value)


# ── what cannot be ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_torch_a_sentence_says_how_to_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(RunError, match=r"PyTorch is not installed here.*pip install torch"):
        torch_side.make_network(config_of(RIGHT["linear_scratch"][0]), {}, 3)


def test_a_layer_that_only_the_learner_has_has_no_twin() -> None:
    with pytest.raises(RunError, match="PyTorch has no twin of your network"):
        make_layer(Layer("own", (4,), (4,), {"a": "a1"}, yours=True))


def test_where_a_number_stops_being_finite_is_found() -> None:
    twin = make(config_of(RIGHT["linear_scratch"][0], "twin"), LINEAR)
    data = load("digits")
    placed = twin.place(data.x_train[:4], data.y_train[:4])
    assert twin.find_non_finite(*placed).startswith("nowhere")
    twin.params()["W2"][...] = 1e308  # on the CPU the parameters are shown as they lie in memory
    assert twin.find_non_finite(*placed) == "the forward pass of layer 2, PyTorch's linear"
    twin.params()["W2"][0, 0] = np.nan
    assert twin.find_non_finite(*placed) == "the update of W2, a step before"
