"""What is asked of a run under way: control.json, read by the worker, as the learning rate, batch and pace in force."""

from __future__ import annotations

import signal
from pathlib import Path

import msgspec
from msgspec import Struct

from tutor import records
from tutor.errors import RunError
from tutor.training.control import check
from tutor.training.folder import CONTROL
from tutor.training.model import Control, RunConfig


class Said(Struct, frozen=True):
    """What a look at control.json found: the words of an event, and the request's number, None for a note."""

    text: str
    seq: int | None


class Steering:
    """The settings of a run that can change while it runs."""

    def __init__(self, run_dir: Path, config: RunConfig) -> None:
        self._path = run_dir / CONTROL
        self._before = config.lr, config.batch, config.pace  # in force where nothing is asked
        self._seen: tuple[int, int] | None = None
        self._request = Control()
        self.lr, self.batch, self.pace = config.lr, config.batch, config.pace
        self.allowance: int | None = None  # steps still to run before a pause
        self.signal: int | None = None  # that asked the worker to stop

    @property
    def cancelled(self) -> bool:
        """Whether the end was asked for."""
        return self._request.cancel

    @property
    def stopping(self) -> bool:
        """Whether the run is to end before its next step."""
        return self._request.cancel or self.signal is not None

    def look(self) -> Said | None:
        """Read what is asked, if it is new, and apply it."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        if (status.st_ino, status.st_mtime_ns) == self._seen:
            return None
        self._seen = (status.st_ino, status.st_mtime_ns)
        try:
            request = records.decode(self._path.read_bytes(), Control)
            check(request)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RunError) as error:
            return Said(f"A request was left aside: {error}", None)
        return self._apply(request)

    def take_up(self, lr: float, batch: int) -> Said | None:
        """Go on with what was in force at a checkpoint, where nothing else is asked, and say what is."""
        self._before = lr, batch, self._before[2]
        self._set()
        said = self._changes(lr, batch, self.pace)
        return Said(", ".join(said), self._request.seq) if said else None

    def _set(self) -> None:
        asked = self._request
        self.lr = self._before[0] if asked.lr is None else asked.lr
        self.batch = self._before[1] if asked.batch is None else asked.batch
        self.pace = self._before[2] if asked.pace is None else asked.pace

    def _changes(self, lr: float, batch: int, pace: float) -> list[str]:
        """What is in force now and was not before."""
        said = [
            f"learning rate {lr:g} → {self.lr:g}" if self.lr != lr else "",
            f"batch {batch} → {self.batch}" if self.batch != batch else "",
            ("full speed" if not self.pace else f"{self.pace:.3g} steps per second") if self.pace != pace else "",
        ]
        return [part for part in said if part]

    def _apply(self, request: Control) -> Said | None:
        before, self._request = self._request, request
        old = self.lr, self.batch, self.pace
        self._set()
        said = [
            *self._changes(*old),
            ("paused" if request.paused else "going on") if request.paused != before.paused else "",
            f"{request.steps_to_run} more steps" if request.steps_to_run else "",
            "cancel" if request.cancel and not before.cancel else "",
        ]
        self.allowance = (request.steps_to_run or 0) if request.paused else None
        text = ", ".join(part for part in said if part)
        by_resume = not text and request.asked != before.asked  # it asks for nothing else
        return None if by_resume else Said(text or "nothing new", request.seq)


def name_of(number: int | None) -> str:
    """Name a signal, as SIGTERM."""
    try:
        return signal.Signals(number or 0).name
    except ValueError:
        return f"signal {number}"
