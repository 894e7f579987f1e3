"""Asks the machine in a process of its own, with a limit that a driver which hangs cannot pass."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tutor.training.devices.report import DeviceReport, read_report

LIMIT = 20.0  # seconds: importing torch from a cold network disk takes ten
SCRIPT = Path(__file__).resolve().parent.parent / "torch_side" / "device_probe.py"
_GRACE = 0.5  # seconds for a killed process to be gone; one that waits in the kernel for its driver cannot be

# Popen objects are kept until their process has ended: dropped earlier, they warn about a process still running.
_stuck: list[subprocess.Popen[bytes]] = []


def probe(timeout: float = LIMIT, script: Path = SCRIPT) -> DeviceReport:
    """Ask torch and the driver what this machine computes with; what they said in time is in the report.

    Exec'd, never forked, in a session of its own: at the limit it ends with all that it started. Works from any thread.
    """
    _stuck[:] = [process for process in _stuck if process.poll() is None]
    try:
        with tempfile.TemporaryFile() as said:  # no pipe: a process that cannot be killed would hold its other end
            process = subprocess.Popen(
                [sys.executable, "-P", str(script)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            late = not _ends_within(process, timeout)
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
    except OSError as error:
        return DeviceReport(answer="crashed", asked="the system for a process", problem=error.strerror or str(error))
    return read_report(text, "late" if late else "whole", timeout)


FRESH = 60.0  # seconds for which an answer is believed: it may take as long as torch to come
_asking = threading.Lock()
_answer: list[tuple[float, DeviceReport]] = []


def recent_report() -> DeviceReport:
    """Return what `probe` found within the last minute, or finds now; two that ask at once wait for one answer."""
    with _asking:
        if not _answer or time.monotonic() - _answer[0][0] > FRESH:
            report = probe()
            _answer[:] = [(time.monotonic(), report)]
        return _answer[0][1]


def _ends_within(process: subprocess.Popen[bytes], timeout: float) -> bool:
    """Wait for the end of the process; whatever ends the waiting ends its group too."""
    try:
        process.wait(timeout)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            _stuck.append(process)
