"""F8 in the Lab: the file runs as `python file` would; and the page of tests by tier."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens import Learner, learner, solution
from tutor.learner import Box
from tutor.tui.opening import Opening
from tutor.tui.screens.dialogs import Page
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.lab import LabScreen

NAME = "linear_scratch"
LAB = Opening("lab", NAME)
SMALL, LARGE = (80, 24), (120, 36)
RIGHT = solution(NAME)
MAIN = '\n\nif __name__ == "__main__":\n    '


def output(someone: Learner) -> str:
    """What stands in the output pane."""
    return someone.said("#output Static")


async def run(someone: Learner, text: str) -> str:
    """Write this, press F8, and wait for the end of the run."""
    await someone.write(text)
    await someone.press("f8")
    await someone.until(lambda: not someone.lab.run.running and f"python {NAME}.py" in output(someone))
    return output(someone)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_file_is_saved_run_and_judged(tmp_path: Path, box: Box, size: tuple[int, int]) -> None:
    text = f"{RIGHT}{MAIN}print('[b]mine[/b]', Linear(2, 3).forward(np.ones((4, 2))).shape)\n"
    async with learner(tmp_path, LAB, box, size) as someone:
        said = await run(someone, text)
        assert "✓" in said and "exit status 0" in said and "[b]mine[/b] (4, 3)" in said
        assert someone.lab.query_one("#output").region.area
        await someone.judged_on(text)
        assert someone.file.read_text() == text and "Passed" in someone.headline
        assert "mine" in output(someone)  # the run is still what is shown ...
        await someone.save()
        assert output(someone) == "Nothing was printed."  # ... until the next verdict is asked for


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", ["out", "err", "exit status 3", "✗"]),
        ("1 / 0", ["exit status 1", "ZeroDivisionError: division by zero", "line "]),
        ("print('\\x1b[31mred\\x07')", ["red␇"]),
        ("print('x' * 5000); [print(n) for n in range(5000)]", ["the beginning of it", "exit status 0"]),
        ("pass", ["Nothing was printed", "__main__"]),
        ("def (", ["Python cannot read the file"]),
    ],
)
async def test_however_it_ends_it_is_said(tmp_path: Path, box: Box, code: str, words: list[str]) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        said = await run(someone, f"{RIGHT}{MAIN}{code}\n")
        assert all(word in said for word in words), said
        assert "\x1b" not in said and said.count("\n") < 250


async def test_the_line_in_which_a_run_stops_is_marked(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        text = f"{RIGHT}{MAIN}Linear(2, 3).forward(None)\n"
        said = await run(someone, text)
        assert "Linear(2, 3).forward(None)" in said and "in forward" in said
        await someone.judged_on(text)
        assert "Passed" in someone.headline
        marked = someone.lab.pane.marked
        assert marked is not None and text.split("\n")[marked - 1].strip() in said


async def test_a_long_run_says_so_and_is_ended_by_f8_or_esc(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.write(f"{RIGHT}{MAIN}while True: pass\n")
        for key in ("f8", "escape"):
            await someone.press("f8")
            await someone.until(lambda: "is running" in output(someone))
            await someone.press(key)
            assert not someone.lab.run.running and "is running" not in output(someone)
            assert isinstance(someone.app.screen, LabScreen) and someone.lab.pane.has_focus
        await someone.press("escape", "f8")
        await someone.until(lambda: "is running" in output(someone))
        await someone.press("escape")
        assert not someone.lab.run.running and isinstance(someone.app.screen, LabScreen)
        await someone.press("escape")
        assert isinstance(someone.app.screen, HomeScreen)


async def test_graded_output_says_which_case_printed_it(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box) as someone:
        await someone.save(
            RIGHT.replace("    def forward(self, x):\n", "    def forward(self, x):\n        print(x.shape)\n")
        )
        said = output(someone)
        assert said.index("basic · five samples") < said.index("(5, 4)") < said.index("edge · a batch of one")


async def test_the_tests_by_tier(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, LAB, box, SMALL) as someone:
        await someone.press("escape", "t")
        assert "Nothing was judged yet" in someone.notices
        await someone.save(RIGHT.replace(".sum(axis=0)", ".mean(axis=0)"))
        await someone.press("t")
        await someone.until(lambda: isinstance(someone.app.screen, Page))
        page = someone.app.screen
        assert isinstance(page, Page)
        told = page.body(72).plain
        assert "✗ five samples" in told and "grad_b" in told
        assert "✓ a batch of one" in told
        await someone.press("escape")
        await someone.until(lambda: isinstance(someone.app.screen, LabScreen))
