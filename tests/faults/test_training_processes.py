"""What can happen to a run's processes, and what its folder says afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from tests.training_runs import (
    CONFIG,
    LINEAR,
    SIGMOID,
    ended,
    finish,
    kill,
    paths_in,
    running,
    started,
    wait_for,
    wait_until,
)
from tutor.errors import RunError
from tutor.paths import CHECKOUT
from tutor.training import Control, Process, Watch, cancel, control, escalate, folder
from tutor.training.control import ASK_FOR, TERM_FOR
from tutor.training.folder import PROC, read_end, read_process, write_json
from tutor.training.identity import identify, is_running, start_ticks
from tutor.training.waiter import classify


def test_a_killed_worker_is_reported_by_its_waiter(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=50.0) as (watch, _):
        os.kill(started(watch, after_step=5).pid, signal.SIGKILL)
        tick = wait_for(watch, ended)

        assert tick.state == "failed"
        assert tick.end is not None
        assert "SIGKILL" in tick.end.reason
        assert tick.end.last_step == tick.step >= 5
        assert tick.end.exit_code == -9


def test_a_run_whose_worker_and_waiter_are_killed_is_lost(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=50.0) as (watch, _):
        started(watch)
        os.kill(_process(watch).waiter_pid, signal.SIGKILL)
        assert watch.poll().state == "running"  # the worker alone goes on
        kill(watch.run_dir)
        tick = wait_for(watch, ended)

        assert tick.state == "lost"
        assert tick.end is not None
        assert tick.end.reason
        assert read_end(watch.run_dir) is None  # nobody writes an end on the word of a watcher


def test_a_worker_without_its_waiter_still_writes_its_end(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=50.0) as (watch, _):
        started(watch)
        os.kill(_process(watch).waiter_pid, signal.SIGKILL)
        control(watch.run_dir, pace=0.0)

        assert wait_for(watch, ended).state == "done"


def test_after_a_restart_of_the_machine_a_run_is_lost(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=50.0) as (watch, _):
        started(watch)
        process = _process(watch)
        try:
            write_json(watch.run_dir / PROC, structs.replace(process, boot_id="another start"))
            assert watch.poll().state == "lost"
        finally:
            write_json(watch.run_dir / PROC, process)


def test_a_stranger_with_the_recorded_number_is_never_signalled(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=50.0) as (watch, _):
        started(watch)
        kill(watch.run_dir)
        wait_for(watch, ended)
        stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
        try:
            theirs = identify(stranger.pid, stranger.pid)
            reused = structs.replace(theirs, start_ticks=theirs.start_ticks - 1, waiter_ticks=theirs.waiter_ticks - 1)
            write_json(watch.run_dir / PROC, reused)
            assert watch.poll().state == "lost"
            cancel(watch.run_dir)
            assert escalate(watch.run_dir, waited=100)
            cancelled = watch.poll()
            assert cancelled.state == "cancelled" and cancelled.end is not None
            assert cancelled.end.last_step == cancelled.step > 0
            assert stranger.poll() is None
            assert is_running(stranger.pid, start_ticks(stranger.pid))
        finally:
            stranger.kill()
            stranger.wait()


DEAF = """
import signal

def hang(self, lr):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    open("hanging", "w").close()
    while True:
        pass

