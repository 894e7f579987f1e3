"""What a run is started with: its network, recipe, optimiser, gauges and frozen files, from what was asked."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.families import spec
from tests.family_specs import family
from tests.functional.test_families_b import ADAM
from tests.trained import accuracy, network_of
from tests.training_runs import LINEAR, SIGMOID, challenge
from tutor.errors import RunError, UnknownName
from tutor.learner import content_hash
from tutor.training.folder import read_config
from tutor.training.model import TWIN, OwnOptimizer, RunConfig, TrainOptions
from tutor.training.prepare import MACHINE, planned_steps, prepare
from tutor.training.recipes import recipe_for

OWN = spec("layer", "Mine", 'of = "linear"')
OWN = structs.replace(OWN, train=OWN.train and structs.replace(OWN.train, of="own"))


def prepared(runs: Path, exercise: Any = None, **asked: Any) -> RunConfig:
    return prepare(runs, exercise or challenge("linear_scratch"), LINEAR, TrainOptions(seed=1, **asked))


def test_a_run_of_the_digits_is_as_its_exercise_says(tmp_path: Path) -> None:
    config = prepared(tmp_path)
    assert (config.widths, config.lr, config.batch, config.epochs) == ((64, 32, 10), 0.1, 32, 30)
    assert (config.device, config.dtype, config.mode, config.optimizer.owner) == ("cpu", "float64", "numpy", "ours")
    assert config.architecture is not None
    assert [layer.kind for layer in config.architecture.layers] == ["linear", "relu", "linear"]
    names = [name for name, _ in config.gauges]
    assert names[3:7] == ["grad_norm.W1", "update_ratio.W1", "grad_norm.b1", "update_ratio.b1"]
    assert names[-5:] == ["dead.1", *MACHINE]
    assert read_config(tmp_path / config.id) == config


def test_what_is_asked_for_goes_before(tmp_path: Path) -> None:
    config = prepared(tmp_path, hidden=(20, 15), batch=100, epochs=2, lr=0.3, dtype="float32", mode="lockstep")
    assert (config.widths, config.batch, config.epochs, config.lr) == ((64, 20, 15, 10), 100, 2, 0.3)
    assert (config.dtype, config.twin, config.steps) == ("float32", TWIN, 2 * math.ceil(1437 / 100))
    assert planned_steps(challenge("linear_scratch"), TrainOptions(epochs=2, batch=100)) == config.steps


def test_the_recipes_of_the_data_sets() -> None:
    linear, conv = challenge("linear_scratch").train, spec("layer", "Conv2D", 'of = "conv2d"').train
    assert linear is not None and conv is not None
    mnist = recipe_for(linear, "mnist")
    assert (mnist.hidden, mnist.batch, mnist.epochs, linear.lr) == ((128,), 64, 10, 0.1)
    assert recipe_for(conv, "mnist").hidden == conv.hidden
    assert recipe_for(linear, "spirals").hidden == (32, 32)
    for depths, hidden in (("[2]", (128,)), ("[3]", (128, 128)), ("[1]", ()), ("[4, 2]", (128,))):
        network = spec("network", "MLP", f"depths = {depths}").train
        assert network is not None
        assert recipe_for(network, "mnist").hidden == hidden


def test_the_learners_own_optimizer_is_frozen_beside_the_layer(tmp_path: Path) -> None:
    own = OwnOptimizer(family("optimizer", "Adam", rule="adam"), ADAM)
    config = prepared(tmp_path, optimizer=own)
    assert (config.optimizer.owner, config.optimizer.kind, config.optimizer.challenge) == ("yours", "adam", "mine")
    assert config.optimizer_hash == content_hash(ADAM.encode())
    code = tmp_path / config.id / "code"
    assert (code / "mine.py").read_text() == ADAM
    assert (code / "linear_scratch.py").read_text() == LINEAR
    assert config.lr == pytest.approx(0.003)
    assert read_config(tmp_path / config.id) == config


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"epochs": 0}, "0 epochs"),
        ({"hidden": (0,)}, "0 hidden units"),
        ({"dataset": "moons", "exercise": spec("layer", "Conv2D", 'of = "conv2d"')}, "A convolution needs images"),
        ({"mode": "lockstep", "exercise": OWN}, "PyTorch has no twin"),
        ({"exercise": spec("loss", "MSE", 'of = "mse"')}, "trains no network"),
    ],
)
def test_what_makes_no_run_is_said_and_leaves_no_folder(tmp_path: Path, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(RunError, match=said):
        prepared(tmp_path, **asked)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("asked", [{"optimizer": "adan"}, {"dataset": "digitz"}, {"device": "gpu"}])
def test_what_is_unknown_is_said(tmp_path: Path, asked: dict[str, str]) -> None:
    with pytest.raises(UnknownName):
        prepared(tmp_path, **asked)


@pytest.mark.parametrize(("name", "source"), [("linear_scratch", LINEAR), ("backprop_fill", SIGMOID)])
def test_correct_code_learns_the_digits(name: str, source: str) -> None:
    exercise = challenge(name)
    train = exercise.train
    assert train is not None
    assert accuracy(network_of(exercise, source), train.epochs, train.lr, train.batch) >= 0.96


def test_a_network_of_the_family_learns_the_digits() -> None:
    from tests.families import textbook

    exercise = spec("network", "MLP")
    train = exercise.train
    assert train is not None
    assert accuracy(network_of(exercise, textbook("mlp")), train.epochs, train.lr, train.batch) >= 0.96


@pytest.mark.parametrize("preset", ["conv2d", "max_pool", "embedding", "attention", "recurrent"])
def test_a_layer_that_needs_a_size_says_so(tmp_path: Path, preset: str) -> None:
    with pytest.raises(RunError, match="--hidden 16"):
        prepared(tmp_path, spec("layer", "Mine", f'of = "{preset}"'), hidden=())
