from __future__ import annotations

from collections.abc import Sequence

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from tutor.course import Hit, PageText, search_pages
from tutor.tui.screens import search_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.in_turn import InTurn
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.page_list import PageList

LONGEST = 80  # signs that are looked for


class SearchLine(InTurn, Input):
    """What is looked for."""

    HELP = (
        "Type words: the pages that hold all of them are listed at once, each word as the beginning of a word. "
        "Capitals do not count; dL/dW finds ∂L/∂W."
    )
    BINDINGS = [
        Binding("enter", "open", "open", key_display="⏎", tooltip="Open the lesson at this page"),
        Binding("down", "move(1)", "next", key_display="↓", tooltip="The next page"),
        Binding("up", "move(-1)", "Page before", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="words", max_length=LONGEST, compact=True, select_on_focus=False)
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        if not await self.in_turn(event):
            await super()._on_key(event)

    async def action_move(self, by: int) -> None:
        await self.screen.run_action(f"move({by})")

    async def action_open(self) -> None:
        await self.screen.run_action("open")


class SearchScreen(TutorScreen):
    """Finds a page of the course by its words, as they are typed."""

    HELP = "Search the whole course: headings, text, formulas, code and mistakes."
    CSS_PATH = "search.tcss"
    BINDINGS = [
        Binding("enter", "open", "open", key_display="⏎", tooltip="Open the lesson at this page"),
        Binding("down", "move(1)", "next", key_display="↓", tooltip="The next page"),
        Binding("escape", "app.back", "back", key_display="esc", tooltip="Back to where you were"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.line = SearchLine()
        self.list = PageList()
        self.pages: Sequence[PageText] = ()
        self.found = ""  # the words of the pages that are listed

    def compose(self) -> ComposeResult:
        yield Static(Content.assemble(("Search", "bold $bright"), (" · the whole course", "$dim")), id="title")
        yield self.line
        yield Static(id="count")
        with VerticalScroll(can_focus=False):
            yield self.list
        yield KeyBar()

    def on_mount(self) -> None:
        self.line.focus()
        self.put("#count", search_view.count((), ""))
        self._read()

    @work(thread=True)
    def _read(self) -> None:
        """Read the lessons, off the thread that draws; what was typed meanwhile is looked for then."""
        pages = self.tutor.read_pages()
        self.app.call_from_thread(self._begin, pages)

    def _begin(self, pages: Sequence[PageText]) -> None:
        self.pages = pages
        self.on_input_changed()

    def on_input_changed(self) -> None:
        """Look for what stands in the line now."""
        if self.pages:
            self._find(self.line.value)

    @work(thread=True, exclusive=True, group="find")
    def _find(self, words: str) -> None:
        hits = search_pages(self.pages, words)
        self.app.call_from_thread(self._show, words, hits)

    def _show(self, words: str, hits: Sequence[Hit]) -> None:
        if words == self.line.value:  # not an answer to what stood there before
            self.found = words
            self.put("#count", search_view.count(hits, words))
            self.list.show(hits[: search_view.MOST])

    def action_open(self) -> None:
        """Open the chosen page; where enter was faster than the search, of what stands in the line now."""
        if self.found != self.line.value:
            self._show(self.line.value, search_pages(self.pages, self.line.value))
        self.list.action_open()

    def action_move(self, by: int) -> None:
        self.list.action_move(by)

    def on_page_list_opened(self, message: PageList.Opened) -> None:
        self.tutor.open_page(message.hit.page)
