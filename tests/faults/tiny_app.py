"""A small app under the real supervisor, with the real repairs: what the terminal tests do their worst to."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.events import Paste
from textual.widgets import Input, Static

from tutor.supervisor import supervise
from tutor.tui.terminal import harden, watch_terminal


class TinyApp(App[None]):
    """An input line, and a line that says what has happened."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [Binding("ctrl+z", "suspend_process", priority=True), Binding("ctrl+q", "quit", priority=True)]

    def compose(self) -> ComposeResult:
        if sys.argv[1:] == ["compose"]:
            raise RuntimeError("compose failed")
        yield Static(f"child {os.getpid()} ready", id="head")
        yield Input(id="line")
        yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        watch_terminal(self)
        self.query_one(Input).focus()

    def on_paste(self, event: Paste) -> None:
        self.query_one("#said", Static).update(f"pasted {len(event.text)}")

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one("#said", Static).update(f"typed {event.value[-40:]!r}")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        match event.value.removeprefix("a"):  # the key that the tests see the app alive with
            case "raise":
                raise RuntimeError("a handler failed")
            case "segfault":
                signal.signal(signal.SIGSEGV, signal.SIG_DFL)
                ctypes.string_at(0)
            case "leave":
                self.exit(return_code=7)


def run() -> int:
    harden()
    app = TinyApp()
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(supervise(run))
