from __future__ import annotations

import os
import threading
import time
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
from tutor.training import ENDED, Tick, Watch, control, end_run, find_run, list_runs
from tutor.tui.screens import train_view
from tutor.tui.screens.dialogs import Question
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.chart_view import ChartView
from tutor.tui.widgets.keybar import KeyBar

if TYPE_CHECKING:
    from tutor.tui.curves import Curves
    from tutor.viz.curve import Plottable

LOOK_EVERY = 0.25 if "SSH_CONNECTION" in os.environ else 0.1  # seconds: 4 pictures a second over a link, 10 here
GAUGES_EVERY = 0.5  # seconds: numbers that change faster cannot be read


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
        Binding("g", "gauges", "gauges", tooltip="Between the chart and the gauges"),
        Binding("s", "smooth", "Every batch", show=False, tooltip="The loss of every batch, and back to its mean"),
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

    class Unreadable(Message):
        """The run's folder cannot be read any more."""

        def __init__(self, error: TutorError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, run_dir: Path) -> None:
        super().__init__()
        self.run_dir = run_dir
        self.watch_run = Watch(run_dir)  # raises RunError here, where the app can say so
        self.tick: Tick | None = None
        self.gauges: tuple[Tick, dict[str, float]] | None = None
        self.gauges_due = 0.0  # time.monotonic() from which they may change
        self.log_y = False
        self.every_batch = False
        self.curves: Curves | None = None
        self.drawing = threading.Lock()  # the curves grow on one thread and are drawn on another
        self.stop = threading.Event()
        self.seen = threading.Event()  # set while the screen is not covered by another

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        with Horizontal(id="body"):
            yield ChartView()
            yield Static(id="gauges")
        yield Static(id="progress")
        yield Static(id="notes")
        yield KeyBar()

    def on_mount(self) -> None:
        # A thread of its own: it stays for as long as the screen, and the pool is for short work.
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def on_unmount(self) -> None:
        self.stop.set()
        self.seen.set()

    def on_screen_suspend(self) -> None:
        self.seen.clear()

    def on_screen_resume(self) -> None:
        self.seen.set()
        self._show()

    def _follow(self) -> None:
        """Read the folder until the run has ended or the screen is gone; nothing is read while nobody looks."""
        from tutor.viz import ChartSpec, still

        still((), ChartSpec(width=40, height=10))  # plotext takes a while to load: here, not where keys wait
        last: Tick | None = None
        while self.seen.wait() and not self.stop.is_set():
            try:
                tick = self.watch_run.poll()
            except TutorError as error:
                self.post_message(self.Unreadable(error))
                return
            self._grow()
            if tick != last:
                self.post_message(self.Ticked(tick, dict(self.watch_run.gauges)))
                last = tick
            if tick.state in ENDED:
                return
            self.stop.wait(LOOK_EVERY)

    def _grow(self) -> None:
        """Add what is new to the curves."""
        from tutor.tui.curves import Curves

        steps, losses = self.watch_run.new_points()
        with self.drawing:
            if self.curves is None or self.watch_run.restarted:
                self.curves = Curves(self.watch_run.config)
            self.curves.extend(steps, losses)

    def on_train_screen_unreadable(self, message: Unreadable) -> None:
        """The run's folder is gone, or is none any more."""
        self.tutor.show_error(message.error)

    def on_train_screen_ticked(self, message: Ticked) -> None:
        """One record per look at the folder."""
        alive = self._alive()
        self.tick = message.tick
        if time.monotonic() >= self.gauges_due or not self._alive():
            self.gauges, self.gauges_due = (message.tick, message.gauges), time.monotonic() + GAUGES_EVERY
        if self._alive() != alive:
            self.refresh_bindings()
        self._show()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        tick = self.tick
        if tick is None or not self.is_mounted or not self.is_current:
            return
        width = self.size.width - 2
        self.put("#title", train_view.title(tick, width))
        self.put("#progress", train_view.progress(tick, width))
        if self.gauges is not None:
            self.put("#gauges", train_view.gauges(*self.gauges), layout=True)
        self.put("#notes", train_view.notes(tick), layout=True)
        self._draw(tick)

    def _draw(self, tick: Tick) -> None:
        from tutor.viz import ChartSpec, Mark, Series

        chart = self.query_one(ChartView)
        if self.curves is None or chart.size.width < 10:
            return
        evaluated = [(event.step, event.held_back_loss) for event in tick.events if event.held_back_loss is not None]
        steps, losses = [step for step, _ in evaluated], [loss for _, loss in evaluated]
        training = self.curves.every_batch if self.every_batch else self.curves.mean
        series: list[Plottable] = [training, Series("held-back loss", steps, losses, "curve2")]
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

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A run that has ended cannot be paused, hurried or cancelled: those keys are gone then."""
        if action in ("pause", "full_speed", "cancel_run"):
            return self._alive()
        if action == "gauges":  # side by side where there is room
            return self.has_class("-narrow")
        return super().check_action(action, parameters)

    def _alive(self) -> bool:
        return self.tick is not None and self.tick.state not in ENDED

    @work(thread=True, group="control")
    def _ask(self, **changes: object) -> None:
        try:
            control(self.run_dir, **changes)
        except TutorError as error:
            self.app.call_from_thread(self.tutor.show_error, error)

    def action_pause(self) -> None:
        """Pause the run, or let it go on."""
        if self.tick is not None:
            self._ask(paused=not self.tick.paused)

    def action_full_speed(self) -> None:
        """As fast as the machine can, or back to its pace."""
        if self.tick is not None:
            self._ask(pace=self.tick.config.pace if self.tick.pace == 0 else 0.0)

    def action_log_scale(self) -> None:
        self.log_y = not self.log_y
        self._show()

    def action_gauges(self) -> None:
        self.toggle_class("view-gauges")
        self.call_after_refresh(self._show)

    def action_smooth(self) -> None:
        self.every_batch = not self.every_batch
        self._show()

    def action_cancel_run(self) -> None:
        """End the run after a question."""
        question = Question("End this run?", "What it has learnt until now is kept.", {"y": "end it"})
        self.app.push_screen(question, self._answered)

    def _answered(self, key: str | None) -> None:
        if key == "y" and self._alive():
            self._cancel()

    @work(thread=True, exclusive=True, group="cancel")
    def _cancel(self) -> None:
        try:
            end_run(self.run_dir, self.stop.wait)
        except TutorError as error:
            self.app.call_from_thread(self.tutor.show_error, error)

    def action_go_on(self) -> None:
        """The next step of the course; the run does not mind."""
        self.tutor.go_on(replace=True)
