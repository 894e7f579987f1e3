"""What the learner has done: stored as events that are never rewritten, told as the Progress they fold to.

`Store` is the way in: `snapshot()` for the first frame, `refresh()` after it and every second or two, `record()` for
each thing that happens, `trouble` for the banner. `fold` is the pure function behind it. `backup` tells what the daily
copies hold and the folder has lost, and puts it back.
"""

from tutor.progress.fold import fold
from tutor.progress.model import SCHEMA, Event, ExerciseState, Kind, LessonState, Position, Progress
from tutor.progress.next_step import NextStep, next_step
from tutor.progress.store import Store

__all__ = [
    "SCHEMA",
    "Event",
    "ExerciseState",
    "Kind",
    "LessonState",
    "NextStep",
    "Position",
    "Progress",
    "Store",
    "fold",
    "next_step",
]
