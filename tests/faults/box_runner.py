"""Runs jobs in a box on behalf of the tests, as an ordinary user: a JSON object a line in, one out.

Started by test_box_hostile.py; where the suite runs as root it starts this as "nobody", so that limits on processes and
permissions mean something, and owns a folder that stands for the learner's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tutor.course import Drive, Limits
from tutor.learner import Box, BoxCase, BoxJob, BoxResult
from tutor.learner import box as box_module

DRIVE = Drive(
    setup="layer = Linear(n_in, n_out)\nlayer.W, layer.b = W, b",
    forward="out = layer.forward(x)",
    backward="grad_input = layer.backward(g)",
    results={
        "forward": {"out": ("out",)},
        "backward": {"grad_W": ("layer.grad_W", "layer.dW"), "grad_input": ("grad_input",)},
    },
)
SOLUTION = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.zeros((n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        self.grad_W = self.x.T @ g
        return g @ self.W.T
"""


def make_case() -> BoxCase:
    rng = np.random.default_rng(1)
    shapes = {"x": (5, 4), "W": (4, 3), "b": (3,), "g": (5, 3)}
    return BoxCase(
        sizes={"N": 5, "n_in": 4, "n_out": 3},
        arrays={name: rng.standard_normal(shape) for name, shape in shapes.items()},
        right={},
    )


def make_job(source: str, seconds: float = 2.0, memory_mb: int = 1024) -> BoxJob:
    return BoxJob(
        source=source,
        filename="linear_scratch.py",
        drive=DRIVE,
        cases=(make_case(),),
        limits=Limits(seconds=seconds, memory_mb=memory_mb),
    )


def is_right(answer: BoxResult) -> bool:
    """Whether the answer is that of SOLUTION."""
    if answer.fault is not None or len(answer.cases) != 1:
        return False
    given: dict[str, Any] = dict(make_case().arrays)
    got = answer.cases[0].results
    right = {"out": given["x"] @ given["W"] + given["b"], "grad_W": given["x"].T @ given["g"]}
    return all(
        name in got and got[name].shape == value.shape and np.allclose(got[name], value)
        for name, value in right.items()
    )


def spares_alone(box: Box, seconds: float = 3.0) -> bool:
    """Whether soon nothing is left below the host but the spares that wait."""
    hosts = [p for p in psutil.Process().children() if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    if not hosts:
        return True  # it was killed
    host = hosts[-1]
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):  # one that ended while it was looked at
            below = [p for p in host.children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
            if len(below) <= 2 and all(not p.children() for p in below):
                return True
        time.sleep(0.01)
    return False


def hash_of(folder: Path) -> str:
    parts = [
        f"{file.relative_to(folder)}:{file.stat().st_mode}:{file.read_text() if file.is_file() else ''}"
        for file in sorted(folder.rglob("*"))
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def summary(answer: BoxResult, seconds: float) -> dict[str, Any]:
    case = answer.cases[0] if answer.cases else None
    fault = answer.fault
    return {
        "kind": fault.kind if fault else None,
        "sentence": fault.sentence if fault else "",
        "next_step": fault.next_step if fault else "",
        "error": fault.error.type if fault and fault.error else "",
        "line": fault.error.line if fault and fault.error else None,
        "column": fault.error.column if fault and fault.error else None,
        "output": answer.output[:2000],
        "output_cut": answer.output_cut,
        "warnings": list(answer.warnings),
        "right": is_right(answer),
        "results": sorted(case.results) if case else [],
        "shapes": {name: list(array.shape) for name, array in case.results.items()} if case else {},
        "dtypes": {name: array.dtype.name for name, array in case.results.items()} if case else {},
        "unsteady": [n for n, a in case.second.items() if not np.array_equal(case.results[n], a)] if case else [],
        "not_arrays": dict(case.not_arrays) if case else {},
        "mutated": [n for n, a in make_case().arrays.items() if not np.array_equal(case.inputs_after.get(n, a), a)]
        if case
        else [],
        "seconds": seconds,
    }


def main(strategy: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="learner-", dir="/var/tmp"))
    for name in ("implementations/linear_scratch.py", "events/1.jsonl", "backup/old.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    before = hash_of(folder)
    if strategy == "without Landlock":
        box_module._BOOT = box_module._BOOT.replace("import host;", "import host, landlock; landlock.abi = lambda: 0;")
    with Box("spare" if strategy == "spare" else "zygote") as box:
        layers = box.layers().layers
        print(json.dumps({"user_data": str(folder), "layers": layers, "uid": os.getuid()}), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            started = time.monotonic()
            answer = box.run(make_job(asked["source"], asked["seconds"], asked["memory_mb"]))
            told = summary(answer, time.monotonic() - started)
            told["nothing_left"] = spares_alone(box)
            told["untouched"] = hash_of(folder) == before
            told["next_right"] = is_right(box.run(make_job(SOLUTION)))
            print(json.dumps(told), flush=True)
    import shutil

    shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1])
