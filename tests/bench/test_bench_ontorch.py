"""What numpy's face on tensors adds to an operation of torch's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import process_time
from timeit import timeit
from typing import Any

import pytest

from tests.bench.harness import Line, show
from tests.ptyscreen import ROOT

pytestmark = pytest.mark.bench

ROUNDS, CALLS = 201, 200
BUDGET = 3.0  # microseconds an operation
Call = Callable[[], object]


def operations() -> dict[str, tuple[Call, Call]]:
    """The same operation of torch and of ours, on arrays so small that their numbers cost nothing."""
    import torch

    from tutor.ontorch import make

    torch.set_num_threads(1)
    np: Any = make("cpu")
    x, y, rows = np.random.default_rng(0).normal(size=(8, 8)), np.ones((8, 8)), np.arange(4)
    t, u, places = x.t, y.t, rows.t
    return {
        "add": (lambda: t + u, lambda: x + y),
        "add a number": (lambda: t + 1.0, lambda: x + 1.0),
        "multiply in place": (lambda: u.mul_(1.0), lambda: y.__imul__(1.0)),
        "matmul": (lambda: t @ u, lambda: x @ y),
        "sum(axis=0)": (lambda: t.sum(0), lambda: x.sum(axis=0)),
        "np.maximum(x, 0)": (lambda: t.clamp_min(0), lambda: np.maximum(x, 0)),
        "x[rows]": (lambda: t[places], lambda: x[rows]),
        "x[1:3]": (lambda: t[1:3], lambda: x[1:3]),
        "np.exp": (lambda: t.exp(), lambda: np.exp(x)),
    }


def added() -> dict[str, tuple[float, float]]:
    """Operation -> the microseconds that ours adds, and the ratio: measured in turns, the quieter half of each."""
    found = {}
    for name, pair in operations().items():
        rounds = [[timeit(act, timer=process_time, number=CALLS) / CALLS * 1e6 for act in pair] for _ in range(ROUNDS)]
        bare, ours = (median(sorted(column)[: ROUNDS // 2]) for column in zip(*rounds, strict=True))
        found[name] = (ours - bare, ours / bare)
    return found


def test_what_the_face_adds_to_an_operation() -> None:
    code = f"import json; from {__name__} import added; print(json.dumps(added()))"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    show(
        *(
            Line(f"np on torch: {name}", f"{more:+.2f} us", f"{BUDGET:.0f} us", more <= BUDGET, "bare torch", ratio)
            for name, (more, ratio) in json.loads(run.stdout).items()
        )
    )
