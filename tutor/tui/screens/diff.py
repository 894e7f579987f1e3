from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from tutor.course import Challenge
from tutor.grading import Report
from tutor.tui.clipboard import numpy_text
from tutor.tui.screens import diff_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.cell_table import CellTable
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.tensor_table import TensorTable


class DiffScreen(TutorScreen):
    """One tensor, cell by cell: what the code gave beside what it should be."""

    HELP = "One tensor of the pass, cell by cell."
    CSS_PATH = "diff.tcss"
    BINDINGS = [
        Binding("n", "tensor(1)", "next", tooltip="The next tensor of the pass"),
        Binding("p", "tensor(-1)", "Tensor before", show=False, tooltip="The tensor before"),
        Binding("y", "copy", "copy", tooltip="Copy the array under the cursor as NumPy text"),
        Binding("escape,f4,q", "app.back", "back", key_display="esc", tooltip="Back to the Lab"),
    ]

    def __init__(self, challenge: Challenge, lab: TensorTable) -> None:
        super().__init__()
        self.challenge = challenge
        self.lab = lab  # the Lab's own table: a new verdict there is shown here, in place
        self.tensor = lab.report.checks[lab.chosen].name if lab.report is not None and lab.report.checks else ""
        self.found: diff_view.Subject | None = None

    def compose(self) -> ComposeResult:
        self.table = CellTable()
        yield Static(id="title")
        yield Static(id="words")
        yield self.table
        yield Static(id="detail")
        yield KeyBar()

    def on_mount(self) -> None:
        self.watch(self.lab, "report", self._judged, init=False)
        self.watch(self.lab, "stale", self._show_words, init=False)
        self.table.focus()
        self._show_tensor(keep=False)

    def _judged(self, report: Report | None) -> None:
        """A new verdict: the same tensor, as it is now."""
        if report is not None:
            self._show_tensor(keep=True)

    def _show_tensor(self, *, keep: bool) -> None:
        report = self.lab.report
        if report is None or not report.checks:
            return
        self.found = diff_view.subject(report, self.tensor, self.challenge)
        self.tensor = self.found.check.name
        self.table.show(self.found.cells, keep)
        self._show_words()

    def _show_words(self) -> None:
        self.table.stale = self.lab.stale
        if self.found is not None:
            width = max(1, self.size.width - 2)
            self.put("#title", diff_view.title(self.found, width))
            self.put("#words", diff_view.words(self.found, self.lab.stale, width), layout=True)
            self._show_detail()

    def _show_detail(self) -> None:
        frame, found = self.table.frame, self.found
        said = Content("")
        if frame is not None and found is not None:
            said = diff_view.detail(found, frame, self.lab.stale, max(1, self.size.width - 2))
        self.put("#detail", said)

    def on_cell_table_moved(self) -> None:
        """Another cell is under the cursor."""
        self._show_detail()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_words)

    def on_click(self) -> None:
        """Wherever a click goes, the keys stay with the cells."""
        self.table.focus()

    def action_tensor(self, by: int) -> None:
        """The tensor before or after this one, in the order of the pass."""
        report = self.lab.report
        if report is not None and self.found is not None:
            at, count = self.found.place
            self.lab.chosen = (at + by) % count
            self.tensor = report.checks[self.lab.chosen].name
            self._show_tensor(keep=False)

    def action_copy(self) -> None:
        """The array under the cursor to wherever it can be pasted from."""
        found = self.found
        if found is None or found.cells is None or found.tensor is None:
            self.notify("There is no array here to copy.", timeout=3)
            return
        quantity = self.table.look.quantity
        given: object
        if quantity == "difference":
            given = found.cells.values[quantity].reshape(found.cells.shapes[quantity]).tolist()
        else:
            given = getattr(found.tensor, quantity)
        shape = diff_view.shape_text(found.cells.shapes[quantity])
        said = f"Copied {found.check.name}, {quantity}, {shape}, as NumPy text."
        self.tutor.copy_to_clipboard(numpy_text(given), said)
