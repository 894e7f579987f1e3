"""The kept versions of a learner's file: what is kept, what comes first, and what goes when there are too many."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.cli import main
from tutor.errors import StoreError
from tutor.learner import Graded, Version, Versions, WorkFile, ago, content_hash, versions
from tutor.learner.source import LARGEST

PASSED = Graded("passed", "Passed: every gradient is right.", 4, 4)
FAILED = Graded("failed", "grad_b is wrong.", 3, 4)
HOUR, DAY = 3600, 86_400


@pytest.fixture
def kept(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "backup" / "linear")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time of day."""
    return lambda now: monkeypatch.setattr(time, "time", lambda: now)


def contents(kept: Versions) -> list[bytes]:
    return [version.read() for version in kept.all()]


# ── keeping ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_judged_version_comes_back_with_its_verdict(kept: Versions, clock: Callable[[float], None]) -> None:
    clock(1000.0)
    path = kept.keep(b"x = 1\n", "graded", FAILED)
    assert kept.all() == [Version(path, 1000.0, content_hash(b"x = 1\n"), 6, "graded", FAILED)]
    assert (kept.all()[0].words, kept.all()[0].passed) == ("grad_b is wrong.", False)
    assert path.read_bytes() == b"x = 1\n"  # a plain file, for any editor


def test_the_same_content_is_kept_once_and_becomes_the_newest(kept: Versions, clock: Callable[[float], None]) -> None:
    for now, raw in ((1000.0, b"one"), (2000.0, b"two"), (3000.0, b"one")):
        clock(now)
        kept.keep(raw, "from-outside")
    assert contents(kept) == [b"one", b"two"]
    clock(4000.0)
    kept.keep(b"two", "graded", PASSED)
    assert contents(kept) == [b"two", b"one"]
    kept.keep(b"two", "from-pane")  # and keeps its verdict when it gives way later
    assert kept.all()[0].graded == PASSED


def test_a_clock_that_was_set_back_loses_nothing(kept: Versions, clock: Callable[[float], None]) -> None:
    for now, raw in ((5000.0, b"one"), (1000.0, b"two"), (1000.0, b"three")):
        clock(now)
        kept.keep(raw, "graded", FAILED)
    assert set(contents(kept)) == {b"one", b"two", b"three"}
    assert ago(-4000) == "just now"


def test_versions_without_a_note_or_with_a_damaged_one_are_versions(kept: Versions) -> None:
    kept.folder.mkdir(parents=True)
    (kept.folder / "20250102-030405-before-reset.py").write_bytes(b"old")
    path = kept.keep(b"new", "graded", PASSED)
    path.with_suffix(".json").write_bytes(b'{"time": "never')
    found = {version.read(): version for version in kept.all()}
    assert (found[b"old"].why, found[b"new"].why, found[b"new"].graded) == ("before-reset", "graded", None)
    assert time.localtime(found[b"old"].time)[:6] == (2025, 1, 2, 3, 4, 5)
    kept.keep(b"new", "graded", PASSED)
    assert kept.all()[0].graded == PASSED


