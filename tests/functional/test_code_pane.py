"""The code pane by its keys: what it does to the text, what it shows, and that it shows no less than it should."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from tests.ptyscreen import Terminal
from tests.screens import solution
from tests.walk import Learner
from tutor.tui.screens.help import HelpScreen
from tutor.tui.theme import DARK
from tutor.tui.widgets.code_pane import CodePane
from tutor.tui.widgets.find_bar import CodeEditor, FootBar

LINES = [f"value_{number} = {number}" for number in range(1, 121)]


class PaneApp(App[None]):
    """A code pane with its fields, and nothing else."""

    CSS = "CodePane { border: none; padding: 0; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.editor = CodeEditor(CodePane(text))
        self.pane = self.editor.pane

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def compose(self) -> ComposeResult:
        yield self.editor

    @property
    def bar(self) -> FootBar | None:
        """The field at the foot, if there is one."""
        return self.editor.bar

    @property
    def note(self) -> str:
        """What the field says."""
        assert self.bar is not None
        return str(self.bar.query(Static).last().content)

    def line(self, y: int) -> str:
        """A line as it is drawn, from the edge."""
        return self.pane.render_line(y).text


@asynccontextmanager
async def pane_app(text: str, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[PaneApp, Pilot[None]]]:
    app = PaneApp(text)
    async with app.run_test(size=size) as pilot:
        app.pane.focus()
        await pilot.pause()
        yield app, pilot


# ── typing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_function_is_typed_without_a_thought_of_blanks() -> None:
    async with pane_app("") as (app, pilot):
        keys = "def f(x):⏎if x:⏎return g(⏎1,⏎2)⏎y = 1"
        for key in keys:
            await pilot.press({"⏎": "enter", "⌫": "backspace"}.get(key, key))
        assert app.pane.text == "def f(x):\n    if x:\n        return g(\n            1,\n            2)\n    y = 1"


KEYS: list[tuple[str, tuple[int, int], list[str], str]] = [
    ("if x:\n    y", (1, 4), ["ctrl+t"], "if x:\n    # y"),
    ("if x:\n    y", (1, 4), ["ctrl+underscore"], "if x:\n    # y"),
    ("if x:\n    y", (1, 4), ["ctrl+slash", "ctrl+t"], "if x:\n    y"),
    ("a\nb\nc", (1, 0), ["alt+up"], "b\na\nc"),
    ("a\nb\nc", (1, 0), ["alt+down", "x"], "a\nc\nxb"),
    ("a\nb\nc", (0, 0), ["shift+down", "shift+down", "tab"], "    a\n    b\nc"),
    ("    a\n    b\nc", (0, 0), ["shift+down", "shift+down", "shift+tab", "shift+tab"], "a\nb\nc"),
    ("ab", (0, 1), ["tab"], "a   b"),
    ("    ab", (0, 5), ["shift+tab", "x"], "axb"),
    ("one two", (0, 7), ["ctrl+w", "ctrl+left", "x"], "xone "),
]


@pytest.mark.parametrize(("text", "at", "keys", "wanted"), KEYS)
async def test_keys_and_one_step_back(text: str, at: tuple[int, int], keys: list[str], wanted: str) -> None:
    async with pane_app(text) as (app, pilot):
        app.pane.move_cursor(at)
        await pilot.press(*keys)
        assert app.pane.text == wanted
        for _ in keys:
            await pilot.press("ctrl+z")
        assert app.pane.text == text
        for _ in keys:
            await pilot.press("ctrl+y")
        assert app.pane.text == wanted


async def test_undo_takes_back_line_by_line() -> None:
    async with pane_app("") as (app, pilot):
        lines = [f"line {number}" for number in range(30)]
        for line in lines:
            app.pane.insert(line)
            await pilot.press("enter")  # from line 24 on there is a scrollbar, which undo takes away again
        for number in range(29, -1, -1):
            await pilot.press("ctrl+z", "ctrl+z")
            assert app.pane.text == "".join(f"{line}\n" for line in lines[:number])


async def test_blanks_forward_and_back_going_round() -> None:
    async with pane_app("a = ...  # BLANK 1: a\n\nb = ...  # BLANK 2: b\nc = 1\n") as (app, pilot):
        seen = []
        for key in ("ctrl+n", "ctrl+b", "alt+n", "alt+n"):
            await pilot.press(key)
            assert app.pane.selected_text == "..."
            seen.append(app.pane.selection.start)
        assert seen == [(2, 4), (0, 4), (2, 4), (0, 4)]


async def test_a_blank_is_typed_over_and_one_step_back_empties_it() -> None:
    text = "a = x[..., 0] * ...  # BLANK 1: a ... b\nb = 1\n"
    async with pane_app(text) as (app, pilot):
        await pilot.press("down", "ctrl+b", *"sig")
        assert app.pane.text == text.replace("* ...", "* sig")
        await pilot.press("ctrl+z")
        assert app.pane.text == text
        assert app.pane.selected_text == "..."  # to be typed over anew
        await pilot.press("ctrl+y")
        assert app.pane.text == text.replace("* ...", "* sig")
        await pilot.press("ctrl+z", "backspace", *"ab")
        assert app.pane.text == text.replace("* ...", "* ab")
        await pilot.press("ctrl+z", "ctrl+z")
        assert app.pane.text == text


async def test_a_read_only_pane_is_not_edited() -> None:
    async with pane_app("    a\nb") as (app, pilot):
        app.pane.read_only = True
        await pilot.press("enter", "tab", "x", "backspace", "shift+tab", "ctrl+t", "alt+down")
        assert app.pane.text == "    a\nb"


# ── find, go to line ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_find_shows_the_next_place_while_typing() -> None:
    async with pane_app("\n".join(LINES)) as (app, pilot):
        pane = app.pane
        pane.move_cursor((50, 3))
        await pilot.press("ctrl+f", *"_1")
        assert app.note.endswith(" of 32") and pane.selected_text == "_1"
        assert pane.selection.start == (99, 5)  # value_100, the first one after line 51
        await pilot.press("0")
        assert (app.note, pane.selection.start) == ("2 of 11", (99, 5))
        await pilot.press("enter", "down")
        assert (app.note, pane.selection.start) == ("4 of 11", (101, 5))
        await pilot.press("up", "up", "up")
        assert (app.note, pane.selection.start) == ("1 of 11", (9, 5))
        await pilot.press("up")
        assert app.note == "11 of 11"
        await pilot.press("x")
        assert (app.note, pane.cursor_location) == ("not found", (50, 3))
        await pilot.press("backspace", "escape")
        assert app.bar is None and app.focused is pane
        assert pane.selected_text == "" and pane.cursor_location == (99, 5)
        assert not pane.found and pane.text == "\n".join(LINES)


async def test_find_minds_capitals_and_looks_for_what_is_selected() -> None:
    async with pane_app("Linear linear\nlinear") as (app, pilot):
        await pilot.press(*["shift+right"] * 6, "ctrl+r")
        assert app.note == "1 of 1"
        await pilot.press(*"linear")  # in the place of what was selected
        assert app.note == "1 of 3"
        assert [len(columns) for columns in app.pane.found.values()] == [2, 1]
        await pilot.click(CodePane)
        assert app.bar is None and app.focused is app.pane


async def test_go_to_line_and_back() -> None:
    async with pane_app("\n".join(LINES)) as (app, pilot):
        pane = app.pane
        pane.move_cursor((3, 2))
        await pilot.press("ctrl+g", *"11")
        assert (app.note, pane.cursor_location) == ("1 to 120", (10, 0))
        await pilot.press("9", "9")
        assert pane.cursor_location == (3, 2)  # there is no such line
        await pilot.press("backspace", "enter")
        assert (app.bar, pane.cursor_location) == (None, (118, 0))
        assert pane.scroll_offset.y <= 118 < pane.scroll_offset.y + pane.size.height
        await pilot.press("ctrl+l", "1", "escape")
        assert (app.bar, pane.cursor_location) == (None, (118, 0))


# ── marks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_failing_line_says_why_where_there_is_room() -> None:
    async with pane_app("a = 1\nb = 2\nc = 3") as (app, pilot):
        pane = app.pane
        pane.mark_line(2, "b has shape (5, 3), expected (3,)")
        assert app.line(1).startswith("2  b = 2  ") and app.line(1).endswith(" b has shape (5, 3), expected (3,) ")
        assert len(app.line(1)) == pane.size.width and app.line(0).rstrip() == "1  a = 1"
        await pilot.press("enter")  # what stands below moves, and the mark with it
        assert pane.marked == 3 and "expected (3,)" in app.line(2) and "expected" not in app.line(1)
        await pilot.press("ctrl+z")
        assert pane.marked == 2
        pane.mark_line(2, "words " * 30)
        assert app.line(1).rstrip().endswith("…")
        pane.move_cursor((1, 5))
        await pilot.press(*"# and much more that the learner writes here, up to the edge of the pane"[:60])
        assert "words" not in app.line(1) and "b = 2# and" in app.line(1)
        pane.mark_line(None)
        assert pane.marked is None


async def test_what_is_typed_into_a_string_changes_the_lines_below() -> None:
    async with pane_app('x = 1\nreturn 2\ny = """') as (app, pilot):
        before = app.pane.render_line(1)
        await pilot.press(*'"""')
        assert app.pane.render_line(1) != before
        await pilot.press("ctrl+z")
        assert app.pane.render_line(1) == before


