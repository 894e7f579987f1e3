"""Epoch by epoch, as a learner moves through it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.epoch_looks import plane, trained
from tests.screens import Learner, learner
from tutor.training.folder import END
from tutor.tui.opening import Opening
from tutor.tui.screens.home import HomeScreen
from tutor.tui.screens.looks import LooksScreen
from tutor.tui.widgets.picture_view import PictureView
from tutor.viz import as_text


@pytest.fixture(scope="module")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("looks"), 12)


@pytest.fixture(autouse=True)
def all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the tests run in."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


@asynccontextmanager
async def looking(
    folder: Path, run_dir: Path, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[Learner, LooksScreen]]:
    async with learner(folder, Opening("home"), size=size) as someone:
        page = LooksScreen(run_dir)
        await someone.app.push_screen(page)
        yield someone, page


def drawn(page: LooksScreen, number: int = 0) -> str:
    return as_text(page.query_one(f"#picture{number}", PictureView).picture)


async def at(someone: Learner, page: LooksScreen, epoch: int) -> None:
    await someone.until(lambda: page.look is not None and page.look.epoch == epoch)
    await someone.until(lambda: f"epoch {epoch}/" in someone.said("#title") and bool(drawn(page)))


@pytest.mark.parametrize(("size", "views"), [((80, 24), 1), ((180, 50), 3)])
async def test_the_newest_epoch_stands_there(
    tmp_path: Path, digits_run: Path, size: tuple[int, int], views: int
) -> None:
    async with looking(tmp_path, digits_run, size) as (someone, page):
        await at(someone, page, 12)
        assert "of 360 held back" in someone.said("#title") or "% right" in someone.said("#title")
        assert "First layer" in someone.said("#heading0")
        assert [page.query_one(f"#view{n}").display for n in range(3)] == [n < views for n in range(3)]
        assert "▀" in drawn(page)
        for number in range(views):
            place = page.query_one(f"#picture{number}", PictureView)
            assert place.region.area and place.region.bottom < size[1]


async def test_the_keys_move_through_the_epochs(tmp_path: Path, digits_run: Path) -> None:
    async with looking(tmp_path, digits_run, (80, 24)) as (someone, page):
        await at(someone, page, 12)
        newest = drawn(page)
        await someone.press("left", "left")
        await at(someone, page, 10)
        assert not page.following
        await someone.press("home")
        await at(someone, page, 0)
        assert drawn(page) != newest
        await someone.press("2")
        await someone.until(lambda: "Held-back samples" in someone.said("#heading0"))
        await someone.until(lambda: "✗" in drawn(page))  # before the first step nearly all is wrong
        await someone.press("3")
        await someone.until(lambda: "Most often:" in drawn(page))
        await someone.press("g", "1", "1")
        await someone.until(lambda: "Go to epoch 11" in someone.said("#scrubber"))
        await someone.press("enter")
        await at(someone, page, 11)
        await someone.press("g", "3", "escape")  # a number that is not meant, and the digit chose no view
        assert page.look is not None and page.look.epoch == 11 and "Taken for what" in someone.said("#heading0")
        await someone.press("end")
        await at(someone, page, 12)
        assert page.following
        await someone.press("escape")
        await someone.until(lambda: isinstance(someone.app.screen, HomeScreen))


async def test_it_plays_from_the_beginning_to_the_end(
    tmp_path: Path, digits_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.tui.screens.looks.PLAY_EVERY", 3600.0)
    async with looking(tmp_path, digits_run) as (someone, page):
        await at(someone, page, 12)
        await someone.press("space")  # from the last one it begins anew
        await at(someone, page, 0)
        assert "playing" in someone.said("#scrubber")
        await someone.press("space")
        assert "playing" not in someone.said("#scrubber")
        monkeypatch.setattr("tutor.tui.screens.looks.PLAY_EVERY", 0.01)
        await someone.press("space")
        await at(someone, page, 12)
        await someone.until(lambda: "playing" not in someone.said("#scrubber"))


async def test_it_follows_a_run_that_goes_on_unless_somebody_looks_back(
    tmp_path: Path, digits_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.tui.screens.looks.LOOK_EVERY", 0.02)
    run_dir = tmp_path / "3-going-on"
    shutil.copytree(digits_run, run_dir)
    (run_dir / END).unlink()
    stored = run_dir / "epochs"
    for epoch in range(1, 13):
        (stored / f"{epoch:05}.npz").rename(run_dir / f"{epoch:05}.npz")
    async with looking(tmp_path, run_dir) as (someone, page):
        await at(someone, page, 0)
        assert "following the run" in someone.said("#scrubber")
        for epoch in (1, 2):
            (run_dir / f"{epoch:05}.npz").rename(stored / f"{epoch:05}.npz")
        await at(someone, page, 2)
        await someone.press("left")
        await at(someone, page, 1)
        (run_dir / "00003.npz").rename(stored / "00003.npz")
        await someone.until(lambda: page.epochs == (0, 1, 2, 3))
        assert page.look is not None and page.look.epoch == 1
        shutil.copy(digits_run / END, run_dir / END)
        await someone.until(lambda: page.ended and "under way" not in someone.said("#title"))


async def test_the_plane_shows_its_regions(tmp_path: Path) -> None:
    async with looking(tmp_path, trained(tmp_path, 2, plane())) as (someone, page):
        await at(someone, page, 2)
        assert "Decision regions" in someone.said("#heading0")
        assert {"·", "░"} <= set(drawn(page))
        assert "taken for" in drawn(page, 1)


async def test_no_look_and_a_damaged_one_are_said(tmp_path: Path, digits_run: Path) -> None:
    empty = tmp_path / "1-empty"
    empty.mkdir()
    async with looking(tmp_path, empty) as (someone, page):
        await someone.until(lambda: "No epoch yet" in someone.said("#scrubber"))
        await someone.press("left", "right", "home", "end", "space", "2", "g", "5", "enter")
        assert page.look is None
    run_dir = tmp_path / "3-damaged"
    shutil.copytree(digits_run, run_dir)
    (run_dir / "epochs" / "00011.npz").write_bytes(b"PK")
    async with looking(tmp_path / "again", run_dir) as (someone, page):
        await at(someone, page, 12)
        await someone.press("left")
        await someone.until(lambda: "cannot be shown" in someone.said("#scrubber"))
        await someone.press("left")
        await at(someone, page, 10)
        assert "cannot be shown" not in someone.said("#scrubber")


async def test_without_colours_signs_tell_all(
    tmp_path: Path, digits_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with looking(tmp_path, digits_run) as (someone, page):
        await at(someone, page, 12)
        assert "▀" not in drawn(page) and {"█", "="} <= set(drawn(page))
        await someone.until(lambda: "= below 0" in someone.said("#heading0"))
