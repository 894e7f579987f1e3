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
    section: int | None = None  # position in a lesson; lesson_read
    screen: str = ""  # position: "lesson" | "quiz" | "lab" | "train" | "home"
    run: str = ""
    theme: str = ""  # setting: "dark" | "light"


class LessonState(Struct, frozen=True):
    """What is known of one lesson."""

    read: bool = False
    section: int = 0  # where they left off
    quiz_right: int = 0  # of the latest sitting that was finished, else of the one under way
    quiz_asked: int = 0


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


class Progress(Struct, frozen=True):
    """The fold of all events: order-free, so two terminals merge."""

    lessons: dict[str, LessonState] = {}
    exercises: dict[str, ExerciseState] = {}
    position: Position = Position()
    welcomed: bool = False
    theme: str = ""  # chosen last; "" while the tutor may choose
    events: int = 0
