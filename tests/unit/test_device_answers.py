"""What nvidia-smi, nvidia-ml-py and torch answer, in the probe and in the worker, and what is made of their errors."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.gpus import A, B, board, device
from tutor.training import devices
from tutor.training.devices import gauge
from tutor.training.torch_side import device_probe

# ── what the probe asks ──────────────────────────────────────────────────────────────────────────────────────────────

SMI_BOARDS = f"""{A}, NVIDIA A100-SXM4-80GB, 81920, 19456, 97, 580.95.05
{B}, NVIDIA GeForce GTX 1050, 2048, 1900, [N/A], 580.95.05
"""
SMI_PROCESSES = f"{A}, 4321, 61440\n{A}, 4322, 1000\n{B}, 77, [N/A]\n{A}, [Insufficient Permissions], 5\n"


def test_the_tables_of_nvidia_smi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_probe, "is_of_others", lambda pid: pid in (4321, 77))
    facts = device_probe.read_smi(SMI_BOARDS, SMI_PROCESSES)
    assert facts["driver"] == "580.95.05"
    first, second = facts["boards"]
    assert first == board(A, free=19_456, use=0.97, others_mb=61_440)
    assert (second["use"], second["others_mb"], second["free_mb"]) == (None, 0, 1900)
    assert device_probe.read_smi("", "")["boards"] == []


class FakeNvml(ModuleType):
    """nvidia-ml-py on a machine with one GPU, on which another user computes."""

    NVML_ERROR_LIBRARY_NOT_FOUND, NVML_ERROR_DRIVER_NOT_LOADED = 12, 9

    class NVMLError(Exception):
        def __init__(self, value: int) -> None:
            super().__init__(f"error {value}")
            self.value = value

    def __init__(self, sick: int = 0) -> None:
        super().__init__("pynvml")
        self.sick, self.started = sick, 0

    def nvmlInit(self) -> None:
        self.started += 1
        if self.sick:
            raise self.NVMLError(self.sick)

    def nvmlSystemGetDriverVersion(self) -> bytes:
        return b"580.95.05"  # bytes in older versions

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetHandleByIndex(self, number: int) -> str:
        return f"handle {number}"

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        if uuid != A:
            raise self.NVMLError(6)
        return "handle 0"

    def nvmlDeviceGetName(self, handle: str) -> str:
        return "NVIDIA A100-SXM4-80GB"

    def nvmlDeviceGetUUID(self, handle: str) -> str:
        return A

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> Any:
        return SimpleNamespace(total=81_920 << 20, free=19_456 << 20, used=62_464 << 20)

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> Any:
        return SimpleNamespace(gpu=97)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: str) -> list[Any]:
        return [SimpleNamespace(pid=4321, usedGpuMemory=61_440 << 20), SimpleNamespace(pid=77, usedGpuMemory=None)]


def test_nvidia_ml_py_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_probe, "is_of_others", lambda pid: True)
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml())
    assert device_probe.ask_driver() == {
        "driver": "580.95.05",
        "boards": [board(A, free=19_456, use=0.97, others_mb=61_440)],
    }
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(sick=9))
    assert device_probe.ask_driver() == {}  # no driver: no GPU
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml(sick=18))
    assert device_probe.ask_driver() == {"trouble": "NVIDIA's driver says: error 18"}


def fake_torch(count: int = 1, problem: str = "", **cuda: Any) -> ModuleType:
    """A torch that finds `count` GPUs, or none and says why when it is pressed."""

    def init() -> None:
        raise RuntimeError(problem)

    torch = ModuleType("torch")
    properties = SimpleNamespace(name="NVIDIA A100-SXM4-80GB", total_memory=81_154 << 20, uuid=A.removeprefix("GPU-"))
    torch.cuda = SimpleNamespace(  # type: ignore[attr-defined]
        is_available=lambda: count > 0,
        device_count=lambda: count,
        get_device_properties=lambda number: properties,
        mem_get_info=lambda number: (1000 << 20, 81_154 << 20),
        init=init,
        **cuda,
    )
    torch.backends = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: False))  # type: ignore[attr-defined]
    return torch


def test_torch_is_asked_for_its_devices_and_for_its_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", fake_torch())
    assert device_probe.ask_torch([board(A)])["devices"] == [device(A)]
    assert device_probe.ask_torch([])["devices"][0]["free_mb"] == 1000  # nobody else knows: torch is asked
    problem = "The NVIDIA driver on your system is too old (found version 11040)."
    monkeypatch.setitem(sys.modules, "torch", fake_torch(0, problem))
    assert device_probe.ask_torch([]) == {"cuda": False, "problem": problem, "mps": False}
    broken = ModuleType("torch")  # half an installation
    monkeypatch.setitem(sys.modules, "torch", broken)
    assert device_probe.ask_torch([])["problem"].startswith("AttributeError: ")


# ── in the worker ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def forgotten() -> Iterator[None]:
    gauge._board.cache_clear()
    yield
    gauge._board.cache_clear()


@pytest.mark.usefixtures("forgotten")
def test_the_gauges_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert [devices.gpu_now(A) for _ in range(3)] == [(0.97, 62_464.0)] * 3 and nvml.started == 1
    monkeypatch.setitem(sys.modules, "torch", fake_torch())
    share, memory = devices.gpu_now("GPU-unknown", "cuda:0") or (0.0, 0.0)
    assert math.isnan(share) and memory == 80_154
    assert devices.gpu_now("", "cpu") is None
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))  # one that fails at every question
    assert devices.gpu_now("", "cuda:0") is None
    monkeypatch.delitem(sys.modules, "torch")
    assert devices.gpu_now("", "cuda:0") is None


class OutOfMemoryError(RuntimeError):
    """As torch's is called."""


