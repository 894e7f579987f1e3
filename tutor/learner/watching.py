"""Noticing that the learner's file has a new content: an editor saved it."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tutor.errors import SourceError
from tutor.learner.source import Source, read_source

SETTLED = 0.05  # seconds without a change: an editor that truncates and writes is done
EMPTY_SETTLED = 0.2  # an empty or missing file is more often half a save than a wish
STEP = 10  # milliseconds within which the system's news of a change are gathered
STOP_WITHIN = 0.25  # seconds until a watch that is not wanted any more ends
LOOK_ANYWAY = 1.0  # seconds: where no news come, as over NFS, the clock finds it
LOOK_WITHOUT_NEWS = 0.25  # seconds: where the folder cannot be watched at all


class Found(NamedTuple):
    """What stands on the disk, settled: a source, or why it cannot be read."""

    what: Source | SourceError
    at: float  # time.monotonic() before it was read

    @property
    def identity(self) -> str:
        """By this contents are told apart: the hash, never the time of the file."""
        return self.what.hash if isinstance(self.what, Source) else str(self.what)


def settled_contents(path: Path, known: str, stop: threading.Event) -> Iterator[Found]:
    """Every content of a file that differs from the one before, once it has settled; `known` is the first's identity.

    A content that came and went between two looks is not told. Ends soon after `stop` is set.
    """
    for _ in _stirrings(path.parent, stop):
        found = look(path)
        if found.identity != known:
            found = _settle(path, found, stop)
        if found.identity != known and not stop.is_set():
            known = found.identity
            yield found


def look(path: Path) -> Found:
    """What stands there now."""
    now = time.monotonic()
    try:
        return Found(read_source(path), now)
    except SourceError as error:
        return Found(error, now)


def _settle(path: Path, found: Found, stop: threading.Event) -> Found:
    since = found.at
    while True:
        empty = isinstance(found.what, SourceError) or not found.what.text.strip()
        if time.monotonic() - since >= (EMPTY_SETTLED if empty else SETTLED) or stop.wait(SETTLED / 4):
            return found
        again = look(path)
        if again.identity != found.identity:
            since = again.at
        found = again


def _stirrings(folder: Path, stop: threading.Event) -> Iterator[None]:
    """Something may have changed in a folder; it is the folder that is watched, since editors save by rename.

    Where the system tells of changes late or never, the clock finds them.
    """
    while not stop.is_set():
        yield
        watched = _inode(folder)
        try:
            for _ in _news(folder, stop):
                yield
                if _inode(folder) != watched:  # removed, or another folder by its name: this watch is deaf
                    break
        except (OSError, RuntimeError, UnicodeError):
            pass  # no such folder, no watches left, or a name that cannot be watched: the clock goes on
        stop.wait(LOOK_WITHOUT_NEWS)


def _news(folder: Path, stop: threading.Event) -> Iterator[object]:
    """The system's news of a folder, and one empty one a second, until `stop` is set.

    WATCHFILES_FORCE_POLLING=1 in the environment makes watchfiles look by itself, three times a second.
    """
    if sys.platform == "linux" and not os.environ.get("WATCHFILES_FORCE_POLLING"):
        return _inotify(folder, stop)
    from watchfiles import watch

    return watch(
        folder,
        watch_filter=None,
        step=STEP,
        debounce=50,
        stop_event=stop,
        rust_timeout=int(1000 * LOOK_ANYWAY),
        yield_on_timeout=True,
        raise_interrupt=False,
        recursive=False,
    )


def _inotify(folder: Path, stop: threading.Event) -> Iterator[object]:
    """Wait in the kernel: watchfiles wakes up at every step, which with short ones costs a hundredth of a core."""
    from inotify_simple import INotify, flags

    changes = flags.CREATE | flags.MODIFY | flags.ATTRIB | flags.MOVED_FROM | flags.MOVED_TO | flags.DELETE
    with INotify() as inotify:
        inotify.add_watch(folder, changes | flags.MOVE_SELF | flags.DELETE_SELF | flags.ONLYDIR)
        silent = 0.0
        while not stop.is_set():
            news = inotify.read(timeout=int(1000 * STOP_WITHIN))
            silent = 0.0 if news else silent + STOP_WITHIN
            if news or silent >= LOOK_ANYWAY:
                silent = 0.0
                yield news


def _inode(folder: Path) -> tuple[int, int] | None:
    try:
        facts = folder.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
