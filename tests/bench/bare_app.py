"""The least that Textual can show: what the tutor's start and memory are measured against."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("Continue")


if __name__ == "__main__":
    Bare().run()
