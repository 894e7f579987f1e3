from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tutor.course import Course, LessonHead
from tutor.errors import RunError, TutorError
from tutor.progress import NextStep, Progress, highest_level, next_step
from tutor.tui.screens.home_view import Faults, Item, Row, RunLine, home_rows, items_in_order
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.keybar import KeyBar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tutor.training import Tick

LOOK_AGAIN = 2.0  # seconds between looks at the folder: another terminal or a run may have written


class CourseMap(Widget, can_focus=True):
    """The course: what to do next, every lesson with its state, and the runs that are alive."""

    HELP = "The course map. Arrows choose, enter opens; the first line goes on where you left off."

    BINDINGS = [
        Binding("down,j", "move(1)", "next", show=False),
        Binding("up,k", "move(-1)", "previous", show=False),
        Binding("left,right,h,l", "across", "other column", show=False),
    ]

    class Chosen(Message):
        """An item was opened."""

        def __init__(self, item: Item) -> None:
            super().__init__()
            self.item = item

    chosen: reactive[Item] = reactive(Item("continue", ""), init=False)
    progress: reactive[Progress] = reactive(Progress())
    runs: reactive[tuple[RunLine, ...]] = reactive(())
    faults: reactive[Faults] = reactive[Faults]({}, layout=True)

    def __init__(self, course: Course, progress: Progress) -> None:
        super().__init__()
        self.course = course
        self.set_reactive(CourseMap.progress, progress)

    @property
    def step(self) -> NextStep:
        """What the first line leads to."""
        return next_step(self.course, self.progress)

    def rows(self) -> list[Row]:
        """The lines as they stand now."""
        width = self.size.width or 80
        return self._rows(width)

    def _rows(self, width: int) -> list[Row]:
        return home_rows(self.course, self.progress, self.step, self.runs, self.chosen, width, self.faults)

    def render(self) -> Content:
        return Content("\n").join(row.line for row in self.rows())

    def get_content_height(self, container: object, viewport: object, width: int) -> int:  # noqa: ARG002
        return len(self._rows(width))

    def action_move(self, by: int) -> None:
        """Choose the item so many places further on."""
        items = items_in_order(self.rows())
        place = items.index(self.chosen) if self.chosen in items else 0
        self.chosen = items[max(0, min(len(items) - 1, place + by))]

    def action_across(self) -> None:
        """Choose the item beside this one in the other column."""
        rows = self.rows()
        for row in rows:
            for item, first, _ in row.items:
                if item == self.chosen and len(row.items) > 1:
                    self.chosen = next(other for other, start, _ in row.items if start != first)
                    return
        columns = {first for row in rows for item, first, _ in row.items if item.kind == "lesson"}
        here = next((first for row in rows for item, first, _ in row.items if item == self.chosen), 0)
        others = [item for row in rows for item, first, _ in row.items if item.kind == "lesson" and first != here]
        if len(columns) > 1 and self.chosen.kind == "lesson" and others:
            self.chosen = others[-1]

    def watch_chosen(self) -> None:
        for number, row in enumerate(self.rows()):
            if any(item == self.chosen for item, _, _ in row.items) and self.is_attached:
                parent = self.parent
                if isinstance(parent, Widget):
                    parent.scroll_to_region(Region(0, number, 1, 1), animate=False)

    def on_click(self, event: events.Click) -> None:
        """Choose with the mouse; open what was chosen already."""
        rows = self.rows()
        if event.y >= len(rows):
            return
        for item, first, last in rows[event.y].items:
            if first <= event.x < last:
                if item == self.chosen:
                    self.post_message(self.Chosen(item))
                self.chosen = item


