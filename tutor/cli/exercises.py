"""challenge, test, hint, solution, reset: everything about one exercise."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from tutor.cli.group import has_screen
from tutor.cli.words import report_text
from tutor.course import (
    Broken,
    Challenge,
    hints,
    list_challenges,
    load_challenge,
    markdown_text,
    solutions,
    starter,
    why,
)
from tutor.course import hint as read_hint
from tutor.grading import Report
from tutor.learner import Box, WorkFile, read_source
from tutor.paths import Paths
from tutor.progress import ExerciseState, Store


def _state(store: Store, challenge: Challenge) -> ExerciseState:
    return store.refresh().exercises.get(challenge.id, ExerciseState())


def _work_file(paths: Paths, challenge: Challenge) -> WorkFile:
    return WorkFile(paths.implementation(challenge.id), paths.backup)


@click.command()
@click.argument("id", required=False)
@click.option("--list", "listing", is_flag=True, help="List the exercises.")
@click.option("--kind", "--type", type=click.Choice(["fill", "scratch", "debug"]), help="Only this kind.")
@click.pass_obj
def challenge(paths: Paths, id: str | None, listing: bool, kind: str | None) -> None:
    """Open an exercise in the Lab, or list them."""
    if id and not listing:
        found = load_challenge(paths.lessons, id)
        if has_screen():
            from tutor.tui import Opening, run

            sys.exit(run(paths, Opening("lab", found.id)))
        file = _work_file(paths, found)
        file.ensure(starter(found))
        click.echo(f"{found.title}\nYour file: {file.path}\nJudge it:  tutor test {found.id}")
        return
    with Store.open(paths) as store:
        states = store.refresh().exercises
    for item in list_challenges(paths.lessons):
        if isinstance(item, Broken):
            click.echo(f"✗ {item.file}{f':{item.line}' if item.line else ''}: {item.reason}")
        elif kind in (None, item.kind):
            state = states.get(item.id, ExerciseState())
            words = "passed" if state.passed else f"{state.right} of {state.total} right" if state.attempts else "new"
            click.echo(f"{'✓' if state.passed else '·'} {item.id:<22}{item.kind:<9}{words:<16}{item.title}")


@click.command()
@click.argument("id")
@click.option("--file", type=click.Path(path_type=Path), help="Judge this file instead of yours.")
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON.")
@click.pass_obj
def test(paths: Paths, id: str, file: Path | None, as_json: bool) -> None:
    """Judge your code: exit status 0 when it passes, 1 when not."""
    from tutor.grading import grade

    found = load_challenge(paths.lessons, id)
    source = read_source(file) if file else _work_file(paths, found).ensure(starter(found))
    with Box() as box:
        report = list(grade(found, source.text, box))[-1]
    if file is None:
        _remember(paths, found, report)
    click.echo(msgspec.json.encode(report) if as_json else report_text(report))
    sys.exit(0 if report.passed else 1)


def _remember(paths: Paths, challenge: Challenge, report: Report) -> None:
    with Store.open(paths) as store:
        for kind, facts in report.events(challenge.lesson):
            store.record(kind, **facts)
        if store.trouble:
            click.echo(store.trouble, err=True)


@click.command()
@click.argument("id")
@click.option("--number", type=click.IntRange(1), help="This hint instead of the next.")
@click.pass_obj
def hint(paths: Paths, id: str, number: int | None) -> None:
    """Show the next hint."""
    found = load_challenge(paths.lessons, id)
    with Store.open(paths) as store:
        count = hints(found)
        number = min(number or _state(store, found).hints + 1, count)
        click.echo(f"Hint {number} of {count}\n\n{markdown_text(read_hint(found, number))}")
        store.record("hint_shown", exercise=found.id, lesson=found.lesson, hint=number)


@click.command()
@click.argument("id")
@click.option("--show", is_flag=True, help="Show it before you passed; it is marked as shown.")
@click.pass_obj
def solution(paths: Paths, id: str, show: bool) -> None:
    """Show the solutions: after you passed, or with --show after the third hint."""
    found = load_challenge(paths.lessons, id)
    with Store.open(paths) as store:
        state = _state(store, found)
        if not state.passed:
            if state.hints < hints(found):
                click.echo(
                    f"The solution opens when you pass, or after the third hint: tutor hint {found.id}", err=True
                )
                sys.exit(2)
            if not show:
                click.echo(f"It will be marked as shown. To see it: tutor solution {found.id} --show", err=True)
                sys.exit(2)
            store.record("solution_shown", exercise=found.id, lesson=found.lesson)
    for label, text in solutions(found):
        click.echo(f"# ── {label} " + "─" * max(0, 70 - len(label)) + f"\n\n{text}")
    click.echo(markdown_text(why(found)))


@click.command()
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def reset(paths: Paths, id: str, yes: bool) -> None:
    """Start an exercise again; your file is kept."""
    found = load_challenge(paths.lessons, id)
    file = _work_file(paths, found)
    if not yes:
        click.confirm(f"Put the starter in the place of {file.path}? Your file is kept.", abort=True)
    kept = file.reset(starter(found))
    with Store.open(paths) as store:
        store.record("reset", exercise=found.id, lesson=found.lesson)
    if kept is not None:
        click.echo(f"Your file is kept: {kept}")
    click.echo(f"A fresh start: {file.path}")
