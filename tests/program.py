"""The tutor as somebody without a screen starts it: one command, its exit status, and what it printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.ptyscreen import ROOT


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


def environment(**changes: str | None) -> dict[str, str]:
    """The environment of a command: this one, without what would lead it to a folder of somebody's."""
    values: Mapping[str, str | None] = {**os.environ, "TUTOR_USER_DATA": None, "PYTHONSAFEPATH": None, **changes}
    return {name: value for name, value in values.items() if value is not None}


def command(folder: Path | str, *arguments: str | Path) -> list[str]:
    """The words that start the tutor on a learner's folder."""
    return [sys.executable, "-m", "tutor", "--user-data", str(folder), *map(str, arguments)]


def tutor(folder: Path | str, *arguments: str | Path, stdin: str | bytes = "", **env: str | None) -> Done:
    """Run one command to its end; whatever it is, it prints no escape sequence and no traceback."""
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    run = subprocess.run(
        command(folder, *arguments), input=raw, capture_output=True, cwd=ROOT, env=environment(**env), timeout=60
    )
    assert b"\x1b" not in run.stdout + run.stderr
    done = Done(run.returncode, run.stdout.decode(), run.stderr.decode())
    assert "Traceback" not in done.out + done.err
    return done
