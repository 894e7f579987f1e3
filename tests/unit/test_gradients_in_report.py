"""A Report whose numeric gradient was made for a few entries only."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from tests.gradings import LINEAR, changed, lean, row, verdict
from tutor.grading.numeric import FIRST_CELLS, add_numeric, shown_entries
from tutor.learner import Box, CaseResult


def test_what_was_made_is_shown_and_nothing_stands_where_it_was_not() -> None:
    exercise = lean("linear_scratch")
    with Box() as box:
        wrong = changed(LINEAR, ("self.x.T @ grad_output", "2 * self.x.T @ grad_output"))
        report = verdict(box, exercise, wrong)
    entries = shown_entries(exercise, report.checks)
    grad_W = row(report, "grad_W")
    assert grad_W.worst is not None
    assert set(entries) == {"W", "b", "x"}
    assert entries["W"][0] == grad_W.worst.index
    assert (0, 0) in entries["W"] and len(entries["W"]) <= FIRST_CELLS + 1

    numeric: dict[str, Any] = {"W": np.full(grad_W.expected_shape, np.nan)}
    for index in entries["W"]:
        numeric["W"][index] = 0.5
    own = CaseResult({}, {}, {}, {}, {}, None, numeric, "complex step")
    final = add_numeric(exercise, report, report.checks, own)
    worst = row(final, "grad_W").worst
    assert worst is not None and worst.numeric == 0.5
    (shown,) = [tensor.numeric for tensor in final.tensors if tensor.name == "grad_W"]
    cells = np.array(shown, dtype=object)
    assert sum(cell is None for cell in cells.flat) == cells.size - len(entries["W"])
    assert b"NaN" not in msgspec.json.encode(final)
    numeric["W"][:] = np.nan
    unmade = row(add_numeric(exercise, report, report.checks, own), "grad_W").worst
    assert unmade is not None and unmade.numeric is None
