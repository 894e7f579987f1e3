"""The Lab's file in more than one version: what it was before, and what another editor made of it meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from tutor.course import Challenge
from tutor.grading import Report
from tutor.learner import Source, shown_path
from tutor.tui.pane_file import PaneFile
from tutor.tui.screens.dialogs import Question
from tutor.tui.screens.screen import TutorScreen


class FileVersions:
    """Keeps what was judged, and opens the two screens that choose among versions."""

    def __init__(
        self, screen: TutorScreen, file: PaneFile, changed: Callable[[], None], check: Callable[[Source], None]
    ) -> None:
        self.screen = screen
        self.file = file
        self.changed = changed  # called when the file may have something else to say
        self.check = check

    def keep(self, source: Source, report: Report) -> None:
        """Keep a content with its verdict, off the thread that draws."""
        self.screen.run_worker(self._keep(source, report), group="disk")

    async def _keep(self, source: Source, report: Report) -> None:
        words = await self.file.keep_graded(source, report.graded)
        if words:
            self.screen.notify(words, timeout=8, markup=False)

    def walk(self) -> None:
        """Open the history."""
        from tutor.tui.screens.history import HistoryScreen

        self.screen.app.push_screen(HistoryScreen(self.file, self.changed))

    def choose(self) -> None:
        """Open the two versions side by side, where there are two."""
        from tutor.tui.screens.conflict import ConflictScreen

        if self.file.two_versions is None:
            self.screen.notify("This pane and the file hold the same, or the pane is ahead: nothing to choose.")
        else:
            self.screen.app.push_screen(ConflictScreen(self.file, self.changed, self._chosen))

    def _chosen(self, source: Source) -> None:
        self.changed()
        self.screen.notify("Both versions are kept: alt+h shows them.", timeout=6)
        self.check(source)

    def start_again(self, challenge: Challenge) -> None:
        """Put the starter back after a question; of a debug exercise a file with another fault."""
        fresh = "A file with another planted fault" if challenge.kind == "debug" else "The starter"
        question = Question(
            f"Start {challenge.id} again?",
            f"{fresh} takes the place of your file. Your file is kept, and ctrl+z here brings it back.",
            {"y": "start again"},
        )

        def answered(key: str | None) -> None:
            if key == "y":
                self.screen.run_worker(self._reset(challenge), group="disk")

        self.screen.app.push_screen(question, answered)

    async def _reset(self, challenge: Challenge) -> None:
        kept = await self.file.reset()
        if not self.file.unsaved:
            self.screen.tutor.record("reset", exercise=challenge.id, lesson=challenge.lesson)
            self.check(self.file.source)
        if kept is not None:
            self.screen.notify(f"Your file is kept: {shown_path(kept)}", timeout=8, markup=False)
        self.changed()
