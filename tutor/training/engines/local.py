"""The engine of this machine: a worker in the background that outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tutor.errors import RunError, reason_of
from tutor.paths import PACKAGE
from tutor.training.folder import LOG

# Popen objects are kept until their process has ended: dropped earlier, they warn about a process still running.
_started: list[subprocess.Popen[bytes]] = []


def start(run_dir: Path) -> None:
    """Start the run in `run_dir` and return at once; RunError when no process can be made.

    Exec'd, never forked; in a session of its own, with nothing of the terminal in its hands: it survives the end of
    the starter, of the terminal, and of an SSH connection. Works from any thread.
    """
    _started[:] = [process for process in _started if process.poll() is None]
    path = os.pathsep.join(part for part in (str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")) if part)
    try:
        with (run_dir / LOG).open("ab") as log:
            _started.append(
                subprocess.Popen(
                    [sys.executable, "-P", "-m", "tutor.training.waiter", str(run_dir)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=run_dir,  # what the learner's code writes by a bare name stays with the run
                    env=os.environ | {"PYTHONPATH": path},
                    start_new_session=True,
                    close_fds=True,
                )
            )
    except OSError as error:
        raise RunError(
            "The worker cannot be started.", f"{reason_of(error)}: {run_dir}.", "Close other programs and try again."
        ) from error
