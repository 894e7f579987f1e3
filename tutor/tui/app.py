"""The app: it knows the rooms and the way from screen to screen, and nothing of what is on them."""

from __future__ import annotations

import gc
from functools import cached_property
from typing import TYPE_CHECKING

from textual import events, work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tutor.course import Course, load_course
from tutor.errors import TutorError
from tutor.paths import Paths
from tutor.progress import Kind, Store, next_step
from tutor.tui.bookmarks import Bookmarks
from tutor.tui.opening import Opening
from tutor.tui.screens.home import HomeScreen
from tutor.tui.terminal import watch_terminal
from tutor.tui.theme import DARK, LIGHT, THEMES, first_theme

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from textual.command import Provider
    from textual.filter import LineFilter

    from tutor.course import PageText, Track
    from tutor.learner import Box
    from tutor.tui.screens.train_choices import Choices

LEAST_WIDTH, LEAST_HEIGHT = 60, 16
HOW_TO_QUIT = "Press ctrl+q to quit."
GO_ANYWHERE = "Go to a lesson, an exercise or a run"


class TooSmall(ModalScreen[None]):
    """Asks for room; the screen under it keeps its state."""

    def compose(self) -> ComposeResult:
        yield Static(f"Please make the window at least {LEAST_WIDTH}x{LEAST_HEIGHT}.\nNothing is lost.")


def palette_commands() -> type[Provider]:
    """Loaded when the palette opens, not before the first frame."""
    from tutor.tui.palette import TutorCommands

    return TutorCommands


