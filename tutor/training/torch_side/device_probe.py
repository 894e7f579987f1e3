"""Asks what this machine computes with: a script for a process of its own, `python -P device_probe.py`.

Each answer is printed at once as a line of JSON, whoever is asked before the asking, so that a driver which hangs loses
nothing of what was found out before. Of other people's modules only torch and nvidia-ml-py are imported, and torch only
where it could find a device: its import takes seconds. devices/report.py reads the lines.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import json
import os
import platform
import runpy
import shutil
import subprocess
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Facts = dict[str, Any]

_MB = 1024 * 1024
_SMI_LIMIT = 8.0  # seconds, less than the probe's own
_GPU_FIELDS = "uuid,name,memory.total,memory.free,utilization.gpu,driver_version"


def main() -> None:
    """Ask one after the other and print what each says."""
    say({"asked": "PyTorch"})
    torch = torch_version()
    say(torch)
    say({"asked": "The NVIDIA driver"})
    boards = ask_driver()
    say(boards)
    if torch and could_find_a_device(torch):
        say({"asked": "PyTorch"})
        say(ask_torch(boards.get("boards", [])))
    elif torch.get("built_for") and boards.get("boards"):
        say({"problem": "libcuda.so.1, the driver's library for programs, is missing"})
    say({"done": True})


def say(facts: Facts) -> None:
    """Print what is known from now on."""
    print(json.dumps(facts), flush=True)


# ── torch ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def torch_version() -> Facts:
    """Read torch's version and what it was built for from its version.py, without importing it; {} without torch."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return {}
    try:
        built = runpy.run_path(str(Path(spec.origin).with_name("version.py")))
    except Exception:  # a build of another make: the import will tell
        built = {"__version__": "of unknown version", "cuda": "of unknown version"}
    return {"torch": str(built.get("__version__", "")), "built_for": built.get("cuda") or built.get("hip") or ""}


def could_find_a_device(torch: Facts) -> bool:
    """Tell whether importing torch can bring anything: it has Apple's GPU, or CUDA and the library of a driver."""
    if platform.system() == "Darwin":
        return True
    if not torch["built_for"]:
        return False
    if os.path.exists("/dev/kfd"):  # noqa: PTH110  # AMD's
        return True
    try:
        ctypes.CDLL("libcuda.so.1")  # what torch looks for itself
    except OSError:
        return False
    return True


def ask_torch(boards: list[Facts]) -> Facts:
    """Ask torch for its devices, in its own order, which follows CUDA_VISIBLE_DEVICES."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            import torch

            mps = torch.backends.mps.is_available()
            if not torch.cuda.is_available():
                return {"cuda": False, "problem": _why(torch, caught), "mps": mps}
            known = {board["uuid"] for board in boards}
            devices = [_device(torch, number, known) for number in range(torch.cuda.device_count())]
            return {"cuda": bool(devices), "devices": devices, "mps": mps}
        except Exception as error:  # whatever a sick driver, or half an installation, makes of it
            return {"cuda": False, "problem": f"{type(error).__name__}: {error}"}


def _why(torch: Any, caught: Iterable[warnings.WarningMessage]) -> str:
    """Find out why torch finds nothing: a warning says it, or the error of an attempt."""
    for warning in caught:
        if "CUDA" in str(warning.message) or "driver" in str(warning.message):
            return str(warning.message)
    try:
        torch.cuda.init()
    except Exception as error:
        return str(error)
    return ""


def _device(torch: Any, number: int, known: set[str]) -> Facts:
    properties = torch.cuda.get_device_properties(number)
    uuid = f"GPU-{properties.uuid}" if hasattr(properties, "uuid") else ""
    total = properties.total_memory
    # Asking torch what is free makes a context on the GPU, which takes memory of its own: only where nobody else knows.
    free = total if uuid in known else torch.cuda.mem_get_info(number)[0]
    return {"uuid": uuid, "name": properties.name, "total_mb": total // _MB, "free_mb": free // _MB}


# ── the driver ───────────────────────────────────────────────────────────────────────────────────────────────────────


def ask_driver() -> Facts:
    """Ask NVIDIA's driver for its boards, through nvidia-ml-py or else nvidia-smi; {} where there is neither."""
    try:
        nvml = importlib.import_module("pynvml")
    except ImportError:
        return ask_smi(shutil.which("nvidia-smi"))
    try:
        nvml.nvmlInit()
        boards = [_board(nvml, number) for number in range(nvml.nvmlDeviceGetCount())]
        return {"driver": _text(nvml.nvmlSystemGetDriverVersion()), "boards": boards}
    except nvml.NVMLError as error:
        if error.value in (nvml.NVML_ERROR_LIBRARY_NOT_FOUND, nvml.NVML_ERROR_DRIVER_NOT_LOADED):
            return {}
        return {"trouble": f"NVIDIA's driver says: {error}"}


