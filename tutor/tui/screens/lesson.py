from __future__ import annotations

import random
from functools import partial
from typing import Literal

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tutor.course import Asked, CheckCode, Drive, Lesson, Predict, PythonRun, Section, draw, runnable
from tutor.progress import LessonState
from tutor.tui.screens import lesson_view, quiz_view
from tutor.tui.screens.lesson_view import Output
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.answer import Answer, AnswerLine, Choices, Given
from tutor.tui.widgets.flow import Flow
from tutor.tui.widgets.keybar import KeyBar

Track = Literal["lesson", "intuition", "derivation"]
BEGINS_AN_ANSWER = "0123456789.-+(["
PASSED = "passed"  # a question that was answered or skipped: the page goes on


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


class LessonScreen(TutorScreen):
    """A lesson, page by page: read, guess, run, read on."""

    HELP = "The lesson. Space reads on and turns the page at its end; where a question stands, the page waits for you."
    CSS_PATH = "lesson.tcss"
    AUTO_FOCUS = ""  # a question takes the keys when it is in view, nothing else does
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("enter", "answer", "answer", key_display="⏎", tooltip="Answer the question"),
        Binding("enter", "next", "next", show=False),
        Binding("f7,s", "skip", "skip", key_display="F7", tooltip="Skip the question and show the rest of the page"),
        Binding("r", "run", "run", tooltip="Run the code on this page"),
        Binding("n,right", "next", "next", key_display="n", tooltip="Next page; after the last the quiz"),
        Binding("p,left", "previous", "previous", key_display="p", tooltip="Previous page"),
        Binding("i", "track('intuition')", "intuition", tooltip="The same in a picture, without formulas; and back"),
        Binding("m", "track('derivation')", "derivation", tooltip="The same step by step; and back"),
        Binding("space,pagedown", "onward", "Read on; at the end of the page, turn it", show=False),
        Binding("pageup,b", "scroll_page_up", "A screen up", show=False),
        Binding("down,j", "scroll_lines(1)", "A line down", show=False),
        Binding("up,k", "scroll_lines(-1)", "A line up", show=False),
        Binding("home,g", "top", "The top of the page", show=False),
        Binding("escape", "leave", "Leave the answer line, the side page, or the lesson", show=False),
    ]

    def __init__(self, lesson: Lesson) -> None:
        super().__init__()
        self.lesson = lesson
        self.track: Track = "lesson"
        self.number = 0  # the page
        self.lesson_number = 0  # the page of the lesson itself, while a side page is open
        # What the learner did on each page, by the block's place: it is still there when they come back to it.
        self.asked: dict[tuple[Track, int], Asked] = {}
        self.given: dict[tuple[Track, int], Given] = {}
        self.outputs: dict[tuple[Track, int], Output] = {}
        self.page = Vertical(classes="page")
        self.blocks: list[Widget] = []  # of the page, in order
        self.onward = Flow(lambda _: self._onward())
        self.let_go = False  # esc left the question: it does not take the keys again by itself

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def sections(self) -> tuple[Section, ...]:
        """The pages of what is being read: the lesson itself, its intuition, or its derivation."""
        return {"lesson": self.lesson.sections, "intuition": self.lesson.intuition, "derivation": self.lesson.math}[
            self.track
        ]

    @property
    def section(self) -> Section:
        """The page."""
        return self.sections[self.number]

    @property
    def body(self) -> VerticalScroll:
        """What scrolls."""
        return self.query_one("#body", VerticalScroll)

    @property
    def open_question(self) -> Answer | None:
        """The question that the page waits for."""
        questions = (block for block in self.blocks if isinstance(block, Answer))
        return next((question for question in questions if not question.has_class(PASSED)), None)

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield Static(id="bar")
        with VerticalScroll(id="body", can_focus=False):
            yield self.page
        yield KeyBar()

    def on_mount(self) -> None:
        state = self.tutor.store.progress.lessons.get(self.lesson.slug, LessonState())
        self.number = min(state.section, len(self.lesson.sections) - 1)
        self.watch(self.body, "scroll_y", self._scrolled, init=False)
        self._show_page()

    def _show_page(self) -> None:
        """Put the page in the place of the one before, and remember where the learner is."""
        self.let_go = False
        self.blocks = self._blocks()
        self.onward = Flow(lambda _: self._onward(), id="onward")
        heading = Static(lesson_view.heading(self.section), id="heading")
        before, self.page = self.page, Vertical(heading, *self.blocks, self.onward, classes="page")
        with self.app.batch_update():
            before.display = False
            before.remove()
            self.body.mount(self.page)
        self.body.scroll_home(animate=False)
        self._show_head()
        self._show_what_is_open()
        if self.track == "lesson":
            self.tutor.record("position", screen="lesson", lesson=self.lesson.slug, section=self.number)

    def _blocks(self) -> list[Widget]:
        """The widgets of the page, in order."""
        blocks: list[Widget] = []
        for block in self.section.blocks:
            place = (self.track, block.line)
            if isinstance(block, Predict):
                if place not in self.asked:
                    self.asked[place] = draw(block.question, random.randrange(quiz_view.SEEDS))
                answer = Answer(self.asked[place], self.given.get(place))
                answer.add_class("question")
                answer.set_class(place in self.given, PASSED)
                blocks.append(answer)
            elif isinstance(block, PythonRun):
                blocks.append(RunBlock(block, self.outputs.get(place)))
            elif not isinstance(block, CheckCode):
                blocks.append(Flow(partial(lesson_view.block, block), classes="block"))
        return blocks

    def _show_what_is_open(self) -> None:
        """Hide what follows an open question, show the rest."""
        behind = False
        for block in self.blocks:
            block.set_class(behind, "behind")
            behind = behind or block is self.open_question
        self.onward.show(lambda _: self._onward())
        self.refresh_bindings()
        self._scrolled()

    def _onward(self) -> Content:
        if self.open_question is not None:
            return lesson_view.onward("F7", "reads on without an answer; the page goes on behind it", "skip")
        if self.number + 1 < len(self.sections):
            return lesson_view.onward("n", self.sections[self.number + 1].title)
        if self.track != "lesson":
            return lesson_view.onward("n", f"back to the lesson: {self.lesson.sections[self.lesson_number].title}")
        return lesson_view.onward("⏎", "answer the quiz")

    def _show_head(self) -> None:
        width = max(1, self.size.width - 2)
        track = "" if self.track == "lesson" else self.track
        count = len(self.sections)
        self.query_one("#title", Static).update(lesson_view.title(self.lesson, track, self.number, count, width))
        self.query_one("#bar", Static).update(lesson_view.bar(self.number, count, width))

    def on_resize(self) -> None:
        self._show_head()
        self._scrolled()

    # ── turning pages ────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now stands in the footer."""
        if action in ("answer", "skip"):
            return self.open_question is not None
        if action == "run":
            return any(isinstance(block, PythonRun) for block in self.section.blocks)
        if action == "previous":
            return self.number > 0 or self.track != "lesson"
        if action == "track":
            return bool(self.lesson.intuition if parameters[0] == "intuition" else self.lesson.math)
        return True

    def action_next(self) -> None:
        """The next page; after the last, back to the lesson or on to the quiz."""
        if self.number + 1 < len(self.sections):
            self.number += 1
            self._show_page()
        elif self.track != "lesson":
            self._back_to_lesson()
        else:
            # A lesson that was read to its end opens at its beginning the next time.
            self.tutor.record("lesson_read", lesson=self.lesson.slug, section=0)
            self.tutor.open_quiz(self.lesson.slug, replace=True)

    def action_previous(self) -> None:
        """The page before."""
        if self.number > 0:
            self.number -= 1
            self._show_page()
        else:
            self._back_to_lesson()

    def action_track(self, track: Track) -> None:
        """To the intuition or the derivation; the same key leads back to the lesson."""
        if self.track == track:
            self._back_to_lesson()
            return
        if self.track == "lesson":
            self.lesson_number = self.number
        self.track, self.number = track, 0
        self._show_page()

    def _back_to_lesson(self) -> None:
        if self.track != "lesson":
            self.track, self.number = "lesson", self.lesson_number
            self._show_page()

    def action_leave(self) -> None:
        """Out of the answer line, out of a side page, out of the lesson."""
        if self.focused is not None:
            self.let_go = True
            self.set_focus(None)
        elif self.track != "lesson":
            self._back_to_lesson()
        else:
            self.tutor.back()

    # ── scrolling ────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_onward(self) -> None:
        """A screen further; at the end of the page to its question, or to the next page."""
        if self.body.scroll_offset.y < self.body.max_scroll_y:
            # Two lines stay, so that the eye finds its place again.
            self.body.scroll_relative(y=max(1, self.body.size.height - 2), animate=False)
        elif self.open_question is not None:
            self._go_to(self.open_question)
            self.notify("The page waits for your answer. F7 reads on without one.", timeout=3)
        elif self.number + 1 < len(self.sections) or self.track != "lesson":
            self.action_next()

    def action_scroll_page_up(self) -> None:
        self.body.scroll_relative(y=-max(1, self.body.size.height - 2), animate=False)

    def action_scroll_lines(self, lines: int) -> None:
        self.body.scroll_relative(y=lines, animate=False)

    def action_top(self) -> None:
        self.body.scroll_home(animate=False)

    # ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_answer_placed(self) -> None:
        """A question has come to stand somewhere on the page."""
        self._look_at_question()

    def _scrolled(self) -> None:
        self.call_after_refresh(self._look_at_question)

    def _lines_of(self, widget: Widget) -> tuple[int, int]:
        """The first line of a widget and the one after its last, on the page, however it is scrolled."""
        top, node = 0, widget
        while node is not self.body and isinstance(node.parent, Widget):
            top, node = top + node.virtual_region.y, node.parent
        return top, top + widget.virtual_region.height

    def _look_at_question(self) -> None:
        """Choices have the keys while all of them are in view; an answer line only takes them when asked to."""
        question = self.open_question if self.is_mounted else None
        if question is None or self.app.screen is not self:
            return
        top, bottom = self._lines_of(question.place)
        first = self.body.scroll_offset.y
        last = first + self.body.size.height
        whole = first <= top < bottom <= last or top <= first < last <= bottom  # or all that there is room for
        if whole and not self.let_go and isinstance(question.place, Choices):
            question.place.focus(scroll_visible=False)
        elif (bottom <= first or last <= top) and self.focused is not None:
            self.set_focus(None)

    def _go_to(self, question: Answer) -> None:
        """Give the question the keys; the page jumps there, for on a slow way it would let go of them again."""
        question.place.scroll_visible(animate=False, immediate=True)
        self.set_focus(question.place, scroll_visible=False)

    def on_key(self, event: events.Key) -> None:
        """What begins a number or a shape goes to the answer line; letters stay keys until then."""
        question = self.open_question
        line = question.place if question is not None else None
        # What was typed faster than the focus moved still arrives here, and belongs behind what began the answer.
        begins = event.character is not None and event.character in BEGINS_AN_ANSWER
        late = self.focused is line and event.is_printable
        if question and isinstance(line, AnswerLine) and event.character is not None and (begins or late):
            event.stop()
            self._go_to(question)
            line.insert_text_at_cursor(event.character)

    async def action_answer(self) -> None:
        """Answer what is picked or typed; from elsewhere on the page, go to the question first."""
        question = self.open_question
        if question is None:
            return
        if question.place.has_focus:
            await question.place.action_answer()
        else:
            self._go_to(question)

    def on_answer_answered(self, message: Answer.Answered) -> None:
        """One answer is enough, right or wrong: the page goes on."""
        self._go_on_after(message.answer, message.given)

    def action_skip(self) -> None:
        """Read on without an answer."""
        question = self.open_question
        if question is not None:
            self._go_on_after(question, question.skip())

    def _go_on_after(self, question: Answer, given: Given) -> None:
        place = next(place for place, asked in self.asked.items() if asked is question.asked)
        self.given[place] = given
        question.add_class(PASSED)
        self.let_go = False
        self.set_focus(None)
        self._show_what_is_open()

    # ── code that runs ───────────────────────────────────────────────────────────────────────────────────────────────

    def action_run(self) -> None:
        """Run the code in view in the box; what it prints stands under it."""
        blocks = [block for block in self.blocks if isinstance(block, RunBlock) and not block.has_class("behind")]
        if not blocks:
            self.notify("The code comes after the question.", timeout=3)
            return
        in_view = [block for block in blocks if block.region.overlaps(self.body.region)]
        chosen = (in_view or blocks)[0]
        if not chosen.running:
            chosen.update(None, running=True)
            self._run_in_box(chosen, (self.track, chosen.block.line))

    @work(thread=True, group="run")
    def _run_in_box(self, widget: RunBlock, place: tuple[Track, int]) -> None:
        from tutor.learner import BoxJob

        job = BoxJob(
            source=runnable(widget.block.source),
            filename=f"{self.lesson.slug}.py",
            drive=Drive(setup="", forward=""),
            cases=(),
        )
        shown = Output.of(self.tutor.box.run(job))
        self.app.call_from_thread(self._show_output, widget, place, shown)

    def _show_output(self, widget: RunBlock, place: tuple[Track, int], shown: Output) -> None:
        self.outputs[place] = shown
        if widget.is_attached:
            widget.update(shown, running=False)
