"""challenge, hint, solution, reset, history: everything about one exercise."""

from __future__ import annotations

import sys
import time

import click

from tutor.cli import has_screen
from tutor.cli.stored import open_store, source_of, work_file, writing
from tutor.cli.words import broken_text, exercise_words, one_line
from tutor.course import (
    Broken,
    Challenge,
    hints,
    list_challenges,
    load_challenge,
    load_course,
    markdown_text,
    resolve,
    solutions,
    starter,
    why,
)
from tutor.course import hint as read_hint
from tutor.errors import StoreError, reason_of
from tutor.learner import Version, WorkFile, ago, shown_path
from tutor.paths import Paths
from tutor.progress import ExerciseState, Store


@click.command()
@click.argument("id", required=False)
@click.option("--list", "listing", is_flag=True, help="List the exercises; so does the command without an ID.")
@click.option("--kind", "--type", type=click.Choice(["fill", "scratch", "debug"]), help="List only this kind.")
@click.option("--concept", metavar="NAME", help="List only this lesson's (its slug, concept or number).")
@click.pass_obj
def challenge(paths: Paths, id: str | None, listing: bool, kind: str | None, concept: str | None) -> int:
    """Open an exercise, or list them.

    Opens exercise ID in the Lab; where there is no screen, makes your file and says where it is.
    """
    if not id or listing:
        _list(paths, kind, resolve(load_course(paths.lessons), concept).outline.slug if concept else None)
        return 0
    found = load_challenge(paths.lessons, id)
    if has_screen():
        from tutor.tui import Opening, run

        return run(paths, Opening("lab", found.id))
    file = source_of(paths, found).path
    click.echo(found.title)
    if found.kind == "debug":
        click.echo("One fault is planted in this file: find it and mend it.")
    click.echo(f"Your file: {file}\nJudge it:  tutor test {found.id}\nA hint:    tutor hint {found.id}")
    return 0


def _list(paths: Paths, kind: str | None, lesson: str | None) -> None:
    with open_store(paths) as store:
        states = store.refresh().exercises
    shown = 0
    for item in list_challenges(paths.lessons):
        if isinstance(item, Broken):
            click.echo(broken_text(item))
        elif kind in (None, item.kind) and lesson in (None, item.lesson):
            shown += 1
            state = states.get(item.id, ExerciseState())
            sign = "✓" if state.passed else "·"
            click.echo(f"{sign} {item.id:<22}{item.kind:<9}{exercise_words(state):<16}{item.title}")
    if not shown:
        click.echo("There is no such exercise yet. tutor challenge --list shows all.", err=True)


@click.command()
@click.argument("id")
@click.option("--number", type=click.IntRange(1), help="Show this hint instead of the next.")
@click.pass_obj
def hint(paths: Paths, id: str, number: int | None) -> int:
    """Show the next hint for an exercise."""
    found = load_challenge(paths.lessons, id)
    with open_store(paths) as store:
        count = hints(found)
        number = min(number or _state(store, found).hints + 1, count)
        click.echo(f"Hint {number} of {count}\n\n{markdown_text(read_hint(found, number))}")
        store.record("hint_shown", exercise=found.id, lesson=found.lesson, hint=number)
    return 0


def _state(store: Store, challenge: Challenge) -> ExerciseState:
    return store.refresh().exercises.get(challenge.id, ExerciseState())


@click.command()
@click.argument("id")
@click.option("--show", is_flag=True, help="Show it before you passed; it is marked as shown.")
@click.pass_obj
def solution(paths: Paths, id: str, show: bool) -> int:
    """Show the solutions of an exercise.

    They open when you pass, or with --show after the third hint.
    """
    found = load_challenge(paths.lessons, id)
    with open_store(paths) as store:
        state = _state(store, found)
        if not state.passed and not state.solution_shown:
            if state.hints < hints(found):
                words = f"The solution opens when you pass, or after the third hint: tutor hint {found.id}"
            else:
                words = f"It will be marked as shown. To see it: tutor solution {found.id} --show"
            if state.hints < hints(found) or not show:
                click.echo(words, err=True)
                return 2
            store.record("solution_shown", exercise=found.id, lesson=found.lesson)
    for label, text in solutions(found):
        click.echo(f"# ── {label} " + "─" * max(0, 70 - len(label)) + f"\n\n{text}")
    click.echo(markdown_text(why(found)))
    return 0


@click.command()
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def reset(paths: Paths, id: str, yes: bool) -> int:
    """Start an exercise again; your file is kept.

    Of a debug exercise you get a file with another planted fault.
    """
    found = load_challenge(paths.lessons, id)
    file = work_file(paths, found)
    fresh = "a file with another planted fault" if found.kind == "debug" else "the starter"
    if not yes:
        click.echo(f"Put {fresh} in the place of {file.path}? Your file is kept. [y/N] ", nl=False)
        answer = sys.stdin.readline() if sys.stdin else ""
        if answer.strip().lower() not in ("y", "yes"):
            click.echo(f"Nothing was changed. Without a question: tutor reset {found.id} --yes", err=True)
            return 2
    with writing():
        kept = file.reset(starter(found, instead_of=(file.raw() or b"").decode(errors="replace")))
    with open_store(paths) as store:
        store.record("reset", exercise=found.id, lesson=found.lesson)
    if kept is not None:
        click.echo(f"Your file is kept: {shown_path(kept)}")
        click.echo(f"To bring it back: tutor history {found.id} --restore 1")
    click.echo(f"A fresh start: {shown_path(file.path)}")
    if found.kind == "debug":
        click.echo("Another fault is planted in it: find it and mend it.")
    return 0


@click.command()
@click.argument("id")
@click.option("--show", type=click.IntRange(1), metavar="N", help="Print version N.")
@click.option("--restore", type=click.IntRange(1), metavar="N", help="Put version N back; what stands there is kept.")
@click.pass_obj
def history(paths: Paths, id: str, show: int | None, restore: int | None) -> int:
    """List and restore what your file was.

    Every version that was judged, or that another took the place of, newest first.
    """
    file = work_file(paths, load_challenge(paths.lessons, id))
    versions = file.history.all()
    number = show or restore
    if show and restore:
        raise click.UsageError("Either --show or --restore.")
    if not versions:
        click.echo(f"Nothing is kept yet: tutor test {id} keeps what it judges.", err=True)
        return 2 if number else 0
    if number is None:
        now = time.time()
        for place, version in enumerate(versions, 1):
            click.echo(f"{place:>3}  {_sign(version)} {ago(now - version.time):<12} {one_line(version.words)}")
        return 0
    if number > len(versions):
        click.echo(f"There is no version {number}; tutor history {id} lists {len(versions)}.", err=True)
        return 2
    return _print(versions[number - 1]) if show else _restore(file, versions[number - 1])


def _sign(version: Version) -> str:
    status = version.graded.status if version.graded else ""
    return {"passed": "✓", "right_so_far": "◐", "": "·"}.get(status, "✗")


def _print(version: Version) -> int:
    try:
        raw = version.read()
    except OSError as error:
        raise StoreError(f"{shown_path(version.path)} cannot be read: {reason_of(error)}.") from error
    click.echo(raw, nl=False)
    return 0


def _restore(file: WorkFile, version: Version) -> int:
    with writing():
        kept = file.restore(version)
    if kept is not None:
        click.echo(f"What stood there is kept: {shown_path(kept)}")
    click.echo(f"Back in its place: {shown_path(file.path)}")
    return 0
