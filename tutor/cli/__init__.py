"""The command line: the same functions without a screen, for scripts, classrooms and screen readers.

`main` is the only way in. Exit status: 0 well or passed, 1 the learner's code fails, 2 wrong usage or an unknown name,
3 a fault of ours.
"""

from __future__ import annotations

import sys


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status; errors are one sentence on stderr."""
    import click

    from tutor.cli.group import tutor
    from tutor.errors import BoxError, TutorError

    try:
        result = tutor.main(args=arguments, prog_name="tutor", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except BoxError as error:
        print(f"{error}\nThis is a fault of the tutor, not of your code. `tutor doctor` says more.", file=sys.stderr)
        return 3
    except TutorError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # `tutor logs | head`: nobody reads on
        sys.stderr.close()
        return 0
    return result if isinstance(result, int) else 0
