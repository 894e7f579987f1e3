"""A copy of the event files per day; the last seven days are kept."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

from tutor import files
from tutor.progress import lines

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
    for old in _copies(backup)[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)


def lost_lines(folder: Path, backup: Path) -> list[bytes]:
    """The events, as lines, that a copy holds and no event file does any more. Raises OSError."""
    here = {line for file in folder.glob("*.jsonl") for line in lines.whole(file.read_bytes())}
    kept = (file for copy in _copies(backup) for file in sorted(copy.glob("*.jsonl")))
    found = dict.fromkeys(line for file in kept for line in lines.whole(file.read_bytes()))
    return [line for line in found if line not in here]


def restore(folder: Path, lost: list[bytes], instance: str) -> None:
    """Put lost lines back, in a file of their own: the order of files and lines means nothing. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    files.replace(folder / f"restored-{instance}.jsonl", b"".join(b"\n" + line for line in lost))


def _copies(backup: Path) -> list[Path]:
    """The daily copies, oldest first."""
    return sorted(entry for entry in backup.iterdir() if _COPY.fullmatch(entry.name)) if backup.is_dir() else []
