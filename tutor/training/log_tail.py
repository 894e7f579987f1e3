"""What a run prints, as it comes."""

from __future__ import annotations

import codecs
from pathlib import Path

from tutor.training.folder import LOG, OLD_LOG
from tutor.training.tail import Tail


class LogTail:
    """The log of a run from its beginning, then what is new at each `read`; made safe for a screen."""

    def __init__(self, run_dir: Path) -> None:
        self._old = run_dir / OLD_LOG
        self._tail = Tail(run_dir / LOG)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._first = True

    def read(self) -> str:
        """Return what was printed since the last call."""
        from tutor.learner import printable

        before = self._tail.offset
        data = self._tail.read(1)
        if self._first:
            data = self._older(0) + data
        elif self._tail.restarted:  # a full log became the old one: what came before that is there
            data = self._older(before) + data
        self._first = False
        return printable(self._decoder.decode(data))

    def _older(self, offset: int) -> bytes:
        try:
            return self._old.read_bytes()[offset:]
        except OSError:
            return b""
