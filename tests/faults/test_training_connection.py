"""The connection is lost, the terminal is closed: the run goes on, and who comes back sees all of it."""

from __future__ import annotations

import contextlib
import getpass
import os
import pty
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training_runs import LINEAR, ended, kill, paths_in, started, wait_for, wait_until
from tutor.paths import CHECKOUT
from tutor.training import Watch, control, find_run, folder

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

STARTER = """
import pathlib, sys, time
from tutor.course import load_challenge
from tutor.paths import locate
from tutor.training import start
paths = locate(pathlib.Path(sys.argv[1]))
start(paths, load_challenge(paths.lessons, "linear_scratch"), pathlib.Path(sys.argv[2]).read_text(), pace=100.0, seed=1)
print("started", flush=True)
time.sleep(600)
"""


def command(folder: Path) -> list[str]:
    """What a learner's session runs: it starts a run and stays."""
    (folder / "linear.py").write_text(LINEAR)
    return [sys.executable, "-c", STARTER, str(folder / "user_data"), str(folder / "linear.py")]


def check_that_it_goes_on(folder: Path, steps_before: int) -> None:
    """The run is found from a new session, is followed from its first step, and comes to its end."""
    watch = Watch(find_run(paths_in(folder), "1"))
    tick = wait_for(watch, lambda tick: tick.step > steps_before + 10)
    assert (tick.state, tick.events[0].kind) == ("running", "started")
    control(watch.run_dir, pace=0.0)
    tick = wait_for(watch, ended)
    assert tick.state == "done"
    assert Watch(watch.run_dir).poll().new_points == tick.step == watch.config.steps


@pytest.fixture
def cleaned(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for run_dir in folder.run_folders(paths_in(tmp_path).runs):
        kill(run_dir)


def test_a_closed_terminal_does_not_end_a_run(cleaned: Path) -> None:
    """A session leader with a controlling terminal, which hangs up: everything in the foreground gets SIGHUP."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(CHECKOUT)
        os.execv(sys.executable, command(cleaned))
    shown = b""
    while b"started" not in shown:
        shown += os.read(terminal, 4096)
    watch = Watch(find_run(paths_in(cleaned), "1"))
    started(watch, after_step=5)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGHUP

    check_that_it_goes_on(cleaned, watch.poll().step)


@contextlib.contextmanager
def server(folder: Path) -> Iterator[list[str]]:
    """Run a real sshd on loopback with keys of its own, and give the client's command; skip where it cannot."""
    if SSHD is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        pytest.skip("sshd cannot run here: it is not installed")
    for name in ("host", "mine"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_text((folder / "mine.pub").read_text())
    (folder / "authorized").chmod(0o600)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "PidFile": "none",
        "AuthorizedKeysFile": folder / "authorized",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "prohibit-password",
    }
    (folder / "sshd_config").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it separates its privileges
    assert SSHD is not None
    with (folder / "sshd.log").open("wb") as log:
        daemon = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    client = ["ssh", "-tt", "-F", "none", "-p", str(port), "-i", str(folder / "mine"), "-o", "BatchMode=yes"]
    client += ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder / 'known'}", "-o", "LogLevel=ERROR"]
    client.append(f"{getpass.getuser()}@127.0.0.1")
    try:
        _wait_for_port(port, daemon, folder / "sshd.log")
        yield client
    finally:
        daemon.terminate()
        daemon.wait()


def _wait_for_port(port: int, daemon: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if daemon.poll() is not None:
            pytest.skip(f"sshd cannot run here: {log.read_text().strip()[-200:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    pytest.fail("sshd does not answer")


def test_a_lost_ssh_connection_does_not_end_a_run(cleaned: Path) -> None:
    with server(cleaned) as client:
        line = f"cd {shlex.quote(str(CHECKOUT))} && {shlex.join(command(cleaned))}"
        connection = subprocess.Popen([*client, line], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with connection:
            assert connection.stdout is not None
            shown = connection.stdout.readline()
            assert shown.strip() == b"started", (cleaned / "sshd.log").read_text()
            watch = Watch(find_run(paths_in(cleaned), "1"))
            started(watch, after_step=5)
            connection.kill()
        starters = f"{cleaned / 'user_data'}".encode()
        wait_until(lambda: not _runs(starters))  # the session has died with its terminal
        stood = watch.poll().step

    check_that_it_goes_on(cleaned, stood)


def _runs(argument: bytes) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if argument in path.read_bytes().split(b"\0"):
                return True
    return False
