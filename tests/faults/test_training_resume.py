"""A run that stopped goes on bit for bit, or says why it cannot."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.trainers import MEMORY, contents, losses, make_run, train
from tests.training_runs import LINEAR, SIGMOID, ended, kill, paths_in, running, started, wait_for
from tutor.errors import RunError
from tutor.training import Control, Watch, control, folder
from tutor.training.checkpoints.stored import files_of
from tutor.training.engines import local
from tutor.training.events import fold
from tutor.training.folder import read_control, read_end
from tutor.training.metrics import read_metrics, read_pyramid
from tutor.training.model import End, Event
from tutor.training.resume import mark_lost, orphans, resume

OPTIMIZERS: list[tuple[str, str, dict[str, Any]]] = [
    ("sgd", LINEAR, {}),
    ("momentum", LINEAR, {"optimizer": "momentum"}),
    ("adam", LINEAR, {"optimizer": "adam"}),
    ("float32", LINEAR, {"optimizer": "rmsprop", "dtype": "float32"}),
    ("a layer that remembers", MEMORY, {"optimizer": "adam"}),
]


@pytest.mark.parametrize(("source", "options"), [case[1:] for case in OPTIMIZERS], ids=[case[0] for case in OPTIMIZERS])
@pytest.mark.parametrize("stop", [3, 5])
def test_ten_steps_are_five_and_a_kill_and_five_more(
    tmp_path: Path, source: str, options: dict[str, Any], stop: int
) -> None:
    """In the middle of an epoch, and at the end of one: the curve, and everything that is kept, to the last bit."""
    whole, config = make_run(tmp_path / "whole", source, **options)
    train(whole, config)
    assert len(losses(whole)) == 10
    parts, config = make_run(tmp_path / "parts", source, **options)
    _, end = train(parts, config, stop_after=stop)
    assert (end.state, end.last_step) == ("failed", stop)
    assert f"resumed from step {stop}" in end.reason
    np.random.seed(99)  # what the process held is gone
    _, end = train(parts, config, attempt=2)

    assert end.state == "done"
    assert losses(parts) == losses(whole)
    assert contents(parts / "ckpt-10.npz") == contents(whole / "ckpt-10.npz")
    tick = Watch(parts).poll()
    epochs = [event.epoch for event in tick.events if event.kind == "evaluated"]
    assert epochs == [1, 2]
    assert [event.epoch for event in tick.events if event.kind == "epoch"] == [1, 2]
    assert tick.held_back == Watch(whole).poll().held_back


def test_a_killed_worker_is_resumed_by_another_process(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    options = {"epochs": 2, "batch": 288, "seed": 7}
    with running(paths, "backprop_fill", SIGMOID, **options) as (watch, _):
        wait_for(watch, ended)
    whole = watch.run_dir
    with running(paths, "backprop_fill", SIGMOID, pace=20.0, **options) as (watch, _):
        control(watch.run_dir, steps_to_run=4)
        process = started(watch, after_step=4)
        wait_for(watch, lambda _: files_of(watch.run_dir))  # a pause writes one
        with pytest.raises(RunError, match="goes on already"):
            resume(watch.run_dir)
        os.kill(process.pid, signal.SIGKILL)
        assert wait_for(watch, ended).state == "failed"
        resume(watch.run_dir)
        control(watch.run_dir, pace=0.0)
        tick = wait_for(watch, ended)

        assert (tick.state, tick.attempt) == ("done", 2)
        assert losses(watch.run_dir) == losses(whole)
        assert contents(watch.run_dir / "ckpt-10.npz") == contents(whole / "ckpt-10.npz")
        first = msgspec.json.decode((watch.run_dir / "end-1.json").read_bytes(), type=End)
        assert "SIGKILL" in first.reason
        assert [event.step for event in tick.events if event.kind == "resumed"] == [4]
        with pytest.raises(RunError, match="is done"):
            resume(watch.run_dir)


def test_what_is_asked_with_a_resume_is_marked_where_it_goes_on_and_once(tmp_path: Path) -> None:
    run_dir, config = make_run(tmp_path, LINEAR)
    train(run_dir, config, stop_after=3)
    control(run_dir, lr=0.02, batch=144)
    _, end = train(run_dir, config, attempt=2, stop_after=2)
    train(run_dir, config, attempt=3)

    told = [(event.kind, event.step, event.text) for event in Watch(run_dir).poll().events if event.attempt > 1]
    changes = [(step, text) for kind, step, text in told if kind == "control"]
    assert changes == [(3, "learning rate 0.1 → 0.02, batch 288 → 144")]
    assert [step for kind, step, _ in told if kind == "resumed"] == [3, end.last_step]


def test_a_run_without_a_checkpoint_begins_anew_and_gives_the_same(tmp_path: Path) -> None:
    whole, config = make_run(tmp_path / "whole", LINEAR)
    train(whole, config)
    parts, config = make_run(tmp_path / "parts", LINEAR)
    trainer, _ = train(parts, config, stop_after=4)
    trainer._recorder.flush()
    for path in files_of(parts):
        path.unlink()
    watch = Watch(parts)
    assert watch.poll().step == 4
    _, end = train(parts, config, attempt=2)

    assert end.state == "done"
    assert losses(parts) == losses(whole)
    watch.poll()
    assert watch.restarted and watch.new_points()[0].tolist() == list(range(1, 11))


def test_what_was_changed_as_it_ran_is_in_force_after_a_resume(tmp_path: Path) -> None:
    """By the checkpoint: of control.json, which says it too, nothing is left."""
    run_dir, config = make_run(tmp_path, LINEAR)
    folder.write_json(run_dir / folder.CONTROL, Control(seq=1, lr=0.02, batch=144))
    train(run_dir, config, stop_after=3)
    (run_dir / folder.CONTROL).unlink()
    trainer, end = train(run_dir, config, attempt=2)

    assert (end.state, trainer.steering.batch) == ("done", 144)
    records = read_metrics((run_dir / folder.METRICS_FILE).read_bytes())
    assert records["step"].tolist() == list(range(1, 21))
    assert set(records["lr"].tolist()) == {float(np.float32(0.02))}


def test_what_the_chart_has_seen_is_remembered_over_a_resume(tmp_path: Path) -> None:
    run_dir, config = make_run(tmp_path, LINEAR)
    train(run_dir, config, stop_after=3)
    trainer, _ = train(run_dir, config, attempt=2, stop_after=1)
    seen = trainer._onlookers.state()["losses"]["blocks"]
    assert sum(block["n"] for block in seen) == 4


@pytest.mark.parametrize(
    "harm", ["cut", "garbled", "empty", "other code", "another optimizer", "other shapes", "a text"]
)
def test_a_checkpoint_that_cannot_be_used_is_passed_over_for_the_one_before(tmp_path: Path, harm: str) -> None:
    whole, config = make_run(tmp_path / "whole", LINEAR, optimizer="adam")
    train(whole, config)
    parts, config = make_run(tmp_path / "parts", LINEAR, optimizer="adam")
    train(parts, config, stop_after=2)
    train(parts, config, attempt=2, stop_after=4)
    newest, before = files_of(parts)
    assert (newest.name, before.name) == ("ckpt-6.npz", "ckpt-2.npz")
    data = bytearray(newest.read_bytes())
    if harm == "cut":
        del data[len(data) // 2 :]
    elif harm == "garbled":
        data[len(data) // 2] ^= 0xFF
    elif harm == "empty":
        data.clear()
    elif harm == "a text":
        data[:] = b"not a checkpoint"
    else:
        source, hidden = LINEAR + "\n" * (harm == "other code"), (7,) if harm == "other shapes" else None
        foreign, other = make_run(tmp_path / "foreign", source, hidden=hidden, optimizer="adam")
        if harm == "another optimizer":  # of the learner's own: its file is told by its hash
            other = msgspec.structs.replace(other, optimizer_hash="another")
        train(foreign, other, stop_after=6)
        data[:] = (foreign / "ckpt-6.npz").read_bytes()
    newest.write_bytes(data)
    _, end = train(parts, config, attempt=3)

    assert end.state == "done"
    assert losses(parts) == losses(whole)
    tick = Watch(parts).poll()
    told = next(event.text for event in tick.events if event.key == "passed over")
    assert "ckpt-6.npz" in told and "The one before it is used" in told
    assert next(event.step for event in reversed(tick.events) if event.kind == "resumed") == 2


def test_when_no_checkpoint_can_be_used_that_is_said(tmp_path: Path) -> None:
    run_dir, config = make_run(tmp_path, LINEAR)
    train(run_dir, config, stop_after=3)
    (run_dir / "ckpt-3.npz").write_bytes(b"")
    with pytest.raises(RunError, match="None of its checkpoints"):
        train(run_dir, config, attempt=2)


@pytest.mark.parametrize(
    ("held", "named"),
    [("open(__file__ + '.log', 'w')", "TextIOWrapper"), ("iter([1, 2, 3])", "list_iterator"), ("object()", "object")],
)
def test_what_cannot_be_stored_is_said_and_the_run_is_not_resumed(tmp_path: Path, held: str, named: str) -> None:
    source = LINEAR.replace("self.b = np.zeros(n_out)", f"self.b = np.zeros(n_out); self.held = {held}")
    source = source.replace("__file__", repr(str(tmp_path / "x")))
    run_dir, config = make_run(tmp_path, source)
    _, end = train(run_dir, config, stop_after=3)

    assert "resumed" not in end.reason
    told = [event.text for event in Watch(run_dir).poll().events if event.key == "cannot"]
    assert len(told) == 1 and "held holds a " + named in told[0]
    assert not files_of(run_dir)
    folder.write_end(run_dir, end)
    with pytest.raises(RunError, match=r"cannot be resumed.*held holds a"):
        resume(run_dir)
    assert read_end(run_dir) == end


def test_two_checkpoints_are_kept_and_a_diverged_run_keeps_its_last_good_one(tmp_path: Path) -> None:
    run_dir, config = make_run(tmp_path, LINEAR, epochs=4)
    for attempt in (1, 2, 3):
        train(run_dir, config, attempt, stop_after=2)
    assert [path.name for path in files_of(run_dir)] == ["ckpt-6.npz", "ckpt-4.npz"]
    folder.write_json(run_dir / folder.CONTROL, Control(seq=1, lr=1e25, attempt=4))
    _, end = train(run_dir, config, attempt=4)

    assert end.state == "diverged"
    assert files_of(run_dir)[0].name == "ckpt-6.npz"
    folder.write_end(run_dir, end)
    with pytest.raises(RunError, match="diverge at step"):
        resume(run_dir)


def test_an_exception_of_the_learners_code_is_not_resumed(tmp_path: Path) -> None:
    run_dir, _ = make_run(tmp_path, LINEAR)
    folder.write_end(run_dir, End("failed", "Line 3 of your file raised ValueError.", 4, line=3))
    with pytest.raises(RunError, match="Line 3"):
        resume(run_dir)


def test_orphans_are_found_resumed_or_marked_as_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = paths_in(tmp_path)
    begun: list[Path] = []
    with running(paths, "linear_scratch", LINEAR, pace=50.0) as (watch, _):
        process = started(watch, after_step=3)
        assert orphans(paths) == ()
        with pytest.raises(RunError, match="goes on"):
            mark_lost(watch.run_dir)
        os.kill(process.waiter_pid, signal.SIGKILL)
        kill(watch.run_dir)
        wait_for(watch, ended)
    assert [tick.config.id for tick in orphans(paths)] == [watch.config.id]

    monkeypatch.setattr(local, "start", begun.append)
    resume(watch.run_dir)
    tick = watch.poll()
    assert begun == [watch.run_dir]
    assert (tick.state, tick.end) == ("queued", None)  # not lost: a worker is on its way
    assert orphans(paths) == ()
    late = msgspec.structs.replace(read_control(watch.run_dir), asked=1.0)
    folder.write_json(watch.run_dir / folder.CONTROL, late)
    folder.write_json(watch.run_dir / folder.CONFIG, msgspec.structs.replace(watch.config, created=1.0))
    watch = Watch(watch.run_dir)
    assert watch.poll().state == "lost"
    assert mark_lost(watch.run_dir).state == "lost"
    assert read_end(watch.run_dir) is not None
    assert orphans(paths) == ()


def test_a_resumed_event_takes_back_what_was_told_after_its_checkpoint() -> None:
    told = [
        Event(0.1, 0, "started"),
        Event(0.1, 0, "epoch", epoch=1),
        Event(1.0, 5, "evaluated", epoch=1),
        Event(1.1, 5, "epoch", epoch=2),
        Event(1.5, 7, "note", "late"),
        Event(1.5, 7, "ended"),
    ]
    in_the_middle = fold([*told, Event(1.2, 6, "resumed", epoch=2, attempt=2)])
    assert [event.kind for event in in_the_middle] == ["started", "epoch", "evaluated", "epoch", "resumed"]
    before_the_evaluation = fold([Event(0.9, 5, "resumed", epoch=1, attempt=2)], tuple(told))
    assert [event.kind for event in before_the_evaluation] == ["started", "epoch", "resumed"]
    anew = fold([*told, Event(0.0, 0, "resumed", epoch=0, attempt=2)])
    assert [event.kind for event in anew] == ["started", "resumed"]


def test_the_pyramid_of_a_resumed_run_is_that_of_one_that_never_stopped(tmp_path: Path) -> None:
    from tutor.training.metrics import Recorder

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for run_dir, spans in ((whole, [range(1, 2001)]), (parts, [range(1, 1501), range(701, 2001)])):
        run_dir.mkdir()
        for attempt, steps in enumerate(spans, 1):
            recorder = Recorder(run_dir, (), attempt)
            if attempt > 1:
                recorder.go_on(700)
            for step in steps:
                recorder.step(step, step, np.sin(step), 0.1)
                if step % 90 == 0:
                    recorder.flush()
            recorder.close()
    np.testing.assert_array_equal(read_pyramid(parts), read_pyramid(whole))
