"""Every layer and network that passes its exercise trains, whatever its style; gradients of the stack are exact."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from tests.complex_step import complex_step
from tests.families import spec, textbook
from tests.functional.test_families_layers import RIGHT_LAYERS, SOFTPLUS
from tests.functional.test_families_networks import RIGHT_NETWORKS
from tests.network_styles import Net, Pen
from tests.network_styles_more import STYLES
from tests.networks import challenge as network_challenge
from tests.trained import BATCH, config_for, losses, network_of
from tutor.course.families.presets import PRESETS, find_preset
from tutor.errors import RunError
from tutor.training.datasets import load
from tutor.training.networks.network import Network

STEPS = 30


def preset(of: str, more: str = "") -> Any:
    return spec("layer", find_preset(of).name, f'of = "{of}"\n{more}')


def falls(found: list[float]) -> bool:
    return float(np.mean(found[-5:])) < 0.8 * float(np.mean(found[:5]))


# ── what trains ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("of", PRESETS)
def test_every_layer_trains_in_a_network(of: str, dtype: str) -> None:
    network = network_of(preset(of), textbook(find_preset(of).module), dtype=dtype)
    found = losses(network, 3 * STEPS, network._train.lr)
    assert falls(found), found
    assert {value.dtype for value in network.params().values()} == {np.dtype(dtype)}


@pytest.mark.parametrize("style", RIGHT_LAYERS)
def test_a_layer_in_any_style_trains(style: str) -> None:
    challenge, source = RIGHT_LAYERS[style]
    slow = "loops" in style
    network = network_of(challenge, source, hidden=(4,) if slow else None)
    found = losses(network, STEPS if slow else 3 * STEPS, network._train.lr, 6 if slow else BATCH)
    assert falls(found) or (slow and np.mean(found[-10:]) < np.mean(found[:10])), found


@pytest.mark.parametrize("style", RIGHT_NETWORKS)
def test_a_network_in_any_style_trains(style: str) -> None:
    challenge, source = RIGHT_NETWORKS[style]
    network = network_of(challenge, source)
    found = losses(network, STEPS, network._train.lr)
    assert falls(found) or (style == "twelve layers deep" and found[-1] < found[0]), found


@pytest.mark.parametrize("head", ["upstream", "softmax_ce", "mse"])
@pytest.mark.parametrize("style", sorted({*STYLES} - {"functions", "closures", "descent", "scalars"}))
def test_a_network_of_the_family_trains_in_the_styles_of_learners(style: str, head: str) -> None:
    net = Net((64, 16, 10), "tanh", head, batches_of_one=False, mean_in_layers=False)
    source = STYLES[style](net, Pen(random.Random(1)))
    network = network_of(network_challenge(random.Random(1), style, net), source, hidden=(16,))
    assert falls(losses(network, STEPS, 0.05 if head == "mse" else 0.3))


def test_an_own_layer_of_the_learners_stands_between_two_of_ours(tmp_path: Any) -> None:
    from tutor.course import read_spec

    (tmp_path / "right.py").write_text(SOFTPLUS)
    (tmp_path / "challenge.toml").write_text(
        'id = "softplus"\nfamily = "layer"\ndefines = ["Softplus"]\n[options]\nmake = "Softplus(2.0)"\n'
        'reference = "right.py"\noutput = ["N", "n"]\nsizes = { N = 5, n = 4 }\ninputs = { x = ["N", "n"] }\n'
    )
    network = network_of(read_spec(tmp_path / "challenge.toml"), SOFTPLUS)
    assert [layer.kind for layer in network.architecture.layers] == ["linear", "own", "linear"]
    assert falls(losses(network, STEPS, 0.1))


def test_what_the_class_draws_itself_is_kept_and_the_rest_is_drawn_for_it() -> None:
    drawing = textbook("linear", ("np.zeros(n_out)", "np.full(n_out, 0.25)"))
    kept = network_of(preset("linear"), drawing)
    assert (kept.params()["b1"] == 0.25).all()
    not_drawing = textbook("linear", ("rng.normal(0.0, np.sqrt(2.0 / n_in), size=(n_in, n_out))", "None"))
    first, again = (network_of(preset("linear"), not_drawing).params() for _ in range(2))
    assert first["W1"].std() == pytest.approx(np.sqrt(2 / 64), rel=0.1)
    np.testing.assert_array_equal(first["W1"], again["W1"])  # the same seed


@pytest.mark.parametrize("of", ["linear", "tanh", "layer_norm", "dropout", "sigmoid_layer"])
def test_a_network_of_points_trains_where_the_layer_allows_it(of: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    labels = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    network = network_of(preset(of), textbook(find_preset(of).module), shape=(2,), classes=2)
    network.check_first_pass(x[:7], labels[:7])
    placed, targets = network.place(x, labels)
    first = network.evaluate(placed, targets).loss
    for _ in range(100):
        network.backward(network.loss(network.forward(placed), targets)[1])
        network.step(network._train.lr)
    assert network.evaluate(placed, targets).loss < 0.98 * first


@pytest.mark.parametrize("of", ["conv2d", "max_pool", "embedding", "attention", "recurrent", "recurrent_step"])
def test_a_layer_that_needs_images_says_so_of_points(of: str) -> None:
    with pytest.raises(RunError, match=r"these samples are points of 2 numbers\. Train it on images"):
        config_for(preset(of), shape=(2,))


# ── exactness ────────────────────────────────────────────────────────────────────────────────────────────────────────


def batch(network: Network, n: int = 4) -> tuple[Any, Any]:
    data = load("digits")
    network.check_first_pass(data.x_train[:n], data.y_train[:n])
    return network.place(data.x_train[:n], data.y_train[:n])


@pytest.mark.parametrize(
    ("of", "more", "hidden"),
    [
        ("linear", "", (5, 4)),
        ("batch_norm", "", (5,)),
        ("conv2d", "", (2,)),
        ("recurrent_step", "", (3,)),
        ("attention", "", (3,)),
        ("sigmoid_layer", "", (5,)),
    ],
)
def test_every_gradient_of_the_stack_is_that_of_the_complex_step(of: str, more: str, hidden: tuple[int, ...]) -> None:
    source = textbook(find_preset(of).module)
    network = network_of(preset(of, more), source, hidden=hidden)
    x, targets = batch(network)
    for value in network.params().values():
        value += 0.01  # away from the kink of ReLU, at which a border of zeros stands
    grads = network.backward(network.loss(network.forward(x), targets)[1])
    found = {name: grads[name].copy() for name in grads}
    for name, parameter in network.params().items():
        some = parameter.reshape(-1)[:6].copy()

        def objective(values: Any, name: str = name) -> Any:
            changed = {key: value.astype(complex) for key, value in network.params().items()}
            changed[name].reshape(-1)[: len(values)] = values
            before = network.params()
            network._write(changed)
            loss, _ = network._criterion(network.forward(x.astype(complex)), targets)
            network._write(before)
            return loss

        expected = complex_step(objective, some)
        np.testing.assert_allclose(found[name].reshape(-1)[:6], expected, rtol=1e-9, atol=1e-12)


def test_parameters_that_are_held_transposed_are_given_in_our_layout() -> None:
    challenge, source = RIGHT_LAYERS["transposed, in a dict, by the constructor"]
    network = network_of(challenge, source)
    x, targets = batch(network)
    grads = network.backward(network.loss(network.forward(x), targets)[1])
    before, grad = network.params()["W1"].copy(), grads["W1"].copy()
    assert before.shape == (64, 32)
    np.testing.assert_allclose(network.forward(x), np.maximum(x @ before, 0) @ network.params()["W2"])
    network.step(0.5)
    np.testing.assert_allclose(network.params()["W1"], before - 0.5 * grad)


# ── in use ───────────────────────────────────────────────────────────────────────────────────────────────────────────

MASKED = """
import numpy as np
class Dropout:
    def __init__(self, p): self.p = p
    def forward(self, x, mask):
        self.mask = mask
        return x * mask / (1 - self.p)
    def backward(self, g): return g * self.mask / (1 - self.p)
