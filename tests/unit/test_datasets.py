"""The digits that come with the tutor: the published file, its fixed split, and what a network makes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tutor.errors import UnknownName
from tutor.nn import SGD, Linear, Network, ReLU, SoftmaxCrossEntropy
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
