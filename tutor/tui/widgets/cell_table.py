from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tutor.tui.theme import ROLE_STYLES
from tutor.viz import tensor_moves
from tutor.viz.model import Picture, Role
from tutor.viz.tensor_cells import TensorCells
from tutor.viz.tensor_diff import draw
from tutor.viz.tensor_layout import Frame, Look, arrange

WHEEL = 3  # rows a notch


class CellTable(Widget, can_focus=True):
    """The cells of a tensor: yours, expected, numeric and their difference, with a map of the error."""

    HELP = (
        "Every cell of the tensor. ✗ is a wrong one, ▸✗ the worst; where they do not fit, the right ones are folded "
        "away. The map above shows the whole tensor, more ink for more error; lines beside it mark what the table "
        "shows. difference is yours minus expected; numeric is the derivative of your own forward pass, made without "
        "your backward; relative is |yours - expected| / (|yours| + |expected|)."
    )

    BINDINGS = [
        Binding("up,k", "move(-1, 0)", "Cell above", show=False),
        Binding("down,j", "move(1, 0)", "Cell below", show=False),
        Binding("left,h", "move(0, -1)", "Cell before", show=False),
        Binding("right,l", "move(0, 1)", "Next cell; past the last column the next quantity", show=False),
        Binding("pageup", "page(-1)", "A page up", show=False),
        Binding("pagedown,space", "page(1)", "A page down", show=False),
        Binding("home", "end(False)", "First cell of the row", show=False),
        Binding("end", "end(True)", "Last cell of the row", show=False),
        Binding("ctrl+home", "end(False, True)", "First cell", show=False),
        Binding("ctrl+end", "end(True, True)", "Last cell", show=False),
        Binding("w", "wrong(1)", "worst", tooltip="The next worst cell"),
        Binding("b", "wrong(-1)", "Worse", show=False, tooltip="The worse cell before"),
        Binding("v", "quantity", "quantity", tooltip="Yours, expected, numeric, difference"),
        Binding("f", "fold", "fold", tooltip="Fold what is right away, or show all"),
        Binding("m", "strip", "map", tooltip="Move in the map of the error, or in the table"),
        Binding("t", "list", "List", show=False, tooltip="One cell a line, or the matrix"),
        Binding("[", "slice(-1)", "Matrix before", show=False, tooltip="The matrix before, of a tensor with more axes"),
        Binding("]", "slice(1)", "Next matrix", show=False, tooltip="The next matrix, of a tensor with more axes"),
    ]

    cells: reactive[TensorCells | None] = reactive(None, always_update=True)
    look: reactive[Look] = reactive(Look())
    stale: reactive[bool] = reactive(False)

    class Moved(Message):
        """Another cell, or another way to look at it."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn: tuple[object, Frame, Picture] | None = None

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._in_other_colours, init=False)

    def _in_other_colours(self) -> None:
        self.refresh()

    @property
    def frame(self) -> Frame | None:
        """What is in sight; the look follows what was scrolled for it."""
        if self.cells is None or not self.size.area:
            return None
        key = self.cells, self.look, self.size
        if self._drawn is None or self._drawn[0] != key:
            frame = arrange(self.cells, self.look, self.size.width, self.size.height)
            self.set_reactive(CellTable.look, frame.look)
            if self._drawn is None or bool(self._drawn[1].strip) != bool(frame.strip):
                self.call_later(self.refresh_bindings)
            self._drawn = (self.cells, frame.look, self.size), frame, draw(frame)
        return self._drawn[1]

    def show(self, cells: TensorCells | None, keep: bool) -> None:
        """Show other cells; with `keep` the cursor stays where it is, as far as there is such a cell."""
        look = tensor_moves.first_look(cells) if cells is not None else Look()
        if keep and cells is not None and self.cells is not None:
            cursor = tuple(min(at, n - 1) for at, n in zip(self.look.cursor, cells.extent, strict=True))
            look = replace(self.look, cursor=(cursor[0], cursor[1], cursor[2]))
        self.set_reactive(CellTable.look, look)
        self.cells = cells
        self.post_message(self.Moved())

    def watch_look(self) -> None:
        self.post_message(self.Moved())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """What folds and the map do has no key where the whole tensor is in sight, nor slices where there is one."""
        frame = self.frame
        if action in ("fold", "strip"):
            return frame is not None and frame.strip is not None
        return action != "slice" or (frame is not None and frame.has_slices)

    def on_resize(self) -> None:
        self.post_message(self.Moved())

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def render_line(self, y: int) -> Strip:
        frame = self.frame
        picture = self._drawn[2] if frame is not None and self._drawn is not None else ()
        if frame is None or y >= len(picture):
            return Strip.blank(self.size.width, self.rich_style)
        segments = [Segment(span.text, self._style(span.role)) for span in picture[y]]
        strip = Strip(segments).adjust_cell_length(self.size.width, self.rich_style)
        box = frame.cursor_box
        if box is None or box[1] != y:
            return strip
        x, _, width = box
        under = Strip(Segment.apply_style(strip.crop(x, x + width), post_style=self._cursor))
        return Strip.join([strip.crop(0, x), under, strip.crop(x + width)])

    def _style(self, role: Role) -> Style:
        role = "dim" if self.stale and role not in ("axis", "label") else role
        return self.rich_style + Style(color=self.app.theme_variables[ROLE_STYLES[role].removeprefix("$")])

    @property
    def _cursor(self) -> Style:
        return Style(bgcolor=self.app.theme_variables["block-cursor-background"], bold=True)

    # ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _go(self, move: Callable[[Frame], Look]) -> None:
        frame = self.frame
        if frame is not None:
            self.look = move(frame)

    def action_move(self, rows: int, columns: int) -> None:
        self._go(lambda frame: tensor_moves.moved(frame, rows, columns))

    def action_page(self, pages: int) -> None:
        self._go(lambda frame: tensor_moves.paged(frame, pages))

    def action_end(self, last: bool, everything: bool = False) -> None:
        self._go(lambda frame: tensor_moves.ended(frame, last=last, everything=everything))

    def action_wrong(self, by: int) -> None:
        self._go(lambda frame: tensor_moves.to_wrong(frame, by))

    def action_quantity(self) -> None:
        self._go(tensor_moves.next_quantity)

    def action_slice(self, by: int) -> None:
        self._go(lambda frame: tensor_moves.next_slice(frame, by))

    def action_fold(self) -> None:
        self._go(lambda frame: replace(frame.look, folded=not frame.look.folded))

    def action_list(self) -> None:
        self._go(lambda frame: replace(frame.look, as_list=not frame.look.as_list))

    def action_strip(self) -> None:
        """Into the map and out of it; there is none where the whole tensor is in sight."""
        self._go(lambda frame: replace(frame.look, in_strip=not frame.look.in_strip))

    def on_click(self, event: events.Click) -> None:
        self._go(lambda frame: tensor_moves.hit(frame, event.x, event.y))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(WHEEL, 0)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-WHEEL, 0)
