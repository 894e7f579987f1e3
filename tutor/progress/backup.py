"""A copy of the event files per day; the last seven days are kept."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

KEEP = 7  # days
_COPY = re.compile(r"events-\d{4}-\d\d-\d\d")


def day(now: float) -> str:
    """The day (UTC) that a moment belongs to."""
    return time.strftime("%Y-%m-%d", time.gmtime(now))


def keep_copy(folder: Path, names: Iterable[str], backup: Path, today: str) -> None:
    """Copy the event files `names` of `folder` to `backup/events-<today>`, unless that is there; drop the oldest.

    Raises:
        OSError: the copy could not be made; nothing half-made is left under its name.
    """
    import shutil  # not on the way to the first frame

    copy = backup / f"events-{today}"
    if copy.exists():
        return
    backup.mkdir(parents=True, exist_ok=True)
    unfinished = backup / f".{copy.name}-{os.getpid()}"
    try:
        unfinished.mkdir(exist_ok=True)
        for name in names:
            shutil.copyfile(folder / name, unfinished / name)
        if not copy.exists():  # another instance may have been quicker
            unfinished.rename(copy)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    copies = sorted(entry for entry in backup.iterdir() if _COPY.fullmatch(entry.name))
    for old in copies[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)
