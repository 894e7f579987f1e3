"""The home screen as text, and progress."""

from __future__ import annotations

import click
import msgspec

from tutor.cli.words import tick_text
from tutor.course import Broken, Course, Entry, LessonHead, load_course
from tutor.paths import Paths
from tutor.progress import ExerciseState, LessonState, NextStep, Progress, Store, next_step
from tutor.training import ENDED, list_runs


def show_home(paths: Paths) -> None:
    """Print the course with its progress, what is next, and the plain commands that go on."""
    course = load_course(paths.lessons)
    with Store.open(paths) as store:
        progress = store.refresh()
        trouble = store.trouble
    lines = ["tutor · backpropagation"]
    if trouble:
        lines.append(trouble)
    step = next_step(course, progress)
    lines += ["", f"Next: {step.title} · {step.detail}", *(f"  {command}" for command in _commands(step))]
    lines += _course_lines(course, progress)
    alive = [tick for tick in list_runs(paths) if tick.state not in ENDED]
    if alive:
        lines += ["", "Running", *(f"  {tick_text(tick)}" for tick in alive)]
    lines += ["", "tutor --help lists every command; in a terminal, `tutor` opens the screens."]
    click.echo("\n".join(lines))


def _commands(step: NextStep) -> tuple[str, ...]:
    return {
        "lesson": (f"tutor learn --plain {step.name}",),
        "quiz": (f"tutor quiz --plain {step.name}",),
        "lab": (f"tutor challenge {step.name}", f"tutor test {step.name}"),
        "home": (),
    }[step.screen]


def _course_lines(course: Course, progress: Progress) -> list[str]:
    lines = []
    for number, part in enumerate(course.parts):
        lines += ["", f"{number + 1}  {part}"]
        lines += [_entry_line(entry, progress) for entry in course.entries if entry.part == number]
    lines += [f"✗ {broken.file}: {broken.reason}" for broken in course.broken]
    return lines


def _entry_line(entry: Entry, progress: Progress) -> str:
    start = f"   {entry.outline.number}  {entry.outline.title:<28}"
    if entry.head is None:
        return f"{start}in preparation"
    if isinstance(entry.head, Broken):
        where = f"{entry.head.file.name}{f':{entry.head.line}' if entry.head.line else ''}"
        return f"{start}✗ broken: {where}: {entry.head.reason}"
    return f"{start}{', '.join(_words(entry.outline.slug, entry.head, progress))}"


def _words(slug: str, head: LessonHead, progress: Progress) -> list[str]:
    lesson = progress.lessons.get(slug, LessonState())
    words = ["read" if lesson.read else f"{head.minutes} min"]
    if lesson.quiz_asked:
        words.append(f"quiz {lesson.quiz_right}/{lesson.quiz_asked}")
    for name in head.exercises:
        state = progress.exercises.get(name, ExerciseState())
        reached = f"{state.right} of {state.total} right" if state.attempts else "new"
        words.append(f"{name} {'passed' if state.passed else reached}")
    return words


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def progress(paths: Paths, as_json: bool) -> None:
    """Show what you have read, answered and passed."""
    with Store.open(paths) as store:
        state = store.refresh()
        trouble = store.trouble
    if as_json:
        click.echo(msgspec.json.encode(state))
        return
    click.echo("\n".join(_course_lines(load_course(paths.lessons), state)).lstrip("\n"))
    if trouble:
        click.echo(trouble, err=True)
