"""The chart of a run, 100x30 cells, from 1e2 to 1e7 points: a frame, its bytes, and opening a run that long."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time_ns

import numpy as np
import plotext
import pytest
from numpy.typing import NDArray

from tests.bench.harness import Line, Pty, show
from tests.synthetic_runs import make_run
from tutor.viz import Chart, ChartSpec, Curve

pytestmark = pytest.mark.bench
BUDGET_MS = 3.0
BUDGET_BYTES = 4_000  # changed spans; 6,000 where whole rows are sent
OPEN_TIMES = 680  # times as fast as JSON lines: 20 ms where those take 13.6 s
BUDGET_OPEN_MB = 20.0
BUDGET_ZOOM_MS = 50.0  # half of the time until the next picture
LONG = 10_000_000
ROOT = Path(__file__).parents[2]


def losses(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = 2.3 * np.exp(-4 * steps / steps[-1]) + 0.1 + 0.05 * np.sin(steps * 12.9898)
    return values


def cpu_ms(act: Callable[[int], object], times: int) -> float:
    spent = []
    for turn in range(times):
        start = process_time_ns()
        act(turn)
        spent.append((process_time_ns() - start) / 1e6)
    return median(spent)


def frame_ms(points: int) -> float:
    """One more point and one more frame, of a run that has `points` already."""
    steps = np.arange(1, points + 1, dtype=np.float64)
    curve, chart, spec = Curve("loss"), Chart(), ChartSpec(100, 30, "step", "loss", x_range=(0, 1.2 * points))
    curve.extend(steps, losses(steps))
    chart.draw([curve], spec)

    def frame(turn: int) -> None:
        curve.append(points + turn + 1, 0.5 + 0.1 * (turn % 7))
        chart.draw([curve], spec)

    return cpu_ms(frame, 80)


def plotext_ms() -> float:
    """A full build of the same size by plotext, of a curve already reduced to two points a column."""
    steps = np.arange(1, 201, dtype=np.float64)
    xs, ys = steps.tolist(), losses(steps).tolist()

    def build(_: int) -> None:
        plotext.clear_figure()
        plotext.theme("clear")
        plotext.limit_size(False, False)
        plotext.plot_size(100, 30)
        plotext.plot(xs, ys, marker="braille", label="loss")
        plotext.xlabel("step")
        plotext.build()

    try:
        return cpu_ms(build, 15)
    finally:
        plotext.clear_figure()


def test_a_frame_costs_the_same_at_any_length() -> None:
    frames = {points: frame_ms(points) for points in (100, 100_000, 10_000_000)}
    full = plotext_ms()
    base = f"plotext's build {full:.1f} ms"
    show(
        *(
            Line(
                f"chart frame, {n:>10,} points",
                f"{ms:.2f} ms of CPU",
                f"{BUDGET_MS} ms",
                ms <= BUDGET_MS,
                base,
                full / ms,
            )
            for n, ms in frames.items()
        )
    )


def frame_bytes(points: int) -> tuple[float, float]:
    """What the terminal gets for a frame while the run grows, and for everything anew: medians."""
    script = Path(__file__).with_name("bare_chart.py")
    with Pty(sys.executable, script, str(points), size=(110, 34), PYTHONPATH=str(ROOT)) as screen:
        screen.until(lambda raw: b"loss" in raw)
        written = screen.until_quiet()
        sizes: dict[str, list[int]] = {"n": [], "r": []}
        for key in "n" * 12 + "r" * 3:
            screen.press(key)
            now = screen.until_quiet(0.15)
            sizes[key].append(now - written)
            written = now
        screen.press("q")
    return median(sizes["n"]), median(sizes["r"])


def test_a_frame_sends_what_changed() -> None:
    lines = []
    for points in (1_000, 100_000, LONG):
        frame, full = frame_bytes(points)
        lines.append(
            Line(
                f"bytes of a frame, {points:>10,} points",
                f"{frame:,.0f} B",
                f"{BUDGET_BYTES:,} B",
                0 < frame <= BUDGET_BYTES,
                f"everything anew {full:,.0f} B",
                frame / full,
            )
        )
    show(*lines)


def json_lines_ms(folder: Path, steps: int) -> float:
    """A part of as many steps as JSON lines, read with json.loads, for as long as all of them would take."""
    part, file = steps // 100, folder / "metrics.jsonl"
    with file.open("w") as out:
        for step in range(1, part + 1):
            out.write(f'{{"t": {step / 2000}, "step": {step}, "attempt": 1, "loss": {2.3 / step:.7g}, "lr": 0.1}}\n')
    began = time.process_time()
    with file.open() as lines:
        losses = [json.loads(line)["loss"] for line in lines]
    assert len(losses) == part
    return (time.process_time() - began) * 1e3 * (steps / part)


def test_a_run_of_ten_million_steps_opens_and_zooms(tmp_path: Path) -> None:
    run_dir = make_run(tmp_path, LONG)
    script = Path(__file__).with_name("opening_run.py")
    found = []
    for _ in range(3):
        command = [sys.executable, "-m", f"tests.bench.{script.stem}", str(run_dir), str(LONG)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
    opened, more = median(one["opened"] for one in found), median(one["more"] for one in found)
    slowest = median(max(one["zooms"]) for one in found)
    lines = json_lines_ms(tmp_path, LONG)
    base = f"JSON lines {lines / 1e3:.1f} s"
    times = lines / opened
    show(
        Line(
            "opening 1e7 steps, first chart",
            f"{opened:.1f} ms of CPU",
            f"{OPEN_TIMES}x",
            times >= OPEN_TIMES,
            base,
            times,
        ),
        Line("opening and zooming, memory", f"{more:.1f} MB more", f"{BUDGET_OPEN_MB:.0f} MB", more <= BUDGET_OPEN_MB),
        Line(
            "the slowest zoom from 1e7 to 1e3",
            f"{slowest:.1f} ms",
            f"{BUDGET_ZOOM_MS:.0f} ms",
            slowest <= BUDGET_ZOOM_MS,
        ),
    )
