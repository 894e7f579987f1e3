"""The family `autograd` on an engine that is half written, on operators that stop, and on a walk along every path."""

from __future__ import annotations

import pytest

from tests.family_specs import family, outcome
from tests.gradings import changed, verdict
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


# As the lesson's growing engine does it: plain numbers are not wrapped by +, and most is still to be written.
GROWING = """
class Value:
    def __init__(self, data, sources=()):
        self.data, self.grad, self.sources = data, 0.0, sources

    def __add__(self, other):
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def __pow__(self, n):
        return Value(self.data**n, ((self, n * self.data ** (n - 1)),))

    def exp(self):
        pass

    def tanh(self):
        return Value(0.5, "no pairs")

    def backward(self):
        order = []
        def visit(node):
            if node not in order:
                for source, _ in node.sources:
                    visit(source)
                order.append(node)
        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for source, slope in node.sources:
                source.grad += slope * node.grad
"""


def test_an_operation_that_stops_takes_nothing_else_with_it(box: Box) -> None:
    report = verdict(box, family("autograd", "Value"), GROWING)
    checks = {check.name: check for check in report.checks}
    assert report.status == "failed"
    assert not any(check.verdict == "not_reached" for check in report.checks)
    right = ("add", "grad_add", "mul", "grad_mul", "pow", "grad_pow", "mul_number", "pow_at_zero", "grad_pow_at_zero")
    graphs = ("grad_square", "grad_diamond", "grad_two_depths", "grad_ladder", "grad_chain", "grad_zeroed")
    assert {checks[name].verdict for name in (*right, *graphs, "grad_not_zeroed")} == {"right"}
    line = GROWING.splitlines().index("        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))") + 1
    assert checks["add_number"].sentence == (
        f"add_number is missing: a + 2 stopped in line {line} with AttributeError: "
        "'int' object has no attribute 'data'."
    )
    assert checks["number_mul"].sentence == (
        "number_mul is missing: 3 * a stopped with TypeError: unsupported operand type(s) for *: 'int' and 'Value'."
    )
    assert checks["exp"].sentence == (
        "exp is missing: a.exp() stopped with AttributeError: 'NoneType' object has no attribute 'data'."
    )
    assert checks["grad_tanh"].sentence.startswith("grad_tanh is missing: backward of a.tanh() stopped in line ")
    assert "ValueError: not enough values to unpack" in checks["grad_tanh"].sentence


def test_a_power_rule_that_divides_by_the_number_is_seen_at_zero(box: Box) -> None:
    powers = family("autograd", "Value", operators={"add": "a + b", "pow": "a ** 3"}, numbers=False, left=False)
    divided = changed(GROWING, ("n * self.data ** (n - 1)", "n * self.data**n / self.data"))
    report = verdict(box, powers, divided)
    assert report.headline.startswith("pow_at_zero is missing: a ** 2 at 0 stopped in line ")
    assert report.headline.endswith("with ZeroDivisionError: float division by zero.")
    in_numpy = "import numpy as np\n" + changed(divided, ("0.0, sources", "0.0, sources; self.data = np.float64(data)"))
    assert outcome(box, powers, in_numpy) == "grad_pow_at_zero non_finite"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("class Value:", "class Value:\n    seen = nothing", "could_not_run exception"),
        ("        self.data, self.grad", "        self.nothing; self.data, self.grad", "could_not_run exception"),
        ("        self.grad = 1.0", "        while True: pass", "could_not_run timeout"),
        ("        self.grad = 1.0", "        raise MemoryError", "could_not_run memory"),
        ("        self.grad = 1.0", "        raise SystemExit", "could_not_run exited"),
    ],
)
def test_what_is_wrong_with_all_of_it_still_stops_all_of_it(box: Box, old: str, new: str, said: str) -> None:
    assert outcome(box, family("autograd", "Value", **SUMS), changed(GROWING, (old, new))) == said


def test_a_walk_along_every_path_ends_in_the_stress_tier(box: Box) -> None:
    head, _, _ = HALF.partition("    def __mul__")
    source = head + ALONG_EVERY_PATH
    assert outcome(box, family("autograd", "Value", **SUMS), source) == "passed"
    report = verdict(box, family("autograd", "Value", **SUMS, doublings=40), source)
    assert report.status == "could_not_run"
    assert report.fault is not None
    assert report.fault.kind == "timeout"
    assert report.tiers["edge"].right == report.tiers["edge"].total > 0
