"""The box on code that means well: the stages of a drive, and what is collected."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.training_runs import wait_until
from tutor.course import Drive, Limits
from tutor.learner import Box, BoxCase, BoxJob, BoxResult, Numeric
from tutor.learner import box as box_module
from tutor.learner.inside import processes
from tutor.learner.inside.host import time_up
from tutor.learner.inside.spares import Spares

LAYER = """
import numpy as np

class Linear:
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, g):
        self.dW = self.x.T @ g
        self.grad_b = g.sum(axis=0)
        return g @ self.W.T
    def update(self, lr):
        self.W = self.W - lr * self.dW
"""
DRIVE = Drive(
    setup="layer = Linear()\nlayer.W, layer.b = W, b",
    forward="out = layer.forward(x)",
    backward='grad_input = layer.backward(right("g", g))',
    update="layer.update(0.5)",
    results={
        "forward": {"out": ("out",)},
        "backward": {
            "grad_W": ("layer.grad_W", "layer.dW"),
            "grad_b": ("layer.grad_b",),
            "grad_input": ("grad_input",),
        },
        "update": {"W_after": ("layer.W",)},
    },
)
ARRAYS: dict[str, Any] = {
    name: np.random.default_rng(n).standard_normal(shape)
    for n, (name, shape) in enumerate({"x": (5, 4), "W": (4, 3), "b": (3,), "g": (5, 3)}.items())
}


@pytest.fixture(scope="module", params=["zygote", "spare"])
def box(request: pytest.FixtureRequest) -> Iterator[Box]:
    with Box(request.param) as box:
        yield box


def job(source: str = LAYER, *, drive: Drive = DRIVE, cases: int = 1, seconds: float = 10, **more: Any) -> BoxJob:
    case = BoxCase(sizes={"N": 5}, arrays=more.pop("arrays", ARRAYS), right=more.pop("right", {}), **more)
    return BoxJob(
        source=source, filename="layer.py", drive=drive, cases=(case,) * cases, limits=Limits(seconds=seconds)
    )


def only(answer: BoxResult) -> Any:
    assert answer.fault is None, answer.fault
    (case,) = answer.cases
    return case


def test_every_stage_is_run_and_collected(box: Box) -> None:
    answer = box.run(job())
    case = only(answer)
    x, W, b, g = (ARRAYS[name] for name in "xWbg")
    expected = {"out": x @ W + b, "grad_W": x.T @ g, "grad_b": g.sum(axis=0), "grad_input": g @ W.T}
    for name, value in expected.items():
        np.testing.assert_allclose(case.results[name], value)
        np.testing.assert_allclose(case.second[name], value)
    np.testing.assert_allclose(case.results["W_after"], W - 0.5 * x.T @ g)
    assert "W_after" not in case.second
    assert (case.missing, case.not_arrays, case.error, case.second_error) == ({}, {}, None, None)
    assert case.inputs_after == {}
    assert answer.defined == ("Linear",)
    assert answer.output == "" and not answer.output_cut and 0 < answer.seconds < 10


def test_each_case_has_a_fresh_namespace_and_the_same_module(box: Box) -> None:
    source = LAYER + "\ncalls = []\n"
    drive = Drive(setup="", forward="calls.append(1); seen = 'left' in dir(); left = 1; out = len(calls) + 10.0 * seen",
                  results={"forward": {"out": ("out",)}})  # fmt: skip
    answer = box.run(job(source, drive=drive, cases=3, second_call=False))
    assert [float(case.results["out"]) for case in answer.cases] == [1, 2, 3]


def test_right_values_are_fed(box: Box) -> None:
    fed = np.full((5, 3), 2.0)
    case = only(box.run(job(right={"g": fed})))
    np.testing.assert_allclose(case.results["grad_W"], ARRAYS["x"].T @ fed)


def test_memory_layouts_are_kept(box: Box) -> None:
    arrays = ARRAYS | {"x": np.asfortranarray(ARRAYS["x"]), "g": np.repeat(ARRAYS["g"], 2, axis=1)[:, ::2]}
    drive = Drive(
        setup="",
        forward="a = x.flags.f_contiguous and not x.flags.c_contiguous; b = not g.flags.contiguous; c = x.copy()",
        results={"forward": {"a": ("a",), "b": ("b",), "x": ("x",), "g": ("g",)}},
    )
    case = only(box.run(job(drive=drive, arrays=arrays)))
    assert case.results["a"] and case.results["b"]
    assert np.array_equal(case.results["x"], ARRAYS["x"]) and np.array_equal(case.results["g"], ARRAYS["g"])
    assert case.results["x"].flags.c_contiguous


def test_an_aliased_result_is_copied_at_once(box: Box) -> None:
    drive = Drive(setup="out = np.zeros(3)", forward="out += 1", backward="out += 1",
                  results={"forward": {"out": ("out",)}, "backward": {"later": ("out",)}})  # fmt: skip
    case = only(box.run(job(drive=drive)))
    assert case.results["out"].tolist() == [1, 1, 1] and case.results["later"].tolist() == [2, 2, 2]
    assert case.second["out"].tolist() == [3, 3, 3]


def test_the_second_call_gets_fresh_inputs(box: Box) -> None:
    case = only(box.run(job(LAYER.replace("self.x = x", "x *= 2; self.x = x"))))
    assert np.array_equal(case.inputs_after["x"], 2 * ARRAYS["x"])
    assert np.array_equal(case.second["out"], case.results["out"])


def test_an_error_is_cut_to_the_learners_lines(box: Box) -> None:
    answer = box.run(job(LAYER.replace("self.x.T @ g", "self.x @ g")))
    (case,) = answer.cases
    assert case.error is not None and answer.fault is not None
    assert (case.error.type, case.error.stage, case.error.line, case.error.column) == ("ValueError", "backward", 9, 19)
    assert case.error.traceback == "  line 9, in backward\n    self.dW = self.x @ g\n"
    assert "out" in case.results and "grad_b" not in case.results
    assert answer.fault.kind == "exception" and "line 9" in answer.fault.sentence
    assert "inside" not in case.error.traceback


def test_cases_after_an_error_are_still_run(box: Box) -> None:
    answer = box.run(job(LAYER.replace("self.x = x", "self.x = x.nothing"), cases=3))
    assert len(answer.cases) == 3 and all(case.error for case in answer.cases)


def test_an_error_in_the_second_call_alone(box: Box) -> None:
    source = LAYER.replace("self.x = x", "assert not hasattr(self, 'x'), 'once only'; self.x = x")
    case = only(box.run(job(source)))
    assert case.second_error is not None and case.second_error.message == "once only"
    assert case.second == {} and "grad_W" in case.results


def test_what_is_missing_is_said(box: Box) -> None:
    case = only(box.run(job(LAYER.replace("self.dW", "gradient").replace("lr * gradient", "0"))))
    assert case.missing == {"grad_W": "'Linear' object has no attribute 'grad_W'"}


def test_an_unset_spelling_does_not_hide_the_next(box: Box) -> None:
    case = only(box.run(job(LAYER.replace("self.dW =", "self.grad_W = None; self.dW ="))))
    assert "grad_W" in case.results


def test_extra_expressions_see_arrays_and_results(box: Box) -> None:
    case = only(box.run(job(extra={"terms": "abs(x) @ abs(W)", "twice": "2 * out * N", "bad": "nothing"})))
    np.testing.assert_allclose(case.results["terms"], abs(ARRAYS["x"]) @ abs(ARRAYS["W"]))
    np.testing.assert_allclose(case.results["twice"], 10 * case.results["out"])
    assert case.missing == {"bad": "name 'nothing' is not defined"}


NUMERIC = Numeric(wrt=("x", "W", "b"), output="out", upstream="g", seconds=5)


def numeric_is_right(case: Any, accuracy: float) -> None:
    x, W, g = (ARRAYS[name] for name in "xWg")
    expected = {"x": g @ W.T, "W": x.T @ g, "b": g.sum(axis=0)}
    assert set(case.numeric) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(case.numeric[name], value, rtol=accuracy, atol=accuracy)


def test_the_numeric_gradient_is_of_the_learners_forward(box: Box) -> None:
    case = only(box.run(job(LAYER.replace("return g @ self.W.T", "return g"), numeric=NUMERIC)))
    assert case.numeric_note == "complex step"
    numeric_is_right(case, 1e-12)


@pytest.mark.parametrize(
    "forward",
    [
        "np.sqrt((x @ self.W) ** 2) * np.sign(x @ self.W) + self.b",  # right
        "np.abs(x @ self.W) * np.sign((x @ self.W).real) + self.b",  # silently wrong with complex numbers
        "np.asarray(x @ self.W + self.b).astype(float)",  # a ComplexWarning
        "np.array([[float(c) for c in row] for row in x @ self.W + self.b])",  # a TypeError
    ],
)
def test_the_numeric_gradient_survives_what_complex_numbers_break(box: Box, forward: str) -> None:
    case = only(box.run(job(LAYER.replace("return x @ self.W + self.b", f"return {forward}"), numeric=NUMERIC)))
    numeric_is_right(case, 1e-7)
    assert case.numeric_note in ("complex step", "central differences")


def test_a_slow_forward_costs_the_numeric_gradient_not_the_verdict(box: Box) -> None:
    source = LAYER.replace("self.x = x", "self.x = x; import time; time.sleep(0.02)")
    request = Numeric(wrt=("x",), output="out", upstream="g", seconds=0.1)
    case = only(box.run(job(source, numeric=request)))
    assert case.numeric == {} and "took longer" in case.numeric_note and "out" in case.results


def test_float32_stays_float32(box: Box) -> None:
    arrays = {name: array.astype(np.float32) for name, array in ARRAYS.items()}
    case = only(box.run(job(arrays=arrays)))
    assert {array.dtype.name for array in case.results.values()} == {"float32"}


def test_a_job_without_cases_runs_as_a_script(box: Box) -> None:
    source = "import sys\nif __name__ == '__main__':\n    print('one'); print('two', file=sys.stderr); print('three')\n"
    answer = box.run(BoxJob(source=source, filename="run.py", drive=DRIVE, cases=()))
    assert answer.fault is None and answer.output == "one\ntwo\nthree\n"
    stopped = box.run(BoxJob(source="print(1)\n1 / 0", filename="run.py", drive=DRIVE, cases=()))
    assert stopped.fault is not None and stopped.fault.error is not None
    assert stopped.fault.error.line == 2 and stopped.output == "1\n"


def test_a_drive_that_is_no_python_is_not_blamed_on_the_learner(box: Box) -> None:
    answer = box.run(job(drive=Drive(setup="", forward="out = = 1")))
    assert answer.fault is not None and answer.fault.kind == "tutor"


def test_global_random_numbers_differ_from_child_to_child(box: Box) -> None:
    source = "import random, numpy as np\nprint(random.random(), np.random.random())"
    drawn = {box.run(BoxJob(source=source, filename="run.py", drive=DRIVE, cases=())).output for _ in range(3)}
    assert len(drawn) == 3


def test_several_at_once(box: Box) -> None:
    answers: list[BoxResult] = []
    many = 8 if box.strategy == "zygote" else 3  # each a new Python there
    threads = [threading.Thread(target=lambda: answers.append(box.run(job()))) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == many and all(answer.fault is None for answer in answers)


def test_a_slow_job_does_not_hold_up_the_others(box: Box) -> None:
    cancelled = threading.Event()
    slow = BoxJob(source="while True: pass", filename="run.py", drive=DRIVE, cases=(), limits=Limits(seconds=60))
    found: list[BoxResult] = []
    thread = threading.Thread(target=lambda: found.append(box.run(slow, cancelled)))
    thread.start()
    assert box.run(job(), threading.Event()).fault is None
    assert thread.is_alive()
    cancelled.set()
    thread.join(5)
    assert found[0].fault is not None and found[0].fault.kind == "cancelled"


def host_of(before: set[int]) -> psutil.Process:
    (host,) = [p for p in psutil.Process().children() if p.pid not in before]
    return host


def wait_for_end_of(processes: list[psutil.Process]) -> None:
    """Wait until all have ended; one that its new parent has not reaped yet has."""
    wait_until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes), 5)


def children_now() -> set[int]:
    return {p.pid for p in psutil.Process().children()}


def test_a_host_that_dies_is_our_fault_and_is_started_again() -> None:
    before = children_now()
    with Box() as box:
        assert box.run(job()).fault is None
        host = host_of(before)
        below = host.children(recursive=True)
        host.send_signal(signal.SIGSTOP)  # so that the job is under way when it dies
        found: list[BoxResult] = []
        thread = threading.Thread(target=lambda: found.append(box.run(job())))
        thread.start()
        host.kill()
        thread.join(10)
        assert found[0].fault is None or found[0].fault.kind == "tutor"
        assert box.run(job()).fault is None
        assert host_of(before).pid != host.pid
        wait_for_end_of(below)  # spares do not outlive their host


@pytest.mark.parametrize("said", [b"x" * 64, b"tbx1" + bytes(12) + b"x", b""])
def test_a_host_that_talks_nonsense_lets_nobody_wait(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    boot = f"import sys; sys.stdout.buffer.write({said!r}); sys.stdout.flush(); sys.stdin.read()"
    monkeypatch.setattr("tutor.learner.box._BOOT", boot if said else "pass")
    with Box() as box:
        fault = box.run(job()).fault
    assert fault is not None and fault.kind == "tutor"


@pytest.mark.parametrize("strategy", ["zygote", "spare"])
def test_the_end_of_its_input_ends_the_host_and_its_children(strategy: Any) -> None:
    before = children_now()
    box = Box(strategy)
    running = threading.Thread(
        target=lambda: box.run(BoxJob(source="while True: pass", filename="x", drive=DRIVE, cases=(),
                                      limits=Limits(seconds=60)))
    )  # fmt: skip
    running.start()
    assert box.run(job()).fault is None
    host = host_of(before)
    family = [host, *host.children(recursive=True)]
    box.close()
    running.join(5)
    assert not running.is_alive()
    wait_for_end_of(family)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the zygote is for Linux")
def test_a_fork_bomb_is_stopped_whoever_runs_it() -> None:
    """Root too, whose processes the kernel does not limit: these are counted."""
    with Box() as box:
        answer = box.run(BoxJob(source="import os\nwhile True: os.fork()", filename="x", drive=DRIVE, cases=()))
        assert answer.fault is not None and answer.fault.kind == "forked" and answer.seconds < 1.5
        assert box.run(job()).fault is None


def test_a_spare_that_cannot_be_made_is_tried_once_a_second(tmp_path: Path) -> None:
    tried: list[float] = []

    class Full(Spares):
        def _new(self) -> Any:
            tried.append(time.monotonic())
            raise OSError(errno.ENOSPC, "No space left on device")

    spares = Full("zygote", "", str(tmp_path))
    while not tried or time.monotonic() < tried[0] + 0.3:
        assert spares.due <= tried[0] + 1.1 if tried else spares.due == 0
        spares.prepare()
    assert len(tried) == 1


def test_a_failure_half_way_to_a_spare_leaves_nothing_open(tmp_path: Path) -> None:
    class NoFork(Spares):
        def _fork(self, scratch: str, descriptors: Any) -> int:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    spares, before = NoFork("zygote", "", str(tmp_path)), psutil.Process().num_fds()
    with pytest.raises(OSError, match="temporarily"):
        spares.start({}, b"")
    assert psutil.Process().num_fds() == before and not list(tmp_path.iterdir())


def test_memory_is_watched_where_it_cannot_be_limited() -> None:
    with Box() as box:
        box.memory_by = "resident"
        source = "kept = []\nwhile True: kept.append(bytearray(1 << 20))"
        answer = box.run(
            BoxJob(source=source, filename="x", drive=DRIVE, cases=(), limits=Limits(seconds=20, memory_mb=128))
        )
        assert answer.fault is not None and answer.fault.kind == "memory"


@pytest.mark.parametrize(
    ("clock", "processor", "delayed", "why"),
    [
        (1.99, 0.0, 0.0, ""),
        (2.0, 0.0, 0.0, "timeout"),  # it slept
        (2.0, 2.0, 0.0, "timeout"),  # it computed
        (2.0, 0.5, 1.5, ""),  # it would have computed
        (5.0, 0.5, 1.5, "timeout"),  # it would have for a while, then it slept
        (9.9, 0.1, 9.8, ""),
        (10.0, 0.1, 9.9, "starved"),
        (1.1, 2.0, 0.9, "timeout"),  # in several threads at once, some of which waited
    ],
)
def test_the_time_of_a_job_is_what_it_had_and_what_it_slept(
    clock: float, processor: float, delayed: float, why: str
) -> None:
    assert time_up(2.0, clock, processes.Spent(processor, delayed)) == why


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the zygote is for Linux")
def test_a_mark_is_inherited_and_cannot_be_made_anothers() -> None:
    source = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); from inside import processes; import os\n"
        "processes.mark(7)\nread, write = os.pipe()\n"
        "if os.fork() == 0:\n    os.setsid()\n    os.read(read, 1)\n    os._exit(0)\n"
        "mine = processes.marked(7)\nassert os.getpid() in mine and len(mine) == 2\n"
        "os.write(write, b'x'); os.wait()\nassert processes.marked(7) == [os.getpid()]\n"
        "resource.setrlimit(10, (6, 6))\nassert processes.mark_of(os.getpid()) is None\n"
    )
    subprocess.run([sys.executable, "-I", "-c", source, str(box_module._FOLDER)], check=True, timeout=20)


def test_layers_are_reported(box: Box) -> None:
    told = box.layers()
    assert told.strategy == box.strategy
    assert {"memory", "processor time", "landlock", "open files"} <= set(told.layers)
    assert all(sentence.endswith(".") for _, sentence in told.layers.values())
