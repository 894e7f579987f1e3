"""Noticing, on a thread, that the learner's file has a new content: another editor saved it."""

from __future__ import annotations

import threading
from pathlib import Path

from textual.message import Message
from textual.message_pump import MessagePump

from tutor.learner import Found, settled_contents


class Settled(Message):
    """The file holds something else than before."""

    def __init__(self, found: Found) -> None:
        super().__init__()
        self.found = found


class Watcher:
    """Tells one listener of every settled content of a file, from a thread of its own, until it is stopped."""

    def __init__(self, listener: MessagePump, path: Path, known: str) -> None:
        self._listener = listener
        self._stop = threading.Event()
        threading.Thread(target=self._run, args=(path, known), name="watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self, path: Path, known: str) -> None:
        for found in settled_contents(path, known, self._stop):
            self._listener.post_message(Settled(found))
