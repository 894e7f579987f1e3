"""state.json: the progress of the last close, so that the first frame need not fold; a cache, free to delete."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from tutor import files, records
from tutor.progress.model import SCHEMA, Progress


class Snapshot(Struct, frozen=True):
    """A progress, and the event files it was folded from."""

    files: dict[str, int]  # name to size
    progress: Progress
    schema: int = SCHEMA


def load(file: Path) -> Snapshot | None:
    """Read a snapshot; None when it is missing, broken or of another schema, for it can always be made again."""
    try:
        found = records.decode(file.read_bytes(), Snapshot)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if found.schema == SCHEMA else None


def save(file: Path, snapshot: Snapshot) -> bool:
    """Replace the snapshot whole; False when the disk refuses."""
    try:
        files.replace(file, msgspec.json.encode(snapshot))
    except OSError:
        return False
    return True
