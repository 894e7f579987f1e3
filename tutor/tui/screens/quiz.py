from __future__ import annotations

import random
import uuid
from weakref import WeakKeyDictionary

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tutor.course import Question
from tutor.progress import next_step
from tutor.tui.rendering import clickable
from tutor.tui.screens import quiz_view
from tutor.tui.screens.quiz_view import Sitting
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.answer import Answer
from tutor.tui.widgets.flow import Flow
from tutor.tui.widgets.keybar import KeyBar

# Sittings that were left in the middle, by lesson: opening the quiz again goes on with them.
_left: WeakKeyDictionary[App[object], dict[str, Sitting]] = WeakKeyDictionary()


class QuizScreen(TutorScreen):
    """A lesson's questions, one at a time, and at the end those that were missed once more."""

    HELP = "The quiz: every answer is explained, and stored as you give it. You may leave at any time and go on later."
    CSS_PATH = "quiz.tcss"
    AUTO_FOCUS = ""  # a question takes the keys when it stands there
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    BINDINGS = [
        Binding("enter", "answer", "answer", key_display="⏎", tooltip="Answer the question"),
        Binding("enter,n,right", "next", "go on", key_display="⏎"),
        Binding("r", "again", "again", tooltip="Answer the whole quiz again, with other numbers"),
        Binding("down,j", "scroll(1)", "Scroll down", show=False),
        Binding("up,k", "scroll(-1)", "Scroll up", show=False),
        Binding("pagedown,space", "scroll(12)", "A page down", show=False),
        Binding("pageup", "scroll(-12)", "A page up", show=False),
    ]

    def __init__(self, slug: str, questions: tuple[Question, ...], rng: random.Random | None = None) -> None:
        super().__init__()
        self.slug = slug
        self.questions = questions
        self.rng = rng or random.Random()
        self.question = Vertical(classes="question")
        self.answer: Answer | None = None  # the question on the screen; None on the page of the result

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield Static(id="signs")
        with VerticalScroll(id="body", can_focus=False):
            yield self.question
        yield KeyBar()

    async def on_mount(self) -> None:
        left = _left.setdefault(self.app, {}).pop(self.slug, None)
        fits = left is not None and left.questions == self.questions
        self.sitting = left if left is not None and fits else self._new_sitting()
        self.tutor.record("position", screen="quiz", lesson=self.slug)
        await self._show_step()

    def on_unmount(self) -> None:
        if self.answered:
            self.sitting.advance()
        if self.sitting.step is not None and self.sitting.first:
            _left.setdefault(self.app, {})[self.slug] = self.sitting

    def _new_sitting(self) -> Sitting:
        return Sitting(self.questions, self.rng, session=uuid.uuid4().hex)

    @property
    def answered(self) -> bool:
        """Whether the question on the screen has its answer."""
        return self.answer is not None and self.answer.given is not None

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only what makes sense now stands in the footer."""
        over = self.is_mounted and self.sitting.step is None
        open_ = self.answer is not None and not self.answered
        return {"answer": open_, "next": over or self.answered, "again": over}.get(action, True)

    async def action_answer(self) -> None:
        """Answer what is picked or typed."""
        if self.answer is None or self.answered:
            return
        if self.answer.place.has_focus:
            await self.answer.place.action_answer()
        else:
            self.answer.place.focus()

    async def action_next(self) -> None:
        """The next question, or after the last what comes next in the course."""
        if self.sitting.step is None:
            self.tutor.go_on(replace=True)
            return
        self.sitting.advance()
        await self._show_step()

    async def action_again(self) -> None:
        """The whole quiz once more."""
        self.sitting = self._new_sitting()
        await self._show_step()

    def action_scroll(self, lines: int) -> None:
        self.query_one("#body", VerticalScroll).scroll_relative(y=lines, animate=False)

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_answer_answered(self, message: Answer.Answered) -> None:
        """Count it, store it, and wait until the explanation is read."""
        step = self.sitting.step
        if step is None or message.asked is not step.asked:
            return
        right = message.feedback.right
        self.sitting.answered(right)
        if not step.again:
            self.tutor.record(
                "question_answered",
                lesson=self.slug,
                question=step.asked.question.id,
                session=self.sitting.session,
                right=right,
            )
        self.set_focus(None)
        self.question.mount(Static(self._onward(), id="next"))
        self._show_progress()

    def _onward(self) -> Content:
        rest = len(self.questions) - len(self.sitting.first)
        missed = len(self.sitting.missed) - len(self.sitting.second)
        words = "the next question" if rest else "what you missed, once more" if missed else "the result"
        return clickable(Content.assemble(("⏎ ", "$accent"), (words, "$dim")), "screen.next")

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _show_step(self) -> None:
        await self._swap()
        self._show_progress()

    async def _swap(self) -> None:
        """Put the question, or the result, in the place of what was there."""
        step = self.sitting.step
        shown: Widget
        if step is None:
            goes_on = self._goes_on()
            self.answer, shown = None, Flow(lambda width: quiz_view.result(self.sitting, goes_on, width))
            self.set_focus(None)
        else:
            self.answer = shown = Answer(step.asked)
        body, before, self.question = self.query_one("#body", VerticalScroll), self.question, Vertical(shown)
        self.question.add_class("question")
        # No frame shows a question that does not have the keys yet: what is typed at its sight must reach it.
        with self.app.batch_update():
            before.display = False
            before.remove()
            await body.mount(self.question)
            if self.answer is not None:
                self.set_focus(self.answer.place, scroll_visible=False)
        body.scroll_home(animate=False)

    def _goes_on(self) -> str:
        step = next_step(self.tutor.course, self.tutor.store.progress)
        return f"go on: {step.title}, {step.detail}" if step.name else "back to the course map"

    def _show_progress(self) -> None:
        self.query_one("#signs", Static).update(quiz_view.signs(self.sitting))
        outline = self.tutor.course.entry(self.slug).outline
        left = Content.assemble((f"{outline.number} {outline.title}", "$dim"), (" · quiz", "bold $bright"))
        right = quiz_view.counts(self.sitting)
        room = max(1, self.size.width - 2 - left.cell_length - right.cell_length)
        self.query_one("#title", Static).update(left.pad_right(room) + right)
        self.refresh_bindings()

    def on_resize(self) -> None:
        self._show_progress()
