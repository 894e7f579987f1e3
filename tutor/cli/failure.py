"""What went wrong, in a sentence on stderr; the traceback of a fault of ours goes to a file that the sentence names."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

import click

from tutor.errors import BoxError, ContentError, TutorError
from tutor.paths import Paths

USAGE, OURS = 2, 3
LONGEST = 300  # characters of a foreign exception's message


def explain(error: Exception, paths: Paths | None) -> int:
    """Say what went wrong and return the exit status: 2 where the learner can change it, 3 where the fault is ours."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.UsageError():
            _say(_usage(error))
            return USAGE
        case click.ClickException():
            _say(error.format_message())
            return USAGE
        case BoxError():
            _say(f"{error} This is a fault of the tutor, not of your code.")
            return OURS
        case ContentError():
            _say(f"{error}. This file of the course cannot be used; the rest works.")
            return OURS
        case TutorError():
            _say(str(error))
            return USAGE
        case _:
            _say(_unexpected(error, paths))
            return OURS


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _usage(error: click.UsageError) -> str:
    message = error.format_message()
    if error.ctx is None:
        return message
    return f"{message} `{error.ctx.command_path} --help` says more."


def _unexpected(error: Exception, paths: Paths | None) -> str:
    from tutor.learner import printable

    what = printable(f"{type(error).__name__}: {error}".strip().rstrip(":.")).replace("\n", " ")[:LONGEST]
    kept = _keep(error, paths)
    where = f"the details, for a report, are in {kept}" if kept else "its details could not be stored anywhere"
    return f"The tutor failed ({what}); what you saved is kept, and {where}."


def _keep(error: Exception, paths: Paths | None) -> Path | None:
    """Write the traceback to a new file in the learner's folder, else in the one for temporary files."""
    facts = f"Python {platform.python_version()} on {platform.platform()}\ntutor {' '.join(sys.argv[1:])}\n\n"
    text = facts + "".join(traceback.format_exception(error))
    name = f"tutor-error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in ([paths.user_data] if paths else []) + _temporary():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue  # a full or unwritable folder may be the very reason
        return folder / name
    return None


def _temporary() -> list[Path]:
    try:
        return [Path(tempfile.gettempdir())]
    except OSError:  # none can be written
        return []
