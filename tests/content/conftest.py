"""A small course of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

import tutor.authoring.runs
from tests.small_course import fake_grade, write_course
from tutor.grading import Prepared
from tutor.paths import Paths


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A course that is right, and a grader that says what a file asks it to."""
    monkeypatch.setattr(tutor.authoring.runs, "grade", fake_grade)
    monkeypatch.setattr(tutor.authoring.runs, "prepare", lambda challenge, box, seed: Prepared(seed, {}))
    return write_course(tmp_path.resolve())
