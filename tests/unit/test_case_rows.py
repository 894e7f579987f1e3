"""What became of each case, and which case printed what."""

from __future__ import annotations

import pytest

from tests.gradings import LINEAR, SEED, challenge, changed, last_report, verdict
from tutor.course import Drive
from tutor.grading import Report
from tutor.learner import Box, BoxJob
from tutor.tui.screens import output_view
from tutor.tui.screens.tiers_view import tiers_page

EXERCISE = challenge("linear_scratch")
PRINTS = changed(
    LINEAR,
    ("import numpy as np\n", "import numpy as np\nprint('read')\n"),
    ("    def forward(self, x):\n", "    def forward(self, x):\n        print('batch of', len(x))\n"),
)


def test_every_case_is_told_with_what_it_proves(box: Box) -> None:
    report = last_report(box, EXERCISE, LINEAR)
    assert [(row.tier, row.proves) for row in report.cases] == [
        (tier, case.proves) for tier in ("basic", "edge", "stress") for case in EXERCISE.cases(tier)
    ]
    assert all(row.right and row.judged == row.draws for row in report.cases)
    page = tiers_page(report, 70).plain
    assert "✗" not in page and all(row.proves in page for row in report.cases)


def test_a_failing_case_names_its_first_wrong_result(box: Box) -> None:
    source = changed(LINEAR, ("grad_output.sum(axis=0)", "grad_output.sum(axis=0) * (len(grad_output) > 1)"))
    report = verdict(box, EXERCISE, source, SEED)
    wrong = [row for row in report.cases if row.judged and not row.right]
    assert [row.proves for row in wrong] == ["a batch of one"]
    assert wrong[0].name == "grad_b" and wrong[0].verdict == "wrong_value"
    stress = [row for row in report.cases if row.tier == "stress"]
    assert stress and not any(row.judged or row.right for row in stress)
    page = tiers_page(report, 70)
    assert "a batch of one" in page.plain and wrong[0].sentence[:40] in page.plain
    assert "waits until what stands above is right" in page.plain
    assert all(line.cell_length <= 70 for line in page.split("\n"))


def test_a_case_in_which_the_code_stops_says_where(box: Box) -> None:
    source = changed(LINEAR, ("    def forward(self, x):\n", "    def forward(self, x):\n        assert len(x) > 1\n"))
    row = next(row for row in verdict(box, EXERCISE, source, SEED).cases if row.proves == "a batch of one")
    assert not row.right and row.name == "" and "AssertionError" in row.sentence


def test_what_each_case_printed_stands_apart_the_shown_one_first(box: Box) -> None:
    report = last_report(box, EXERCISE, PRINTS)
    first, shown, *others = report.outputs
    assert (first.tier, first.text) == (None, "read\n")
    assert shown.tier == "basic" and set(shown.text.split("\n")) == {"batch of 5", ""}
    batch = next(output for output in others if output.case == "a batch of one")
    assert set(batch.text.split("\n")) == {"batch of 1", ""}
    assert not any(output.second_call for output in report.outputs)  # it printed the same once more
    assert report.output.startswith("read\nbatch of 5\n") and "\x1d" not in report.output
    page = output_view.output(report).plain
    assert page.index("printed while your file was read") < page.index("basic · ") < page.index("edge · a batch of one")


def test_the_failing_case_comes_first(box: Box) -> None:
    source = changed(PRINTS, ("grad_output.sum(axis=0)", "grad_output.sum(axis=0) * (len(grad_output) > 1)"))
    report = verdict(box, EXERCISE, source, SEED)
    assert [output.case for output in report.outputs][:2] == ["", "a batch of one"]


def test_a_second_call_that_prints_something_else_is_told(box: Box) -> None:
    counting = "        self.n = getattr(self, 'n', 0) + 1\n        print('call', self.n)\n"
    source = changed(
        LINEAR, ("    def backward(self, grad_output):\n", f"    def backward(self, grad_output):\n{counting}")
    )
    shown = [output for output in last_report(box, EXERCISE, source).outputs if output.tier == "basic"]
    (first, once), (second, again) = [(set(output.text.split()), output.second_call) for output in shown]
    assert (once, again) == (False, True) and "1" in first and second == {"call", "2"}


@pytest.mark.parametrize("stops", ["", "; raise ValueError"])
def test_a_batch_that_is_not_judged_is_told_only_where_the_code_stopped_in_it(box: Box, stops: str) -> None:
    head = "    def forward(self, x):\n"
    source = changed(LINEAR, (head, f"{head}        print('forward', len(x)){stops}\n"))
    (shown,) = [output for output in last_report(box, EXERCISE, source).outputs if output.tier == "basic"]
    assert (shown.text, shown.second_call) == ("forward 5\n", False)


def test_what_endless_code_printed_is_kept_by_case(box: Box) -> None:
    report: Report = verdict(box, EXERCISE, changed(PRINTS, ("print('batch of'", "while True: print('batch of'")), SEED)
    assert report.status == "could_not_run" and report.output_cut
    assert "\x1d" not in report.output and report.outputs[-1].text.startswith("batch of 5\n")
    page = output_view.output(report).plain
    assert "the beginning of it" in page and page.count("\n") < output_view.LINES + 10


ARRAYS = "import numpy as np\nprint(np.full((2, 9), 1 / 3))\n"


@pytest.mark.parametrize(
    "source", [ARRAYS, "import numpy as np\nnp.set_printoptions(precision=2)\nprint(np.pi * np.ones(1))"]
)
def test_printed_arrays_have_four_digits_and_lines_that_fit_unless_the_code_says_otherwise(
    box: Box, source: str
) -> None:
    empty = Drive(setup="", forward="")
    output = box.run(BoxJob(source=source, filename="f.py", drive=empty, cases=(), columns=40)).output
    if source is ARRAYS:
        assert max(map(len, output.split("\n"))) <= 40 and "0.3333" in output and "0.33333" not in output
    else:
        assert output == "[3.14]\n"