"""


@pytest.mark.parametrize("source", [MASKED, textbook("dropout")])
def test_dropout_is_on_in_training_and_off_in_use(source: str) -> None:
    network = network_of(preset("dropout"), source)
    x, targets = batch(network)
    assert not np.array_equal(network.forward(x), network.forward(x))
    once, again = network.evaluate(x, targets), network.evaluate(x, targets)
    np.testing.assert_array_equal(once.output, again.output)
    assert not np.array_equal(network.forward(x), network.forward(x))


def test_batch_norm_in_use_is_by_its_averages_and_is_back_in_training_afterwards() -> None:
    network = network_of(preset("batch_norm"), textbook("batch_norm"))
    losses(network, 40, 0.1)
    x, targets = batch(network, 40)
    alone = [network.evaluate(x[i : i + 1], targets[i : i + 1]).output[0] for i in range(3)]
    np.testing.assert_allclose(network.evaluate(x, targets).output[:3], alone)
    assert vars(network.roots()["layer2"])["training"] is True


def test_evaluating_in_parts_is_the_same_and_changes_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of(preset("linear"), textbook("linear"))
    x, targets = batch(network, 50)
    x, copy = x.copy(), x.copy()
    whole = network.evaluate(x, targets)
    monkeypatch.setattr("tutor.training.networks.network.AT_ONCE", 7)
    parts = network.evaluate(x, targets)
    assert parts.loss == pytest.approx(whole.loss)
    assert parts.dead == whole.dead
    np.testing.assert_allclose(parts.output, whole.output)
    np.testing.assert_array_equal(x, copy)


def test_dead_units_are_found_in_a_whole_network_too() -> None:
    challenge, source = RIGHT_NETWORKS["the textbook's with relu"]
    network = network_of(challenge, source, hidden=(4,))
    x, targets = batch(network, 20)
    network.params()["b1"][:3] = -100.0
    assert network.evaluate(x, targets).dead == [0.75]


# ── where it broke ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_number_that_is_not_finite_is_named() -> None:
    network = network_of(preset("linear"), textbook("linear"))
    x, targets = batch(network)
    assert network.find_non_finite(x, targets).startswith("nowhere")
    network.params()["b2"][0] = np.inf
    assert network.find_non_finite(x, targets) == "the update of b2, a step before"
    network.params()["b2"][0] = 0.0
    with np.errstate(all="ignore"):
        network.params()["W2"][...] = 1e308
        assert network.find_non_finite(x, targets) == "the forward pass of layer 2, your Linear"
    broken = network_of(preset("tanh"), textbook("activations", ("(1 - self.a * self.a)", "(np.nan * self.a)")))
    assert broken.find_non_finite(*batch(broken)) == "the backward pass: the gradient of b1"


def test_it_is_named_in_a_whole_network_too() -> None:
    challenge, source = RIGHT_NETWORKS["the textbook's with relu"]
    network = network_of(challenge, source)
    x, targets = batch(network)
    assert network.find_non_finite(x, targets).startswith("nowhere")
    with np.errstate(all="ignore"):
        network.params()["W1"][...] = 1e308
        assert network.find_non_finite(x, targets) == "the forward pass of layer 1"


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────

TO_IMAGES = "rows.reshape(n, h_out, w_out, c_out).transpose(0, 3, 1, 2)"
FAULTS = {
    "no method": ("linear", ("def backward", "def back"), "has no method backward"),
    "no class": ("linear", ("class Linear", "class Other"), "defines no class Linear"),
    "no gradient": ("linear", ("self.grad_W =", "grad_W ="), "leaves no self.grad_W behind"),
    "wrong gradient": ("layer_norm", ("grad_output.sum(axis=samples)", "grad_output"), "The gradient of beta2 is an"),
    "wrong shape": ("conv2d", (TO_IMAGES, f"{TO_IMAGES}[:, :1]"), "forward returns an array of shape"),
    "nothing back": ("tanh", ("return grad_z", "pass"), "Your backward returns None"),
    "no state back": ("recurrent_step", ("return grad_x, grad_h_prev", "return (grad_x,)"), "no gradient of h_prev"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_layer_lacks_is_said_in_a_sentence(fault: str) -> None:
    of, pair, said = FAULTS[fault]
    with pytest.raises(RunError, match=said):
        batch(network_of(preset(of), textbook(find_preset(of).module, pair)))


NETWORK_FAULTS = {
    "wrong output": (
        "a = z if k == len(self.W) - 1",
        "a = z[:, :3] if k == len(self.W) - 1",
        "forward returns an array",
    ),
    "no gradient": ("self.grad_W[k] =", "self.grad_W[k] = None;", "leaves no"),
    "wrong gradient": ("self.grad_b[k] = grad.sum(axis=0)", "self.grad_b[k] = grad", "The gradient of b1 is an array"),
    "no method": ("def forward", "def go", "has no method forward"),
}


@pytest.mark.parametrize("fault", NETWORK_FAULTS)
def test_what_a_network_lacks_is_said_in_a_sentence(fault: str) -> None:
    right, wrong, said = NETWORK_FAULTS[fault]
    challenge, _ = RIGHT_NETWORKS["the textbook's with relu"]
    with pytest.raises(RunError, match=said):
        batch(network_of(challenge, textbook("mlp", (right, wrong))))


def test_a_network_of_another_depth_than_its_exercise_asks_for_is_refused() -> None:
    challenge = spec("network", "MLP", "depths = [2]")
    with pytest.raises(RunError, match="A network of 3 layers is more than its exercise asks of MLP"):
        config_for(challenge, hidden=(8, 8))