SigmoidLayer.update = hang
"""


def test_a_worker_that_does_not_listen_is_killed_after_its_time(tmp_path: Path) -> None:
    """The learner's code hangs and blocks SIGTERM: only SIGKILL is left. The clock is the caller's, so no waiting."""
    with running(paths_in(tmp_path), "backprop_fill", SIGMOID + DEAF) as (watch, _):
        wait_until((watch.run_dir / "hanging").exists)
        cancel(watch.run_dir)
        assert not escalate(watch.run_dir, waited=0.0)
        assert not escalate(watch.run_dir, waited=ASK_FOR)
        assert watch.poll().state == "running"
        escalate(watch.run_dir, waited=ASK_FOR + TERM_FOR)
        tick = wait_for(watch, ended, seconds=10)

        assert tick.state == "cancelled"
        assert escalate(watch.run_dir, waited=ASK_FOR + TERM_FOR)


def test_sigterm_ends_a_run_with_a_word(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=50.0) as (watch, _):
        os.kill(started(watch).waiter_pid, signal.SIGTERM)  # the waiter passes it on
        tick = wait_for(watch, ended)

        assert tick.state == "failed"
        assert tick.end is not None
        assert "signal" in tick.end.reason
        assert tick.end.last_step == tick.step


def test_of_three_workers_started_at_once_one_trains(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=20.0, epochs=2) as (watch, _):
        command = [sys.executable, "-m", "tutor.training.waiter", str(watch.run_dir)]
        others = [subprocess.Popen(command, cwd=CHECKOUT) for _ in range(2)]
        wait_until(lambda: any(other.poll() == 75 for other in others))
        control(watch.run_dir, pace=0.0)
        tick = wait_for(watch, ended)
        statuses = [other.wait() for other in others]

        assert set(statuses) <= {0, 75}
        assert statuses.count(0) <= 1
        assert tick.state == "done"
        assert sum(event.kind == "started" for event in tick.events) == 1


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        (LINEAR.replace("x @ self.W", "x @ self.Q"), 11, "AttributeError"),
        (LINEAR + "\nraise ValueError('not today')\n", 18, "not today"),
        ("class Linear:\n    def broken(self)\n", 2, "SyntaxError"),
        (LINEAR.replace("self.x = x\n", "self.x = x\n        import sys; sys.exit()\n"), 11, "SystemExit"),
    ],
)
def test_an_exception_of_the_learner_ends_the_run_with_its_line(
    tmp_path: Path, source: str, line: int, said: str
) -> None:
    _, tick = finish(paths_in(tmp_path), "linear_scratch", source)

    assert tick.state == "failed"
    assert tick.end is not None
    assert tick.end.line == line
    assert said in tick.end.reason
    assert f"ine {line}" in tick.end.reason


def test_leaving_early_is_told_by_the_waiter(tmp_path: Path) -> None:
    _, tick = finish(paths_in(tmp_path), "linear_scratch", LINEAR + "\nimport os\nos._exit(0)\n")

    assert tick.state == "failed"
    assert tick.end is not None
    assert "left early" in tick.end.reason


def test_what_cannot_be_trained_is_said_in_a_sentence(tmp_path: Path) -> None:
    source = LINEAR.replace("return grad_output @ self.W.T", "pass")
    _, tick = finish(paths_in(tmp_path), "linear_scratch", source)

    assert tick.state == "failed"
    assert tick.step == 0
    assert tick.end is not None
    assert "Your backward returns None" in tick.end.reason
    assert "Traceback" not in tick.end.reason


def test_a_batch_size_written_into_the_code_is_found_before_the_first_step(tmp_path: Path) -> None:
    source = LINEAR.replace("return x @ self.W + self.b", "return np.resize(x @ self.W + self.b, (32, len(self.b)))")
    _, tick = finish(paths_in(tmp_path), "linear_scratch", source)

    assert tick.end is not None
    assert "shape (32, 32). It must be (29, 32)" in tick.end.reason


def test_an_update_that_changes_nothing_is_said(tmp_path: Path) -> None:
    source = SIGMOID.replace("self.W -= lr", "W = self.W - lr").replace("self.b -= lr", "b = self.b - lr")
    _, tick = finish(paths_in(tmp_path), "backprop_fill", source)

    assert tick.state == "failed"
    assert tick.end is not None
    assert "changes nothing" in tick.end.reason


@pytest.mark.parametrize(
    ("source", "lr"),
    [(LINEAR, 1e30), (LINEAR.replace("return x @", "return np.nan * x @"), 0.1)],
    ids=["lr 1e30", "NaN"],
)
def test_a_loss_that_is_not_finite_ends_the_run_as_diverged(tmp_path: Path, source: str, lr: float) -> None:
    watch, tick = finish(paths_in(tmp_path), "linear_scratch", source, lr=lr)

    assert tick.state == "diverged"
    assert tick.end is not None
    assert tick.end.last_step == tick.step >= 1
    assert str(tick.step) in tick.end.reason
    assert "came from the forward pass" in tick.end.reason or lr > 1
    steps, losses = watch.new_points()
    assert steps[-1] == tick.step
    assert not losses[-1] < 3.4e38


def test_a_request_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=20.0) as (watch, _):
        for change in ({"lr": 0.0}, {"lr": float("nan")}, {"batch": 0}, {"pace": -1.0}, {"steps_to_run": 0}):
            with pytest.raises(RunError):
                control(watch.run_dir, **change)
        (watch.run_dir / "control.json").write_text('{"seq": 7, "lr": -')
        tick = wait_for(watch, lambda tick: any(event.kind == "note" for event in tick.events))
        assert tick.state == "running"
        cancel(watch.run_dir)
        wait_for(watch, ended)
        with pytest.raises(RunError, match="has ended"):
            control(watch.run_dir, lr=0.1)


def test_an_end_for_want_of_memory_is_told_from_a_kill(tmp_path: Path) -> None:
    folder.write_json(tmp_path / folder.CONFIG, CONFIG)
    end = classify(tmp_path, -signal.SIGKILL, oom_killed=True)
    assert end.state == "out-of-memory"
    assert "with batch 32" in end.reason and "Try batch 16" in end.reason
    assert classify(tmp_path, -signal.SIGKILL, oom_killed=False).state == "failed"
    assert "SIGSEGV" in classify(tmp_path, -signal.SIGSEGV, oom_killed=False).reason
    folder.write_json(tmp_path / folder.CONTROL, Control(seq=1, cancel=True))
    assert classify(tmp_path, -signal.SIGKILL, oom_killed=False).state == "cancelled"


def test_a_memory_error_of_the_learner_is_out_of_memory(tmp_path: Path) -> None:
    source = LINEAR.replace("self.x = x\n", "self.x = np.zeros((1 << 44,))\n")
    _, tick = finish(paths_in(tmp_path), "linear_scratch", source)

    assert tick.state == "out-of-memory"


def test_a_run_of_a_damaged_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    config_file = tmp_path / folder.CONFIG
    with pytest.raises(RunError, match="missing or damaged"):
        Watch(tmp_path)
    config_file.write_text('{"id": ')
    with pytest.raises(RunError, match="missing or damaged"):
        Watch(tmp_path)


def _process(watch: Watch) -> Process:
    process = read_process(watch.run_dir)
    assert process is not None
    return process