def test_what_is_too_large_to_be_shown_stays_and_is_no_version(
    kept: Versions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MOST", 1)
    large = tmp_path / "large.py"
    with large.open("wb") as file:
        file.truncate(LARGEST + 1)
    aside = kept.set_aside(large)
    assert kept.all() == []
    for raw in (b"one", b"two"):
        kept.keep(raw, "graded", FAILED)
    assert contents(kept) == [b"two"]
    assert aside.stat().st_size == LARGEST + 1


def test_too_many_are_thinned_on_the_disk(kept: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MOST", 3)
    for number in range(6):
        kept.keep(b"%d" % number, "graded", FAILED)
    assert len(kept.all()) == 3 and kept.all()[0].read() == b"5"
    assert len(list(kept.folder.iterdir())) == 6  # no note without its version


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("a file where the folder should be")
    file = WorkFile(tmp_path / "linear.py", tmp_path / "backup")
    with pytest.raises(StoreError, match=r"A copy of linear\.py could not be kept"):
        file.keep(b"x", "graded", FAILED)
    assert file.history.all() == []


def test_an_earlier_version_comes_back_byte_by_byte_and_the_other_is_kept(tmp_path: Path) -> None:
    file = WorkFile(tmp_path / "linear.py", tmp_path / "backup")
    file.keep(b"caf\xe9\r\n", "from-outside")
    file.write("mine")
    kept = file.restore(file.history.all()[0])
    assert file.path.read_bytes() == b"caf\xe9\r\n"
    assert kept is not None and kept.read_bytes() == b"mine"


# ── thinning ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def version(number: int, at: float, size: int = 100, graded: Graded | None = FAILED) -> Version:
    return Version(Path(f"{number}.py"), at, str(number), size, "graded", graded)


MADE = st.lists(
    st.tuples(st.integers(0, 30 * DAY), st.integers(1, 200_000), st.sampled_from([PASSED, FAILED, None])),
    max_size=300,
)


@given(MADE)
def test_thinning_keeps_to_its_bounds_and_takes_only_what_it_must(made: list[tuple[int, int, Graded | None]]) -> None:
    all_ = sorted((version(n, *facts) for n, facts in enumerate(made)), key=lambda v: -v.time)
    gone = versions.thinned(all_)
    stay = [one for one in all_ if one not in gone]
    assert len(stay) <= versions.MOST
    assert sum(one.size for one in stay) <= versions.MOST_BYTES or len(stay) == 1
    if len(all_) <= versions.MOST and sum(one.size for one in all_) <= versions.MOST_BYTES:
        assert not gone
    assert not all_ or all_[0] in stay  # what was kept last is never what goes
    assert versions.thinned(stay) == []  # and thinning again takes no more


def test_the_newest_stay_then_what_passed_then_one_a_day_and_one_an_hour() -> None:
    now = 100 * DAY
    newest = [version(n, now - n) for n in range(50)]
    passed = [version(100 + n, now - 2 * DAY - 60 * n, graded=PASSED) for n in range(40)]
    many = [version(200 + n, now - 3 * DAY - 60 * n) for n in range(600)]  # ten hours of one a minute
    days = [version(1000 + n, now - (5 + n) * DAY) for n in range(80)]
    gone = set(versions.thinned([*newest, *passed, *many, *days]))
    assert gone.isdisjoint({*newest, *passed, *days})
    hours = {int(one.time // HOUR) for one in many if one not in gone}
    assert hours == {int(one.time // HOUR) for one in many}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "just now"), (59, "just now"), (60, "1 min ago"), (7300, "2 h ago"), (DAY, "1 day ago"), (9e5, "10 days ago")],
)
def test_how_long_ago(seconds: float, words: str) -> None:
    assert ago(seconds) == words


# ── without a screen ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_lists_shows_and_restores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str, status: int = 0) -> str:
        assert main(["--user-data", str(tmp_path), *arguments]) == status
        return "".join(capsys.readouterr())

    assert "Nothing is kept yet" in said("history", "linear_scratch")
    said("test", "linear_scratch", status=1)
    file = tmp_path / "implementations" / "linear_scratch.py"
    starter = file.read_text()
    file.write_text("x = 1\n")
    assert "history linear_scratch --restore 1" in said("reset", "linear_scratch", "--yes")
    listed = said("history", "linear_scratch").splitlines()
    assert listed[0].startswith("  1  · just now     Before a fresh start.") and listed[1].startswith("  2  ✗ ")
    assert said("history", "linear_scratch", "--show", "2") == starter
    assert "Back in its place" in said("history", "linear_scratch", "--restore", "1")
    assert file.read_text() == "x = 1\n"
    assert "There is no version 9" in said("history", "linear_scratch", "--restore", "9", status=2)
