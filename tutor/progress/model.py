"""What the learner has done: events as they are stored, and the state they fold to."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

SCHEMA = 1

Kind = Literal[
    "lesson_read",
    "question_answered",
    "exercise_checked",
    "exercise_passed",
    "hint_shown",
    "solution_shown",
    "reset",
    "position",
    "welcomed",
    "setting",
    "bookmark",
]


class Event(Struct, frozen=True, omit_defaults=True):
    """One thing that happened; a line of an event file, never rewritten."""

    id: str  # unique: instance and counter
    t: float  # seconds since the epoch
    kind: str  # a Kind; unknown ones are kept and ignored
    schema: int = 1  # a line that does not say is of schema 1, for ever: this default never moves with SCHEMA
    lesson: str = ""  # slug
    exercise: str = ""  # challenge id
    question: str = ""  # question id
    session: str = ""  # the sitting of a quiz that the answer belongs to
    right: bool | None = None
    gradients_right: int | None = None  # exercise_checked
    gradients: int | None = None
    headline: str = ""  # exercise_checked
    code_hash: str = ""
    hint: int | None = None
    section: int | None = None  # position in a lesson, the page, from 0; lesson_read; bookmark
    track: str = ""  # of the section: "lesson" where it is not said | "intuition" | "derivation"
    on: bool | None = None  # bookmark: set, or taken away
    screen: str = ""  # position: "lesson" | "quiz" | "lab" | "train" | "home"
    run: str = ""
    theme: str = ""  # setting: "dark" | "light"


class LessonState(Struct, frozen=True):
    """What is known of one lesson."""

    read: bool = False
    section: int = 0  # where they left off in the lesson itself
    quiz_right: int = 0  # of the latest sitting that was finished, else of the one under way
    quiz_asked: int = 0
    track: str = "lesson"  # what they read last: the lesson itself, or a side page
    side: dict[str, int] = {}  # where they left off in each side page


class ExerciseState(Struct, frozen=True):
    """What is known of one exercise."""

    passed: bool = False
    attempts: int = 0
    right: int = 0  # of the latest check
    total: int = 0
    headline: str = ""  # of the latest check
    hints: int = 0  # the highest hint shown
    solution_shown: bool = False


class Position(Struct, frozen=True):
    """Where the learner left off."""

    screen: str = "home"
    lesson: str = ""
    exercise: str = ""
    section: int = 0
    run: str = ""


class Bookmark(Struct, frozen=True):
    """A page that the learner wants to find again."""

    lesson: str
    track: str
    section: int


class Progress(Struct, frozen=True):
    """The fold of all events: order-free, so two terminals merge."""

    lessons: dict[str, LessonState] = {}
    exercises: dict[str, ExerciseState] = {}
    position: Position = Position()
    bookmarks: tuple[Bookmark, ...] = ()  # by lesson, track and page
    welcomed: bool = False
    theme: str = ""  # chosen last; "" while the tutor may choose
    events: int = 0
