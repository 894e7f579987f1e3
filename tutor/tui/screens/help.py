from __future__ import annotations

from typing import Self

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static


class HelpScreen(ModalScreen[None]):
    """What the focused widget is for, and every key that acts on this screen."""

    CSS_PATH = "help.tcss"
    BINDINGS = [Binding("escape,q,f1,question_mark,enter", "dismiss", "close", key_display="esc")]

    def __init__(self, words: str, keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self.words = words
        self.keys = keys

    @classmethod
    def of(cls, screen: Screen[None]) -> Self:
        """The help for what is focused on a screen now."""
        focused = screen.focused
        words = getattr(focused, "HELP", "") or getattr(screen, "HELP", "") or ""
        keys: dict[str, list[str]] = {}
        descriptions: dict[str, str] = {}
        for entry in screen.active_bindings.values():
            binding = entry.binding
            if entry.enabled and binding.description and _ours(entry):
                keys.setdefault(binding.action, []).append(screen.app.get_key_display(binding))
                descriptions[binding.action] = binding.tooltip or binding.description
        return cls(words, [(" ".join(dict.fromkeys(names)), descriptions[action]) for action, names in keys.items()])

    def compose(self) -> ComposeResult:
        widest = max((len(key) for key, _ in self.keys), default=0)
        lines = [Content(self.words), Content("")] if self.words else []
        lines += [
            Content.assemble((key.ljust(widest + 3), "$accent"), (description, "$foreground"))
            for key, description in self.keys
        ]
        with VerticalScroll():
            yield Static(Content.assemble(("Keys here", "bold $bright")), id="heading")
            yield Static(Content("\n").join(lines))
            yield Static(Content.assemble(("\nesc closes", "$dim")))


def _ours(entry: ActiveBinding) -> bool:
    """True for a key that the tutor declares; Textual's own scrolling keys are no news to anybody."""
    declared = (
        declared_action(binding)
        for kind in type(entry.node).__mro__
        if kind.__module__.startswith("tutor.")
        for binding in kind.__dict__.get("BINDINGS", ())
    )
    return entry.binding.action in declared


def declared_action(binding: BindingType) -> str:
    """The action of a binding, in any of the forms in which Textual takes one."""
    return binding.action if isinstance(binding, Binding) else binding[1]
