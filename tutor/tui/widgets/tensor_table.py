from __future__ import annotations

from itertools import zip_longest

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.widget import Widget

from tutor.grading import Report
from tutor.tui.screens import lab_view


class TensorTable(Widget, can_focus=True):
    """The judged tensors in backward order, and what is known of the chosen one."""

    HELP = (
        "Every array your code made, in the order in which the pass makes them. "
        "Arrows choose one; enter shows it cell by cell."
    )

    DEFAULT_CSS = "TensorTable { height: auto; min-height: 100%; }"  # room to grow without moving anything

    BINDINGS = [
        Binding("down,j", "move(1)", "Next tensor", show=False),
        Binding("up,k", "move(-1)", "Previous tensor", show=False),
        Binding("enter", "screen.diff", "Cells", show=False, tooltip="The chosen tensor, cell by cell"),
    ]

    report: reactive[Report | None] = reactive(None, repaint=False)
    stale: reactive[bool] = reactive(False, repaint=False)
    chosen: reactive[int] = reactive(0, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._drawn: list[Content] = []
        # The row and the scroll offset that the last verdict led to; None until it is on the screen.
        self._pointed: tuple[int, int] | None = None

    def watch_report(self, before: Report | None, report: Report | None) -> None:
        """A new verdict points at its first wrong tensor; the rest of one leaves alone what was chosen meanwhile."""
        if not (_goes_on(before, report) and self._moved):
            self.to_first_wrong()
        elif report is not None:
            self.chosen = max(0, min(len(report.checks) - 1, self.chosen))
        self._draw()

    def watch_stale(self) -> None:
        """What was judged is not what stands in the pane."""
        self._draw()

    def to_first_wrong(self) -> None:
        """Choose the first wrong tensor, where there is one, else the first."""
        if self.report is not None:
            first = self.report.first_wrong
            self._pointed = None
            self.chosen = self.report.checks.index(first) if first in self.report.checks else 0
            self.call_after_refresh(self._point)

    @property
    def _moved(self) -> bool:
        """True once the learner has chosen another row, or scrolled, since the first wrong one was shown."""
        return self._pointed not in (None, (self.chosen, self._place.scroll_offset.y))

    @property
    def _place(self) -> Widget:
        """What scrolls where the table is longer than it."""
        assert isinstance(self.parent, Widget)
        return self.parent

    def _point(self) -> None:
        """Scroll to the first wrong row, once, and not before the table is on the screen in all its length."""
        if self._pointed is None and self._place.region and self.size.height > self.chosen + 1:
            self._place.scroll_to_region(self._row, animate=False, center=True, immediate=True)
            self._pointed = (self.chosen, self._place.scroll_offset.y)

    @property
    def _row(self) -> Region:
        """Where the chosen row stands, below the names of the columns."""
        return Region(0, self.chosen + 1, 1, 1)

    def _draw(self) -> None:
        """Paint the lines that changed; arrange the screen anew only where they need another height.

        Between a save and its verdict every line that is painted for nothing is half a millisecond.
        """
        if not self.size.width:
            return
        room = self.container_size.height
        before, self._drawn = self._drawn, self.lines(self.size.width, room)
        if max(room, len(self._drawn)) != self.size.height:
            self.refresh(layout=True)
            return
        for y, (old, new) in enumerate(zip_longest(before, self._drawn)):
            if old is None or new is None or not old.is_same(new):
                self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        self._drawn = self.lines(self.size.width, self.container_size.height)
        self.call_after_refresh(self._point)

    def on_show(self) -> None:
        self.call_after_refresh(self._point)

    def lines(self, width: int, height: int) -> list[Content]:
        """The table, the tiers, and the detail."""
        if self.report is None:
            return [Content.assemble(("Every array of the pass will stand here, judged one by one.", "$dim"))]
        return lab_view.tensors(self.report, self.chosen, self.stale, width, height)

    def render(self) -> Content:
        return Content("\n").join(self.lines(self.size.width or 60, self.container_size.height or 60))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self.lines(width, container.height))

    def watch_chosen(self) -> None:
        """Keep the chosen row in sight where the table is longer than its place."""
        if self._pointed is not None:
            self._place.scroll_to_region(self._row, animate=False)
        self._draw()

    def action_move(self, by: int) -> None:
        if self.report is not None and self.report.checks:
            self.chosen = max(0, min(len(self.report.checks) - 1, self.chosen + by))

    async def on_click(self, event: events.Click) -> None:
        """A click chooses, a second one opens."""
        if self.report is not None and 1 <= event.y <= len(self.report.checks):
            self.chosen = event.y - 1
            if event.chain == 2:
                await self.run_action("screen.diff")


def _goes_on(before: Report | None, after: Report | None) -> bool:
    """True where a report says more of the check that another one has begun."""
    if before is None or after is None or before.final:
        return False
    return (before.source_hash, before.seed) == (after.source_hash, after.seed)
