"""The pages that the learner marked: what is stored, and what this sitting has changed and may still be storing."""

from __future__ import annotations

from collections.abc import Callable

from tutor.progress import Bookmark, Store


class Bookmarks:
    """Set and taken away at once; stored off the thread that draws."""

    def __init__(self, store: Store, record: Callable[..., None]) -> None:
        self.store = store
        self.record = record
        self._changed: dict[Bookmark, bool] = {}

    def __contains__(self, page: Bookmark) -> bool:
        return self._changed.get(page, page in self.store.progress.bookmarks)

    def all(self) -> tuple[Bookmark, ...]:
        """Every one, in the order of the course."""
        stored = self.store.progress.bookmarks
        new = [page for page in self._changed if page not in stored]
        return tuple(sorted((page for page in (*stored, *new) if page in self), key=lambda page: page.lesson))

    def toggle(self, page: Bookmark) -> None:
        """Set a bookmark, or take it away."""
        on = page not in self
        self._changed[page] = on
        self.record("bookmark", lesson=page.lesson, track=page.track, section=page.section, on=on)
