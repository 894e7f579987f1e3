"""Earlier contents of one exercise's file: every one that was judged, or that gave way to another, can come back.

They stand in `backup/<exercise>/`, each as a plain `.py` file that any editor opens, and beside it a small `.json` that
says when and why it was kept and how it was judged. A file without one is a version too: what it lacks is read off its
name and its content. Two tutors may write there at once: a name holds the content's hash, so equal names are equal
contents.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from tutor import files, records
from tutor.learner.source import LARGEST, content_hash

MOST = 200  # versions of one exercise
MOST_BYTES = 5 << 20  # of all of them together
NEWEST = 50  # of them are kept before any other

WORDS = {
    "graded": "Judged.",
    "from-outside": "Saved by another editor.",
    "from-pane": "It stood in the pane.",
    "before-reset": "Before a fresh start.",
    "before-restore": "Before an earlier one came back.",
    "unsaved": "Typed and never saved.",
    "unreadable": "It could not be read as Python.",
}


class Graded(Struct, frozen=True):
    """What was said of a content when it was judged."""

    status: str  # as Report.status
    headline: str
    right: int  # gradients
    total: int


class Version(Struct, frozen=True):
    """One kept content."""

    path: Path
    time: float  # seconds since the epoch: when it was judged, or gave way, last
    hash: str
    size: int  # bytes
    why: str  # a key of WORDS
    graded: Graded | None = None

    @property
    def passed(self) -> bool:
        """True where every tier was right."""
        return self.graded is not None and self.graded.status == "passed"

    @property
    def words(self) -> str:
        """Its verdict in one sentence; where it never had one, why it was kept."""
        return self.graded.headline if self.graded else WORDS.get(self.why, self.why)

    def read(self) -> bytes:
        """Its content; raises OSError."""
        return self.path.read_bytes()


class _Note(Struct, frozen=True, omit_defaults=True):
    """What the file beside a version says of it."""

    time: float
    hash: str
    why: str
    graded: Graded | None = None


class Versions:
    """The kept contents of one exercise; everything here reads or writes the disk, and raises OSError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Version]:
        """Every version, newest first; what is larger than a learner's file may be is none."""
        found = [version for path in self.folder.glob("*.py") if (version := _version(path)) is not None]
        return sorted(found, key=lambda version: (version.time, version.path.name), reverse=True)

    def keep(self, raw: bytes, why: str, graded: Graded | None = None) -> Path:
        """Keep a content and return where it is; one that is there already is not kept twice, and becomes the newest.

        Where there are too many then, `thinned` says which go.
        """
        versions, hash_, now = self.all(), content_hash(raw), time.time()
        found = next((version for version in versions if version.hash == hash_), None)
        if found is not None and found is versions[0] and graded in (None, found.graded):
            return found.path
        if found is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{_stamp(now)}-{why}-{hash_[:8]}.py"
            files.replace(path, raw)
            kept = Version(path, now, hash_, len(raw), why, graded)
        else:
            versions.remove(found)
            kept = msgspec.structs.replace(found, time=now, graded=graded or found.graded)
        note = _Note(kept.time, kept.hash, kept.why, kept.graded)
        files.replace(_note_path(kept.path), msgspec.json.encode(note))
        for version in thinned([kept, *versions]):
            self._drop(version)
        return kept.path

    def set_aside(self, file: Path) -> Path:
        """Move a file that cannot be read here as it is, whatever its size, and return where it is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stamp, again = _stamp(time.time()), 0
        while os.path.lexists(path := self.folder / f"{stamp}-unreadable{f'-{again}' if again else ''}.py"):
            again += 1
        file.replace(path)
        return path

    def _drop(self, version: Version) -> None:
        with contextlib.suppress(OSError):  # one too many harms nobody
            version.path.unlink()
            _note_path(version.path).unlink(missing_ok=True)


def thinned(versions: Sequence[Version]) -> list[Version]:
    """Which versions go, given all of them newest first: none while there is room.

    First the newest stay; then, newest first, what passed and what nobody judged (it gave way to another, and stands
    nowhere else); then the last of each day, the last of each hour, and the rest.
    """
    chosen: set[Path] = set()
    size = 0
    for version in _by_worth(versions):
        if len(chosen) == MOST or (chosen and size + version.size > MOST_BYTES):
            break
        chosen.add(version.path)
        size += version.size
    return [version for version in versions if version.path not in chosen]


def _by_worth(versions: Sequence[Version]) -> Iterable[Version]:
    days = _last_of_each(versions, 86_400)
    hours = _last_of_each(versions, 3_600)

    def worth(place: int, version: Version) -> int:
        if place < NEWEST:
            return 0
        if version.passed or version.graded is None:
            return 1
        return 2 if version.path in days else 3 if version.path in hours else 4

    ranked = sorted(enumerate(versions), key=lambda item: (worth(*item), item[0]))
    return (version for _, version in ranked)


def _last_of_each(versions: Sequence[Version], seconds: int) -> set[Path]:
    last: dict[int, Path] = {}
    for version in versions:
        last.setdefault(int(version.time // seconds), version.path)
    return set(last.values())


def ago(seconds: float) -> str:
    """How long ago something was, in two or three words; a clock that was set back makes nothing older than now."""
    for length, name in ((86_400, "day"), (3_600, "h"), (60, "min")):
        count = int(seconds // length)
        if count > 0:
            return f"{count} {name}{'s' if name == 'day' and count > 1 else ''} ago"
    return "just now"


# ── one version on the disk ──────────────────────────────────────────────────────────────────────────────────────────


def _note_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _stamp(now: float) -> str:
    return time.strftime("%Y%m%d-%H%M%S", time.localtime(now))


def _version(path: Path) -> Version | None:
    """What stands there; None where it is too large, or gone, or locked away."""
    try:
        facts = path.stat()
        if facts.st_size > LARGEST:
            return None
        note = _note_of(path) or _guessed(path, facts.st_mtime)
    except OSError:
        return None
    return Version(path, note.time, note.hash, facts.st_size, note.why, note.graded)


def _note_of(path: Path) -> _Note | None:
    try:
        return records.decode(_note_path(path).read_bytes(), _Note)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _guessed(path: Path, changed: float) -> _Note:
    """For a version without a note, or with a damaged one. Raises OSError."""
    stamp, _, rest = path.stem[:15], path.stem[15:16], path.stem[16:]
    try:
        when = time.mktime(time.strptime(stamp, "%Y%m%d-%H%M%S"))
    except (ValueError, OverflowError):
        when, rest = changed, path.stem
    why = next((known for known in WORDS if rest.startswith(known)), rest)
    return _Note(when, content_hash(path.read_bytes()), why)
