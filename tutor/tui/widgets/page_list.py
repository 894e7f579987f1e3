from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tutor.course import Hit
from tutor.tui.screens import search_view


class PageList(Widget, can_focus=True):
    """Pages of lessons, each with a line of its words; one is chosen."""

    HELP = "Pages of the lessons. Arrows choose one, enter opens the lesson there."
    DEFAULT_CSS = "PageList { height: auto; text-wrap: nowrap; text-overflow: clip; }"
    BINDINGS = [
        Binding("enter", "open", "open", key_display="⏎", tooltip="Open the lesson at this page"),
        Binding("down,j", "move(1)", "Next page", show=False),
        Binding("up,k", "move(-1)", "Page before", show=False),
    ]

    hits: reactive[Sequence[Hit]] = reactive[Sequence[Hit]]((), layout=True)
    chosen: reactive[int] = reactive(0)

    class Opened(Message):
        """The learner wants to read a page."""

        def __init__(self, hit: Hit) -> None:
            super().__init__()
            self.hit = hit

    @property
    def hit(self) -> Hit | None:
        """The chosen page."""
        return self.hits[self.chosen] if self.chosen < len(self.hits) else None

    def show(self, hits: Sequence[Hit], chosen: int = 0) -> None:
        """These are they."""
        self.hits, self.chosen = hits, max(0, min(chosen, len(hits) - 1))

    def render(self) -> Content:
        return search_view.rows(self.hits, self.chosen, self.size.width or 80)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002
        return search_view.HEIGHT * len(self.hits)

    def watch_chosen(self) -> None:
        """Keep it in sight."""
        if isinstance(self.parent, Widget):
            place = Region(0, search_view.HEIGHT * self.chosen, 1, search_view.HEIGHT)
            self.parent.scroll_to_region(place, animate=False)

    def action_move(self, by: int) -> None:
        self.chosen = max(0, min(len(self.hits) - 1, self.chosen + by))

    def action_open(self) -> None:
        if self.hit is not None:
            self.post_message(self.Opened(self.hit))

    def on_click(self, event: events.Click) -> None:
        """A click chooses, a second one opens."""
        number = event.y // search_view.HEIGHT
        if number < len(self.hits):
            self.chosen = number
            if event.chain == 2:
                self.action_open()
