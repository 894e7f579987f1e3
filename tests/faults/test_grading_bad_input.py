"""Files that cannot be judged: a sentence that names it, a next step, and the next check works."""

from __future__ import annotations

import msgspec
import pytest

from tests.gradings import LINEAR, SIGMOID, changed, last_report, lean
from tutor.course import Limits
from tutor.grading import grade
from tutor.learner import Box

KEEP = "self.x = x"


@pytest.mark.parametrize(
    ("source", "headline", "next_step"),
    [
        ("", "Your file is empty.", "The exercise asks for Linear, under this very name."),
        (" \n\n", "Your file is empty.", "The exercise asks for Linear, under this very name."),
        ("import numpy as np\n", "Your file defines no Linear.", "The exercise asks for Linear, under this very name."),
        (LINEAR.replace("class Linear", "class linear"), "Your file defines no Linear.", "under this very name."),
        (LINEAR[: LINEAR.index("+ self.b") + 1], "Line 11, column ", "Python cannot read the file until that is"),
        ("class Linear:\n    def forward(self, x)\n", "Line 2, column ", "Python cannot read the file"),
        ("x = 1\n'\ud800'\n", "Line 2: half a character stands here", "Python cannot read the file"),
        ("x = 1\n\0", "Your file: ", "Python cannot read the file"),
        ("import numpyy\n", "Your file imports numpyy in line 1, which is not installed here.", "Take the import out"),
        ("Linear = 3\n", "Your code stopped in the setup step with TypeError: 'int' object is not callable.", ""),
        (changed(LINEAR, ("(self, n_in, n_out)", "(self)")), "Your code stopped in the setup step with TypeError", ""),
        (changed(LINEAR, ("def backward", "def back")),
         "Your code stopped in the backward step with AttributeError: 'Linear' object has no attribute 'backward'", ""),
        (changed(LINEAR, (KEEP, "while True: pass")), "Your code was still running after 0.5 s", "never ends"),
        (changed(LINEAR, (KEEP, "while len(x) == 7: pass\n        self.x = x")),
         "so it was stopped. The basic and edge cases hold; this shows in the stress tier.", "never ends"),
        (changed(LINEAR, (KEEP, "import sys; sys.exit(0)")), "Your code left the program early (sys.exit).", ""),
        (changed(LINEAR, (KEEP, "import os; os._exit(0)")), "Your code ended the program before it could be", ""),
        (changed(LINEAR, (KEEP, "while True: print('on' * 9999)")),
         "Your code printed without end, so it was stopped.", "print"),
        (changed(LINEAR, (KEEP, "np.zeros((100, 1024, 1024, 1024 // 8))")),
         "Your code ran out of memory: it asked for 100. GiB for an array of shape (100, 1024, 1024, 128).", "sizes"),
        (changed(LINEAR, (KEEP, "self.forward(x)")), "Your code stopped in line 10 with RecursionError", "line 10"),
        (changed(LINEAR, (KEEP, "raise KeyboardInterrupt")), "Your code stopped in line 10 with KeyboardInterrupt", ""),
        (changed(LINEAR, (KEEP, "input()")), "Your code waits for the keyboard in line 10", "Take input() and"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_the_next_check_works(box: Box, source: str, headline: str, next_step: str) -> None:
    exercise = msgspec.structs.replace(lean("linear_scratch"), limits=Limits(seconds=0.5))
    report = last_report(box, exercise, source)

    assert report.status == "could_not_run"
    assert headline in report.headline
    assert next_step in report.next_step
    assert all(check.verdict in ("not_reached", "right") for check in report.checks)
    assert next(grade(lean("linear_scratch"), LINEAR, box)).status == "right_so_far"


def test_what_a_file_prints_is_shown(box: Box) -> None:
    report = last_report(box, lean("linear_scratch"), changed(LINEAR, (KEEP, "self.x = x; print(x.shape)")))

    assert report.passed
    assert report.output.startswith("(5, 4)\n(5, 4)\n")
    assert not report.output_cut


def test_a_numerical_warning_is_told_with_its_line(box: Box) -> None:
    report = last_report(box, lean("backprop_fill"), SIGMOID)

    assert report.passed
    assert report.warnings == ("overflow encountered in exp (line 11)",)