TORCH_SAYS = (
    "CUDA out of memory. Tried to allocate 4.00 GiB. "
    "GPU 0 has a total capacity of 79.25 GiB of which 1.50 GiB is free. "
    "Process 4321 has 61.00 GiB memory in use. Including non-PyTorch memory, this process has 16.00 GiB memory in use."
)


def test_out_of_memory_is_told_with_a_batch_that_fits() -> None:
    said = devices.out_of_memory(
        OutOfMemoryError(TORCH_SAYS), batch=512, step=7, device_name="NVIDIA A100", parameters=101_770
    )
    assert said == (
        "The memory of NVIDIA A100 ran out at step 7, with batch 512 and 101,770 parameters. 4.0 GB more were wanted, "
        "1.5 GB were free. Other processes hold 61.0 GB of it. Try batch 128."
    )
    numpy_says = MemoryError("Unable to allocate 9.31 GiB for an array with shape (50000, 25000)")
    assert devices.out_of_memory(numpy_says, batch=64, step=0) == (
        "Memory ran out at step 0, with batch 64. 9.3 GB more were wanted. Try batch 32."
    )
    assert devices.out_of_memory(numpy_says, batch=64, step=0, bytes_free=1 << 30).endswith("Try batch 8.")
    assert devices.out_of_memory(MemoryError(), batch=1, step=3).endswith("Try a smaller network, or another device.")


def test_which_errors_are_of_the_device() -> None:
    assert devices.failure_of(OutOfMemoryError(TORCH_SAYS)) == "out-of-memory"
    assert devices.failure_of(RuntimeError("CUDA error: out of memory")) == "out-of-memory"
    assert devices.failure_of(RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)")) == "out-of-memory"
    assert devices.failure_of(MemoryError()) == "out-of-memory"
    assert devices.failure_of(RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable")) == "busy"
    assert devices.failure_of(ValueError("out of memory")) == devices.failure_of(RuntimeError("shapes differ")) == ""


def test_a_suggested_batch_is_smaller_and_a_power_of_two() -> None:
    for batch in (2, 3, 32, 100, 60_000):
        for free in (0, 1, 500, 999, 10_000):
            fits = devices.suggest_batch(batch, 1000, free)
            assert batch / 16 <= fits <= batch / 2 or fits == 1
            assert fits & (fits - 1) == 0
    assert devices.suggest_batch(64, 0, 0) == 32 and devices.suggest_batch(1, 1000, 10) == 1