# ── in the terminal ──────────────────────────────────────────────────────────────────────────────────────────────────

# Ordinary keys with a bias to what changes lines that it does not touch.
PRESSED = [
    *"ab(\"'#:",
    '"""',
    *("enter", "enter", "backspace", "delete", "up", "up", "down", "down", "left", "right", "home", "end"),
    *("ctrl+z", "ctrl+y", "ctrl+t", "alt+up", "alt+down", "tab", "shift+tab", "shift+down", "shift+up"),
    *("pageup", "pagedown", "ctrl+k", "ctrl+b"),
]


BAR = re.compile(r"^ *line ", re.MULTILINE)  # lines of code begin with their number


def picture(terminal: Terminal) -> list[list[tuple[object, ...]]]:
    """The code pane on the screen, with its look: a verdict beside it may come at any moment."""
    cells = [[terminal.style(x, y) for x in range(58)] for y in range(5, 34)]
    return [[(cell.data, cell.fg, cell.bg, cell.bold, cell.italics, cell.underscore) for cell in row] for row in cells]


def test_what_is_typed_without_looking_goes_where_it_belongs(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    learner = Learner(terminal, tmp_path, (120, 36))
    file = learner.paths.implementation("linear_scratch")
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(LINES))
    learner.arrive()
    learner.open_lab("linear_scratch")
    learner.terminal.send(b"\x07109\x7f0\rxyz\x7f\x7f = 1\x1b[D\x1b[D\x1b[D_\x1b[F")
    learner.see("x _= 1value_100 = 100", "· unsaved")
    learner.terminal.send(b"\x06_554\x7f\r\r")
    learner.see("1 of 1")
    learner.press("escape")
    learner.see(lambda text: "1 of 1" not in text)
    learner.terminal.type("y")
    learner.see("valuey_55 = 55")
    learner.quit()


