"""However the app ends, the terminal is as it was, the exit status says so, and one sentence tells why."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable

import pytest

from tests.ptyscreen import ROOT, Terminal

TINY_APP = [sys.executable, ROOT / "tests/faults/tiny_app.py"]
Start = Callable[..., Terminal]


def child_of(terminal: Terminal) -> int:
    """Wait until the app is up and its reading of keys is on; return its pid."""
    found = re.search(r"child (\d+) ready", terminal.wait_for("ready"))
    assert found
    terminal.press("a")
    terminal.wait_for("typed 'a'")
    assert {1049, 25, 2004, 1004, 1000} <= terminal.modes and not terminal.clean
    return int(found[1])


def sentences(terminal: Terminal) -> list[str]:
    return re.findall(r"The tutor [^.]*\. What you saved is kept; run tutor to go on\.", terminal.text)


@pytest.mark.parametrize("number", [1, 2, 3, 6, 9, 11, 15])
def test_a_signal_to_the_app(terminal: Start, number: int) -> None:
    tiny = terminal(TINY_APP)
    tiny.kill(number, child_of(tiny))
    assert tiny.wait_exit() == 128 + number
    assert tiny.clean
    assert [s for s in sentences(tiny) if signal.Signals(number).name in s] == sentences(tiny) != []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_supervisor_is_passed_on(terminal: Start, number: int) -> None:
    tiny = terminal(TINY_APP)
    child = child_of(tiny)
    tiny.kill(number)
    assert tiny.wait_exit() == 128 + number
    assert tiny.clean and len(sentences(tiny)) == 1
    tiny.wait_gone_process(child)


def test_a_crash_in_c(terminal: Start) -> None:
    tiny = terminal(TINY_APP)
    child_of(tiny)
    tiny.type("segfault\n")
    assert tiny.wait_exit() == 128 + signal.SIGSEGV
    assert tiny.clean and len(sentences(tiny)) == 1


def test_an_exception_while_running(terminal: Start) -> None:
    tiny = terminal(TINY_APP, size=(100, 60))
    child_of(tiny)
    tiny.type("raise\n")
    assert tiny.wait_exit() == 1
    assert tiny.clean and len(sentences(tiny)) == 1 and "a handler failed" in tiny.text


def test_an_exception_while_starting(terminal: Start) -> None:
    tiny = terminal([*TINY_APP, "compose"], size=(100, 60))
    assert tiny.wait_exit() == 1
    assert tiny.clean and len(sentences(tiny)) == 1 and "compose failed" in tiny.text


def test_a_quit_is_silent_and_the_status_is_passed_on(terminal: Start) -> None:
    tiny = terminal(TINY_APP)
    child_of(tiny)
    tiny.press("ctrl+q")
    assert tiny.wait_exit() == 0 and tiny.clean and sentences(tiny) == []

    tiny = terminal(TINY_APP)
    child_of(tiny)
    tiny.type("leave\n")
    assert tiny.wait_exit() == 7 and tiny.clean and sentences(tiny) == []


@pytest.mark.parametrize("ignored", [(), (signal.SIGHUP,)], ids=["", "nohup"])
def test_a_terminal_that_is_gone_leaves_nobody(terminal: Start, ignored: tuple[signal.Signals, ...]) -> None:
    tiny = terminal(TINY_APP, ignore=ignored)
    child = child_of(tiny)
    tiny.hang_up()
    tiny.wait_gone_process(child)
    assert tiny.wait_exit() == 128 + signal.SIGHUP


def test_a_terminal_that_is_gone_takes_a_stuck_app_with_it(terminal: Start) -> None:
    """An app that answers nothing any more, not even to SIGHUP, is killed by its supervisor."""
    tiny = terminal([sys.executable, "-c", STUCK])
    tiny.wait_for("stuck")
    tiny.hang_up()
    assert tiny.wait_exit() == 128 + signal.SIGKILL


STUCK = """
import signal, sys
from tutor.supervisor import supervise
def run():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    print("stuck", flush=True)
    signal.sigwait({signal.SIGUSR1})
    return 0
sys.exit(supervise(run))
"""
