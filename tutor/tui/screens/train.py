from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tutor.errors import RunError, TutorError
from tutor.paths import Paths
from tutor.training import ENDED, Event, Tick, find_run, list_runs
from tutor.tui.screens import train_gauges, train_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.screens.train_chart import RunChart
from tutor.tui.screens.train_control import RunControls
from tutor.tui.screens.train_follow import EVER, Follower, Seen, Wanted
from tutor.tui.screens.train_window import ChartState, in_sight, usual_span
from tutor.tui.widgets.keybar import KeyBar

if TYPE_CHECKING:
    from textual.command import Provider

NOTES = 5  # lines below the chart, where there is room
LEAST_CHART = 14  # lines for the chart and what is always around it
READING = 10  # lines more that the chart gets while it is read
NEAR = 25  # an event is near the cursor within this part of the window


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


def train_commands() -> type[Provider]:
    """Loaded when the palette opens, not with the screen."""
    from tutor.tui.screens.train_commands import TrainCommands

    return TrainCommands


class TrainScreen(TutorScreen):
    """A training run, live: it goes on without this screen and without the tutor."""

    HELP = "A training run. It goes on when you leave, quit or lose the connection; t on the first screen comes back."
    CSS_PATH = "train.tcss"
    COMMANDS = {train_commands}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-tall")]
    BINDINGS = [
        Binding("space", "pause", "pause", key_display="space", tooltip="Pause the run"),
        Binding("space", "go_on_with_it", "go on", key_display="space", tooltip="Let it go on; also when it had ended"),
        Binding("full_stop", "step", "Step", show=False, tooltip="One step, then it waits"),
        Binding("plus,equals_sign", "rate(True)", "Faster", show=False, tooltip="A larger learning rate, as it runs"),
        Binding("minus", "rate(False)", "Slower", show=False, tooltip="A smaller learning rate, as it runs"),
        Binding("L", "type_rate", "Learning rate", show=False, tooltip="Type a learning rate"),
        Binding("b", "type_batch", "Batch", show=False, tooltip="Type a batch size"),
        Binding("f", "full_speed", "Full speed", show=False, tooltip="Full speed, and back to its pace"),
        Binding("o", "overlay", "overlay", tooltip="Lay up to five other runs over this one"),
        Binding("e", "looks", "epochs", tooltip="Epoch by epoch: weights, digits, confusions"),
        Binding("g", "gauges", "gauges", tooltip="Between the chart and the gauges"),
        Binding("r", "reread", "Reread", show=False, tooltip="The lesson that the chart names"),
        Binding("w", "export", "Export", show=False, tooltip="Write the run as CSV, or the chart as SVG"),
        Binding("R", "restart", "Once more", show=False, tooltip="Train it once more, with the same seed"),
        Binding("f5", "train", "Train", show=False, tooltip="Train this code with other settings"),
        Binding("c", "cancel_run", "Cancel", show=False, tooltip="End the run; what it learnt until now is kept"),
        Binding("enter,f7", "go_on", "Go on", show=False, tooltip="Go on in the course; the run goes on too"),
        Binding("escape", "app.back", "Back", show=False, tooltip="Back to where you came from"),
    ]

    class Ticked(Message):
        """The runs' folders said something new."""

        def __init__(self, seen: Seen) -> None:
            super().__init__()
            self.seen = seen

    class Unreadable(Message):
        """A run's folder cannot be read any more."""

        def __init__(self, error: TutorError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, run_dir: Path) -> None:
        super().__init__()
        self.run_dir = run_dir
        self.follower = Follower(  # raises RunError here, where the app can say so
            run_dir,
            lambda seen: self.post_message(self.Ticked(seen)),
            lambda error: self.post_message(self.Unreadable(error)),
        )
        self.controls = RunControls(self, self.follower)
        self.chart = RunChart()
        config = self.follower.run.watch.config
        span = usual_span(config.steps_per_epoch, config.steps)
        self.chart.state = ChartState(span=span, smoothed=span)
        self.seen: Seen | None = None
        self.gauged: Seen | None = None  # what the gauges show

    @property
    def tick(self) -> Tick | None:
        """What was last true of the run."""
        return self.seen.tick if self.seen is not None else None

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        with Horizontal(id="body"):
            yield self.chart
            yield Static(id="gauges")
        yield Static(id="beside")
        yield Static(id="reading")
        yield Static(id="progress")
        yield Static(id="notes")
        yield KeyBar()

    def on_mount(self) -> None:
        self._want()
        self.follower.start()

    def on_unmount(self) -> None:
        self.follower.stop()

    def on_screen_suspend(self) -> None:
        self.follower.visible.clear()

    def on_screen_resume(self) -> None:
        self.follower.visible.set()
        self._show()

    def on_train_screen_unreadable(self, message: Unreadable) -> None:
        """A run's folder is gone, or is none any more."""
        self.tutor.show_error(message.error)

    def on_train_screen_ticked(self, message: Ticked) -> None:
        """One record per look at the folders."""
        before, self.seen = self.tick, message.seen
        tick = message.seen.tick
        if before is None or (before.state, before.paused) != (tick.state, tick.paused):
            self.refresh_bindings()
        self._show()

    def on_run_chart_changed(self) -> None:
        """Something else is wanted: what is known of it is drawn at once, the rest when it is read."""
        self._want()
        self._show()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def _want(self) -> None:
        state = self.chart.state
        first, last = state.window or (0, EVER)
        self.follower.ask(Wanted(first, last, state.span, self.follower.wanted.others))

    def _show(self) -> None:
        seen = self.seen
        if seen is None or not self.is_mounted or not self.is_current:
            return
        tick, width = seen.tick, max(1, self.size.width - 2)
        self.put("#title", train_view.title(tick, width))
        self.put("#progress", train_view.progress(tick, width))
        self._show_gauges(seen)
        self.put("#beside", train_view.beside(seen.others, width), layout=True)
        self.set_class(bool(seen.others), "has-others")
        self._draw(tick)
        self._show_cursor(width)
        reading = self.chart.state.cursor is not None
        rows = max(2, min(NOTES, self.size.height - LEAST_CHART - (READING if reading else 0)))
        mark, lesson = self._marked()
        words = train_view.notes(tick, mark, lesson, seen.lockstep, width, rows, mark_first=reading)
        self.put("#notes", words, layout=True)

    def _show_gauges(self, seen: Seen) -> None:
        """Only where something changed in them: a step that is counted on is no reason twice a second."""
        if self.gauged is None or seen.gauges is not self.gauged.gauges or seen.tick.state != self.gauged.tick.state:
            self.gauged = seen
        gauged = self.gauged
        rows = max(4, self.query_one("#body").size.height - 1)
        self.put("#gauges", train_gauges.gauges(gauged.tick, gauged.gauges, gauged.control, rows), layout=True)

    def _draw(self, tick: Tick) -> None:
        from tutor.tui.screens.train_series import chart_of, extent_of

        run, chart = self.follower.run, self.chart
        others = self.follower.others
        chart.extent = extent_of(tick, [other.tick for other in others if other.tick is not None])
        chart.newest = max(tick.step, *(other.tick.step for other in others if other.tick is not None), 0)
        chart.marks = [event.step for event in run.told.marks] if run.told is not None else ()
        if run.curves is None or chart.size.width < 10:
            return
        with self.follower.drawing:
            chart.show(*chart_of(run, others, chart.state, (chart.size.width, chart.size.height)))

    def _show_cursor(self, width: int) -> None:
        from tutor.tui.screens.train_series import place_of, readings

        state, run = self.chart.state, self.follower.run
        self.set_class(state.cursor is not None, "has-cursor")
        if state.cursor is None or run.told is None:
            return
        with self.follower.drawing:
            values = readings(run, self.follower.others, state)
        near = self._near(state.cursor)
        told = None if near in run.told.marks else near  # what is marked is said in full below
        words = train_view.reading(state.cursor, place_of(state.cursor, run), values, told, width)
        self.put("#reading", words, layout=True)

    def _near(self, step: int) -> Event | None:
        """The event nearest to a step, where one is near."""
        first, last = in_sight(self.chart.state, self.chart.extent)
        within = max(1, (last - first) // NEAR)
        told = self.follower.run.told
        if told is None:
            return None
        return train_view.nearest(told.marks, step, within) or train_view.nearest(told.said, step, within)

    def _marked(self) -> tuple[Event | None, str]:
        """What the chart says below: of the mark at the cursor, else the newest; and the lesson it names."""
        cursor, told = self.chart.state.cursor, self.follower.run.told
        if told is None:
            return None, ""
        near = self._near(cursor) if cursor is not None else None
        mark = near if near in told.marks else train_view.newest_mark(told.said)
        return mark, self._of_lesson(mark)

    def _of_lesson(self, mark: Event | None) -> str:
        """A sentence about the lesson that a mark names."""
        if mark is None or not mark.lesson:
            return ""
        try:
            entry = self.tutor.course.entry(mark.lesson)
        except KeyError:  # of another course
            return ""
        name = f"{entry.outline.number} {entry.outline.title}"
        return f"r reads lesson {name}." if entry.head is not None else f"Lesson {name} is in preparation."

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A run that has ended cannot be paused, hurried, changed or cancelled: those keys are gone then."""
        tick = self.tick
        if action == "pause":
            return tick is not None and tick.state not in ENDED and not tick.paused
        if action == "go_on_with_it":
            return tick is not None and (train_view.resumable(tick) or (tick.state not in ENDED and tick.paused))
        if action in ("step", "rate", "type_rate", "type_batch", "full_speed", "cancel_run"):
            return tick is not None and tick.state not in ENDED
        if action == "gauges":  # side by side where there is room
            return self.has_class("-narrow")
        return super().check_action(action, parameters)

    def action_pause(self) -> None:
        """Let it wait."""
        self.controls.ask(paused=True)

    def action_go_on_with_it(self) -> None:
        """Let a run go on that waits or has ended."""
        if self.tick is not None:
            self.controls.go_on(self.tick)

    def action_step(self) -> None:
        self.controls.step()

    def action_rate(self, up: bool) -> None:
        self.controls.move_rate(up=up)

    def action_type_rate(self) -> None:
        if self.tick is not None:
            self.controls.type_rate(self.tick)

    def action_type_batch(self) -> None:
        if self.seen is not None:
            self.controls.type_batch(self.seen.control.batch or self.seen.tick.config.batch)

    def action_full_speed(self) -> None:
        if self.tick is not None:
            self.controls.full_speed(self.tick)

    def action_cancel_run(self) -> None:
        self.controls.cancel()

    def action_restart(self) -> None:
        self.controls.restart()

    def action_train(self) -> None:
        self.controls.train()

    def action_export(self) -> None:
        self.controls.export()

    def action_gauges(self) -> None:
        self.toggle_class("view-gauges")
        if not self.has_class("view-gauges"):
            self.chart.focus()
        self.call_after_refresh(self._show)

    def action_overlay(self) -> None:
        """Choose the runs that are laid over this one."""
        from tutor.tui.screens.train_dialogs import Overlay

        chosen = [folder.name for folder in self.follower.wanted.others]
        self.app.push_screen(Overlay(self.tutor.paths, self.run_dir.name, chosen), self._overlaid)

    def _overlaid(self, others: tuple[Path, ...] | None) -> None:
        if others is not None:
            wanted = self.follower.wanted
            self.follower.ask(Wanted(wanted.first, wanted.last, wanted.span, others))

    def action_looks(self) -> None:
        """Epoch by epoch: what the network had learnt when."""
        from tutor.tui.screens.looks import LooksScreen

        try:
            self.app.push_screen(LooksScreen(self.run_dir))
        except TutorError as error:
            self.tutor.show_error(error)

    def action_reread(self) -> None:
        """The lesson that the chart names, below it."""
        mark, _ = self._marked()
        if mark is None or not mark.lesson:
            self.notify("The chart names no lesson at the moment.", timeout=3)
        else:
            self.tutor.action_follow(mark.lesson)

    def action_go_on(self) -> None:
        """The next step of the course; the run does not mind."""
        self.tutor.go_on(replace=True)
