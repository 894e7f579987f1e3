from __future__ import annotations

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from tutor.course import Asked, Feedback, answer_text
from tutor.errors import TutorError
from tutor.learner.text import printable
from tutor.tui.screens import question_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.flow import Flow, Layout
from tutor.tui.widgets.in_turn import InTurn
from tutor.tui.widgets.places import TYPED, Choices, Given, Place, place_for

__all__ = ["Answer", "AnswerLine", "Choices", "Given", "Place", "skipped"]

# Characters of a typed answer: what is longer is none.
LONGEST = {"number": 60, "shape": 60, "formula": 160, "output": 160}
HINTS = {
    "number": "a number: 0.5, 1/2, 1e-3, 3*4",
    "shape": "a shape: (64, 128), (3,)",
    "formula": "code, such as a.T @ b + c",
    "output": "what it prints",
}
SLOW = 0.1  # seconds after which it is said that a formula is being judged


def skipped(asked: Asked) -> Given:
    """A question that the learner passed by: neither right nor wrong, and closed."""
    return Given(Feedback(right=False, sentence="", explain=asked.explain, understood=False), skipped=True)


class AnswerLine(InTurn, Input):
    """The line in which an answer is typed."""

    HELP = (
        "Type your answer and press enter. Esc leaves; in a lesson it leaves the line first, so that letters are keys."
    )
    BINDINGS = [Binding("enter", "answer", "answer", key_display="⏎")]
    DEFAULT_CSS = """
    AnswerLine.-textual-compact, AnswerLine.-textual-compact:focus {
        border: none; height: 1; width: 42; max-width: 100%; padding: 0 1; background: $panel; color: $bright;
    }
    AnswerLine.-long.-textual-compact, AnswerLine.-long.-textual-compact:focus { width: 100%; max-width: 72; }
    """

    def __init__(self, asked: Asked) -> None:
        self.kind = kind = asked.question.kind
        self.longest = LONGEST[kind]
        # On a page letters are keys, until the line has been gone to.
        self.begins_with_letters = kind in ("formula", "output")
        hint = f"⏎, then {HINTS[kind]}" if self.begins_with_letters else HINTS[kind]
        super().__init__(placeholder=hint, max_length=self.longest, compact=True, select_on_focus=False)
        self.set_class(self.begins_with_letters, "-long")
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        if not await self.in_turn(event):
            await super()._on_key(event)

    async def action_answer(self) -> None:
        await self.action_submit()

    def on_focus(self) -> None:
        self.placeholder = HINTS[self.kind]

    def _on_paste(self, event: events.Paste) -> None:
        """A pasted line is typed; what is longer than an answer can be is left out, and said."""
        event.stop()
        event.prevent_default()
        text = " ".join(printable(event.text[: 4 * self.longest]).split())
        if len(text) + len(self.value) > self.longest:
            self.notify("What you pasted is too long for an answer.", timeout=4)
        else:
            self.insert_text_at_cursor(text)


class Answer(Vertical):
    """A question, the place to answer it, and after the answer what there is to say to it."""

    DEFAULT_CSS = """
    Answer { height: auto; }
    Answer > AnswerLine { margin-top: 1; }
    Answer > .hidden { display: none; }
    """

    class Placed(Message):
        """The question stands on the screen, or another place on it."""

        def __init__(self, answer: Answer) -> None:
            super().__init__()
            self.answer = answer

    class Answered(Message):
        """An answer was given and judged; what was not understood never comes here."""

        def __init__(self, answer: Answer, given: Given) -> None:
            super().__init__()
            self.answer = answer
            self.given = given

        @property
        def asked(self) -> Asked:
            """The question that was answered."""
            return self.answer.asked

        @property
        def feedback(self) -> Feedback:
            """What the tutor says to it."""
            return self.given.feedback

    def __init__(self, asked: Asked, given: Given | None = None) -> None:
        super().__init__()
        self.asked = asked
        self.given = given
        # Where the answer is given.
        self.place: Place | AnswerLine = AnswerLine(asked) if asked.question.kind in TYPED else place_for(asked)
        self.question = Flow(lambda width: question_view.question_text(self.asked, width))
        self.said = Flow(lambda _: Content(""), classes="hidden")  # what there is to say to it
        self.judging = False  # a formula is in the box

    def compose(self) -> ComposeResult:
        yield self.question
        yield self.place
        yield self.said

    def on_mount(self) -> None:
        if self.given is not None:
            self._close(self.given)
        elif self.asked.question.kind == "formula":
            self._warm_up()
        # The first resize is lost where it comes before this widget runs, so it is not relied on.
        self.call_after_refresh(self.post_message, self.Placed(self))

    def on_resize(self) -> None:
        self.post_message(self.Placed(self))

    def on_place_took(self, message: Place.Took) -> None:
        message.stop()
        self._take(message.given)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        text = message.value.strip()
        if self.asked.question.kind != "formula":
            self._take(Given(answer_text(self.asked, text), text=text))
        elif not self.judging and self.given is None:
            self.judging = True
            self.set_timer(SLOW, self._say_judging)
            self._judge_formula(text)

    # ── formulas, which the box judges ───────────────────────────────────────────────────────────────────────────────

    @work(thread=True, group="formula")
    def _warm_up(self) -> None:
        """Start the box, so that the first formula need not wait for it."""
        from tutor.grading import answer_formula  # noqa: F401  # NumPy comes with it

        try:
            self._screen.tutor.box.start()
        except TutorError:
            pass  # said when a formula is to be judged

    @work(thread=True, group="formula")
    def _judge_formula(self, text: str) -> None:
        from tutor.grading import answer_formula

        try:
            feedback = answer_formula(self.asked, text, self._screen.tutor.box)
        except TutorError as error:
            sentence = " ".join(part for part in (error.title, error.what, error.next_step) if part)
            feedback = Feedback(right=False, sentence=sentence, explain="", understood=False)
        self.app.call_from_thread(self._judged, Given(feedback, text=text))

    def _judged(self, given: Given) -> None:
        self.judging = False
        if self.is_mounted:
            self._take(given)

    def _say_judging(self) -> None:
        if self.judging:
            self._show_below(lambda _: question_view.judging_text())

    @property
    def _screen(self) -> TutorScreen:
        assert isinstance(self.screen, TutorScreen)
        return self.screen

    # ── what is said ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, given: Given) -> None:
        if self.given is not None:
            return
        if given.feedback.understood:
            self.given = given
            self._close(given)
            self.post_message(self.Answered(self, given))
        else:
            self._say(given)
        self.call_after_refresh(self.said.scroll_visible, animate=False)

    def skip(self) -> Given:
        """Close the question without an answer; what it explains is shown all the same."""
        self.given = skipped(self.asked)
        self._close(self.given)
        return self.given

    def _say(self, given: Given) -> None:
        def said(width: int) -> Content:
            if given.skipped:
                return question_view.skipped_text(self.asked, width)
            return question_view.feedback_text(given.feedback, given.text, width, self.asked.question.kind)

        self._show_below(said)

    def _show_below(self, said: Layout) -> None:
        self.said.show(lambda width: Content("\n") + said(width))
        self.said.remove_class("hidden")

    def _close(self, given: Given) -> None:
        """Close the question: nothing can be changed after the answer."""
        self.question.show(lambda width: question_view.question_text(self.asked, width, closed=True))
        if isinstance(self.place, Place):
            self.place.close(given)
        else:
            self.place.display = False
        self._say(given)
