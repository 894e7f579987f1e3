"""Checking 101,770 gradients: each by the rank of its change, all at once as a black box, and naming a wrong one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from statistics import median
from typing import Any

import numpy as np
import pytest

from tests.bench.harness import Line, in_turns, milliseconds, ratio, show
from tests.ptyscreen import ROOT
from tutor.grading import check_directions, find_wrong_entries, full_gradient
from tutor.nn import Linear, Network, ReLU, SoftmaxCrossEntropy

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

ROUNDS = 15
SAMPLED = 400  # entries that are really made by naive differences; the time of all is estimated from them
H = 1e-5

RNG = np.random.default_rng(0)
X = RNG.random((8, 784))  # every pixel counts: of real digits four in five are 0, and cost nothing
LABELS = RNG.integers(10, size=8)
FIRST, SECOND = Linear(784, 128, RNG), Linear(128, 10, RNG)
FIRST.b, SECOND.b = RNG.normal(0, 0.1, 128), RNG.normal(0, 0.1, 10)
NETWORK = Network([FIRST, ReLU(), SECOND])
AT = {name: value.copy() for name, value in NETWORK.params().items()}
SIZE = sum(value.size for value in AT.values())


def loss(at: dict[str, Any]) -> Any:
    FIRST.W, FIRST.b, SECOND.W, SECOND.b = at["0.W"], at["0.b"], at["2.W"], at["2.b"]
    return SoftmaxCrossEntropy()(NETWORK.forward(X), LABELS)[0]


def by_backward() -> dict[str, Any]:
    loss(AT)
    NETWORK.backward(SoftmaxCrossEntropy()(NETWORK.forward(X), LABELS)[1])
    return {name: value.copy() for name, value in NETWORK.grads().items()}


TRUE = by_backward()


def plain_loss() -> float:
    """A forward pass without anything that a check does not need."""
    logits = np.maximum(X @ AT["0.W"] + AT["0.b"], 0) @ AT["2.W"] + AT["2.b"]
    shifted = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(8), LABELS]).mean())


def naive_ms() -> float:
    """Central differences as everybody writes them first, for a sample of entries; scaled up to all of them."""
    rows, columns = RNG.integers(784, size=SAMPLED), RNG.integers(128, size=SAMPLED)
    W = AT["0.W"]

    def differences() -> None:
        for index in zip(rows, columns, strict=True):
            kept = W[index]
            W[index] = kept + H
            ahead = plain_loss()
            W[index] = kept - H
            _ = (ahead - plain_loss()) / (2 * H)
            W[index] = kept

    return milliseconds(differences) * SIZE / SAMPLED


def full() -> Any:
    return full_gradient(X, LABELS, AT["0.W"], AT["0.b"], AT["2.W"], AT["2.b"])


def torch_gradcheck() -> Any:
    """torch's own black-box check of the same network, as a call."""
    import torch

    torch.set_num_threads(1)
    x, labels = torch.tensor(X), torch.tensor(LABELS)
    parameters = [torch.tensor(value, requires_grad=True) for value in AT.values()]

    def network(*p: Any) -> Any:
        return torch.nn.functional.cross_entropy(torch.relu(x @ p[0] + p[1]) @ p[2] + p[3], labels)

    # Its own tolerances: differences along a direction meet kinks, and its verdict is not what is measured.
    return lambda: torch.autograd.gradcheck(network, parameters, fast_mode=True, raise_exception=False)


def wrong_entry_ms(evaluations: list[int]) -> float:
    """One entry off by a ten thousandth of itself, at a new place each time."""
    claimed = {name: value.copy() for name, value in TRUE.items()}
    place = RNG.choice(np.flatnonzero(TRUE["0.W"]))
    claimed["0.W"].ravel()[place] *= 1.0001
    found: list[Any] = []
    spent = milliseconds(lambda: found.append(find_wrong_entries(loss, AT, claimed)))
    (entry,) = found[0].entries
    assert found[0].complete and entry.index == np.unravel_index(place, (784, 128))
    evaluations.append(found[0].evaluations)
    return spent


def measured_full() -> dict[str, Any]:
    naive, ours = in_turns(ROUNDS, naive_ms, lambda: milliseconds(full))
    made = full()
    assert made.size == SIZE == 101_770
    pairs = zip((made.W1, made.b1, made.W2, made.b2), TRUE.values(), strict=True)
    error = max(float(np.linalg.norm(ours - true) / np.linalg.norm(true)) for ours, true in pairs)
    return {"naive": naive, "ours": ours, "error": error}


def measured_black_box() -> dict[str, Any]:
    gradcheck, evaluations = torch_gradcheck(), list[int]()
    by_torch, ours, bisection = in_turns(
        ROUNDS,
        lambda: milliseconds(gradcheck),
        lambda: milliseconds(lambda: check_directions(loss, AT, TRUE)),
        lambda: wrong_entry_ms(evaluations),
    )
    error = check_directions(loss, AT, TRUE).error
    return {
        "torch": by_torch, "ours": ours, "bisection": bisection, "error": error, "evaluations": median(evaluations),
    }  # fmt: skip


def in_one_thread(measure: str) -> Any:
    """What is measured by a fresh Python with one BLAS thread, as the app has it, on both sides."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    code = f"import json; from {__name__} import {measure}; print(json.dumps({measure}()))"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | threads, stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def test_every_gradient_of_the_digit_network() -> None:
    found = in_one_thread("measured_full")
    faster, spent = 1 / ratio(found["naive"], found["ours"]), f"{median(found['ours']):.1f} ms"
    baseline = f"naive {median(found['naive']) / 1e3:.1f} s (of {SAMPLED})"
    show(
        Line("every one of 101,770 gradients", spent, "250x", faster >= 250, baseline, faster),
        Line("  by the clock", spent, "40 ms", median(found["ours"]) <= 40),
        Line("  the worst tensor's error", f"{found['error']:.0e}", "1e-10", found["error"] <= 1e-10),
    )


def test_the_black_box_and_one_wrong_entry() -> None:
    found = in_one_thread("measured_black_box")
    to_torch, ours, named = ratio(found["torch"], found["ours"]), median(found["ours"]), median(found["bisection"])
    baseline = f"gradcheck fast {median(found['torch']):.1f} ms"
    show(
        Line("black box, 4 directions", f"{ours:.1f} ms", "on par", to_torch <= 1, baseline, to_torch),
        Line("  by the clock", f"{ours:.1f} ms", "3 ms", ours <= 3),
        Line("  its error on a right gradient", f"{found['error']:.0e}", "1e-13", found["error"] <= 1e-13),
        Line(f"naming a wrong one, {found['evaluations']:.0f} evaluations", f"{named:.1f} ms", "50 ms", named <= 50),
    )
