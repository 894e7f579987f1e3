"""A file that forges its verdict: it may do in the box what it likes, and never passes without the right arrays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gradings import LINEAR, SIGMOID, changed, lean, said, verdict
from tutor.learner import Box

OUT = "return x @ self.W + self.b"
KEEP = "        self.x = x\n"
WRONG = changed(LINEAR, (OUT, "return x @ self.W - self.b"))


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as box:
        yield box


def at_import(code: str) -> str:
    return code + WRONG


def in_forward(code: str) -> str:
    return changed(WRONG, (KEEP, KEEP + "".join(f"        {line}\n" for line in code.strip().splitlines())))


YES = "lambda *a, **k: True"
# Finds the box's own objects, which hold everything that is known inside: the case, its results, its pipe.
WALK = """
import sys
frame, found = sys._getframe(), {}
while frame:
    me = frame.f_locals.get("self")
    if me is not None and type(me).__module__.startswith("inside"):
        found[type(me).__name__] = me
    frame = frame.f_back
run, whole = found["CaseRun"], found["_Answer"]
"""
STOPPED = {"type": "E", "message": "", "line": None, "column": None, "stage": "setup", "traceback": ""}
NOTHING = {"fault": None, "warnings": [], "defined": ["Linear"]}

FORGERIES = {
    "np.allclose and its kin": at_import(
        f"import numpy as np\nnp.allclose = np.isclose = np.array_equal = np.isfinite = {YES}\n"
        "np.testing.assert_allclose = np.linalg.norm = lambda *a, **k: 0.0\n"
        "np.abs = np.sqrt = np.sum = lambda *a: 0.0\n"
    ),
    "np.random": at_import(
        "import numpy as np\nnp.random.default_rng = np.random.seed = np.random.randn = lambda *a: np.zeros(a)\n"
    ),
    "np.ndarray's own methods": at_import(
        "import numpy as np\nclass Equal(np.ndarray):\n    def __eq__(self, other): return True\n"
        "    def __sub__(self, other): return other * 0\n"
    ).replace(" - self.b", " - self.b.view(Equal)"),
    "builtins": at_import(f"import builtins\nbuiltins.all = builtins.any = {YES}\nbuiltins.abs = lambda x: 0\n"),
    "an array that answers whatever is asked": WRONG.replace(
        "return x @ self.W - self.b",
        "class Right:\n            def __getattr__(self, name): return self\n"
        "            def __call__(self, *a): return self\n"
        "            __array__ = __eq__ = __le__ = __call__\n        return Right()",
    ),
    "the tutor's modules set": at_import(
        "import sys, types\nfor name in ('tutor', 'tutor.grading', 'tutor.grading.judge', 'tutor.grading.norms'):\n"
        f"    sys.modules[name] = module = types.ModuleType(name)\n    module.norm_ratio = module.judge_case = {YES}\n"
    ),
    "the status said aloud": at_import("print('passed'); print('{\"status\": \"passed\"}')\nstatus = 'passed'\n"),
    "the case's error set, its results held back": in_forward(
        f"{WALK}\ntype(run)._collect = lambda *a: None\nrun.fields['error'] = {STOPPED}"
    ),
    "the case's results emptied": in_forward(f"{WALK}\ntype(run)._collect = lambda *a: None"),
    "no cases at all": in_forward(f"{WALK}\ntype(whole)._fields = lambda self, d: {NOTHING} | dict(cases=[])"),
    "a case forgotten": in_forward(
        f"{WALK}\ntype(whole)._fields = lambda self, d: {NOTHING} | dict(cases=self.cases[:-1])"
    ),
    "the stages made empty": in_forward(f"{WALK}\ntype(run)._stages = lambda *a: True"),
    "the right values that are fed, for all": in_forward(f"{WALK}\nif run.right: return run.right['a1']"),
    "the arrays of the case": in_forward(f"{WALK}\nreturn np.zeros((len(x), self.W.shape[1])) + run.arrays['b']"),
    "a second call that leaves nothing": changed(
        in_forward(
            f"{WALK}\nif run.fields['results'].get('out'):\n    type(run)._collect = lambda *a: None\n    x = x * 2"
        ),
        ("- self.b", "+ self.b"),
    ),
    "an answer written by hand": in_forward(
        f"""{WALK}
