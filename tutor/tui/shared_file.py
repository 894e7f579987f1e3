"""One file, two writers: the code pane and any other editor. What both had in common last decides who may overwrite."""

from __future__ import annotations

from typing import Literal

from tutor.learner import Source

Change = Literal["same", "take", "ask"]


class SharedFile:
    """What the pane and the disk had in common last; nothing is read or written here."""

    def __init__(self, text: str, hash_: str) -> None:
        """`text` as the pane holds it, `hash_` of the disk's content; "" where the disk never held it."""
        self.text = text
        self.hash = hash_
        self.base: str | None = text  # what the pane's changes began with; None where nobody knows
        self.on_disk = bool(hash_)
        self.outside: Source | None = None  # another editor's version, which the pane has not taken

    def agree(self, text: str, hash_: str) -> None:
        """Pane and disk hold the same now."""
        self.text = self.base = text
        self.hash, self.on_disk, self.outside = hash_, True, None

    def typed(self, pane: str) -> bool:
        """True when something was typed since the two were the same."""
        return pane != self.text

    def unsaved(self, pane: str) -> bool:
        """True while the pane holds something that the disk does not."""
        return self.typed(pane) or not self.on_disk

    def lost(self) -> None:
        """The disk holds no readable content any more."""
        self.on_disk = False
        self.outside = None

    def found(self, source: Source, shown: str, pane: str) -> Change:
        """The disk holds this source, `shown` as the pane would hold it.

        "same": nothing to do; "take": the pane had nothing of its own and follows; "ask": both have something.
        """
        if shown == pane:
            self.agree(pane, source.hash)
            return "same"
        if source.hash == self.hash:
            self.on_disk, self.outside = True, None
            return "same"
        if not self.typed(pane):
            return "take"
        self.outside = source
        return "ask"
