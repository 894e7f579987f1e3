"""Training from the command line: started, followed, left alone, asked after, ended."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import command, environment, tutor
from tests.ptyscreen import ROOT
from tests.training_runs import LINEAR, kill
from tutor.training.folder import read_end, run_folders


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A learner's folder with a file that passes; no run outlives the test."""
    folder = tmp_path / "data"
    (folder / "implementations").mkdir(parents=True)
    (folder / "implementations" / "linear_scratch.py").write_text(LINEAR + "\nprint('a word of my own')\n")
    yield folder
    for run_dir in run_folders(folder / "runs"):
        if read_end(run_dir) is None:
            kill(run_dir)


def test_a_run_is_followed_to_its_end(data: Path) -> None:
    followed = tutor(data, "train", "linear_scratch", "--epochs", "3", "--seed", "1", "--follow")
    assert (followed.status, followed.err) == (0, "")
    lines = followed.out.splitlines()
    assert lines[0] == "1-linear_scratch" and "epoch 3/3" in followed.out
    assert lines[-1].startswith("done: All 3 epochs are done")

    status = tutor(data, "status", "1", "--json")
    assert status.json["state"] == "done" and status.json["step"] == status.json["config"]["epochs"] * 45
    assert [run["config"]["id"] for run in tutor(data, "status", "--json").json] == ["1-linear_scratch"]
    assert "done" in tutor(data, "status").out
    assert tutor(data, "logs", "1-l").out == "a word of my own\n"
    ended = tutor(data, "cancel", "1")
    assert ended.status == 0 and "had ended already" in ended.out


def test_ctrl_c_stops_following_and_cancel_ends_the_run(data: Path) -> None:
    slow = ["--pace", "2", "--epochs", "1000", "--follow"]
    process = subprocess.Popen(
        command(data, "train", "linear_scratch", *slow),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
        start_new_session=True,
    )
    assert process.stdout is not None
    while b"epoch 1/1000" not in (line := process.stdout.readline()):  # it is being followed
        assert line
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == b"\nThe run goes on: tutor status 1-linear_scratch, tutor cancel 1-linear_scratch\n"

    assert "1-linear_scratch" in tutor(data).out.split("Running\n")[1]
    cancelled = tutor(data, "cancel", "1-linear_scratch")
    assert cancelled.status == 0 and "1-linear_scratch  cancelled: " in cancelled.out
    assert tutor(data, "status", "1", "--json").json["state"] == "cancelled"


def test_code_that_does_not_pass_trains_nothing(data: Path) -> None:
    (data / "implementations" / "linear_scratch.py").write_text(LINEAR.replace(".sum(axis=0)", ".mean(axis=0)"))
    refused = tutor(data, "train", "linear_scratch")
    assert (refused.status, refused.out) == (1, "")
    assert refused.err.startswith("✗ grad_b ") and "tutor test linear_scratch" in refused.err
    assert not (data / "runs").exists()
    assert "No run yet" in tutor(data, "status").out
    assert tutor(data, "status", "--json").json == []
