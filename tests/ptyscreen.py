"""A program in a terminal: press real keys, read the real screen, see what it leaves behind.

    with Terminal([sys.executable, "-m", "tutor"]) as terminal:
        terminal.wait_for("What to do next")
        terminal.press("down", "enter")

Nothing sleeps: every wait reads until its condition holds or its deadline passes, and then fails showing the screen.
Textual runs a key binding (backspace, enter, f5) a moment after the letters that were typed with it: after such a key
wait for its effect before typing on.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte
from pyte.charsets import LAT1_MAP
from pyte.modes import IRM
from pyte.screens import wcwidth

ROOT = Path(__file__).resolve().parent.parent

Condition = str | re.Pattern[str] | Callable[["Terminal"], object]

_DEADLINE = 10.0  # seconds: generous, a test on a busy machine must not fail for that
_ALTERNATE = 1049
_ON_AT_START = frozenset({7, 25})  # line wrap, cursor

_KEYS = {
    "enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "escape": "\x1b", "space": " ", "backspace": "\x7f",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "insert": "\x1b[2~", "delete": "\x1b[3~", "pageup": "\x1b[5~", "pagedown": "\x1b[6~",
    "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
    "f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
    "shift+up": "\x1b[1;2A", "shift+down": "\x1b[1;2B", "ctrl+right": "\x1b[1;5C", "ctrl+left": "\x1b[1;5D",
    "alt+up": "\x1b[1;3A", "alt+down": "\x1b[1;3B", "ctrl+home": "\x1b[1;5H", "ctrl+end": "\x1b[1;5F",
}  # fmt: skip

# What programs ask of their terminal, and what a modest xterm answers. DECRQM: 2026 (synchronized output) is known.
_ANSWERS: list[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]]] = [
    (re.compile(rb"\x1b\[0?c"), lambda _: b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[>0?c"), lambda _: b"\x1b[>0;276;0c"),
    (re.compile(rb"\x1b\[\?(\d+)\$p"), lambda m: b"\x1b[?%b;%d$y" % (m[1], 2 if m[1] == b"2026" else 0)),
    (re.compile(rb"\x1b\[5n"), lambda _: b"\x1b[0n"),
]
# pyte takes these for text or for other commands: private CSI (kitty keyboard and the like), queries, OSC, DCS.
_NOT_FOR_PYTE = re.compile(
    rb"\x1b\[[<>=][0-9;]*[ -/]*[@-~]|\x1b\[\?[0-9;]*(?:\$p|m)|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;:<>=?]*[ -/]*|[\]P][^\x07\x1b]*\x1b?)?\Z")
_STYLE = re.compile(rb"\x1b\[([0-9;]*)m")


class _Screen(pyte.Screen):
    """A pyte screen that knows the alternate screen, and remembers every private mode.

    pyte looks at each character on its own, many times over: most of a walk's time would go into that. So text that
    fits into its line is drawn at once, and only those rows are put together again that have changed.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.on: set[int] = set(_ON_AT_START)
        self._behind: tuple[Any, Any] | None = None
        self._cells: dict[Any, dict[str, Any]] = {}  # by style and character
        self._rows: dict[int, str] = {}
        super().__init__(columns, rows)

    @property
    def display(self) -> list[str]:
        """The rows; of two cells that one wide sign takes, the second holds nothing."""
        for y in self.dirty:
            line = self.buffer[y]
            self._rows[y] = "".join([line[x].data for x in range(self.columns)])
        self.dirty.clear()
        return [self._rows[y] for y in range(self.lines)]

    def draw(self, data: str) -> None:
        cursor = self.cursor
        end = cursor.x + len(data)
        charset = self.g1_charset if self.charset else self.g0_charset
        if end > self.columns or charset is not LAT1_MAP or IRM in self.mode or not _is_narrow(data):
            super().draw(data)
            return
        line, cells = self.buffer[cursor.y], self._cells.setdefault(cursor.attrs, {})
        for x, character in enumerate(data, cursor.x):
            cell = cells.get(character)
            if cell is None:
                cell = cells[character] = cursor.attrs._replace(data=character)
            line[x] = cell
        cursor.x = end
        self.dirty.add(cursor.y)

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        if kwargs.get("private"):
            self.on.update(modes)
            if _ALTERNATE in modes and self._behind is None:
                self._behind = copy.deepcopy(self.buffer), copy.copy(self.cursor)
                self.erase_in_display(2)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        if kwargs.get("private"):
            self.on.difference_update(modes)
            if _ALTERNATE in modes and self._behind is not None:
                (self.buffer, self.cursor), self._behind = self._behind, None
                self.dirty.update(range(self.lines))
        super().reset_mode(*modes, **kwargs)


