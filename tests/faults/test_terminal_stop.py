"""ctrl+z gives the prompt back, fg the app; a stop from outside does no harm either."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable

from tests.ptyscreen import ROOT, Terminal

TINY_APP = [sys.executable, ROOT / "tests/faults/tiny_app.py"]
Start = Callable[..., Terminal]


def in_a_shell(terminal: Start) -> tuple[Terminal, int]:
    shell = terminal(["sh", "-i"], env={"PS1": "$ ", "ENV": None})
    shell.wait_for("$")
    shell.type(f"{sys.executable} tests/faults/tiny_app.py\n")
    return shell, app_is_up(shell)


def app_is_up(terminal: Terminal, times: int = 1) -> int:
    """Wait until the app has taken the terminal that often; what is typed earlier is dropped with the old screen."""
    terminal.wait_for(lambda t: "ready" in t.text and 2004 in t.modes and t.raw.count(b"\x1b[?1049h") >= times)
    found = re.search(r"child (\d+) ready", terminal.text)
    assert found
    return int(found[1])


def prompt_is_back(shell: Terminal) -> None:
    shell.wait_for(lambda t: t.clean)
    shell.type("echo prompt$((40+2))\n")
    shell.wait_for("prompt42")


def goes_on(shell: Terminal, text: str, times: int = 1) -> None:
    """Every key arrives, once: two readers would share them."""
    app_is_up(shell, times)
    shell.type(text)
    shell.wait_for(f"{text}'")


def test_ctrl_z_and_fg_twice(terminal: Start) -> None:
    shell, _ = in_a_shell(terminal)
    goes_on(shell, "one")
    for times, text in ((2, "two"), (3, "three")):
        shell.press("ctrl+z")
        prompt_is_back(shell)
        shell.type("fg\n")
        goes_on(shell, text, times)
    assert "onetwothree" in shell.text
    shell.press("ctrl+q")
    prompt_is_back(shell)


def test_sigstop_and_fg(terminal: Start) -> None:
    shell, child = in_a_shell(terminal)
    goes_on(shell, "before")
    shell.kill(signal.SIGSTOP, child)
    prompt_is_back(shell)
    shell.type("fg\n")
    goes_on(shell, "and-after-many-keys", times=2)
    shell.press("ctrl+q")
    prompt_is_back(shell)


def test_killed_while_stopped(terminal: Start) -> None:
    shell, child = in_a_shell(terminal)
    shell.press("ctrl+z")
    prompt_is_back(shell)
    shell.kill(signal.SIGKILL, child)
    shell.type("fg\n")
    shell.wait_for("was ended by SIGKILL")
    prompt_is_back(shell)


def test_a_stop_where_nobody_could_wake_us_is_no_stop(terminal: Start) -> None:
    tiny = terminal(TINY_APP)
    child = app_is_up(tiny)
    tiny.kill(signal.SIGSTOP, child)
    goes_on(tiny, "still here", times=2)
    tiny.press("ctrl+z")
    goes_on(tiny, " and here", times=3)
    tiny.press("ctrl+q")
    assert tiny.wait_exit() == 0 and tiny.clean
