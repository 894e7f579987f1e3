"""What a run computes on: asked in a process of its own, chosen by what is free, said in one sentence when it differs.

`device_for` is what a start of a run needs: it asks only when the answer matters, and not twice in a minute. `probe`
asks and `choose` decides, apart from each other, so that a decision can be looked at without the machine. In the
worker, `gpu_now` reads the gauges, and `failure_of` and `out_of_memory` turn what a device raises into a state and a
sentence.
Nothing here imports torch: the probe does, in its own process, and a driver that hangs takes nothing else with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from tutor.training.devices.choice import Choice, choose, cpu_name, obstacle, parse
from tutor.training.devices.gauge import gpu_now
from tutor.training.devices.memory import failure_of, out_of_memory, suggest_batch
from tutor.training.devices.probe import LIMIT, probe, recent_report
from tutor.training.devices.report import DeviceReport, Gpu, describe, read_report
from tutor.training.model import Mode

__all__ = [
    "LIMIT",
    "Choice",
    "DeviceReport",
    "Gpu",
    "choose",
    "cpu_name",
    "describe",
    "device_for",
    "failure_of",
    "gpu_now",
    "obstacle",
    "out_of_memory",
    "parse",
    "probe",
    "read_report",
    "recent_report",
    "suggest_batch",
]


def device_for(
    wanted: str,
    mode: Mode = "numpy",
    dtype: str = "float64",
    *,
    environment: Mapping[str, str] = os.environ,
    ask: Callable[[], DeviceReport] = recent_report,
) -> Choice:
    """Decide what a run computes on: auto, cpu, cuda, cuda:1, mps; takes up to LIMIT seconds where a GPU may be used.

    UnknownName: `wanted` is no device.
    """
    kind, _ = parse(wanted)
    report = DeviceReport() if mode == "numpy" or kind == "cpu" else ask()
    return choose(wanted, report, environment, mode=mode, dtype=dtype)
