"""What a run computes on: recorded answers of machines with and without GPUs, and what is chosen and said for each."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

from tests.gpus import A, B, C, board, device
from tutor.cli import doctor
from tutor.errors import UnknownName
from tutor.training import devices
from tutor.training.devices import DeviceReport, Gpu, choose, describe, device_for, read_report
from tutor.training.model import Mode

CUDA_TORCH = {"torch": "2.13.0+cu130", "built_for": "13.0"}
CPU_TORCH = {"torch": "2.13.0+cpu", "built_for": ""}


def recorded(*facts: dict[str, Any], answer: Any = "whole") -> DeviceReport:
    lines = [{"asked": "PyTorch"}, *facts, *([{"done": True}] if answer == "whole" else [])]
    return read_report("\n".join(map(json.dumps, lines)), answer, 20.0)


BOARDS = {
    "driver": "580.95.05",
    "boards": [board(A), board(B, free=20_000), board(C, free=19_000, use=0.9, others_mb=62_464)],
}
THREE = recorded(CUDA_TORCH, BOARDS, {"cuda": True, "devices": [device(A), device(B), device(C)], "mps": False})
NO_GPU = recorded(CUDA_TORCH, {})
OLD_DRIVER = recorded(
    CUDA_TORCH,
    {"driver": "570.86.15", "boards": [board(A)]},
    {
        "cuda": False,
        "problem": "CUDA initialization: The NVIDIA driver on your system is too old (found version 12080). Please "
        "update your GPU driver by downloading and installing a new version (Triggered internally at ...)",
    },
)
UNKNOWN_ERROR = recorded(
    CUDA_TORCH,
    {"driver": "580.95.05", "boards": [board(A)]},
    {"cuda": False, "problem": "CUDA unknown error - this may be due to an incorrectly set up environment.\nMore."},
)
MISMATCH = recorded(
    CUDA_TORCH, {"trouble": "Failed to initialize NVML: Driver/library version mismatch"}, {"cuda": False}
)
HIDDEN = recorded(CUDA_TORCH, BOARDS, {"cuda": False, "problem": "No CUDA GPUs are available"})
HUNG = recorded(CUDA_TORCH, {"asked": "The NVIDIA driver"}, answer="late")
APPLE = recorded({"torch": "2.13.0", "built_for": ""}, {}, {"cuda": False, "problem": "", "mps": True})
CPU = " The CPU is used instead."

# (what the machine says, its environment, wanted, mode, dtype) -> (device, reason, how the sentence begins)
MATRIX: list[tuple[DeviceReport, dict[str, str], str, Mode, str, tuple[str, str, str]]] = [
    (THREE, {}, "auto", "numpy", "float64", ("cpu", "", "")),
    (THREE, {}, "cpu", "twin", "float64", ("cpu", "", "")),
    (
        THREE,
        {},
        "cuda",
        "numpy",
        "float64",
        ("cpu", "numpy", "NumPy computes on the CPU: --on-torch runs your file on"),
    ),
    (THREE, {}, "auto", "twin", "float64", ("cuda:0", "", "")),
    (THREE, {}, "cuda", "lockstep", "float64", ("cuda:0", "", "")),
    (THREE, {}, "cuda:7", "twin", "float64", ("cpu", "no-such-gpu", "There is no GPU 7: torch sees GPU 0 to 2.")),
    (NO_GPU, {}, "auto", "twin", "float64", ("cpu", "no-gpu", "")),
    (NO_GPU, {}, "cuda", "twin", "float64", ("cpu", "no-gpu", "PyTorch finds no NVIDIA GPU on this machine.")),
    (
        OLD_DRIVER,
        {},
        "auto",
        "twin",
        "float64",
        (
            "cpu",
            "old-driver",
            "The NVIDIA driver 570.86.15 is too old: it knows CUDA 12.8, and this PyTorch is built for CUDA 13.0. "
            "Update the driver, or install a PyTorch built for CUDA 12.8.",
        ),
    ),
    (recorded(CPU_TORCH, {}), {}, "auto", "twin", "float64", ("cpu", "torch-without-cuda", "")),
    (
        recorded(CPU_TORCH, BOARDS),
        {},
        "auto",
        "twin",
        "float64",
        (
            "cpu",
            "torch-without-cuda",
            "This PyTorch (2.13.0+cpu) is built without CUDA, so it cannot use the NVIDIA A100-SXM4-80GB here:",
        ),
    ),
    (
        recorded({}, {}),
        {},
        "auto",
        "twin",
        "float64",
        ("cpu", "no-torch", "PyTorch is not installed, and only through"),
    ),
    (recorded({}, BOARDS), {}, "cuda", "twin", "float64", ("cpu", "no-torch", "PyTorch is not installed")),
    (
        HUNG,
        {},
        "auto",
        "twin",
        "float64",
        ("cpu", "no-answer", "The NVIDIA driver did not answer within 20 s: try nvidia-smi, and restart the machine"),
    ),
    (
        recorded(CUDA_TORCH, answer="crashed"),
        {},
        "cuda",
        "twin",
        "float64",
        ("cpu", "no-answer", "PyTorch broke off in its answer"),
    ),
    (
        UNKNOWN_ERROR,
        {},
        "auto",
        "twin",
        "float64",
        ("cpu", "unusable", "The GPU cannot be used (CUDA unknown error - "),
    ),
    (
        MISMATCH,
        {},
        "cuda",
        "twin",
        "float64",
        ("cpu", "unusable", "The GPU cannot be used (Failed to initialize NVML:"),
    ),
    (HIDDEN, {"CUDA_VISIBLE_DEVICES": ""}, "auto", "twin", "float64", ("cpu", "hidden", "")),
    (
        HIDDEN,
        {"CUDA_VISIBLE_DEVICES": ""},
        "cuda",
        "twin",
        "float64",
        ("cpu", "hidden", "CUDA_VISIBLE_DEVICES hides every GPU ('')"),
    ),
    (
        HIDDEN,
        {"CUDA_VISIBLE_DEVICES": "-1"},
        "cuda",
        "twin",
        "float64",
        ("cpu", "hidden", "CUDA_VISIBLE_DEVICES hides"),
    ),
    (
        HIDDEN,
        {"CUDA_VISIBLE_DEVICES": "", "SLURM_JOB_ID": "7"},
        "cuda",
        "twin",
        "float64",
        ("cpu", "hidden", "This Slurm job was given no GPU: ask for one with --gres=gpu:1."),
    ),
    (APPLE, {}, "auto", "twin", "float32", ("cpu", "torch-without-cuda", "")),
    (APPLE, {}, "mps", "twin", "float32", ("mps", "", "")),
    (
        APPLE,
        {},
        "mps",
        "twin",
        "float64",
        ("cpu", "no-float64", "Apple's GPU (mps) has no float64: --dtype float32 uses it."),
    ),
    (THREE, {}, "mps", "twin", "float32", ("cpu", "no-mps", "PyTorch finds no Apple GPU (mps) on this machine.")),
]


@pytest.mark.parametrize(("report", "environment", "wanted", "mode", "dtype", "expected"), MATRIX)
def test_what_is_chosen_and_said(
    report: DeviceReport,
    environment: dict[str, str],
    wanted: str,
    mode: Mode,
    dtype: str,
    expected: tuple[str, str, str],
) -> None:
    choice = choose(wanted, report, environment, mode=mode, dtype=dtype)
    assert (choice.device, choice.reason) == expected[:2]
    assert choice.sentence.startswith(expected[2]) and bool(choice.sentence) == bool(expected[2])
    assert not expected[2] or choice.sentence.endswith(CPU) or choice.reason in ("numpy", "no-torch")
    assert "\n" not in choice.sentence and choice.name


def test_every_reason_has_a_sentence_of_its_own() -> None:
    choices = [choose(wanted, report, env, mode=mode, dtype=dtype) for report, env, wanted, mode, dtype, _ in MATRIX]
    said = {choice.sentence: choice.reason for choice in choices if choice.sentence}
    assert len(set(said.values())) == 11  # and "full", below


def test_auto_takes_the_freest_gpu_and_names_it_by_uuid() -> None:
    choice = choose("auto", THREE, {}, mode="twin")
    assert (choice.gpu, choice.environment) == (A, {"CUDA_VISIBLE_DEVICES": A})
    assert choice.name == "NVIDIA A100-SXM4-80GB (GPU 0)"
    busy = recorded(
        CUDA_TORCH,
        {"boards": [board(A, use=0.95), board(B, free=40_000)]},
        {"cuda": True, "devices": [device(A), device(B)]},
    )
    assert choose("auto", busy, {}, mode="twin").gpu == B
    assert choose("cuda:0", busy, {}, mode="twin").gpu == A  # what is asked for by number is taken as it is


def test_a_preset_selection_keeps_its_own_numbers() -> None:
    """Under CUDA_VISIBLE_DEVICES=2,0 torch calls the driver's GPU 2 its GPU 0."""
    preset = {"CUDA_VISIBLE_DEVICES": "2,0"}
    seen = recorded(CUDA_TORCH, BOARDS, {"cuda": True, "devices": [device(C), device(A)]})
    assert [gpu.uuid for gpu in seen.gpus] == [C, A] and [gpu.index for gpu in seen.gpus] == [0, 1]
    assert choose("cuda:0", seen, preset, mode="twin").gpu == C
    assert choose("cuda:1", seen, preset, mode="twin").environment == {"CUDA_VISIBLE_DEVICES": A}
    said = choose("cuda:2", seen, preset, mode="twin").sentence
    assert said == f"There is no GPU 2: torch sees GPU 0 to 1 under CUDA_VISIBLE_DEVICES=2,0.{CPU}"
    one = recorded(CUDA_TORCH, BOARDS, {"cuda": True, "devices": [device(B)]})  # a job of Slurm, or a UUID
    choice = choose("auto", one, {"CUDA_VISIBLE_DEVICES": B}, mode="twin")
    assert (choice.device, choice.gpu, choice.name) == ("cuda:0", B, "NVIDIA A100-SXM4-80GB")
    assert "torch sees only GPU 0 under" in choose("cuda:1", one, {"CUDA_VISIBLE_DEVICES": B}, mode="twin").sentence


