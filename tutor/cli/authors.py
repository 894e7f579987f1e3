"""author check: proves that a course holds what it says."""

from __future__ import annotations

from pathlib import Path

import click

from tutor.learner import Box
from tutor.paths import Paths


@click.group(no_args_is_help=False)
def author() -> None:
    """For those who write lessons and exercises."""


@author.command()
@click.argument("directory", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_obj
def check(paths: Paths, directory: Path | None) -> int:
    """Check every lesson, quiz and exercise.

    Without DIRECTORY the course that is installed; with it the lesson or exercise in it, or another course: a folder
    with lessons/ and quizzes/. Exit status: 0 when the course holds, 1 when there is a problem.
    """
    from tutor.authoring import check as check_course

    with Box() as box:
        box.layers()  # a box that does not start is one fault of ours, not a problem of every file
        problems = check_course(paths, box, directory)
    for problem in problems:
        click.echo(problem)
    if problems:
        click.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}.", err=True)
        return 1
    click.echo("The course holds: every starter fails as it should, every solution passes, every number is true.")
    return 0
