"""train, status, logs, cancel: training runs without a screen."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import click
import msgspec

from tutor.cli.words import tick_text
from tutor.course import load_challenge, starter
from tutor.grading import grade
from tutor.learner import Box, WorkFile, printable, read_source
from tutor.paths import Paths
from tutor.training import ENDED, Tick, Watch, escalate, find_run, list_runs, read_log, start
from tutor.training import cancel as ask_to_cancel

LOOK_EVERY = 0.2  # seconds between two looks at a run that is followed
CANCEL_WITHIN = 10.0  # seconds


@click.command()
@click.argument("id")
@click.option("--dataset", default="digits", show_default=True, help="What it learns.")
@click.option("--epochs", type=click.IntRange(1), help="How often it sees the data; by default as the exercise says.")
@click.option("--batch", type=click.IntRange(1), help="Samples in a batch.")
@click.option("--lr", type=float, help="The learning rate.")
@click.option("--seed", type=click.IntRange(0), help="For the initial weights and the order of the data.")
@click.option("--pace", type=click.FloatRange(0), default=0.0, help="Steps per second; 0 is full speed.")
@click.option("--file", type=click.Path(path_type=Path), help="Train with this file instead of yours.")
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
) -> None:
    """Train a network with your code in the background, and print the run's id."""
    challenge = load_challenge(paths.lessons, id)
    work_file = WorkFile(paths.implementation(challenge.id), paths.backup)
    source = read_source(file) if file else work_file.ensure(starter(challenge))
    with Box() as box:
        report = list(grade(challenge, source.text, box))[-1]
    if not report.passed:
        click.echo(f"✗ {report.headline}\nTraining starts from code that passes: tutor test {challenge.id}", err=True)
        sys.exit(1)
    config = start(
        paths, challenge, source.text, dataset=dataset, epochs=epochs, batch=batch, lr=lr, seed=seed, pace=pace
    )
    click.echo(config.id)
    if follow:
        sys.exit(_follow(paths.runs / config.id))


def _follow(run_dir: Path) -> int:
    """Print a line per epoch (on a terminal, one line that moves), then the curve; 0 when the run ended well."""
    from tutor.viz.chart import ChartSpec, still
    from tutor.viz.curve import Curve
    from tutor.viz.model import as_text

    watch, curve, last_epoch = Watch(run_dir), Curve("loss"), 0
    live = sys.stdout.isatty()
    while True:
        tick = watch.poll()
        steps, losses = watch.new_points()
        curve.extend(steps, losses)
        if live:
            click.echo(f"\r\x1b[K{tick_text(tick)[: shutil.get_terminal_size().columns - 1]}", nl=False)
        elif tick.epoch != last_epoch or tick.state in ENDED:
            click.echo(tick_text(tick))
            last_epoch = tick.epoch
        if tick.state in ENDED:
            break
        time.sleep(LOOK_EVERY)
    spec = ChartSpec(width=78, height=16, x_label="step", y_label="loss", x_range=(0, tick.config.steps))
    click.echo(("\n" if live else "") + as_text(still([curve], spec)))
    click.echo(_end_text(tick))
    return 0 if tick.state == "done" else 1


def _end_text(tick: Tick) -> str:
    return f"{tick.state}: {tick.end.reason}" if tick.end else tick.state


@click.command()
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON: one run, or a list.")
@click.pass_obj
def status(paths: Paths, run: str | None, as_json: bool) -> None:
    """Show one run, or all."""
    if run:
        tick = Watch(find_run(paths, run)).poll()
        click.echo(msgspec.json.encode(tick) if as_json else "\n".join(filter(None, (tick_text(tick), _reason(tick)))))
        return
    ticks = list_runs(paths)
    if as_json:
        click.echo(msgspec.json.encode(ticks))
    elif not ticks:
        click.echo("No run yet. tutor train ID starts one with code that passes.")
    else:
        click.echo("\n".join(tick_text(tick) for tick in ticks))


def _reason(tick: Tick) -> str:
    return f"  {tick.end.reason}" if tick.end else ""


@click.command()
@click.argument("run")
@click.pass_obj
def logs(paths: Paths, run: str) -> None:
    """Print what a run wrote: your own prints, and how it ended."""
    click.echo(printable(read_log(find_run(paths, run))), nl=False)


@click.command()
@click.argument("run")
@click.pass_obj
def cancel(paths: Paths, run: str) -> None:
    """End a run; what it learnt until then is kept."""
    run_dir = find_run(paths, run)
    tick = Watch(run_dir).poll()
    if tick.state in ENDED:
        click.echo(f"{tick.config.id} had ended already: {_end_text(tick)}")
        return
    ask_to_cancel(run_dir)
    asked = time.monotonic()
    while (waited := time.monotonic() - asked) < CANCEL_WITHIN:
        tick = Watch(run_dir).poll()
        if tick.state in ENDED:
            click.echo(f"{tick.config.id}: {_end_text(tick)}")
            return
        escalate(run_dir, waited)
        time.sleep(LOOK_EVERY)
    click.echo(f"{tick.config.id} was asked to end and has not yet. tutor status {tick.config.id} tells.", err=True)
    sys.exit(3)
