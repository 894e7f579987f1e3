from __future__ import annotations

from typing import Any, Self

from textual.binding import Binding
from textual.screen import Screen

from tutor.tui.screens.dialogs import Page
from tutor.tui.screens.help_view import Group, groups, page

MEASURE = 72  # cells of a line, where the window has them


class HelpScreen(Page):
    """What the focused widget is for, and every key that acts on this screen."""

    BINDINGS = [Binding("f1,question_mark,enter", "answer('')", "close", show=False)]

    def __init__(self, words: tuple[str, ...], shown: tuple[Group, ...]) -> None:
        super().__init__("Help", lambda width: page(words, shown, min(MEASURE, width)))
        self.words = words
        self.groups = shown

    @classmethod
    def of(cls, screen: Screen[Any]) -> Self:
        """The help for what is focused on a screen now."""
        helps = (getattr(node, "HELP", None) for node in (screen.focused, screen))
        words = tuple(dict.fromkeys(words for words in helps if isinstance(words, str) and words))
        return cls(words, groups(screen))

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Every key, and what it does."""
        return [line for group in self.groups for line in group.keys]
