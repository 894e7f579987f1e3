"""What the palette finds: every lesson, quiz, exercise and run, and the few commands of the whole program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tutor.course import LessonHead
from tutor.errors import RunError
from tutor.training import Tick, list_runs

if TYPE_CHECKING:
    from tutor.tui.app import TutorApp


class CommandList(Provider):
    """A provider that only has to say which commands there are."""

    def commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """Name, help and action of every command that makes sense now."""
        yield from ()

    async def discover(self) -> Hits:
        """All of them, before a letter is typed."""
        for name, words, action in self.commands():
            yield DiscoveryHit(name, action, help=words)

    async def search(self, query: str) -> Hits:
        """What fits the letters typed so far."""
        matcher = self.matcher(query)
        for name, words, action in self.commands():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), action, help=words)


class TutorCommands(CommandList):
    """Go to a lesson, an exercise or a run; quit; suspend."""

    runs: tuple[Tick, ...] = ()

    async def startup(self) -> None:
        """Read the runs once, off the thread that draws: every letter asks for the commands again."""
        try:
            self.runs = await asyncio.to_thread(list_runs, self.tutor.paths)
        except RunError as error:
            self.tutor.show_error(error)

    @property
    def tutor(self) -> TutorApp:
        """The app, by its own type."""
        return cast("TutorApp", self.app)

    def commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        tutor = self.tutor
        for entry in tutor.course.entries:
            if isinstance(entry.head, LessonHead):
                slug, name = entry.outline.slug, f"{entry.outline.number} {entry.head.title}"
                yield f"Lesson {name}", entry.head.goal, partial(tutor.open_lesson, slug)
                yield f"Quiz {name}", "Answer its questions", partial(tutor.open_quiz, slug)
                for exercise in entry.head.exercises:
                    yield f"Exercise {exercise}", f"Write it: {name}", partial(tutor.open_lab, exercise)
        for tick in self.runs:
            words = f"{tick.state}, {tick.config.dataset}, epoch {tick.epoch}/{tick.config.epochs}"
            name = f"Run {tick.config.id}" + (f": {tick.title}" if tick.title else "")
            yield name, words, partial(tutor.open_train, tick.config.id)
        if not tutor.no_color:
            other = "Light" if tutor.current_theme.dark else "Dark"
            yield f"{other} theme", "It stays chosen", tutor.action_switch_theme
        yield "Help", "Every key that acts here", partial(self.screen.run_action, "help")
        yield "Home", "The course map", tutor.open_home
        yield "Search", "Find a page of the course by its words", tutor.action_search
        yield "Bookmarks", "The pages that you marked", tutor.action_bookmarks
        yield "Runs", "Every training run: compare, rename, delete", tutor.open_runs
        yield "Suspend", "Back to the shell; fg returns", tutor.action_suspend_process
        yield "Quit", "Leave the tutor; runs go on", partial(tutor.call_later, tutor.action_quit)
