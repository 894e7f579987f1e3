"""The table of gradients paints only the lines that changed: what stands there is what a whole painting shows."""

from __future__ import annotations

from pathlib import Path

from textual.strip import Strip

from tests.screens import Learner, learner, solution
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
