"""The store: this instance's event file, everybody's events folded, and what happens when the disk says no."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from tutor import files
from tutor.errors import reason_of
from tutor.progress import backup as daily
from tutor.progress import lines, snapshot
from tutor.progress.fold import Folding
from tutor.progress.model import SCHEMA, Event, Kind, Progress

if TYPE_CHECKING:
    from tutor.paths import Paths

SNAPSHOT_EVERY = 5.0  # seconds
LATELY = 60.0  # seconds: another instance that wrote within them counts as open


class _Known(Struct):
    """How far one event file has been read."""

    size: int = 0  # of the file, when it was read
    offset: int = 0  # up to here its lines are folded
    damaged: int = 0
    torn: bool = False  # what follows the offset is no whole line (yet)
    grew_at: float = float("-inf")


class Store:
    """The learner's progress on disk: one writer per file, so no locks, and two terminals merge.

    Nothing raises because of the disk: what cannot be written is kept in memory, tried again at the next `record` or
    `refresh`, and told in `trouble`. Safe to use from several threads.
    """

    def __init__(self, folder: Path, backup: Path, state: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.backup = backup
        self.state = state
        self.progress = Progress()
        self._clock = clock
        self._lock = threading.RLock()
        self._folding = Folding()
        self._files: dict[str, _Known] = {}
        self._loaded = False
        self._newer = False
        self._own = ""  # the name of this instance's file, once it exists
        self._fd: int | None = None
        self._instance = f"{_host()}-{os.getpid()}-{os.urandom(4).hex()}"
        self._recorded = 0
        self._last_t = float("-inf")
        self._unsaved: list[Event] = []
        self._write_error: OSError | None = None
        self._read_error: OSError | None = None
        self._copied_on = ""
        self._copy_error: OSError | None = None
        self._snapshot_files: dict[str, int] | None = None
        self._snapshot_at = float("-inf")

    @classmethod
    def open(cls, paths: Paths) -> Self:
        """Open the store of the learner's folder; nothing is read or made yet."""
        return cls(paths.events, paths.backup, paths.state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def snapshot(self) -> Progress:
        """Read the progress for the first frame from state.json alone; empty when that is missing or broken."""
        with self._lock:
            cached = snapshot.load(self.state)
            if cached is not None and not self._loaded:
                self.progress, self._snapshot_files = cached.progress, cached.files
            return self.progress

    def refresh(self) -> Progress:
        """Fold in what any instance has written since the last time; only files whose size changed are read."""
        with self._lock:
            self._read_all()
            if self._unsaved:
                self._save_events()
            self.progress = self._folding.progress()
            if not self._newer:
                self._keep_daily_copy()
            return self.progress

    def record(self, kind: Kind, **fields: Any) -> Event:
        """Store one event and fold it in; it is on the disk when this returns, or else `trouble` says why not.

        `fields` are those of `Event`, beside id, t, kind and schema.
        """
        with self._lock:
            if not self._loaded:
                self.refresh()
            self._last_t = max(self._clock(), self._last_t)  # a clock set back does not undo what is recorded next
            event = Event(
                id=f"{self._instance}-{self._recorded:06}",
                t=self._last_t,
                kind=kind,
                schema=SCHEMA,
                **{name: _writable(value) for name, value in fields.items()},
            )
            self._recorded += 1
            self._folding.add(event)
            self.progress = self._folding.progress()
            self._unsaved.append(event)
            self._save_events()
            if self._clock() - self._snapshot_at >= SNAPSHOT_EVERY:
                self._save_snapshot()
            return event

    def close(self) -> None:
        """Try once more to store what is still in memory, and leave a snapshot for the next start."""
        with self._lock:
            if self._unsaved:
                self._save_events()
            if self._loaded:
                self._save_snapshot()
            self._close_own()

    @property
    def trouble(self) -> str | None:
        """One sentence for a banner, or None while all is well."""
        if self._newer:
            return (
                "Your progress was written by a newer tutor: it is left as it is, and what you do now is not stored; "
                "update the tutor to go on."
            )
        if self._write_error is not None:
            return _explain_write(self._write_error, self.folder)
        if self._read_error is not None:
            return f"Part of your progress in {self.folder} cannot be read ({reason_of(self._read_error)})."
        if self._copy_error is not None:
            return f"Today's copy of your progress could not be made in {self.backup} ({reason_of(self._copy_error)})."
        return None

    @property
    def lost(self) -> str | None:
        """One sentence for a program that ends now: what it did is not stored, and why; None when all of it is."""
        if not self._unsaved:
            return None
        if self._write_error is None:
            return self.trouble
        refusal = _refusal(self._write_error, self.folder)
        return f"{refusal}: what you did now is not stored; start with --user-data DIR to store it elsewhere."

    @property
    def unsaved(self) -> int:
        """How many events are in memory only."""
        return len(self._unsaved)

    @property
    def damaged(self) -> int:
        """How many lines of all event files cannot be used."""
        return sum(known.damaged + known.torn for known in list(self._files.values()))

    @property
    def others_open(self) -> bool:
        """Whether another instance that is still alive wrote lately: the tutor is open in another terminal."""
        now = self._clock()
        return any(
            name != self._own and abs(now - known.grew_at) < LATELY and _may_be_alive(name)
            for name, known in list(self._files.items())  # a copy: another thread may be refreshing
        )

    # Reading

    def _read_all(self) -> None:
        """Fold in every file that changed; what is known already stays, even when its file is gone or unreadable."""
        self._read_error = None
        first, self._loaded = not self._loaded, True
        sizes = self._list()
        if sizes is None:
            return
        self._files = {name: known for name, known in self._files.items() if name in sizes}
        for name, (size, changed_at) in sizes.items():
            known = self._files.setdefault(name, _Known())
            if size != known.size:
                known.grew_at = changed_at if first else self._clock()
                self._read(name, known)

    def _list(self) -> dict[str, tuple[int, float]] | None:
        """Size and time of change of each event file, or None when the folder cannot be read."""
        found = {}
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".jsonl") and not entry.name.startswith("."):
                        status = self._look_at(entry)
                        if status is not None:
                            found[entry.name] = (status.st_size, status.st_mtime)
        except FileNotFoundError:
            pass  # nothing recorded yet
        except OSError as error:
            self._read_error = error
            return None
        return found

    def _look_at(self, entry: os.DirEntry[str]) -> os.stat_result | None:
        """The status of a regular file; None for anything else, and for a file that will not be looked at."""
        try:
            return entry.stat() if entry.is_file() else None
        except FileNotFoundError:
            return None  # it was there a moment ago
        except OSError as error:
            self._read_error = error
            return None

    def _read(self, name: str, known: _Known) -> None:
        try:
            with (self.folder / name).open("rb") as file:
                if os.fstat(file.fileno()).st_size < known.offset:  # cut short, or another file by the same name
                    known.offset = known.damaged = 0
                file.seek(known.offset)
                data = file.read()
        except OSError as error:
            self._read_error = error
            return
        found = lines.decode(data)
        known.size = known.offset + len(data)
        known.offset = known.size - len(found.torn)
        known.damaged += found.damaged
        known.torn = bool(found.torn)
        self._newer = self._newer or found.newer > 0
        for event in found.events:
            self._folding.add(event)

    # Writing

    def _save_events(self) -> None:
        """Append all unsaved events with one write and make them durable; they stay unsaved when that fails."""
        if self._newer:
            return
        data = b"".join(map(lines.encode, self._unsaved))
        try:
            fd = self._own_file()
            written = os.write(fd, data)
            while written < len(data):  # mostly the disk is full, and the next write says so
                written += os.write(fd, data[written:])
            os.fsync(fd)
        except OSError as error:
            # What did arrive may come twice, and counts once. After a stale handle only a new one helps.
            self._write_error = error
            self._close_own()
        else:
            self._write_error = None
            self._unsaved.clear()

    def _own_file(self) -> int:
        """This instance's open file; made at the first event, and again when it was deleted meanwhile."""
        if self._fd is not None and os.fstat(self._fd).st_nlink == 0:
            self._close_own()
        if self._fd is None:
            if not self._own or not (self.folder / self._own).exists():
                self._own = f"{self._instance}.jsonl"
                self.folder.mkdir(parents=True, exist_ok=True)
                self._fd = os.open(self.folder / self._own, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o666)
                files.sync_folder(self.folder)
            else:
                self._fd = os.open(self.folder / self._own, os.O_WRONLY | os.O_APPEND)
        return self._fd

    def _close_own(self) -> None:
        if self._fd is not None:
            fd, self._fd = self._fd, None
            try:
                os.close(fd)
            except OSError as error:  # NFS may report a failed write only here
                self._write_error = error

    def _save_snapshot(self) -> None:
        """Write state.json unless it already speaks of exactly these files; a cache, so a failure costs nothing."""
        if self._newer:
            return
        self._snapshot_at = self._clock()
        sizes = {name: size for name, (size, _) in (self._list() or {}).items()}
        if sizes != self._snapshot_files and snapshot.save(self.state, snapshot.Snapshot(sizes, self.progress)):
            self._snapshot_files = sizes

    def _keep_daily_copy(self) -> None:
        day = daily.day(self._clock())
        if day == self._copied_on or not self._files:
            return
        self._copied_on = day  # tried once: a disk that refuses is not asked every second
        try:
            daily.keep_copy(self.folder, self._files, self.backup, day)
            self._copy_error = None
        except OSError as error:
            self._copy_error = error


def _host() -> str:
    """This host's name, fit for a file name."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in os.uname().nodename.partition(".")[0]) or "host"


def _may_be_alive(name: str) -> bool:
    """Whether the instance that writes this file may still run; on another host nobody can say no."""
    host, _, rest = name.rpartition(".")[0].partition("-")
    pid = rest.partition("-")[0]
    if host != _host() or not pid.isdecimal():
        return True
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _writable(value: Any) -> Any:
    """The value with what UTF-8 cannot carry replaced: a file name may hold any byte."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _explain_write(error: OSError, folder: Path) -> str:
    kept = "what you do now is kept in memory and stored as soon as that works again"
    if error.errno in _NOT_WRITABLE:
        kept += ", or start with --user-data DIR to store it elsewhere"
    return f"{_refusal(error, folder)}; {kept}."


_NOT_WRITABLE = frozenset((errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST))


def _refusal(error: OSError, folder: Path) -> str:
    match error.errno:
        case errno.ENOSPC:
            return f"The disk that holds {folder} is full"
        case errno.EDQUOT:
            return f"Your disk quota for {folder} is used up"
        case number if number in _NOT_WRITABLE:
            return f"{folder} cannot be written"
        case _:
            return f"{folder} cannot be written ({reason_of(error)})"
