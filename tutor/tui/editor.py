"""The learner's own editor on their file: in this terminal, which is handed over and taken back, or in a tmux split."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from tutor.errors import TutorError, reason_of

if TYPE_CHECKING:
    from textual.app import App

KNOWN = ("nano", "vim", "vi", "micro", "emacs", "hx")  # what is looked for where none is named, in this order
AT_LINE = frozenset({"nano", "vim", "vi", "nvim", "micro", "emacs", "emacsclient", "kak"})  # that understand +LINE
TMUX_ANSWERS = 5.0  # seconds

# What an editor that was killed leaves on: modifyOtherKeys, cursor keys and keypad of applications, a scroll region,
# another cursor, mouse, paste marks. The rest the app sets anew when it takes the terminal again.
_TIDY = (
    b"\x1b[>4;0m\x1b[?1l\x1b>\x1b[r\x1b[0 q\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[0m"
)


class EditorError(TutorError):
    """The learner's editor cannot be opened, or did not end well."""


def editor_command(environment: Mapping[str, str], file: Path, line: int) -> list[str]:
    """The words that open a file: $VISUAL, $EDITOR, else the first known editor that is here; raises EditorError."""
    for name in ("VISUAL", "EDITOR"):
        named = environment.get(name, "").strip()
        if named:
            return _at(_words(name, named, environment), file, line)
    path = environment.get("PATH")
    found = next((editor for editor in KNOWN if shutil.which(editor, path=path)), None)
    if found is None:
        raise EditorError(
            "There is no editor here that the tutor knows.",
            f"It looked for {', '.join(KNOWN)}.",
            "Set EDITOR to the one you use, then start the tutor again.",
        )
    return _at([found], file, line)


def _words(name: str, named: str, environment: Mapping[str, str]) -> list[str]:
    try:
        words = shlex.split(named)
    except ValueError as error:
        raise EditorError(
            f"${name} cannot be read: {named!r}.", f"{error}.", "Set it anew, then start again."
        ) from None
    program = str(Path(words[0]).expanduser())
    if shutil.which(program, path=environment.get("PATH")) is None:
        raise EditorError(
            f"There is no editor called {words[0]!r}.", f"${name} names it.", "Set it to one that is here."
        )
    return [program, *words[1:]]


def _at(words: list[str], file: Path, line: int) -> list[str]:
    name = Path(words[0]).name
    if name == "hx":
        return [*words, f"{file}:{line}"]
    return [*words, *([f"+{line}"] if name in AT_LINE else []), str(file)]


# ── in this terminal ─────────────────────────────────────────────────────────────────────────────────────────────────


async def edit_here(app: App[Any], command: list[str]) -> None:
    """Hand the terminal to an editor until it ends; raises EditorError where it cannot start or ends badly.

    The app lives on behind it: saves are judged as they come, and a lost terminal or a signal ends both.
    """
    try:
        with app.batch_update(), app.suspend(), _terminal_kept() as terminal:
            status = await _run(command)  # raises nothing but the end of the app: suspend() could not take it
            if isinstance(status, int) and status < 0:
                os.write(terminal, _TIDY)
    except SuspendNotSupported:
        raise EditorError("This terminal cannot be handed over to an editor.") from None
    if isinstance(status, OSError):
        raise EditorError(f"{command[0]} could not be started.", f"{reason_of(status)}.", "Your file is as it was.")
    if status:
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        raise EditorError(f"{command[0]} {how}.", "What it saved is here.", "F6 opens it again.")


async def _run(command: list[str]) -> int | OSError:
    """Run the editor to its end; stop with it when it stops, so that ctrl+z in it gives the shell's prompt."""
    # The editor stops the whole job, or only itself. Either way this process stops when it sees the editor stopped, and
    # once: a handler, because an ignored signal would be ignored by the editor too.
    before = signal.signal(signal.SIGTSTP, lambda *_: None)
    try:
        process = subprocess.Popen(command)
        while os.WIFSTOPPED(status := await _next_status(process.pid)):
            os.kill(os.getpid(), signal.SIGSTOP)  # the supervisor stops with us; fg wakes everybody
            os.kill(process.pid, signal.SIGCONT)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode
    except OSError as error:
        return error
    except asyncio.CancelledError:
        process.send_signal(signal.SIGHUP)  # the app ends: the editor keeps what it has, as after a lost connection
        raise
    finally:
        signal.signal(signal.SIGTSTP, before)


async def _next_status(pid: int) -> int:
    """Wait until a child ends or stops; its wait status. The thread keeps nobody from ending."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[int] = loop.create_future()

    def tell(status: int) -> None:
        if not told.done():
            told.set_result(status)

    def wait() -> None:
        status = os.waitpid(pid, os.WUNTRACED)[1]
        with contextlib.suppress(RuntimeError):  # the app has ended before the editor
            loop.call_soon_threadsafe(tell, status)

    threading.Thread(target=wait, name="editor", daemon=True).start()
    return await told


@contextlib.contextmanager
def _terminal_kept() -> Iterator[int]:
    """Give the terminal back with the line settings that it was handed over with."""
    terminal = (sys.__stdin__ or sys.stdin).fileno()
    settings = termios.tcgetattr(terminal)
    try:
        yield (sys.__stderr__ or sys.stderr).fileno()
    finally:
        with contextlib.suppress(termios.error):  # the terminal is gone, and so will the app be
            termios.tcsetattr(terminal, termios.TCSADRAIN, settings)


# ── beside this terminal ─────────────────────────────────────────────────────────────────────────────────────────────


def inside_tmux(environment: Mapping[str, str]) -> bool:
    """Whether this terminal is a pane of tmux."""
    return bool(environment.get("TMUX"))


def split_beside(environment: Mapping[str, str], command: list[str]) -> None:
    """Open an editor in a tmux pane beside the tutor's; raises EditorError, with what tmux said, where it cannot."""
    if not inside_tmux(environment):
        raise EditorError("This terminal is not inside tmux.", "", "F6 opens your editor here.")
    here = environment.get("TMUX_PANE")
    target = ["-t", here] if here else []
    try:
        done = subprocess.run(
            ["tmux", "split-window", "-h", *target, "-c", str(Path(command[-1]).parent), *command],
            capture_output=True,
            text=True,
            timeout=TMUX_ANSWERS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EditorError("tmux does not answer.", f"{error}.", "F6 opens your editor here.") from None
    if done.returncode:
        raise EditorError("tmux could not split the window.", done.stderr.strip(), "F6 opens your editor here.")
