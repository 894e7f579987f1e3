"""The learner's own file on disk: made from the starter, saved whole or not at all, never overwritten without a copy."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

from tutor.errors import StoreError
from tutor.learner.source import Source, read_source


class WorkFile:
    """One exercise's file in `implementations/`, and the folder where its earlier versions are kept."""

    def __init__(self, path: Path, backup: Path) -> None:
        self.path = path
        self.versions = backup / path.stem

    def ensure(self, starter: str) -> Source:
        """Read the file; where there is none yet, make it from the starter.

        Raises SourceError when it is there and cannot be read, StoreError when it cannot be made.
        """
        if not os.path.lexists(self.path):
            self.write(starter)
        return self.read()

    def read(self) -> Source:
        """Read what is on the disk now; raises SourceError with what is wrong and what to do."""
        return read_source(self.path)

    def raw(self) -> bytes | None:
        """The bytes on the disk as they are, readable as Python or not; None where there is no regular file."""
        try:
            return self.path.read_bytes() if self.path.is_file() else None
        except OSError:
            return None

    def write(self, text: str) -> Source:
        """Save by a rename, so that no reader and no power cut ever sees half of it.

        A symlink stays one; the file keeps its mode. Raises StoreError with the text unharmed in the caller's hands.
        """
        raw = text.encode("utf-8")
        try:
            target = self.path.resolve()
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, raw)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(
                f"{self.path.name} could not be saved: {reason}.",
                f"It would be {self.path}.",
                "What you wrote is still in the pane; make room or choose another folder with --user-data.",
            ) from error
        return Source.of(self.path, text)

    def keep(self, raw: bytes, label: str) -> Path:
        """Put a copy beside the other versions and return where it is; the same content is kept once."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime())
        try:
            self.versions.mkdir(parents=True, exist_ok=True)
            for old in sorted(self.versions.glob("*.py"), reverse=True):
                if old.read_bytes() == raw:
                    return old
            path, again = self.versions / f"{stamp}-{label}.py", 1
            while path.exists():
                path, again = self.versions / f"{stamp}-{label}-{again}.py", again + 1
            _replace(path, raw)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StoreError(
                f"A copy of {self.path.name} could not be kept: {reason}.",
                f"It would go to {self.versions}.",
                "Nothing was overwritten. Make room, or choose another folder with --user-data.",
            ) from error
        return path

    def reset(self, starter: str) -> Path | None:
        """Put the starter back; what was there is kept first, and its place returned (None: there was nothing)."""
        raw = self.raw()
        kept = self.keep(raw, "before-reset") if raw is not None else None
        self.write(starter)
        return kept


def _replace(target: Path, raw: bytes) -> None:
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
