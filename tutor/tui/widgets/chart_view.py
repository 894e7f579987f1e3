from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from tutor.tui.theme import ROLE_STYLES

if TYPE_CHECKING:
    from tutor.viz.chart import Chart, ChartSpec
    from tutor.viz.curve import Plottable
    from tutor.viz.model import Line, Picture, Role


class ChartView(Widget):
    """A chart that sends only the cells that changed: of every row, those from the first to the last of them."""

    DEFAULT_CSS = "ChartView { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.picture: Picture = ()
        self._chart: Chart | None = None
        self._strips: dict[int, tuple[Line, Strip]] = {}

    @property
    def margin_cells(self) -> int:
        """The cells left of the curves: labels and the axis."""
        return self._chart.margin if self._chart is not None else 0

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._in_other_colours)

    def _in_other_colours(self, theme: Theme) -> None:  # noqa: ARG002
        self._strips.clear()
        self.refresh()

    def show(self, series: Sequence[Plottable], spec: ChartSpec) -> None:
        """Draw the series into the widget's size."""
        if self._chart is None:
            from tutor.viz.chart import Chart

            self._chart = Chart()
        self.picture = self._chart.draw(series, spec)
        changed = self._chart.changed
        if changed is None:
            self.refresh()
        elif changed:
            self.refresh(*(Region(start, y, stop - start, 1) for y, start, stop in changed))

    def render_line(self, y: int) -> Strip:
        if y >= len(self.picture):
            return Strip.blank(self.size.width, self.rich_style)
        line = self.picture[y]
        known = self._strips.get(y)
        if known is not None and known[0] is line:
            return known[1]
        segments = [Segment(span.text, self._style(span.role)) for span in line]
        strip = Strip(segments).adjust_cell_length(self.size.width, self.rich_style)
        self._strips[y] = line, strip
        return strip

    def _style(self, role: Role) -> Style:
        colour = self.app.theme_variables[ROLE_STYLES[role].removeprefix("$")]
        return self.rich_style + Style(color=colour)
