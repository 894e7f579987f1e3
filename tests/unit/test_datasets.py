"""The digits that come with the tutor: the published file, its fixed split, and what a network makes of them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tutor.errors import UnknownName
from tutor.nn import SGD, Adam, Linear, Network, ReLU, SoftmaxCrossEntropy
from tutor.training import datasets


def test_the_file_is_the_published_one() -> None:
    stored = Path(datasets.__file__).with_name("digits.npz").read_bytes()
    assert hashlib.sha256(stored).hexdigest() == "c83ab5ce2bbe30b16f00c7c611ae9bb5e7754e82c3b7e0d5f1978e971c3bad80"
    assert len(stored) < 60_000


def test_counts_split_and_range() -> None:
    digits = datasets.load("digits")
    assert digits.name == "digits"
    assert digits.classes == 10
    assert digits.x_train.shape == (1437, 64)
    assert digits.x_test.shape == (360, 64)
    assert digits.y_train.shape == (1437,)
    assert digits.y_test.shape == (360,)
    for x in (digits.x_train, digits.x_test):
        assert x.dtype == np.float64
        assert x.min() == 0.0
        assert x.max() == 1.0
        np.testing.assert_array_equal(x * 16, np.round(x * 16))
    for y in (digits.y_train, digits.y_test):
        assert y.dtype == np.int64


def test_every_image_is_used_once() -> None:
    with np.load(Path(datasets.__file__).with_name("digits.npz")) as stored:
        pixels, order = stored["pixels"], stored["order"]
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(np.sort(order), np.arange(1797))
    digits = datasets.load("digits")
    np.testing.assert_array_equal(np.concatenate([digits.x_train, digits.x_test]) * 16, pixels[order])


def test_the_classes_are_balanced() -> None:
    digits = datasets.load("digits")
    whole = np.bincount(digits.y_train) + np.bincount(digits.y_test)
    np.testing.assert_array_equal(whole, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])  # as UCI counts them
    assert np.bincount(digits.y_train, minlength=10).min() >= 125  # 144 on average
    assert np.bincount(digits.y_test, minlength=10).min() >= 25  # 36 on average


def test_each_load_gives_arrays_of_its_own() -> None:
    datasets.load("digits").x_train[:] = -1
    assert datasets.load("digits").x_train.min() == 0.0


def test_attribution_names_authors_source_and_licence() -> None:
    attribution = datasets.load("digits").attribution
    for part in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0"):
        assert part in attribution


def test_facts_are_those_of_the_data_and_read_nothing() -> None:
    for name in ("digits", "xor", "moons", "spirals", "rings"):
        facts, data = datasets.facts(name), datasets.load(name)
        assert (facts.name, facts.samples, facts.held_back) == (name, len(data.x_train), len(data.x_test))
        assert facts.sample_shape == data.sample_shape and data.x_train.shape[1] == np.prod(facts.sample_shape)
        assert facts.class_names == data.class_names and facts.classes == data.classes
        assert set(data.y_train) == set(data.y_test) == set(range(facts.classes))
        assert facts.attribution == data.attribution != ""
    code = "import sys; from tutor.training import datasets; [datasets.facts(n) for n in datasets.NAMES]; "
    done = subprocess.run(
        [sys.executable, "-c", code + "print('numpy' in sys.modules)"], capture_output=True, text=True
    )
    assert done.stdout == "False\n"


def test_a_set_comes_in_the_precision_that_is_asked_for() -> None:
    for name in ("digits", "moons"):
        exact, short = datasets.load(name), datasets.load(name, dtype="float32")
        assert exact.x_test.dtype == np.float64 and short.x_test.dtype == np.float32
        np.testing.assert_array_equal(exact.x_train, short.x_train)  # sixteenths and 1/4096ths: both hold them exactly


@pytest.mark.parametrize(
    ("name", "checksum"),
    [
        ("xor", "e5313dab2eb9764d036c88108cdbe68cefa91b051104ebc32ca04730cb9b2755"),
        ("moons", "a9aaf6b1dbc1e88ea21250ebf3c27d54ebf3114befc442fdb8def3c89d518d64"),
        ("spirals", "a72d7ed2621fad5c0c6fe499180148c0cb25324a856fe4dd082f57deaf55dbe4"),
        ("rings", "37cc405662055599cc25c57a2b1b0765a10c652d56fefded0e1e45a298da257c"),
    ],
)
def test_points_in_the_plane_are_the_same_everywhere(name: str, checksum: str) -> None:
    data = datasets.load(name)
    arrays = (data.x_train, data.y_train, data.x_test, data.y_test)
    assert hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest() == checksum
    assert np.abs(data.x_train.std(axis=0) - 1).max() < 0.1
    assert np.abs(data.x_train.mean(axis=0)).max() < 0.1 and np.abs(data.x_train).max() < 3


@pytest.mark.parametrize("name", ["xor", "moons", "spirals", "rings"])
def test_a_straight_line_does_not_do_and_a_small_network_does(name: str) -> None:
    data, rng = datasets.load(name), np.random.default_rng(0)
    line = Network([Linear(2, data.classes, rng)])
    small = Network([Linear(2, 32, rng), ReLU(), Linear(32, 32, rng), ReLU(), Linear(32, data.classes, rng)])
    right = []
    for network in (line, small):
        optimizer = Adam(lr=0.02)
        for _ in range(60):
            for batch in np.array_split(rng.permutation(len(data.x_train)), 16):
                _, grad = SoftmaxCrossEntropy()(network.forward(data.x_train[batch]), data.y_train[batch])
                network.backward(grad)
                optimizer.step(network.params(), network.grads())
        right.append((network.forward(data.x_test).argmax(axis=1) == data.y_test).mean())
    assert right[0] < 0.93 and right[1] >= 0.95


def test_an_unknown_name_gets_the_nearest_known_one() -> None:
    with pytest.raises(UnknownName, match="Did you mean digits"):
        datasets.load("digit")


def test_a_small_network_learns_them() -> None:
    digits, rng = datasets.load("digits"), np.random.default_rng(0)
    network = Network([Linear(64, 32, rng), ReLU(), Linear(32, 10, rng)])
    loss_of, optimizer = SoftmaxCrossEntropy(), SGD(lr=0.1)
    for _ in range(10):
        for batch in np.array_split(rng.permutation(len(digits.x_train)), 45):
            _, grad = loss_of(network.forward(digits.x_train[batch]), digits.y_train[batch])
            network.backward(grad)
            optimizer.step(network.params(), network.grads())
    assert (network.forward(digits.x_test).argmax(axis=1) == digits.y_test).mean() >= 0.95
