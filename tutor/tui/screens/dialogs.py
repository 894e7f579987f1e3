"""Small questions and pages over a screen."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.tui.rendering import clickable
from tutor.tui.widgets.flow import Flow, Layout


class Dialog(ModalScreen[str]):
    """A few keys of which one closes it, and is the answer; esc answers with ""."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape", "answer('')", "leave it", show=False)]

    def __init__(self, title: str, answers: dict[str, str]) -> None:
        super().__init__()
        self.heading = title
        self.answers = answers

    def on_key(self, event: events.Key) -> None:
        if event.key in self.answers:
            event.stop()  # else the screen below, on top by then, takes it for a key of its own
            self.dismiss(event.key)

    def action_answer(self, key: str) -> None:
        self.dismiss(key)


def _keys(answers: dict[str, str], otherwise: str) -> list[tuple[str, str, str]]:
    """The keys, what each does, and the answer that a click on it gives."""
    return [*((key, does, key) for key, does in answers.items()), ("esc", otherwise, "")]


class Question(Dialog):
    """Asks for one key of a few; esc is always "leave it as it is"."""

    def __init__(self, title: str, words: str, answers: dict[str, str]) -> None:
        super().__init__(title, answers)
        self.words = words

    def compose(self) -> ComposeResult:
        keys = [
            clickable(Content.assemble((f"{key}  ", "$accent"), (does, "$foreground")), f"screen.answer('{answer}')")
            for key, does, answer in _keys(self.answers, "leave it as it is")
        ]
        with VerticalScroll():
            yield Static(Content.assemble((self.heading, "bold $bright")), classes="gap")
            if self.words:
                yield Static(Content(self.words), classes="gap")
            yield Static(Content("\n").join(keys))


class Page(Dialog):
    """A page to read, laid out for the width there is; q closes it too."""

    BINDINGS = [
        Binding("q", "answer('')", "close", show=False),
        Binding("down,j", "scroll(1)", "A line down", show=False),
        Binding("up,k", "scroll(-1)", "A line up", show=False),
        Binding("pagedown,space", "scroll(15)", "A page down", show=False),
        Binding("pageup", "scroll(-15)", "A page up", show=False),
    ]

    def __init__(self, title: str, body: Layout, answers: dict[str, str] | None = None) -> None:
        super().__init__(title, answers or {})
        self.body = body

    def compose(self) -> ComposeResult:
        keys = [
            clickable(Content.assemble((f"{key} ", "$accent"), (does, "$dim")), f"screen.answer('{answer}')")
            for key, does, answer in _keys(self.answers, "closes")
        ]
        with VerticalScroll():
            yield Static(Content.assemble((self.heading, "bold $bright")), classes="gap")
            yield Flow(self.body, classes="gap")
        yield Static(
            Content("   ").join(keys),
            classes="keys",
        )

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
