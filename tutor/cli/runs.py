"""status, logs, cancel, resume, restart, rename, rm, compare, export: runs that are there, without a screen."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from tutor.cli.words import comparison_text, end_text, one_line, tick_text
from tutor.paths import Paths
from tutor.training import (
    ENDED,
    LogTail,
    Overview,
    Tick,
    Watch,
    compare,
    csv_lines,
    delete,
    end_run,
    export_csv,
    export_svg,
    find_run,
    read_log,
    rename,
    restart,
    resume,
    size_of,
    size_words,
    title_of,
)

LOOK_EVERY = 0.25  # seconds between two looks at a log that is followed
STDOUT = Path("-")


def _tick(run_dir: Path) -> Tick:
    return msgspec.structs.replace(Watch(run_dir, points=False).poll(), title=title_of(run_dir))


@click.command()
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON: one run, or a list.")
@click.pass_obj
def status(paths: Paths, run: str | None, as_json: bool) -> int:
    """Show one training run, or all and what they take on the disk.

    RUN is its id, its number, its title, or a beginning that only it has.
    """
    if run:
        run_dir = find_run(paths, run)
        tick = _tick(run_dir)
        reason = f"\n  {tick.end.reason}" if tick.end else ""
        takes = f"\n  {size_words(size_of(run_dir))} on the disk"
        click.echo(msgspec.json.encode(tick) if as_json else tick_text(tick) + reason + takes)
        return 0
    overview = Overview(paths.runs)
    summaries = overview.look()
    if as_json:
        click.echo(msgspec.json.encode([one.tick for one in summaries]))
    elif not summaries:
        click.echo("No run yet. tutor train ID starts one with code that passes.")
    else:
        click.echo("\n".join(tick_text(one.tick) for one in summaries))
        count = f"{len(summaries)} runs take" if len(summaries) > 1 else "It takes"
        click.echo(f"{count} {size_words(sum(one.size for one in summaries))} on the disk.")
    for name in overview.unreadable:
        click.echo(f"{name} cannot be read: tutor status {name} says why.", err=True)
    return 0


@click.command()
@click.argument("run")
@click.option("--follow", "-f", is_flag=True, help="Go on printing until the run has ended, or ctrl+c.")
@click.pass_obj
def logs(paths: Paths, run: str, follow: bool) -> int:
    """Print what a training run wrote.

    That is what your own code printed, and how it failed where it did.
    """
    run_dir = find_run(paths, run)
    if follow:
        tail = LogTail(run_dir)
        while True:
            over = Watch(run_dir, points=False).poll().state in ENDED
            click.echo(tail.read(), nl=False)
            if over:
                return 0
            time.sleep(LOOK_EVERY)
    text = read_log(run_dir)
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


@click.command("resume")
@click.argument("run")
@click.option("--lr", type=float, help="Go on with this learning rate.")
@click.option("--batch", type=click.IntRange(1), help="Go on with this many samples in a batch.")
@click.option("--follow", is_flag=True, help="Follow it to its end; ctrl+c stops following, not the run.")
@click.pass_obj
def resume_command(paths: Paths, run: str, lr: float | None, batch: int | None, follow: bool) -> int:
    """Go on with a run that was cut off, from its last checkpoint.

    One that diverged, or was out of memory, needs a smaller --lr, or --batch.
    """
    run_dir = find_run(paths, run)
    resume(run_dir, lr=lr, batch=batch)
    return started(run_dir, follow=follow, as_json=False)


@click.command("restart")
@click.argument("run")
@click.option("--follow", is_flag=True, help="Follow it to its end; ctrl+c stops following, not the run.")
@click.option("--json", "as_json", is_flag=True, help="As JSON; with --follow a line for every event.")
@click.pass_obj
def restart_command(paths: Paths, run: str, follow: bool, as_json: bool) -> int:
    """Start a run again, as a new one.

    With the code that was frozen for it, the same settings and the same seed.
    """
    config = restart(paths, find_run(paths, run).name)
    if as_json:
        click.echo(msgspec.json.encode(config))
    return started(paths.runs / config.id, follow=follow, as_json=as_json)


def started(run_dir: Path, *, follow: bool, as_json: bool) -> int:
    """Say which run was started, and follow it where that is asked for."""
    if not as_json:
        click.echo(run_dir.name)
    if not follow:
        return 0
    from tutor.cli.follow import follow as follow_run

    try:
        return follow_run(run_dir, as_json=as_json)
    except KeyboardInterrupt:
        click.echo(f"\nThe run goes on: tutor status {run_dir.name}, tutor cancel {run_dir.name}", err=True)
        raise


@click.command("rename")
@click.argument("run")
@click.argument("title")
@click.pass_obj
def rename_command(paths: Paths, run: str, title: str) -> int:
    """Give a run a title of your own.

    It is shown beside its id, and finds it wherever a RUN is asked for; an empty TITLE takes it away.
    """
    run_dir = find_run(paths, run)
    title = rename(run_dir, title)
    click.echo(f"{run_dir.name}  {title}" if title else f"{run_dir.name} has no title.")
    return 0


@click.command()
@click.argument("run", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="As JSON: what was deleted, and the bytes that this freed.")
@click.pass_obj
def rm(paths: Paths, run: Sequence[str], yes: bool, as_json: bool) -> int:
    """Delete runs that have ended, and say what that frees."""
    folders = list(dict.fromkeys(find_run(paths, name) for name in run))
    names = ", ".join(folder.name for folder in folders)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError(f"Deleting cannot be undone. To delete {names} without being asked, add --yes.")
        takes = size_words(sum(size_of(folder) for folder in folders))
        if not click.confirm(f"Delete {names}? It frees {takes}, and cannot be undone.", err=True):
            click.echo("Nothing was deleted.", err=True)
            return 1
    freed = {}
    for folder in folders:
        freed[folder.name] = delete(folder)
        if not as_json:
            click.echo(f"{folder.name} is deleted: {size_words(freed[folder.name])} freed.")
    if as_json:
        click.echo(msgspec.json.encode(freed))
    return 0


@click.command("compare")
@click.argument("run", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON: a row for every result and every setting.")
@click.pass_obj
def compare_command(paths: Paths, run: Sequence[str], as_json: bool) -> int:
    """Set runs side by side: how they came out, and how they differ."""
    folders = list(dict.fromkeys(find_run(paths, name) for name in run))
    if len(folders) < 2:
        raise click.UsageError("Name two runs or more to compare.")
    ticks = [_tick(run_dir) for run_dir in folders]
    rows = compare(ticks)
    if as_json:
        click.echo(msgspec.json.encode({"runs": [tick.config.id for tick in ticks], "rows": rows}))
    else:
        click.echo(comparison_text(ticks, rows))
    return 0


@click.command()
@click.argument("run")
@click.option("--csv", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE", help="Every step; - prints.")
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE", help="The chart, as a picture.")
@click.option("--every", type=click.IntRange(1), default=1, help="Of the steps only every so-manieth, in the CSV.")
@click.option("--log", "log_y", is_flag=True, help="The loss on a logarithmic scale, in the SVG.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@click.pass_obj
def export(paths: Paths, run: str, csv: Path | None, svg: Path | None, every: int, log_y: bool, force: bool) -> int:
    """Write a run as CSV or SVG.

    The CSV has a row for each step: step, t (seconds), epoch, loss, lr, and where it was measured the held-back loss
    and accuracy; of a run in lockstep also what PyTorch made of the step.
    """
    run_dir = find_run(paths, run)
    if csv is None and svg is None:
        raise click.UsageError("Say what to write: --csv FILE, --svg FILE, or both.")
    if csv == STDOUT:
        for lines in csv_lines(run_dir, every):
            click.echo(lines, nl=False)
    elif csv is not None:
        rows = export_csv(run_dir, csv, every=every, force=force)
        click.echo(f"{one_line(str(csv))}: {rows:,} rows", err=True)
    if svg is not None:
        export_svg(run_dir, svg, log_y=log_y, force=force)
        click.echo(one_line(str(svg)), err=True)
    return 0
