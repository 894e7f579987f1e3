"""The terminal as it is: repairs of Textual 8.2.8, each of which does nothing where Textual looks different.

Without them one byte that is no UTF-8 ends the app (Textual issue 6456), a paste whose end never arrives takes the
keyboard for ever, a huge one freezes the screen, and an app whose terminal is gone spins a core.
"""

from __future__ import annotations

import asyncio
import codecs
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import _xterm_parser
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

PASTE_LIMIT = 64 * 1024  # characters; what is longer is cut, so a widget that gets this many can say so
PASTE_IDLE = 2.0  # seconds without input after which a paste counts as ended
HANG_UP_GRACE = 0.5  # seconds for a clean exit once the terminal is gone

_START = "\x1b[200~"
_END = "\x1b[201~"


def harden() -> frozenset[str]:
    """Repair the input of Textual's Linux driver, before an app runs; return which repairs hold: decoding, paste."""
    repairs = {"decoding": _repair_decoding, "paste": _repair_paste}
    return frozenset(name for name, repair in repairs.items() if repair())


def _replace(name: str, expected: object, ours: object) -> bool:
    """Put `ours` where the driver's input thread looks up `name`, if it does and finds there what we know."""
    found = getattr(linux_driver, name, None)
    if found is ours:
        return True
    if found is not expected or name not in linux_driver.LinuxDriver.run_input_thread.__code__.co_names:
        return False
    setattr(linux_driver, name, ours)
    return True


def _repair_decoding() -> bool:
    return _replace("getincrementaldecoder", codecs.getincrementaldecoder, _forgiving_decoder)


def _forgiving_decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    """Like codecs.getincrementaldecoder, for bytes that may be anything."""
    return lambda: codecs.getincrementaldecoder(encoding)(errors="replace")


def _repair_paste() -> bool:
    markers = (_xterm_parser.BRACKETED_PASTE_START, _xterm_parser.BRACKETED_PASTE_END)
    return markers == (_START, _END) and _replace("XTermParser", XTermParser, PatientParser)


class PatientParser(XTermParser):
    """Textual's parser behind a gate for pastes: ended when idle, cut at PASTE_LIMIT, and free of escape characters."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasting = False
        self._room = 0  # characters that this paste may still bring
        self._held = ""  # outside a paste: the last few characters, already passed on; inside: a possible end marker
        self._last_input = monotonic()

    def feed(self, data: str) -> Iterable[Message]:
        """Parse terminal input; an empty string is its end."""
        self._last_input = monotonic()
        passed = self._gate(data)
        if passed or not data:
            yield from super().feed(passed)

    def tick(self) -> Iterable[Message]:
        """Called ten times a second: look for what has taken too long."""
        if self._pasting and monotonic() - self._last_input >= PASTE_IDLE:
            self._pasting, self._held = False, ""
            yield from super().feed(_END)
        yield from super().tick()

    def _gate(self, data: str) -> str:
        """What of the input is passed on; markers may be cut anywhere by the reads."""
        passed = []
        while data:
            if self._pasting:
                content, end, data = (self._held + data).partition(_END)
                self._held = "" if end else _possible_marker(content)
                content = content.removesuffix(self._held).replace("\x1b", "")
                passed += [content[: self._room], end]
                self._room -= min(self._room, len(content))
                self._pasting = not end
            else:
                seen = self._held + data
                before, start, data = seen.partition(_START)
                passed.append((before + start)[len(self._held) :])
                self._held = "" if start else before[1 - len(_START) :]
                self._pasting, self._room = bool(start), PASTE_LIMIT
        return "".join(passed)


def _possible_marker(text: str) -> str:
    """The end of the text that may be the beginning of an end marker."""
    return next((_END[:n] for n in range(len(_END) - 1, 0, -1) if text.endswith(_END[:n])), "")


def watch_terminal(app: App[Any]) -> None:
    """End the app cleanly on SIGTERM, SIGHUP and SIGINT and when its terminal is gone; call it from inside the app.

    The return code is 128 + n for signal n, and 129 (SIGHUP) for a terminal that is gone although SIGHUP is ignored.
    """
    loop = asyncio.get_running_loop()

    def leave(number: int) -> None:
        app.exit(return_code=128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, leave, number)

    def interrupted(*_: object) -> None:
        if _is_showing(app):  # otherwise ctrl+c was meant for the editor that has the terminal now
            loop.call_soon_threadsafe(leave, signal.SIGINT)

    signal.signal(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGCONT, _come_back, app)
    threading.Thread(target=_await_hang_up, args=(loop, leave), name="hang-up", daemon=True).start()


def _is_showing(app: App[Any]) -> bool:
    """Whether the app, and not a program started from it, reads the terminal."""
    thread = getattr(app._driver, "_key_thread", None)
    return thread is not None and thread.is_alive()


def _come_back(app: App[Any]) -> None:
    """The process goes on after a stop: take the terminal again, and draw everything anew.

    Textual's own handler knows only of stops that it made itself; after a SIGSTOP it would read the keyboard twice.
    """
    driver = app._driver
    if not isinstance(driver, linux_driver.LinuxDriver) or not driver._auto_restart:
        return
    if _is_showing(app):
        driver.suspend_application_mode()
    driver.resume_application_mode()
    app.refresh(layout=True)


def _await_hang_up(loop: asyncio.AbstractEventLoop, leave: Callable[[int], None]) -> None:
    """Wait, without ever waking, until the terminal of stdin is gone; then end the process, cleanly if it still can."""
    poller = select.poll()
    poller.register(sys.__stdin__ or 0, 0)
    if not any(event & select.POLLHUP for _, event in poller.poll()):
        return  # this system cannot tell of terminals
    try:
        loop.call_soon_threadsafe(leave, signal.SIGHUP)
    except RuntimeError:
        return  # the loop is closed: the app has ended already
    threading.Event().wait(HANG_UP_GRACE)
    os._exit(128 + signal.SIGHUP)
