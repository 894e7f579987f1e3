"""train: a run with the learner's code, and all that can be asked of one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from tutor.cli.runs import started
from tutor.cli.stored import FILE, source_of
from tutor.course import Challenge, load_challenge
from tutor.errors import UnknownName
from tutor.learner import Box
from tutor.paths import Paths
from tutor.training import OwnOptimizer, TrainOptions, size_words, start
from tutor.training.model import Mode

MODES: dict[str, Mode] = {"twin": "twin", "lockstep": "lockstep", "on_torch": "on-torch"}
LEAST_TOLD = 250_000  # bytes between two words on how far a download is


class Sizes(click.ParamType[tuple[int, ...]]):
    """Whole numbers from 1 on with commas between them."""

    name = "N,N,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """128 and 128,64 are such; an empty one is a network without hidden layers."""
        if isinstance(value, tuple):
            return value
        parts = [part.strip() for part in str(value).split(",") if part.strip()]
        if not all(part.isdecimal() and part.isascii() and 0 < int(part) < 10**6 for part in parts):
            self.fail(f"{value!r} are no sizes of layers: write 128, or 128,64.", param, ctx)
        return tuple(map(int, parts))


@click.command()
@click.argument("id")
@click.option("--dataset", default="digits", show_default=True, metavar="NAME", help="digits, xor, moons, mnist, ...")
@click.option(
    "--data-dir", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Where MNIST's files are."
)
@click.option("--epochs", type=click.IntRange(1), help="How often it sees the data; by default as the exercise says.")
@click.option("--batch", type=click.IntRange(1), help="Samples in a batch.")
@click.option("--lr", type=float, help="The learning rate.")
@click.option("--hidden", type=Sizes(), help="Units of the hidden layers: 128 for 784-128-10.")
@click.option("--optimizer", default="", metavar="NAME", help="sgd, momentum, adam, ...; or an exercise you passed.")
@click.option("--seed", type=click.IntRange(0), help="For the initial weights and the order of the data.")
@click.option("--device", default="auto", metavar="DEVICE", help="auto, cpu, cuda, cuda:1 or mps.")
@click.option("--dtype", type=click.Choice(["float64", "float32"]), default="float64", help="The kind of numbers.")
@click.option("--pace", type=click.FloatRange(0), default=0.0, help="Steps per second; 0 is full speed.")
@click.option("--time-limit", type=click.FloatRange(0), default=0.0, help="Seconds until it ends; 0 is no limit.")
@click.option("--twin", is_flag=True, help="PyTorch's network in the place of yours, from the same weights.")
@click.option("--lockstep", is_flag=True, help="Yours with PyTorch's beside it, compared at every step.")
@click.option("--on-torch", is_flag=True, help="Your code, unchanged, on PyTorch's tensors.")
@click.option("--file", type=FILE, help="Train with this file instead of yours.")
@click.option("--follow", is_flag=True, help="Follow it to its end; ctrl+c stops following, not the run.")
@click.option("--json", "as_json", is_flag=True, help="As JSON; with --follow a line for every event.")
@click.pass_obj
def train(
    paths: Paths,
    /,
    id: str,
    optimizer: str,
    file: Path | None,
    follow: bool,
    as_json: bool,
    twin: bool,
    lockstep: bool,
    on_torch: bool,
    **asked: Any,
) -> int:
    """Train a network with your code.

    It runs in the background and outlives this terminal; what is printed is its id. Exit status: 0 when it was started
    (with --follow: when it ended well), 1 when your code does not pass or the run did not end well.
    """
    chosen = [
        MODES[name] for name, wanted in (("twin", twin), ("lockstep", lockstep), ("on_torch", on_torch)) if wanted
    ]
    if len(chosen) > 1:
        raise click.UsageError("--twin, --lockstep and --on-torch are three ways to run it: choose one.")
    challenge = load_challenge(paths.lessons, id)
    source = source_of(paths, challenge, file)
    own = _optimizer(paths, optimizer)
    judged = [(challenge, source.text)] + ([(own.challenge, own.source)] if isinstance(own, OwnOptimizer) else [])
    refused = _judge(judged)
    if refused:
        return refused
    options = TrainOptions(**asked, optimizer=own, mode=chosen[0] if chosen else "numpy")
    config = start(paths, challenge, source.text, _with_data(paths, options))
    if config.device_note:
        click.echo(config.device_note, err=True)
    if as_json:
        click.echo(msgspec.json.encode(config))
    return started(paths.runs / config.id, follow=follow, as_json=as_json)


def _optimizer(paths: Paths, name: str) -> str | OwnOptimizer:
    """One of ours by its name, or the learner's file for an exercise in which an optimizer is written."""
    from tutor.training.recipes import SETTINGS, optimizer_of

    if not name or name in SETTINGS:
        return name
    try:
        challenge = load_challenge(paths.lessons, name)
    except UnknownName as error:
        raise UnknownName("optimizer", name, [*SETTINGS, *([error.nearest] if error.nearest else [])]) from error
    optimizer_of(challenge)  # what is no optimizer is said before its file is judged
    return OwnOptimizer(challenge, source_of(paths, challenge).text)


def _judge(files: list[tuple[Challenge, str]]) -> int:
    """0 when every file passes; else the exit status, the reason said."""
    from tutor.grading import grade

    with Box() as box:
        for challenge, text in files:
            report = list(grade(challenge, text, box))[-1]
            if not report.passed:
                click.echo(
                    f"✗ {report.headline}\nTraining starts from code that passes: tutor test {challenge.id}", err=True
                )
                return 3 if report.fault is not None and report.fault.kind == "tutor" else 1
    return 0


def _with_data(paths: Paths, options: TrainOptions) -> TrainOptions:
    """The options with the folder of their data, downloaded where it is not there; the digits where it cannot be."""
    from tutor.training.datasets import DatasetUnavailable, facts, missing, obtain

    if options.data_dir is not None:
        return options
    kept = paths.datasets
    title = facts(options.dataset).title
    try:
        wanted = missing(options.dataset, kept)
        if wanted:
            click.echo(f"{title}: downloading {size_words(wanted)} to {kept}, once.", err=True)
        folder = obtain(options.dataset, kept, _Told() if wanted and sys.stderr.isatty() else None)
    except DatasetUnavailable as error:
        click.echo(f"{error}\nTraining on the digits instead.", err=True)
        return msgspec.structs.replace(options, dataset="digits")
    return msgspec.structs.replace(options, data_dir=folder)


class _Told:
    """How far a download is, in a line that moves."""

    def __init__(self) -> None:
        self.told = -LEAST_TOLD

    def __call__(self, there: int, all_of_them: int) -> None:
        """Say it, not too often."""
        if there - self.told >= LEAST_TOLD or there == all_of_them:
            self.told = there
            done = f"{size_words(there)} of {size_words(all_of_them)}  {there / max(1, all_of_them):.0%}"
            click.echo(f"\r  {done:<40}", nl=there == all_of_them, err=True)
