"""Textual's own editor for code on a file, the least that could stand where the Lab's code pane stands."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import TextArea


class BareEditor(App[None]):
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        text = Path(sys.argv[1]).read_text(encoding="utf-8")
        editor = TextArea.code_editor(text, language="python")
        editor.cursor_blink = False
        yield editor


if __name__ == "__main__":
    BareEditor().run()
