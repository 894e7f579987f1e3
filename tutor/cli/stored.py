"""The learner's folder, as the commands use it: their progress, and their file for an exercise."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tutor.course import Challenge, starter
from tutor.errors import StoreError
from tutor.learner import Source, WorkFile, read_source, read_stream
from tutor.paths import Paths
from tutor.progress import Store

STDIN = Path("-")
FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)  # - is what is piped in


def nearest_folder(folder: Path) -> Path:
    """The folder itself, or the nearest above it that is there already."""
    return next(place for place in (folder, *folder.parents) if os.path.lexists(place))


def is_writable(folder: Path) -> bool:
    """Whether a file can be made in the folder, or the folder itself where it is not there yet."""
    nearest = nearest_folder(folder)
    return os.path.isdir(nearest) and os.access(nearest, os.W_OK | os.X_OK)  # noqa: PTH112  # never raises


@contextmanager
def open_store(paths: Paths) -> Iterator[Store]:
    """The learner's progress; what could not be stored, or not be read, is said on stderr at the end."""
    store = Store.open(paths)
    try:
        yield store
    finally:
        store.close()
        trouble = store.lost or store.trouble
        if trouble:
            click.echo(trouble, err=True)


def work_file(paths: Paths, challenge: Challenge) -> WorkFile:
    """The learner's file for an exercise."""
    return WorkFile(paths.implementation(challenge.id), paths.backup)


def source_of(paths: Paths, challenge: Challenge, file: Path | None = None) -> Source:
    """What to judge or train: the named file, or the learner's own, made from the starter where there is none yet.

    Raises SourceError where it cannot be read as Python, StoreError where it cannot be made.
    """
    if file == STDIN:
        return read_stream(sys.stdin.buffer, "Standard input")
    if file is not None:
        return read_source(file)
    with writing():
        return work_file(paths, challenge).ensure(starter(challenge))


@contextmanager
def writing() -> Iterator[None]:
    """Where the folder cannot be written, a next step for somebody without a pane to write in."""
    try:
        yield
    except StoreError as error:
        next_step = "Make room, or choose another folder: tutor --user-data DIR."
        raise StoreError(error.title, error.what, next_step) from error
