"""The verbs, each loaded when it is asked for: a command that only prints a list does not import a chart."""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from tutor import VERSION
from tutor.cli import has_screen
from tutor.paths import locate

# verb -> the module that holds it, under its name, or as rename_command where that name is a function of another room
VERBS = {
    "learn": "learning",
    "quiz": "learning",
    "search": "finding",
    "challenge": "exercises",
    "test": "judging",
    "hint": "exercises",
    "solution": "exercises",
    "reset": "exercises",
    "history": "exercises",
    "train": "train",
    "status": "runs",
    "logs": "runs",
    "cancel": "runs",
    "resume": "runs",
    "restart": "runs",
    "compare": "runs",
    "rename": "runs",
    "export": "runs",
    "rm": "runs",
    "progress": "overview",
    "doctor": "doctor",
    "author": "authors",
}


class Verbs(click.Group):
    """Finds a verb's module by its name, and the nearest verb for one that does not exist."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every verb, in the order in which the help lists them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one verb."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"tutor.cli.{VERBS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command", None) or getattr(module, cmd_name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the verb that was typed, or name the nearest."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, n=1)
            known = f"Did you mean {near[0]}?" if near else f"There is: {', '.join(VERBS)}."
            raise click.UsageError(f"There is no command {args[0]!r}. {known}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--user-data", type=click.Path(path_type=Path), metavar="DIR", help="Keep your files there instead.")
@click.version_option(VERSION, message="%(prog)s %(version)s")
@click.pass_context
def tutor(ctx: click.Context, user_data: Path | None) -> int:
    """Learn backpropagation: read, answer, write the backward pass, train with it.

    Without a command it opens where you left off; without a terminal it prints what is next.

    Exit status: 0 well or passed, 1 your code fails, 2 wrong usage or an unknown name, 3 a fault of the tutor.
    """
    ctx.obj = locate(user_data)
    if ctx.invoked_subcommand is not None:
        return 0
    if has_screen():
        from tutor.tui import run

        return run(ctx.obj)
    from tutor.cli.overview import show_home

    show_home(ctx.obj)
    return 0