def _board(nvml: Any, number: int) -> Facts:
    handle = nvml.nvmlDeviceGetHandleByIndex(number)
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    try:
        use = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
        processes = nvml.nvmlDeviceGetComputeRunningProcesses(handle)
    except nvml.NVMLError:  # some boards count neither
        use, processes = None, []
    return {
        "uuid": _text(nvml.nvmlDeviceGetUUID(handle)),
        "name": _text(nvml.nvmlDeviceGetName(handle)),
        "total_mb": memory.total // _MB,
        "free_mb": memory.free // _MB,
        "use": use,
        "others_mb": sum((process.usedGpuMemory or 0) // _MB for process in processes if is_of_others(process.pid)),
    }


def _text(said: str | bytes) -> str:
    return said.decode() if isinstance(said, bytes) else said


def ask_smi(program: str | None) -> Facts:
    """Ask nvidia-smi for the boards and for who computes on them."""
    if program is None:
        return {}
    try:
        boards = _smi(program, f"--query-gpu={_GPU_FIELDS}")
        processes = _smi(program, "--query-compute-apps=gpu_uuid,pid,used_memory")
    except subprocess.TimeoutExpired:
        return {"trouble": f"nvidia-smi does not answer within {_SMI_LIMIT:.0f} s"}
    except OSError as error:
        return {"trouble": f"nvidia-smi cannot be run: {error.strerror}"}
    if boards.returncode:
        return {"trouble": (boards.stdout or boards.stderr).strip().split("\n")[0]}
    return read_smi(boards.stdout, processes.stdout if processes.returncode == 0 else "")


def _smi(program: str, question: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, question, "--format=csv,noheader,nounits"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SMI_LIMIT,
        check=False,
    )


def read_smi(boards: str, processes: str) -> Facts:
    """Read the tables of nvidia-smi: MiB and percent, "[N/A]" or "[Not Supported]" where a board does not count."""
    others: dict[str, int] = {}
    for uuid, pid, used in _rows(processes, 3):
        if pid.isdecimal() and is_of_others(int(pid)):
            others[uuid] = others.get(uuid, 0) + _number(used)
    found, driver = [], ""
    for uuid, name, total, free, use, driver in _rows(boards, 6):  # noqa: B007  # one driver, the same in every row
        found.append(
            {
                "uuid": uuid,
                "name": name,
                "total_mb": _number(total),
                "free_mb": _number(free),
                "use": _number(use) / 100 if use.isdecimal() else None,
                "others_mb": others.get(uuid, 0),
            }
        )
    return {"driver": driver, "boards": found}


def _rows(table: str, columns: int) -> list[list[str]]:
    rows = [[cell.strip() for cell in line.split(",")] for line in table.splitlines()]
    return [row for row in rows if len(row) == columns]


def _number(cell: str) -> int:
    return int(cell) if cell.isdecimal() else 0


def is_of_others(pid: int) -> bool:
    """Tell whether a process belongs to another user; one that cannot be seen may be anybody's."""
    try:
        return os.stat(f"/proc/{pid}").st_uid != os.getuid()  # noqa: PTH116
    except OSError:
        return False


if __name__ == "__main__":
    main()
