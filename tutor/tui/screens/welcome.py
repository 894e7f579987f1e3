from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.tui.rendering import clickable

KEYS = (
    ("⏎", "goes on: opens what is chosen, turns the page, answers"),
    ("esc", "goes back"),
    ("ctrl+s", "saves your code and judges every gradient in it"),
    ("F1 or ?", "help: every key that acts where you are"),
    ("ctrl+q", "quits; nothing is ever lost"),
)


class WelcomeScreen(ModalScreen[None]):
    """The very first start: what this is, where your file is, five keys."""

    CSS_PATH = "welcome.tcss"
    BINDINGS = [Binding("enter,escape,space", "dismiss", "begin", key_display="⏎")]

    def __init__(self, implementations: Path) -> None:
        super().__init__()
        self.implementations = implementations

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Content.assemble(("Write backpropagation yourself", "bold $accent")), classes="gap")
            yield Static(
                "You read a short lesson, answer a few questions, and write the backward pass. At every save you see "
                "which gradients are right, which are wrong, and where. Then your own code trains a network.",
                classes="gap",
            )
            yield Static(
                Content.assemble(
                    ("Your code is in plain files, for this editor or your own:\n", "$foreground"),
                    (str(self.implementations), "$bright"),
                ),
                classes="gap",
            )
            yield Static(
                Content("\n").join(
                    Content.assemble((f"{key:<9}", "$accent"), (words, "$foreground")) for key, words in KEYS
                ),
                classes="gap",
            )
            begin = Content.assemble(("⏎ ", "$accent"), ("begin", "bold $bright"))
            yield Static(clickable(begin, "screen.dismiss"))
