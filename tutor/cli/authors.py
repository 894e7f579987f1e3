"""author check and author new: proves that a course holds what it says, and begins new parts of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from tutor.errors import TutorError
from tutor.learner import Box
from tutor.paths import PACKAGE, Paths

if TYPE_CHECKING:
    from tutor.authoring.new_exercise import Kind

LESSONS = click.option(
    "--lessons",
    "own",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The lessons/ of your course; quizzes/ stands beside it.",
)


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
        problems = check_course(paths, box, directory, lambda note: click.echo(note, err=True))
    for problem in problems:
        click.echo(problem)
    if problems:
        click.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}.", err=True)
        return 1
    click.echo("The course holds: every starter fails as it should, every solution passes, every number is true.")
    return 0


@author.group(no_args_is_help=False)
def new() -> None:
    """Begin a lesson, an exercise or a question.

    What is made passes the check, but for its marks: AUTHOR: and what is to be written there. No file is overwritten.
    """


@new.command()
@click.argument("slug", metavar="NN-SLUG")
@LESSONS
@click.pass_obj
def lesson(paths: Paths, slug: str, own: Path | None) -> int:
    """Make a lesson that course.toml lists, with its quiz."""
    from tutor.authoring.new import new_lesson

    lessons, quizzes = where_to_write(paths, own)
    return _tell(new_lesson(lessons, quizzes, slug), lessons / slug)


@new.command()
@click.argument("name", metavar="LESSON/ID")
@click.option("--kind", type=click.Choice(["fill", "scratch", "debug"]), default="scratch", show_default=True)
@click.option("--family", default="layer", metavar="FAMILY", help="What is judged: layer, function, loss, network, ...")
@LESSONS
@click.pass_obj
def exercise(paths: Paths, name: str, kind: str, family: str, own: Path | None) -> int:
    """Make an exercise, with an example of its family that you change into your own."""
    from tutor.authoring.new import new_exercise

    lessons, _ = where_to_write(paths, own)
    made = new_exercise(lessons, name, cast("Kind", kind), family)
    folder = made[0].parent
    _tell(made, folder)
    click.echo(
        f'In {_short(folder.parent / "lesson.md")}: put "{folder.name}" into `exercises`, and a link to '
        f"({folder.name}) on the last page."
    )
    return 0


@new.command()
@click.argument("lesson", metavar="LESSON")
@click.option("--kind", required=True, metavar="KIND", help="one, several, number, shape, order, line, formula, ...")
@LESSONS
@click.pass_obj
def question(paths: Paths, lesson: str, kind: str, own: Path | None) -> int:
    """Put a question below those of a lesson's quiz."""
    from tutor.authoring.new import new_question

    lessons, quizzes = where_to_write(paths, own)
    file = new_question(lessons, quizzes, lesson, kind)
    return _tell([file], lessons / file.stem)


def where_to_write(paths: Paths, own: Path | None) -> tuple[Path, Path]:
    """Where new files go: beside those of the course named, or of the checkout that this tutor runs from."""
    if own is not None:
        return own.resolve(), own.resolve().parent / "quizzes"
    if paths.lessons.is_relative_to(PACKAGE):
        raise TutorError("This tutor is installed: its own course is not written to.", "", "Name yours: --lessons DIR.")
    return paths.lessons, paths.quizzes


def _tell(made: Iterable[Path], folder: Path) -> int:
    for file in made:
        click.echo(_short(file))
    click.echo(f"What is still to be written: tutor author check {_short(folder)}")
    return 0


def _short(path: Path) -> str:
    """As somebody types it who stands here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
