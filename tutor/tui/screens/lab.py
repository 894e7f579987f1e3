from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from tutor.course import Challenge, starters
from tutor.errors import StoreError
from tutor.grading import Report
from tutor.learner import Found, Source, WorkFile, shown_path
from tutor.progress import ExerciseState, levels_earned_by
from tutor.tui.checking import Checker, CheckFailed, Judged
from tutor.tui.pane_file import PaneFile
from tutor.tui.screens import lab_view
from tutor.tui.screens.lab_coach import Coach
from tutor.tui.screens.lab_editor import OwnEditor
from tutor.tui.screens.lab_keys import LAB_KEYS
from tutor.tui.screens.lab_pages import open_sweep, open_tiers
from tutor.tui.screens.lab_train import train
from tutor.tui.screens.lab_versions import FileVersions
from tutor.tui.screens.output_view import has_output, output
from tutor.tui.screens.run_output import FileRun, run_content
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.watching import Settled, Watcher
from tutor.tui.widgets.code_pane import as_shown
from tutor.tui.widgets.find_bar import CodeEditor
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.tensor_table import TensorTable

if TYPE_CHECKING:
    from textual.command import Provider

DRAWN_AFTER = 0.02  # seconds in which an answer gets drawn; the timer waits its turn behind the drawing
QUIET_SIGN_AFTER = 0.15  # seconds: a check that takes longer says that it is under way
DRAFT_AFTER = 2.0  # seconds: whatever ends the tutor, no more than this of the typing is lost
VIEWS = ("code", "gradients", "output")


def lab_commands() -> type[Provider]:
    """Loaded when the palette opens, not with the screen."""
    from tutor.tui.screens.lab_commands import LabCommands

    return LabCommands


