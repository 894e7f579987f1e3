"""The table of gradients paints only the lines that changed: what stands there is what a whole painting shows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.containers import VerticalScroll
from textual.strip import Strip

from tests.screens import Learner, challenge, learner, solution
from tutor.course import starters
from tutor.learner import Box
from tutor.tui.opening import Opening
from tutor.tui.widgets.tensor_table import TensorTable

NAME = "linear_scratch"
RIGHT = solution(NAME)
SUM = "grad_output.sum(axis=0)"


def painted(someone: Learner) -> list[Strip]:
    """The lines of the table as they stand on the screen."""
    table = someone.lab.query_one(TensorTable)
    return list(table.render_lines(table.size.region))


async def test_lines_that_changed_are_painted_and_no_other_is_out_of_date(tmp_path: Path, box: Box) -> None:
    assert SUM in RIGHT
    async with learner(tmp_path, Opening("lab", NAME), box) as someone:
        table = someone.lab.query_one(TensorTable)
        seen = set[str]()
        for wrong in (SUM, "grad_output", f"2 * {SUM}", "grad_output.mean(axis=0)", SUM):
            await someone.save(RIGHT.replace(SUM, wrong))
            for by in (0, 1, 1, -2):
                table.action_move(by)
                await someone.pilot.pause()
                by_lines = painted(someone)
                table.refresh()  # all of it
                assert painted(someone) == by_lines
                seen.add("\n".join(strip.text for strip in by_lines))
        assert len(seen) >= 12


# ── a table longer than its place ────────────────────────────────────────────────────────────────────────────────────


def in_sight(table: TensorTable) -> range:
    """The rows of which something is on the screen."""
    place = table.parent
    assert isinstance(place, VerticalScroll)
    top = place.scroll_offset.y - 1  # the first line names the columns
    return range(top, top + place.size.height)


async def first_wrong_in_sight(someone: Learner, table: TensorTable) -> int:
    """Wait until the first wrong row is on the screen, and return its number."""
    assert table.report is not None and table.report.first_wrong is not None
    number = table.report.checks.index(table.report.first_wrong)
    await someone.until(lambda: number in in_sight(table))
    assert table.chosen == number
    assert table.lines(table.size.width, 0)[number + 1].plain.startswith("▸ ✗")
    return number


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_first_wrong_row_is_in_sight_and_then_what_the_learner_chose(
    tmp_path: Path, box: Box, size: tuple[int, int]
) -> None:
    debug = challenge("autograd_debug")
    async with learner(tmp_path, Opening("lab", debug.id), box, size=size) as someone:
        table = someone.lab.query_one(TensorTable)
        wrongs = []
        for text in starters(debug):
            await someone.save(text)
            if size == (80, 24):
                await someone.press("f4")  # a hidden table is scrolled once it is shown
            wrongs.append(await first_wrong_in_sight(someone, table))
            await someone.press("1")
        assert max(wrongs) > 36  # far below the fold

        await someone.save(solution(debug.id))
        await someone.press("escape")
        await someone.until(lambda: 0 in in_sight(table))


async def test_the_rest_of_a_verdict_leaves_alone_what_the_learner_chose_or_scrolled_to(
    tmp_path: Path, box: Box
) -> None:
    debug = challenge("autograd_debug")
    async with learner(tmp_path, Opening("lab", debug.id), box) as someone:
        table = someone.lab.query_one(TensorTable)
        place = table.parent
        assert isinstance(place, VerticalScroll)
        await someone.save(starters(debug)[-1])
        last = table.report
        assert last is not None

        for seed in (1, 2, 3):
            begun = msgspec.structs.replace(last, seed=seed, final=False)
            table.report = begun  # another verdict: it points again, wherever the learner has been
            number = await first_wrong_in_sight(someone, table)
            await someone.pilot.pause()
            kept = number
            if seed == 1:
                table.action_move(-3)
                kept = number - 3
            elif seed == 2:
                place.scroll_to(y=0, animate=False, immediate=True)
            await someone.pilot.pause()
            seen = in_sight(table)
            table.report = msgspec.structs.replace(begun, final=True)
            await someone.pilot.pause()
            await someone.pilot.pause()
            assert (table.chosen, in_sight(table)) == (kept, seen)


async def test_going_to_the_table_leaves_it_where_it_is_scrolled(tmp_path: Path, box: Box) -> None:
    debug = challenge("autograd_debug")
    async with learner(tmp_path, Opening("lab", debug.id), box) as someone:
        table = someone.lab.query_one(TensorTable)
        await someone.save(starters(debug)[-1])
        await first_wrong_in_sight(someone, table)
        seen = in_sight(table)
        for keys in (["escape"], ["1", "2"], ["shift+tab"]):
            await someone.press(*keys)
            await someone.pilot.pause()
            if someone.app.focused is not table:
                someone.lab.focus_next()
                await someone.pilot.pause()
            assert someone.app.focused is table
            assert in_sight(table) == seen
