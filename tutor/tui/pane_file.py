"""The learner's file in the Lab: in the code pane, on the disk, and under another editor's hands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from tutor.course import draw_starter
from tutor.errors import SourceError, StoreError, reason_of
from tutor.learner import Found, Graded, Source, Version, WorkFile, content_hash, decode, look, shown_path
from tutor.tui.shared_file import SharedFile
from tutor.tui.widgets.code_pane import CodePane, as_shown

Of = Literal["versions", "folder", "file"]

LEFT = (
    "You left without saving; your changes are here. ctrl+s saves and judges them, "
    "ctrl+o shows them beside the file and lets you choose."
)
BOTH = (
    "{} was changed in another editor while you were typing here. Both are kept: ctrl+o shows both and lets you "
    "choose, ctrl+s takes this pane's."
)
NOT_READ = "{} What stands here is kept: ctrl+s writes it. F9 starts again from the starter."
NO_HISTORY = "{} The Lab goes on without the history of your file."


class TwoVersions(NamedTuple):
    """The pane has changes of its own, and so has the file."""

    base: str | None  # what both began with; None where nobody knows
    pane: str
    outside: Source


class PaneFile:
    """Keeps the pane and the disk together, and everything that either would lose.

    Whatever touches the disk after the opening does so on a thread and one at a time, in the order in which it was
    asked for. Nothing raises because of the disk: `trouble` is what the learner must know.
    """

    def __init__(self, file: WorkFile, starters: Sequence[str]) -> None:
        self.file = file
        self.starters = starters  # several where one of them is drawn
        self.starter = draw_starter(starters)
        self._troubles: dict[Of, str] = {}
        self._turn = asyncio.Lock()
        self._gave_way: list[bytes] = []  # what stood in pane and file, was not judged, and is not kept yet
        self._kept = {content_hash(_bytes(text)) for text in starters}  # hashes of what need not be kept once more
        self._no_history = False  # the learner has been told that there is none
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
        if raw is not None:
            text = text_of(raw, self.file.path.name)
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
    def undecided(self) -> bool:
        """True while there are two versions, and the learner has not said which to take."""
        return "versions" in self._troubles

    @property
    def two_versions(self) -> TwoVersions | None:
        """What the learner has to choose from; None where there is one version."""
        outside = self._shared.outside
        return None if outside is None else TwoVersions(self._shared.base, self.pane.text, outside)

    @property
    def trouble(self) -> str:
        """One sentence for a banner, of what must be decided first; empty while all is well."""
        order: tuple[Of, ...] = ("folder", "versions", "file")
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
            if source.hash != self._shared.hash:
                self._give_way()
            await self._agreed(text, source.hash)
            return kept

    async def reset(self) -> Path | None:
        """Put the starter in the place of the file and into the pane; return where the file's version is kept."""
        text = self.pane.text
        async with self._turn:
            try:
                if self._shared.typed(text):
                    await asyncio.to_thread(self.file.keep, _bytes(text), "from-pane")
                self.starter = draw_starter(self.starters, instead_of=text)
                kept = await asyncio.to_thread(self.file.reset, self.starter)
            except StoreError as error:
                self._troubles["folder"] = str(error)
                return None
            self.pane.show_content(self.starter)
            await self._agreed(self.pane.text, self.source.hash)
            return kept

    def _give_way(self) -> None:
        """Another content takes the place of the one that pane and file had in common."""
        raw = _bytes(self._shared.text)
        if self._shared.hash and content_hash(raw) not in self._kept:
            self._gave_way.append(raw)

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
            self._troubles.pop("versions", None)
            if isinstance(found.what, SourceError):
                self._shared.lost()
                self._troubles["file"] = NOT_READ.format(found.what)
                return None
            before, source = self._shared.hash, found.what
            match self._shared.found(source, as_shown(source.text), self.pane.text):
                case "take":
                    self._give_way()
                    self.pane.show_content(source.text)
                    self._shared.agree(self.pane.text, source.hash)
                case "ask":
                    self._troubles["versions"] = BOTH.format(shown_path(self.file.path.name))
            return source if source.hash != before else None

    async def settle(self, versions: TwoVersions, text: str) -> Source | None:
        """Put what the learner made of two versions into the pane and the file; both are kept, whatever it is.

        None where the disk refuses, or where the file has changed since these were the two: then nothing is done.
        """
        async with self._turn:
            outside = self._shared.outside
            if outside is None or outside.hash != versions.outside.hash:
                return None
            try:
                await asyncio.to_thread(self.file.keep, _bytes(versions.pane), "from-pane")
                await asyncio.to_thread(self.file.keep, outside.raw, "from-outside")
                source = outside
                if text != as_shown(outside.text):
                    source = (await asyncio.to_thread(self.file.save, text, outside.hash)).source
            except StoreError as error:
                self._troubles["folder"] = str(error)
                return None
            self.pane.show_content(source.text)
            await self._agreed(self.pane.text, source.hash)
            return source

    # ── the history ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def keep_graded(self, source: Source, graded: Graded) -> str:
        """Keep what was judged with its verdict, and what has given way; a sentence where that fails the first time."""
        async with self._turn:
            try:
                await asyncio.to_thread(self._keep_what_gave_way)
                await asyncio.to_thread(self.file.keep, source.raw, "graded", graded)
                self._kept.add(source.hash)
            except StoreError as error:
                told, self._no_history = self._no_history, True
                return "" if told else NO_HISTORY.format(error.title)
            return ""

    def _keep_what_gave_way(self) -> None:
        raws, self._gave_way = self._gave_way, []
        for raw in raws:
            self.file.keep(raw, "from-pane")

    async def restore(self, version: Version) -> bool:
        """Put an earlier version into the pane; what stands there is kept first. False where the disk refuses."""
        async with self._turn:
            try:
                raw = await asyncio.to_thread(version.read)
                if self.pane.text not in ("", *self.starters):
                    await asyncio.to_thread(self.file.keep, _bytes(self.pane.text), "from-pane")
            except OSError as error:
                self._troubles["folder"] = f"{shown_path(version.path)} cannot be read: {reason_of(error)}."
            except StoreError as error:
                self._troubles["folder"] = str(error)
            else:
                self.pane.show_content(text_of(raw, version.path.name))
                return True
            return False

    # ── what is typed and not saved ──────────────────────────────────────────────────────────────────────────────────

    def offer_draft(self) -> None:
        """Put what was not saved last time into the pane; the file stays as it is until ctrl+s."""
        draft = self.file.draft()
        if draft is None or as_shown(draft) == self.pane.text:
            self.file.drop_draft()
            return
        self.pane.show_content(draft)
        if isinstance(self.opened.what, Source):
            self._shared.outside, self._shared.base = self.opened.what, None
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
        self._keep_what_gave_way()

    def _keep_draft(self, text: str) -> None:
        never_on_disk = not self._shared.hash and not self._shared.typed(text)  # the starter, or a file unreadable
        if self._shared.unsaved(text) and not never_on_disk:
            self.file.keep_draft(text)
        else:
            self.file.drop_draft()


def text_of(raw: bytes, name: str) -> str:
    """The text of a file; where its bytes are none, what can be read of them is better than nothing."""
    try:
        return decode(raw, name)
    except SourceError:
        return raw.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")
