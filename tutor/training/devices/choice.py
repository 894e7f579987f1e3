"""What a run computes on, out of what was wanted and what there is, and one sentence when the two differ."""

from __future__ import annotations

import contextlib
import functools
import platform
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tutor.errors import UnknownName
from tutor.training.devices.report import DeviceReport, Gpu, describe
from tutor.training.model import Mode

VISIBLE = "CUDA_VISIBLE_DEVICES"
LEAST_FREE_MB = 1024  # CUDA's own context and cuBLAS take half of it before the first number
_DEVICE = re.compile(r"(auto|cpu|cuda|mps)(?::(\d+))?")
_INSTEAD = " The CPU is used instead."

Reason = Literal[
    "",
    "numpy",
    "no-torch",
    "torch-without-cuda",
    "old-driver",
    "no-gpu",
    "hidden",
    "no-such-gpu",
    "no-answer",
    "unusable",
    "full",
    "no-mps",
    "no-float64",
]


class Choice(Struct, frozen=True):
    """What a run computes on; `sentence` and `reason` say why it is not what was wanted."""

    device: str  # as torch wants it, under `environment`: cpu, cuda:0, mps
    name: str  # "NVIDIA A100", the CPU's model
    environment: dict[str, str] = {}  # to set in the worker before torch loads
    gpu: str = ""  # its UUID
    reason: Reason = ""
    sentence: str = ""


def parse(wanted: str) -> tuple[str, int | None]:
    """Split "cuda:1" into its kind and number; UnknownName for anything but auto, cpu, cuda, cuda:1, mps."""
    match = _DEVICE.fullmatch(wanted.strip().lower())
    if match is None or (match[2] and match[1] != "cuda"):
        raise UnknownName("device", wanted, ("auto", "cpu", "cuda", "cuda:0", "mps"))
    return match[1], int(match[2]) if match[2] else None


def choose(
    wanted: str, report: DeviceReport, environment: Mapping[str, str], *, mode: Mode = "numpy", dtype: str = "float64"
) -> Choice:
    """Decide what a run computes on: auto is the freest GPU where torch computes, else the CPU, which always works.

    `environment` is that in which the report was made. UnknownName: `wanted` is no device.
    """
    kind, number = parse(wanted)
    if kind == "cpu" or (mode == "numpy" and kind == "auto"):
        return _cpu()
    if mode == "numpy":
        return _cpu("numpy", f"NumPy computes on the CPU: --on-torch runs your file on {kind}.")
    if not report.torch and report.answer == "whole":
        return _cpu("no-torch", _NO_TORCH)
    if kind == "mps":
        return _mps(report, dtype)
    reason, why = obstacle(report, environment)
    if reason:
        there = bool(report.gpus) and reason != "hidden"
        quiet = kind == "auto" and not there and reason != "no-answer"  # nobody asked for what is not there
        return _cpu(reason, "" if quiet else why + _INSTEAD)
    if number is not None:
        gpu = next((gpu for gpu in report.gpus if gpu.index == number), None)
        if gpu is None:
            return _cpu("no-such-gpu", _no_such(number, report.gpus, environment) + _INSTEAD)
        return _cuda(gpu, report)
    gpu = max(report.gpus, key=_room)
    if gpu.free_mb < LEAST_FREE_MB:
        return _cpu("full", f"No GPU has room: {'; '.join(map(describe, report.gpus))}.{_INSTEAD}")
    return _cuda(gpu, report)


