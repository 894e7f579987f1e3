"""The command line: the same functions without a screen, for scripts, classrooms and screen readers.

`main` is the way in, `has_screen` says whether the app can be shown. Exit status: 0 well or passed, 1 the learner's
code fails, 2 wrong usage or an unknown name, 3 a fault of ours, 130 after ctrl+c.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # of our own: what is imported here, ctrl+c still meets with a traceback
if TYPE_CHECKING:
    import click

INTERRUPTED = 130  # 128 + SIGINT
NOBODY_READS = 141  # 128 + SIGPIPE, what any other program ends with


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status; what goes wrong is a sentence on stderr, never a traceback."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `tutor logs 3 | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still in the buffer would complain at the very end
        return NOBODY_READS
    except OSError:  # not even stderr can be written
        return 3


def has_screen() -> bool:
    """Whether the app can be seen and typed to; it draws on stderr, and a redirected stdout asks for text."""
    return all(os.isatty(fd) for fd in (0, 1, 2)) and os.environ.get("TERM", "") not in ("", "dumb")


def _run(arguments: list[str]) -> int:
    context: click.Context | None = None
    try:
        from tutor.cli.group import tutor

        with tutor.make_context("tutor", list(arguments)) as context:
            status = tutor.invoke(context)
        return status if isinstance(status, int) else 0
    except BrokenPipeError:
        raise
    except Exception as error:
        from tutor.cli.failure import explain

        return explain(error, context.obj if context else None)
