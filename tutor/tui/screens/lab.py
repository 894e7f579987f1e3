from __future__ import annotations

import asyncio
from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from tutor.course import Challenge, starter
from tutor.errors import StoreError, TutorError
from tutor.grading import Report
from tutor.learner import Found, Source, WorkFile
from tutor.progress import ExerciseState
from tutor.training import paced_for, start
from tutor.tui.checking import Checker, CheckFailed, Judged
from tutor.tui.pane_file import PaneFile
from tutor.tui.screens import lab_view
from tutor.tui.screens.dialogs import Question
from tutor.tui.screens.lab_coach import Coach
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.watching import Settled, Watcher
from tutor.tui.widgets.code_pane import as_shown
from tutor.tui.widgets.find_bar import CodeEditor
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.tensor_table import TensorTable

DRAWN_AFTER = 0.02  # seconds in which an answer gets drawn; the timer waits its turn behind the drawing
QUIET_SIGN_AFTER = 0.15  # seconds: a check that takes longer says that it is under way
DRAFT_AFTER = 2.0  # seconds: whatever ends the tutor, no more than this of the typing is lost
VIEWS = ("code", "gradients", "output")


class LabScreen(TutorScreen):
    """Write the code, save, and see every gradient judged."""

    HELP = "The Lab: your file on one side, the verdict on the other. The file is the same in every editor."
    CSS_PATH = "lab.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("ctrl+s", "judge", "judge", key_display="^s", priority=True, tooltip="Save and judge"),
        Binding("f2", "hint", "hint", tooltip="The next hint; after the third, the solution"),
        Binding("f4", "gradients", "gradients", tooltip="Between the code and the gradients"),
        Binding("f5", "train", "train", tooltip="Train a network with your code"),
        Binding("f7", "next", "next", priority=True, tooltip="Go on, once this one is passed"),
        Binding("f9", "reset", "reset", tooltip="Start again from the starter; your file is kept"),
        Binding("ctrl+o", "take_file", "Take the file's version", show=False, priority=True),
        Binding("1", "view('code')", "Code", show=False),
        Binding("2", "view('gradients')", "Gradients", show=False),
        Binding("3", "view('output')", "Output", show=False),
        Binding("s", "solution", "Solution", show=False, tooltip="The solutions, once passed or after three hints"),
    ]

    view: reactive[str] = reactive("code")

    def __init__(self, challenge: Challenge) -> None:
        super().__init__()
        self.challenge = challenge
        self.starter = starter(challenge)  # raises ContentError here, where the app can say so
        self.coach = Coach(self, challenge, self._show_head)
        self.report: Report | None = None  # the latest
        self.last_judged: Report | None = None  # the last report that had tensors to show
        self.judged_text = ""  # what the latest is about, as the pane would show it
        self.judged_in = 0.0  # seconds to its first answer
        self.checking = 0  # the number of the check under way, 0 for none
        self.answered = 0  # the number of the check that has begun to answer
        self.slow = False  # it takes longer than a blink
        self.reopened = False  # it repeats what was known before the screen was opened
        self.remembered = 0  # the number of the check that was recorded last
        self.starting_run = False
        self.shown: tuple[Report | None, bool, bool] = (None, False, False)  # report, stale, unsaved
        self.draft_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        path, backup = self.tutor.paths.implementation(self.challenge.id), self.tutor.paths.backup
        self.file = PaneFile(WorkFile(path, backup), self.starter)
        self.pane = self.file.pane
        self.table = TensorTable()
        yield Static(id="title")
        yield Static(id="banner")
        yield Static(id="headline")
        yield Static(id="tabs")
        with Horizontal(id="body"):
            yield CodeEditor(self.pane)
            with Vertical(id="side"):
                with VerticalScroll(id="tensors", can_focus=False):
                    yield self.table
                with VerticalScroll(id="output"):
                    yield Static()
        yield KeyBar()

    def on_mount(self) -> None:
        self.checker = Checker(self, self.tutor.box)
        self.checker.warm_up(self.challenge)
        self.watcher = Watcher(self, self.file.file.path, self.file.opened.identity)
        self.add_class("view-code")
        self.pane.focus()
        self.tutor.record("position", screen="lab", lesson=self.challenge.lesson, exercise=self.challenge.id)
        opened = self.file.opened.what
        if isinstance(opened, Source) and (self.state.attempts or self.pane.text != self.starter):
            self.reopened = True
            self._check(opened)
        self.file.offer_draft()
        self._show_report()

    def on_unmount(self) -> None:
        self.watcher.stop()
        self.checker.cancel()
        try:
            self.file.leave()
        except StoreError as error:
            self.tutor.show_error(error)

    @property
    def state(self) -> ExerciseState:
        """What is known of this exercise."""
        return self.coach.state

    @property
    def stale(self) -> bool:
        """True while the verdict is not on what stands in the pane, or a newer one is awaited for long."""
        return self.slow or self.pane.text != self.judged_text

    # ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_judge(self) -> None:
        """Save the pane and judge it."""
        source = self.file.source
        self._save(source.text)
        self._check(source)

    @work(group="disk")
    async def _save(self, text: str) -> None:
        kept = await self.file.save(text)
        if kept is not None:
            self.notify(f"The version from outside is kept: {kept}", timeout=8, markup=False)
        self._show_banner()

    def on_settled(self, message: Settled) -> None:
        """The file on the disk changed, by another hand or by our own save."""
        self._take_in(message.found)

    @work(group="disk")
    async def _take_in(self, found: Found) -> None:
        source = await self.file.take_in(found)
        if source is not None:
            self._check(source)
        self._show_banner()

    @work(group="disk")
    async def action_take_file(self) -> None:
        """Take the version from outside; the pane's own is kept."""
        taken = await self.file.take_outside()
        if taken is not None:
            source, kept = taken
            self.notify(f"What stood in the pane is kept: {kept}", timeout=8, markup=False)
            self._check(source)
        self._show_banner()

    def on_text_area_changed(self) -> None:
        """The verdict is on what was saved: while the pane differs it is grey; and what is typed is kept soon."""
        if (self.report, self.stale, self.file.unsaved) != self.shown:
            self._show_report()
        if self.draft_timer is None and self.file.unsaved:
            self.draft_timer = self.set_timer(DRAFT_AFTER, self._keep_draft)

    @work(group="disk")
    async def _keep_draft(self) -> None:
        self.draft_timer = None
        await self.file.keep_draft()
        self._show_banner()

    # ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _check(self, source: Source) -> None:
        self.checking = self.checker.check(self.challenge, source)
        self.set_timer(QUIET_SIGN_AFTER, partial(self._say_if_slow, self.checking))

    def _say_if_slow(self, check: int) -> None:
        if self.checking == check != self.answered:
            self.slow = True
            self._show_report()

    def on_judged(self, message: Judged) -> None:
        """A verdict: show it if it is on what was asked for last."""
        self.set_timer(DRAWN_AFTER, self.checker.shown)
        if message.check != self.checking:
            return
        report = self.report = message.report
        if report.checks:
            self.last_judged = report
        if message.check != self.answered:
            self.answered, self.judged_in = message.check, message.seconds
        self.slow = False
        self.judged_text = as_shown(message.source.text)
        if report.final or report.passed:
            self._remember(message.check, report)
        if report.final:
            self.checking = 0
        self._show_report()

    def on_check_failed(self, message: CheckFailed) -> None:
        """The box failed, not the learner."""
        if message.check in (0, self.checking):
            self.checking, self.slow = 0, False
            self._show_report()
            self.tutor.show_error(message.error)

    def _remember(self, check: int, report: Report) -> None:
        """Record a verdict once; the one made at opening only where it says something new."""
        state, reopened = self.state, self.reopened
        if check == self.remembered:
            return
        self.remembered, self.reopened = check, False
        if reopened and state.passed >= report.passed and state.headline == report.headline:
            return
        for kind, facts in report.events(self.challenge.lesson):
            self.tutor.record(kind, **facts)

    # ── hints, solutions, reset, on ──────────────────────────────────────────────────────────────────────────────────

    def action_hint(self) -> None:
        self.coach.hint()

    def action_solution(self) -> None:
        self.coach.solution()

    def action_reset(self) -> None:
        """Put the starter back after a question."""
        question = Question(
            f"Start {self.challenge.id} again?",
            "The starter takes the place of your file. Your file is kept, and ctrl+z here brings it back.",
            {"y": "start again"},
        )

        def answered(key: str | None) -> None:
            if key == "y":
                self._reset()

        self.app.push_screen(question, answered)

    @work(group="disk")
    async def _reset(self) -> None:
        kept = await self.file.reset()
        if not self.file.unsaved:
            self.tutor.record("reset", exercise=self.challenge.id, lesson=self.challenge.lesson)
            self._check(self.file.source)
        if kept is not None:
            self.notify(f"Your file is kept: {kept}", timeout=8, markup=False)
        self._show_banner()

    def action_next(self) -> None:
        """Go on when this exercise is passed."""
        if self.state.passed or (self.report is not None and self.report.passed):
            self.tutor.go_on(replace=True)
        else:
            self.notify("F7 goes on once every gradient is right. F2 has a hint.", timeout=4)

    def action_train(self) -> None:
        """Start training with the code that passed."""
        if self.challenge.train is None:
            self.notify("This exercise is not part of a network that trains.", timeout=4)
        elif self.report is None or not self.report.passed or self.stale:
            self.notify("Training starts from code that passes: ctrl+s judges it.", timeout=4)
        elif not self.starting_run:
            self.starting_run = True
            self._start_run(self.pane.text)

    @work(group="train")
    async def _start_run(self, text: str) -> None:
        try:
            config = await asyncio.to_thread(self._new_run, text)
        except TutorError as error:
            self.tutor.show_error(error)
        else:
            self.tutor.open_train(config)
        finally:
            self.starting_run = False

    def _new_run(self, text: str) -> str:
        return start(self.tutor.paths, self.challenge, text, pace=paced_for(self.challenge)).id

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def on_code_pane_left(self) -> None:
        """Esc in the pane: letters act now; esc once more goes back."""
        self.set_focus(None)

    def action_gradients(self) -> None:
        """Between the code and the gradients, wherever they are."""
        to_code = self.view != "code" if self.has_class("-narrow") else not self.pane.has_focus
        self.action_view("code" if to_code else "gradients")

    def action_view(self, view: str) -> None:
        """Show a pane and put the keys on it."""
        self.view = view
        {"code": self.pane, "gradients": self.table, "output": self.query_one("#output")}[view].focus()

    def watch_view(self, view: str) -> None:
        for name in VIEWS:
            self.set_class(name == view, f"view-{name}")
        if self.is_mounted:
            self._show_head()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_head)

    def _show_banner(self) -> None:
        """What the learner must know of the file."""
        words = self.file.trouble
        self.put("#banner", Content(words), layout=True)
        self.set_class(bool(words), "has-banner")
        self._show_head()

    def _show_report(self) -> None:
        stale = self.stale
        self.shown = self.report, stale, self.file.unsaved
        self.table.report = self.last_judged
        self.table.stale = stale or self.last_judged is not self.report
        if self.report is not None and not stale:
            self.pane.mark_line(self.report.line, self.report.headline)
        has_output = self.report is not None and bool(self.report.output.strip())
        self.put("#output Static", lab_view.output(self.report), layout=True)
        self.set_class(has_output, "has-output")
        self._show_banner()

    def _show_head(self) -> None:
        width = max(1, self.size.width - 2)
        entry = self.tutor.course.entry(self.challenge.lesson)
        head = lab_view.Head(
            number=entry.outline.number,
            title=entry.outline.title,
            challenge=self.challenge.id,
            unsaved=self.file.unsaved,
            judging=self.slow,
            judged_in=self.judged_in if self.report is not None else None,
            hints_shown=self.coach.hints_shown,
            hints=self.coach.count,
        )
        self.put("#title", lab_view.title(head, width))
        headline = lab_view.headline(self.report, self.stale, width)
        self.put("#headline", headline, layout=True, least=lab_view.HEADLINE_LINES)
        self.put("#tabs", lab_view.tabs(VIEWS, self.view, self.has_class("has-output")))
