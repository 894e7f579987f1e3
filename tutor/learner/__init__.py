"""The learner's code: read from their file, run in a box of its own, and handed on as plain data.

Others may use: `read_source`, `read_stream` and `decode` (a file to text), `settled_contents` (a file to its contents,
save by save), `Box` with its jobs and results (text to arrays, in a fresh process with limits), `WorkFile` (their file
on disk, never overwritten without a copy) with its `Versions`, `merge` (two versions and what both began with),
`printable` and `shown_path` (whatever a learner's program said, or a file is called, made fit for a screen), and
`load_module` with `code_error` (the training worker, which runs the learner's file in its own process). `derivatives`,
numeric derivatives as they are made in the box, and `sweep_direction`, along which a Sweep goes, are loaded when first
asked for, and NumPy with them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tutor.learner.box import Box
from tutor.learner.load import LearnerCodeError, code_error, load_module
from tutor.learner.merging import Piece, merge, merged
from tutor.learner.model import (
    BoxCase,
    BoxJob,
    BoxResult,
    CaseResult,
    CodeError,
    Fault,
    FaultKind,
    Numeric,
    Printed,
    Sweep,
)
from tutor.learner.source import Source, content_hash, decode, encode, read_source, read_stream
from tutor.learner.text import printable, shown_path
from tutor.learner.versions import Graded, Version, Versions, ago
from tutor.learner.watching import Found, look, settled_contents
from tutor.learner.workfile import WorkFile

if TYPE_CHECKING:
    from tutor.learner.inside import derivatives
    from tutor.learner.inside.sweep import direction as sweep_direction

__all__ = [
    "Box",
    "BoxCase",
    "BoxJob",
    "BoxResult",
    "CaseResult",
    "CodeError",
    "Fault",
    "FaultKind",
    "Found",
    "Graded",
    "LearnerCodeError",
    "Numeric",
    "Piece",
    "Printed",
    "Source",
    "Sweep",
    "Version",
    "Versions",
    "WorkFile",
    "ago",
    "code_error",
    "content_hash",
    "decode",
    "derivatives",
    "encode",
    "load_module",
    "look",
    "merge",
    "merged",
    "printable",
    "read_source",
    "read_stream",
    "settled_contents",
    "shown_path",
    "sweep_direction",
]


def __getattr__(name: str) -> object:
    if name == "derivatives":
        return import_module("tutor.learner.inside.derivatives")
    if name == "sweep_direction":
        return import_module("tutor.learner.inside.sweep").direction
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
