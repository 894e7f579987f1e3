"""What the probe found out about a machine: records, and how its lines become them."""

from __future__ import annotations

import json
from typing import Any, Literal

from msgspec import Struct

_GB = 1024  # MiB, as the makers of GPUs count


class Gpu(Struct, frozen=True):
    """One GPU as torch numbers it, or as the driver does where torch cannot use it."""

    index: int
    name: str
    uuid: str = ""  # "GPU-...", where torch and the driver agree on it
    total_mb: int = 0
    free_mb: int = 0
    use: float | None = None  # share of the last moments in which it computed, in [0, 1]
    others_mb: int = 0  # held by processes of other users


class DeviceReport(Struct, frozen=True):
    """What a machine computes with, as far as it answered."""

    torch: str = ""  # its version; empty: not installed
    built_for: str = ""  # the version of CUDA (or ROCm) that this torch was built for; empty: for none
    cuda: bool = False  # torch can compute on a GPU
    problem: str = ""  # why not, in torch's words
    driver: str = ""  # the version of NVIDIA's driver
    trouble: str = ""  # what the driver complains of
    gpus: tuple[Gpu, ...] = ()
    mps: bool = False
    answer: Literal["whole", "late", "crashed"] = "whole"
    asked: str = ""  # who was asked last
    limit: float = 0.0  # seconds that were waited


def describe(gpu: Gpu) -> str:
    """Say in a few words which GPU it is and how much of it is taken."""
    if not gpu.total_mb:
        return f"GPU {gpu.index}: {gpu.name}"
    total, used, others = gpu.total_mb / _GB, (gpu.total_mb - gpu.free_mb) / _GB, gpu.others_mb / _GB
    if others >= 0.5:
        taken = f"{others:.0f} of {total:.0f} GB used by another user"
    elif used >= 0.5:
        taken = f"{used:.0f} of {total:.0f} GB in use"
    else:
        taken = f"{total:.0f} GB free"
    return f"GPU {gpu.index}: {gpu.name}, {taken}" + (f", busy {gpu.use:.0%} of the time" if gpu.use else "")


def read_report(said: str, answer: Literal["whole", "late", "crashed"] = "whole", limit: float = 0.0) -> DeviceReport:
    """Read the probe's lines, each a JSON object; what is no such line is passed over, what came before it counts."""
    found: dict[str, Any] = {}
    for line in said.splitlines():
        try:
            facts = json.loads(line)
        except ValueError:
            continue  # torn, or a warning of some library
        if isinstance(facts, dict):
            found |= facts
    if answer == "whole" and not found.get("done"):
        answer = "crashed"
    return DeviceReport(
        torch=found.get("torch", ""),
        built_for=found.get("built_for", ""),
        cuda=bool(found.get("cuda")),
        problem=found.get("problem", ""),
        driver=found.get("driver", ""),
        trouble=found.get("trouble", ""),
        gpus=_gpus(found.get("devices", []) if found.get("cuda") else None, found.get("boards", [])),
        mps=bool(found.get("mps")),
        answer=answer,
        asked=found.get("asked", ""),
        limit=limit,
    )


def _gpus(devices: list[dict[str, Any]] | None, boards: list[dict[str, Any]]) -> tuple[Gpu, ...]:
    """Take torch's order and numbers, which follow CUDA_VISIBLE_DEVICES, and the driver's measurements, by UUID."""
    if devices is None:
        return tuple(_gpu(number, board) for number, board in enumerate(boards))
    known = {board["uuid"]: board for board in boards}
    return tuple(
        _gpu(number, known.get(device["uuid"], device | {"uuid": ""})) for number, device in enumerate(devices)
    )


def _gpu(number: int, facts: dict[str, Any]) -> Gpu:
    return Gpu(
        index=number,
        name=facts["name"],
        uuid=facts["uuid"],
        total_mb=facts["total_mb"],
        free_mb=facts["free_mb"],
        use=facts.get("use"),
        others_mb=facts.get("others_mb", 0),
    )
