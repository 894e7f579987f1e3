from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from msgspec import structs
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tutor.errors import TutorError
from tutor.training import ENDED, Overview, Summary, delete, mark_lost, rename, resume, size_words
from tutor.tui.screens import runs_view
from tutor.tui.screens.dialogs import Question
from tutor.tui.screens.runs_dialogs import CompareScreen, RenameDialog
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.keybar import KeyBar

MOST_BESIDE = 5  # more curves beside one cannot be told apart
LOOK_EVERY = 1.0  # seconds between two looks at the folder


class RunList(Widget, can_focus=True):
    """The runs, newest first."""

    HELP = (
        "Every run, newest first. Arrows choose one, enter opens it; space marks several, which can then be compared, "
        "drawn on one chart or deleted together."
    )
    DEFAULT_CSS = "RunList { height: auto; }"
    BINDINGS = [
        Binding("down,j", "move(1)", "Older", show=False, tooltip="The run before it"),
        Binding("up,k", "move(-1)", "Newer", show=False, tooltip="The run after it"),
        Binding("home", "move(-100000)", "Newest", show=False, tooltip="The newest"),
        Binding("end", "move(100000)", "Oldest", show=False, tooltip="The oldest"),
    ]

    chosen: reactive[str] = reactive("")  # by its id: a new run must not move the choice

    class Chosen(Message):
        """Another run is looked at, or the same one with new facts."""

    class Opened(Message):
        """The chosen run was clicked on."""

    def __init__(self) -> None:
        super().__init__()
        self.summaries: Sequence[Summary] = ()
        self.marked: set[str] = set()

    @property
    def ids(self) -> list[str]:
        """All runs, as they stand."""
        return [one.tick.config.id for one in self.summaries]

    @property
    def summary(self) -> Summary | None:
        """The one that is looked at."""
        return next((one for one in self.summaries if one.tick.config.id == self.chosen), None)

    def show(self, summaries: Sequence[Summary]) -> None:
        """These are they; the choice stays, or goes to the neighbour of a run that is gone."""
        place = self.ids.index(self.chosen) if self.chosen in self.ids else 0
        taller = len(summaries) != len(self.summaries)
        self.summaries = summaries
        self.marked &= set(self.ids)
        if self.chosen not in self.ids:
            self.chosen = self.ids[min(place, len(summaries) - 1)] if summaries else ""
        self.refresh(layout=taller)
        self.post_message(self.Chosen())

    def render(self) -> Content:
        width, now = self.size.width or 80, time.time()
        return Content("\n").join(
            runs_view.row(
                one,
                now,
                width,
                chosen=one.tick.config.id == self.chosen,
                marked=one.tick.config.id in self.marked,
            )
            for one in self.summaries
        )

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return max(1, len(self.summaries))

    def action_move(self, by: int) -> None:
        if self.summaries:
            place = self.ids.index(self.chosen) if self.chosen in self.ids else 0
            self.chosen = self.ids[max(0, min(len(self.ids) - 1, place + by))]

    def watch_chosen(self) -> None:
        """Keep it in sight, and say so."""
        if isinstance(self.parent, Widget) and self.chosen in self.ids:
            self.parent.scroll_to_region(Region(0, self.ids.index(self.chosen), 1, 1), animate=False)
        self.post_message(self.Chosen())

    def mark(self) -> None:
        """Mark the chosen one, or take its mark away."""
        self.marked ^= {self.chosen}
        self.refresh()
        self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        if event.y < len(self.ids):
            if self.ids[event.y] == self.chosen:
                self.post_message(self.Opened())
            self.chosen = self.ids[event.y]