class LabScreen(TutorScreen):
    """Write the code, save, and see every gradient judged."""

    HELP = "The Lab: your file on one side, the verdict on the other. The file is the same in every editor."
    CSS_PATH = "lab.tcss"
    AUTO_FOCUS = ""  # after a page that a letter opened, letters still act: the pane would take them as text
    COMMANDS = {lab_commands}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = LAB_KEYS

    view: reactive[str] = reactive("code")

    def __init__(self, challenge: Challenge) -> None:
        super().__init__()
        self.challenge = challenge
        self.starters = starters(challenge)  # raises ContentError here, where the app can say so
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
        self.shown: tuple[Report | None, bool, bool] = (None, False, False)  # report, stale, unsaved
        self.draft_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        path, backup = self.tutor.paths.implementation(self.challenge.id), self.tutor.paths.backup
        self.file = PaneFile(WorkFile(path, backup), self.starters)
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
        self.run = FileRun(self, self.challenge, self._show_report)
        self.editor = OwnEditor(self, self.file, self._check)
        self.versions = FileVersions(self, self.file, self._show_banner, self._check)
        self.checker = Checker(self, self.tutor.box)
        self.checker.warm_up(self.challenge)
        self.watcher = Watcher(self, self.file.file.path, self.file.opened.identity)
        self.add_class("view-code")
        self.pane.focus()
        self.tutor.record("position", screen="lab", lesson=self.challenge.lesson, exercise=self.challenge.id)
        opened = self.file.opened.what
        if isinstance(opened, Source) and (self.state.attempts or self.pane.text not in self.starters):
            self.reopened = True
            self._check(opened)
        self.file.offer_draft()
        self._show_report()

    def on_unmount(self) -> None:
        self.watcher.stop()
        self.checker.cancel()
        self.run.leave()
        try:
            self.file.leave()
        except StoreError as error:
            self.tutor.show_error(error)

    @property
    def state(self) -> ExerciseState:
        """What is known of this exercise."""
        return self.coach.state

    @property
    def trains(self) -> bool:
        """True where a network can be trained with this exercise."""
        return self.challenge.train is not None

    @property
    def stale(self) -> bool:
        """True while the verdict is not on what stands in the pane, or a newer one is awaited for long."""
        return self.slow or self.pane.text != self.judged_text

    # ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_judge(self) -> None:
        """Save the pane and judge it."""
        self.run.forget()
        self._save_and_check()

    def _save_and_check(self) -> None:
        source = self.file.source
        self._save(source.text)
        self._check(source)

    @work(group="disk")
    async def _save(self, text: str) -> None:
        kept = await self.file.save(text)
        if kept is not None:
            self.notify(f"The version from outside is kept: {shown_path(kept)}", timeout=8, markup=False)
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

    def action_two_versions(self) -> None:
        """Choose between the pane's version and the file's, where they are two."""
        self.versions.choose()

    def action_history(self) -> None:
        """Walk through what the file was before."""
        self.versions.walk()

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

    @work(group="editor")
    async def action_own_editor(self) -> None:
        """The learner's own editor takes the terminal until it ends."""
        await self.editor.open()

    @work(group="editor")
    async def action_split_editor(self) -> None:
        """The learner's own editor opens beside the tutor."""
        await self.editor.open(beside=True)

    # ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _check(self, source: Source) -> None:
        self.checker.columns = self._columns
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
            self._remember(message.check, message.source, report)
        if report.final:
            self.checking = 0
        self._show_report()

    def on_check_failed(self, message: CheckFailed) -> None:
        """The box failed, not the learner."""
        if message.check in (0, self.checking):
            self.checking, self.slow = 0, False
            self._show_report()
            self.tutor.show_error(message.error)

    def _remember(self, check: int, source: Source, report: Report) -> None:
        """Record a verdict once; the one made at opening only where it says something new."""
        state, reopened = self.state, self.reopened
        if check == self.remembered:
            return
        self.remembered, self.reopened = check, False
        self.versions.keep(source, report)
        if reopened and state.passed >= report.passed and state.headline == report.headline:
            return
        if report.passed:
            for level in levels_earned_by(self.tutor.course, self.tutor.store.progress, self.challenge.id):
                self.notify(f"{level.title}.", title=f"Level {level.number} earned", timeout=8, markup=False)
        for kind, facts in report.events(self.challenge.lesson):
            self.tutor.record(kind, **facts)

    # ── running the file ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _columns(self) -> int:
        """The width of the output pane, also while it is not shown."""
        return max(20, (self.size.width if self.has_class("-narrow") else self.size.width // 2) - 5)

    def action_run_file(self) -> None:
        """Save the file and run it as `python file` would; once more ends it."""
        if self.run.cancel():
            return
        if self.pane.text != self.judged_text or self.file.unsaved:
            self._save_and_check()
        self.run.start(self.pane.text, self._columns)
        if self.has_class("-narrow"):
            self.action_view("output")

    def action_stop_run(self) -> None:
        self.run.cancel()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc ends a run while there is one, and leads back otherwise; F5 is for what is part of a network."""
        if action == "stop_run":
            return self.run.running
        return self.trains if action == "train" else super().check_action(action, parameters)

    def action_tiers(self) -> None:
        open_tiers(self, self.report)

    def action_sweep(self) -> None:
        open_sweep(self, self.challenge, self.pane.text, self.last_judged, self.table.chosen)

    # ── hints, solutions, reset, on ──────────────────────────────────────────────────────────────────────────────────

    def action_hint(self) -> None:
        self.coach.hint()

    def action_solution(self) -> None:
        self.coach.solution()

    def action_reset(self) -> None:
        """Put a starter back after a question."""
        self.versions.start_again(self.challenge)

    def action_next(self) -> None:
        """Go on when this exercise is passed."""
        if self.state.passed or (self.report is not None and self.report.passed):
            self.tutor.go_on(replace=True)
        else:
            self.notify("F7 goes on once every gradient is right. F2 has a hint.", timeout=4)

    def action_train(self) -> None:
        """Train with the code that passed."""
        passed = self.report is not None and self.report.passed and not self.stale
        train(self, self.challenge, self.pane.text, passed=passed)

    def action_no_network(self) -> None:
        """F5 where there is nothing to train says so."""
        train(self, self.challenge, self.pane.text)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def on_code_pane_left(self) -> None:
        """Esc in the pane leads to the results, where letters act; esc once more goes back."""
        if not self.run.cancel():
            self.action_view("gradients")

    def set_focus(self, widget: Widget | None, scroll_visible: bool = True, from_app_focus: bool = False) -> None:
        """The keys go there; the table stays as it is scrolled, where Textual would show its first row."""
        super().set_focus(widget, scroll_visible and not isinstance(widget, TensorTable), from_app_focus)

    @on(DescendantFocus)
    @on(DescendantBlur)
    def say_which_keys_act(self) -> None:
        """The keys went elsewhere, and the words after a pass name one."""
        self._show_head()

    def action_diff(self) -> None:
        """The cells of the first wrong tensor, or of the chosen one; on a small screen the table comes first."""
        if self.table.report is None or (self.has_class("-narrow") and self.view != "gradients"):
            self.action_view("gradients")
            return
        from tutor.tui.screens.diff import DiffScreen

        if self.pane.has_focus:
            self.table.to_first_wrong()
        self.app.push_screen(DiffScreen(self.challenge, self.table))

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
        run = self.run.shown
        if run is not None and self.run.mark is not None:
            self.pane.mark_line(*self.run.mark)
        elif self.report is not None and not stale:
            self.pane.mark_line(self.report.line, self.report.headline)
        self.put("#output Static", run_content(run) if run is not None else output(self.report), layout=True)
        self.set_class(run is not None or has_output(self.report), "has-output")
        self.set_class(run is not None, "ran")
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
        passed = lab_view.after_the_pass(trains=self.trains, typing=self.pane.has_focus)
        headline = lab_view.headline(self.report, self.stale, width, self.challenge.kind, passed)
        self.put("#headline", headline, layout=True, least=lab_view.HEADLINE_LINES)
        self.put("#tabs", lab_view.tabs(VIEWS, self.view, self.has_class("has-output")))