def test_where_the_driver_knows_no_such_uuid_torch_numbers_are_kept() -> None:
    """A slice of a GPU (MIG), AMD's, or a container without nvidia-smi."""
    for boards in ({}, {"boards": [board(A)]}):
        slices = recorded(CUDA_TORCH, boards, {"cuda": True, "devices": [device("GPU-1"), device("GPU-2")]})
        choice = choose("cuda:1", slices, {"CUDA_VISIBLE_DEVICES": "MIG-1,MIG-2"}, mode="twin")
        assert (choice.device, choice.environment, choice.gpu) == ("cuda:1", {}, "")


def test_gpus_without_room_leave_the_cpu() -> None:
    full = recorded(
        CUDA_TORCH,
        {"boards": [board(A, free=300, others_mb=81_000)]},
        {"cuda": True, "devices": [device(A)]},
    )
    choice = choose("auto", full, {}, mode="twin")
    assert (choice.device, choice.reason) == ("cpu", "full")
    assert "GPU 0: NVIDIA A100-SXM4-80GB, 79 of 80 GB used by another user" in choice.sentence
    assert choose("cuda:0", full, {}, mode="twin").device == "cuda:0"


def test_a_gpu_in_a_few_words() -> None:
    third = THREE.gpus[2]
    assert describe(third) == "GPU 2: NVIDIA A100-SXM4-80GB, 61 of 80 GB used by another user, busy 90% of the time"
    assert describe(THREE.gpus[1]).endswith("60 of 80 GB in use")
    assert describe(Gpu(0, "T4", total_mb=15_360, free_mb=15_300)) == "GPU 0: T4, 15 GB free"
    assert describe(Gpu(0, "T4")) == "GPU 0: T4"


