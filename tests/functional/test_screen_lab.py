"""The Lab as a learner uses it: real keys, a real box, real files under real editors."""

from __future__ import annotations

import os
import shutil
import signal
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.ptyscreen import Terminal
from tests.screens import Learner, challenge, learner, solution
from tutor.course import blanks, starter
from tutor.learner import Box, WorkFile
from tutor.progress import Store
from tutor.tui.opening import Opening
from tutor.tui.rendering import prose
from tutor.tui.screens.conflict import ConflictScreen
from tutor.tui.screens.dialogs import Page, Question
from tutor.tui.screens.help_view import groups
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.lab import LabScreen
from tutor.tui.terminal import PASTE_LIMIT
from tutor.tui.widgets.flow import Flow
from tutor.tui.widgets.keybar import KeyBar

NAME = "linear_scratch"
LAB = Opening("lab", NAME)
SMALL, LARGE = (80, 24), (120, 36)
RIGHT = solution(NAME)
WRONG_SHAPE = RIGHT.replace(".sum(axis=0)", "")
LONGEST_GAP = 0.5  # seconds for which the app may not answer


async def open_with(someone: Learner, seconds: float) -> None:
    """Open the Lab once more, with another time limit."""
    limits = msgspec.structs.replace(someone.lab.challenge.limits, seconds=seconds)
    screen = LabScreen(msgspec.structs.replace(someone.lab.challenge, limits=limits))
    someone.app.switch_screen(screen)
    await someone.until(lambda: someone.app.screen is screen and screen.is_mounted)


# ── saving and judging ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_first_save_names_what_is_missing_and_is_remembered(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, Opening("lab", "backprop_fill"), box) as someone:
        assert "Not judged yet" in someone.headline
        assert "Blank 1 is still empty" in await someone.save()
        line = blanks(starter(someone.lab.challenge))[0].line
        assert someone.lab.pane.marked == line
        assert someone.file.read_text() == starter(someone.lab.challenge)
        await someone.until(lambda: someone.state.attempts == 1)
        await someone.press("ctrl+b")
        assert someone.lab.pane.selection == ((line - 1, 12), (line - 1, 15))


