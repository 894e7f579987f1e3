"""Files that are replaced whole or not at all: no reader and no power cut ever sees half of one."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path


def replace(target: Path, data: bytes, last: Callable[[], object] = lambda: None) -> None:
    """Put `data` in the place of a file: written beside it, forced to the disk, renamed; the file keeps its mode.

    `last` is called right before the renaming, when a look at the old file is worth most. Raises OSError, and what
    `last` raises; the file is then as it was, and nothing is left beside it.
    """
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    temporary = target.with_name(f".{target.name}-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with temporary.open("xb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        last()
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    with contextlib.suppress(OSError):  # it is in its place: at worst a power cut brings the old one back
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable, where the file system knows how to; raises OSError where it fails."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(fd)
