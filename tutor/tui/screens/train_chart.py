from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.binding import Binding
from textual.message import Message

from tutor.tui.screens import train_window as window
from tutor.tui.screens.train_window import ChartState
from tutor.tui.widgets.chart_view import ChartView

FAR = 10  # columns, of the larger steps of the cursor


def _key(keys: str, action: str, name: str, tooltip: str, shown: str = "") -> Binding:
    return Binding(keys, action, name, show=bool(shown), key_display=shown or None, tooltip=tooltip)


class RunChart(ChartView, can_focus=True):
    """The curves of a run, and the keys that choose what of them is in sight."""

    HELP = (
        "The chart: what happened, step by step. Arrows put a cursor on it that reads every curve, up and down zoom "
        "there; ▾ marks what was changed and what the run has to say."
    )
    BINDINGS = [
        _key("right", "cursor(1)", "read", "The cursor one column on; it reads every curve", "← →"),
        _key("left", "cursor(-1)", "Read back", "The cursor one column back"),
        _key("shift+right", f"cursor({FAR})", "Read on, faster", "The cursor ten columns on"),
        _key("shift+left", f"cursor(-{FAR})", "Read back, faster", "The cursor ten columns back"),
        _key("n", "mark(True)", "Next mark", "The cursor to the next ▾"),
        _key("N", "mark(False)", "Mark before", "The cursor to the ▾ before"),
        _key("up,i", "zoom(True)", "zoom", "Closer, around the cursor", "↑ ↓"),
        _key("down,u", "zoom(False)", "Zoom out", "Further away"),
        _key("pagedown,greater_than_sign", "pan(1)", "On", "A quarter of the window to the right"),
        _key("pageup,less_than_sign", "pan(-1)", "Back", "A quarter of the window to the left"),
        _key("home,0", "all", "All", "The whole run"),
        _key("a", "other_y", "Accuracy", "The accuracy, and back to the loss"),
        _key("x", "other_x", "Axis", "Steps, epochs or time along the bottom"),
        _key("l", "log_y", "Log", "The loss on a logarithmic scale, and back"),
        _key("s", "smooth(1)", "Smoother", "The training loss averaged over more batches"),
        _key("S", "smooth(-1)", "Rougher", "Averaged over fewer"),
        _key("d", "every_batch", "Every batch", "Every batch as it is, and back to the mean"),
        Binding("escape", "no_cursor", "Cursor off", show=False, tooltip="The cursor goes; once more leads back"),
    ]

    class Changed(Message):
        """Something else is to be in sight."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ChartState()
        self.extent = 1  # the last step that there is, or will be
        self.newest = 0  # the last step that there is
        self.marks: Sequence[int] = ()  # steps

    def look_at(self, state: ChartState) -> None:
        """Another part of the run, or the same in another way."""
        if state != self.state:
            had_cursor = self.state.cursor is not None
            self.state = state
            if had_cursor != (state.cursor is not None):
                self.screen.refresh_bindings()
            self.post_message(self.Changed())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc takes the cursor away while there is one, and leads back otherwise."""
        return self.state.cursor is not None if action == "no_cursor" else super().check_action(action, parameters)

    def action_cursor(self, columns: int) -> None:
        self.look_at(window.move_cursor(self.state, self.extent, self.newest, columns))

    def action_mark(self, forward: bool) -> None:
        if not self.marks:
            self.notify("Nothing is marked yet.", timeout=3)
        self.look_at(window.to_mark(self.state, self.extent, self.newest, self.marks, forward=forward))

    def action_zoom(self, closer: bool) -> None:
        first, last = window.in_sight(self.state, self.extent)
        middle = (first + min(last, max(first, self.newest))) // 2
        self.look_at(window.zoom(self.state, self.extent, closer=closer, around=middle))

    def action_pan(self, by: int) -> None:
        self.look_at(window.pan(self.state, self.extent, by))

    def action_all(self) -> None:
        self.look_at(window.all_of_it(self.state))

    def action_other_y(self) -> None:
        self.look_at(window.other_y(self.state))

    def action_other_x(self) -> None:
        self.look_at(window.other_x(self.state))

    def action_log_y(self) -> None:
        self.look_at(window.other_scale(self.state))

    def action_smooth(self, by: int) -> None:
        self.look_at(window.smoother(self.state, by))

    def action_every_batch(self) -> None:
        self.look_at(window.as_it_is(self.state))

    def action_no_cursor(self) -> None:
        self.look_at(window.without_cursor(self.state))

    def on_resize(self) -> None:
        """Another size is another picture."""
        self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        """The cursor to where the mouse points, as near as the margins let it."""
        offset = event.get_content_offset(self)
        margin = self.margin_cells
        if offset is None or self.size.width <= margin + 1:
            return
        first, last = window.in_sight(self.state, self.extent)
        share = max(0.0, offset.x - margin) / max(1, self.content_size.width - margin - 1)
        step = first + round(share * (last - first))
        self.look_at(window.put_cursor(self.state, self.extent, self.newest, step))