class RunsScreen(TutorScreen):
    """Every training run there is: what it is, how it did, and what can be done with it."""

    HELP = RunList.HELP
    CSS_PATH = "runs.tcss"
    BINDINGS = [
        Binding("enter", "open", "open", key_display="⏎", tooltip="Watch the chosen run"),
        Binding("space", "mark", "mark", key_display="space", tooltip="Mark it, to compare, overlay or delete several"),
        Binding("c", "compare", "compare", tooltip="The marked runs side by side: results, and what differs"),
        Binding("o", "overlay", "overlay", tooltip="The marked runs on one chart"),
        Binding("R", "resume", "resume", tooltip="Go on where it was cut off"),
        Binding("l", "mark_lost", "mark as lost", tooltip="Nobody runs it any more: write that down"),
        Binding("r", "rename", "rename", tooltip="Give it a title of your own"),
        Binding("d", "delete", "delete", tooltip="Delete it, or the marked ones; it says what that frees"),
        Binding("escape", "app.back", "back", key_display="esc"),
    ]

    class Looked(Message):
        """The folder says something new."""

        def __init__(self, summaries: Sequence[Summary]) -> None:
            super().__init__()
            self.summaries = summaries

    def __init__(self) -> None:
        super().__init__()
        self.list = RunList()
        self.trouble = ""
        self.stop = threading.Event()
        self.seen = threading.Event()  # set while the screen is not covered by another
        self.look_now = threading.Event()  # something was changed here

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield Static(id="heading")
        with VerticalScroll(id="rows", can_focus=False):
            yield self.list
        yield Static(runs_view.NOTHING, id="nothing", markup=False)
        yield Static(id="details")
        yield KeyBar()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def on_mount(self) -> None:
        self.list.focus()
        threading.Thread(target=self._follow, name="runs", daemon=True).start()

    def on_unmount(self) -> None:
        self.stop.set()
        self.seen.set()
        self.look_now.set()

    def on_screen_suspend(self) -> None:
        self.seen.clear()

    def on_screen_resume(self) -> None:
        self.seen.set()
        self.look_now.set()

    def _follow(self) -> None:
        """Look at the folder once a second, but not while nobody looks at the screen."""
        overview, last = Overview(self.tutor.paths.runs), None
        while self.seen.wait() and not self.stop.is_set():
            self.look_now.clear()
            try:
                summaries = overview.look()
                trouble = ""
                if overview.unreadable:
                    trouble = f"Cannot be read: {', '.join(overview.unreadable)}. tutor status RUN says why."
            except TutorError as error:  # a folder on another machine that is away for a while
                summaries, trouble = tuple(last[0]) if last else (), f"Disconnected. {error}"
            if last != (summaries, trouble):
                last = summaries, trouble
                self.trouble = trouble
                self.post_message(self.Looked(summaries))
            self.look_now.wait(LOOK_EVERY)

    def on_runs_screen_looked(self, message: Looked) -> None:
        """What is true of the runs now."""
        self.set_class(not message.summaries, "-empty")
        self.list.show(message.summaries)

    def on_run_list_chosen(self) -> None:
        self._show()
        self.refresh_bindings()

    def on_run_list_opened(self) -> None:
        self.action_open()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        if not self.is_mounted:
            return
        width = self.size.width - 2
        self.put("#title", runs_view.title(self.list.summaries, len(self.list.marked), width))
        self.put("#heading", runs_view.heading(self.list.size.width or width))
        summary = self.list.summary
        lines = runs_view.details(summary, width) if summary is not None else Content("")
        if self.trouble:
            lines = Content("\n").join([lines, Content.styled(self.trouble, "$warning")])
        self.put("#details", lines, layout=True)

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense for the chosen run, or for the marked ones, has a key."""
        summary = self.list.summary
        if action in ("compare", "overlay"):
            return len(self.list.marked) > 1
        if action == "resume":
            return summary is not None and summary.resumable
        if action == "mark_lost":
            return summary is not None and summary.orphan
        if action in ("open", "mark", "rename", "delete"):
            return summary is not None
        return super().check_action(action, parameters)

    def _those_meant(self) -> list[Summary]:
        """The marked runs, or the chosen one where none is marked."""
        ids = self.list.marked or {self.list.chosen}
        return [one for one in self.list.summaries if one.tick.config.id in ids]

    def action_open(self) -> None:
        if self.list.chosen:
            self.tutor.open_train(self.list.chosen)

    def action_mark(self) -> None:
        self.list.mark()
        self.list.action_move(1)

    def action_compare(self) -> None:
        """The marked runs side by side."""
        self.app.push_screen(CompareScreen([one.tick for one in reversed(self._those_meant())]))

    def action_overlay(self) -> None:
        """The marked runs on one chart, the chosen one first where it is marked."""
        from tutor.tui.screens.train import TrainScreen

        ids = [one.tick.config.id for one in self._those_meant()]
        first = self.list.chosen if self.list.chosen in ids else ids[0]
        self.tutor.open_train(first)
        screen = self.app.screen
        if isinstance(screen, TrainScreen):  # else it said why not
            others = tuple(self.tutor.paths.runs / run_id for run_id in ids if run_id != first)[:MOST_BESIDE]
            screen.follower.ask(structs.replace(screen.follower.wanted, others=others))

    def action_rename(self) -> None:
        """Ask for a title."""
        summary = self.list.summary
        if summary is not None:
            run_dir = self.tutor.paths.runs / summary.tick.config.id

            def answered(title: str | None) -> None:
                if title is not None:
                    self._do(lambda: rename(run_dir, title))

            self.app.push_screen(RenameDialog(summary.tick.config.id, summary.tick.title), answered)

    def action_delete(self) -> None:
        """Delete the runs that are meant, after a question that says what it frees."""
        alive = [one for one in self._those_meant() if one.tick.state not in ENDED]
        meant = [one for one in self._those_meant() if one not in alive]
        if not meant:
            self.notify("It is under way: end it first, with c on its screen.", timeout=4)
            return
        names = ", ".join(runs_view.name_of(one.tick) for one in meant)
        frees = size_words(sum(one.size for one in meant))
        what = f"Delete {len(meant)} runs?" if len(meant) > 1 else "Delete this run?"
        folders = [self.tutor.paths.runs / one.tick.config.id for one in meant]
        theirs = (
            "What they learnt, their curves and their copies"
            if len(meant) > 1
            else "What it learnt, its curve and its copy"
        )
        words = f"{names}\nFrees {frees}. {theirs} of your code are gone then."
        words += f"\nUnder way, so it stays: {', '.join(runs_view.name_of(one.tick) for one in alive)}" if alive else ""

        def answered(key: str | None) -> None:
            if key == "y":
                self._do(*(lambda run_dir=run_dir: delete(run_dir) for run_dir in folders))

        self.app.push_screen(Question(what, words, {"y": "delete"}), answered)

    def action_resume(self) -> None:
        """Go on with a run that was cut off, and watch it."""
        run_id = self.list.chosen
        self._do(lambda: resume(self.tutor.paths.runs / run_id), then=lambda: self.tutor.open_train(run_id))

    def action_mark_lost(self) -> None:
        """Write down that nobody runs it any more."""
        run_id = self.list.chosen
        self._do(lambda: mark_lost(self.tutor.paths.runs / run_id))

    @work(thread=True, group="disk")
    def _do(self, *deeds: Callable[[], object], then: Callable[[], None] | None = None) -> None:
        """Change something on the disk, off the thread that draws; say what could not be done."""
        try:
            for deed in deeds:
                deed()
        except TutorError as error:
            self.app.call_from_thread(self.tutor.show_error, error)
        else:
            if then is not None:
                self.app.call_from_thread(then)
        finally:
            self.look_now.set()
