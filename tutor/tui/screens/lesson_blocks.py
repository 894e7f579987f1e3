"""The blocks of a page that a key does something to: code that runs, and pictures that come step by step."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tutor.course import Diagram, PythonRun
from tutor.tui.screens import lesson_view
from tutor.tui.screens.lesson_view import Output
from tutor.tui.widgets.flow import Flow


class RunBlock(Vertical):
    """Code of the lesson, and below it what it printed when it was run."""

    def __init__(self, block: PythonRun, shown: Output | None) -> None:
        super().__init__(classes="block")
        self.block = block
        self.shown = shown
        self.running = False

    def compose(self) -> ComposeResult:
        yield Flow(lambda _: lesson_view.code(self.block))
        yield Flow(lambda width: lesson_view.output(self.shown, self.running, width), classes="output")

    def update(self, shown: Output | None, running: bool) -> None:
        """Show that it runs, or what came of it."""
        self.shown, self.running = shown, running
        below = self.query_one(".output", Flow)
        below.show(lambda width: lesson_view.output(self.shown, self.running, width))
        self.call_after_refresh(below.scroll_visible, animate=False)


class SteppedDiagram(Flow):
    """A picture that comes step by step; every step is equally high, so the page stands still."""

    def __init__(self, block: Diagram, last: int, step: int = 0) -> None:
        super().__init__(self._lines, classes="block picture")
        self.block = block
        self.last = last  # the step of the finished picture; 0 is the empty stage
        self.step = step

    def move(self, by: int) -> None:
        """A step on, or back; at its ends it stays."""
        self.step = max(0, min(self.last, self.step + by))
        self.show(self._lines)

    def _lines(self, width: int) -> Content:
        return lesson_view.stepped(self.block, self.step, self.last, width)
