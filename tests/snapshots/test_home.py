"""The home screen and what stands over it, as text at the two sizes that everything must fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tutor.paths import Paths, locate
from tutor.progress import Store
from tutor.tui.app import TutorApp
from tutor.tui.opening import Opening

SIZES = [(80, 24), (120, 36)]


def screen_text(app: TutorApp) -> str:
    """What stands on the screen, without colours."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def picture(paths: Paths, store: Store, size: tuple[int, int], *keys: str) -> str:
    """Open the tutor, press keys, and say what is shown once everything has settled."""
    app = TutorApp(paths, store, Opening())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.press(*keys)
        await pilot.pause()
        return screen_text(app)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return locate(tmp_path)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_new_learner_sees_the_course_and_what_is_next(
    paths: Paths, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    with Store.open(paths) as store:
        store.record("welcomed")
        assert await picture(paths, store, size) == snapshot


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_progress_stands_beside_each_lesson(
    paths: Paths, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    with Store.open(paths) as store:
        store.record("welcomed")
        store.record("lesson_read", lesson="06-linear-layer")
        for number in range(10):
            store.record(
                "question_answered", lesson="06-linear-layer", question=f"q{number}", session="s", right=number < 9
            )
        store.record("exercise_passed", exercise="linear_scratch", lesson="06-linear-layer")
        store.record("position", screen="lesson", lesson="09-backprop", section=3)
        assert await picture(paths, store, size) == snapshot


async def test_help_names_every_key_of_the_screen(paths: Paths, snapshot: SnapshotAssertion) -> None:
    with Store.open(paths) as store:
        store.record("welcomed")
        assert await picture(paths, store, (80, 24), "f1") == snapshot


async def test_a_window_too_small_is_told_so(paths: Paths) -> None:
    with Store.open(paths) as store:
        store.record("welcomed")
        assert "at least 60x16" in await picture(paths, store, (59, 15))
