"""The pane and another editor changed the same file: what each did, and the learner's choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens import Learner, learner, solution
from tutor.learner import Box, decode
from tutor.tui.opening import Opening
from tutor.tui.screens import conflict_view
from tutor.tui.screens.conflict import ConflictScreen
from tutor.tui.screens.lab import LabScreen

NAME = "linear_scratch"
LAB = Opening("lab", NAME)
RIGHT = solution(NAME)
FIRST = RIGHT.split("\n")[0]
BOTH_CHANGED = (RIGHT.replace(".sum(axis=0)", ".sum(0)"), RIGHT.replace(".sum(axis=0)", ".sum(axis=(0,))"))


async def two_versions(someone: Learner, pane: str, file: str) -> None:
    """Type one, and let another editor save the other."""
    await someone.write(pane)
    before = someone.lab.answered
    someone.file.write_text(file)
    await someone.told("changed in another editor")
    await someone.judged(before)


async def open_view(someone: Learner) -> ConflictScreen:
    """Open the three-way view, and wait until it knows what differs."""
    await someone.press("ctrl+o")
    await someone.until(lambda: isinstance(someone.app.screen, ConflictScreen) and someone.app.screen.list.places)
    screen = someone.app.screen
    assert isinstance(screen, ConflictScreen)
    return screen


def shown(screen: ConflictScreen) -> str:
    """The places, as lines."""
    return str(screen.list.render())


async def settled(someone: Learner, text: str) -> None:
    """Wait until this stands in the pane and in the file, and was judged."""
    await someone.until(lambda: isinstance(someone.app.screen, LabScreen) and not someone.banner)
    await someone.judged_on(text)
    assert someone.lab.pane.text == someone.file.read_text() == text


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_changes_far_apart_are_merged_by_one_key(tmp_path: Path, box: Box, size: tuple[int, int]) -> None:
    pane, file = RIGHT.replace(".sum(axis=0)", ".sum(0)"), RIGHT.replace(FIRST, "# theirs")
    async with learner(tmp_path, LAB, box, size) as someone:
        await someone.save(RIGHT)
        await two_versions(someone, pane, file)
        assert someone.lab.pane.text == pane and isinstance(someone.app.screen, LabScreen)  # no key was stolen
        screen = await open_view(someone)
        assert "differ in 2 places; each is settled" in someone.said("#introduction")
        assert "line 1, changed in the file alone: takes the file's" in shown(screen)
        assert "✓ file │ # theirs" in shown(screen)
        await someone.press("enter")
        await settled(someone, file.replace(".sum(axis=0)", ".sum(0)"))
        assert {pane, file} <= set(someone.kept())
        await someone.press("ctrl+z")
        assert someone.lab.pane.text == pane  # and undo goes back to before the choice


@pytest.mark.parametrize("key", ["y", "f", "b"])
async def test_where_both_changed_each_place_asks(tmp_path: Path, box: Box, key: str) -> None:
    pane, file = BOTH_CHANGED
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(RIGHT)
        await two_versions(someone, pane, file)
        screen = await open_view(someone)
        assert "1 of them asks you" in someone.said("#introduction")
        for words in ("· was  │", "? pane │", "? file │", "changed in both: which?"):
            assert words in shown(screen)
        await someone.press("enter")
        await someone.until(lambda: "still ask" in someone.notices)
        await someone.press(key)
        await someone.until(lambda: "each is settled" in someone.said("#introduction"))
        await someone.press("enter")
        lines = [text.split("\n") for text in (pane, file)]
        at = next(number for number, line in enumerate(lines[0]) if ".sum(0)" in line)
        taken = {"y": lines[0][at : at + 1], "f": lines[1][at : at + 1], "b": [lines[0][at], lines[1][at]]}[key]
        await settled(someone, "\n".join([*lines[0][:at], *taken, *lines[0][at + 1 :]]))
        assert {pane, file} <= set(someone.kept())
        assert "Passed" in someone.headline


@pytest.mark.parametrize(("key", "wins"), [("ctrl+s", 0), ("ctrl+o", 1)])
async def test_one_key_takes_all_of_a_side_and_esc_leaves_it_open(
    tmp_path: Path, box: Box, key: str, wins: int
) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(RIGHT)
        await two_versions(someone, *BOTH_CHANGED)
        await open_view(someone)
        await someone.press("escape")
        assert someone.lab.pane.text == BOTH_CHANGED[0] and someone.file.read_text() == BOTH_CHANGED[1]
        assert "changed in another editor" in someone.banner
        await open_view(someone)
        await someone.press(key)
        await settled(someone, BOTH_CHANGED[wins])
        assert set(BOTH_CHANGED) <= set(someone.kept())


async def test_a_file_that_changes_while_it_is_looked_at_is_never_overwritten_unseen(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(RIGHT)
        await two_versions(someone, *BOTH_CHANGED)
        screen = await open_view(someone)
        newest = RIGHT.replace(FIRST, "# newest")
        someone.file.write_text(newest)
        file = someone.lab.file
        await someone.until(lambda: (two := file.two_versions) is not None and two.outside.text == newest)
        await someone.press("ctrl+o")
        await someone.until(lambda: "changed once more" in someone.notices)
        assert someone.file.read_text() == newest
        await someone.until(lambda: "# newest" in shown(screen))
        await someone.press("ctrl+o")
        await settled(someone, newest)
        assert {*BOTH_CHANGED, newest} <= set(someone.kept())


async def test_without_two_versions_the_key_says_so(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.write(RIGHT)
        await someone.press("ctrl+o")
        await someone.until(lambda: "nothing to choose" in someone.notices)
        assert isinstance(someone.app.screen, LabScreen)


async def test_a_full_disk_keeps_both_where_they_are(tmp_path: Path, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await two_versions(someone, *BOTH_CHANGED)
        await open_view(someone)

        def full(*_: object) -> Path:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(someone.lab.file.file.history, "keep", full)
        await someone.press("ctrl+s")
        await someone.until(lambda: "No space left on device" in someone.notices)
        assert isinstance(someone.app.screen, ConflictScreen)
        assert someone.lab.pane.text == BOTH_CHANGED[0] and someone.file.read_text() == BOTH_CHANGED[1]


def test_without_a_common_beginning_every_difference_asks() -> None:
    places = conflict_view.places(conflict_view.pieces_of(None, "a\nb\nc", "a\nB\nc\nd"))
    assert [conflict_view.first_choice(place) for place in places] == [None, None]
    lines = [line.plain for line in conflict_view.place_lines(places[0], 1, None, True)]
    assert lines == [
        "▸ 1  line 2, changed in both: which? y the pane's, f the file's, b both",
        "            │ a",
        "     ? pane │ b",
        "     ? file │ B",
        "            │ c",
    ]


def test_a_learners_text_is_shown_literally() -> None:
    (place,) = conflict_view.places(conflict_view.pieces_of("", "[b]x[/b]\x1b[31m", decode(b"\xef\xbb\xbfy", "x.py")))
    lines = [line.plain for line in conflict_view.place_lines(place, 1, None, False)]
    assert any("[b]x[/b]" in line for line in lines) and not any("\x1b" in line for line in lines)
