"""The learner's file as a module of this very process: for the training worker, which is theirs alone."""

from __future__ import annotations

from tutor import records
from tutor.errors import TutorError
from tutor.learner.classify import cleaned
from tutor.learner.inside import code
from tutor.learner.model import CodeError


class LearnerCodeError(TutorError):
    """The learner's code raised; `error` says where in their file."""

    def __init__(self, error: CodeError) -> None:
        where = f"line {error.line}" if error.line else "your code"
        super().__init__(f"{error.type} in {where}: {error.message}", "", f"Look at {where}." if error.line else "")
        self.error = error


def load_module(source: str, filename: str) -> dict[str, object]:
    """Compile decoded text, run it as the module "solution", and give its names.

    Raises LearnerCodeError for whatever it raises, SystemExit included.
    """
    try:
        return vars(code.load(source, filename, "solution"))
    except BaseException as error:
        raise LearnerCodeError(code_error(error, filename)) from error


def code_error(exc: BaseException, filename: str) -> CodeError:
    """An exception of the learner's code, cut to the lines of their file."""
    return cleaned(records.convert(code.describe(exc, filename), CodeError))