def test_nothing_is_asked_where_the_answer_does_not_matter() -> None:
    def ask() -> DeviceReport:
        raise AssertionError("asked")

    assert device_for("auto", ask=ask).device == "cpu"
    assert device_for("cuda", ask=ask).reason == "numpy"
    assert device_for("cpu", "twin", ask=ask).device == "cpu"
    assert device_for("auto", "twin", ask=lambda: THREE).gpu == A
    for unknown in ("gpu", "cuda:", "cuda:-1", "cpu:1", "mps:0", "", "cuda:a"):
        with pytest.raises(UnknownName, match="no device called"):
            device_for(unknown, ask=ask)
    assert devices.parse(" CUDA:12 ") == ("cuda", 12)


def test_one_answer_serves_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    probing, asked = import_module("tutor.training.devices.probe"), list[DeviceReport]()

    def ask() -> DeviceReport:
        asked.append(THREE)
        return THREE

    monkeypatch.setattr(probing, "probe", ask)
    monkeypatch.setattr(probing, "_answer", [])
    assert probing.recent_report() is probing.recent_report() is THREE
    assert len(asked) == 1
    monkeypatch.setattr(probing, "FRESH", -1.0)
    probing.recent_report()
    assert len(asked) == 2


def test_lines_that_are_no_answer_are_passed_over() -> None:
    said = 'warning: something\n{"torch": "2.13.0", "built_for": "13.0"}\n[1]\n{"cuda": tr'
    report = read_report(said)
    assert (report.torch, report.answer) == ("2.13.0", "crashed")
    assert read_report("").answer == "crashed"


def test_doctor_lists_the_gpus_and_what_keeps_torch_from_them() -> None:
    def rows(report: DeviceReport) -> list[tuple[bool, str]]:
        found = list(doctor._gpus(report))
        assert all(finding.what == "GPU" for finding in found)
        return [(finding.well, finding.says) for finding in found]

    listed = rows(THREE)
    assert [well for well, _ in listed] == [True] * 3
    assert listed[2][1] == "2: NVIDIA A100-SXM4-80GB, 61 of 80 GB used by another user, busy 90% of the time"
    assert rows(NO_GPU) == rows(recorded({}, {})) == [(True, "none found: your code trains on the CPU")]
    assert rows(APPLE) == [(True, "Apple's (mps): --device mps uses it, in float32")]
    assert [well for well, _ in rows(OLD_DRIVER)] == [True, False] and "too old" in rows(OLD_DRIVER)[1][1]
    assert rows(HUNG)[0][1].startswith("The NVIDIA driver did not answer within 20 s")
