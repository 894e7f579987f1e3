"""What the cell diff looks like: the words and where they stand, at the three sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.screens import challenge
from tutor.grading import Cell, Check, Report, Tensor, TierCount
from tutor.grading.report import Verdict
from tutor.paths import locate
from tutor.progress import Store
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening
from tutor.tui.screens.diff import DiffScreen
from tutor.tui.widgets.tensor_table import TensorTable

SIZES = [(80, 24), (120, 36), (200, 50)]
SMALL = np.cos(np.arange(12.0)).reshape(4, 3)
LARGE = np.cos(np.arange(2048.0)).reshape(64, 32)


def report(yours: npt.NDArray[np.float64], expected: npt.NDArray[np.float64]) -> Report:
    """A verdict on one tensor."""
    verdict: Verdict = "wrong_value" if yours.shape == expected.shape else "wrong_shape"
    worst = Cell((0, 0), 0.0, 1.0) if verdict == "wrong_value" else None
    ratio = 0.25 if verdict == "wrong_value" else None
    sentence = "grad_W is not what it should be."
    check = Check(
        "grad_W",
        "basic",
        "five samples through a 4-to-3 layer",
        verdict,
        expected.shape,
        yours.shape,
        ratio,
        worst,
        sentence,
    )
    return Report(
        challenge="linear_scratch",
        source_hash="",
        seed=1,
        status="failed",
        headline=sentence,
        next_step="",
        checks=(check,),
        tiers={tier: TierCount(0, 1, tier == "basic") for tier in ("basic", "edge", "stress")},
        tensors=(Tensor("grad_W", yours.tolist(), expected.tolist(), expected.tolist()),),
        fault=None,
        line=None,
        output="",
        output_cut=False,
        seconds=0.01,
        numeric_note="complex step",
    )


def planted(name: str) -> Report:
    small, large = SMALL.copy(), LARGE.copy()
    small[1] *= -1
    large[5, 3] += 1
    large[33, 20] += 0.01
    return {
        "row": report(small, SMALL),
        "large": report(large, LARGE),
        "shape": report(SMALL.T, SMALL),
    }[name]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ["row", "large", "shape"])
async def test_the_cells_stand_in_their_place(
    tmp_path: Path, name: str, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    paths = locate(tmp_path)
    with Store.open(paths) as store:
        store.record("welcomed")
        app = TutorApp(paths, store, Opening())
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await app.workers.wait_for_complete()
            lab = TensorTable()
            await app.screen.mount(lab)
            lab.report = planted(name)
            await app.push_screen(DiffScreen(challenge("linear_scratch"), lab))
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            assert "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) == snapshot
