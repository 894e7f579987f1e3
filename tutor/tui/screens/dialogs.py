"""Small questions and pages over a screen."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


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
            self.dismiss(event.key)

    def action_answer(self, key: str) -> None:
        self.dismiss(key)


class Question(Dialog):
    """Asks for one key of a few; esc is always "leave it as it is"."""

    def __init__(self, title: str, words: str, answers: dict[str, str]) -> None:
        super().__init__(title, answers)
        self.words = words

    def compose(self) -> ComposeResult:
        keys = [Content.assemble((f"{key}  ", "$accent"), (does, "$foreground")) for key, does in self.answers.items()]
        keys.append(Content.assemble(("esc  ", "$accent"), ("leave it as it is", "$foreground")))
        with VerticalScroll():
            yield Static(Content.assemble((self.heading, "bold $bright")), classes="gap")
            yield Static(Content(self.words), classes="gap")
            yield Static(Content("\n").join(keys))


class Page(Dialog):
    """A page to read; q closes it too."""

    BINDINGS = [
        Binding("q", "answer('')", "close", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(15)", show=False),
        Binding("pageup", "scroll(-15)", show=False),
    ]

    def __init__(self, title: str, body: Content, answers: dict[str, str] | None = None) -> None:
        super().__init__(title, answers or {})
        self.body = body

    def compose(self) -> ComposeResult:
        keys = [*self.answers.items(), ("esc", "closes")]
        with VerticalScroll():
            yield Static(Content.assemble((self.heading, "bold $bright")), classes="gap")
            yield Static(self.body, classes="gap")
        yield Static(
            Content("   ").join(Content.assemble((f"{key} ", "$accent"), (does, "$dim")) for key, does in keys),
            classes="keys",
        )

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
