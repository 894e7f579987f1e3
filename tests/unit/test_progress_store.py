"""The store on a disk that works."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest

from tests.ptyscreen import ROOT
from tutor.paths import Paths
from tutor.progress import SCHEMA, Event, Progress, Store, fold, lines

GOLDEN = ROOT / "tests/golden"
NOON = 1_790_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def store_in(home: Path, clock: Clock | None = None) -> Store:
    return Store(home / "events", home / "backup", home / "state.json", clock=clock or Clock())


def test_nothing_is_made_before_the_first_event(tmp_path: Path) -> None:
    paths = Paths(user_data=tmp_path / "user_data", lessons=tmp_path, quizzes=tmp_path)
    with Store.open(paths) as store:
        assert store.snapshot() == store.refresh() == Progress()
        assert not paths.user_data.exists() and store.trouble is None
        store.record("welcomed")
        assert store.progress.welcomed and len(list(paths.events.iterdir())) == 1
    with Store.open(paths) as store:
        assert store.snapshot() == store.refresh() == Progress(welcomed=True, events=1)


def test_an_event_is_on_the_disk_when_record_returns(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    event = store.record(
        "exercise_checked", exercise="linear", gradients=3, gradients_right=1, headline="a\nb ✗ \udcff"
    )
    (file,) = (tmp_path / "events").iterdir()
    assert lines.decode(file.read_bytes()).events == [event]
    assert event.headline == "a\nb ✗ ?" and event.schema == SCHEMA and event.t == NOON


def test_a_field_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        store_in(tmp_path).record("welcomed", colour="blue")


def test_two_terminals_merge(tmp_path: Path) -> None:
    clock = Clock()
    clock.now = time.time()  # the clock of the disk: files seen for the first time are judged by their dates
    one, two = store_in(tmp_path, clock), store_in(tmp_path, clock)
    one.refresh()
    one.record("exercise_passed", exercise="linear")
    assert not one.others_open
    two.record("lesson_read", lesson="06")
    assert one.refresh() == two.progress and two.others_open and one.others_open
    clock.now += 3600
    assert not one.others_open and not two.others_open
    two.record("hint_shown", exercise="linear", hint=1)
    assert one.refresh().exercises["linear"].hints == 1 and one.others_open


def test_only_what_grew_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = store_in(tmp_path), store_in(tmp_path)
    one.record("welcomed")
    two.refresh()
    sizes = []
    decode = lines.decode
    monkeypatch.setattr(lines, "decode", lambda data: sizes.append(len(data)) or decode(data))  # type: ignore[func-returns-value]
    two.refresh()
    assert sizes == []
    event = one.record("welcomed")
    sizes.clear()
    two.refresh()
    assert sizes == [len(lines.encode(event))]


def test_a_clock_set_back_does_not_undo_what_comes_next(tmp_path: Path) -> None:
    clock = Clock()
    store = store_in(tmp_path, clock)
    store.record("position", screen="quiz")
    clock.now -= 86400
    store.record("position", screen="lab")
    assert store.progress.position.screen == "lab"
    assert store_in(tmp_path).refresh() == store.progress


@pytest.mark.parametrize("garbage", [b"", b"{", b"null", b'{"schema":99}', b"\xff\x00" * 50, b"[" * 100_000])
def test_a_broken_snapshot_is_made_anew(tmp_path: Path, garbage: bytes) -> None:
    with store_in(tmp_path) as store:
        store.record("welcomed")
    (tmp_path / "state.json").write_bytes(garbage)
    with store_in(tmp_path) as store:
        assert store.snapshot() == Progress()
        assert store.refresh().welcomed
    assert store_in(tmp_path).snapshot().welcomed


def test_a_stale_snapshot_is_only_for_the_first_frame(tmp_path: Path) -> None:
    with store_in(tmp_path) as store:
        store.record("welcomed")
    kept = (tmp_path / "state.json").read_bytes()
    with store_in(tmp_path) as store:
        store.record("exercise_passed", exercise="linear")
    (tmp_path / "state.json").write_bytes(kept)
    store = store_in(tmp_path)
    assert store.snapshot().exercises == {}
    assert store.refresh().exercises["linear"].passed
    assert store.snapshot() == store.progress


def test_the_snapshot_is_written_at_most_every_few_seconds(tmp_path: Path) -> None:
    clock = Clock()
    store = store_in(tmp_path, clock)
    written = []
    for seconds in (0.0, 1.0, 1.0, 4.0, 0.1):
        clock.now += seconds
        store.record("welcomed")
        written.append(store_in(tmp_path).snapshot().events)
    assert written == [1, 1, 1, 4, 4]


def test_seven_daily_copies(tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(9):
        with store_in(tmp_path, clock) as store:
            store.record("welcomed")
            store.refresh()
            store.refresh()
        clock.now += 86400
    copies = sorted((tmp_path / "backup").iterdir())
    assert len(copies) == 7 and all(copy.name.startswith("events-2026-") for copy in copies)
    clock.now -= 86400
    restored = Store(copies[-1], tmp_path / "none", tmp_path / "none.json", clock=clock)
    assert restored.refresh().events == 8  # as the last day began


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    (folder / ".nfs0001.jsonl").write_bytes(b"busy")
    (folder / "notes.txt").write_bytes(b"mine")
    (folder / "folder.jsonl").mkdir()
    os.mkfifo(folder / "fifo.jsonl")
    (folder / "foreign.jsonl").write_bytes(b"hello\nworld")
    (folder / "empty.jsonl").touch()
    store = store_in(tmp_path)
    assert store.refresh() == Progress() and store.damaged == 2 and store.trouble is None


def test_a_newer_schema_is_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    folder.mkdir()
    newer = Event(id="x-0", t=1.0, kind="welcomed", schema=SCHEMA + 1)
    ours = Event(id="x-1", t=1.0, kind="exercise_passed", exercise="linear")
    (folder / "host-1-0.jsonl").write_bytes(lines.encode(newer) + lines.encode(ours))
    before = (folder / "host-1-0.jsonl").read_bytes()
    with store_in(tmp_path) as store:
        store.record("welcomed")
        assert store.progress.welcomed and store.progress.exercises["linear"].passed and store.unsaved == 1
        assert store.trouble is not None and "newer tutor" in store.trouble
    assert [file.name for file in folder.iterdir()] == ["host-1-0.jsonl"]
    assert (folder / "host-1-0.jsonl").read_bytes() == before and not (tmp_path / "state.json").exists()


def test_the_first_schema_is_understood_for_ever() -> None:
    """A folder as version 0.1.0 left it; events are never rewritten, so every later version must read it."""
    golden = GOLDEN / "progress-1"
    events = [
        event for file in sorted(golden.glob("events/*.jsonl")) for event in lines.decode(file.read_bytes()).events
    ]
    expected = msgspec.json.decode((golden / "progress.json").read_bytes(), type=Progress)
    assert len(events) == 14 and fold(events) == expected
