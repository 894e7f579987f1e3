"""A learner's file trains in the background: real processes, watched from the folder alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.idx_files import little_mnist, write_files
from tests.training_runs import (
    LINEAR,
    SIGMOID,
    challenge,
    ended,
    finish,
    kill,
    paths_in,
    running,
    started,
    wait_for,
    wait_until,
)
from tutor.paths import CHECKOUT
from tutor.training import (
    RunConfig,
    TrainOptions,
    Watch,
    cancel,
    control,
    escalate,
    find_run,
    list_runs,
    paced_for,
    read_log,
)
from tutor.training.folder import CONFIG, EVENTS, GAUGES_FILE, HEARTBEAT, METRICS_FILE, read_end, read_process
from tutor.training.metrics import dtype_of, read_pyramid
from tutor.training.model import Event, Tick


def test_a_run_writes_every_file_of_its_folder_and_they_describe_themselves(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    watch, tick = finish(paths, "backprop_fill", SIGMOID, epochs=7, seed=1)
    config, run_dir = watch.config, watch.run_dir

    assert tick.state == "done"
    assert run_dir.name == "1-backprop_fill"
    assert (run_dir / "code" / "backprop_fill.py").read_text() == SIGMOID
    assert config.widths == (64, 32, 10)
    assert config.steps == 7 * 45
    metrics = np.fromfile(run_dir / METRICS_FILE, dtype_of(config.metrics))
    assert metrics["step"].tolist() == list(range(1, config.steps + 1))
    assert (np.diff(metrics["t"]) > 0).all()
    assert np.isfinite(metrics["loss"]).all()
    assert (metrics["lr"] == 1.0).all()
    blocks = read_pyramid(run_dir)
    assert blocks["last_step"].tolist() == [256, 315]
    assert blocks["max"][0] == metrics["loss"][:256].max()
    gauges = np.fromfile(run_dir / GAUGES_FILE, dtype_of(config.gauges))
    assert gauges["step"][0] == 1
    assert gauges["grad_norm.W1"][0] > 0
    assert 0 < gauges["update_ratio.W2"][0] < 1
    events = [msgspec.json.decode(line, type=Event) for line in (run_dir / EVENTS).read_bytes().splitlines()]
    assert [event.kind for event in events] == ["started", *["epoch", "evaluated"] * 7, "ended"]
    assert (run_dir / HEARTBEAT).exists()
    assert msgspec.json.decode((run_dir / CONFIG).read_bytes(), type=RunConfig) == config
    end = read_end(run_dir)
    assert end is not None
    assert end.last_step == config.steps
    assert end.held_back == tick.held_back == events[-2].held_back

    steps, losses = watch.new_points()
    assert steps.tolist() == metrics["step"].tolist()
    assert losses.tolist() == metrics["loss"].tolist()
    assert len(watch.new_points()[0]) == 0
    assert [run.config.id for run in list_runs(paths)] == ["1-backprop_fill"]
    assert find_run(paths, "1") == run_dir


@pytest.mark.parametrize(("name", "source"), [("linear_scratch", LINEAR), ("backprop_fill", SIGMOID)])
def test_correct_code_reads_the_digits(tmp_path: Path, name: str, source: str) -> None:
    _, tick = finish(paths_in(tmp_path), name, source, seconds=60, seed=3)

    assert tick.state == "done"
    assert tick.held_back is not None
    assert tick.held_back >= 0.95


UNSEEDED = LINEAR.replace("np.random.randn(n_in, n_out)", "np.random.default_rng().standard_normal((n_in, n_out))")


@pytest.mark.parametrize("source", [LINEAR, UNSEEDED], ids=["the global state", "a generator without a seed"])
def test_equal_seeds_give_equal_runs_and_other_seeds_others(tmp_path: Path, source: str) -> None:
    assert ("default_rng" in source) == (source is UNSEEDED)
    paths = paths_in(tmp_path)
    losses = [
        finish(paths, "linear_scratch", source, epochs=1, seed=seed)[0].new_points()[1].tolist() for seed in (5, 5, 6)
    ]

    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


def test_the_frozen_copy_is_trained_and_prints_go_to_the_log(tmp_path: Path) -> None:
    source = LINEAR + "\nprint('hello \\x1b[31mred\\x1b[0m')\n"
    watch, tick = finish(paths_in(tmp_path), "linear_scratch", source, epochs=1)

    assert tick.state == "done"
    assert read_log(watch.run_dir) == "hello red\n"


def test_pace_pause_single_steps_learning_rate_and_full_speed(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=50.0) as (watch, _):
        started(watch)
        request = control(watch.run_dir, paused=True)
        tick = wait_for(watch, lambda tick: _echoed(tick, request.seq))
        assert tick.paused
        assert tick.state == "running"
        stood = watch.poll().step  # once more: the records are read before the events
        request = control(watch.run_dir, steps_to_run=3)
        wait_for(watch, lambda tick: tick.step == stood + 3)
        request = control(watch.run_dir, paused=False, lr=0.05, batch=64)
        tick = wait_for(watch, lambda tick: _echoed(tick, request.seq) and tick.step > stood + 3)
        echo = next(event for event in tick.events if event.seq == request.seq)
        assert echo.text == "learning rate 0.1 → 0.05, batch 32 → 64, going on"
        control(watch.run_dir, pace=0.0)
        tick = wait_for(watch, ended)
        assert tick.state == "done"
        records = np.fromfile(watch.run_dir / METRICS_FILE, dtype_of(watch.config.metrics))
        assert records["lr"][-1] == np.float32(0.05)
        assert tick.step < watch.config.steps  # a larger batch: fewer steps an epoch


def test_a_paced_run_keeps_its_pace(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=100.0) as (watch, _):
        tick = wait_for(watch, lambda tick: tick.step >= 40)

        assert tick.elapsed >= (tick.step - 1) / 100 - 0.001  # no step before its time
        assert tick.steps_per_s
        assert tick.seconds_left
    assert paced_for(challenge("linear_scratch")) == 30 * 45 / 60


def test_cancel_ends_a_run_and_asking_again_changes_nothing(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=20.0) as (watch, _):
        started(watch)
        request = cancel(watch.run_dir)
        assert cancel(watch.run_dir) == request
        tick = wait_for(watch, ended, seconds=10)

        assert tick.state == "cancelled"
        assert escalate(watch.run_dir, waited=100)
        assert cancel(watch.run_dir) == request


def test_a_run_outlives_its_starter(tmp_path: Path) -> None:
    """The starter is a session leader that is killed with -9 while the run goes on; its group gets a SIGHUP before."""
    paths = paths_in(tmp_path)
    source = tmp_path / "linear.py"
    source.write_text(LINEAR)
    program = (
        "import pathlib, sys, threading, time\n"
        "from tutor.course import load_challenge\n"
        "from tutor.paths import locate\n"
        "from tutor.training import start\n"
        f"paths = locate(pathlib.Path({str(paths.user_data)!r}))\n"
        "challenge = load_challenge(paths.lessons, 'linear_scratch')\n"
        f"text = pathlib.Path({str(source)!r}).read_text()\n"
        "thread = threading.Thread(target=start, args=(paths, challenge, text), kwargs={'pace': 100.0})\n"
        "thread.start(); thread.join(); print('started', flush=True); sys.stdin.read()\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        start_new_session=True,
    )
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"started\n"
        watch = Watch(find_run(paths, "1"))
        try:
            process = started(watch)
            os.killpg(starter.pid, 1)
            starter.kill()
            starter.wait()
            os.kill(process.pid, 1)  # the hang-up of a closed terminal, to the worker itself
            os.kill(process.waiter_pid, 1)
            stood = watch.poll().step
            tick = wait_for(watch, lambda tick: tick.step > stood + 10)
            assert tick.state == "running"
            control(watch.run_dir, pace=0.0)
            assert wait_for(watch, ended).state == "done"
        finally:
            kill(watch.run_dir)


def test_a_second_worker_is_refused(tmp_path: Path) -> None:
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, pace=20.0) as (watch, _):
        started(watch)
        for module in ("worker", "waiter"):
            command = [sys.executable, "-m", f"tutor.training.{module}", str(watch.run_dir)]
            assert subprocess.run(command, cwd=CHECKOUT).returncode == 75
        assert watch.poll().state == "running"


def test_no_process_is_left_when_a_run_ends(tmp_path: Path) -> None:
    """Also not what the learner's code started."""
    source = LINEAR + "\nimport subprocess\nchild = subprocess.Popen(['sleep', '600'])\nprint(child.pid)\n"
    watch, _ = finish(paths_in(tmp_path), "linear_scratch", source, epochs=1)
    child = int(read_log(watch.run_dir).split()[0])
    process = read_process(watch.run_dir)
    assert process is not None

    wait_until(lambda: all(_gone(pid) for pid in (child, process.pid, process.waiter_pid)))


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _echoed(tick: Tick, seq: int) -> bool:
    return any(event.seq == seq for event in tick.events)


def test_the_large_digits_train_from_files_of_the_learners_own(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "mnist", little_mnist(300, 50), packed=True)
    options = TrainOptions(dataset="mnist", data_dir=folder, seed=2)
    with running(paths_in(tmp_path), "linear_scratch", LINEAR, options=options) as (watch, config):
        assert (config.widths, config.lr, config.batch, config.epochs) == ((784, 128, 10), 0.1, 64, 10)
        tick = wait_for(watch, ended)
    assert tick.state == "done" and tick.step == 10 * 5
    first, last = [event.loss for event in tick.events if event.loss is not None][:: config.epochs - 1]
    assert last < first / 2
