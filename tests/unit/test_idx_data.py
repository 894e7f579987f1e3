"""MNIST from the learner's own folder: every spelling of its files is read, every fault of one is told."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.idx_files import NAMES, idx_bytes, little_mnist, write_files
from tutor.nn import SGD, Linear, Network, ReLU, SoftmaxCrossEntropy
from tutor.training import datasets
from tutor.training.datasets import DatasetUnavailable
from tutor.training.datasets.tables import PUBLISHED

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES


def refusal(folder: Path) -> str:
    """What is said of a folder, which is the same for the facts and the data wherever the headers show it."""
    with pytest.raises(DatasetUnavailable) as caught:
        datasets.load("mnist", folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
def test_images_and_labels_come_through(tmp_path: Path, packed: bool) -> None:
    files = little_mnist()
    folder = write_files(tmp_path, files, packed)
    facts, data = datasets.facts("mnist", folder), datasets.load("mnist", folder, "float32")
    assert (facts.samples, facts.held_back, facts.sample_shape, facts.classes) == (60, 20, (28, 28), 10)
    assert (data.x_train.shape, data.x_test.shape) == ((60, 784), (20, 784)) and data.x_train.dtype == np.float32
    raw = np.frombuffer(files[TRAIN_IMAGES], np.uint8, offset=16).reshape(60, 784)
    np.testing.assert_array_equal(data.x_train, raw / np.float32(255))
    assert data.x_train.min() >= 0.0 and data.x_train.max() == 1.0
    np.testing.assert_array_equal(data.y_train, np.arange(60) % 10)
    assert data.y_train.dtype == np.int64 and data.sample_shape == (28, 28) and data.class_names[3] == "3"
    assert datasets.load("mnist", folder).x_train.dtype == np.float64


def test_a_network_of_784_128_10_learns_from_such_files(tmp_path: Path) -> None:
    data = datasets.load("mnist", write_files(tmp_path, little_mnist(300, 50), packed=True))
    rng = np.random.default_rng(0)
    network = Network([Linear(784, 128, rng), ReLU(), Linear(128, 10, rng)])
    optimizer = SGD(lr=0.1)
    for _ in range(5):
        for batch in np.array_split(rng.permutation(300), 15):
            _, grad = SoftmaxCrossEntropy()(network.forward(data.x_train[batch]), data.y_train[batch])
            network.backward(grad)
            optimizer.step(network.params(), network.grads())
    assert (network.forward(data.x_test).argmax(axis=1) == data.y_test).mean() == 1.0


@pytest.mark.parametrize(
    "spelt",
    [
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.upper(),
        lambda name: f"raw/{name}",
        lambda name: f"MNIST/raw/{name}",
    ],
)
def test_the_usual_spellings_are_found(tmp_path: Path, spelt: object) -> None:
    for name, content in little_mnist().items():
        path = tmp_path / spelt(name)  # type: ignore[operator]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert datasets.facts("mnist", tmp_path).samples == len(datasets.load("mnist", tmp_path).x_train) == 60


def test_without_a_folder_the_facts_are_the_published_ones() -> None:
    for name in ("mnist", "fashion-mnist"):
        facts = datasets.facts(name)
        assert (facts.samples, facts.held_back, facts.sample_shape, facts.classes) == (60_000, 10_000, (28, 28), 10)
        with pytest.raises(DatasetUnavailable, match="--data-dir"):
            datasets.load(name)
        assert len(PUBLISHED[name].files) == 4 and all(len(file.sha256) == 64 for file in PUBLISHED[name].files)


IMAGES = np.zeros((60, 28, 28), np.uint8)
LABELS = np.zeros(60, np.uint8)
FAULTS = [
    (TRAIN_IMAGES, b"<html>", "it begins with 3c 68, not with 00 00"),
    (TRAIN_IMAGES, idx_bytes(IMAGES, kind=0x0D), "its values are of type 0x0d, and images are bytes, 0x08"),
    (TRAIN_IMAGES, idx_bytes(LABELS), "it has 1 dimensions, and images have 3: are images and labels mixed up?"),
    (TRAIN_LABELS, idx_bytes(IMAGES), "it has 3 dimensions, and labels have 1"),
    (TRAIN_IMAGES, b"\0\0", "it ends within its header"),
    (TRAIN_IMAGES, idx_bytes(IMAGES)[:9], "it ends within its header"),
    (TRAIN_IMAGES, b"", "it ends within its header"),
    (TRAIN_IMAGES, idx_bytes(IMAGES[:0]), "it is empty: its header says 0x28x28"),
    (TRAIN_IMAGES, idx_bytes(IMAGES)[:-1], "cut short: its header promises 47,040 bytes of images"),
    (TRAIN_IMAGES, idx_bytes(IMAGES) + b"\0", "it is too long"),
    (TRAIN_IMAGES, idx_bytes(IMAGES, sizes=(2**32 - 1, 28, 28)), "do not belong together"),
    (TRAIN_IMAGES, idx_bytes(IMAGES[:, :8, :8]), "its images are 8x8, and those of MNIST 28x28"),
    (TEST_IMAGES, idx_bytes(IMAGES), "60 images and 20 labels"),
    (TEST_LABELS, idx_bytes(LABELS), "20 images and 60 labels"),
    (TRAIN_LABELS, idx_bytes(np.arange(60, dtype=np.uint8)), "label 59 is 59, and MNIST has the labels 0 to 9"),
    (TRAIN_LABELS, idx_bytes(LABELS, sizes=(2**32 - 1,)), "cut short: its header promises 4,294,967,295 bytes"),
]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("name", "content", "said"), FAULTS)
def test_each_fault_is_a_sentence_that_names_the_file(
    tmp_path: Path, name: str, content: bytes, said: str, packed: bool
) -> None:
    told = refusal(write_files(tmp_path, little_mnist() | {name: content}, packed))
    assert said in told and name in told and str(tmp_path) in told and told.endswith("train on the digits.")


def test_a_compressed_file_that_is_damaged(tmp_path: Path) -> None:
    folder = write_files(tmp_path, little_mnist(), packed=True)
    packed = folder / f"{TRAIN_IMAGES}.gz"
    whole = packed.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:-4] + b"\0\0\0\0", b"no gzip at all", whole[:500] + whole[700:]):
        packed.write_bytes(damaged)
        assert f"{TRAIN_IMAGES}.gz cannot be used: it is damaged" in refusal(folder)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    files = little_mnist()
    write_files(tmp_path / "three", {name: files[name] for name in NAMES if name != TEST_LABELS})
    assert f"MNIST is not complete in {tmp_path / 'three'}: {TEST_LABELS} missing." in refusal(tmp_path / "three")
    assert f"{tmp_path / 'none'}: No such file or directory" in refusal(tmp_path / "none")
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refusal(tmp_path / "file")
    with pytest.raises(DatasetUnavailable, match="not complete"):
        datasets.facts("mnist", tmp_path)
    (tmp_path / TRAIN_LABELS).mkdir()  # some archives unpack to a folder of that name
    os.mkfifo(tmp_path / TRAIN_IMAGES)  # reading it would wait for ever
    assert "not complete" in refusal(tmp_path)
