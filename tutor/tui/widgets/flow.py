from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

Layout = Callable[[int], Content]  # a width in cells -> lines that fit it


class Flow(Widget):
    """Content that is laid out anew for each width; what is wider all the same goes on in the next line."""

    DEFAULT_CSS = "Flow { height: auto; text-wrap: nowrap; text-overflow: fold; }"

    def __init__(self, layout: Layout, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._make = layout
        self._made: tuple[int, Content] | None = None

    def show(self, layout: Layout) -> None:
        """Show something else."""
        self._make, self._made = layout, None
        self.refresh(layout=True)

    def content_at(self, width: int) -> Content:
        """What stands here at a width."""
        if self._made is None or self._made[0] != width:
            self._made = (width, self._make(width))
        return self._made[1]

    def render(self) -> Content:
        return self.content_at(self.size.width or 80)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002
        return self.content_at(width).get_height({"text_wrap": "nowrap", "text_overflow": "fold"}, width)