class HomeScreen(TutorScreen):
    """The first thing a learner sees: where they are, and what comes next."""

    CSS_PATH = "home.tcss"
    BINDINGS = [
        Binding("enter", "open", "open", key_display="⏎"),
        Binding("a", "quiz", "quiz", tooltip="Answer the quiz of the chosen lesson"),
        Binding("w", "lab", "write code", tooltip="Open the exercise of the chosen lesson"),
        Binding("t", "train", "runs", tooltip="Watch the run that is under way, or see all there are"),
        Binding("slash", "app.search", "search", key_display="/", tooltip="Search the whole course"),
        Binding("q", "app.quit", "quit", tooltip="Leave; runs go on, nothing is lost"),
        Binding("c", "continue", "continue", show=False, tooltip="Go on where you left off"),
        Binding("B", "app.bookmarks", "Your bookmarks", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        yield Static(id="banner")
        with VerticalScroll(can_focus=False):
            yield CourseMap(self.tutor.course, self.tutor.store.progress)
        yield KeyBar()

    @property
    def map(self) -> CourseMap:
        """The course map."""
        return self.query_one(CourseMap)

    def on_mount(self) -> None:
        self.map.focus()
        self.set_interval(LOOK_AGAIN, self._look_again)
        self.call_after_refresh(self._read_course)

    @work(thread=True)
    def _read_course(self) -> None:
        """Read every page, quiz and exercise once, to say in its place what could not be opened."""
        from tutor.course import find_faults

        faults = find_faults(self.tutor.course, self.tutor.paths.lessons, self.tutor.paths.quizzes)
        if faults:
            self.app.call_from_thread(setattr, self.map, "faults", faults)

    def on_screen_resume(self) -> None:
        self._show(self.tutor.store.progress, self.tutor.store.trouble)
        self.call_after_refresh(self._look)

    def _look_again(self) -> None:
        if self.is_current:  # under another screen nobody sees it, and resuming looks at once
            self._look()

    @work(thread=True, exclusive=True, group="look")
    def _look(self) -> None:
        """Read what this and other terminals wrote, off the thread that draws."""
        from tutor.training import ENDED, list_runs

        progress, trouble = self.tutor.store.refresh(), self.tutor.store.trouble
        try:
            alive = tuple(_run_line(tick) for tick in list_runs(self.tutor.paths) if tick.state not in ENDED)
        except RunError as error:  # the course goes on without them
            alive, trouble = (), trouble or str(error)
        self.app.call_from_thread(self._show, progress, trouble, alive)

    def _show(self, progress: Progress, trouble: str | None, runs: tuple[RunLine, ...] | None = None) -> None:
        if not self.is_mounted:
            return
        self.map.progress = progress
        if runs is not None and runs != self.map.runs:
            self.map.runs = runs
            self.map.refresh(layout=True)
        words = trouble or ("Also open in another terminal: both count." if self.tutor.store.others_open else "")
        self.put("#title", _title(self.tutor.course, progress, self.size.width or 80))
        self.put("#banner", Content(words), layout=True)
        self.query_one("#banner").set_class(bool(words), "shown")

    def on_resize(self) -> None:
        self._show(self.tutor.store.progress, self.tutor.store.trouble)

    def action_continue(self) -> None:
        self._open(Item("continue", ""))

    def action_open(self) -> None:
        self._open(self.map.chosen)

    def on_course_map_chosen(self, message: CourseMap.Chosen) -> None:
        self._open(message.item)

    def _open(self, item: Item) -> None:
        if item.kind == "run":
            self.tutor.open_train(item.name)
        elif item.kind == "lesson":
            self._open_lesson(item.name)
        elif (step := self.map.step).name:
            {"lesson": self.tutor.open_lesson, "quiz": self.tutor.open_quiz, "lab": self.tutor.open_lab}[step.screen](
                step.name
            )

    def _open_lesson(self, slug: str) -> None:
        if self._ready(slug):
            self.tutor.open_lesson(slug)

    def _chosen_slug(self) -> str:
        """The lesson that the quiz and exercise keys mean."""
        if self.map.chosen.kind == "lesson":
            return self.map.chosen.name
        step = self.map.step
        if step.screen == "lab":
            return next(
                (
                    entry.outline.slug
                    for entry in self.tutor.course.entries
                    if isinstance(entry.head, LessonHead) and step.name in entry.head.exercises
                ),
                "",
            )
        return step.name

    def _ready(self, slug: str) -> LessonHead | None:
        entry = next((entry for entry in self.tutor.course.entries if entry.outline.slug == slug), None)
        if entry is None:
            return None
        if isinstance(entry.head, LessonHead):
            return entry.head
        if entry.head is None:
            self.notify(f"{entry.outline.title} is in preparation: choose a lesson that is brighter.", timeout=4)
        else:
            where = f"{entry.head.file.name}, line {entry.head.line}" if entry.head.line else entry.head.file.name
            self.notify(f"{where}: {entry.head.reason}", title="This lesson cannot be read", severity="error")
        return None

    def action_quiz(self) -> None:
        slug = self._chosen_slug()
        if self._ready(slug):
            self.tutor.open_quiz(slug)

    def action_lab(self) -> None:
        head = self._ready(self._chosen_slug())
        if head is None:
            return
        states = self.tutor.store.progress.exercises
        open_ones = [name for name in head.exercises if name not in states or not states[name].passed]
        for name in (*open_ones, *head.exercises):
            self.tutor.open_lab(name)
            return
        self.notify("This lesson has no exercise.")

    @work(thread=True, exclusive=True, group="runs")
    def action_train(self) -> None:
        """Find the runs, off the thread that draws, and open what is meant by them."""
        from tutor.training import list_runs

        try:
            ticks = list_runs(self.tutor.paths)
        except TutorError as error:
            self.app.call_from_thread(self.tutor.show_error, error)
        else:
            self.app.call_from_thread(self._open_runs, ticks)

    def _open_runs(self, ticks: Sequence[Tick]) -> None:
        """The list where there are several; on top of it the one that is under way."""
        from tutor.training import ENDED

        if not self.is_current:
            return
        alive = [tick.config.id for tick in ticks if tick.state not in ENDED]
        if len(ticks) > 1:
            self.tutor.open_runs()
        if len(ticks) <= 1 or len(alive) == 1:
            self.tutor.open_train(alive[0] if alive else "")


def _title(course: Course, progress: Progress, width: int) -> Content:
    ready = [entry for entry in course.entries if isinstance(entry.head, LessonHead)]
    read = sum(progress.lessons[e.outline.slug].read for e in ready if e.outline.slug in progress.lessons)
    exercises = [name for e in ready if isinstance(e.head, LessonHead) for name in e.head.exercises]
    passed = sum(progress.exercises[name].passed for name in exercises if name in progress.exercises)
    left = Content.assemble((" tutor", "bold $bright"), (" · backpropagation", "$dim"))
    level = highest_level(course, progress)
    earned = (f"level {level}", "$good") if level else ("", "")
    for words in (
        f"{read} of {len(ready)} lessons read · {passed} of {len(exercises)} exercises passed ",
        f"{read}/{len(ready)} lessons · {passed}/{len(exercises)} exercises ",
    ):
        right = Content.assemble(earned, (" · " * bool(level) + words, "$dim"))
        room = width - left.cell_length - right.cell_length - 2
        if room > 0:
            return left.pad_right(room) + right
    return left


def _run_line(tick: Tick) -> RunLine:
    name = tick.title or tick.config.challenge
    words = [f"{name} on {tick.config.dataset}", f"epoch {tick.epoch}/{tick.config.epochs}"]
    if tick.loss is not None:
        words.append(f"loss {tick.loss:.3f}")
    if tick.held_back is not None:
        words.append(f"{tick.held_back:.1%}")
    if tick.paused:
        words.append("paused")
    elif tick.state != "running":
        words.append(tick.state)
    return RunLine(tick.config.id, "   ".join(words))
