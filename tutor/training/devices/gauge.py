"""How a GPU is doing, cheap enough to be asked every second."""

from __future__ import annotations

import functools
import importlib
import math
import sys
from typing import Any

_MB = 1024 * 1024


def gpu_now(gpu: str = "", device: str = "cuda") -> tuple[float, float] | None:
    """Return (share of time in use, in [0, 1]; memory in use in MB) of a GPU; None where there is none to ask.

    `gpu` is its UUID, asked of the driver when nvidia-ml-py is there; else `device` is asked of the torch that is
    loaded, which knows the memory alone: the share is then NaN.
    """
    board = _board(gpu) if gpu else None
    try:
        if board is not None:
            nvml, handle = board
            share, used = nvml.nvmlDeviceGetUtilizationRates(handle).gpu, nvml.nvmlDeviceGetMemoryInfo(handle).used
            return share / 100.0, used / _MB
        torch = sys.modules.get("torch")
        if torch is None:
            return None
        if device.startswith("cuda"):
            free, total = torch.cuda.mem_get_info(device)
            return math.nan, (total - free) / _MB
        if device == "mps":
            return math.nan, torch.mps.driver_allocated_memory() / _MB
    except Exception:  # a gauge that cannot be read is left blank; what trains on the device says what is wrong with it
        return None
    return None


@functools.cache
def _board(gpu: str) -> tuple[Any, Any] | None:
    """Find a GPU through NVML once: the module and the handle."""
    try:
        nvml = importlib.import_module("pynvml")
        nvml.nvmlInit()
        return nvml, nvml.nvmlDeviceGetHandleByUUID(gpu)
    except Exception:  # not installed, or a driver that does not answer: torch is asked instead
        return None
