from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from tutor.course import Asked, Feedback, answer_choices, answer_text
from tutor.learner.text import printable
from tutor.tui.screens import quiz_view
from tutor.tui.widgets.flow import Flow
from tutor.tui.widgets.in_turn import InTurn

MAX_ANSWER = 60  # characters of a typed answer: what is longer is no number and no shape


class Given(NamedTuple):
    """An answer as it was given, and what the tutor says to it."""

    feedback: Feedback
    picked: frozenset[int] = frozenset()
    text: str = ""
    skipped: bool = False


def skipped(asked: Asked) -> Given:
    """A question that the learner passed by: neither right nor wrong, and closed."""
    return Given(Feedback(right=False, sentence="", explain=asked.explain, understood=False), skipped=True)


class Choices(Widget, can_focus=True):
    """The choices of a question: one is picked by its digit, several are ticked and then answered."""

    HELP = "Pick by digit, or with the arrows; enter answers. Where several belong, digits and space tick them."
    DEFAULT_CSS = "Choices { height: auto; text-wrap: nowrap; text-overflow: fold; }"
    BINDINGS = [
        Binding("enter", "answer", "answer", key_display="⏎"),
        Binding("1", "pick(0)", "Pick the choice with this number", show=False, key_display="1-9"),
        *(Binding(str(number), f"pick({number - 1})", show=False) for number in range(2, 10)),
        Binding("space", "tick", "Tick or untick", show=False),
        Binding("down,j", "move(1)", "Next choice", show=False),
        Binding("up,k", "move(-1)", "Previous choice", show=False),
    ]

    class Picked(Message):
        """The learner has answered."""

        def __init__(self, picked: frozenset[int]) -> None:
            super().__init__()
            self.picked = picked

    at: reactive[int] = reactive(0)
    picked: reactive[frozenset[int]] = reactive(frozenset())
    answered: reactive[bool] = reactive(False)

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self.asked = asked
        self.moved = False  # until then, enter does not answer: it may be one that went on a moment too long

    @property
    def several(self) -> bool:
        """Whether more than one choice may be picked."""
        return self.asked.question.kind == "several"

    def lines(self, width: int) -> list[Content]:
        """Each choice in as many lines as it needs."""
        at = None if self.answered or not self.has_focus else self.at
        return quiz_view.choice_lines(self.asked, self.picked, at, self.answered, width)

    def render(self) -> Content:
        return Content("\n").join(self.lines(self.size.width or 80))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002
        return sum(quiz_view.height(choice) for choice in self.lines(width))

    def action_pick(self, number: int) -> None:
        """Pick the one right choice, or tick one of several."""
        if self.answered or number >= len(self.asked.choices):
            raise SkipAction
        self.at = number
        if self.several:
            self.picked = self.picked ^ {number}
        else:
            self.post_message(self.Picked(frozenset({number})))

    def action_tick(self) -> None:
        if not self.several or self.answered:
            raise SkipAction
        self.picked = self.picked ^ {self.at}

    def action_move(self, by: int) -> None:
        """Another choice; past the ends the page moves."""
        if self.answered or not 0 <= self.at + by < len(self.asked.choices):
            raise SkipAction
        self.at, self.moved = self.at + by, True

    async def action_answer(self) -> None:
        if self.answered:
            raise SkipAction
        one = frozenset({self.at}) if self.moved else frozenset()
        self.moved = True
        self.post_message(self.Picked(self.picked if self.several else one))

    def on_click(self, event: events.Click) -> None:
        """Clicking a choice is pressing its digit."""
        y = event.y
        for number, choice in enumerate(self.lines(self.size.width)):
            y -= quiz_view.height(choice)
            if y < 0 and not self.answered:
                self.action_pick(number)
                return


class AnswerLine(InTurn, Input):
    """The line in which a number or a shape is typed."""

    HELP = (
        "Type your answer and press enter. Esc leaves; in a lesson it leaves the line first, so that letters are keys."
    )
    BINDINGS = [Binding("enter", "answer", "answer", key_display="⏎")]
    DEFAULT_CSS = """
    AnswerLine.-textual-compact, AnswerLine.-textual-compact:focus {
        border: none; height: 1; width: 42; max-width: 100%; padding: 0 1; background: $panel; color: $bright;
    }
    """

    def __init__(self, asked: Asked) -> None:
        hint = "a number: 0.5, 1/2, 1e-3" if asked.question.kind == "number" else "a shape: (64, 128), (3,)"
        super().__init__(placeholder=hint, max_length=MAX_ANSWER, compact=True, select_on_focus=False)
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        if not await self.in_turn(event):
            await super()._on_key(event)

    async def action_answer(self) -> None:
        await self.action_submit()

    def _on_paste(self, event: events.Paste) -> None:
        """A pasted line is typed; what is longer than an answer can be is left out, and said."""
        event.stop()
        event.prevent_default()
        text = printable(event.text[: 4 * MAX_ANSWER]).strip()
        if len(text) + len(self.value) > MAX_ANSWER or "\n" in text:
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
        self.place = Choices(asked) if asked.choices else AnswerLine(asked)  # where the answer is given
        self.question = Flow(lambda width: quiz_view.question_text(self.asked, width))
        self.said = Flow(lambda _: Content(""), classes="hidden")  # what there is to say to it

    def compose(self) -> ComposeResult:
        yield self.question
        yield self.place
        yield self.said

    def on_mount(self) -> None:
        if self.given is not None:
            self._close(self.given)
        # The first resize is lost where it comes before this widget runs, so it is not relied on.
        self.call_after_refresh(self.post_message, self.Placed(self))

    def on_resize(self) -> None:
        self.post_message(self.Placed(self))

    def on_choices_picked(self, message: Choices.Picked) -> None:
        message.stop()
        feedback, place = answer_choices(self.asked, message.picked), self.place
        if not message.picked and isinstance(place, Choices) and not place.several:
            sentence = f"Press the digit of your answer, or ⏎ again for {place.at + 1}."
            feedback = Feedback(right=False, sentence=sentence, explain="", understood=False)
        self._take(Given(feedback, picked=message.picked))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        message.stop()
        self._take(Given(answer_text(self.asked, message.value), text=message.value.strip()))

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
                return quiz_view.skipped_text(self.asked, width)
            return quiz_view.feedback_text(given.feedback, given.text, width)

        self.said.show(lambda width: Content("\n") + said(width))
        self.said.remove_class("hidden")

    def _close(self, given: Given) -> None:
        """Close the question: nothing can be changed after the answer."""
        self.question.show(lambda width: quiz_view.question_text(self.asked, width, closed=True))
        place = self.place
        if isinstance(place, Choices):
            place.picked, place.answered, place.can_focus = given.picked, True, False
            place.refresh(layout=True)
        else:
            place.display = False
        self._say(given)
