"""The parent of the app: whatever becomes of the app, the terminal is usable afterwards.

It is forked before anything heavy is loaded, uses the standard library alone, and waits. No handler inside the app
can do this: a process that is killed, or that crashes in C, has no last word.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

GRACE = 0.8  # seconds that an app without a terminal has to end
_STDIN, _STDERR = 0, 2  # the app reads the one and draws on the other
_FORWARDED = (signal.SIGTERM, signal.SIGHUP)

# Order matters: the end of a sequence that was cut off and of a synchronized frame, the kitty keyboard (a stack per
# screen), mouse, focus, paste, in-band resize, line wrap, alternate screen, cursor, colours.
RESET = (
    b"\x1b\\\x1b[?2026l\x1b[<u"
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    b"\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"
)


def supervise(run: Callable[[], int]) -> int:
    """Run `run` in a child that owns the terminal; return its exit status, 128 + n when signal n ended it."""
    before = _termios()
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    guarded = {signal.SIGINT, signal.SIGCHLD, *_FORWARDED}
    signal.pthread_sigmask(signal.SIG_BLOCK, guarded)  # none may arrive between the fork and its handler
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, guarded)
        os.close(wake_read)
        os.close(wake_write)
        _run_and_exit(run)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # in raw mode ctrl+c is a key of the app
    for number in _FORWARDED:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup's wish is kept
            signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, guarded)
    status = _wait(child, before, wake_read)
    for number in _FORWARDED:
        signal.signal(number, signal.SIG_IGN)  # there is nobody left to forward to, and little left to do
    return _clean_up(status, before)


def _run_and_exit(run: Callable[[], int]) -> NoReturn:
    """The child: run, and end without unwinding the parent's half of the stack."""
    code = 1
    try:
        code = run()
    except SystemExit as wish:
        code = wish.code if isinstance(wish.code, int) else int(wish.code is not None)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code & 0xFF)


def _wait(child: int, before: list[Any] | None, wake: int) -> int:
    """Wait until the child has ended, stopping and going on with it; return its wait status."""
    poller = select.poll()
    poller.register(wake, select.POLLIN)
    poller.register(_STDIN, 0)  # asks for nothing but the hang-up, which is always told
    deadline: float | None = None
    while True:
        pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if pid and os.WIFSTOPPED(status):
            pid, status = _stop_together(child, before)
        if pid:
            return status
        if deadline is not None and time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            deadline = None
        timeout = None if deadline is None else max(1.0, (deadline - time.monotonic()) * 1000)
        for fd, event in poller.poll(timeout):
            if fd == wake:
                os.read(wake, 512)
                continue
            poller.unregister(_STDIN)
            if event & select.POLLHUP:
                os.kill(child, signal.SIGHUP)
                deadline = time.monotonic() + GRACE


def _stop_together(child: int, before: list[Any] | None) -> tuple[int, int]:
    """The child has stopped: give the terminal back and stop too, so that the shell's prompt returns; then go on.

    Returns what waitpid says of the child afterwards: (0, 0) when it runs again.
    """
    during = _termios()
    unprepared = during != before  # stopped from outside: an app that stops itself has tidied up
    if unprepared:
        _write(RESET)
        _set_termios(before)
    # The whole job, as ctrl+z would: a `make` above us stops too. Where nobody could wake us (no shell above, an
    # orphaned process group), the kernel drops this signal and we go on at once.
    os.kill(0, signal.SIGTSTP)
    if unprepared:
        _set_termios(during)
    pid, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
    if pid and not os.WIFCONTINUED(status) and not os.WIFSTOPPED(status):
        return pid, status
    if not (pid and os.WIFCONTINUED(status)):  # a shell wakes the whole job; somebody else only us
        os.kill(child, signal.SIGCONT)
    return 0, 0


def _clean_up(status: int, before: list[Any] | None) -> int:
    """Put the terminal right, say in one sentence what happened if anything did, and return the exit status."""
    code = os.waitstatus_to_exitcode(status)
    signalled = -code if code < 0 else code - 128 if code > 128 else 0
    if _in_foreground():
        if code < 0 or _termios() != before:  # the app could not, or did not, leave properly
            _write(RESET)
            _forget_input()
        _set_termios(before)
    if signalled:
        what = f"was ended by {_name(signalled)}"
    elif code == 1:
        what = "met an error of its own"
    else:
        return code
    _write(f"\rThe tutor {what}. What you saved is kept; run tutor to go on.\r\n".encode())
    return 128 + signalled if signalled else code


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


# The terminal may be gone at any of these moments: then there is nothing to put right.


def _termios() -> list[Any] | None:
    try:
        return termios.tcgetattr(_STDIN)
    except termios.error:
        return None


def _set_termios(attributes: list[Any] | None) -> None:
    if attributes is None:
        return
    try:
        termios.tcsetattr(_STDIN, termios.TCSANOW, attributes)
    except termios.error:
        return


def _forget_input() -> None:
    """Drop what the mouse and an impatient hand sent to an app that is no more: it is not for the shell."""
    try:
        termios.tcflush(_STDIN, termios.TCIFLUSH)
    except termios.error:
        return


def _write(data: bytes) -> None:
    try:
        while data:
            data = data[os.write(_STDERR, data) :]
    except OSError:
        return


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(_STDIN) == os.getpgrp()
    except OSError:
        return False
