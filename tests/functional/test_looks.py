"""The screens in both themes, in fewer colours and in none, and under the mouse."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.ptyscreen import Terminal
from tests.screens import Learner, learner, solution
from tutor.learner import Box
from tutor.paths import Paths, locate
from tutor.progress import Store
from tutor.tui.opening import Opening
from tutor.tui.screens.dialogs import Page, Question
from tutor.tui.screens.help import HelpScreen
from tutor.tui.screens.home import CourseMap, HomeScreen
from tutor.tui.screens.lab import LabScreen
from tutor.tui.screens.lesson import LessonScreen
from tutor.tui.screens.quiz import QuizScreen
from tutor.tui.theme import DARK, LIGHT
from tutor.tui.widgets.answer import Choices
from tutor.tui.widgets.chart_view import ChartView
from tutor.viz import ChartSpec, Series

NAME, LESSON = "linear_scratch", "06-linear-layer"
NOT_SUMMED = solution(NAME).replace(".sum(axis=0)", "")
SMALL, LARGE = (80, 24), (120, 36)

VARIANTS: dict[str, dict[str, str | None]] = {
    "256": {"COLORTERM": None},
    "256 light": {"COLORTERM": None, "TUTOR_THEME": "light"},
    "16": {"COLORTERM": None, "TERM": "xterm-16color"},
    "16 light": {"COLORTERM": None, "TERM": "linux", "TUTOR_THEME": "light"},
    "none": {"NO_COLOR": "1"},
}
SGR = re.compile(rb"\x1b\[([0-9;]*)m")
COLOURLESS = {b"", b"0", b"1", b"2", b"3", b"4", b"7", b"22", b"23", b"24", b"27", b"39", b"49"}


@pytest.fixture(autouse=True)
def all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The apps in this process have 24-bit colours, whatever the tests run in; the programs get what they are given."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    for name in ("NO_COLOR", "TUTOR_THEME", "COLORFGBG"):
        monkeypatch.delenv(name, raising=False)


def ready(folder: Path, text: str = "") -> Paths:
    """The folder of a learner who has been welcomed, with a file of theirs."""
    paths = locate(folder / "user_data")
    with Store.open(paths) as store:
        store.record("welcomed")
    if text:
        paths.implementations.mkdir(parents=True, exist_ok=True)
        paths.implementation(NAME).write_text(text)
    return paths


def place(terminal: Terminal, words: str) -> tuple[int, int]:
    """Column and row of some words."""
    row = next(number for number, line in enumerate(terminal.lines) if words in line)
    return terminal.lines[row].index(words), row


def look(terminal: Terminal, column: int, row: int) -> tuple[Any, ...]:
    """What a cell looks like, whatever stands in it."""
    cell = terminal.style(column, row)
    return cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore


def ground(terminal: Terminal, column: int, row: int) -> tuple[Any, ...]:
    """What a cell looks like where nothing stands in it."""
    cell = terminal.style(column, row)
    return cell.bg, cell.reverse


def only_what_the_terminal_has(raw: bytes, variant: str) -> None:
    """No escape sequence asks for a colour that the terminal lacks."""
    codes = {code for match in SGR.findall(raw) for code in re.split(rb";", match)}
    kinds = {b"38;2" in raw or b"48;2" in raw, b"38;5" in raw or b"48;5" in raw}
    if variant.startswith("256"):
        assert b"8;5;" in raw and b"8;2;" not in raw
    else:
        assert kinds == {False}
    if variant == "none":
        assert codes <= COLOURLESS


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_told_by_a_shade_alone(terminal: Callable[..., Terminal], tmp_path: Path, variant: str) -> None:
    paths = ready(tmp_path, NOT_SUMMED)
    code = f"import sys; from tutor.tui import Opening, run; sys.exit(run(None, Opening('lab', '{NAME}')))"
    env = {**VARIANTS[variant], "TUTOR_USER_DATA": str(paths.user_data)}
    with terminal([sys.executable, "-c", code], size=LARGE, env=env) as screen:
        screen.wait_for("✗ grad_b has shape (5, 3)", 30)
        screen.wait_for(re.compile(r"▸ ✗ grad_b"))
        x, y = place(screen, NOT_SUMMED.split("\n", 1)[0][:20])
        assert ground(screen, x, y) != ground(screen, x + 1, y)  # the cursor
        bar, row = screen.lines[y].index("│"), y
        screen.press("escape")
        screen.wait_for(lambda terminal: terminal.text and ground(terminal, x, y) == ground(terminal, x + 1, y))
        screen.press("2")  # the keys go to the gradients
        screen.wait_for(lambda terminal: terminal.text and terminal.lines[row][bar] == "┃")
        x, y = place(screen, "grad_b  ")
        other = place(screen, "grad_W  ")
        assert look(screen, x, y) != look(screen, *other)  # the first wrong one

        screen.press("1", "shift+down")  # a selection, in the code again
        screen.wait_for(lambda terminal: terminal.text and terminal.lines[row][bar] == "│")
        x, y = place(screen, NOT_SUMMED.split("\n", 1)[0][:20])
        screen.wait_for(lambda terminal: ground(terminal, x, y) != ground(terminal, x, y + 2))

        screen.press("f10")
        screen.wait_for("Search for commands")
        screen.type("lesson")
        screen.wait_for(re.compile("Lesson 09"))
        x, y = place(screen, "Lesson 01")
        screen.wait_for(lambda terminal: ground(terminal, x, y) != ground(terminal, *place(terminal, "Lesson 09")))
        screen.press("escape")
        screen.wait_gone("Lesson 01")
        screen.press("escape")
        screen.wait_for(lambda terminal: terminal.text and ground(terminal, x, y) == ground(terminal, x + 1, y))
        screen.press("escape")
        screen.wait_for("Continue")
        x, y = place(screen, "▸ Continue")
        assert look(screen, x + 2, y) != look(screen, *place(screen, "backpropagation"))
        only_what_the_terminal_has(bytes(screen.raw), variant)
        screen.press("ctrl+q")
        assert screen.wait_exit() == 0


# ── two themes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def shades(someone: Learner) -> set[str]:
    """Every colour on the screen as it was drawn last."""
    found = set()
    for strip in someone.app.screen._compositor.render_strips():
        for _, style, _ in strip:
            for colour in (style.color, style.bgcolor) if style else ():
                if colour is not None and not colour.is_default:
                    found.add(colour.get_truecolor().hex)
    return found


def of_one_alone() -> dict[str, set[str]]:
    """The colours that only one theme has."""

    def every(theme: Any) -> set[str]:
        return {
            theme.foreground,
            theme.background,
            theme.surface,
            theme.panel,
            theme.primary,
            *theme.variables.values(),
        }

    return {"dark": every(DARK) - every(LIGHT), "light": every(LIGHT) - every(DARK)}


async def follows(someone: Learner) -> None:
    """Both ways, everything on the screen changes at once."""
    alone = of_one_alone()
    assert not shades(someone) & alone["light"]
    for name, other in (("light", "dark"), ("dark", "light")):
        someone.app.action_switch_theme()
        await someone.until(partial(_is_in, someone, alone[name], alone[other]))


def _is_in(someone: Learner, this: set[str], that: set[str]) -> bool:
    now = shades(someone)
    return bool(now & this) and not now & that


OPENINGS = [Opening(), Opening("lesson", LESSON), Opening("quiz", LESSON), Opening("lab", NAME)]


@pytest.mark.parametrize("opening", OPENINGS, ids=lambda opening: opening.screen)
async def test_every_screen_follows_the_theme_at_once(tmp_path: Path, box: Box, opening: Opening) -> None:
    ready(tmp_path, NOT_SUMMED)
    async with learner(tmp_path, opening, box) as someone:
        kinds = {"home": HomeScreen, "lesson": LessonScreen, "quiz": QuizScreen, "lab": LabScreen}
        await someone.until(lambda: isinstance(someone.app.screen, kinds[opening.screen]))
        if opening.screen == "lab":
            await someone.until(lambda: "carries the batch" in someone.headline and not someone.lab.checking)
            someone.lab.pane.mark_line(3, "a reason")
        if isinstance(someone.app.screen, LessonScreen):
            coloured = range(len(someone.app.screen.sections))
            for number in coloured:  # pages with prose, listings, pictures and questions
                someone.app.screen.number = number
                someone.app.screen._show_page()
                await someone.pilot.pause()
                if number in (0, 2, len(coloured) - 1):
                    await follows(someone)
        await follows(someone)
        await someone.press("f1")
        await follows(someone)


async def test_the_chart_follows_the_theme_at_once(tmp_path: Path) -> None:
    async with learner(tmp_path, Opening()) as someone:
        chart = ChartView()
        await someone.app.screen.mount(chart)
        await someone.pilot.pause()
        steps = list(range(1, 50))
        chart.show([Series("loss", steps, [1 / step for step in steps])], ChartSpec(60, 12, "step", "loss"))
        await someone.pilot.pause()
        assert (DARK.variables["curve"]) in shades(someone)
        await follows(someone)


async def test_the_theme_is_remembered_and_the_environment_overrules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with learner(tmp_path, Opening()) as someone:
        assert someone.app.theme == "dark"
        await someone.press("T")
        assert someone.app.theme == "light"
    async with learner(tmp_path, Opening()) as someone:
        assert someone.app.theme == "light"  # from the first frame on: state.json says so
        await someone.press("f10")
        await someone.pilot.pause()
        await someone.press(*"Dark", "enter")
        await someone.until(lambda: someone.app.theme == "dark")
    monkeypatch.setenv("TUTOR_THEME", "light")
    async with learner(tmp_path, Opening()) as someone:
        assert someone.app.theme == "light"


# ── the mouse ────────────────────────────────────────────────────────────────────────────────────────────────────────


def on_screen(someone: Learner, words: str) -> tuple[int, int]:
    """Column and row of some words of the screen."""
    for row, strip in enumerate(someone.app.screen._compositor.render_strips()):
        text = "".join(segment.text for segment in strip)
        if words in text:
            return text.index(words), row
    raise AssertionError(f"{words!r} is not on the screen")


async def click(someone: Learner, words: str) -> None:
    """Click on the first letter of what stands there."""
    await someone.pilot.click(offset=on_screen(someone, words))
    await someone.pilot.pause()


async def test_home_opens_what_is_clicked(tmp_path: Path) -> None:
    async with learner(tmp_path, Opening(), size=SMALL) as someone:
        await click(someone, "Backprop  ")
        assert someone.app.screen.query_one(CourseMap).chosen.name == "09-backprop"
        await click(someone, "Backprop  ")
        await someone.until(lambda: isinstance(someone.app.screen, LessonScreen))
        await someone.press("escape", "escape")
        await someone.until(lambda: isinstance(someone.app.screen, HomeScreen))
        await click(someone, "F1 help")
        assert isinstance(someone.app.screen, HelpScreen)
        await click(someone, "esc closes")
        assert isinstance(someone.app.screen, HomeScreen)
        await click(someone, "^p palette")
        await someone.until(lambda: len(someone.app.screen_stack) == 2)
        await someone.pilot.pause()
        await someone.until(lambda: any("Quiz 01" in line for line in screen_lines(someone)))
        await click(someone, "Quiz 01")
        await someone.until(lambda: isinstance(someone.app.screen, QuizScreen))


def screen_lines(someone: Learner) -> list[str]:
    """The rows of the screen."""
    return ["".join(s.text for s in strip) for strip in someone.app.screen._compositor.render_strips()]


async def test_a_lesson_and_its_questions_by_mouse(tmp_path: Path) -> None:
    async with learner(tmp_path, Opening("lesson", LESSON), size=LARGE) as someone:
        await someone.until(lambda: isinstance(someone.app.screen, LessonScreen))
        lesson = someone.app.screen
        assert isinstance(lesson, LessonScreen)
        await someone.until(lambda: isinstance(someone.app.focused, Choices))
        choices = someone.app.focused
        assert isinstance(choices, Choices) and choices.several
        await someone.pilot.click(choices, offset=(6, 1))
        assert choices.picked == {1}
        await click(someone, "⏎ answer  ")
        await someone.until(lambda: lesson.open_question is None)
        number = lesson.number
        lesson.body.scroll_end(animate=False)
        await someone.pilot.pause()
        await click(someone, "n " + lesson.sections[number + 1].title[:12])
        assert lesson.number == number + 1


async def test_a_link_leads_to_its_lesson(tmp_path: Path) -> None:
    from textual.widgets import Static

    from tutor.tui.rendering import markdown_content

    async with learner(tmp_path, Opening()) as someone:
        await someone.app.screen.mount(Static(markdown_content("see [words](07-activations)", 40)), before=0)
        await someone.app.screen.mount(Static(markdown_content("read [there](09-backprop)", 40)), before=0)
        await someone.pilot.pause()
        await click(someone, "words")
        await someone.until(lambda: "in preparation" in someone.notices)
        await click(someone, "there")
        await someone.until(lambda: isinstance(someone.app.screen, LessonScreen))
        assert "09 " in someone.said("#title")


async def test_the_lab_by_mouse(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, Opening("lab", NAME), box, size=SMALL) as someone:
        await someone.write(NOT_SUMMED)
        await click(someone, "^s judge")
        await someone.until(lambda: "carries the batch" in someone.headline and not someone.lab.checking)
        await click(someone, "gradients")
        assert someone.lab.view == "gradients" and someone.lab.table.has_focus
        await click(someone, "grad_W ")
        report = someone.lab.report
        assert report is not None and report.checks[someone.lab.table.chosen].name == "grad_W"
        await click(someone, "3 output")
        assert someone.lab.view == "output"
        await click(someone, "1 code")
        assert someone.lab.view == "code" and someone.lab.pane.has_focus
        await click(someone, "class Linear")
        row = NOT_SUMMED[: NOT_SUMMED.index("class Linear")].count("\n")
        assert someone.lab.pane.cursor_location == (row, 0)
        await click(someone, "F2 hint")
        assert isinstance(someone.app.screen, Page)
        await click(someone, "esc closes")
        await someone.press("f9")
        assert isinstance(someone.app.screen, Question)
        await click(someone, "leave it as it is")
        assert isinstance(someone.app.screen, LabScreen) and someone.lab.pane.text == NOT_SUMMED


def test_the_wheel_moves_what_lies_under_it(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    paths = ready(tmp_path)
    command = [sys.executable, "-m", "tutor", "--user-data", str(paths.user_data)]
    with terminal(command, size=(80, 16)) as screen:
        down, up = (b"\x1b[<%d;20;8M" % button for button in (65, 64))

        def wheel(button: bytes, see: str) -> None:
            def turned(terminal: Terminal) -> bool:
                if see not in terminal.text:
                    terminal.send(button)  # one by one: a page that is being laid out does not scroll yet
                return see in terminal.text

            screen.wait_for(turned)

        screen.wait_for("01  Why gradients")
        wheel(down, "later: in preparation")
        wheel(up, "01  Why gradients")
        screen.press("f1")
        screen.wait_for("On this screen")
        wheel(down, "The light theme")
        wheel(up, "The course map")
        screen.press("escape")
        screen.wait_gone("The course map")
        screen.press("c")
        screen.wait_for("page 1 of")
        wheel(down, "F7 reads on")
        screen.press("ctrl+q")
        assert screen.wait_exit() == 0