def obstacle(report: DeviceReport, environment: Mapping[str, str]) -> tuple[Reason, str]:
    """Say what keeps torch from computing with CUDA here, and what to do about it; empty when nothing does."""
    if report.cuda and report.gpus:
        return "", ""
    if report.torch and not report.built_for:
        here = f", so it cannot use the {report.gpus[0].name} here" if report.gpus else ""
        return "torch-without-cuda", (
            f"This PyTorch ({report.torch}) is built without CUDA{here}: pytorch.org says how to install one with it."
        )
    if report.answer != "whole":
        what = f"did not answer within {report.limit:.0f} s" if report.answer == "late" else "broke off in its answer"
        return "no-answer", (
            f"{report.asked or 'Python'} {what}: try nvidia-smi, and restart the machine or tell who looks after it."
        )
    if not report.torch:
        return "no-torch", _NO_TORCH
    if "driver" in report.problem and "too old" in report.problem:
        return "old-driver", _old_driver(report)
    if environment.get(VISIBLE, "0").split(",")[0].strip() in ("", "-1", "NoDevFiles"):
        if "SLURM_JOB_ID" in environment:
            return "hidden", "This Slurm job was given no GPU: ask for one with --gres=gpu:1."
        return "hidden", f"{VISIBLE} hides every GPU ({environment[VISIBLE]!r}): unset it, or give it a number."
    if report.gpus or report.trouble:
        said = (report.trouble or report.problem or "no reason is given").splitlines()[0].rstrip(".")
        return "unusable", f"The GPU cannot be used ({said}): try nvidia-smi, it should say the same."
    return "no-gpu", "PyTorch finds no NVIDIA GPU on this machine."


_NO_TORCH = "PyTorch is not installed, and only through it a GPU is used: pip install torch adds it."


def _old_driver(report: DeviceReport) -> str:
    """The driver's own number is of CUDA: 12080 is 12.8."""
    found = re.search(r"found version (\d+)", report.problem)
    knows = f"CUDA {int(found[1]) // 1000}.{int(found[1]) % 1000 // 10}" if found else "an older CUDA"
    return (
        f"The NVIDIA driver{f' {report.driver}' * bool(report.driver)} is too old: it knows {knows}, and this PyTorch "
        f"is built for CUDA {report.built_for}. Update the driver, or install a PyTorch built for {knows}."
    )


def _no_such(number: int, gpus: tuple[Gpu, ...], environment: Mapping[str, str]) -> str:
    there = f"only GPU {gpus[0].index}" if len(gpus) == 1 else f"GPU 0 to {len(gpus) - 1}"
    seen = f" under {VISIBLE}={environment[VISIBLE]}" if VISIBLE in environment else ""
    return f"There is no GPU {number}: torch sees {there}{seen}."


def _room(gpu: Gpu) -> tuple[float, int]:
    """Rate a GPU by the memory that is free, less for the share of time in which others compute on it."""
    return gpu.free_mb * (1.0 - (gpu.use or 0.0)), -gpu.index


def _cuda(gpu: Gpu, report: DeviceReport) -> Choice:
    """Name a GPU to the worker by its UUID, which no other numbering can turn into another GPU."""
    name = gpu.name if len(report.gpus) == 1 else f"{gpu.name} (GPU {gpu.index})"
    if gpu.uuid:
        return Choice("cuda:0", name, {VISIBLE: gpu.uuid}, gpu.uuid)
    return Choice(f"cuda:{gpu.index}", name)


def _mps(report: DeviceReport, dtype: str) -> Choice:
    if report.answer != "whole" and not report.mps:
        return _cpu("no-answer", obstacle(report, {})[1] + _INSTEAD)
    if not report.mps:
        return _cpu("no-mps", "PyTorch finds no Apple GPU (mps) on this machine." + _INSTEAD)
    if dtype == "float64":
        return _cpu("no-float64", "Apple's GPU (mps) has no float64: --dtype float32 uses it." + _INSTEAD)
    # What mps cannot do yet is done on the CPU, instead of failing.
    return Choice("mps", f"{cpu_name()} GPU", {"PYTORCH_ENABLE_MPS_FALLBACK": "1"})


def _cpu(reason: Reason = "", sentence: str = "") -> Choice:
    return Choice("cpu", cpu_name(), reason=reason, sentence=sentence)


@functools.cache
def cpu_name() -> str:
    """Name the CPU's model, where the system knows it, or else its kind."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if platform.system() == "Darwin":
        question = ["sysctl", "-n", "machdep.cpu.brand_string"]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            return subprocess.run(question, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
    return platform.processor() or platform.machine()