def planted() -> dict[str, tuple[str, str]]:
    """What learners write, and words of the sentence that names it."""
    loop, prints = "        while True: pass", "        while True: print('[b]round' * 2000)"
    forward = "    def forward(self, x):\n"
    return {
        "empty": ("", "file is empty"),
        "half": (RIGHT[: len(RIGHT) // 2] + "(", "Line "),
        "syntax": (RIGHT + "\ndef broken(:\n", "Python cannot read the file"),
        "other class": (RIGHT.replace("class Linear", "class Other"), "Linear"),
        "shape": (WRONG_SHAPE, "still carries the batch"),
        "nan": (RIGHT.replace("return ", "return np.nan * ", 1), "nan"),
        "exit": ("import sys\nsys.exit()\n" + RIGHT, "left the program early"),
        "loop": (RIGHT.replace(forward, forward + loop + "\n"), "never ends"),
        "prints": (RIGHT.replace(forward, forward + prints + "\n"), "printed without end"),
        "100 GB": (RIGHT.replace(forward, forward + "        np.ones((100_000, 125_000))\n"), "ran out of memory"),
        "input": ("input()\n" + RIGHT, "no keyboard here"),
    }


@pytest.mark.timed
async def test_bad_code_is_a_sentence_the_app_goes_on_and_the_next_save_works(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await open_with(someone, seconds=0.7)
        await someone.save(WRONG_SHAPE)
        for name, (code, words) in planted().items():
            said = await someone.save(code)
            assert words in said, name
            assert someone.lab.last_judged is not None, name  # the last good verdict stays
        assert "Passed" in await someone.save(RIGHT)
        assert someone.longest_gap < LONGEST_GAP


async def test_a_verdict_turns_grey_with_the_code_and_stays_when_code_cannot_run(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(WRONG_SHAPE)
        judged = someone.lab.last_judged
        assert not someone.lab.stale
        await someone.press("(")
        assert someone.lab.stale and someone.lab.table.stale
        assert "unsaved" in someone.said("#title")
        assert "Python cannot read the file" in await someone.save()
        assert not someone.lab.stale
        assert someone.lab.table.stale and someone.lab.table.report is judged


@pytest.mark.timed
async def test_a_slow_check_says_so_and_a_newer_save_cancels_it(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await open_with(someone, seconds=60)
        await someone.write(planted()["loop"][0])
        await someone.press("ctrl+s")
        await someone.until(lambda: "judging …" in someone.said("#title"))
        assert "Passed" in await someone.save(RIGHT)  # long before the minute
        await someone.until(lambda: someone.state.attempts == 1)  # the cancelled one counts for nothing
        assert someone.longest_gap < LONGEST_GAP


async def test_opening_again_repeats_the_verdict_and_counts_it_once(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        said = await someone.save(WRONG_SHAPE)
        await someone.until(lambda: someone.state.attempts == 1)
    async with learner(tmp_path, LAB, box) as someone:
        await someone.judged(0)
        assert someone.headline == said
        someone.file.write_text(RIGHT)
        await someone.until(lambda: someone.state.passed)
        assert someone.state.attempts == 2


# ── other editors ────────────────────────────────────────────────────────────────────────────────────────────────────


def in_place(file: Path, text: str) -> None:
    file.write_text(text)


def by_rename(file: Path, text: str) -> None:
    (file.parent / ".4913").write_text(text)
    (file.parent / ".4913").replace(file)


def in_halves(file: Path, text: str) -> None:
    with file.open("w") as half:
        half.write(text[: len(text) // 2])
        half.flush()
        os.fsync(half.fileno())
        half.write(text[len(text) // 2 :])


def by_vim(file: Path, text: str) -> None:
    (file.parent / "new").write_text(text)
    subprocess.run(["vim", "-Nu", "NONE", "-es", "-c", f"w! {file.name}|q", "new"], cwd=file.parent, check=True)


EDITORS = [in_place, by_rename, in_halves, *([by_vim] if shutil.which("vim") else [])]


async def test_a_save_from_outside_is_judged_and_shown(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        pane, before = someone.lab.pane, starter(someone.lab.challenge)
        for number, editor in enumerate(EDITORS):
            pane.move_cursor((9, 3))
            after, checks = f"{RIGHT}# {number}\n", someone.lab.answered
            editor(someone.file, after)
            await someone.judged(checks)
            assert "Passed" in someone.headline
            assert pane.text == after
            assert pane.cursor_location == (9, 3)
            assert someone.banner == ""
            pane.undo()  # what stood there is one step back
            assert pane.text == before
            pane.redo()
            before = after


async def test_twenty_quick_saves_end_with_the_last_and_never_show_half_a_file(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        seen: set[str] = set()
        for number in range(20):
            EDITORS[number % 3](someone.file, f"{WRONG_SHAPE}# {number}\n" if number < 19 else RIGHT)
            await someone.pilot.pause()
            seen.add(someone.lab.judged_text)
        await someone.until(lambda: "Passed" in someone.headline)
        whole = {f"{WRONG_SHAPE}# {number}\n" for number in range(19)}
        assert seen <= {"", starter(someone.lab.challenge), RIGHT} | whole
        assert someone.lab.pane.text == RIGHT


@pytest.mark.parametrize(
    ("keys", "wins", "loses"), [(["ctrl+s"], "mine", "theirs"), (["ctrl+o"] * 2, "theirs", "mine")]
)
async def test_two_versions_are_both_kept_and_told(
    tmp_path: Path, box: Box, keys: list[str], wins: str, loses: str
) -> None:
    texts = {"mine": f"# mine\n{RIGHT}", "theirs": f"# theirs\n{RIGHT}"}
    async with learner(tmp_path, LAB, box) as someone:
        await someone.write(texts["mine"])
        in_place(someone.file, texts["theirs"])
        await someone.until(lambda: "changed in another editor" in someone.banner)
        assert someone.lab.pane.text == texts["mine"]
        assert someone.file.read_text() == texts["theirs"]
        for key in keys:
            await someone.press(key)
            await someone.until(lambda: getattr(someone.app.screen, "versions", None) is not None)
        await someone.until(lambda: someone.banner == "" and not someone.lab.checking)
        assert someone.lab.pane.text == someone.file.read_text() == texts[wins]
        await someone.until(lambda: sorted(someone.kept()) == sorted(texts.values()))
        await someone.until(lambda: "kept" in someone.notices)
        assert "Passed" in someone.headline and not someone.lab.stale


async def test_a_version_from_outside_that_vanishes_leaves_nothing_to_choose(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.write(f"# mine\n{RIGHT}")
        in_place(someone.file, RIGHT)
        await someone.until(lambda: "changed in another editor" in someone.banner)
        gone(someone.file)
        await someone.until(lambda: "is not there" in someone.banner)
        in_place(someone.file, RIGHT)
        await someone.until(lambda: "changed in another editor" in someone.banner)


def gone(file: Path) -> None:
    file.unlink()


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere.py")


def latin(file: Path) -> None:
    file.write_bytes(b"# caf\xe9\n")


def huge(file: Path) -> None:
    with file.open("wb") as large:
        large.truncate(1 << 30)


def locked(file: Path) -> None:
    file.chmod(0)


UNREADABLE = [
    (gone, "is not there"),
    (folder, "is a folder"),
    (fifo, "pipe or a device"),
    (dangling, "is a link to a file that is not there"),
    (latin, "not UTF-8: line 1"),
    (huge, "MiB large"),
    *([(locked, "may not be read")] if os.geteuid() else []),  # root reads everything
]


@pytest.mark.timed
async def test_a_file_that_cannot_be_read_is_a_sentence_and_recovers(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        for number, (change, words) in enumerate(UNREADABLE):
            before, after = someone.lab.pane.text, f"{RIGHT}# {number}\n"
            change(someone.file)
            await someone.told(words)
            assert someone.lab.pane.text == before
            if someone.file.is_dir():
                someone.file.rmdir()
            by_rename(someone.file, after)
            await someone.told("")
            await someone.judged_on(after)
            assert someone.lab.pane.text == after
        assert someone.longest_gap < LONGEST_GAP


async def test_opening_on_a_file_that_cannot_be_read(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        file = someone.file
        for change, words in ((change, words) for change, words in UNREADABLE if change not in (gone, dangling)):
            await someone.press("escape", "escape")
            if file.is_dir():
                file.rmdir()
            file.unlink(missing_ok=True)
            file.write_text(WRONG_SHAPE)
            change(file)
            someone.app.open_lab(NAME)
            await someone.until(lambda: isinstance(someone.app.screen, LabScreen) and someone.app.screen.is_mounted)
            assert words in someone.banner
            assert "Passed" in await someone.save(RIGHT)
            assert ("could not be saved" in someone.banner) == (change is folder)
            assert change is folder or file.read_text() == RIGHT
        assert "# caf\N{REPLACEMENT CHARACTER}\n" in someone.kept()  # not UTF-8, and kept all the same


async def test_a_folder_that_cannot_be_written_is_said_and_the_tutor_goes_on(tmp_path: Path, box: Box) -> None:
    (tmp_path / "user_data").write_text("a file where the folder should be")
    async with learner(tmp_path, LAB, box) as someone:
        assert "could not be saved" in someone.banner
        assert "Passed" in await someone.save(RIGHT)
        assert "What you wrote is still here" in someone.banner
        assert someone.lab.pane.text == RIGHT


async def test_a_folder_that_is_removed_is_looked_at_by_the_clock(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        shutil.rmtree(someone.file.parent)
        await someone.until(lambda: "is not there" in someone.banner)
        someone.file.parent.mkdir()
        in_place(someone.file, RIGHT)
        await someone.until(lambda: "Passed" in someone.headline)
        in_place(someone.file, WRONG_SHAPE)  # and the new folder is watched
        await someone.until(lambda: "still carries the batch" in someone.headline)


# ── hints, solutions, reset, on ──────────────────────────────────────────────────────────────────────────────────────


async def test_hints_come_in_stages_and_then_the_solution_on_request(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.press("escape", "s")
        await someone.until(lambda: "after the third hint" in someone.notices)
        for number, key in ((1, "f2"), (2, "n"), (3, "n")):
            await someone.press(key)
            page = someone.app.screen
            assert isinstance(page, Page) and page.heading == f"Hint {number} of 3"
        await someone.press("p")
        assert isinstance(someone.app.screen, Page) and someone.app.screen.heading == "Hint 2 of 3"
        await someone.press("n", "s")
        assert isinstance(someone.app.screen, Question)
        await someone.press("y")
        assert isinstance(someone.app.screen, Page) and "Solution 1" in someone.app.screen.heading
        await someone.until(lambda: someone.state.hints == 3 and someone.state.solution_shown)
        await someone.press("escape")
        assert "hint 3 of 3" in someone.said("#title")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_a_page_is_laid_out_for_the_room_it_has(tmp_path: Path, box: Box, size: tuple[int, int]) -> None:
    words = f"1. {'word ' * 40}\n\n| a | b |\n|---|---|\n| {'left ' * 20} | {'right ' * 20} |"
    async with learner(tmp_path, LAB, box, size=size) as someone:
        await someone.app.push_screen(Page("Hint 1 of 3", lambda width: prose(words, width)))
        await someone.pilot.pause()
        flow = someone.app.screen.query_one(Flow)
        item, table = (part.split("\n") for part in str(flow.render()).split("\n\n"))
        assert all(line.startswith("   word") for line in item[1:])
        assert all("left" in line and "right" in line for line in table[2:-1])
        assert max(map(len, item + table)) <= flow.size.width
        assert flow.size.height == len(item) + 1 + len(table)


async def test_reset_asks_keeps_the_file_and_can_be_undone(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(WRONG_SHAPE)
        await someone.write(f"{WRONG_SHAPE}# typed since\n")
        await someone.press("f9", "escape")
        assert "typed since" in someone.lab.pane.text
        await someone.press("f9", "y")
        await someone.until(lambda: someone.lab.pane.text == starter(someone.lab.challenge))
        await someone.until(lambda: someone.file.read_text() == starter(someone.lab.challenge))
        assert {WRONG_SHAPE, f"{WRONG_SHAPE}# typed since\n"} <= set(someone.kept())
        await someone.press("ctrl+z")
        assert "typed since" in someone.lab.pane.text


async def test_f7_goes_on_and_f5_trains_only_what_passed(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(WRONG_SHAPE)
        await someone.press("f7", "f5")
        await someone.until(lambda: "once every gradient is right" in someone.notices)
        await someone.until(lambda: "ctrl+s judges it" in someone.notices)
        await someone.save(RIGHT)
        await someone.press("x", "f5")
        assert not someone.paths.runs.exists()
        await someone.press("f7")
        await someone.until(lambda: not isinstance(someone.app.screen, LabScreen))


async def test_f5_is_offered_only_where_there_is_a_network_to_train(tmp_path: Path, box: Box) -> None:
    for name, trains in ((NAME, True), ("slope_fill", False)):
        async with learner(tmp_path, Opening("lab", name), box) as someone:
            said = await someone.save(solution(name))
            assert "Passed" in said and ("F5 trains" in said) == trains
            assert "F7 goes on." in said
            shown = [binding.key for binding in someone.lab.query_one(KeyBar).bindings()]
            assert ("f5" in shown) == trains
            helped = {keys: words for group in groups(someone.lab) for keys, words in group.keys}
            assert ("Nothing to train" in helped["F5"]) == (not trains)
            if not trains:
                await someone.press("f5")
                await someone.until(lambda: "not part of a network" in someone.notices)


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_pane_is_an_editor(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        pane = someone.lab.pane
        await someone.write("")
        await someone.press(*"if x:", "enter", *"y", "enter", "tab", *"s1", "f6", "f7")
        assert pane.text == "if x:\n    y\n        s1"
        assert pane.selected_text == ""
        await someone.press("ctrl+z")
        assert pane.text != "if x:\n    y\n        s1"
        await someone.press("ctrl+y")
        assert pane.text == "if x:\n    y\n        s1"
        await someone.press("escape", "j", "x")
        assert pane.text == "if x:\n    y\n        s1"
        assert isinstance(someone.app.screen, LabScreen)
        await someone.press("escape")
        assert isinstance(someone.app.screen, HomeScreen)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_esc_goes_to_the_results_and_esc_once_more_leaves(
    tmp_path: Path, box: Box, size: tuple[int, int]
) -> None:
    async with learner(tmp_path, LAB, box, size=size) as someone:
        assert "Esc, then s: other solutions" in await someone.save(RIGHT)
        await someone.press("escape")
        assert someone.app.focused is someone.lab.table
        await someone.until(lambda: "F7 goes on. s: other solutions" in someone.headline)
        await someone.press("s")
        assert isinstance(someone.app.screen, Page) and "Solution 1" in someone.app.screen.heading
        await someone.press("escape")
        assert isinstance(someone.app.screen, LabScreen)
        await someone.press("1")
        await someone.until(lambda: "Esc, then s" in someone.headline)
        await someone.press("escape", "escape")
        assert isinstance(someone.app.screen, HomeScreen)


async def test_no_letter_leaves_the_lab(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        lab, text = someone.lab, someone.lab.pane.text
        await someone.save(WRONG_SHAPE)
        await someone.press("escape")
        for letter in string.ascii_letters:
            await someone.press(letter)
            assert lab in someone.app.screen_stack, letter
            while someone.app.screen is not lab:  # a page over it
                await someone.press("escape")
        assert lab.pane.text == WRONG_SHAPE != text


async def test_panes_change_places_on_a_small_screen(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box, size=SMALL) as someone:
        lab = someone.lab
        await someone.save(WRONG_SHAPE.replace("return ", "print('[/oops]', x.shape)\n        return ", 1))
        shown = {"code": lab.pane, "gradients": lab.table, "output": lab.query_one("#output")}

        async def check(view: str) -> None:
            await someone.pilot.pause()
            assert {name for name, widget in shown.items() if widget.region.area} == {view}
            assert someone.app.focused is shown[view]

        await check("code")
        await someone.press("f4")
        await check("gradients")
        await someone.press("3")
        await check("output")
        assert "[/oops]" in someone.said("#output Static")
        await someone.press("1")
        await check("code")
        await someone.press("escape", "2", "down")
        await check("gradients")
        await someone.press("1")
        await check("code")
        await someone.pilot.resize_terminal(*LARGE)
        await someone.pilot.pause()
        assert all(widget.region.area for widget in shown.values())


async def test_control_characters_of_a_file_are_signs(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.write("a = '\x1b[31m\u202e'\n")
        assert someone.lab.pane.get_line(0).plain == "a = '␛[31m\N{REPLACEMENT CHARACTER}'"
        assert someone.lab.pane.text.startswith("a = '\x1b[31m\u202e'")


# ── what is typed and not saved ──────────────────────────────────────────────────────────────────────────────────────


async def test_leaving_with_unsaved_changes_loses_nothing(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(RIGHT)
        await someone.write(f"{RIGHT}# half a thought")
        await someone.press("escape", "escape")
        assert isinstance(someone.app.screen, HomeScreen)
        someone.app.open_lab(NAME)
        await someone.until(lambda: isinstance(someone.app.screen, LabScreen) and someone.app.screen.is_mounted)
        assert someone.lab.pane.text == f"{RIGHT}# half a thought"
        assert someone.file.read_text() == RIGHT
        assert "You left without saving" in someone.banner
        await someone.press("ctrl+o")
        await someone.until(lambda: isinstance(someone.app.screen, ConflictScreen) and someone.app.screen.versions)
        await someone.press("ctrl+o")
        await someone.until(lambda: someone.lab.pane.text == RIGHT)
        assert f"{RIGHT}# half a thought" in someone.kept()
        await someone.write(f"{RIGHT}# another")  # and now the app ends
    async with learner(tmp_path, LAB, box) as someone:
        assert "Passed" in await someone.save()
        assert someone.file.read_text() == f"{RIGHT}# another"
    async with learner(tmp_path, LAB, box) as someone:
        assert someone.banner == ""


def test_a_pasted_megabyte_is_capped_and_a_signal_loses_nothing_of_it(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    from tutor.paths import locate

    paths = locate(tmp_path / "user_data")
    with Store.open(paths) as store:
        store.record("welcomed")
    code = f"import sys; from tutor.tui import Opening, run; sys.exit(run(None, Opening('lab', '{NAME}')))"
    with terminal([sys.executable, "-c", code], env={"TUTOR_USER_DATA": str(paths.user_data)}) as screen:
        screen.wait_for("^s judge")
        screen.paste("# a line of a megabyte\n" * 48_000)
        screen.wait_for("unsaved")
        screen.wait_for("Only the first 64 KiB")
        screen.kill(signal.SIGTERM)
        assert screen.wait_exit() == 128 + signal.SIGTERM
        assert screen.clean
    draft = WorkFile(paths.implementation(NAME), paths.backup).draft()
    assert draft is not None
    assert draft.startswith("# a line of a megabyte\n")
    assert PASTE_LIMIT / 2 < len(draft) < PASTE_LIMIT + 5000
    assert paths.implementation(NAME).read_text() == starter(challenge(NAME))


async def test_what_is_copied_is_kept_in_a_file_too(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.write("gradient = 1\n")
        await someone.press("ctrl+home", "ctrl+shift+right", "ctrl+c")
        await someone.until(lambda: "clipboard.txt" in someone.notices)
        assert someone.app.clipboard == "gradient"
        assert (someone.paths.user_data / "clipboard.txt").read_text() == "gradient"
