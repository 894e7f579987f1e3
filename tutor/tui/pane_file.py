"""The learner's file in the Lab: in the code pane, on the disk, and under another editor's hands."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Literal

from tutor.errors import SourceError, StoreError
from tutor.learner import Found, Source, WorkFile, look
from tutor.tui.shared_file import SharedFile
from tutor.tui.widgets.code_pane import CodePane, as_shown

Of = Literal["versions", "folder", "file"]

LEFT = "You left without saving; your changes are here. ctrl+s saves and judges them, ctrl+o takes the file instead."
BOTH = (
    "{} was changed in another editor while you were typing here. Both are kept: ctrl+s takes this pane's, "
    "ctrl+o takes the file's."
)


class PaneFile:
    """Keeps the pane and the disk together, and everything that either would lose.

    Whatever touches the disk after the opening does so on a thread and one at a time, in the order in which it was
    asked for. Nothing raises because of the disk: `trouble` is what the learner must know.
    """

    def __init__(self, file: WorkFile, starter: str) -> None:
        self.file = file
        self.starter = starter
        self._troubles: dict[Of, str] = {}
        self._turn = asyncio.Lock()
        self._saved_at = 0.0  # time.monotonic() after the last save: what was read before it is no news
        self.opened, text = self._open()
        self.pane = CodePane(text)

    def _open(self) -> tuple[Found, str]:
        try:
            self.file.ensure(self.starter)
        except StoreError as error:
            self._troubles["folder"] = str(error)
        except SourceError:
            pass  # the look says it
        opened, text = look(self.file.path), self.starter
        if isinstance(opened.what, Source):
            self._shared = SharedFile(as_shown(opened.what.text), opened.what.hash)
            return opened, opened.what.text
        self._troubles["file"] = str(opened.what)
        raw = self.file.raw()
        if raw is not None:  # not UTF-8: what can be read of it is a better start than the starter
            text = raw.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        self._shared = SharedFile(as_shown(text), "")
        return opened, text

    @property
    def source(self) -> Source:
        """What stands in the pane, as a source."""
        return Source.of(self.file.path, self.pane.text)

    @property
    def unsaved(self) -> bool:
        """True while the pane holds something that the disk does not."""
        return self._shared.unsaved(self.pane.text)

    @property
    def trouble(self) -> str:
        """One sentence for a banner, of what must be decided first; empty while all is well."""
        order: tuple[Of, ...] = ("versions", "folder", "file")
        return next((self._troubles[of] for of in order if of in self._troubles), "")

    # ── from the pane to the disk ────────────────────────────────────────────────────────────────────────────────────

    async def save(self, text: str) -> Path | None:
        """Save what stood in the pane; return where a version from outside is kept, if one stood in its place."""
        async with self._turn:
            try:
                source, kept = await asyncio.to_thread(self.file.save, text, self._shared.hash)
            except StoreError as error:
                self._troubles["folder"] = str(error)
                return None
            await self._agreed(text, source.hash)
            return kept

    async def reset(self) -> Path | None:
        """Put the starter in the place of the file and into the pane; return where the file's version is kept."""
        text = self.pane.text
        async with self._turn:
            try:
                if self._shared.typed(text):
                    await asyncio.to_thread(self.file.keep, _bytes(text), "from-pane")
                kept = await asyncio.to_thread(self.file.reset, self.starter)
            except StoreError as error:
                self._troubles["folder"] = str(error)
                return None
            self.pane.show_content(self.starter)
            await self._agreed(self.pane.text, self.source.hash)
            return kept

    async def _agreed(self, text: str, hash_: str) -> None:
        self._saved_at = time.monotonic()
        self._shared.agree(text, hash_)
        self._troubles.clear()
        if not self.unsaved:
            await asyncio.to_thread(self.file.drop_draft)

    # ── from the disk to the pane ────────────────────────────────────────────────────────────────────────────────────

    async def take_in(self, found: Found) -> Source | None:
        """The disk holds something else: the pane follows, unless it has changes of its own; return what to judge."""
        async with self._turn:
            if found.at < self._saved_at:
                return None
            self._troubles.pop("file", None)
            if isinstance(found.what, SourceError):
                self._shared.lost()
                self._troubles["file"] = f"{found.what} What stands here is kept; ctrl+s writes it."
                return None
            self._troubles.pop("versions", None)
            before, source = self._shared.hash, found.what
            match self._shared.found(source, as_shown(source.text), self.pane.text):
                case "take":
                    self.pane.show_content(source.text)
                    self._shared.agree(self.pane.text, source.hash)
                case "ask":
                    self._troubles["versions"] = BOTH.format(self.file.path.name)
            return source if source.hash != before else None

    async def take_outside(self) -> tuple[Source, Path] | None:
        """Take the version from outside; return it, and where the pane's own is kept."""
        async with self._turn:
            outside = self._shared.outside
            if outside is None:
                return None
            try:
                kept = await asyncio.to_thread(self.file.keep, _bytes(self.pane.text), "from-pane")
            except StoreError as error:
                self._troubles["folder"] = str(error)
                return None
            self.pane.show_content(outside.text)
            await self._agreed(self.pane.text, outside.hash)
            return outside, kept

    # ── what is typed and not saved ──────────────────────────────────────────────────────────────────────────────────

    def offer_draft(self) -> None:
        """Put what was not saved last time into the pane; the file stays as it is until ctrl+s."""
        draft = self.file.draft()
        if draft is None or as_shown(draft) == self.pane.text:
            self.file.drop_draft()
            return
        self.pane.show_content(draft)
        if isinstance(self.opened.what, Source):
            self._shared.outside = self.opened.what
            self._troubles["versions"] = LEFT

    async def keep_draft(self) -> None:
        """Leave what is not saved where the next start finds it, whatever ends this one."""
        async with self._turn:
            try:
                await asyncio.to_thread(self._keep_draft, self.pane.text)
            except StoreError as error:
                self._troubles["folder"] = str(error)

    def leave(self) -> None:
        """The same at the end, when there is no later; raises StoreError."""
        self._keep_draft(self.pane.text)

    def _keep_draft(self, text: str) -> None:
        never_on_disk = not self._shared.hash and not self._shared.typed(text)  # the starter, or a file unreadable
        if self._shared.unsaved(text) and not never_on_disk:
            self.file.keep_draft(text)
        else:
            self.file.drop_draft()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")
