"""GPUs that fail, are full, or are taken by others: each has a sentence of its own, and the CPU is offered."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from msgspec import structs

from tests.training_runs import CONFIG
from tutor.training import folder, waiter
from tutor.training.devices import DeviceReport, Gpu
from tutor.training.failure import end_of, was_taken
from tutor.training.folder import read_end
from tutor.training.worker import TAKEN


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


class AcceleratorError(RuntimeError):
    """As torch names it."""


ON_GPU = structs.replace(CONFIG, device="cuda:0", device_name="NVIDIA A100", gpu="GPU-1", mode="on-torch")


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        (
            OutOfMemoryError(
                "CUDA out of memory. Tried to allocate 8.00 GiB. GPU 0 has a total capacity of 79.15 GiB of which "
                "2.00 GiB is free. Process 123 has 60.00 GiB memory in use."
            ),
            "out-of-memory",
            [
                "NVIDIA A100",
                "batch 32",
                "8.0 GB more",
                "2.0 GB were free",
                "Other processes hold 60.0 GB",
                "Try batch 8",
            ],
        ),
        (MemoryError("Unable to allocate 1.00 GiB"), "out-of-memory", ["Memory ran out", "Try batch"]),
        (
            AcceleratorError("CUDA error: CUDA-capable device(s) is/are busy or unavailable"),
            "failed",
            ["another process has it for itself", "--device cpu"],
        ),
        (RuntimeError("No CUDA GPUs are available"), "failed", ["no GPU here", "--device cpu"]),
        (RuntimeError("CUDA error: no CUDA-capable device is detected"), "failed", ["no GPU here"]),
        (
            RuntimeError("The NVIDIA driver on your system is too old (found version 11040)."),
            "failed",
            ["driver is too old", "--device cpu"],
        ),
        (
            AcceleratorError("CUDA error: CUDA driver version is insufficient for CUDA runtime version"),
            "failed",
            ["driver is too old"],
        ),
        (AcceleratorError("CUDA error: invalid device ordinal"), "failed", ["no GPU of that number", "--device cpu"]),
        (
            AcceleratorError("CUDA error: device-side assert triggered"),
            "failed",
            ["past the end of an array", "--device cpu"],
        ),
        (
            AcceleratorError("CUDA error: uncorrectable ECC error encountered"),
            "failed",
            ["The GPU itself failed", "--device cpu"],
        ),
        (RuntimeError("NVRM: Xid 79: GPU has fallen off the bus"), "failed", ["The GPU itself failed"]),
        (AssertionError("Torch not compiled with CUDA enabled"), "failed", ["built without CUDA"]),
        (AcceleratorError("CUDA error: unspecified launch failure"), "failed", ["gave up", "log"]),
        (ValueError("CUDA is a word in a message of the learner's"), "failed", ["ValueError"]),
    ],
)
def test_what_a_device_says_is_a_sentence_of_its_own(error: Exception, state: str, said: list[str]) -> None:
    end = end_of(Path("runs/1-linear_scratch"), ON_GPU, error, None)
    assert end.state == state
    for words in said:
        assert words in end.reason


def test_a_gpu_that_others_took_is_tried_once_more_on_another() -> None:
    busy = AcceleratorError("CUDA error: all CUDA-capable devices are busy or unavailable")
    assert was_taken(busy, ON_GPU, None)
    assert not was_taken(busy, CONFIG, None)
    assert not was_taken(ValueError("no"), ON_GPU, None)
    taken = Gpu(0, "A100", "GPU-1", 80_000, 79_000)
    free = Gpu(1, "A100", "GPU-2", 80_000, 40_000)
    report = DeviceReport(torch="2.9", built_for="12.8", cuda=True, gpus=(taken, free))
    elsewhere, said = waiter.another_gpu(ON_GPU, lambda: report)
    assert elsewhere == {"CUDA_VISIBLE_DEVICES": "GPU-2"}
    assert "was taken by others" in said and "tried on A100" in said
    elsewhere, said = waiter.another_gpu(ON_GPU, lambda: structs.replace(report, gpus=(taken,)))
    assert elsewhere == {}
    assert "there is no other" in said


def test_the_second_try_has_the_other_gpu_in_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_json(tmp_path / folder.CONFIG, ON_GPU)
    tries: list[tuple[str, tuple[str, ...]]] = []

    def run(self: waiter.Waiting, environment: dict[str, str], *more: str) -> int:
        tries.append((environment.get("CUDA_VISIBLE_DEVICES", ""), more))
        return TAKEN

    monkeypatch.setattr(waiter.Waiting, "run", run)
    monkeypatch.setattr(waiter, "another_gpu", lambda _: ({"CUDA_VISIBLE_DEVICES": "GPU-2"}, "It was taken."))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert waiter.main([str(tmp_path)]) == TAKEN
    assert [more for _, more in tries] == [(), ("--again", "It was taken.")]
    assert tries[1][0] == "GPU-2"
    end = read_end(tmp_path)
    assert end is not None
    assert "--device cpu" in end.reason
