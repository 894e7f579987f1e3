"""Every key of every screen and widget does something and says what; help says it once, in the right group."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.actions import parse
from textual.binding import Binding
from textual.dom import DOMNode

import tutor.tui
from tests.screens import learner
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.screens.help import HelpScreen
from tutor.tui.screens.help_view import AFTER_TYPING, EVERYWHERE, HERE, SCREEN, groups
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.flow import Flow

KEY_IN_WORDS = re.compile(r"\b(?:(?:ctrl|alt|shift)\+\w+|F\d{1,2})\b")


def with_keys() -> list[type[DOMNode]]:
    """Every class of the tutor that declares keys."""
    found: dict[str, type[DOMNode]] = {}
    for module in pkgutil.walk_packages(tutor.tui.__path__, "tutor.tui."):
        for thing in vars(importlib.import_module(module.name)).values():
            ours = isinstance(thing, type) and issubclass(thing, DOMNode) and thing.__module__.startswith("tutor.tui")
            if ours and vars(thing).keys() & {"BINDINGS", "HELP"}:
                found[thing.__qualname__] = thing
    return list(found.values())


CLASSES = with_keys()
SCREENS = [kind for kind in CLASSES if issubclass(kind, TutorScreen)]


def bindings(kind: type) -> Iterator[Binding]:
    """The keys of a class and of those it comes from, one by one."""
    for origin in kind.__mro__:
        yield from Binding.make_bindings(origin.__dict__.get("BINDINGS", ()))


def own(kind: type) -> list[Binding]:
    """The keys that the class itself declares."""
    return list(Binding.make_bindings(kind.__dict__.get("BINDINGS", ())))


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_key_says_what_it_does(kind: type[DOMNode]) -> None:
    said = {parse(binding.action)[1] for binding in bindings(kind) if binding.description or binding.tooltip}
    silent = [b.key for b in own(kind) if not (b.description or b.tooltip) and parse(b.action)[1] not in said]
    assert silent == []
    assert [b.key for b in own(kind) if b.show and not b.description] == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_no_key_does_nothing(kind: type[DOMNode]) -> None:
    for binding in own(kind):
        destination, name, _ = parse(binding.action)
        owners = {"": (kind,), "app": (TutorApp,), "screen": SCREENS}[destination]
        assert any(hasattr(owner, f"action_{name}") or hasattr(owner, f"_action_{name}") for owner in owners), binding


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_the_keys_named_in_help_exist(kind: type[DOMNode]) -> None:
    named = {key.lower() for key in KEY_IN_WORDS.findall(str(getattr(kind, "HELP", "") or ""))}
    assert named <= {binding.key for owner in CLASSES for binding in bindings(owner)}


@pytest.mark.parametrize(
    ("opening", "keys", "titles"),
    [
        (Opening(), (), [HERE, SCREEN, EVERYWHERE]),
        (Opening("lesson", "06-linear-layer"), ("enter", "escape"), [SCREEN, EVERYWHERE]),
        (Opening("quiz", "06-linear-layer"), (), None),
        (Opening("lab", "linear_scratch"), (), [HERE, SCREEN, AFTER_TYPING, EVERYWHERE]),
        (Opening("lab", "linear_scratch"), ("escape", "2"), [HERE, SCREEN, EVERYWHERE]),
    ],
    ids=["home", "lesson", "quiz", "code", "tensors"],
)
async def test_help_has_each_key_once(
    tmp_path: Path, opening: Opening, keys: tuple[str, ...], titles: list[str] | None
) -> None:
    async with learner(tmp_path, opening, size=(80, 24)) as someone:
        await someone.until(lambda: opening.screen == "home" or len(someone.app.screen_stack) > 1)
        await someone.until(lambda: opening.screen != "quiz" or someone.app.focused is not None)
        await someone.press(*keys)
        screen = someone.app.screen
        assert isinstance(screen, TutorScreen)
        shown = groups(screen)
        assert titles is None or [group.title for group in shown] == titles
        every = [key for group in shown for names, _ in group.keys for key in names.split()]
        assert sorted(every) == sorted(set(every))
        assert {"F1", "?", "^p", "F10", "^q", "T"} <= set(every)
        await someone.press("f1")
        page = someone.app.screen
        assert isinstance(page, HelpScreen)
        assert page.words
        await someone.pilot.pause()
        flow = page.query_one(Flow)
        assert 60 < flow.size.width <= 69
        assert all(line.cell_length <= flow.size.width for line in flow.render().split(allow_blank=True))
        for _ in range(4):
            await someone.press("pagedown")
        scrolled = page.query_one("VerticalScroll")
        assert scrolled.scroll_offset.y == scrolled.max_scroll_y  # by keys, to its end
        await someone.press("question_mark")
        assert someone.app.screen is screen


async def test_letters_of_the_screen_wait_until_the_text_is_left(tmp_path: Path) -> None:
    async with learner(tmp_path, Opening("lab", "linear_scratch")) as someone:
        waiting = next(group for group in groups(someone.app.screen) if group.title == AFTER_TYPING)
        assert {"1", "2", "3", "?", "T"} <= {key for names, _ in waiting.keys for key in names.split()}
        await someone.press("escape")
        assert AFTER_TYPING not in [group.title for group in groups(someone.app.screen)]


async def test_the_palette_opens_help(tmp_path: Path) -> None:
    async with learner(tmp_path, Opening()) as someone:
        await someone.press("f10")
        await someone.pilot.pause()
        await someone.press(*"Help", "enter")
        await someone.until(lambda: isinstance(someone.app.screen, HelpScreen))
        page = someone.app.screen
        assert isinstance(page, HelpScreen) and HERE in [group.title for group in page.groups]