import os
from importlib import import_module
wire = type(run).run.__globals__["wire"]
case = dict(run.fields, results={{}}, second={{}}, inputs_after={{}}, numeric={{}}, error={STOPPED})
answer = dict(fault=None, cases=[case] * len(whole.job["cases"]), warnings=[], defined=["Linear"])
for piece in wire.pieces(answer, []):
    os.write(3, piece)
os._exit(0)"""
    ),
    "an answer of NaN": WRONG.replace("x @ self.W - self.b", "np.full((len(x), self.W.shape[1]), np.nan)"),
    "an answer of infinities": WRONG.replace("x @ self.W - self.b", "np.full((len(x), self.W.shape[1]), np.inf)"),
    "an answer of 1e308": WRONG.replace("x @ self.W - self.b", "np.full((len(x), self.W.shape[1]), 1.7e308)"),
    "an answer that broadcasts": WRONG.replace("x @ self.W - self.b", "np.zeros((len(x), 0))"),
    "an answer of nothing": WRONG.replace("x @ self.W - self.b", "np.zeros((0, self.W.shape[1]))"),
}


@pytest.mark.parametrize("source", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_file_never_passes(box: Box, source: str) -> None:
    report = verdict(box, lean("linear_scratch"), source)

    assert report.status in ("failed", "could_not_run")
    assert report.headline and "Passed" not in report.headline
    assert not report.events("06-linear-layer")[1:]


@pytest.mark.parametrize(
    "forged",
    [
        "the case's error set, its results held back",
        "the case's results emptied",
        "an answer written by hand",
        "a second call that leaves nothing",
    ],
)
def test_a_forgery_reaches_what_it_is_after(box: Box, forged: str) -> None:
    """Else it would prove nothing: the file runs, no fault is seen, and what it holds back is what fails it."""
    report = verdict(box, lean("linear_scratch"), FORGERIES[forged])

    assert report.fault is None
    assert {check.verdict for check in report.checks} <= {"not_reached", "missing", "unstable", "mutated", "right"}


def test_the_values_that_are_fed_do_not_stand_for_the_pass(box: Box) -> None:
    """The box knows two intermediates of the sigmoid layers; a file that hands these back has the others to make."""
    walk = "".join(f"        {line}\n" for line in WALK.strip().splitlines())
    forged = changed(
        SIGMOID,
        ("        self.x = x\n", f"        self.x = x\n{walk}"),
        ("self.a = 1 / (1", "self.a = run.right['a1'] if x.shape == run.arrays['x'].shape else 0 / (1"),
    )
    report = verdict(box, lean("backprop_fill"), forged)

    assert [check.verdict for check in report.checks[:2]] == ["right", "wrong_value"]
    assert report.status == "failed"


@pytest.mark.parametrize(
    "code", ["import tutor\n", "from tutor.nn.linear import Linear\n", "__import__('tutor.grading')\n"]
)
def test_the_tutor_cannot_be_imported(box: Box, code: str) -> None:
    report = verdict(box, lean("linear_scratch"), code)

    assert report.headline.startswith("Your code stopped in line 1 with ModuleNotFoundError: the tutor itself cannot")


def test_a_patched_numpy_in_one_check_is_no_patch_in_the_next(box: Box) -> None:
    verdict(box, lean("linear_scratch"), FORGERIES["np.allclose and its kin"])

    assert said(verdict(box, lean("linear_scratch"), WRONG)) == "out wrong_value"
    assert verdict(box, lean("linear_scratch"), LINEAR).passed
