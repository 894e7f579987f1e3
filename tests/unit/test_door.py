"""What the first module decides, before anything is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.ptyscreen import ROOT
from tutor import VERSION
from tutor import __main__ as door


@pytest.mark.parametrize(
    ("line", "screen"),
    [
        ("", True),
        ("--user-data /tmp/x", True),
        ("--user-data=/tmp/x", True),
        ("learn", True),
        ("--user-data /tmp/x quiz 06", True),
        ("challenge linear_scratch", True),
        ("challenge --kind fill", True),
        ("learn 06 --plain", False),
        ("challenge --list", False),
        ("quiz --help", False),
        ("--help", False),
        ("--user-data", False),  # its value is missing: the command line says so
        ("test linear_scratch", False),
        ("--user-data learn progress", False),
        ("no-such-verb", False),
    ],
)
def test_which_lines_mean_the_screen(line: str, screen: bool) -> None:
    _, rest = door._split(line.split())
    assert door._wants_screen(rest) is screen


def test_options_before_the_verb() -> None:
    assert door._split(["--user-data=a", "--user-data", "b", "learn", "--user-data", "c"]) == (
        {"--user-data": "b"},
        ["learn", "--user-data", "c"],
    )


def test_version() -> None:
    run = subprocess.run([sys.executable, "-m", "tutor", "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (run.stdout, run.stderr, run.returncode) == (f"tutor {VERSION}\n", "", 0)


def test_windows_is_pointed_to_wsl(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "name", "nt")
    status = door.main([])
    monkeypatch.undo()
    assert status == 2 and "WSL" in capsys.readouterr().err
