"""The worked example of a page, whose numbers the learner changes by keys."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course import Worked
from tutor.tui.screens import worked_view
from tutor.tui.screens.worked_view import Hand
from tutor.tui.widgets.in_turn import InTurn

TYPED = "0123456789.,-\u2212"  # what a number is typed with
LONGEST = 12  # signs of a typed number


class WorkedCard(InTurn, Widget, can_focus=True):
    """Numbers that follow from given ones, made anew at each key."""

    HELP = (
        "A worked example: change a number and everything that follows from it is worked out anew. "
        "Type one, or use the arrows. What the last key changed is marked."
    )
    DEFAULT_CSS = "WorkedCard { height: auto; text-wrap: nowrap; text-overflow: fold; }"
    BINDINGS = [
        Binding("down,j", "choose(1)", "Next number", show=False),
        Binding("up,k", "choose(-1)", "Number before", show=False),
        Binding("right,l,plus", "change(1)", "More", show=False),
        Binding("left,h", "change(-1)", "Less", show=False),
        Binding("backspace", "take_back", "Take back the last sign that was typed", show=False),
        Binding("enter", "take", "Take what was typed; pressed again: on to the next number", show=False),
        Binding("x", "first", "The first numbers again", show=False),
        Binding("escape", "drop", "Drop what was typed; leave the numbers", show=False),
    ]

    class Changed(Message):
        """The learner has changed a number."""

        def __init__(self, card: WorkedCard) -> None:
            super().__init__()
            self.card = card

    given: reactive[Mapping[str, float]] = reactive({}, init=False)
    hand: reactive[Hand] = reactive(Hand(0))

    def __init__(self, worked: Worked, given: Mapping[str, float]) -> None:
        super().__init__(classes="block")
        self.worked = worked
        self.set_reactive(WorkedCard.given, given)
        self.before = given  # before the last key
        self._made: tuple[object, Content] | None = None

    def content_at(self, width: int) -> Content:
        """The card at a width."""
        hand = self.hand if self.has_focus else None
        state = (width, hand, tuple(self.given.items()), tuple(self.before.items()))
        if self._made is None or self._made[0] != state:
            self._made = (state, worked_view.card(self.worked, self.given, self.before, hand, width))
        return self._made[1]

    def render(self) -> Content:
        return self.content_at(self.size.width or 80)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002
        return self.content_at(width).get_height({"text_wrap": "nowrap", "text_overflow": "fold"}, width)

    def watch_given(self) -> None:
        """Tell the page, which keeps the numbers."""
        self.refresh(layout=True)  # a reason may need more lines than a number
        self.post_message(self.Changed(self))

    def on_focus(self) -> None:
        self.before = self.given
        self.refresh(layout=True)

    def on_blur(self) -> None:
        self.hand, self.before = Hand(self.hand.at), self.given
        self.refresh(layout=True)

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def name_in_hand(self) -> str:
        """The number that the keys change."""
        return list(self.worked.given)[self.hand.at]

    async def _on_key(self, event: events.Key) -> None:
        """A digit, a point or a minus begins a number, and goes on with it."""
        if event.character is not None and event.character in TYPED:
            event.stop()
            event.prevent_default()
            self._type(self.hand.typed + event.character.replace("\u2212", "-"))
        elif not await self.in_turn(event):
            await super()._on_key(event)

    def _type(self, text: str) -> None:
        number = worked_view.typed_number(text)
        if len(text) > LONGEST or (text.strip("-.,") and number is None):
            return  # a second point, a minus in the middle: no number can become of it
        self.hand = Hand(self.hand.at, text)
        if number is not None:
            self._set(number)

    def _set(self, number: float) -> None:
        self.before = self.given
        self.given = {**self.given, self.name_in_hand: number}

    def action_choose(self, by: int) -> None:
        """Another number; past the ends the page moves."""
        if not 0 <= self.hand.at + by < len(self.given):
            raise SkipAction
        self.hand = Hand(self.hand.at + by)

    def action_change(self, by: int) -> None:
        step = worked_view.step_of(self.worked.given[self.name_in_hand])
        number = worked_view.stepped(self.given[self.name_in_hand], step, by)
        self.hand = Hand(self.hand.at)
        self._set(number)

    def action_take_back(self) -> None:
        if self.hand.typed:
            self._type(self.hand.typed[:-1])

    def action_take(self) -> None:
        at = self.hand.at if self.hand.typed else (self.hand.at + 1) % len(self.given)
        self.hand = Hand(at)

    def action_first(self) -> None:
        """The numbers as they are written."""
        self.hand, self.before = Hand(self.hand.at), self.given
        self.given = dict(self.worked.given)

    def action_drop(self) -> None:
        if not self.hand.typed:
            raise SkipAction
        self.hand = Hand(self.hand.at)
