"""The learner's code: read from their file, run in a box of its own, and handed on as plain data.

Others may use: `read_source` and `decode` (a file to text), `Box` with its jobs and results (text to arrays, in a fresh
process with limits), `WorkFile` (their file on disk, never overwritten without a copy), `printable` (whatever a
learner's program said, made fit for a screen), and `load_module` with `code_error` (the training worker, which runs the
learner's file in its own process).
"""

from __future__ import annotations

from tutor.learner.box import Box
from tutor.learner.load import LearnerCodeError, code_error, load_module
from tutor.learner.model import (
    BoxCase,
    BoxJob,
    BoxResult,
    CaseResult,
    CodeError,
    Fault,
    FaultKind,
    Numeric,
)
from tutor.learner.source import Source, content_hash, decode, encode, read_source
from tutor.learner.text import printable
from tutor.learner.workfile import WorkFile

__all__ = [
    "Box",
    "BoxCase",
    "BoxJob",
    "BoxResult",
    "CaseResult",
    "CodeError",
    "Fault",
    "FaultKind",
    "LearnerCodeError",
    "Numeric",
    "Source",
    "WorkFile",
    "code_error",
    "content_hash",
    "decode",
    "encode",
    "load_module",
    "printable",
    "read_source",
]
