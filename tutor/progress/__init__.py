"""What the learner has done: stored as events that are never rewritten, told as the Progress they fold to.

`Store` is the way in: `snapshot()` for the first frame, `refresh()` after it and every second or two, `record()` for
each thing that happens, `trouble` for the banner. `fold` is the pure function behind it. `backup` tells what the daily
copies hold and the folder has lost, and puts it back. Levels are computed from Course and Progress alone.
"""

from tutor.progress.fold import fold
from tutor.progress.levels import LevelState, highest_level, level_states, levels_earned_by
from tutor.progress.model import SCHEMA, Bookmark, Event, ExerciseState, Kind, LessonState, Position, Progress
from tutor.progress.next_step import NextStep, next_step
from tutor.progress.store import Store

__all__ = [
    "SCHEMA",
    "Bookmark",
    "Event",
    "ExerciseState",
    "Kind",
    "LessonState",
    "LevelState",
    "NextStep",
    "Position",
    "Progress",
    "Store",
    "fold",
    "highest_level",
    "level_states",
    "levels_earned_by",
    "next_step",
]
