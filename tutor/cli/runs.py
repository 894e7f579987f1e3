"""train, status, logs, cancel: training runs without a screen."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import click
import msgspec

from tutor.cli.stored import FILE, source_of
from tutor.cli.words import end_text, tick_text
from tutor.course import load_challenge
from tutor.learner import Box
from tutor.paths import Paths
from tutor.training import ENDED, Watch, end_run, find_run, list_runs, read_log, start

LOOK_EVERY = 0.2  # seconds between two looks at a run that is followed


@click.command()
@click.argument("id")
@click.option("--dataset", default="digits", show_default=True, metavar="NAME", help="What it learns.")
@click.option("--epochs", type=click.IntRange(1), help="How often it sees the data; by default as the exercise says.")
@click.option("--batch", type=click.IntRange(1), help="Samples in a batch.")
@click.option("--lr", type=float, help="The learning rate.")
@click.option("--seed", type=click.IntRange(0), help="For the initial weights and the order of the data.")
@click.option("--pace", type=click.FloatRange(0), default=0.0, help="Steps per second; 0 is full speed.")
@click.option("--file", type=FILE, help="Train with this file instead of yours.")
@click.option("--follow", is_flag=True, help="Follow it to its end; ctrl+c stops following, not the run.")
@click.pass_obj
def train(
    paths: Paths,
    id: str,
    dataset: str,
    epochs: int | None,
    batch: int | None,
    lr: float | None,
    seed: int | None,
    pace: float,
    file: Path | None,
    follow: bool,
) -> int:
    """Train a network with your code.

    It runs in the background and outlives this terminal; what is printed is its id. Exit status: 0 when it was started
    (with --follow: when it ended well), 1 when your code does not pass or the run did not end well.
    """
    from tutor.grading import grade

    challenge = load_challenge(paths.lessons, id)
    source = source_of(paths, challenge, file)
    with Box() as box:
        report = list(grade(challenge, source.text, box))[-1]
    if not report.passed:
        click.echo(f"✗ {report.headline}\nTraining starts from code that passes: tutor test {challenge.id}", err=True)
        return 3 if report.fault is not None and report.fault.kind == "tutor" else 1
    config = start(
        paths, challenge, source.text, dataset=dataset, epochs=epochs, batch=batch, lr=lr, seed=seed, pace=pace
    )
    click.echo(config.id)
    if not follow:
        return 0
    try:
        return _follow(paths.runs / config.id)
    except KeyboardInterrupt:
        click.echo(f"\nThe run goes on: tutor status {config.id}, tutor cancel {config.id}", err=True)
        raise


def _follow(run_dir: Path) -> int:
    """Print a line per epoch (on a terminal, one line that moves), then the curve; 0 when the run ended well."""
    from tutor.viz import ChartSpec, Curve, as_text, still

    watch, curve, last_epoch = Watch(run_dir), Curve("loss"), 0
    live = sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
    while True:
        tick = watch.poll()
        steps, losses = watch.new_points()
        curve.extend(steps, losses)
        if live:
            width = shutil.get_terminal_size().columns - 1
            click.echo(f"\r{tick_text(tick)[:width]:<{width}}", nl=False)
        elif tick.epoch != last_epoch or tick.state in ENDED:
            click.echo(tick_text(tick))
            last_epoch = tick.epoch
        if tick.state in ENDED:
            break
        time.sleep(LOOK_EVERY)
    spec = ChartSpec(width=78, height=16, x_label="step", y_label="loss", x_range=(0, tick.config.steps))
    click.echo(("\n" if live else "") + as_text(still([curve], spec)))
    click.echo(end_text(tick))
    return 0 if tick.state == "done" else 1


@click.command()
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON: one run, or a list.")
@click.pass_obj
def status(paths: Paths, run: str | None, as_json: bool) -> int:
    """Show one training run, or all.

    RUN is its id, its number, or a beginning that only it has.
    """
    if run:
        tick = Watch(find_run(paths, run), points=False).poll()
        reason = f"\n  {tick.end.reason}" if tick.end else ""
        click.echo(msgspec.json.encode(tick) if as_json else tick_text(tick) + reason)
        return 0
    ticks = list_runs(paths)
    if as_json:
        click.echo(msgspec.json.encode(ticks))
    elif not ticks:
        click.echo("No run yet. tutor train ID starts one with code that passes.")
    else:
        click.echo("\n".join(tick_text(tick) for tick in ticks))
    return 0


@click.command()
@click.argument("run")
@click.pass_obj
def logs(paths: Paths, run: str) -> int:
    """Print what a training run wrote.

    That is what your own code printed, and how it failed where it did.
    """
    text = read_log(find_run(paths, run))
    if text:
        click.echo(text, nl=False)
    else:
        click.echo("It has printed nothing.", err=True)
    return 0


@click.command()
@click.argument("run")
@click.pass_obj
def cancel(paths: Paths, run: str) -> int:
    """End a training run; what it learnt is kept."""
    run_dir = find_run(paths, run)
    tick = Watch(run_dir, points=False).poll()
    if tick.state in ENDED:
        click.echo(f"{tick.config.id} had ended already. {end_text(tick)}")
        return 0
    if end_run(run_dir, time.sleep):
        click.echo(f"{tick.config.id}  {end_text(Watch(run_dir, points=False).poll())}")
        return 0
    click.echo(f"{tick.config.id} was asked to end and has not yet: tutor status {tick.config.id} tells.", err=True)
    return 3
