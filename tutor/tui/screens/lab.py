from __future__ import annotations

import asyncio
from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tutor.course import Challenge, hint, hints, solutions, starter, why
from tutor.errors import SourceError, StoreError, TutorError
from tutor.grading import Report
from tutor.learner import Source, WorkFile, content_hash, printable
from tutor.progress import ExerciseState
from tutor.training import paced_for, start
from tutor.tui.checking import Checker, CheckFailed, Judged, settled_sources
from tutor.tui.rendering import markdown_content, python_content
from tutor.tui.screens import lab_view
from tutor.tui.screens.dialogs import Page, Question
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.code_pane import CodePane
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.tensor_table import TensorTable

QUIET_SIGN_AFTER = 0.15  # seconds: a check that takes longer says that it is under way
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

    report: reactive[Report | None] = reactive(None)  # the latest
    stale: reactive[bool] = reactive(False)  # the code has changed since, or a check takes long
    view: reactive[str] = reactive("code")

    def __init__(self, challenge: Challenge) -> None:
        super().__init__()
        self.challenge = challenge
        self.last_judged: Report | None = None  # the last report that had tensors to show
        self.judged_in: float | None = None
        self.known_hash = ""  # of the content that the pane and the disk had in common
        self.outside: Source | None = None  # a version from another editor that the pane has not taken
        self.checking = ""  # the hash of the content under judgement
        self.stop = asyncio.Event()

    def compose(self) -> ComposeResult:
        self.file = WorkFile(self.tutor.paths.implementation(self.challenge.id), self.tutor.paths.backup)
        self.trouble = ""
        try:
            source = self.file.ensure(starter(self.challenge))
            self.known_hash, text = source.hash, source.text
        except SourceError as error:
            text, self.trouble = "", str(error)
        except StoreError as error:
            text, self.trouble = starter(self.challenge), str(error)
        yield Static(id="title")
        yield Static(id="banner")
        yield Static(id="headline")
        yield Static(id="tabs")
        with Horizontal(id="body"):
            yield CodePane(text)
            with VerticalScroll(id="side", can_focus=False):
                yield TensorTable()
                yield Static(id="output")
        yield KeyBar()

    def on_mount(self) -> None:
        self.checker = Checker(self, self.tutor.box)
        self.checker.warm_up()
        self.add_class("view-code")
        self.pane.focus()
        self._show_banner(self.trouble)
        self._show_head()
        self.tutor.record("position", screen="lab", lesson=self.challenge.lesson, exercise=self.challenge.id)
        self._watch_file()
        if self.known_hash and self.state.attempts:
            self._check(self.pane_source())

    def on_unmount(self) -> None:
        self.stop.set()
        self.checker.cancel()

    @property
    def pane(self) -> CodePane:
        """The code pane."""
        return self.query_one(CodePane)

    @property
    def state(self) -> ExerciseState:
        """What is known of this exercise."""
        return self.tutor.store.progress.exercises.get(self.challenge.id, ExerciseState())

    def pane_source(self) -> Source:
        """What stands in the pane, as a source."""
        return Source.of(self.file.path, self.pane.text)

    @property
    def unsaved(self) -> bool:
        """True while the pane holds something that the disk does not."""
        return self.pane_source().hash != self.known_hash

    # ── saving and judging ───────────────────────────────────────────────────────────────────────────────────────────

    def action_judge(self) -> None:
        """Save the pane and judge it; a version from outside is kept first."""
        try:
            disk = self.file.raw()
            if disk is not None and content_hash(disk) not in (self.known_hash, self.pane_source().hash):
                kept = self.file.keep(disk, "from-outside")
                self.notify(f"The version from outside is kept: {kept.name}", timeout=6, markup=False)
            source = self.file.write(self.pane.text)
            self.known_hash, self.outside = source.hash, None
            self._show_banner("")
        except StoreError as error:
            self._show_banner(str(error))
            source = self.pane_source()
        self._check(source)

    def _check(self, source: Source) -> None:
        self.checker.check(self.challenge, source)
        self.checking = source.hash
        self.set_timer(QUIET_SIGN_AFTER, partial(self._say_if_slow, source.hash))

    def _say_if_slow(self, hash_: str) -> None:
        if self.checking == hash_:
            self.stale = True
            self._show_head("judging …")

    def on_judged(self, message: Judged) -> None:
        """A verdict: show it if it is on what was asked for last."""
        if message.source.hash != self.checking and message.report.source_hash != self.checking:
            return
        report = message.report
        first = self.report is None or self.report.source_hash != report.source_hash or self.stale
        if report.checks:
            self.last_judged = report
        if first:
            self.judged_in = message.seconds
        self.report = report
        self.stale = self.unsaved
        self._show_report()
        if report.final:
            self.checking = ""
            self._remember(report)

    def on_check_failed(self, message: CheckFailed) -> None:
        self.checking = ""
        self.tutor.show_error(message.error)

    def _remember(self, report: Report) -> None:
        first_pass = report.passed and not self.state.passed
        for kind, facts in report.events(self.challenge.lesson):
            self.tutor.record(kind, **facts)
        if first_pass:
            self.notify("Passed. F5 trains a network with it, s shows other solutions, F7 goes on.", timeout=8)

    # ── the file, changed by another editor ──────────────────────────────────────────────────────────────────────────

    @work(exclusive=True, group="watch")
    async def _watch_file(self) -> None:
        async for found in settled_sources(self.file.path, self.stop):
            if isinstance(found, SourceError):
                self._show_banner(str(found))
            elif found.hash != self.known_hash:
                self._take_outside(found)

    def _take_outside(self, found: Source) -> None:
        """Another editor saved: the pane follows, unless it has unsaved changes of its own; judged either way."""
        if self.unsaved and found.hash != self.pane_source().hash:
            self.outside = found
            self._show_banner(
                f"{self.file.path.name} was changed in another editor while you were typing here. Both are kept: "
                "ctrl+s takes this pane's, ctrl+o takes the file's."
            )
        else:
            self.known_hash, self.outside = found.hash, None
            self.pane.show_content(found.text)
            self._show_banner("")
        self._check(found)

    def action_take_file(self) -> None:
        """Take the version from outside; the pane's own is kept."""
        if self.outside is None:
            return
        try:
            kept = self.file.keep(self.pane.text.encode("utf-8"), "from-pane")
        except StoreError as error:
            self._show_banner(str(error))
            return
        self.known_hash = self.outside.hash
        self.pane.show_content(self.outside.text)
        self.outside = None
        self._show_banner("")
        self.notify(f"What stood in the pane is kept: {kept.name}", timeout=6, markup=False)

    def on_text_area_changed(self) -> None:
        """The verdict is on what was saved; while the pane differs it is grey."""
        stale = self.unsaved
        if stale != self.stale:
            self.stale = stale
            self._show_report()

    # ── hints, solutions, reset, on ──────────────────────────────────────────────────────────────────────────────────

    def action_hint(self, number: int = 0) -> None:
        """Show the hint asked for, by default the next one that was not seen."""
        count = hints(self.challenge)
        number = number or min(self.state.hints + 1, count)
        if number > self.state.hints:
            self.tutor.record("hint_shown", exercise=self.challenge.id, lesson=self.challenge.lesson, hint=number)
        answers = {"n": "next hint"} if number < count else {"s": "show a solution"}
        if number > 1:
            answers["p"] = "previous hint"
        page = Page(f"Hint {number} of {count}", markdown_content(hint(self.challenge, number)), answers)

        def then(key: str | None) -> None:
            if key == "s":
                self.action_solution()
            elif key:
                self.action_hint(number + (1 if key == "n" else -1))
            self._show_head()

        self.app.push_screen(page, then)

    def action_solution(self, number: int = 0) -> None:
        """Show the solutions: freely after the pass, on request and marked after the third hint."""
        state = self.state
        if not state.passed and state.hints < hints(self.challenge):
            self.notify("The solutions open when you pass, or after the third hint (F2).", timeout=5)
            return
        if not state.passed and not state.solution_shown:
            question = Question(
                "Show a solution?",
                "It is marked as shown, and the exercise comes back for review. Your own file stays as it is.",
                {"y": "show it"},
            )
            self.app.push_screen(question, lambda key: self._show_solution(number) if key else None)
            return
        self._show_solution(number)

    def _show_solution(self, number: int) -> None:
        found = solutions(self.challenge)
        if not self.state.passed and not self.state.solution_shown:
            self.tutor.record("solution_shown", exercise=self.challenge.id, lesson=self.challenge.lesson)
        label, text = found[number % len(found)]
        body = python_content(text)
        if self.state.passed and number == 0:
            body = markdown_content(why(self.challenge)) + Content("\n\n") + body
        answers = {"n": "next solution"} if len(found) > 1 else {}
        page = Page(f"Solution {number % len(found) + 1} of {len(found)}: {label}", body, answers)
        self.app.push_screen(page, lambda key: self._show_solution(number + 1) if key == "n" else None)

    def action_reset(self) -> None:
        """Put the starter back after a question."""
        question = Question(
            f"Start {self.challenge.id} again?",
            "The starter takes the place of your file. Your file is kept, and ctrl+z here brings it back.",
            {"y": "start again"},
        )
        self.app.push_screen(question, lambda key: self._reset() if key == "y" else None)

    def _reset(self) -> None:
        try:
            if self.unsaved:
                self.file.keep(self.pane.text.encode("utf-8"), "from-pane")
            kept = self.file.reset(starter(self.challenge))
            source = self.file.read()
        except TutorError as error:
            self.tutor.show_error(error)
            return
        self.known_hash, self.outside = source.hash, None
        self.pane.show_content(source.text)
        self.tutor.record("reset", exercise=self.challenge.id, lesson=self.challenge.lesson)
        if kept is not None:
            self.notify(f"Your file is kept: {kept}", timeout=8, markup=False)
        self._check(source)

    def action_next(self) -> None:
        """Go on when this exercise is passed."""
        if not self.state.passed:
            self.notify("F7 goes on once every gradient is right. F2 has a hint.", timeout=4)
            return
        self.tutor.go_on(replace=True)

    def action_train(self) -> None:
        """Start training with the code that passed."""
        if self.challenge.train is None:
            self.notify("This exercise is not part of a network that trains.", timeout=4)
        elif self.report is None or not self.report.passed or self.unsaved:
            self.notify("Training starts from code that passes: ctrl+s judges it.", timeout=4)
        else:
            self._start_run(self.pane.text)

    @work(thread=True, exclusive=True, group="train")
    def _start_run(self, text: str) -> None:
        try:
            config = start(self.tutor.paths, self.challenge, text, pace=paced_for(self.challenge))
        except TutorError as error:
            self.app.call_from_thread(self.tutor.show_error, error)
            return
        self.app.call_from_thread(self.tutor.open_train, config.id)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def action_gradients(self) -> None:
        """Between the code and the gradients, wherever they are."""
        to_code = self.view != "code" if self.has_class("-narrow") else not self.pane.has_focus
        self.view = "code" if to_code else "gradients"
        (self.pane if to_code else self.query_one(TensorTable)).focus()

    def action_view(self, view: str) -> None:
        self.view = view
        (self.pane if view == "code" else self.query_one(TensorTable)).focus()

    def watch_view(self, view: str) -> None:
        for name in VIEWS:
            self.set_class(name == view, f"view-{name}")
        if self.is_mounted:
            self._show_head()

    def on_resize(self) -> None:
        self._show_head()

    def _show_banner(self, words: str) -> None:
        banner = self.query_one("#banner", Static)
        banner.update(Content(words))
        banner.set_class(bool(words), "shown")

    def _show_report(self) -> None:
        table = self.query_one(TensorTable)
        table.report = self.last_judged
        table.stale = self.stale or self.last_judged is not self.report
        report = self.report
        if report is not None and not self.stale:
            self.pane.mark_line(report.line)
        output = Content("")
        if report is not None and report.output.strip():
            cut = "  (cut)" if report.output_cut else ""
            output = Content.assemble((f"your output{cut}\n", "$faint"), printable(report.output).rstrip())
        self.query_one("#output", Static).update(output)
        self._show_head()

    def _show_head(self, aside: str = "") -> None:
        self.query_one("#headline", Static).update(lab_view.headline(self.report, self.stale))
        self.query_one("#tabs", Static).update(
            Content("   ").join(
                Content.assemble((f"{n} ", "$accent"), (name, "bold $bright" if name == self.view else "$dim"))
                for n, name in enumerate(VIEWS, 1)
            )
        )
        entry = self.tutor.course.entry(self.challenge.lesson)
        if not aside and self.judged_in is not None:
            aside = f"judged in {self.judged_in * 1000:.0f} ms"
        if self.state.hints:
            aside += f"{' · ' if aside else ''}hint {self.state.hints} of {hints(self.challenge)}"
        left = Content.assemble(
            (f"{entry.outline.number} {entry.outline.title}", "$dim"), (f" · {self.challenge.id}", "bold $bright")
        )
        if self.unsaved:
            left = left + Content.assemble((" · unsaved", "$accent"))
        right = Content.assemble((aside, "$dim"))
        room = max(1, self.size.width - 2 - left.cell_length - right.cell_length)
        self.query_one("#title", Static).update(left.pad_right(room) + right)
