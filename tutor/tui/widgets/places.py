"""The places in which a question is answered by keys: choices, an order, a line of code, a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course import Asked, Feedback, answer_choices, answer_line, answer_order, answer_recall
from tutor.tui.screens import question_view


class Given(NamedTuple):
    """An answer as it was given, and what the tutor says to it."""

    feedback: Feedback
    picked: frozenset[int] = frozenset()  # choices by their index, or the number of a line
    text: str = ""
    order: tuple[int, ...] = ()  # items by their index
    skipped: bool = False


class Place(Widget, can_focus=True):
    """A list from which something is picked: by digit, or with the arrows and enter."""

    DEFAULT_CSS = """
    Place { height: auto; text-wrap: nowrap; text-overflow: fold; margin-top: 1; }
    Choices { margin-top: 0; }
    """
    BINDINGS = [
        Binding("enter", "answer", "answer", key_display="⏎"),
        Binding("1", "pick(1)", "Pick what has this number", show=False, key_display="1-9"),
        *(Binding(str(number), f"pick({number})", show=False) for number in range(2, 10)),
        Binding("down,j", "move(1)", "Next one", show=False),
        Binding("up,k", "move(-1)", "Previous one", show=False),
    ]

    class Took(Message):
        """The learner has answered, and this was said to it; perhaps it was no answer."""

        def __init__(self, given: Given) -> None:
            super().__init__()
            self.given = given

    at: reactive[int] = reactive(0)  # what the arrows stand at
    answered: reactive[bool] = reactive(False)

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self.asked = asked
        self.moved = False  # until then, enter does not answer: it may be one that went on a moment too long

    @property
    def pointer(self) -> int | None:
        """What the pointer stands at, where there is one."""
        return None if self.answered or not self.has_focus else self.at

    def lines(self, width: int) -> list[Content]:
        """What there is to pick, each in as many lines as it needs."""
        raise NotImplementedError

    def content_at(self, width: int) -> Content:
        """All of it."""
        return Content("\n").join(self.lines(width))

    def render(self) -> Content:
        return self.content_at(self.size.width or 80)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002
        return self.content_at(width).get_height({"text_wrap": "nowrap", "text_overflow": "fold"}, width)

    def take(self, given: Given) -> None:
        """Hand an answer on."""
        self.post_message(self.Took(given))

    def ask_again(self, sentence: str) -> None:
        """Say why that was no answer yet."""
        self.take(Given(Feedback(right=False, sentence=sentence, explain="", understood=False)))

    def close(self, given: Given) -> None:  # noqa: ARG002
        """Show what was right and what was not; nothing can be changed any more."""
        self.answered, self.can_focus = True, False
        self.refresh(layout=True)

    async def action_answer(self) -> None:
        """Answer with what stands there."""
        raise NotImplementedError

    def action_pick(self, number: int) -> None:
        """What has this number."""
        raise NotImplementedError

    def action_move(self, by: int) -> None:
        """To another one; past the ends the page moves."""
        raise NotImplementedError

    def on_click(self, event: events.Click) -> None:
        """Clicking a row is pressing its digit."""
        y = event.y
        for row, content in enumerate(self.lines(self.size.width)):
            y -= question_view.height(content)
            if y < 0 and not self.answered:
                self.click_row(row)
                return

    def click_row(self, row: int) -> None:
        """A row was clicked, counted from 0."""
        self.action_pick(row + 1)


class Choices(Place):
    """The choices of a question: one is picked by its digit, several are ticked and then answered."""

    HELP = "Pick by digit, or with the arrows; enter answers. Where several belong, digits and space tick them."
    BINDINGS = [Binding("space", "tick", "Tick or untick", show=False)]

    picked: reactive[frozenset[int]] = reactive(frozenset())

    @property
    def several(self) -> bool:
        """Whether more than one choice may be picked."""
        return self.asked.question.kind == "several"

    def lines(self, width: int) -> list[Content]:
        return question_view.choice_lines(self.asked, self.picked, self.pointer, self.answered, width)

    def close(self, given: Given) -> None:
        self.picked = given.picked
        super().close(given)

    def _answer(self, picked: frozenset[int]) -> None:
        self.take(Given(answer_choices(self.asked, picked), picked=picked))

    def action_pick(self, number: int) -> None:
        """Pick the one right choice, or tick one of several."""
        if self.answered or number > len(self.asked.choices):
            raise SkipAction
        self.at = number - 1
        if self.several:
            self.picked = self.picked ^ {self.at}
        else:
            self._answer(frozenset({self.at}))

    def action_tick(self) -> None:
        if not self.several or self.answered:
            raise SkipAction
        self.picked = self.picked ^ {self.at}

    def action_move(self, by: int) -> None:
        if self.answered or not 0 <= self.at + by < len(self.asked.choices):
            raise SkipAction
        self.at, self.moved = self.at + by, True

    async def action_answer(self) -> None:
        if self.answered:
            raise SkipAction
        if self.several:
            self._answer(self.picked)
        elif self.moved:
            self._answer(frozenset({self.at}))
        else:
            self.moved = True
            self.ask_again(f"Press the digit of your answer, or ⏎ again for {self.at + 1}.")


class Ordering(Place):
    """Things to be put in order: each digit says what comes next."""

    HELP = "Press the digits in the right order, or go there with the arrows and press space; enter answers."
    BINDINGS = [
        Binding("space", "put", "Put it next", show=False),
        Binding("backspace,delete", "take_back", "Take the last one back", show=False),
    ]

    order: reactive[tuple[int, ...]] = reactive((), layout=True)

    @property
    def left(self) -> list[int]:
        """What has no place yet."""
        return [index for index in range(len(self.asked.items)) if index not in self.order]

    def on_mount(self) -> None:
        self.at = next(iter(self.left), 0)

    def lines(self, width: int) -> list[Content]:
        return question_view.order_lines(self.asked, self.order, self.pointer, self.answered, width)

    def close(self, given: Given) -> None:
        self.order = given.order
        super().close(given)

    def action_pick(self, number: int) -> None:
        """This comes next."""
        if self.answered or number > len(self.asked.items):
            raise SkipAction
        if number - 1 in self.left:
            self._put(number - 1)

    def action_put(self) -> None:
        if self.answered:
            raise SkipAction
        if self.at in self.left:
            self._put(self.at)

    def _put(self, index: int) -> None:
        after = [other for other in self.left if other > index] + [other for other in self.left if other < index]
        self.order = (*self.order, index)
        self.at = next(iter(after), index)

    def action_take_back(self) -> None:
        if self.answered:
            raise SkipAction
        if self.order:
            self.at, self.order = self.order[-1], self.order[:-1]

    def action_move(self, by: int) -> None:
        left = self.left
        place = left.index(self.at) + by if self.at in left else -1
        if self.answered or not 0 <= place < len(left):
            raise SkipAction
        self.at = left[place]

    async def action_answer(self) -> None:
        if self.answered:
            raise SkipAction
        if self.left:
            begun = f"{len(self.left)} of {len(self.asked.items)} have no place yet." if self.order else ""
            self.ask_again(begun or "Press the digit of what comes first, then of what comes next, to the last.")
        else:
            self.take(Given(answer_order(self.asked, self.order), order=self.order))

    def click_row(self, row: int) -> None:
        gap = 1 if self.order and self.left else 0  # a line between what has its place and what has none
        if row < len(self.order):
            self.action_take_back()
        elif row >= len(self.order) + gap:
            self._put(self.left[row - len(self.order) - gap])


class CodeLines(Place):
    """Code in which one line is at fault."""

    HELP = "Press the number of the line, or go to it with the arrows and press enter."

    picked: reactive[int | None] = reactive(None)

    @property
    def numbers(self) -> list[int]:
        """The lines that may be picked."""
        return [line.number for line in self.asked.lines]

    def on_mount(self) -> None:
        self.at = self.numbers[0]

    def lines(self, width: int) -> list[Content]:  # noqa: ARG002
        return question_view.code_lines(self.asked, self.picked, self.pointer, self.answered)

    def close(self, given: Given) -> None:
        self.picked = next(iter(given.picked), None)
        super().close(given)

    def _answer(self, number: int) -> None:
        self.take(Given(answer_line(self.asked, number), picked=frozenset({number})))

    def action_pick(self, number: int) -> None:
        """The line with this number; where several begin with the digit, to the next of them."""
        meant = [candidate for candidate in self.numbers if str(candidate).startswith(str(number))]
        if self.answered or not meant:
            raise SkipAction
        if len(meant) == 1:
            self._answer(meant[0])
        else:
            self.at = next((candidate for candidate in meant if candidate > self.at), meant[0])
            self.moved = True

    def action_move(self, by: int) -> None:
        place = self.numbers.index(self.at) + by
        if self.answered or not 0 <= place < len(self.numbers):
            raise SkipAction
        self.at, self.moved = self.numbers[place], True

    async def action_answer(self) -> None:
        if self.answered:
            raise SkipAction
        if self.moved:
            self._answer(self.at)
        else:
            self.moved = True
            self.ask_again(f"Press the number of a line, or ⏎ again for line {self.at}.")

    def click_row(self, row: int) -> None:
        if row + 1 in self.numbers:
            self._answer(row + 1)


class Card(Place):
    """A card that is turned; then the learner says whether they knew it."""

    HELP = "Say it first. Enter turns the card; then 1 says that you knew it, 2 that you did not yet."

    turned: reactive[bool] = reactive(False, layout=True)

    def lines(self, width: int) -> list[Content]:
        return [question_view.card_text(self.asked, self.turned, self.pointer, width)]

    def close(self, given: Given) -> None:
        super().close(given)
        self.display = False  # what was on its back stands below the verdict

    def action_pick(self, number: int) -> None:
        """1: knew it, 2: not yet."""
        if self.answered or not self.turned or number > 2:
            raise SkipAction
        self.take(Given(answer_recall(self.asked, number == 1)))

    def action_move(self, by: int) -> None:
        if self.answered or not self.turned or not 0 <= self.at + by < 2:
            raise SkipAction
        self.at, self.moved = self.at + by, True

    async def action_answer(self) -> None:
        if self.answered:
            raise SkipAction
        if not self.turned:
            self.turned = True
        elif self.moved:
            self.action_pick(self.at + 1)
        else:
            self.moved = True
            self.ask_again("Press 1 if you knew it, 2 if not yet.")

    def click_row(self, row: int) -> None:  # noqa: ARG002
        if not self.turned:
            self.turned = True


_PLACES: dict[str, type[Place]] = {
    "one": Choices,
    "several": Choices,
    "order": Ordering,
    "line": CodeLines,
    "recall": Card,
}
TYPED: Sequence[str] = ("number", "shape", "formula", "output")  # kinds that are answered in a line


def place_for(asked: Asked) -> Place:
    """The place for a question that is answered by keys."""
    return _PLACES[asked.question.kind](asked)
