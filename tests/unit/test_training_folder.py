"""How runs are numbered, found and locked, and what their face imports."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec import structs

from tests.program import tutor
from tests.training_runs import LINEAR, challenge, ended, paths_in, running, wait_for
from tutor.errors import RunError, UnknownName
from tutor.paths import CHECKOUT
from tutor.training import escalate, find_run, folder, identity, list_runs, read_log, start
from tutor.training.model import Control, End, Process
from tutor.training.worker import CappedLog


def make(runs: Path, name: str) -> str:
    with folder.new_run(runs, name) as (run_id, hidden):
        folder.write_json(hidden / folder.CONFIG, {})
    return run_id


def test_runs_made_at_once_get_different_numbers(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda i: make(tmp_path, "ab"[i % 2]), range(40)))

    assert sorted(int(run_id.split("-")[0]) for run_id in ids) == list(range(1, 41))
    assert [folder.run_number(path) for path in folder.run_folders(tmp_path)] == list(range(40, 0, -1))


def test_a_run_that_could_not_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), folder.new_run(tmp_path, "a"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError), folder.new_run(tmp_path / "file" / "runs", "a"):
        pass


def test_runs_are_found_by_id_number_and_unique_beginning(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    for name in ("linear_scratch", "backprop_fill", "backprop_fill"):
        make(paths.runs, name)

    assert find_run(paths, "2").name == "2-backprop_fill"
    assert find_run(paths, "1-lin").name == "1-linear_scratch"
    assert find_run(paths, "3-backprop_fill").name == "3-backprop_fill"
    for unknown in ("4", "", "backprop", "2-x"):
        with pytest.raises(UnknownName):
            find_run(paths, unknown)
    assert list_runs(paths) == ()  # none of them has a sound config.json
    assert list_runs(paths_in(tmp_path / "nowhere")) == ()


def test_what_the_disk_refuses_is_a_sentence(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    with running(paths, "linear_scratch", LINEAR, epochs=1) as (watch, config):
        wait_for(watch, ended)
    made = folder.run_folders(paths.runs)
    assert [tick.config.id for tick in list_runs(paths)] == [config.id]

    (watch.run_dir / folder.END).unlink()
    (watch.run_dir / folder.END).symlink_to(folder.END)  # a link to itself: what cannot be read, also by root
    with pytest.raises(RunError, match=r"cannot be read.*end\.json"):
        watch.poll()
    assert list_runs(paths) == () and folder.run_folders(paths.runs) == made  # the other runs are still told
    (watch.run_dir / folder.LOG).unlink()
    (watch.run_dir / folder.LOG).mkdir()
    with pytest.raises(RunError, match="log of"):
        read_log(watch.run_dir)

    elsewhere = paths_in(tmp_path / "elsewhere")
    elsewhere.user_data.mkdir(parents=True)
    elsewhere.runs.symlink_to("runs")
    for ask in (list_runs, lambda paths: find_run(paths, "1")):
        with pytest.raises(RunError, match="cannot be listed"):
            ask(elsewhere)
    told = tutor(elsewhere.user_data)  # home goes on without the runs
    assert told.status == 0 and "Your runs cannot be listed." in told.out and "Linear layer" in told.out


@pytest.mark.parametrize(
    "option",
    [{"epochs": 0}, {"epochs": 10**8}, {"lr": -1.0}, {"lr": float("inf")}, {"batch": 0}, {"pace": -1.0}],
)
def test_what_makes_no_sense_is_refused_before_there_is_a_folder(tmp_path: Path, option: dict[str, float]) -> None:
    paths = paths_in(tmp_path)
    with pytest.raises(RunError):
        start(paths, challenge("linear_scratch"), LINEAR, **option)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="trains no network"):
        start(paths, structs.replace(challenge("linear_scratch"), train=None), LINEAR)
    assert not paths.runs.exists()


def test_json_is_replaced_whole_and_the_first_end_stands(tmp_path: Path) -> None:
    folder.write_json(tmp_path / folder.CONTROL, Control(seq=4, lr=0.5))
    assert folder.read_control(tmp_path) == Control(seq=4, lr=0.5)
    (tmp_path / folder.CONTROL).write_bytes(b'{"seq": 5, "l')
    assert folder.read_control(tmp_path) == Control()
    first = End("done", "All done.", 10)
    assert folder.write_end(tmp_path, first) == first
    assert folder.write_end(tmp_path, End("failed", "Killed.", 9)) == first
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_log_is_capped_and_the_newest_is_kept(tmp_path: Path) -> None:
    log = CappedLog(tmp_path, cap=1000)
    for i in range(500):
        print(f"line {i}", file=log)
    print("x" * 5000, file=log)
    print("the end \x1b[2J\ud800", file=log)

    assert sum((tmp_path / name).stat().st_size for name in (folder.LOG, folder.OLD_LOG)) <= 2000
    assert read_log(tmp_path).endswith("the end \\ud800\n")


def test_the_lock_lets_one_in_also_where_there_are_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert identity.take_lock(tmp_path) is not None
    assert identity.take_lock(tmp_path) is None

    def no_locks(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    other = tmp_path / "nfs"
    other.mkdir()
    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert identity.take_lock(other) is not None
    assert identity.take_lock(other) is None
    claim = other / "lock.owner"
    owner = folder.read_json(claim, Process)
    assert owner is not None
    gone = structs.replace(owner, start_ticks=owner.start_ticks - 1, waiter_ticks=owner.waiter_ticks - 1)
    folder.write_json(claim, gone)
    assert identity.take_lock(other) is not None


def test_a_run_of_another_user_cannot_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_json(tmp_path / folder.PROC, identity.identify(os.getpid(), os.getpid()))

    def not_yours(*_: int) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "kill", not_yours)
    assert escalate(tmp_path, waited=0.0) is False
    with pytest.raises(RunError, match="another user"):
        escalate(tmp_path, waited=3.0)


def test_the_face_imports_nothing_heavy() -> None:
    heavy = ("numpy", "torch", "tomli", "click", "psutil", "textual")
    program = f"import sys, tutor.training; print([name for name in {heavy} if name in sys.modules])"
    out = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
