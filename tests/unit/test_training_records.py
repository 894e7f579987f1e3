"""The files of a run, written and read: whole records, restarts, torn tails, long runs."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.training_runs import LINEAR, challenge
from tutor.training import RunConfig, Watch, folder
from tutor.training.identity import identify
from tutor.training.metrics import Pyramid, Recorder, dtype_of, outline, read_metrics, read_pyramid
from tutor.training.model import METRICS, PYRAMID, Control, Event, TrainOptions
from tutor.training.prepare import prepare
from tutor.training.tail import METRIC, EventTail, Tail, find_step, read_edge


def configured(runs: Path, epochs: int | None = None) -> tuple[Path, RunConfig]:
    config = prepare(runs, challenge("linear_scratch"), LINEAR, TrainOptions(epochs=epochs, seed=1))
    return runs / config.id, config


def record(run_dir: Path, steps: range, attempt: int = 1, t: float = 0.001) -> None:
    recorder = Recorder(run_dir, (), attempt)
    for step in steps:
        recorder.step(step * t, step, 1 / step, 0.1)
    recorder.close()


def test_the_struct_and_the_dtype_are_the_same_record() -> None:
    assert METRIC.size == dtype_of(METRICS).itemsize
    data = METRIC.pack(1.5, 7, 2, 0.25, 0.125)
    assert np.frombuffer(data, dtype_of(METRICS))[0].tolist() == (1.5, 7, 2, 0.25, 0.125)


def test_a_tail_reads_each_whole_record_once_and_a_torn_one_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.bin"
    tail = Tail(path)
    assert tail.read(4) == b""
    path.write_bytes(b"aaaabb")
    assert tail.read(4) == b"aaaa"
    assert tail.read(4) == b""
    with path.open("ab") as file:
        file.write(b"bbcccc")
    assert tail.read(4) == b"bbbbcccc"
    path.write_bytes(b"dddd")
    assert tail.read(4) == b"dddd"
    assert tail.restarted


def test_events_pass_over_damaged_lines_and_wait_for_torn_ones(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path)
    line = msgspec.json.encode(Event(1.0, 5, "note", "hello"))
    path.write_bytes(line + b"\n{broken\n\xff\xfe\n" + line[:10])
    assert [event.text for event in tail.read()] == ["hello"]
    with path.open("ab") as file:
        file.write(line[10:] + b"\n")
    assert len(tail.read()) == 2


def test_a_watcher_keeps_as_many_epochs_as_a_chart_has_use_for(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail, every = EventTail(path, most=100), EventTail(path)
    for first in range(1, 1001, 50):
        with path.open("ab") as file:
            for epoch in range(first, first + 50):
                for kind in ("epoch", "evaluated"):
                    event = Event(float(epoch), 10 * epoch, kind, epoch=epoch)
                    file.write(msgspec.json.encode(event) + b"\n")
            file.write(msgspec.json.encode(Event(float(first), 10 * first, "note", f"said at {first}")) + b"\n")
        kept = [event.epoch for event in tail.read() if event.kind == "evaluated"]
        assert len(kept) <= 102 and kept[-1] == first + 49
        assert first < 100 or len(kept) >= 50
    assert sum(event.kind == "note" for event in tail.read()) == 20
    assert len(every.read()) == 2020


def test_a_recorder_heals_a_torn_tail_and_the_watch_hands_points_out_once(tmp_path: Path) -> None:
    run_dir, _ = configured(tmp_path)
    record(run_dir, range(1, 11))
    with (run_dir / folder.METRICS_FILE).open("ab") as file:
        file.write(b"\x01" * 13)
    watch = Watch(run_dir)
    assert watch.poll().new_points == 10
    assert watch.new_points()[0].tolist() == list(range(1, 11))
    record(run_dir, range(11, 13))
    tick = watch.poll()
    assert (tick.new_points, tick.step) == (2, 12)
    assert watch.new_points()[0].tolist() == [11, 12]
    assert watch.poll().new_points == 0


def test_steps_run_again_by_a_later_attempt_replace_the_earlier_ones(tmp_path: Path) -> None:
    run_dir, _ = configured(tmp_path)
    record(run_dir, range(1, 21))
    watch = Watch(run_dir)
    watch.poll()
    watch.new_points()
    record(run_dir, range(15, 31), attempt=2)
    watch.poll()
    assert watch.restarted
    assert watch.new_points()[0].tolist() == list(range(1, 31))
    records = read_metrics((run_dir / folder.METRICS_FILE).read_bytes())
    assert records["attempt"].tolist() == [1] * 14 + [2] * 16


def test_a_file_that_shrank_is_read_anew(tmp_path: Path) -> None:
    run_dir, _ = configured(tmp_path)
    record(run_dir, range(1, 21))
    watch = Watch(run_dir)
    watch.poll()
    (run_dir / folder.METRICS_FILE).write_bytes(METRIC.pack(0.1, 1, 1, 0.5, 0.1))
    assert watch.poll().step == 1
    assert watch.restarted
    assert watch.new_points()[0].tolist() == [1]


def test_the_pyramid_does_not_depend_on_how_the_steps_were_flushed() -> None:
    rng = np.random.default_rng(0)
    steps = np.arange(1, 140_001)
    losses = rng.normal(size=len(steps)).astype("f4")
    losses[1000] = np.nan
    once, often = Pyramid(), Pyramid()
    whole = [once.add(steps, losses), once.rest()]
    cuts = np.sort(rng.integers(0, len(steps), 300))
    parts = [often.add(s, x) for s, x in zip(np.split(steps, cuts), np.split(losses, cuts), strict=True) if len(s)]
    blocks = [np.sort(np.concatenate(made), order=["level", "first_step"]) for made in (whole, [*parts, often.rest()])]

    np.testing.assert_array_equal(blocks[0], blocks[1])
    coarse = blocks[0][blocks[0]["level"] == 65_536]
    assert coarse["last_step"].tolist() == [65_536, 131_072, 140_000]
    assert coarse["max"][1] == losses[65_536:131_072].max()
    assert coarse["min"][0] == np.nanmin(losses[:65_536])


def test_a_long_run_opens_from_its_pyramid_and_goes_on_from_its_metrics(tmp_path: Path) -> None:
    run_dir, config = configured(tmp_path, epochs=20_000)
    n = 300_001
    records = np.zeros(n, dtype_of(METRICS))
    records["step"], records["t"], records["loss"] = np.arange(1, n + 1), np.arange(n) / 1000, 1.0
    records["attempt"] = 1
    records["loss"][123_456] = 9.0
    records.tofile(run_dir / folder.METRICS_FILE)
    Pyramid().add(records["step"], records["loss"]).tofile(run_dir / folder.PYRAMID_FILE)
    folder.write_json(run_dir / folder.PROC, identify(os.getpid(), os.getpid()))
    (run_dir / folder.EVENTS).write_bytes(msgspec.json.encode(Event(0.0, 0, "started")) + b"\n")
    watch = Watch(run_dir)
    tick = watch.poll()
    steps, losses = watch.new_points()

    assert tick.step == n
    assert tick.steps_per_s == pytest.approx(1000)
    assert len(steps) < 5000
    assert losses.max() == 9.0
    assert (np.diff(steps) > 0).all()
    assert steps[-1] == n
    assert read_pyramid(run_dir)["level"].max() == 256
    assert read_pyramid(run_dir, blocks_wanted=100)["level"].min() == 65_536
    record(run_dir, range(n + 1, n + 3))
    watch.poll()
    assert watch.new_points()[0].tolist() == [n + 1, n + 2]
    assert find_step(run_dir / folder.METRICS_FILE, 777) == 776
    assert config.steps > n


def test_the_outline_of_a_block_keeps_its_extremes() -> None:
    block = np.array([(256, 1, 256, 0.5, 2.0, 1.0)], dtype_of(PYRAMID))
    steps, losses = outline(block)
    assert steps.tolist() == [1, 128, 256]
    assert losses.tolist() == [0.5, 2.0, 1.0]


def test_a_full_disk_costs_no_step_while_it_is_short_and_never_leaves_half_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir, _ = configured(tmp_path)
    path = run_dir / folder.METRICS_FILE
    recorder = Recorder(run_dir, ())
    write, room = os.pwrite, [10 * METRIC.size + 7]

    def full(fd: int, data: bytes, offset: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = write(fd, bytes(data)[: room[0]], offset)
        room[0] -= written
        return written

    monkeypatch.setattr(os, "pwrite", full)
    for step in range(1, 31):
        recorder.step(step, step, 1.0, 0.1)
        recorder.flush()
    assert path.stat().st_size == 10 * METRIC.size
    room[0] = 1 << 30
    recorder.close()
    assert read_metrics(path.read_bytes())["step"].tolist() == list(range(1, 31))
    assert recorder.lost == 0


def test_the_edge_is_the_last_record_and_the_speed_up_to_it(tmp_path: Path) -> None:
    run_dir, _ = configured(tmp_path)
    path = run_dir / folder.METRICS_FILE
    assert read_edge(path) is None
    record(run_dir, range(1, 501), t=0.01)
    edge = read_edge(path)
    assert edge is not None
    assert edge.last.step == 500
    assert edge.rate == pytest.approx(100)


def test_the_speed_leaves_out_a_pause_and_an_earlier_attempt(tmp_path: Path) -> None:
    run_dir, _ = configured(tmp_path)
    path = run_dir / folder.METRICS_FILE
    recorder = Recorder(run_dir, ())
    for step in range(1, 101):
        recorder.step(step / 10 if step <= 50 else 600 + step / 100, step, 1.0, 0.1)
    recorder.close()
    for since, rate in ((0.0, 99 / 600.9), (600.0, 100), (601.0, None), (9e9, None)):
        edge = read_edge(path, since)
        assert edge is not None
        assert edge.rate == pytest.approx(rate) if rate else edge.rate is None
    recorder = Recorder(run_dir, (), attempt=2)
    for step in range(90, 95):
        recorder.step(900 + step / 5, step, 1.0, 0.1)
    recorder.close()
    edge = read_edge(path)
    assert edge is not None
    assert edge.rate == pytest.approx(5)


def test_an_untouched_run_is_queued_and_after_a_minute_lost(tmp_path: Path) -> None:
    run_dir, config = configured(tmp_path)
    assert Watch(run_dir).poll().state == "queued"
    folder.write_json(run_dir / folder.CONFIG, msgspec.structs.replace(config, created=time.time() - 61))
    tick = Watch(run_dir).poll()
    assert tick.state == "lost"
    assert tick.end is not None
    assert "never started" in tick.end.reason


def test_time_left_counts_the_steps_of_the_epochs_to_come(tmp_path: Path) -> None:
    run_dir, config = configured(tmp_path)
    folder.write_json(run_dir / folder.PROC, identify(os.getpid(), os.getpid()))
    record(run_dir, range(1, 51), t=0.1)
    events = [Event(0.0, 0, "started"), Event(0.0, 0, "epoch", epoch=1), Event(4.5, 45, "epoch", epoch=2)]
    (run_dir / folder.EVENTS).write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
    tick = Watch(run_dir).poll()
    assert (tick.state, tick.epoch) == ("running", 2)
    assert tick.seconds_left == pytest.approx((config.steps - 50) / 10)
    folder.write_json(run_dir / folder.CONTROL, Control(seq=1, paused=True))
    tick = Watch(run_dir).poll()
    assert tick.paused
    assert tick.seconds_left is None
