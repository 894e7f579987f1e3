"""Whole files of learners on torch tensors: every style of network, the lessons' solutions, the textbook's layers."""

from __future__ import annotations

import contextlib
import copy
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.networks import right
from tests.ptyscreen import ROOT
from tests.training_runs import challenge
from tutor.course import Challenge
from tutor.ontorch import Loader, NotOnTorch, run_source, to_host
from tutor.paths import locate

CUDA = pytest.param(
    "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
)
SEEDS = range(40)
SOLUTIONS = [  # of what trains; what is written in PyTorch is on torch already
    file
    for file in sorted(locate().lessons.glob("*/*/solutions/*.py"))
    if challenge(file.parent.parent.name).train is not None and "pytorch" not in file.name
]


def drawn(exercise: Challenge) -> dict[str, Any]:
    """The arrays of the exercise's first case."""
    rng, sizes = np.random.default_rng(0), exercise.basic[0].sizes
    arrays: dict[str, Any] = {}
    for name, lengths in exercise.arrays.items():
        shape = tuple(int(eval(length, dict(sizes))) for length in lengths)
        if exercise.draws.get(name, "").startswith("labels"):
            arrays[name] = rng.integers(0, sizes["n_out"], shape)
        elif exercise.draws.get(name, "").startswith("mask"):
            arrays[name] = (rng.random(shape) < 0.5).astype(float)
        else:
            arrays[name] = 0.5 * rng.standard_normal(shape)
    return arrays


def driven(exercise: Challenge, names: dict[str, Any], put: Any) -> dict[str, Any]:
    """What the file gives in the exercise's first case: each result by the first spelling that is there."""
    drive, case, found = exercise.drive, exercise.basic[0], dict[str, Any]()
    results: Mapping[str, Mapping[str, tuple[str, ...]]] = dict(drive.results.items())
    names = {**case.values, **names, **case.sizes, "right": lambda _, value: value}
    names["unjudged"] = contextlib.nullcontext
    names |= {name: put(array) for name, array in drawn(exercise).items()}
    for stage in ("setup", "forward", "backward", "update"):
        exec(getattr(drive, stage), names)
        for result, spellings in (results.get(stage) or {}).items():
            values = (_value(text, names) for text in spellings)
            found[result] = next((value for value in values if value is not None), None)
    return found


def _value(text: str, names: dict[str, Any]) -> Any:
    try:
        return eval(text, names)
    except (AttributeError, LookupError, TypeError):
        return None


def compare(exercise: Challenge, source: str, device: str, told: str) -> None:
    """The file gives the same as with NumPy; without values, the same shapes."""
    source = source.replace("default_rng()", "default_rng(1)")
    theirs: dict[str, Any] = {}
    exec(source, theirs)
    loader = Loader(device)
    found = driven(exercise, loader.run(source, "code.py"), loader.numpy.array)
    for name, expected in driven(exercise, theirs, np.array).items():
        if expected is None:  # of a layer that the first case's network has not
            assert found[name] is None and "out" in found
            continue
        expected = np.asarray(expected)
        if device == "meta":
            assert (found[name].shape, found[name].dtype) == (expected.shape, expected.dtype), told
        else:
            size = np.abs(expected).max(initial=0) + 1e-300
            difference = np.abs(np.asarray(to_host(found[name])) - expected).max(initial=0)
            assert difference <= 1e-13 * size, f"{name}: {difference / size:.1e}\n{told}"


@pytest.mark.parametrize("device", ["cpu", "meta", CUDA])
@pytest.mark.parametrize("seed", SEEDS)
def test_networks_in_every_style(seed: int, device: str) -> None:
    made = right(seed)
    compare(made.challenge, made.source, device, made.told())


def test_no_style_is_left_out() -> None:
    assert len({right(seed).style for seed in SEEDS}) == 13


@pytest.mark.parametrize("device", ["cpu", "meta", CUDA])
@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_solutions_of_the_lessons(path: Path, device: str) -> None:
    np.random.seed(1)
    exercise, source = challenge(path.parts[-3]), path.read_text("utf-8")
    if device == "meta" and any(asks in source for asks in ("math.exp", " > 0 else ")):  # every number, on the host
        with pytest.raises((RuntimeError, NotImplementedError)):
            compare(exercise, source, device, source)
        return
    compare(exercise, source, device, source)


TEXTBOOK = {
    "linear": "layer, x = nn.Linear(4, 3, rng), rng.normal(size=(5, 4))",
    "sigmoid layer": "layer, x = nn.SigmoidLayer(4, 3, rng), rng.normal(size=(5, 4))",
    "mlp": "layer, x = nn.MLP((4, 6, 3), 'sigmoid', rng), rng.normal(size=(5, 4))",
    "activations": "layer = nn.Network([nn.ReLU(), nn.Tanh(), nn.LeakyReLU(), nn.Sigmoid()]); x = rng.normal(size=4)",
    "batch norm": "layer, x = nn.BatchNorm(4), rng.normal(size=(5, 4))",
    "layer norm": "layer, x = nn.LayerNorm(4), rng.normal(size=(5, 4))",
    "dropout": "layer, x = nn.Dropout(0.4, rng), rng.normal(size=(5, 4))",
    "convolution": "layer, x = nn.Conv2D(2, 3, 3, 2, 1, rng), rng.normal(size=(2, 2, 7, 7))",
    "max pooling": "layer, x = nn.MaxPool2D(3, 2), rng.normal(size=(2, 2, 7, 7))",
    "attention": "layer, x = nn.SelfAttention(4, 3, True, rng), rng.normal(size=(2, 5, 4))",
    "recurrent": "layer, x = nn.Recurrent(4, 3, rng), rng.normal(size=(2, 5, 4))",
}
PASS = """
import numpy as np
from tutor import nn
rng = np.random.default_rng(2)
{made}
out = layer.forward(x)
grad_x = layer.backward(rng.normal(size=out.shape))
grads = {{name: value for name, value in vars(layer).items() if name.startswith("grad_") and hasattr(value, "shape")}}
"""


