"""The family `autograd` on an engine that is half written, and on one that walks along every path."""

from __future__ import annotations

from tests.family_specs import family, outcome
from tests.gradings import verdict
from tutor.learner import Box

HALF = """
class Value:
    def __init__(self, data, sources=()):
        self.data, self.grad, self.sources = data, 0.0, sources

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    __radd__ = __add__

    def __mul__(self, other):
        raise NotImplementedError("* is empty")

    __rmul__ = __mul__

    def backward(self):
        raise NotImplementedError("backward is empty")
"""
ALONG_EVERY_PATH = """
    def backward(self, message=1.0):
        self.grad += message
        for source, slope in self.sources:
            source.backward(slope * message)
"""
SUMS: dict[str, object] = {"operators": {"add": "a + b"}}


def test_what_is_written_is_judged_and_what_is_not_says_so(box: Box) -> None:
    report = verdict(box, family("autograd", "Value", operators={"add": "a + b", "mul": "a * b"}), HALF)
    checks = {check.name: check for check in report.checks}
    assert report.headline == "grad_add is missing: backward is empty."
    assert checks["add"].verdict == "right"
    assert checks["mul"].verdict == "missing"
    assert "* is empty" in checks["mul"].sentence
    assert checks["grad_zeroed"].verdict == "missing"


def test_a_walk_along_every_path_ends_in_the_stress_tier(box: Box) -> None:
    head, _, _ = HALF.partition("    def __mul__")
    source = head + ALONG_EVERY_PATH
    assert outcome(box, family("autograd", "Value", **SUMS), source) == "passed"
    report = verdict(box, family("autograd", "Value", **SUMS, doublings=40), source)
    assert report.status == "could_not_run"
    assert report.fault is not None
    assert report.fault.kind == "timeout"
    assert report.tiers["edge"].right == report.tiers["edge"].total > 0
