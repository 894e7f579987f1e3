"""The home screen as text, and progress."""

from __future__ import annotations

import click
import msgspec

from tutor.cli.stored import is_writable, open_store
from tutor.cli.words import broken_text, exercise_words, tick_text
from tutor.course import Broken, Course, Entry, LessonHead, find_faults, load_course
from tutor.errors import RunError
from tutor.paths import Paths
from tutor.progress import (
    ExerciseState,
    LessonState,
    LevelState,
    NextStep,
    Progress,
    Store,
    highest_level,
    level_states,
    next_step,
)
from tutor.training import ENDED, list_runs


def show_home(paths: Paths) -> None:
    """Print the course with its progress, what is next, and the plain commands that go on."""
    course = load_course(paths.lessons)
    with Store.open(paths) as store:
        progress = store.refresh()
        trouble = store.trouble
    if not is_writable(paths.user_data):
        trouble = f"{paths.user_data} cannot be written: what you do is not stored; try tutor --user-data DIR."
    step = next_step(course, progress)
    level = highest_level(course, progress)
    earned = f" · level {level}" if level else ""
    lines = [f"tutor · backpropagation{earned}", *([trouble] if trouble else [])]
    lines += ["", f"Next: {step.title} · {step.detail}", *(f"  {command}" for command in _commands(step))]
    lines += _course_lines(paths, course, progress)
    try:
        alive = [tick for tick in list_runs(paths) if tick.state not in ENDED]
    except RunError as error:  # the course goes on without them
        alive = []
        lines += ["", str(error)]
    if alive:
        lines += ["", "Running", *(f"  {tick_text(tick)}" for tick in alive)]
        lines.append(f"  tutor status {alive[0].config.id}")
    lines += ["", "tutor --help lists every command; in a terminal, `tutor` opens the screens."]
    click.echo("\n".join(lines))


def _commands(step: NextStep) -> tuple[str, ...]:
    return {
        "lesson": (f"tutor learn --plain {step.name}",),
        "quiz": (f"tutor quiz --plain {step.name}",),
        "lab": (f"tutor challenge {step.name}", f"tutor test {step.name}"),
        "home": ("tutor challenge --list", "tutor progress"),
    }[step.screen]


def _course_lines(paths: Paths, course: Course, progress: Progress) -> list[str]:
    lines = []
    faults = find_faults(course, paths.lessons, paths.quizzes)
    for number, part in enumerate(course.parts):
        lines += ["", f"{number + 1}  {part}"]
        for entry in course.entries:
            if entry.part == number:
                lines.append(_entry_line(entry, progress))
                lines += [f"       {broken_text(broken)}" for broken in faults.get(entry.outline.slug, ())]
    if course.levels:
        lines += ["", "Levels", *(_level_line(level) for level in level_states(course, progress))]
    lines += [broken_text(broken) for broken in course.broken]
    return lines


def _level_line(level: LevelState) -> str:
    words = f"{level.passed} of {level.total} passed" if level.ready else "in preparation"
    sign, words = ("✓", "earned") if level.earned else ("·", words)
    return f"{sign} {level.number:>3}  {level.title:<36}{words}"


def _entry_line(entry: Entry, progress: Progress) -> str:
    start = f"   {entry.outline.number}  {entry.outline.title:<28}"
    if entry.head is None:
        return f"{start}in preparation"
    if isinstance(entry.head, Broken):
        return f"{start}cannot be read"
    return f"{start}{', '.join(_words(entry.outline.slug, entry.head, progress))}"


def _words(slug: str, head: LessonHead, progress: Progress) -> list[str]:
    lesson = progress.lessons.get(slug, LessonState())
    words = ["read" if lesson.read else f"{head.minutes} min"]
    if lesson.quiz_asked:
        words.append(f"quiz {lesson.quiz_right}/{lesson.quiz_asked}")
    words += [f"{name} {exercise_words(progress.exercises.get(name, ExerciseState()))}" for name in head.exercises]
    return words


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def progress(paths: Paths, as_json: bool) -> int:
    """Show what you have read, answered and passed."""
    course = load_course(paths.lessons)
    with open_store(paths) as store:
        state = store.refresh()
    if as_json:
        levels = msgspec.to_builtins(level_states(course, state))
        click.echo(msgspec.json.encode({**msgspec.to_builtins(state), "levels": levels}))
    else:
        click.echo("\n".join(_course_lines(paths, course, state)).lstrip("\n"))
    return 0
