"""Help as lines: which keys act, in groups, and what each does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from textual.actions import parse
from textual.app import App
from textual.binding import ActiveBinding, Binding, BindingType
from textual.content import Content
from textual.keys import key_to_character
from textual.screen import Screen

WIDEST_KEYS = 16  # cells of the column of keys; what is wider has its words in the next line
HERE, SCREEN, AFTER_TYPING, EVERYWHERE = "Here", "On this screen", "Once you have left the text (esc)", "Everywhere"


class Group(NamedTuple):
    """Keys that act for the same reason."""

    title: str
    keys: tuple[tuple[str, str], ...]  # the keys as they are shown, and what they do


def groups(screen: Screen[Any]) -> tuple[Group, ...]:
    """Every key of the tutor's own that acts now, each once: of what is focused, of the screen, of every screen.

    Textual's own keys for scrolling and typing are left out: they are no news to anybody.
    """
    found: dict[str, dict[tuple[object, str], tuple[list[str], str]]] = {
        title: {} for title in (HERE, SCREEN, AFTER_TYPING, EVERYWHERE)
    }
    for key, entry in screen.active_bindings.items():
        words = entry.binding.tooltip or entry.binding.description
        if entry.enabled and words and declared_by_tutor(entry):
            keys = found[_title(screen, entry)].setdefault((entry.node, entry.binding.action), ([], words))[0]
            keys.append(_shown(screen.app, key, entry.binding))
    for binding in _typed_now(screen):
        words = binding.tooltip or binding.description
        keys = found[AFTER_TYPING].setdefault((screen, binding.action), ([], words))[0]
        keys.append(_shown(screen.app, binding.key, binding))
    return tuple(
        Group(title, tuple((" ".join(dict.fromkeys(keys)), _sentence(words)) for keys, words in lines.values()))
        for title, lines in found.items()
        if lines
    )


def _title(screen: Screen[Any], entry: ActiveBinding) -> str:
    if entry.node not in (screen, screen.app):
        return HERE
    own = type(screen).__dict__.get("BINDINGS", ())
    return SCREEN if entry.node is screen and entry.binding.action in map(action_of, own) else EVERYWHERE


def _typed_now(screen: Screen[Any]) -> Iterator[Binding]:
    """The keys of the screen and the app that are letters while a text has them."""
    focused = screen.focused
    for node in (screen, screen.app) if focused is not None else ():
        for kind in type(node).__mro__:
            for binding in Binding.make_bindings(kind.__dict__.get("BINDINGS", ())):
                _, action, parameters = parse(binding.action)
                if (
                    focused is not None
                    and focused.check_consume_key(binding.key, key_to_character(binding.key))
                    and node.check_action(action, parameters)
                ):
                    yield binding


def _shown(app: App[Any], key: str, binding: Binding) -> str:
    """A digit may stand for a row of them (1-9); everything else is shown as itself, every key of an action."""
    if binding.key_display and "-" in binding.key_display and key.isdigit():
        return binding.key_display
    return app.get_key_display(Binding(key, ""))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def declared_by_tutor(entry: ActiveBinding) -> bool:
    """True for a key that one of the tutor's own classes declares."""
    return entry.binding.action in (
        action_of(binding)
        for kind in type(entry.node).__mro__
        if kind.__module__.startswith("tutor.")
        for binding in kind.__dict__.get("BINDINGS", ())
    )


def action_of(binding: BindingType) -> str:
    """The action of a binding, in any of the forms in which Textual takes one."""
    return binding.action if isinstance(binding, Binding) else binding[1]


def page(words: Sequence[str], shown: Sequence[Group], width: int) -> Content:
    """What is focused is for, and the groups one below the other, all keys in one column."""
    paragraphs = [Content("\n").join(Content(sentences).wrap(width)) for sentences in words]
    column = 2 + min(WIDEST_KEYS, max((len(keys) for group in shown for keys, _ in group.keys), default=0))
    for group in shown:
        lines = [Content.styled(group.title, "bold $bright")]
        for keys, does in group.keys:
            first = Content.styled(f"{keys:<{column}}", "$accent")
            if first.cell_length > column:
                lines.append(first)
                first = Content(" " * column)
            says = Content.styled(does, "$foreground").wrap(max(1, width - column))
            lines += [first + says[0], *(line.pad_left(column) for line in says[1:])]
        paragraphs.append(Content("\n").join(lines))
    return Content("\n\n").join(paragraphs)
