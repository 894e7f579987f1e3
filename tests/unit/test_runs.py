"""Runs that are there: named, measured, compared, deleted."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made_runs import made_run
from tests.training_runs import paths_in
from tutor.errors import RunError, UnknownName
from tutor.training import (
    LONGEST_TITLE,
    Event,
    LogTail,
    Overview,
    Watch,
    compare,
    delete,
    find_run,
    folder,
    list_runs,
    rename,
    size_of,
    size_words,
    title_of,
)
from tutor.training.identity import identify, take_lock
from tutor.training.model import End


def test_a_title_is_shown_finds_the_run_and_leaves_its_configuration_alone(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    run_dir = made_run(paths.runs)
    made_run(paths.runs, 2)
    before = (run_dir / folder.CONFIG).read_bytes()
    assert title_of(run_dir) == ""
    assert rename(run_dir, "  Größer, mit Impuls ") == title_of(run_dir) == "Größer, mit Impuls"
    assert (run_dir / folder.CONFIG).read_bytes() == before
    assert [tick.title for tick in list_runs(paths)] == ["", "Größer, mit Impuls"]
    assert [one.tick.title for one in Overview(paths.runs).look()] == ["", "Größer, mit Impuls"]
    assert find_run(paths, "größer") == find_run(paths, "1") == run_dir
    with pytest.raises(UnknownName):
        find_run(paths, "Impuls")
    rename(run_dir, "")
    assert title_of(run_dir) == ""
    assert not (run_dir / "title.txt").exists()


@pytest.mark.parametrize("title", ["a\nb", "\x1b[31mred", "\u202etxt", "x" * (LONGEST_TITLE + 1)])
def test_a_title_that_cannot_be_shown_is_refused(tmp_path: Path, title: str) -> None:
    run_dir = made_run(tmp_path)
    with pytest.raises(RunError):
        rename(run_dir, title)
    assert title_of(run_dir) == ""


def test_two_runs_of_one_title_are_not_guessed_at(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    for number in (1, 2):
        rename(made_run(paths.runs, number), "same")
    with pytest.raises(UnknownName):
        find_run(paths, "same")


@given(content=st.binary(max_size=400))
def test_whatever_stands_in_the_file_a_title_is_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    run_dir = tmp_path_factory.mktemp("run")
    (run_dir / "title.txt").write_bytes(content)
    assert title_of(run_dir).isprintable()
    assert len(title_of(run_dir)) <= LONGEST_TITLE


def test_deleting_frees_what_was_said_and_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("x" * 100_000)
    run_dir = made_run(tmp_path / "runs", losses=[1.0] * 1000)
    without = size_of(run_dir)
    (run_dir / "link").symlink_to(outside)
    assert 24_000 <= without <= size_of(run_dir) <= without + 8192
    size = size_of(run_dir)
    assert delete(run_dir) == size
    assert list((tmp_path / "runs").iterdir()) == []
    assert (outside / "kept.txt").stat().st_size == 100_000


def test_a_run_that_is_a_link_loses_only_the_link(tmp_path: Path) -> None:
    real = made_run(tmp_path / "elsewhere")
    link = tmp_path / "runs" / real.name
    link.parent.mkdir()
    link.symlink_to(real)
    delete(link)
    assert not os.path.lexists(link)
    assert (real / folder.CONFIG).exists()


def test_a_run_under_way_is_not_deleted(tmp_path: Path) -> None:
    queued = made_run(tmp_path, ended=False, created=2e9)
    running = made_run(tmp_path, 2, ended=False)
    folder.write_json(running / folder.PROC, identify(os.getpid(), os.getpid()))
    damaged = made_run(tmp_path, 3, ended=False)
    (damaged / folder.CONFIG).write_text("{")
    folder.write_json(damaged / folder.PROC, identify(os.getpid(), os.getpid()))
    resumed = made_run(tmp_path, 4)
    lock = take_lock(resumed)  # as a worker that has come back a moment ago
    assert lock is not None
    try:
        for run_dir in (queued, running, damaged, resumed):
            with pytest.raises(RunError, match="tutor cancel"):
                delete(run_dir)
            assert (run_dir / folder.METRICS_FILE).exists()
    finally:
        os.close(lock)
    delete(resumed)


def test_damaged_and_half_deleted_runs_can_be_cleared_away(tmp_path: Path) -> None:
    damaged = made_run(tmp_path)
    (damaged / folder.CONFIG).write_text("{")
    half = made_run(tmp_path, 2).rename(tmp_path / ".2-linear_scratch-gone-0123abcd")
    assert folder.run_folders(tmp_path) == [damaged]
    delete(damaged)
    assert not half.exists()
    assert not damaged.exists()


def test_what_differs_stands_before_what_does_not(tmp_path: Path) -> None:
    measured = Event(0.3, 3, "evaluated", epoch=1, held_back=0.5, held_back_loss=1.25)
    ticks = [
        Watch(made_run(tmp_path, 1, events=[measured]), points=False).poll(),
        Watch(made_run(tmp_path, 2, lr=0.5, end=End("diverged", "It ran away.", 3)), points=False).poll(),
    ]
    rows = compare(ticks)
    assert [row.kind for row in rows] == sorted((row.kind for row in rows), key=["result", "differs", "same"].index)
    by_name = {row.name: row for row in rows}
    assert by_name["held-back accuracy"].words == ("50.0%", "–")
    assert by_name["state"].values == ("done", "diverged")
    assert by_name["last loss"].values == (1.0, 1.0)
    assert [row.name for row in rows if row.kind == "differs"] == ["learning rate"]
    assert by_name["learning rate"].words == ("0.1", "0.5")
    assert by_name["seed"].kind == "same"
    assert msgspec.json.decode(msgspec.json.encode(rows))[0]["name"] == "state"


def test_at_a_glance_what_has_ended_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = made_run(tmp_path, 1)
    lost = made_run(tmp_path, 2, ended=False)
    (made_run(tmp_path, 3) / folder.CONFIG).write_text("{")
    overview = Overview(tmp_path)
    first = overview.look()
    assert [(one.tick.config.id[0], one.tick.state, one.resumable, one.orphan) for one in first] == [
        ("2", "lost", True, True),
        ("1", "done", False, False),
    ]
    assert overview.unreadable == ("3-linear_scratch",)
    polled: list[str] = []
    poll = Watch.poll
    monkeypatch.setattr(Watch, "poll", lambda watch: polled.append(watch.run_dir.name) or poll(watch))  # type: ignore[func-returns-value]
    assert overview.look() == first
    assert polled == [lost.name]
    rename(done, "a title")
    assert [one.tick.title for one in overview.look()] == ["", "a title"]
    delete(done)
    assert [one.tick.config.id for one in overview.look()] == [lost.name]


def test_a_log_is_read_on_from_where_it_was_also_when_it_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / folder.OLD_LOG).write_text("before\n")
    log = tmp_path / folder.LOG
    log.write_bytes("one\nzwö".encode()[:-1])
    tail = LogTail(tmp_path)
    assert tail.read() == "before\none\nzw"
    with log.open("ab") as file:
        file.write("ö\x1b[31mlf\n".encode()[1:])
    assert tail.read() == "ölf\n"
    with log.open("ab") as file:
        file.write(b"last of the old\n")
    log.rename(tmp_path / folder.OLD_LOG)
    log.write_text("first of the new\n")
    assert tail.read() == "last of the old\nfirst of the new\n"
    assert tail.read() == ""


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (61_440, "61.4 kB"), (240_000_000, "240 MB"), (3e15, "3000 TB")],
)
def test_a_size_reads_like_a_file_manager(count: int, words: str) -> None:
    assert size_words(count) == words
