"""How runs end and are told of: want of time and disk, folders that are away, strangers, twins that differ."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from tests.trainers import Watched, make_run, train
from tests.training_runs import CONFIG, LINEAR, paths_in
from tutor import files, nn
from tutor.errors import RunError
from tutor.paths import CHECKOUT
from tutor.training import Tick, Watch, cancel, escalate, folder, identity
from tutor.training.checkpoints.stored import files_of
from tutor.training.datasets import load
from tutor.training.folder import read_process
from tutor.training.identity import take_lock
from tutor.training.logind import logind_kills
from tutor.training.machine import GAUGES, Machine
from tutor.training.metrics import RecordFile, dtype_of
from tutor.training.model import TWIN, Control, End
from tutor.training.worker import make_trainer

# ── time, memory, disk ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_time_of_a_run_is_over_at_a_checkpoint(tmp_path: Path) -> None:
    run_dir, config = make_run(tmp_path, LINEAR, epochs=10_000, time_limit=0.15)
    _, end = train(run_dir, config)

    assert end.state == "timed-out"
    assert end.last_step > 0
    assert files_of(run_dir)[0].name == f"ckpt-{end.last_step}.npz"


def test_on_a_full_disk_training_goes_on_and_a_lost_checkpoint_is_loud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_dir, config = make_run(tmp_path, LINEAR)
    replace, full = files.replace, [True]

    def refuse(target: Path, data: bytes) -> None:
        if full[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(target, data)

    monkeypatch.setattr("tutor.training.checkpoints.stored.files.replace", refuse)
    _, end = train(run_dir, config, stop_after=3)
    assert "resumed" not in end.reason
    told = [event.text for event in Watch(run_dir).poll().events if event.key == "failed"]
    assert told == [
        "No checkpoint could be written at step 3: No space left on device. "
        "Make room: until then a stop loses all that was learnt."
    ]
    assert told[0] in capsys.readouterr().out
    trainer = make_trainer(run_dir, config, 2)
    monkeypatch.setattr("tutor.training.checkpoints.keeper.EVERY", 0.0)
    Watched(trainer, lambda _: full.__setitem__(0, trainer.step < 6))
    assert trainer.run().state == "done"
    keys = [event.key for event in Watch(run_dir).poll().events if event.kind == "checkpoint"]
    assert keys[-1] == "again"


def test_what_a_full_disk_refuses_for_too_long_is_a_gap_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir, config = make_run(tmp_path, LINEAR, epochs=8)
    write, full = os.pwrite, [True]

    def refuse(fd: int, data: bytes, offset: int) -> int:
        if full[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data, offset)

    monkeypatch.setattr("tutor.training.metrics.os.pwrite", refuse)
    monkeypatch.setattr("tutor.training.metrics.WAITING_CAP", 24 * 8)
    monkeypatch.setattr("tutor.training.loop.TICK", 0.0)
    trainer = make_trainer(run_dir, config)
    Watched(trainer, lambda taken: full.__setitem__(0, taken < 25))
    assert trainer.run().state == "done"
    trainer.close()
    tick = Watch(run_dir).poll()
    assert any("the curve has a gap" in event.text for event in tick.events if event.key == "gap")
    records = np.fromfile(run_dir / folder.METRICS_FILE, dtype_of(config.metrics))
    assert records["step"][-1] == 40
    assert 15 <= len(records) < 40
    assert (np.diff(records["step"].astype(int)) > 0).all()


def test_a_file_that_may_not_grow_keeps_whole_records(tmp_path: Path) -> None:
    """The limit is the kernel's own, in a process of its own."""
    program = (
        "import pathlib, resource, signal, sys\n"
        "from tutor.training.metrics import RecordFile\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "file = RecordFile(pathlib.Path(sys.argv[1]), 24)\n"
        "for _ in range(100):\n    file.append(bytes(24))\n"
        "print(len(file._waiting))\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "metrics.bin")]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    size = (tmp_path / "metrics.bin").stat().st_size
    assert size == 41 * 24
    assert int(done.stdout) == (100 - 41) * 24
    RecordFile(tmp_path / "metrics.bin", 24).close()


# ── folders that are away ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_that_is_away_is_a_state_of_the_watcher_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "mount" / "runs"
    run_dir, config = make_run(runs, LINEAR)
    train(run_dir, config)
    folder.write_end(run_dir, End("done", "All done.", 10))
    watch = Watch(run_dir)
    before = watch.poll()
    assert (before.state, before.disconnected) == ("done", False)

    (tmp_path / "mount").rename(tmp_path / "away")  # as an automount that lets go
    assert watch.poll() == structs.replace(before, disconnected=True, new_points=0)
    (tmp_path / "away").rename(tmp_path / "mount")
    assert watch.poll() == structs.replace(before, new_points=0)

    def stale(path: Path, **_: Any) -> os.stat_result:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", stale)
        assert watch.poll().disconnected
        with pytest.raises(RunError, match="cannot be read"):
            Watch(run_dir).poll()
    assert not watch.poll().disconnected
    for path in sorted(run_dir.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    run_dir.rmdir()
    with pytest.raises(RunError):  # removed: it will not come back
        watch.poll()


# ── one worker, and never a stranger ─────────────────────────────────────────────────────────────────────────────────


def test_of_six_that_start_at_once_one_has_the_lock(tmp_path: Path) -> None:
    for turn in range(20):
        run_dir = tmp_path / str(turn)
        run_dir.mkdir()
        at_once, locks = threading.Barrier(6), list[int | None]()

        def start(run_dir: Path = run_dir, at_once: threading.Barrier = at_once, locks: Any = locks) -> None:
            at_once.wait()
            locks.append(take_lock(run_dir))

        threads = [threading.Thread(target=start) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        held = [lock for lock in locks if lock is not None]
        assert len(locks) == 6
        assert len(held) == 1
        os.close(held[0])


NAMESPACE = """
import os, pathlib, signal, subprocess, sys
from tutor.training import folder
from tutor.training.control import cancel, escalate
from tutor.training.identity import identify, is_running, worker_runs
run_dir = pathlib.Path(sys.argv[1])
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
process = identify(child.pid, child.pid)
folder.write_json(run_dir / folder.PROC, process)
assert worker_runs(process)
child.kill(); child.wait()
while True:
    pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text(str(process.pid - 1))
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    if stranger.pid == process.pid and identify(stranger.pid, stranger.pid) != process:
        break  # it has the number, and began in a later tick of the clock
    stranger.kill(); stranger.wait()
os.kill(process.pid, 0)
assert not worker_runs(process)
cancel(run_dir)
assert escalate(run_dir, waited=100)
assert stranger.poll() is None
stranger.kill()
print("spared")
"""


def test_a_number_that_the_kernel_gave_to_a_stranger_is_never_signalled(tmp_path: Path) -> None:
    folder.write_json(tmp_path / folder.CONFIG, CONFIG)
    inside = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", NAMESPACE, str(tmp_path)]
    probe = subprocess.run([*inside[:4], "true"], capture_output=True, check=False)
    if probe.returncode or not os.access("/proc/sys/kernel/ns_last_pid", os.W_OK):
        _fake_reuse(tmp_path)
        return
    done = subprocess.run(inside, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "spared\n", done.stderr


def _fake_reuse(run_dir: Path) -> None:
    """Without a PID namespace: a living stranger, and a record that says it began earlier."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        try:
            theirs = identity.identify(stranger.pid, stranger.pid)
            reused = structs.replace(theirs, start_ticks=theirs.start_ticks - 1, waiter_ticks=theirs.waiter_ticks - 1)
            folder.write_json(run_dir / folder.PROC, reused)
            assert not identity.worker_runs(reused)
            cancel(run_dir)
            assert escalate(run_dir, waited=100)
            assert stranger.poll() is None
        finally:
            stranger.kill()


# ── what else a run tells ────────────────────────────────────────────────────────────────────────────────────────────


def test_accuracy_and_loss_are_of_the_trained_and_of_the_held_back_samples(tmp_path: Path) -> None:
    run_dir, config = make_run(tmp_path, LINEAR, epochs=3)
    trainer, _ = train(run_dir, config)
    told = [event for event in Watch(run_dir).poll().events if event.kind == "evaluated"]
    assert len(told) == 3
    for event in told:
        assert event.accuracy is not None and 0 < event.accuracy <= 1
        assert event.loss is not None and event.held_back_loss is not None
    assert told[-1].accuracy > told[0].accuracy  # type: ignore[operator]
    data, learnt = load("digits"), trainer.parameters()

    def measured(x: Any, y: Any) -> tuple[float, float]:
        output = np.maximum(x.reshape(len(x), -1) @ learnt["W1"] + learnt["b1"], 0) @ learnt["W2"] + learnt["b2"]
        return float(nn.SoftmaxCrossEntropy()(output, y)[0]), float((output.argmax(axis=1) == y).mean())

    rows = trainer._trained
    assert len(rows) == len(data.y_test)
    of_trained, of_held = measured(data.x_train[rows], data.y_train[rows]), measured(data.x_test, data.y_test)
    assert (told[-1].loss, told[-1].accuracy) == pytest.approx(of_trained, rel=1e-9)
    assert (told[-1].held_back_loss, told[-1].held_back) == pytest.approx(of_held, rel=1e-9)
    assert of_trained[0] != of_held[0]
    assert (run_dir / "epochs" / "00000.npz").exists() and (run_dir / "epochs" / "00003.npz").exists()


def test_the_first_step_at_which_the_twins_differ_is_named_once(tmp_path: Path) -> None:
    run_dir, config = make_run(tmp_path, LINEAR)
    config = structs.replace(config, mode="lockstep", twin=TWIN)
    apart = iter([(0.0, 1e-15, 2.3), (1e-14, 1e-13, 2.2), (1e-15, 3e-9, 2.1)] + [(1e-8, 0.1, 1.9)] * 7)
    sentences = iter(["", "", "The gradient of b1 is not PyTorch's.", *[""] * 7])
    folder.write_json(run_dir / folder.CONFIG, structs.replace(config, mode="numpy"))
    trainer = make_trainer(run_dir, structs.replace(config, mode="numpy", twin=TWIN))
    trainer._config = config
    trainer._network.lockstep = lambda: next(apart)  # type: ignore[method-assign]
    trainer._network.first_divergence = lambda: next(sentences)  # type: ignore[method-assign]
    trainer.run()
    trainer.close()

    told = [event for event in Watch(run_dir).poll().events if event.key == "lockstep"]
    assert [event.step for event in told] == [3]
    assert told[0].text == "Step 3 is the first that differs from PyTorch's. The gradient of b1 is not PyTorch's."
    records = np.fromfile(run_dir / folder.TWIN_FILE, dtype_of(TWIN))
    assert records["step"].tolist() == list(range(1, 11))
    assert records["free_loss"][0] == 2.3


def test_the_machine_is_measured_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("tutor.training.machine.time.monotonic", lambda: clock[0])
    machine = Machine(lambda: (0.5, 1234.0))
    assert all(np.isnan(value) for value in machine.read().values())
    clock[0] += 2.0
    read = machine.read()
    assert tuple(read) == GAUGES
    assert read["cpu"] >= 0 and read["rss_mb"] > 10
    assert (read["gpu"], read["gpu_mb"]) == (0.5, 1234.0)
    clock[0] += 0.5
    assert machine.read() is read
    assert np.isnan(Machine(lambda: None).read()["gpu"])


def test_the_file_edited_during_training_is_not_what_runs(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    mine = paths.implementation("linear_scratch")
    mine.parent.mkdir(parents=True)
    mine.write_text(LINEAR)
    run_dir, config = make_run(paths.runs, mine.read_text())
    mine.write_text("this is no longer Python (")
    _, end = train(run_dir, config)
    assert end.state == "done"
    assert folder.code_file(run_dir, config).read_text() == LINEAR


def test_a_signal_before_the_first_step_stops_it_without_a_checkpoint(tmp_path: Path) -> None:
    run_dir, config = make_run(tmp_path, LINEAR)
    trainer = make_trainer(run_dir, config)
    trainer.stop(signal.SIGUSR2)
    end = trainer.run()
    assert "SIGUSR2" in end.reason
    assert (end.last_step, files_of(run_dir)) == (0, [])
    folder.write_json(run_dir / folder.CONTROL, Control(seq=1, cancel=True))
    assert train(run_dir, config, attempt=2)[1].state == "cancelled"


@pytest.mark.timed
def test_a_poll_of_a_million_new_records_is_quick(tmp_path: Path) -> None:
    from time import perf_counter

    run_dir, config = make_run(tmp_path, LINEAR)
    records = np.zeros(1_000_000, dtype_of(config.metrics))
    records["step"], records["attempt"], records["loss"] = np.arange(1, 1_000_001), 1, 0.5
    spent = []
    for _ in range(3):
        watch = Watch(run_dir)
        watch.poll()
        records.tofile(run_dir / folder.METRICS_FILE)
        began = perf_counter()
        tick = watch.poll()
        spent.append(perf_counter() - began)
        assert tick.new_points == 1_000_000
        (run_dir / folder.METRICS_FILE).unlink()
    assert min(spent) < 0.1


# ── logout ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _machine(root: Path, **texts: str) -> Path:
    (root / "run/systemd/system").mkdir(parents=True)
    for name, text in texts.items():
        path = root / "etc/systemd" / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("texts", "kills"),
    [
        ({}, False),
        ({"logind_conf": "[Login]\nKillUserProcesses=yes\n"}, True),
        ({"logind_conf": "[Login]\n#KillUserProcesses=no\n"}, False),
        ({"logind_conf": "[Login]\n#KillUserProcesses=yes\n"}, True),
        ({"logind_conf": "KillUserProcesses=yes\n", "logind.conf.d__a_conf": "KillUserProcesses=no\n"}, False),
        ({"logind_conf": "KillUserProcesses=yes\nKillExcludeUsers=root ada\n"}, False),
        ({"logind_conf": "KillUserProcesses=yes\nKillOnlyUsers=bob\n"}, False),
    ],
)
def test_a_machine_that_ends_everything_at_logout_is_known(tmp_path: Path, texts: dict[str, str], kills: bool) -> None:
    root = _machine(tmp_path, **texts)
    assert logind_kills(root, "ada") is kills
    assert not logind_kills(root, "root")
    (root / "var/lib/systemd/linger").mkdir(parents=True)
    (root / "var/lib/systemd/linger/ada").touch()
    assert not logind_kills(root, "ada")
    assert not logind_kills(tmp_path / "nowhere", "ada")


def test_a_lost_run_names_the_logout_that_may_have_ended_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_dir, config = make_run(tmp_path, LINEAR)
    gone = structs.replace(identity.identify(os.getpid(), os.getpid()), start_ticks=1, waiter_ticks=1)
    folder.write_json(run_dir / folder.PROC, gone)
    assert read_process(run_dir) == gone
    assert config.id

    def told() -> str:
        tick: Tick = Watch(run_dir).poll()
        assert tick.state == "lost" and tick.end is not None
        return tick.end.reason

    assert "left no word" in told()
    monkeypatch.setattr("tutor.training.watch.logind_kills", lambda: True)
    assert "enable-linger" in told()
