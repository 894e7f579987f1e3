from __future__ import annotations

from typing import Literal

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from tutor.course import TRACKS, Drive, Lesson, Section, Track, runnable
from tutor.progress import Bookmark, LessonState
from tutor.tui.screens import lesson_view
from tutor.tui.screens.lesson_blocks import RunBlock, SteppedDiagram
from tutor.tui.screens.lesson_page import LessonPage, Visit
from tutor.tui.screens.lesson_reading import KEPT
from tutor.tui.screens.lesson_view import Output
from tutor.tui.screens.lesson_worked import WorkedCard
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.answer import Answer, AnswerLine
from tutor.tui.widgets.keybar import KeyBar


class LessonScreen(TutorScreen):
    """A lesson, page by page: read, guess, run, read on."""

    HELP = (
        "The lesson. Space and enter read on, and turn the page at its end; where a question stands, the page waits "
        "for you, and enter answers it."
    )
    CSS_PATH = "lesson.tcss"
    AUTO_FOCUS = ""  # a question takes the keys when it is in view, nothing else does
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("enter", "answer", "answer", key_display="⏎", tooltip="Answer the question"),
        Binding("enter", "onward", "read on", key_display="⏎", tooltip="Read on; at the end of the page, turn it"),
        Binding("enter", "next", "next", key_display="⏎", tooltip="Next page; after the last the quiz"),
        Binding("f7,s", "skip", "skip", key_display="F7", tooltip="Skip the question and show the rest of the page"),
        Binding("r", "run", "run", tooltip="Run the code on this page"),
        Binding("n,right", "next", "next", key_display="n", tooltip="Next page; after the last the quiz"),
        Binding("p,left", "previous", "previous", key_display="p", tooltip="Previous page"),
        Binding("i", "track('intuition')", "intuition", tooltip="The same in a picture, without formulas; and back"),
        Binding("m", "track('derivation')", "derivation", tooltip="The same step by step; and back"),
        Binding("w", "work", "Change the numbers of the worked example; and back to reading", show=False),
        Binding("full_stop", "step(1)", "The next step of the picture", show=False, key_display="."),
        Binding("comma", "step(-1)", "The step of the picture before", show=False, key_display=","),
        Binding("b", "bookmark", "Set a bookmark on this page, or take it away", show=False),
        Binding("B", "app.bookmarks", "Your bookmarks", show=False),
        Binding("slash", "app.search", "Search the whole course", show=False, key_display="/"),
        Binding("space,pagedown", "further", "Read on; at the end of the page, turn it", show=False),
        Binding("pageup", "scroll_page_up", "A screen up", show=False),
        Binding("down,j", "scroll_lines(1)", "A line down", show=False),
        Binding("up,k", "scroll_lines(-1)", "A line up", show=False),
        Binding("home,g", "top", "The top of the page", show=False),
        Binding("escape", "leave", "Leave the answer line, the numbers, the side page, or the lesson", show=False),
    ]

    def __init__(self, lesson: Lesson, at: tuple[Track, int] | None = None) -> None:
        super().__init__()
        self.lesson = lesson
        self.at = at  # where to open it, if not where they left off
        self.track: Track = "lesson"
        self.pages: dict[Track, int] = dict.fromkeys(TRACKS, 0)  # each track remembers its own page
        self.visit = Visit()
        self.page: LessonPage | None = None
        self._enter = ""  # what enter did when the footer was drawn

    # ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def sections(self) -> tuple[Section, ...]:
        """The pages of what is being read: the lesson itself, its intuition, or its derivation."""
        return self.lesson.pages(self.track)

    @property
    def number(self) -> int:
        """The page, counted from 0."""
        return self.pages[self.track]

    @number.setter
    def number(self, number: int) -> None:
        self.pages[self.track] = number

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
        return self.page.open_question if self.page is not None else None

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield Static(id="bar")
        yield VerticalScroll(id="body", can_focus=False)
        yield KeyBar()

    def on_mount(self) -> None:
        state = self.tutor.store.progress.lessons.get(self.lesson.slug, LessonState())
        left_off = {"lesson": state.section, **state.side}
        for track in TRACKS:
            self.pages[track] = max(0, min(left_off.get(track, 0), len(self.lesson.pages(track)) - 1))
        self.track = next((track for track in TRACKS if track == state.track and self.lesson.pages(track)), "lesson")
        self.watch(self.body, "scroll_y", self._scrolled, init=False)
        self.watch(self.body, "virtual_size", self._scrolled, init=False)
        if self.at is None:
            self._show_page()
        else:
            self.open_page(*self.at)
        self.call_after_refresh(self._draw_ahead)

    @work(thread=True, group="draw ahead")
    def _draw_ahead(self) -> None:
        worker = get_current_worker()
        lesson_view.draw_ahead(self.lesson, lambda: not worker.is_cancelled)

    def open_page(self, track: Track, number: int) -> None:
        """Turn to a page, as far as there is one."""
        if self.lesson.pages(track):
            self._leave_page()
            self.track = track
            self.number = max(0, min(number, len(self.sections) - 1))
        self._show_page()

    def _leave_page(self) -> None:
        """Remember where on the page they were: a side page leads back to there."""
        if self.page is not None:
            self.visit.scrolled[self.page.at] = self.body.scroll_offset.y

    def _show_page(self, line: int = 0) -> None:
        """Put the page in the place of the one before, from a line on, and remember where the learner is."""
        before, self.page = self.page, LessonPage(self.visit, self.track, self.number, self.section, self._onward)
        with self.app.batch_update():
            if before is not None:
                before.display = False
                before.remove()
            self.body.mount(self.page)
        self.set_focus(None)
        self.body.scroll_home(animate=False)
        if line:
            self.call_after_refresh(self.body.scroll_to, y=line, animate=False)
        self._show_head()
        self._remember_place()

    def _remember_place(self) -> None:
        slug = self.lesson.slug
        self.tutor.record("position", screen="lesson", lesson=slug, track=self.track, section=self.number)

    def on_lesson_page_opened(self) -> None:
        """The keys that act are others now, and a question may have come into sight."""
        self.refresh_bindings()
        self._scrolled()

    def _onward(self, page: LessonPage) -> Content:
        if page.open_question is not None:
            return lesson_view.onward("F7", "reads on without an answer; the page goes on behind it", "skip")
        if self.number + 1 < len(self.sections):
            return lesson_view.onward("n", self.sections[self.number + 1].title)
        if self.track != "lesson":
            back = self.lesson.sections[self.pages["lesson"]]
            return lesson_view.onward("n", f"back to the lesson: {back.title}")
        return lesson_view.onward("⏎", "answer the quiz")

    def _show_head(self) -> None:
        width = max(1, self.size.width - 2)
        marked = self.bookmark in self.tutor.bookmarks
        self.query_one("#title", Static).update(lesson_view.title(self.lesson, self.track, self.number, marked, width))
        self.query_one("#bar", Static).update(lesson_view.bar(self.number, len(self.sections), width))

    def on_resize(self) -> None:
        self._show_head()
        if self.page is not None:
            self.page.leave_air(0)  # at another size its last screen begins elsewhere
        self._scrolled()

    # ── turning pages ────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now stands in the footer."""
        page = self.page
        if isinstance(self.focused, AnswerLine) and action in ("run", "next", "previous", "track"):
            return False  # letters are text now
        if action in ("answer", "onward"):
            return action == self.enter_does
        if action == "skip":
            return self.open_question is not None
        if action == "run":
            return page is not None and bool(page.shown(RunBlock))
        if action in ("work", "step"):
            kinds: dict[str, type[Widget]] = {"work": WorkedCard, "step": SteppedDiagram}
            return page is not None and page.has(kinds[action])
        if action == "previous":
            return self.number > 0 or self.track != "lesson"
        if action == "track":
            return bool(self.lesson.intuition if parameters[0] == "intuition" else self.lesson.math)
        return True

    @property
    def enter_does(self) -> Literal["answer", "onward", "next"]:
        """It answers a question in sight, or reads on, and turns the page where all of it was seen."""
        page = self.page
        if page is None or not page.settled:
            return "onward"
        question = page.open_question
        if question is not None and (page.at_end or page.in_sight(question.place)):
            return "answer"
        return "next" if page.at_end else "onward"

    def action_next(self) -> None:
        """The next page; after the last, back to the lesson or on to the quiz."""
        if self.number + 1 < len(self.sections):
            self.number += 1
            self._show_page()
        elif self.track != "lesson":
            self.number = 0
            self._remember_place()  # what was read to its end opens at its beginning the next time
            self._turn_to("lesson")
        else:
            self.tutor.record("lesson_read", lesson=self.lesson.slug, section=0)
            self.tutor.open_quiz(self.lesson.slug, replace=True)

    def action_previous(self) -> None:
        """The page before."""
        if self.number > 0:
            self.number -= 1
            self._show_page()
        elif self.track != "lesson":
            self._turn_to("lesson")

    def action_track(self, track: Track) -> None:
        """To the intuition or the derivation; the same key leads back to the lesson."""
        self._turn_to("lesson" if self.track == track else track)

    def _turn_to(self, track: Track) -> None:
        """To another track, at the place where they left it."""
        self._leave_page()
        self.track = track
        self._show_page(self.visit.scrolled.get((track, self.number), 0))

    def action_leave(self) -> None:
        """Out of the answer line, out of a side page, out of the lesson."""
        if self.focused is not None and self.page is not None:
            self.page.let_go = self.page.let_go or not isinstance(self.focused, WorkedCard)
            self.set_focus(None)
        elif self.track != "lesson":
            self._turn_to("lesson")
        else:
            self.tutor.back()

    # ── bookmarks ────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def bookmark(self) -> Bookmark:
        """What a bookmark on this page is."""
        return Bookmark(self.lesson.slug, self.track, self.number)

    def action_bookmark(self) -> None:
        """Set it, or take it away."""
        self.tutor.bookmarks.toggle(self.bookmark)
        self._show_head()

    def on_screen_resume(self) -> None:
        """The list of bookmarks may have taken this one away."""
        if self.page is not None:
            self._show_head()

    # ── scrolling ────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_onward(self) -> None:
        """A screen further."""
        # A key that came faster than the page is let go: nobody has read what it would pass over.
        if self.page is not None and self.page.settled:
            self.page.read_on()

    def action_further(self) -> None:
        """A screen further; at the end of the page to its question, or to the next page."""
        question = self.open_question
        if self.page is None or not self.page.settled or not self.page.at_end:
            self.action_onward()
        elif question is not None:
            self.page.go_to(question.place)
            self.notify("The page waits for your answer. F7 reads on without one.", timeout=3)
        elif self.number + 1 < len(self.sections) or self.track != "lesson":
            self.action_next()

    def action_scroll_page_up(self) -> None:
        self.body.scroll_relative(y=-max(1, self.body.size.height - KEPT), animate=False)

    def action_scroll_lines(self, lines: int) -> None:
        self.body.scroll_relative(y=lines, animate=False)

    def action_top(self) -> None:
        self.body.scroll_home(animate=False)

    def _scrolled(self) -> None:
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        """What is in sight decides who has the keys, and what enter does."""
        if self.page is not None:
            self.page.look_at_question()
        if self._enter != self.enter_does:
            self._enter = self.enter_does
            self.refresh_bindings()

    # ── what is on the page ──────────────────────────────────────────────────────────────────────────────────────────

    def on_key(self, event: events.Key) -> None:
        if self.page is not None:
            self.page.begin_answer(event)

    async def action_answer(self) -> None:
        if self.page is not None:
            await self.page.answer()

    def action_skip(self) -> None:
        if self.page is not None:
            self.page.skip()

    def action_step(self, by: int) -> None:
        if self.page is not None:
            self.page.step(by)

    def action_work(self) -> None:
        if self.page is not None:
            self.page.work()

    def action_run(self) -> None:
        chosen = self.page.run() if self.page is not None else None
        if chosen is not None and self.page is not None:
            self._run_in_box(self.page, chosen)

    @work(thread=True, group="run")
    def _run_in_box(self, page: LessonPage, widget: RunBlock) -> None:
        from tutor.learner import BoxJob

        job = BoxJob(
            source=runnable(widget.block.source),
            filename=f"{self.lesson.slug}.py",
            drive=Drive(setup="", forward=""),
            cases=(),
        )
        shown = Output.of(self.tutor.box.run(job))
        self.app.call_from_thread(page.show_output, widget, shown)
