"""What the tests of the families share: a spec written down, read, and a file graded by it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import tutor
from tests.gradings import changed, said, verdict
from tutor.course import Challenge, read_spec
from tutor.grading import Report
from tutor.learner import Box

NN = Path(tutor.__file__).parent / "nn"


def textbook(module: str, *pairs: tuple[str, str]) -> str:
    """The source of a module of tutor.nn, with changes."""
    return changed((NN / f"{module}.py").read_text(encoding="utf-8"), *pairs)


def spec(family: str, defines: str, options: str = "", more: str = "") -> Challenge:
    """A challenge.toml outside the course that is little more than a family; `defines` are names, spaces between."""
    names = ", ".join(f'"{name}"' for name in defines.split())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "challenge.toml"
        file.write_text(f'id = "mine"\nfamily = "{family}"\ndefines = [{names}]\n{more}\n[options]\n{options}\n')
        return read_spec(file)


def outcome(box: Box, of: Challenge, source: str) -> str:
    """What is said of a file: "passed", or the first wrong result and its verdict."""
    return said(verdict(box, of, source))


def told(report: Report) -> str:
    """For a failed test: what the learner would read."""
    return f"{said(report)}: {report.headline} {report.next_step}"
