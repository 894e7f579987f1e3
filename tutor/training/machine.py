"""What a run uses of the machine: the gauges cpu, rss_mb, gpu and gpu_mb, read at most once a second."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable

import psutil

GAUGES = ("cpu", "rss_mb", "gpu", "gpu_mb")
EVERY = 1.0  # seconds between two readings
CHILDREN_EVERY = 10.0  # seconds between two looks for processes that the learner's code started: that walks /proc
MEBI = 1 << 20

GpuUse = Callable[[], tuple[float, float] | None]  # (share of its time in use, memory in MiB) of the run's GPU


class Machine:
    """The processor and memory that this process and its children use, and the GPU's use where there is one."""

    def __init__(self, gpu: GpuUse | None = None) -> None:
        self._gpu = gpu
        self._processes = [psutil.Process()]
        self._spent = self._cpu_seconds()
        self._at = time.monotonic()
        self._children_due = self._at + CHILDREN_EVERY
        self._read: dict[str, float] = dict.fromkeys(GAUGES, math.nan)

    def read(self) -> dict[str, float]:
        """Return cpu in cores (1.5: one and a half are busy), rss_mb in MiB, gpu in [0, 1], gpu_mb in MiB; else NaN."""
        now = time.monotonic()
        if now - self._at < EVERY:
            return self._read
        if now >= self._children_due:
            self._children_due = now + CHILDREN_EVERY
            own = self._processes[0]
            with contextlib.suppress(psutil.Error):
                self._processes = [own, *own.children(recursive=True)]
            self._spent, self._at = self._cpu_seconds(), now  # of these, from now on
            return self._read
        spent = self._cpu_seconds()
        cpu, self._spent = max(0.0, spent - self._spent) / (now - self._at), spent
        self._at = now
        gpu, gpu_mb = (self._gpu() if self._gpu else None) or (math.nan, math.nan)
        self._read = {"cpu": cpu, "rss_mb": self._rss() / MEBI, "gpu": gpu, "gpu_mb": gpu_mb}
        return self._read

    def _cpu_seconds(self) -> float:
        spent = 0.0
        for process in self._processes:
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                spent += times.user + times.system
        return spent

    def _rss(self) -> int:
        size = 0
        for process in self._processes:
            with contextlib.suppress(psutil.Error):
                size += process.memory_info().rss
        return size
