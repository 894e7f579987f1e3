"""Training from the command line: started, followed, left alone, asked after, ended."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.made_runs import made_run
from tests.program import command, environment, tutor
from tests.ptyscreen import ROOT, Terminal
from tests.training_runs import LINEAR, kill, paths_in, wait_until
from tutor.cli.train import _with_data
from tutor.training import Event, TrainOptions, Watch, datasets, title_of
from tutor.training.folder import read_config, read_end, run_folders
from tutor.training.model import End


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


def test_a_run_is_started_again_from_its_frozen_code_and_comes_out_the_same(data: Path) -> None:
    options = ["--epochs", "2", "--seed", "1", "--hidden", "16", "--optimizer", "adam", "--dtype", "float32"]
    first = tutor(data, "train", "linear_scratch", *options, "--follow", "--json")
    assert (first.status, first.err) == (0, "")
    config, *events, end = (json.loads(line) for line in first.out.splitlines())
    assert (config["widths"], config["optimizer"]["kind"], config["dtype"]) == ([64, 16, 10], "adam", "float32")
    assert [event["epoch"] for event in events if event["kind"] == "evaluated" and event["step"]] == [1, 2]
    assert (end["state"], end["events"]) == ("done", [])

    (data / "implementations" / "linear_scratch.py").write_text("raise SystemExit")
    again = tutor(data, "restart", "1", "--follow", "--json")
    config_2, *_, end_2 = (json.loads(line) for line in again.out.splitlines())
    assert (config_2["id"], config_2["restarted_from"]) == ("2-linear_scratch", "1-linear_scratch")
    assert (end_2["loss"], end_2["held_back"]) == (end["loss"], end["held_back"])
    assert tutor(data, "resume", "2").status == 2


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


# ── runs that are there ──────────────────────────────────────────────────────────────────────────────────────────────

MEASURED = Event(0.3, 3, "evaluated", epoch=1, held_back=0.95, held_back_loss=0.2)


def test_runs_are_named_compared_exported_and_deleted(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    first = made_run(runs, 1, events=[MEASURED])
    made_run(runs, 2, lr=0.5, end=End("diverged", "It ran away.", 3))
    assert tutor(tmp_path, "rename", "1", "with momentum").out == "1-linear_scratch  with momentum\n"
    assert title_of(first) == "with momentum"
    assert "with momentum" in tutor(tmp_path, "status").out
    assert tutor(tmp_path, "status", "with mom", "--json").json["title"] == "with momentum"
    refused = tutor(tmp_path, "rename", "1", "two\nlines")
    assert (refused.status, title_of(first)) == (2, "with momentum")

    compared = tutor(tmp_path, "compare", "with", "2").out
    assert compared.index("95.0%") < compared.index("What differs") < compared.index("learning rate")
    rows = tutor(tmp_path, "compare", "1", "2", "--json").json["rows"]
    assert [row["values"] for row in rows if row["kind"] == "differs"] == [[0.1, 0.5]]
    assert tutor(tmp_path, "compare", "1").status == 2

    table, picture = tmp_path / "out.csv", tmp_path / "out.svg"
    assert tutor(tmp_path, "export", "1", "--csv", table, "--svg", picture).status == 0
    assert [row["loss"] for row in csv.DictReader(table.read_text().splitlines())] == ["2", "1.5", "1"]
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    assert tutor(tmp_path, "export", "1", "--csv", "-").out == table.read_text()
    there = tutor(tmp_path, "export", "1", "--csv", table)
    assert there.status == 2 and "--force" in there.err
    assert tutor(tmp_path, "export", "1").status == 2

    unasked = tutor(tmp_path, "rm", "1", "2")
    assert unasked.status == 2 and "--yes" in unasked.err and first.exists()
    freed = tutor(tmp_path, "rm", "1", "--yes", "--json").json
    assert freed["1-linear_scratch"] > 0 and not first.exists()
    assert "is deleted" in tutor(tmp_path, "rm", "2", "--yes").out
    assert "No run yet" in tutor(tmp_path, "status").out


def test_what_is_no_run_is_a_sentence(tmp_path: Path) -> None:
    made_run(tmp_path / "runs", ended=False, created=2e9)
    assert "tutor cancel 1-linear_scratch" in tutor(tmp_path, "rm", "1", "--yes").err
    for words in (["rename", "7", "x"], ["restart", "7"], ["rm", "7", "--yes"], ["export", "7", "--csv", "-"]):
        failed = tutor(tmp_path, *words)
        assert failed.status == 2 and "There is no run called '7'." in failed.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--optimizer", "adm"], "Did you mean adam?"),
        (["--dataset", "digit"], "Did you mean digits?"),
        (["--hidden", "12,x"], "write 128, or 128,64"),
        (["--twin", "--lockstep"], "choose one"),
        (["--device", "gpu"], "device"),
        (["--lr", "-1"], "no learning rate"),
        (["--epochs", "95443718"], "Give 95,443,717 epochs at most."),
        (["--time-limit", "nan"], "no time limit"),
        (["--optimizer", "backprop_fill"], "backprop_fill is no optimiser"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence_and_starts_nothing(data: Path, options: list[str], words: str) -> None:
    refused = tutor(data, "train", "linear_scratch", *options)
    assert refused.status == 2 and words in refused.err
    assert run_folders(data / "runs") == []


def test_without_a_network_the_digits_are_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_network(*_: object) -> None:
        raise datasets.DatasetUnavailable("MNIST cannot be downloaded.", "No server answers.", "Try again later.")

    monkeypatch.setattr(datasets, "obtain", no_network)
    chosen = _with_data(paths_in(tmp_path), TrainOptions(dataset="mnist", epochs=3))
    assert chosen == TrainOptions(dataset="digits", epochs=3)
    said = capsys.readouterr().err
    assert "No server answers." in said and said.endswith("Training on the digits instead.\n")
    named = TrainOptions(dataset="mnist", data_dir=tmp_path)
    assert _with_data(paths_in(tmp_path), named) == named


def test_in_a_terminal_the_chart_is_painted_in_place_and_ctrl_c_leaves_the_run(
    data: Path, terminal: Callable[..., Terminal]
) -> None:
    words = command(data, "train", "linear_scratch", "--pace", "60", "--epochs", "1000", "--seed", "1", "--follow")
    with terminal(words, env={"TUTOR_USER_DATA": ""}) as screen:
        screen.wait_for("epoch 2/1000", 30)
        screen.wait_for("left")
        assert sum("training loss" in line for line in screen.lines) == 1
        screen.press("ctrl+c")
        screen.wait_for("The run goes on: tutor status 1-linear_scratch")
        assert screen.wait_exit() == 130
    (run_dir,) = run_folders(data / "runs")
    watch = Watch(run_dir)
    step = watch.poll().step
    wait_until(lambda: watch.poll().step > step)
    assert read_config(run_dir).seed == 1
    assert tutor(data, "cancel", "1").status == 0
    assert tutor(data, "logs", "1", "--follow").out == "a word of my own\n"
