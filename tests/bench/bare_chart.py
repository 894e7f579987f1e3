"""A chart of 100 x 30 cells in a terminal: a key adds the points of one frame, another repaints everything."""

from __future__ import annotations

import sys

import numpy as np
from textual.app import App, ComposeResult

from tests.synthetic_runs import losses_at
from tutor.tui.curves import RunningMean
from tutor.tui.theme import DARK
from tutor.tui.widgets.chart_view import ChartView
from tutor.viz import ChartSpec, Curve

FRAMES = 200  # of a run of twenty seconds, at ten a second: a column of dots each


class BareChart(App[None]):
    """The training loss of a run that has `points` steps behind it, half of all."""

    CSS = "ChartView { width: 100; height: 30; }"
    BINDINGS = [("n", "frame"), ("r", "repaint"), ("q", "quit")]

    def __init__(self, points: int) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.points, self.total = 0, 2 * points
        self.cloud, self.mean = Curve("", "cloud"), Curve("training")
        self.cloud.stroke, self.mean.stroke = "cloud", "solid"
        self.running = RunningMean(max(1, self.total // 50))
        self.more(points)

    def compose(self) -> ComposeResult:
        yield ChartView()

    def on_mount(self) -> None:
        self.call_after_refresh(self.draw)

    def more(self, count: int) -> None:
        steps = np.arange(self.points + 1, self.points + count + 1)
        losses = losses_at(steps, self.total)
        self.cloud.extend(steps, losses)
        self.mean.extend(steps, self.running.extend(losses))
        self.points += count

    def draw(self) -> None:
        spec = ChartSpec(100, 30, "step", "loss", x_range=(0, self.total))
        self.query_one(ChartView).show([self.cloud, self.mean], spec)

    def action_frame(self) -> None:
        self.more(max(1, self.total // FRAMES))
        self.draw()

    def action_repaint(self) -> None:
        self.query_one(ChartView).refresh()


if __name__ == "__main__":
    BareChart(int(sys.argv[1])).run()
