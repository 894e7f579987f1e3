"""From the command to the first frame, to the first answered key, and what the app takes while nobody does anything."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from statistics import median

import psutil
import pytest

from tests.bench.harness import TUTOR, Line, Pty, bare, home, in_turns, learners_folder, plain_ms, ratio, show

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

ROUNDS = 15
IDLE_SECONDS = 4.0  # home looks at the folder every two
LESSON_CHOSEN = re.compile(rb"\xe2\x96\xb8 (?:\x1b\[[0-9;]*m)*[0-9]{2}")  # the mark stands before a lesson's number


def test_version() -> None:
    nothing, version = in_turns(
        2 * ROUNDS, lambda: plain_ms(sys.executable, "-c", "pass"), lambda: plain_ms(TUTOR, "--version")
    )
    times = ratio(nothing, version)
    base = f"python -c pass {median(nothing):.1f} ms"
    show(Line("tutor --version", f"{median(version):.1f} ms", "2x", times <= 2, base, times))


def test_first_frame_and_first_key(tmp_path: Path) -> None:
    user_data = learners_folder(tmp_path)
    answered: list[float] = []

    def bare_frame() -> float:
        with bare() as terminal:
            return terminal.until(first_frame)

    def home_frame() -> float:
        with home(user_data) as terminal:
            seconds = terminal.until(first_frame)
            terminal.press("j")
            answered.append(terminal.until(LESSON_CHOSEN.search))
            return seconds

    base, frame = in_turns(ROUNDS, bare_frame, home_frame)
    keys = answered[1:]  # as in_turns does: the first round warms up
    baseline = f"bare Textual {median(base) * 1e3:.0f} ms"
    to_frame, to_key = ratio(base, frame), ratio(base, keys)
    show(
        Line(
            "exec to first meaningful frame",
            f"{median(frame) * 1e3:.0f} ms",
            "1.25x",
            to_frame <= 1.25,
            baseline,
            to_frame,
        ),
        Line("exec to fully interactive", f"{median(keys) * 1e3:.0f} ms", "2x", to_key <= 2, baseline, to_key),
    )


def first_frame(written: bytes) -> bool:
    """Both apps write this word when they have drawn what matters."""
    return b"Continue" in written


def test_home_at_rest(tmp_path: Path) -> None:
    with bare() as terminal:
        terminal.until(first_frame)
        terminal.until_quiet()
        least = resident_mb(terminal)
    with home(learners_folder(tmp_path)) as terminal:
        terminal.until(first_frame)
        terminal.until_quiet()
        ours = resident_mb(terminal)
        cpu, written, wakes = at_rest(terminal)
    times = ours / least
    show(
        Line("memory of home, resident", f"{ours:.1f} MB", "1.5x", times <= 1.5, f"bare Textual {least:.1f} MB", times),
        Line("idle app, CPU of one core", f"{cpu:.2%}", "0.5 %", cpu <= 0.005, f"{wakes:.0f} wake-ups a second"),
        Line("idle app, written to the terminal", f"{written} bytes", "0 bytes", written == 0),
    )


def resident_mb(terminal: Pty) -> float:
    return float(psutil.Process(terminal.app()).memory_info().rss / 2**20)


def at_rest(terminal: Pty) -> tuple[float, int, float]:
    """The share of a core, the bytes written and the wake-ups per second while nobody presses a key."""
    processes = [psutil.Process(pid) for pid in {terminal.pid, terminal.app()}]

    def spent() -> tuple[float, int]:
        return sum(map(cpu_seconds, processes)), sum(process.num_ctx_switches().voluntary for process in processes)

    before, written, began = spent(), len(terminal.raw), time.perf_counter()
    terminal.wait_for(lambda _: time.perf_counter() - began >= IDLE_SECONDS)
    after, seconds = spent(), time.perf_counter() - began
    return (after[0] - before[0]) / seconds, len(terminal.raw) - written, (after[1] - before[1]) / seconds


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of all threads, in nanoseconds where the kernel tells them: its usual clock ticks in hundredths."""
    tasks = list(Path(f"/proc/{process.pid}/task").glob("*/schedstat"))
    if tasks:
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
    times = process.cpu_times()
    return float(times.user + times.system)