@pytest.mark.parametrize("device", ["cpu", "meta", CUDA])
@pytest.mark.parametrize("layer", TEXTBOOK)
def test_layers_of_the_textbook(layer: str, device: str) -> None:
    source, theirs = PASS.format(made=TEXTBOOK[layer]), dict[str, Any]()
    exec(source, theirs)
    ours = Loader(device, through=("tutor.nn",)).run(source, "code.py")
    pairs = {name: (theirs[name], ours[name]) for name in ("out", "grad_x")}
    pairs |= {name: (value, ours["grads"][name]) for name, value in theirs["grads"].items()}
    for name, (expected, found) in pairs.items():
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype), name
        if device != "meta":
            np.testing.assert_allclose(to_host(found), expected, rtol=1e-12, atol=1e-14, err_msg=name)


# ── what a file gets ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_way_to_import_numpy() -> None:
    names = run_source(
        "import numpy, numpy.random\nimport numpy.linalg as la\nfrom numpy import exp, array\n"
        "from numpy.random import default_rng\nfrom numpy.typing import NDArray\nimport numpy as np\n"
        "x = array([3.0, 4.0])\nr = [exp(x), la.norm(x), default_rng(0).normal(size=2), numpy.random.randn(2), "
        "np.ones(2)]\n",
        "code.py",
    )
    assert {type(value).__module__ for value in names["r"]} == {"tutor.ontorch.array"}


def test_the_process_keeps_its_numpy() -> None:
    names = run_source("import numpy as np\nimport sys\nx = np.ones(2)\nreal = sys.modules['numpy']", "code.py")
    assert names["real"] is np
    assert type(np.ones(2)) is np.ndarray


@pytest.mark.parametrize(
    ("line", "idiom"),
    [
        ("np.apply_along_axis(sum, 0, x)", r"np\.apply_along_axis .*axis="),
        ("np.vectorize(abs)(x)", r"on the host.*float\(x\)"),
        ("np.fft.fft(x)", r"np\.fft\.fft "),
        ("x.tobytes()", r"x\.tobytes "),
        ("W[y[0]]", r"W\[int\(labels\[n\]\)\]"),
        ("np.pad(x, 1, mode='edge')", r"np\.pad\(\.\.\., mode='edge'\)"),
        ("np.random.normal(x)", "drawn on the host"),
    ],
)
def test_what_is_not_there_says_a_way_out(line: str, idiom: str) -> None:
    start = "import numpy as np\nx, y, W = np.ones(3), np.array([1, 0]), np.ones((2, 3))\n"
    with pytest.raises(NotOnTorch, match=idiom):
        run_source(start + line, "code.py")


def test_what_numpy_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sofmax'"):
        run_source("import numpy as np\nnp.sofmax(np.ones(3))", "code.py")
    with pytest.raises(AttributeError, match="no attribute 'sums'"):
        run_source("import numpy as np\nnp.ones(3).sums()", "code.py")


def test_what_a_mask_chose_is_a_copy() -> None:
    names = run_source(
        "import numpy as np\nx = np.arange(6.0)\na = x[x > 2]\nx[x > 2] = 0\na += 1\na[0] = 9\nb = x[x < 2]\n"
        "b *= x[x < 2]\nm = x < 2\nx[m] *= np.array([1.0, 2, 3, 4, 5])",
        "code.py",
    )
    assert [to_host(names[name]).tolist() for name in "abx"] == [[9, 5, 6], [0, 1, 0, 0, 0], [0, 2, 2, 0, 0, 0]]


def test_overlapping_parts_are_read_before_they_are_written() -> None:
    source = "import numpy as np\nx = np.arange(5.0)\nx[1:] += x[:-1]\nx[:-1] = x[1:]\nx[[0, 1]] = x[[1, 0]]\n"
    theirs: dict[str, Any] = {}
    exec(source, theirs)
    assert to_host(run_source(source, "code.py")["x"]).tolist() == theirs["x"].tolist()


def test_the_face_of_the_room_loads_no_torch() -> None:
    code = "import sys, tutor.ontorch; print({'torch', 'numpy'} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_copies_and_pickles() -> None:
    made = run_source("import numpy as np\nx = np.ones((2, 2))\ns = x.sum()", "code.py")
    for name in "xs":
        for other in (copy.deepcopy(made[name]), pickle.loads(pickle.dumps(made[name]))):
            assert type(other) is type(made[name])
            assert np.array_equal(to_host(other), to_host(made[name]))


def test_loops_over_whole_numbers_have_their_values() -> None:
    source = (
        "import numpy as np\nx, y = np.ones((3, 2)), np.array([1, 0, 1])\nfor j in np.arange(2): x[:, j] *= j\n"
        "for i, label in enumerate(y): x[i] += x[label] + label\n"
    )
    theirs: dict[str, Any] = {}
    exec(source, theirs)
    assert to_host(run_source(source, "code.py")["x"]).tolist() == theirs["x"].tolist()
