"""The sweep page as a learner opens it from the Lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens import Learner, learner, solution
from tutor.learner import Box
from tutor.tui.opening import Opening
from tutor.tui.screens.lab import LabScreen
from tutor.tui.screens.sweep import SweepScreen

LAB = Opening("lab", "backprop_fill")
RIGHT = solution("backprop_fill")
BY_THE_BATCH = RIGHT.replace("grad_z.sum(axis=0)", "grad_z.mean(axis=0)")


async def opened(someone: Learner) -> SweepScreen:
    """The page, once its chart stands."""
    await someone.press("escape", "n")
    await someone.until(lambda: isinstance(someone.app.screen, SweepScreen))
    page = someone.app.screen
    assert isinstance(page, SweepScreen)
    await someone.until(lambda: page.chart is not None)
    return page


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)])
async def test_the_page_shows_chart_numbers_and_words(tmp_path: Path, box: Box, size: tuple[int, int]) -> None:
    async with learner(tmp_path, LAB, box, size) as someone:
        await someone.save(RIGHT)
        page = await opened(someone)
        assert "grad_W2" in someone.said("#title") and "random direction" in someone.said("#title")
        chart = someone.said("#chart")
        assert "▾" in chart and "×" in chart and "━━ float64" in chart
        assert "complex" in someone.said("#numbers") and "h = " in someone.said("#numbers")
        assert "Your grad_W2 agrees" in someone.said("#reading")
        assert "float64 is best near" in someone.said("#reading")
        for name in ("#chart", "#numbers", "#reading"):
            assert page.query_one(name).region.area and page.query_one(name).region.bottom < size[1]
        await someone.press("escape")
        await someone.until(lambda: isinstance(someone.app.screen, LabScreen))


async def test_the_keys_of_the_page(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(BY_THE_BATCH)
        page = await opened(someone)
        assert "grad_b2" in someone.said("#title")  # the first wrong one, as nothing else was chosen
        assert "no step size explains that" in someone.said("#reading")
        numbers, chart = someone.said("#numbers"), someone.said("#chart")
        await someone.press("left", "left")
        assert someone.said("#numbers") != numbers and someone.said("#chart") != chart
        await someone.press("b")
        assert someone.said("#numbers") == numbers
        await someone.press("w")
        await someone.until(lambda: "alone" in someone.said("#title") and page.chart is not None)
        await someone.press("down")
        await someone.until(lambda: page.sweep is not None and page.sweep.name == "grad_W1" and page.chart is not None)
        assert "agrees" in someone.said("#reading")
        await someone.press(*["right"] * 15)
        assert page.at == 0
        await someone.pilot.resize_terminal(80, 24)
        await someone.until(lambda: page.chart is not None and someone.said("#chart").count("\n") < 14)
        await someone.press("escape")
        await someone.until(lambda: isinstance(someone.app.screen, LabScreen))
        await someone.press("t")  # and letters still act: nothing was typed
        assert someone.lab.pane.text == BY_THE_BATCH


async def test_without_a_verdict_there_is_nothing_to_sweep(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.press("escape", "n")
        assert "ctrl+s saves and judges" in someone.notices
        assert isinstance(someone.app.screen, LabScreen)


async def test_code_that_does_not_run_says_so_on_the_page(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(RIGHT)
        await someone.write("raise KeyError('[b]oops[/b]')\n")
        await someone.press("escape", "n")
        await someone.until(lambda: isinstance(someone.app.screen, SweepScreen))
        await someone.until(lambda: "[b]oops[/b]" in someone.said("#reading"))
