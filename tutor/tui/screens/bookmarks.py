from __future__ import annotations

from collections.abc import Sequence

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tutor.course import PageText
from tutor.tui.screens import search_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.page_list import PageList

NOTHING = "No page is marked yet: b in a lesson marks the page that you are reading."


class BookmarksScreen(TutorScreen):
    """The pages that the learner marked."""

    HELP = "The pages that you marked with b."
    CSS_PATH = "search.tcss"
    BINDINGS = [
        Binding("enter", "open", "open", key_display="⏎", tooltip="Open the lesson at this page"),
        Binding("x,delete", "remove", "take away", key_display="x", tooltip="Take this bookmark away"),
        Binding("escape,B", "app.back", "back", key_display="esc", tooltip="Back to where you were"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.list = PageList()
        self.pages: Sequence[PageText] = ()

    def compose(self) -> ComposeResult:
        yield Static(Content.styled("Bookmarks", "bold $bright"), id="title")
        yield Static(id="count")
        with VerticalScroll(can_focus=False):
            yield self.list
        yield KeyBar()

    def on_mount(self) -> None:
        self.list.focus()
        self._read()

    @work(thread=True)
    def _read(self) -> None:
        pages = self.tutor.read_pages()
        self.app.call_from_thread(self._begin, pages)

    def _begin(self, pages: Sequence[PageText]) -> None:
        self.pages = pages
        self._show()

    def _show(self) -> None:
        hits = search_view.bookmarked(self.pages, self.tutor.bookmarks.all())
        self.list.show(hits, self.list.chosen)
        count = Content.styled(NOTHING, "$dim") if not hits else search_view.count(hits, "bookmarks")
        self.put("#count", count)

    def action_open(self) -> None:
        self.list.action_open()

    def action_remove(self) -> None:
        if self.list.hit is not None:
            self.tutor.bookmarks.toggle(search_view.bookmark_of(self.list.hit.page))
            self._show()

    def on_page_list_opened(self, message: PageList.Opened) -> None:
        self.tutor.open_page(message.hit.page)