class Terminal:
    """A program running in a pseudo-terminal of its own session, as after ssh or in a new window."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        ignore: Sequence[signal.Signals] = (),
    ) -> None:
        """Start `command`; `size` is (columns, rows), a None in `env` removes, `ignore` is what nohup would do."""
        self.columns, self.rows = size
        self.raw = bytearray()  # everything that was written to the terminal
        self.kitty = 0  # depth of the kitty keyboard stack
        self._pending = b""
        self._screen = _Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        self._open = True
        self._set_size()
        self.termios_before = termios.tcgetattr(self._master)

        def own_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            for number in ignore:
                signal.signal(number, signal.SIG_IGN)

        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=_environment(env or {}),
            cwd=cwd or ROOT,
            start_new_session=True,
            preexec_fn=own_terminal,  # only the child can take the terminal as its controlling one
        )
        os.close(slave)
        os.set_blocking(self._master, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process that was started; for the tutor its supervisor."""
        return self._process.pid

    # Reading

    @property
    def text(self) -> str:
        """The screen as it is now, trailing blanks cut off."""
        self._read(0)
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, trailing blanks cut off."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def modes(self) -> set[int]:
        """The private modes that are not as in a fresh terminal: {1049, 25, ...}; empty when all is clean."""
        self._read(0)
        return set(self._screen.on ^ _ON_AT_START)

    @property
    def cursor(self) -> tuple[int, int] | None:
        """(column, row) of the cursor, None while it is hidden."""
        self._read(0)
        return (self._screen.cursor.x, self._screen.cursor.y) if 25 in self._screen.on else None

    @property
    def termios(self) -> list[Any]:
        """The terminal's line settings now."""
        return termios.tcgetattr(self._master)

    @property
    def clean(self) -> bool:
        """Whether the terminal is as it was before the program started."""
        return not self.modes and self.kitty == 0 and self.termios == self.termios_before

    def style(self, column: int, row: int) -> Any:
        """pyte's Char of one cell: data, fg, bg, bold, italics, underscore, reverse."""
        return self._screen.buffer[row][column]

    # Waiting

    def wait_for(self, condition: Condition, seconds: float = _DEADLINE) -> str:
        """Read until the text or pattern is on the screen, or the function of this Terminal holds; return the text."""
        deadline = time.monotonic() + seconds
        while not self._holds(condition):
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise AssertionError(f"after {seconds} s: {self._describe(condition)}\n{self._picture()}")
            alive = self._read(min(remaining, 0.05))
            if not alive and not self._holds(condition) and not callable(condition):
                raise AssertionError(f"the program has ended: {self._describe(condition)}\n{self._picture()}")
        return self.text

    def wait_gone(self, condition: str | re.Pattern[str], seconds: float = _DEADLINE) -> str:
        """Read until the text or pattern is no longer on the screen; return the screen."""
        return self.wait_for(lambda terminal: not terminal._holds(condition), seconds)

    def wait_exit(self, seconds: float = _DEADLINE) -> int:
        """Read until the program has ended and all it wrote is on the screen; return its status as a shell tells it."""
        self.wait_for(lambda terminal: terminal._process.poll() is not None, seconds)
        while self._read(0):
            pass
        code = self._process.returncode
        return 128 - code if code < 0 else code

    def _holds(self, condition: Condition) -> bool:
        if callable(condition):
            return bool(condition(self))
        if isinstance(condition, str):
            return condition in self.text
        return condition.search(self.text) is not None

    # Acting

    def press(self, *keys: str) -> None:
        """Press keys by Textual's names ("enter", "ctrl+s", "shift+tab", "f5", "alt+x"), or single characters."""
        for key in keys:
            self.send(_bytes_of(key))

    def type(self, text: str) -> None:
        """Type text, each newline as enter."""
        self.send(text.replace("\n", "\r").encode())

    def paste(self, text: str) -> None:
        """Paste, as a terminal does it: between the marks, when the program asked for them."""
        self._read(0)
        data = text.replace("\n", "\r").encode()
        self.send(b"\x1b[200~" + data + b"\x1b[201~" if 2004 in self._screen.on else data)

    def send(self, data: bytes) -> None:
        """Send bytes as they are, reading meanwhile, so that neither side waits for the other."""
        deadline = time.monotonic() + _DEADLINE
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise AssertionError(f"the program does not read its input\n{self._picture()}") from None
                self._read(0.02)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the program gets SIGWINCH."""
        self._read(0)
        self.columns, self.rows = columns, rows
        self._set_size()
        self._screen.resize(rows, columns)

    def kill(self, number: int = signal.SIGKILL, pid: int | None = None) -> None:
        """Send a signal to the program, or to another process by its id."""
        os.kill(self.pid if pid is None else pid, number)

    def hang_up(self) -> None:
        """Close the terminal under the program, as a lost SSH connection does."""
        if self._open:
            self._open = False
            os.close(self._master)

    def wait_gone_process(self, pid: int, seconds: float = _DEADLINE) -> None:
        """Read until no process of this id is left (one that only waits to be reaped does not count)."""
        self.wait_for(lambda _: not _runs(pid), seconds)

    def close(self) -> None:
        """End the program and everything in its session, and close the terminal."""
        for process in _session(self.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.wait(_DEADLINE)
        self.hang_up()

    # The machinery

    def _set_size(self) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))

    def _read(self, seconds: float) -> bool:
        """Take in what the program writes within `seconds`; False once nobody can write any more."""
        if not self._open:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            return False
        if not select.select([self._master], [], [], seconds)[0]:
            return self._process.poll() is None
        try:
            data = os.read(self._master, 65536)
        except BlockingIOError:
            return True
        except OSError:  # EIO: every holder of the other end has closed it
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(min(seconds, 0.05))
            return False
        self.raw += data
        self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        data, self._pending = self._pending + data, b""
        unfinished = _UNFINISHED.search(data)
        if unfinished:
            data, self._pending = data[: unfinished.start()], unfinished[0]
        for question, answer in _ANSWERS:
            for match in question.finditer(data):
                self.send(answer(match))
        self.kitty += len(re.findall(rb"\x1b\[>\d+u", data))
        self.kitty = max(0, self.kitty - len(re.findall(rb"\x1b\[<\d*u", data)))
        self._show(_NOT_FOR_PYTE.sub(b"", data))

    def _show(self, data: bytes) -> None:
        """Hand it to pyte; not the styles, half of all bytes, which its parser would take one by one."""
        at = 0
        for style in _STYLE.finditer(data):
            if at < style.start():
                self._stream.feed(data[at : style.start()])
            self._screen.select_graphic_rendition(*(int(number or 0) for number in style[1].split(b";")))
            at = style.end()
        self._stream.feed(data[at:])

    def _describe(self, condition: Condition) -> str:
        if callable(condition):
            return "the condition does not hold"
        return f"{condition if isinstance(condition, str) else condition.pattern!r} is not on the screen"

    def _picture(self) -> str:
        edge = "+" + "-" * self.columns + "+"
        state = self._process.poll()
        rows = [f"|{line:<{self.columns}}|" for line in self._screen.display]
        return "\n".join([edge, *rows, edge, "running" if state is None else f"ended: {state}"])


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """A plain environment with a UTF-8 terminal; nothing of the terminal that the tests run in."""
    kept = ("PATH", "HOME", "TMPDIR", "USER", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    plain: dict[str, str | None] = {name: os.environ[name] for name in kept if name in os.environ}
    plain |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    return {name: value for name, value in (plain | dict(changes)).items() if value is not None}


def _is_narrow(text: str) -> bool:
    """Whether every character is printed and takes one cell."""
    return (text.isascii() and text.isprintable()) or all(wcwidth(character) == 1 for character in text)


def _bytes_of(key: str) -> bytes:
    """What an xterm sends for a key."""
    if key in _KEYS:
        return _KEYS[key].encode()
    if key.startswith("ctrl+") and len(key) == 6:
        return bytes([ord(key[-1].upper()) & 0x1F])
    if key.startswith("alt+"):
        return b"\x1b" + _bytes_of(key[4:])
    if len(key) == 1:
        return key.encode()
    raise ValueError(f"no such key: {key}")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _runs(pid: int) -> bool:
    state = _stat(pid)
    return bool(state) and state[0] != "Z"


def _session(leader: int) -> list[int]:
    """All processes of a session."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [pid for pid in pids if (fields := _stat(pid)) and int(fields[3]) == leader]
