from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tutor.errors import RunError, TutorError
from tutor.paths import Paths
from tutor.training import ENDED, Tick, Watch, control, escalate, find_run, list_runs
from tutor.training import cancel as ask_to_cancel
from tutor.tui.screens import train_view
from tutor.tui.screens.dialogs import Question
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.chart_view import ChartView
from tutor.tui.widgets.keybar import KeyBar

if TYPE_CHECKING:
    from tutor.viz import Curve
    from tutor.viz.curve import Plottable

LOOK_EVERY = 0.25 if "SSH_CONNECTION" in os.environ else 0.1  # seconds: 4 pictures a second over a link, 10 here
CANCEL_WITHIN = 10.0  # seconds


def run_folder(paths: Paths, name: str) -> Path:
    """The run that is meant: by its id, or the latest that is alive, or the latest of all.

    Raises RunError when there is none yet.
    """
    if name:
        return find_run(paths, name)
    ticks = list_runs(paths)
    alive = [tick for tick in ticks if tick.state not in ENDED]
    for tick in (*alive, *ticks):
        return paths.runs / tick.config.id
    raise RunError("No run yet.", "", "F5 in the Lab starts one with code that passes.")


class TrainScreen(TutorScreen):
    """A training run, live: it goes on without this screen and without the tutor."""

    HELP = "A training run. It goes on when you leave, quit or lose the connection; t on the first screen comes back."
    CSS_PATH = "train.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("space", "pause", "pause", key_display="space", tooltip="Pause, and go on"),
        Binding("f", "full_speed", "full speed", tooltip="Full speed, and back to the pace it was started with"),
        Binding("l", "log_scale", "log", tooltip="The loss on a logarithmic scale, and back"),
        Binding("c", "cancel_run", "cancel", tooltip="End the run; what it learnt until now is kept"),
        Binding("enter,f7", "go_on", "go on", key_display="⏎", tooltip="Go on in the course; the run goes on too"),
        Binding("escape", "app.back", "back", key_display="esc"),
    ]

    class Ticked(Message):
        """The run's folder said something new."""

        def __init__(self, tick: Tick, gauges: dict[str, float]) -> None:
            super().__init__()
            self.tick = tick
            self.gauges = gauges

    def __init__(self, run_dir: Path) -> None:
        super().__init__()
        self.run_dir = run_dir
        self.watch_run = Watch(run_dir)  # raises RunError here, where the app can say so
        self.tick: Tick | None = None
        self.gauges: dict[str, float] = {}
        self.log_y = False
        self.stop = threading.Event()
        self.curve: Curve | None = None
        self.drawing = threading.Lock()  # the curve grows on one thread and is drawn on another

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        with Horizontal(id="body"):
            yield ChartView()
            yield Static(id="gauges")
        yield Static(id="progress")
        yield Static(id="notes")
        yield KeyBar()

    def on_mount(self) -> None:
        self._follow()

    def on_unmount(self) -> None:
        self.stop.set()

    @work(thread=True, exclusive=True, group="follow")
    def _follow(self) -> None:
        """Read the folder until the run has ended or the screen is gone."""
        from tutor.viz import Curve

        curve = self.curve = Curve("training loss")
        last: Tick | None = None
        while not self.stop.is_set():
            try:
                tick = self.watch_run.poll()
            except TutorError as error:
                self.app.call_from_thread(self.tutor.show_error, error)
                return
            steps, losses = self.watch_run.new_points()
            with self.drawing:
                if self.watch_run.restarted:
                    curve = self.curve = Curve("training loss")
                curve.extend(steps, losses)
            if tick != last:
                self.post_message(self.Ticked(tick, dict(self.watch_run.gauges)))
                last = tick
            if tick.state in ENDED:
                return
            self.stop.wait(LOOK_EVERY)

    def on_train_screen_ticked(self, message: Ticked) -> None:
        """One record per look at the folder."""
        self.tick, self.gauges = message.tick, message.gauges
        self._show()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        tick = self.tick
        if tick is None or not self.is_mounted or not self.is_current:
            return
        width = self.size.width - 2
        self.query_one("#title", Static).update(train_view.title(tick, width))
        self.query_one("#progress", Static).update(train_view.progress(tick, width))
        self.query_one("#gauges", Static).update(train_view.gauges(tick, self.gauges))
        self.query_one("#notes", Static).update(train_view.notes(tick))
        self._draw(tick)

    def _draw(self, tick: Tick) -> None:
        from tutor.viz import ChartSpec, Mark, Series

        chart = self.query_one(ChartView)
        if self.curve is None or chart.size.width < 10:
            return
        evaluated = [(event.step, event.held_back_loss) for event in tick.events if event.held_back_loss is not None]
        steps, losses = [step for step, _ in evaluated], [loss for _, loss in evaluated]
        series: list[Plottable] = [self.curve, Series("held-back loss", steps, losses, "curve2")]
        spec = ChartSpec(
            width=chart.size.width - 2,
            height=chart.size.height,
            x_label="step",
            y_label="loss",
            log_y=self.log_y,
            x_range=(0, tick.config.steps),
            marks=tuple(Mark(event.step) for event in tick.events if event.kind == "control"),
            diverged_from=tick.step if tick.state == "diverged" else None,
        )
        with self.drawing:
            chart.show(series, spec)

    def on_screen_resume(self) -> None:
        self._show()

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _alive(self) -> bool:
        if self.tick is not None and self.tick.state not in ENDED:
            return True
        self.notify("This run has ended.", timeout=3)
        return False

    def _ask(self, **changes: object) -> None:
        try:
            control(self.run_dir, **changes)
        except TutorError as error:
            self.tutor.show_error(error)

    def action_pause(self) -> None:
        """Pause the run, or let it go on."""
        if self.tick is not None and self._alive():
            self._ask(paused=not self.tick.paused)

    def action_full_speed(self) -> None:
        """As fast as the machine can, or back to its pace."""
        if self.tick is not None and self._alive():
            self._ask(pace=self.tick.config.pace if self.tick.pace == 0 else 0.0)

    def action_log_scale(self) -> None:
        self.log_y = not self.log_y
        self._show()

    def action_cancel_run(self) -> None:
        """End the run after a question."""
        if self._alive():
            question = Question("End this run?", "What it has learnt until now is kept.", {"y": "end it"})
            self.app.push_screen(question, self._answered)

    def _answered(self, key: str | None) -> None:
        if key == "y":
            self._cancel()

    @work(thread=True, exclusive=True, group="cancel")
    def _cancel(self) -> None:
        try:
            ask_to_cancel(self.run_dir)
            waited = 0.0
            while waited < CANCEL_WITHIN and not escalate(self.run_dir, waited):
                if self.stop.wait(LOOK_EVERY):
                    return
                waited += LOOK_EVERY
        except TutorError as error:
            self.app.call_from_thread(self.tutor.show_error, error)

    def action_go_on(self) -> None:
        """The next step of the course; the run does not mind."""
        self.tutor.go_on(replace=True)
