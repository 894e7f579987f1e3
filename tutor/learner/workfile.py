"""The learner's own file on disk: saved whole or not at all, and never overwritten without a copy."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tutor import files
from tutor.errors import StoreError, reason_of
from tutor.learner.source import LARGEST, Source, content_hash, encode, read_source
from tutor.learner.text import shown_path
from tutor.learner.versions import Graded, Version, Versions


class Saved(NamedTuple):
    """What was saved, and where the version that it took the place of is kept (None: it was the known one)."""

    source: Source
    kept: Path | None


class WorkFile:
    """One exercise's file in `implementations/`, and the folder where its earlier versions are kept."""

    def __init__(self, path: Path, backup: Path) -> None:
        self.path = path
        self.versions = backup / path.stem
        self.history = Versions(self.versions)
        self._draft_path = self.versions / "unsaved.draft"
        self._draft = b""  # as this instance knows it: another tutor may have left one of its own

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
        """The bytes on the disk as they are, Python or not; None where there is no regular file of a sensible size."""
        try:
            if not self.path.is_file() or self.path.stat().st_size > LARGEST:
                return None
            return self.path.read_bytes()
        except OSError:
            return None

    def write(self, text: str) -> Source:
        """Save by a rename, so that no reader and no power cut ever sees half of it.

        A symlink stays one; the file keeps its mode. Raises StoreError with the text unharmed in the caller's hands.
        """
        raw = encode(text)
        self._put(raw)
        return Source(path=self.path, text=text, raw=raw, hash=content_hash(raw))

    def _put(self, raw: bytes, last: Callable[[], object] = lambda: None) -> None:
        try:
            target = self.path.resolve()
            target.parent.mkdir(parents=True, exist_ok=True)
            files.replace(target, raw, last)
        except (OSError, RuntimeError) as error:  # RuntimeError: a link that leads to itself
            raise self._not_saved(error) from error

    def _put_over(self, raw: bytes, known: str, why: str) -> Path | None:
        """Put it there, and keep what stood there at the last moment where that is neither this nor the known one."""
        kept: list[Path | None] = []
        self._put(raw, lambda: kept.append(self._keep_stranger(known, raw, why)))
        return kept[0]

    def save(self, text: str, known: str) -> Saved:
        """Save the text; when the disk holds another version than the `known` one (a hash), that is kept first.

        Raises StoreError; the file is then as it was.
        """
        raw = encode(text)
        kept = self._put_over(raw, known, "from-outside")
        return Saved(Source(path=self.path, text=text, raw=raw, hash=content_hash(raw)), kept)

    def keep(self, raw: bytes, why: str, graded: Graded | None = None) -> Path:
        """Put a copy among the versions and return where it is; the same content is kept once. Raises StoreError."""
        try:
            return self.history.keep(raw, why, graded)
        except OSError as error:
            raise self._not_kept(error) from error

    def restore(self, version: Version) -> Path | None:
        """Put an earlier version back as it was; return where the one that stood there is kept, if it is another.

        Raises StoreError.
        """
        try:
            raw = version.read()
        except OSError as error:
            raise StoreError(
                f"{shown_path(version.path)} cannot be read: {reason_of(error)}.", "", "Choose another version."
            ) from error
        return self._put_over(raw, "", "before-restore")

    def reset(self, starter: str) -> Path | None:
        """Put the starter back; what was there is kept first, and its place returned (None: there was nothing)."""
        raw = self.raw()
        kept = self.keep(raw, "before-reset") if raw is not None else self._set_aside()
        self.write(starter)
        return kept

    # ── what was typed and not saved ─────────────────────────────────────────────────────────────────────────────────

    def draft(self) -> str | None:
        """What was typed and not saved when the file was last left; None where all was saved."""
        self._draft = self._draft_there()
        return self._draft.decode("utf-8", errors="replace") or None

    def keep_draft(self, text: str) -> None:
        """Keep what is typed and not saved; a draft that another tutor left is kept as a version. Raises StoreError."""
        raw = text.encode("utf-8", errors="replace")
        if raw == self._draft == self._draft_there():
            return
        try:
            there = self._draft_there()
            if there not in (b"", raw, self._draft):
                self.keep(there, "unsaved")
            self.versions.mkdir(parents=True, exist_ok=True)
            files.replace(self._draft_path, raw)
        except OSError as error:
            raise self._not_kept(error) from error
        self._draft = raw

    def drop_draft(self) -> None:
        """All is saved: there is no draft of this instance any more."""
        if self._draft and self._draft_there() == self._draft:
            with contextlib.suppress(OSError):  # one that stays is offered once more, which harms nobody
                self._draft_path.unlink()
        self._draft = b""

    def _draft_there(self) -> bytes:
        try:
            return self._draft_path.read_bytes()
        except OSError:
            return b""

    # ── versions ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _keep_stranger(self, known: str, new: bytes, why: str) -> Path | None:
        """Keep what is on the disk, unless it is the known version or the one to be saved."""
        raw = self.raw()
        if raw is None:
            return self._set_aside()
        return self.keep(raw, why) if content_hash(raw) != known and raw != new else None

    def _set_aside(self) -> Path | None:
        """Move a file that cannot be read among the versions; None where there is no regular file."""
        try:
            return self.history.set_aside(self.path) if self.path.is_file() else None
        except OSError as error:
            raise self._not_kept(error) from error

    # ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _not_saved(self, error: OSError | RuntimeError) -> StoreError:
        if isinstance(error, OSError) and error.errno == errno.EISDIR:
            next_step = "Move that folder away and save again; what you wrote is still here."
        else:
            next_step = "What you wrote is still here; make room or choose another folder with --user-data."
        return StoreError(
            f"{shown_path(self.path.name)} could not be saved: {reason_of(error)}.",
            f"It would be {shown_path(self.path)}.",
            next_step,
        )

    def _not_kept(self, error: OSError) -> StoreError:
        return StoreError(
            f"A copy of {shown_path(self.path.name)} could not be kept: {reason_of(error)}.",
            f"It would go to {shown_path(self.versions)}.",
            "Nothing was overwritten. Make room, or choose another folder with --user-data.",
        )
