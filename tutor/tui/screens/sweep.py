from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from tutor.course import Challenge
from tutor.errors import TutorError
from tutor.grading import Report
from tutor.tui.screens import sweep_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.picture import picture_content

if TYPE_CHECKING:
    from tutor.grading import SweepReport
    from tutor.viz import SweepChart

QUIET_SIGN_AFTER = 0.15  # seconds, as in the Lab
READING_SHARE = 4  # of so many parts of the screen's height, the words may take one


class SweepScreen(TutorScreen):
    """The error of numeric derivatives against the step, of the learner's own forward pass."""

    HELP = (
        "How wrong a numeric derivative of your own forward pass is, by the step h. Left and right move along h; "
        "up and down choose another gradient."
    )
    CSS_PATH = "sweep.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("right,l", "move(-1)", "along h", key_display="← →", tooltip="A larger step"),
        Binding("left,h", "move(1)", "Smaller h", show=False, tooltip="A smaller step"),
        Binding("down,j", "gradient(1)", "gradient", key_display="↑ ↓", tooltip="The next gradient"),
        Binding("up,k", "gradient(-1)", "Previous gradient", show=False, tooltip="The gradient before"),
        Binding("w", "whole", "one entry", tooltip="Between the whole array along a direction and one entry alone"),
        Binding("b", "best", "best h", tooltip="To the step at which float64 is best"),
        Binding("escape,q", "app.back", "back", key_display="esc"),
    ]

    def __init__(self, challenge: Challenge, text: str, report: Report, names: tuple[str, ...], name: str) -> None:
        super().__init__()
        self.challenge = challenge
        self.text = text
        self.report = report
        self.names = names
        self.name_swept = name
        self.whole = True
        self.at = 0  # the step under the cursor
        self.known: dict[tuple[str, bool], SweepReport] = {}
        self.sweep: SweepReport | None = None
        self.chart: SweepChart | None = None
        self.cancelled = threading.Event()

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield Static(id="choices")
        yield Static(id="chart")
        yield Static(id="numbers")
        yield Static(id="reading")
        yield KeyBar()

    def on_mount(self) -> None:
        self._ask()

    def on_unmount(self) -> None:
        self.cancelled.set()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    # ── the sweep and its chart, on a thread ─────────────────────────────────────────────────────────────────────────

    def _ask(self) -> None:
        """Sweep what is chosen, or show it if that was done."""
        self.cancelled.set()
        self.cancelled = threading.Event()
        known = self.known.get((self.name_swept, self.whole))
        if known is not None:
            self._show(known)
        else:
            self.set_timer(QUIET_SIGN_AFTER, self._say_if_slow)
            self._run(self.name_swept, self.whole, self.cancelled)

    def _say_if_slow(self) -> None:
        if (self.name_swept, self.whole) not in self.known:
            self.put("#title", sweep_view.title(self.name_swept, None, self.whole, self._width))

    @work(thread=True, group="sweep")
    def _run(self, name: str, whole: bool, cancelled: threading.Event) -> None:
        from tutor.grading import sweep_steps

        try:
            made = sweep_steps(
                self.challenge, self.text, self.tutor.box, self.report, name, whole=whole, cancelled=cancelled
            )
        except TutorError as error:
            if not cancelled.is_set():
                self.app.call_from_thread(self.tutor.show_error, error)
        else:
            if not cancelled.is_set():
                self.app.call_from_thread(self._swept, name, whole, made)

    def _swept(self, name: str, whole: bool, made: SweepReport) -> None:
        self.known[name, whole] = made
        if (name, whole) == (self.name_swept, self.whole):
            self._show(made)

    def _show(self, made: SweepReport) -> None:
        best = made.best("float64")
        keep = self.sweep is not None and self.sweep.steps == made.steps
        self.sweep, self.chart = made, None
        if not keep and best is not None:
            self.at = made.steps.index(best[0])
        self._draw()

    @property
    def _width(self) -> int:
        return max(1, self.size.width - 2)

    def _draw(self) -> None:
        """The words now; the chart when its place is known."""
        made = self.sweep
        if made is None or not self.is_mounted:
            return
        most = max(4, self.size.height // READING_SHARE)
        self.put("#title", sweep_view.title(made.name, made, self.whole, self._width))
        self.put("#choices", sweep_view.choices(self.names, made.name, made.proves, self._width))
        self.put("#reading", sweep_view.reading(made, self._width, most), layout=True)
        self.chart = None
        if made.steps:
            self.call_after_refresh(self._build, made)
        else:
            self.put("#chart", Content(""))
            self.put("#numbers", Content(""))

    @work(thread=True, exclusive=True, group="chart")
    def _build(self, made: SweepReport) -> None:
        from tutor.viz import SweepChart

        place = self.query_one("#chart", Static).content_size
        errors = {
            sweep_view.NAMES[curve.method]: curve.errors
            for method in sweep_view.NAMES
            for curve in made.curves
            if curve.method == method
        }
        label = "absolute error" if made.absolute else "relative error"
        chart = SweepChart(made.steps, errors, place.width, place.height, label)
        self.app.call_from_thread(self._built, made, chart)

    def _built(self, made: SweepReport, chart: SweepChart) -> None:
        if made is self.sweep:
            self.chart = chart
            self._point()

    def _point(self) -> None:
        """The cursor, and the numbers under it."""
        if self.sweep is not None and self.chart is not None:
            picture = self.chart.picture(self.sweep.steps[self.at], self.sweep.kink)
            self.put("#chart", picture_content(picture))
            self.put("#numbers", sweep_view.numbers(self.sweep, self.at, self._width))

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_move(self, by: int) -> None:
        """Along h: the steps are in falling order."""
        if self.sweep is not None and self.sweep.steps:
            self.at = max(0, min(len(self.sweep.steps) - 1, self.at + by))
            self._point()

    def action_gradient(self, by: int) -> None:
        place = max(0, min(len(self.names) - 1, self.names.index(self.name_swept) + by))
        if self.names[place] != self.name_swept:
            self.name_swept = self.names[place]
            self._ask()

    def action_whole(self) -> None:
        """Between the whole array and one entry."""
        self.whole = not self.whole
        self._ask()

    def action_best(self) -> None:
        best = self.sweep.best("float64") if self.sweep is not None else None
        if self.sweep is not None and best is not None:
            self.at = self.sweep.steps.index(best[0])
            self._point()
