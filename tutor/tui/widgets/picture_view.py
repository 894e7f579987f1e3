from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from tutor.tui.theme import ROLE_STYLES
from tutor.viz.model import Line, Picture, Role


class PictureView(Widget):
    """A picture that sends of every row what lies between its first and its last change; no sign is wide."""

    DEFAULT_CSS = "PictureView { height: 1fr; }"

    class Sized(Message):
        """It has another size than before: what it shows may be drawn for it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.picture: Picture = ()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._in_other_colours)

    def on_resize(self) -> None:
        self.post_message(self.Sized())

    def _in_other_colours(self, theme: Theme) -> None:  # noqa: ARG002
        self.refresh()

    def show(self, picture: Picture) -> None:
        """Show another picture."""
        before, self.picture = self.picture, picture
        places = []
        for y in range(max(len(before), len(picture))):
            place = _changed(before[y] if y < len(before) else (), picture[y] if y < len(picture) else ())
            if place is not None:
                places.append(Region(place[0], y, place[1] - place[0], 1))
        if places:
            self.refresh(*places)

    def render_line(self, y: int) -> Strip:
        if y >= len(self.picture):
            return Strip.blank(self.size.width, self.rich_style)
        segments = [Segment(span.text, self._style(span.role, span.under)) for span in self.picture[y]]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def _style(self, role: Role, under: Role | None) -> Style:
        return self.rich_style + Style(color=self._colour(role), bgcolor=self._colour(under) if under else None)

    def _colour(self, role: Role) -> str:
        return self.app.theme_variables[ROLE_STYLES[role].removeprefix("$")]


def _changed(old: Line, new: Line) -> tuple[int, int] | None:
    """From the first to the last cell in which two lines differ, as (start, stop)."""
    if old == new:
        return None
    one, other = ([(sign, span.role, span.under) for span in line for sign in span.text] for line in (old, new))
    cells = max(len(one), len(other))
    differ = [x for x in range(cells) if one[x : x + 1] != other[x : x + 1]]
    return (differ[0], differ[-1] + 1) if differ else None
