"""Small questions and pages over a screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class Question(ModalScreen[str]):
    """Asks for one key of a few; esc is always "leave it as it is" and answers with ""."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [Binding("escape", "answer('')", "leave it", show=False)]

    def __init__(self, title: str, words: str, answers: dict[str, str]) -> None:
        super().__init__()
        self.heading = title
        self.words = words
        self.answers = answers

    def compose(self) -> ComposeResult:
        keys = [Content.assemble((f"{key}  ", "$accent"), (does, "$foreground")) for key, does in self.answers.items()]
        keys.append(Content.assemble(("esc  ", "$accent"), ("leave it as it is", "$foreground")))
        with VerticalScroll():
            yield Static(Content.assemble((self.heading, "bold $bright")), classes="gap")
            yield Static(Content(self.words), classes="gap")
            yield Static(Content("\n").join(keys))

    def on_key(self, event: object) -> None:
        key = getattr(event, "key", "")
        if key in self.answers:
            self.dismiss(key)

    def action_answer(self, key: str) -> None:
        self.dismiss(key)


class Page(ModalScreen[str]):
    """A page to read; the named keys close it with their own name."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS = [
        Binding("escape,q", "close('')", "close", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("pagedown,space", "scroll(15)", show=False),
        Binding("pageup", "scroll(-15)", show=False),
    ]

    def __init__(self, title: str, body: Content, answers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.heading = title
        self.body = body
        self.answers = answers or {}

    def compose(self) -> ComposeResult:
        keys = [*self.answers.items(), ("esc", "closes")]
        with VerticalScroll():
            yield Static(Content.assemble((self.heading, "bold $bright")), classes="gap")
            yield Static(self.body, classes="gap")
            yield Static(
                Content("   ").join(Content.assemble((f"{key} ", "$accent"), (does, "$dim")) for key, does in keys)
            )

    def on_key(self, event: object) -> None:
        key = getattr(event, "key", "")
        if key in self.answers:
            self.dismiss(key)

    def action_close(self, key: str) -> None:
        self.dismiss(key)

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
