"""state.json: the progress of the last close, so that the first frame need not fold; a cache, free to delete."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import msgspec
from msgspec import Struct

from tutor.progress.model import SCHEMA, Progress


class Snapshot(Struct, frozen=True):
    """A progress, and the event files it was folded from."""

    files: dict[str, int]  # name to size
    progress: Progress
    schema: int = SCHEMA


def load(file: Path) -> Snapshot | None:
    """Read a snapshot; None when it is missing, broken or of another schema, for it can always be made again."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Snapshot)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if found.schema == SCHEMA else None


def save(file: Path, snapshot: Snapshot) -> bool:
    """Replace the snapshot whole, by rename; False when the disk refuses."""
    temporary = file.with_name(f".{file.name}-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with temporary.open("xb") as target:
            target.write(msgspec.json.encode(snapshot))
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(file)
        sync_folder(file.parent)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable, where the file system knows how to."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(fd)
