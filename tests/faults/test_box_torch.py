"""Exercises that need torch: their code runs in a child that has it loaded, and no other job notices."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest

from tests.training_runs import wait_until
from tutor.course import Drive, Limits
from tutor.learner import Box, BoxCase, BoxJob, BoxResult
from tutor.learner import box as box_module

SQUARE = """
import torch

class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return 2 * x * grad_output
"""
DRIVE = Drive(
    setup="import torch\nx_tensor = torch.tensor(x, requires_grad=True)",
    forward="out = Square.apply(x_tensor)",
    backward="out.backward(torch.tensor(g))",
    results={"forward": {"out": ("out.detach().numpy()",)}, "backward": {"grad_x": ("x_tensor.grad.numpy()",)}},
)
ARRAYS: dict[str, Any] = {name: np.random.default_rng(3).standard_normal((4, 3)) for name in "xg"}
PLAIN = Drive(setup="", forward="out = 2.0 * x", results={"forward": {"out": ("out",)}})
CASE = BoxCase(sizes={}, arrays=ARRAYS, right={}, second_call=False)


def job(source: str = SQUARE, *, seconds: float = 10, memory_mb: int = 1024, torch: bool = True) -> BoxJob:
    drive = DRIVE if torch else PLAIN
    limits = Limits(seconds=seconds, memory_mb=memory_mb)
    return BoxJob(source=source, filename="square.py", drive=drive, cases=(CASE,), limits=limits, torch=torch)


def in_backward(code: str) -> str:
    return SQUARE.replace("        return 2 * x", f"        {code}\n        return 2 * x")


def is_right(answer: BoxResult) -> bool:
    assert answer.fault is None, answer.fault
    return np.allclose(answer.cases[0].results["grad_x"], 2 * ARRAYS["x"] * ARRAYS["g"])


def hosts() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    before = set(hosts())
    with Box() as box:
        yield box
    assert set(hosts()) == before


def test_a_right_function_is_driven_and_a_wrong_one_told_apart(box: Box) -> None:
    assert is_right(box.run(job()))
    assert not is_right(box.run(job(SQUARE.replace("2 * x", "x"))))


def test_where_it_cannot_be_forked_it_is_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """With CUDA or another allocator, torch may have started threads; a fork would lose them, and hang."""
    threads = "import host, child; load = child.load_torch; child.load_torch = lambda: load() and False;"
    monkeypatch.setattr(box_module, "_BOOT", box_module._BOOT.replace("import host;", threads))
    with Box() as box:
        assert is_right(box.run(job()))


def test_a_child_has_torch_loaded_one_thread_and_no_gpu(box: Box) -> None:
    source = (
        "import sys; print('torch' in sys.modules)\nimport os, torch\n"
        "print(torch.get_num_threads(), len(os.listdir('/proc/self/task')), torch.cuda.is_available())\n"
        "torch.linalg.inv(torch.eye(50)); torch.nn.Linear(3, 2)\n"
    )
    assert box.run(job(source + SQUARE)).output == "True\n1 1 False\n"


def test_children_draw_different_random_numbers(box: Box) -> None:
    drawn = {box.run(job("import torch\nprint(torch.rand(1).item())\n" + SQUARE)).output for _ in range(3)}
    assert len(drawn) == 3


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("while True: pass", "timeout", "0.5 s"),
        ("while True: torch.ones(3)", "timeout", "0.5 s"),
        ("torch.zeros(10**12)", "memory", "3725.3 GiB for a tensor"),
        ("kept = []\n        while True: kept.append(torch.ones(1 << 20))", "memory", "asking for more"),
        ("kept = []\n        while True: kept.append(bytearray(1 << 20))", "memory", "asking for more"),
        ("torch.ones(2) @ torch.ones(3)", "exception", "line 13"),
        ("import os; os._exit(0)", "exited", "os._exit"),
        ("import os; os.abort()", "signal", "SIGABRT"),
        ("import os; os.fork()", "forked", "Several"),
        ("open('/var/tmp/mine', 'w')", "exception", "PermissionError"),
    ],
)
def test_hostile_functions_are_survived(box: Box, code: str, kind: str, words: str) -> None:
    if "/var/tmp" in code and not box.layers().layers["landlock"][0]:
        pytest.skip("this machine has no limit on: landlock")
    answer = box.run(job(in_backward(code), seconds=0.5 if kind == "timeout" else 10, memory_mb=256))
    assert answer.fault is not None and answer.fault.kind == kind, answer.fault
    assert words in answer.fault.sentence
    assert is_right(box.run(job()))


def test_memory_that_no_limit_counts_is_watched(box: Box) -> None:
    shared = (
        "import mmap\nkept = []\nwhile True:\n    kept.append(mmap.mmap(-1, 1 << 20)); kept[-1].write(bytes(1 << 20))"
    )
    answer = box.run(job(shared, memory_mb=256))
    assert answer.fault is not None and answer.fault.kind == "memory"


def test_a_plain_job_goes_on_beside_it_and_knows_nothing_of_torch(box: Box) -> None:
    assert box.run(job("", torch=False)).fault is None
    found: list[BoxResult] = []
    endless = threading.Thread(target=lambda: found.append(box.run(job("while True: pass", seconds=2))))
    endless.start()
    answer = box.run(job("import sys; print([name for name in sys.modules if 'torch' in name])", torch=False))
    assert endless.is_alive() and answer.fault is None and answer.output == "[]\n"
    assert np.array_equal(answer.cases[0].results["out"], 2 * ARRAYS["x"])
    endless.join(10)
    assert found[0].fault is not None and found[0].fault.kind == "timeout"
    answer = box.run(job("import torch", torch=False))
    assert answer.fault is not None and "which this exercise does not use" in answer.fault.sentence


def test_it_ends_when_nobody_needs_it_and_comes_back() -> None:
    before = set(hosts())
    with Box(torch_idle=0.2) as box:
        box.start(torch=True)
        (host,) = set(hosts()) - before
        folder = next(part for part in host.cmdline() if "tutor-box-" in part)
        wait_until(lambda: not host.is_running() or host.status() == psutil.STATUS_ZOMBIE, 20)
        assert is_right(box.run(job()))
    assert set(hosts()) == before and "tutor-box-" in folder


def test_a_job_sent_in_the_moment_in_which_its_host_ends_is_run_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    real = box_module._Host

    def short_lived(strategy: Any, torch: bool, _: float) -> Any:
        return real(strategy, torch, 0.02)

    monkeypatch.setattr(box_module, "_Host", short_lived)
    with Box() as box:
        for turn in range(15):
            assert box.run(job("", torch=False)).fault is None
            threading.Event().wait(0.016 + 0.0005 * turn)  # the moment is somewhere here


def test_without_torch_one_sentence_says_how_to_add_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_module, "importlib", SimpleNamespace(util=SimpleNamespace(find_spec=lambda name: None)))
    before = set(hosts())
    with Box() as box:
        fault = box.run(job()).fault
        assert set(hosts()) == before
    assert fault is not None and fault.kind == "tutor"
    assert "needs PyTorch" in fault.sentence and "pip install torch" in fault.next_step