@pytest.mark.parametrize("seed", [1, 3])
def test_what_is_drawn_by_lines_is_what_a_whole_drawing_shows(
    terminal: Callable[..., Terminal], tmp_path: Path, seed: int
) -> None:
    learner = Learner(terminal, tmp_path, (120, 36))
    file = learner.paths.implementation("linear_scratch")
    file.parent.mkdir(parents=True)
    file.write_text("\n".join([solution("linear_scratch")] * 4))
    learner.arrive()
    learner.open_lab("linear_scratch")
    chance = random.Random(seed)
    marks = (f"#{number}" for number in itertools.count(100))
    for _ in range(4):
        for key in chance.choices(PRESSED, k=20):
            learner.press(*(key if key == '"""' else [key]))
        learner.press("ctrl+g")
        learner.see(BAR, "1 to ")
        learner.press("escape")  # after every other key
        learner.see(lambda text: not BAR.search(text))  # what comes too soon after an escape makes another key of it
        mark = next(marks)
        learner.terminal.type(mark)
        learner.see(mark)
        by_lines = picture(learner.terminal)
        learner.terminal.resize(120, 37)
        learner.terminal.resize(120, 36)
        written = len(learner.terminal.raw)
        learner.see(lambda _, before=written: len(learner.terminal.raw) > before + 3000)  # type: ignore[misc]
        learner.see(lambda _, shown=by_lines: picture(learner.terminal) == shown)  # type: ignore[misc]
    learner.quit()


async def test_the_help_lists_the_keys(tmp_path: Path) -> None:
    async with pane_app("x") as (app, _):
        keys = {words: names for names, words in HelpScreen.of(app.screen).keys}
        assert keys["Find in the file"] == "^f ^r"
        assert "^t" in keys["Make the lines comments, or code again"]
        assert {"Go to a line by its number", "Select the blank before", "Move them down"} <= keys.keys()
