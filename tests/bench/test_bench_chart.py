"""One chart frame of 100x30 cells while a run grows, from 1e2 to 1e7 points, against plotext's own full build."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import process_time_ns

import numpy as np
import plotext
import pytest
from numpy.typing import NDArray

from tests.bench.harness import Line, show
from tutor.viz import Chart, ChartSpec, Curve

pytestmark = pytest.mark.bench
BUDGET_MS = 3.0


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
