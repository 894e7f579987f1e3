"""Events to progress: a fold that does not care in which order, how often or from how many terminals events arrive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct, field

from tutor.progress.model import Bookmark, Event, ExerciseState, LessonState, Position, Progress

Moment = tuple[float, str]  # (time, event id): the id breaks ties, so "latest" is one event on every machine
BEFORE_ALL: Moment = (float("-inf"), "")
LESSON = "lesson"  # the track that an event means which names none


def fold(events: Iterable[Event]) -> Progress:
    """Say where the learner stands after `events`, given in any order; an id that comes twice counts once."""
    folding = Folding()
    for event in events:
        folding.add(event)
    return folding.progress()


def _moment(event: Event) -> Moment:
    return (event.t, event.id)


def _in_order(page: Bookmark) -> tuple[str, bool, str, int]:
    """By lesson; in it the lesson itself before its side pages."""
    return (page.lesson, page.track != LESSON, page.track, page.section)


class _Answer(Struct):
    """The first answer to one question in one sitting: the one that counts."""

    at: Moment
    right: bool


class _Sitting(Struct):
    """One sitting of a quiz."""

    answers: dict[str, _Answer] = field(default_factory=dict)
    latest: Moment = BEFORE_ALL

    def add(self, event: Event) -> None:
        at = _moment(event)
        self.latest = max(self.latest, at)
        first = self.answers.get(event.question)
        if first is None or at < first.at:
            self.answers[event.question] = _Answer(at, event.right is True)


class _Lesson(Struct):
    read: bool = False
    track: str = LESSON
    track_at: Moment = BEFORE_ALL
    pages: dict[str, tuple[Moment, int]] = field(default_factory=dict)  # by track: when, and where
    sittings: defaultdict[str, _Sitting] = field(default_factory=lambda: defaultdict(_Sitting))

    def add(self, event: Event) -> None:
        if event.kind == "lesson_read":
            self.read = True
            self.stand_at(event)
        else:
            self.sittings[event.session].add(event)

    def stand_at(self, event: Event) -> None:
        if event.section is None:
            return
        at, track = _moment(event), event.track or LESSON
        self.pages[track] = max(self.pages.get(track, (BEFORE_ALL, 0)), (at, event.section))
        if at > self.track_at:
            self.track, self.track_at = track, at

    def state(self) -> LessonState:
        # Events do not say how long the quiz is: a sitting that was finished has the most answers, so among the
        # fullest sittings the latest one speaks; one under way speaks only while nothing fuller exists.
        sitting = max(self.sittings.values(), key=lambda s: (len(s.answers), s.latest), default=_Sitting())
        right = sum(answer.right for answer in sitting.answers.values())
        pages = {track: section for track, (_, section) in sorted(self.pages.items())}
        section = pages.pop(LESSON, 0)
        return LessonState(self.read, section, right, len(sitting.answers), self.track, pages)


class _Exercise(Struct):
    passed: bool = False
    attempts: int = 0
    check: Event | None = None
    reset_at: Moment = BEFORE_ALL
    hints: int = 0
    solution_shown: bool = False

    def add(self, event: Event) -> None:
        match event.kind:
            case "exercise_checked":
                self.attempts += 1
                if self.check is None or _moment(event) > _moment(self.check):
                    self.check = event
            case "exercise_passed":
                self.passed = True
            case "hint_shown":
                self.hints = max(self.hints, event.hint or 0)
            case "solution_shown":
                self.solution_shown = True
            case "reset":
                self.reset_at = max(self.reset_at, _moment(event))

    def state(self) -> ExerciseState:
        check = self.check
        if check is None or _moment(check) < self.reset_at:  # that file is gone: its verdict with it
            return ExerciseState(self.passed, self.attempts, hints=self.hints, solution_shown=self.solution_shown)
        return ExerciseState(
            self.passed,
            self.attempts,
            right=check.gradients_right or 0,
            total=check.gradients or 0,
            headline=check.headline,
            hints=self.hints,
            solution_shown=self.solution_shown,
        )


class Folding:
    """A fold under way: `add` events as they become known, ask for the `progress` at any time."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._lessons: defaultdict[str, _Lesson] = defaultdict(_Lesson)
        self._exercises: defaultdict[str, _Exercise] = defaultdict(_Exercise)
        self._bookmarks: dict[Bookmark, tuple[Moment, bool]] = {}
        self._position: Event | None = None
        self._welcomed = False
        self._theme, self._theme_at = "", BEFORE_ALL

    def add(self, event: Event) -> None:
        """Take one event in; one that was seen before changes nothing, one of an unknown kind is only counted."""
        if event.id in self._seen:
            return
        self._seen.add(event.id)
        match event.kind:
            case "welcomed":
                self._welcomed = True
            case "setting" if event.theme and _moment(event) > self._theme_at:
                self._theme, self._theme_at = event.theme, _moment(event)
            case "position":
                self._add_position(event)
            case "bookmark" if event.lesson and event.section is not None:
                page = Bookmark(event.lesson, event.track or LESSON, event.section)
                latest = self._bookmarks.get(page, (BEFORE_ALL, False))
                self._bookmarks[page] = max(latest, (_moment(event), event.on is True))
            case "lesson_read" | "question_answered" if event.lesson:
                self._lessons[event.lesson].add(event)
            case "exercise_checked" | "exercise_passed" | "hint_shown" | "solution_shown" | "reset" if event.exercise:
                self._exercises[event.exercise].add(event)

    def progress(self) -> Progress:
        """What all events so far amount to."""
        last = self._position
        return Progress(
            lessons={name: self._lessons[name].state() for name in sorted(self._lessons)},
            exercises={name: self._exercises[name].state() for name in sorted(self._exercises)},
            position=Position()
            if last is None
            else Position(last.screen or "home", last.lesson, last.exercise, last.section or 0, last.run),
            bookmarks=tuple(sorted((page for page, (_, on) in self._bookmarks.items() if on), key=_in_order)),
            welcomed=self._welcomed,
            theme=self._theme,
            events=len(self._seen),
        )

    def _add_position(self, event: Event) -> None:
        if self._position is None or _moment(event) > _moment(self._position):
            self._position = event
        if event.lesson:
            self._lessons[event.lesson].stand_at(event)
