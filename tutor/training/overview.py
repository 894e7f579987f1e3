"""All runs at a glance, again and again: what has ended is read once, what is under way at every look."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, structs

from tutor.errors import RunError
from tutor.training.folder import END, run_folders
from tutor.training.model import ENDED, State, Tick
from tutor.training.runs import TITLE, size_of, title_of
from tutor.training.watch import Watch

COMPLETE: frozenset[State] = frozenset({"done", "diverged"})  # nothing is left to do, or going on would do it again


class Summary(Struct, frozen=True):
    """A run, what it takes, and what can be done with it."""

    tick: Tick
    size: int  # bytes on the disk
    resumable: bool = False  # it was cut off
    orphan: bool = False  # its worker is gone and nobody has written down how it ended


Stamp = tuple[tuple[int, int] | None, ...]


class Overview:
    """The runs in a folder, newest first."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.unreadable: tuple[str, ...] = ()  # of the last look: opening one by its name says what is wrong with it
        self._watches: dict[Path, Watch] = {}
        self._known: dict[Path, tuple[Stamp, Summary]] = {}

    def look(self) -> tuple[Summary, ...]:
        """Sum up every run that can be read; RunError when they cannot be listed."""
        folders = run_folders(self.runs)
        for gone in self._known.keys() - set(folders):
            del self._known[gone]
            self._watches.pop(gone, None)
        found, unreadable = [], []
        for run_dir in folders:
            try:
                found.append(self._summary(run_dir))
            except RunError:
                unreadable.append(run_dir.name)
        self.unreadable = tuple(unreadable)
        return tuple(found)

    def _summary(self, run_dir: Path) -> Summary:
        stamp = _stamp(run_dir / END), _stamp(run_dir / TITLE)
        known = self._known.get(run_dir)
        if known is not None and stamp[0] is not None and stamp == known[0]:
            return known[1]
        watch = self._watches.pop(run_dir, None) or Watch(run_dir, points=False)
        tick = structs.replace(watch.poll(), title=title_of(run_dir))
        if stamp[0] is None:
            self._watches[run_dir] = watch  # it may still grow
        summary = Summary(tick, size_of(run_dir), _resumable(tick), tick.state == "lost" and stamp[0] is None)
        self._known[run_dir] = stamp, summary
        return summary


def _resumable(tick: Tick) -> bool:
    """Whether going on makes sense: there is something left to do, and it would not end in the same way at once."""
    by_its_code = tick.state == "failed" and tick.end is not None and tick.end.line is not None
    return tick.state in ENDED - COMPLETE and not by_its_code


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