class TutorApp(App[int]):
    """The tutor in a terminal."""

    TITLE = "tutor"
    CSS_PATH = ["app.tcss", "screens/home.tcss"]  # Textual loads no style for the screen at the bottom of the stack
    COMMANDS = {palette_commands}
    BINDINGS = [
        # Textual's own ctrl+p falls away as soon as another key is bound to the palette: both stand here.
        Binding("ctrl+p", "command_palette", "palette", key_display="^p", priority=True, tooltip=GO_ANYWHERE),
        Binding("f10", "command_palette", "palette", show=False, tooltip=GO_ANYWHERE),
        Binding("ctrl+q", "quit", "quit", key_display="^q", priority=True),
        Binding("ctrl+c", "say_how_to_quit", "Copy", show=False, system=True),
        Binding("T", "switch_theme", "Light or dark", show=False, tooltip="The light theme, or the dark one"),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, tooltip="Back to the shell; fg returns"),
        Binding("escape", "back", "back", show=False, tooltip="Back to where you came from"),
    ]

    def __init__(self, paths: Paths, store: Store, opening: Opening) -> None:
        super().__init__()
        self.paths = paths
        self.store = store
        self.opening = opening
        self.course: Course = load_course(paths.lessons)
        for theme in THEMES.values():
            self.register_theme(theme)
        # Not through the watcher: it would parse every style a second time, and draw twice before the first frame.
        first = DARK if self.no_color else first_theme(store.snapshot().theme)
        self.set_reactive(App.theme, first.name)
        self.stylesheet.set_variables(self.get_css_variables())
        self._fit_colours()
        self._box: Box | None = None
        self._recorder: ThreadPoolExecutor | None = None
        self.bookmarks = Bookmarks(store, self.record)
        self._pages: tuple[PageText, ...] | None = None
        self.last_choices: dict[str, Choices] = {}  # of training, by exercise: as long as this sitting lasts

    def _fit_colours(self) -> None:
        """Show the theme in what the terminal has; with -flat, surfaces do without shades."""
        fewer: LineFilter
        if self.no_color:
            from tutor.tui.no_color import NoColour

            fewer = NoColour()
        elif self.console.color_system == "256":
            from tutor.tui.few_colors import Colours256

            fewer = Colours256()
        elif self.console.color_system == "standard":
            from tutor.tui.few_colors import Colours16

            fewer = Colours16()
        else:
            return
        self._filters = [fewer] if self.no_color else [*self._filters, fewer]
        self.set_class(self.no_color or self.console.color_system == "standard", "-flat")

    def get_default_screen(self) -> Screen[None]:
        """Home is the bottom of the stack, so there is always a way back to it."""
        return HomeScreen()

    @cached_property
    def box(self) -> Box:
        """The box in which a learner's code runs; its host starts with the first check."""
        from tutor.learner import Box

        self._box = Box()
        return self._box

    def on_mount(self) -> None:
        watch_terminal(self)
        self.call_after_refresh(self._after_first_frame)

    def on_unmount(self) -> None:
        if self._recorder is not None:
            self._recorder.shutdown()
        if self._box is not None:
            self._box.close()

    def record(self, kind: Kind, **fields: object) -> None:
        """Store one event, in order, off the thread that draws: a disk over a network may take its time."""
        if self._recorder is None:
            from concurrent.futures import ThreadPoolExecutor

            self._recorder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="record")
        self._recorder.submit(self.store.record, kind, **fields)

    @work(thread=True)
    def _after_first_frame(self) -> None:
        """Fold the events off the thread that draws, then go where the learner asked to be."""
        gc.freeze()  # what is loaded by now stays: looking through it again and again stops the screen for 60 ms
        welcomed = self.store.refresh().welcomed
        self.call_from_thread(self._go_where_asked, welcomed)

    def _go_where_asked(self, welcomed: bool) -> None:
        {
            "home": lambda _: None,
            "lesson": self.open_lesson,
            "quiz": self.open_quiz,
            "lab": self.open_lab,
            "train": self.open_train,
        }[self.opening.screen](self.opening.name)
        if not welcomed:
            from tutor.tui.screens.welcome import WelcomeScreen

            self.record("welcomed")
            self.push_screen(WelcomeScreen(self.paths.implementations))

    def get_key_display(self, binding: Binding) -> str:
        """F2, not f2: as it is written on the key."""
        shown = super().get_key_display(binding)
        return shown.upper() if shown[:1] == "f" and shown[1:].isdigit() else shown

    def action_switch_theme(self) -> None:
        """From dark to light, and back; the choice stays."""
        if self.no_color:
            self.notify("NO_COLOR asks for no colours: without it there are two themes.", timeout=4)
            return
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
        self.record("setting", theme=self.theme)

    # ── from screen to screen ────────────────────────────────────────────────────────────────────────────────────────

    def open_lesson(self, slug: str, *, replace: bool = False, at: tuple[Track, int] | None = None) -> None:
        """Open a lesson where the learner left off in it, or at a page."""
        from tutor.course import load_lesson
        from tutor.tui.screens.lesson import LessonScreen

        self._open(lambda: LessonScreen(load_lesson(self.paths.lessons, slug), at), replace)

    def action_follow(self, slug: str) -> None:
        """A click on a link to another lesson."""
        entry = next((entry for entry in self.course.entries if entry.outline.slug == slug), None)
        if entry is not None and entry.head is None:
            self.notify(f"{entry.outline.title} is in preparation.", timeout=4)
        else:
            self.open_lesson(slug)

    def open_quiz(self, slug: str, *, replace: bool = False) -> None:
        """Open a lesson's quiz."""
        from tutor.course import load_quiz
        from tutor.tui.screens.quiz import QuizScreen

        self._open(lambda: QuizScreen(slug, load_quiz(self.paths.quizzes, slug)), replace)

    def open_lab(self, challenge_id: str, *, replace: bool = False) -> None:
        """Open the Lab on an exercise."""
        from tutor.course import load_challenge
        from tutor.tui.screens.lab import LabScreen

        self._open(lambda: LabScreen(load_challenge(self.paths.lessons, challenge_id)), replace)

    def open_train(self, run_id: str = "", *, replace: bool = False) -> None:
        """Watch a run; the latest when none is named."""
        from tutor.tui.screens.train import TrainScreen, run_folder

        self._open(lambda: TrainScreen(run_folder(self.paths, run_id)), replace)

    def action_search(self) -> None:
        """Search the whole course."""
        from tutor.tui.screens.search import SearchScreen

        self.push_screen(SearchScreen())

    def action_bookmarks(self) -> None:
        """The pages that were marked."""
        from tutor.tui.screens.bookmarks import BookmarksScreen

        self.push_screen(BookmarksScreen())

    def read_pages(self) -> tuple[PageText, ...]:
        """Every page of the course with its words; read once, and never on the thread that draws."""
        if self._pages is None:
            from tutor.course import read_pages

            self._pages = read_pages(self.course, self.paths.lessons)
        return self._pages

    def open_page(self, page: PageText) -> None:
        """From a list of pages to one of them: in the lesson below, if it is that one."""
        from tutor.tui.screens.lesson import LessonScreen

        self.pop_screen()
        if isinstance(self.screen, LessonScreen) and self.screen.lesson.slug == page.lesson:
            self.screen.open_page(page.track, page.section)
        else:
            self.open_lesson(page.lesson, at=(page.track, page.section))

    def open_runs(self, *, replace: bool = False) -> None:
        """The list of runs."""
        from tutor.tui.screens.runs import RunsScreen

        self._open(RunsScreen, replace)

    def go_on(self, *, replace: bool = False) -> None:
        """Open what comes next in the course."""
        step = next_step(self.course, self.store.progress)
        if not step.name:
            self.open_home()
            return
        {"lesson": self.open_lesson, "quiz": self.open_quiz, "lab": self.open_lab}[step.screen](
            step.name, replace=replace
        )

    def _open(self, make: Callable[[], Screen[None]], replace: bool) -> None:
        """Show a screen, or say why it cannot be shown: a screen reads what it needs when it is made."""
        try:
            screen = make()
        except TutorError as error:
            self.show_error(error)
            return
        if replace and len(self.screen_stack) > 1:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    async def action_back(self) -> None:
        """The key for it."""
        self.back()

    def back(self) -> None:
        """One screen back; home stays."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def open_home(self) -> None:
        """Back to the course map."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    # ── words that concern the whole program ─────────────────────────────────────────────────────────────────────────

    def show_error(self, error: TutorError) -> None:
        """What happened and what to do next, without leaving the screen."""
        self.notify(
            " ".join(part for part in (error.what, error.next_step) if part) or " ",
            title=error.title,
            severity="error",
            timeout=10,
            markup=False,
        )

    def copy_to_clipboard(self, text: str, said: str = "Copied.") -> None:
        """Copy by OSC 52, which a terminal may ignore without a word, and to where it can be had in any case."""
        super().copy_to_clipboard(text)
        self._keep_copy(text, said)

    @work(group="clipboard", exclusive=True)
    async def _keep_copy(self, text: str, said: str) -> None:
        import asyncio

        from tutor.tui.clipboard import keep

        kept = await asyncio.to_thread(keep, text, self.paths.user_data)
        self.notify(f"{said} {kept}", timeout=6, markup=False)

    def action_say_how_to_quit(self) -> None:
        """ctrl+c copies where something is selected; elsewhere it says how to quit."""
        selection = self.screen.get_selected_text()
        if selection:
            self.copy_to_clipboard(selection)
        elif all(said.message != HOW_TO_QUIT for said in self._notifications):  # pressed again and again: said once
            self.notify(HOW_TO_QUIT, timeout=3)

    def on_resize(self, event: events.Resize) -> None:
        """Below 60x16 a sentence asks for room; what is under it stays as it was."""
        self.screen.refresh()  # whole: a terminal that was made smaller and larger again has moved what stood there
        too_small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        if too_small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())
        elif not too_small and isinstance(self.screen, TooSmall):
            self.pop_screen()
