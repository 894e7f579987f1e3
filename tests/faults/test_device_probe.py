"""The probe in real processes: this machine's own, a driver that hangs with its children, one that crashes."""

from __future__ import annotations

import signal
import sys
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest

from tests.training_runs import wait_until
from tutor.training import devices
from tutor.training.devices import obstacle, probe
from tutor.training.torch_side import device_probe


def test_this_machine_answers() -> None:
    report = probe()
    assert (report.answer, report.torch) == ("whole", metadata.version("torch"))
    assert report.gpus if report.cuda else obstacle(report, {})[1]
    choice = devices.device_for("auto", "twin")
    assert choice.device.startswith("cuda" if report.cuda else "cpu")
    assert devices.device_for("cuda", "twin").sentence if not report.cuda else choice.gpu


def script(folder: Path, body: str) -> Path:
    path = folder / "script.py"
    path.write_text('print(\'{"asked": "PyTorch"}\\n{"torch": "2.13.0", "built_for": "13.0"}\', flush=True)\n' + body)
    return path


def test_a_driver_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    body = f"""
import json, os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(json.dumps({{"asked": "The NVIDIA driver"}}), flush=True)
open({str(tmp_path / "pids")!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""
    report = probe(3.0, script(tmp_path, body))
    assert (report.answer, report.torch, report.asked) == ("late", "2.13.0", "The NVIDIA driver")
    assert obstacle(report, {})[1].startswith("The NVIDIA driver did not answer within 3 s")
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        wait_until(partial(has_ended, pid))


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_driver_that_crashes_is_no_fault_of_ours(tmp_path: Path) -> None:
    report = probe(20.0, script(tmp_path, f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})"))
    assert (report.answer, report.torch) == ("crashed", "2.13.0")
    assert obstacle(report, {})[0] == "no-answer"


def test_nothing_is_asked_where_no_process_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    report = probe(1.0)
    assert report.answer == "crashed" and report.problem == "No such file or directory"


def test_an_nvidia_smi_that_answers(tmp_path: Path) -> None:
    row = "GPU-1, Tesla T4, 15360, 15000, 3, 550.54"
    facts = device_probe.ask_smi(smi(tmp_path, f'case "$1" in *compute-apps*) ;; *) echo "{row}";; esac'))
    assert (facts["driver"], facts["boards"][0]["name"], facts["boards"][0]["use"]) == ("550.54", "Tesla T4", 0.03)


def test_an_nvidia_smi_that_fails(tmp_path: Path) -> None:
    complaint = "Failed to initialize NVML: Driver/library version mismatch"
    assert device_probe.ask_smi(smi(tmp_path, f'echo "{complaint}"; exit 18')) == {"trouble": complaint}
    (tmp_path / "nvidia-smi").chmod(0o644)
    assert device_probe.ask_smi(str(tmp_path / "nvidia-smi"))["trouble"].startswith("nvidia-smi cannot be run: ")
    assert device_probe.ask_smi(None) == {}


def test_an_nvidia_smi_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_probe, "_SMI_LIMIT", 0.2)
    assert "nvidia-smi does not answer" in device_probe.ask_smi(smi(tmp_path, "exec sleep 600"))["trouble"]


def smi(folder: Path, body: str) -> str:
    """Write an nvidia-smi of ours."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return str(program)
