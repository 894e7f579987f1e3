"""What the contract says of results: labels, whole numbers, the reference's own lines, limits and sentences."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.gradings import SEED, changed, exercise, last_report, row, said
from tutor.errors import BoxError
from tutor.grading import grade
from tutor.learner import Box

# ── labels, and a stable softmax ─────────────────────────────────────────────────────────────────────────────────────

LOSS = """
arrays = { logits = ["N", "C"], labels = ["N"] }
draws = { labels = "labels(C)" }

[drive]
setup = ""
forward = "loss, grad = softmax_cross_entropy(logits, labels)"
results.forward = { loss = ["loss"], grad = ["grad"], picks = ["np.argmax(logits, axis=1)"] }

[judge]
reference = "tutor.nn.softmax_cross_entropy"
loss = "loss"
results = { loss = "value", grad = "d/dlogits", picks = "value" }
terms = { grad = "np.ones_like(logits) / len(logits)" }

[judge.drive]
setup = ""
forward = "loss, grad = SoftmaxCrossEntropy().forward(logits, labels)"
results.forward = { loss = ["loss"], grad = ["grad"], picks = ["np.argmax(logits, axis=1)"] }

[[basic]]
proves = "five samples of three classes"
sizes = { N = 5, C = 3 }

[[edge]]
proves = "extreme logits"
sizes = { N = 5, C = 3 }
fill = { logits = "extreme" }

[[edge]]
proves = "float32 logits"
sizes = { N = 5, C = 3 }
dtype = "float32"
"""
SOFTMAX = """
import numpy as np

def softmax_cross_entropy(logits, labels):
    assert labels.dtype == np.int64 and labels.shape == (len(logits),)
    z = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = -(z[range(len(z)), labels] - np.log(np.exp(z).sum(axis=1))).mean()
    grad = p.copy()
    grad[range(len(p)), labels] -= 1
    return loss, grad / len(p)
"""


def test_labels_stay_whole_numbers_in_every_case(box: Box) -> None:
    report = last_report(box, exercise(LOSS), SOFTMAX)
    grad = row(report, "grad")

    assert report.passed, report.headline
    assert grad.worst is not None and grad.worst.numeric == pytest.approx(grad.worst.expected, rel=1e-5)


@pytest.mark.parametrize(
    ("pairs", "first", "headline"),
    [
        ((("- logits.max(axis=1, keepdims=True)", ""),), "loss non_finite", "This shows with extreme logits."),
        ((("p.copy()", "p.copy(); labels[:] = 0"),), "labels mutated", "Your code changed labels in place"),
        ((("labels] -= 1", "labels - 1] -= 1"),), "grad wrong_value", "of its 15 values are wrong"),
        (((").mean()", ").sum()"),), "loss wrong_value", "loss is 5 (the batch size) times"),
        ((("return loss,", "return loss + 1e-3,"),), "loss wrong_value", "loss is "),
        ((("loss = -(", "loss = ("),), "loss wrong_value", "loss is -"),
    ],
)
def test_a_wrong_loss_is_refused(box: Box, pairs: tuple[tuple[str, str], ...], first: str, headline: str) -> None:
    report = last_report(box, exercise(LOSS), changed(SOFTMAX, *pairs))

    assert said(report) == first
    assert headline in report.headline


# ── whole numbers and truth values as results ────────────────────────────────────────────────────────────────────────

CHECKER = """
arrays = { a = ["N"], b = ["N"] }

[drive]
setup = ""
forward = "same, other, count = agree(a, a), agree(a, b), how_many(a)"
results.forward = { same = ["same"], other = ["other"], count = ["count"] }

[judge]
reference = "reference.py"
results = { same = "value", other = "value", count = "value" }
says = { other = "Your check accepts a gradient that is wrong." }

[[basic]]
proves = "five entries"
sizes = { N = 5 }
"""
AGREE = """
import numpy as np

def agree(a, b):
    return np.abs(a - b).max() < 1e-6

def how_many(a):
    return len(a)
"""


@pytest.mark.parametrize(
    ("pairs", "headline"),
    [
        ((), "Passed: all 3 results are right in every tier."),
        (
            (("return np.abs", "return bool(np.abs"), ("1e-6", "1e-6)")),
            "Passed: all 3 results are right in every tier.",
        ),
        ((("return len(a)", "return float(len(a))"),), "Passed: all 3 results are right in every tier."),
        ((("< 1e-6", "> 1e-6"),), "same is False, expected True."),
        ((("< 1e-6", "< 1e6"),), "Your check accepts a gradient that is wrong."),
        ((("return len(a)", "return len(a) - 1"),), "count is 4, expected 5."),
        ((("return len(a)", "return 'five'"),), "count is a str, expected a NumPy array of floats."),
    ],
)
def test_truth_values_and_whole_numbers_are_results_too(
    box: Box, tmp_path: Path, pairs: tuple[tuple[str, str], ...], headline: str
) -> None:
    (tmp_path / "reference.py").write_text(AGREE, encoding="utf-8")
    report = last_report(box, exercise(CHECKER, tmp_path), changed(AGREE, *pairs))

    assert report.headline == headline


# ── lines of the reference's own, shapes as expressions, values ──────────────────────────────────────────────────────

TRANSPOSED = """
arrays = { x = ["N", "n_in"], W = ["n_in * 2 - n_in", "n_out"], b = ["n_out"], g = ["N", "n_out"] }

[drive]
setup = ""
forward = "out, cache = forward({'W': W.T, 'b': b}, x, scale=scale, mode=mode)"
backward = "grads = backward(g, cache)"
results.forward.out = ["out"]
results.backward = { grad_W = ["grads['W'].T"], grad_b = ["grads['b']"] }

[judge]
reference = "tutor.nn.linear"
output = "out"
upstream = "g"
results = { out = "value", grad_W = "d/dW", grad_b = "d/db" }

[judge.drive]
setup = "layer = Linear(n_in, n_out); layer.W, layer.b = W * scale, b"
forward = "out = layer.forward(x)"
backward = "layer.backward(g)"
results.forward.out = ["out"]
results.backward = { grad_W = ["layer.grad_W * scale"], grad_b = ["layer.grad_b"] }

[[basic]]
proves = "five samples"
sizes = { N = 5, n_in = 4, n_out = 3 }
values = { scale = 0.5, mode = "train" }
"""
FUNCTIONS = """
def forward(params, x, scale, mode):
    assert mode == "train"
    return scale * x @ params["W"].T + params["b"], (x, scale)

def backward(g, cache):
    x, scale = cache
    return {"W": scale * g.T @ x, "b": g.sum(axis=0)}
"""


def test_the_reference_is_driven_by_lines_of_its_own(box: Box) -> None:
    assert last_report(box, exercise(TRANSPOSED), FUNCTIONS).passed
    wrong = last_report(box, exercise(TRANSPOSED), changed(FUNCTIONS, ("scale * g.T @ x", "(scale * g.T @ x).T")))
    assert said(wrong) == "grad_W wrong_shape"


# ── results that not every case has ──────────────────────────────────────────────────────────────────────────────────

DEPTHS = """
arrays = { x = ["N"], a = ["N"] }

[drive]
setup = ""
forward = "outs = chain(x, a, depth)"
results.forward = { one = ["outs[0]"], two = ["outs[1]"], three = ["outs[2] if depth > 2 else None"] }

[judge]
reference = "reference.py"
results = { one = "value", two = "value", three = "value" }

[[basic]]
proves = "two steps"
sizes = { N = 5 }
values = { depth = 2 }

[[edge]]
proves = "one step"
sizes = { N = 5 }
values = { depth = 1 }

[[stress]]
proves = "three steps"
sizes = { N = 5 }
values = { depth = 3 }
"""
CHAIN = """
def chain(x, a, depth):
    outs = [x * a]
    while len(outs) < depth:
        outs.append(outs[-1] * a)
    return outs
"""


@pytest.mark.parametrize("reversed_tiers", [False, True])
def test_a_result_is_judged_in_the_cases_that_have_it(box: Box, tmp_path: Path, reversed_tiers: bool) -> None:
    (tmp_path / "reference.py").write_text(CHAIN, encoding="utf-8")
    own = exercise(DEPTHS, tmp_path)
    if reversed_tiers:
        own = msgspec.structs.replace(own, basic=own.stress, stress=own.basic)
    first, *_, last = grade(own, CHAIN, box, seed=SEED)

    assert last.passed, last.headline
    assert [count.total for count in last.tiers.values()] == ([3, 1, 2] if reversed_tiers else [2, 1, 3])
    assert all(count.right == count.total for count in last.tiers.values())
    assert {check.name for check in first.checks} == ({"one", "two", "three"} if reversed_tiers else {"one", "two"})


def test_a_result_that_only_the_deepest_case_has_is_judged_there(box: Box, tmp_path: Path) -> None:
    (tmp_path / "reference.py").write_text(CHAIN, encoding="utf-8")
    wrong = changed(CHAIN, ("outs.append(outs[-1] * a)", "outs.append(outs[-1] * (a if len(outs) < 2 else 1))"))
    report = last_report(box, exercise(DEPTHS, tmp_path), wrong)

    assert said(report) == "three wrong_value"
    assert report.headline.endswith("This shows with three steps.")


def test_a_result_that_no_case_has_is_a_fault_of_the_exercise(box: Box, tmp_path: Path) -> None:
    (tmp_path / "reference.py").write_text(CHAIN.replace("< depth", "< min(depth, 2)"), encoding="utf-8")

    with pytest.raises(BoxError, match=r"The reference of own gives no three\..*list index out of range"):
        list(grade(exercise(DEPTHS, tmp_path), CHAIN, box))


# ── limits and sentences of their own ────────────────────────────────────────────────────────────────────────────────


def test_an_estimate_is_judged_within_its_own_limit(box: Box, tmp_path: Path) -> None:
    text = """
arrays = { x = ["N"] }
[drive]
setup = ""
forward = "slope = slope_of(lambda v: (v ** 3).sum(), x)"
results.forward.slope = ["slope"]
[judge]
reference = "reference.py"
results = { slope = "value" }
within = { slope = 1e-4 }
[[basic]]
proves = "a cube"
sizes = { N = 5 }
"""
    (tmp_path / "reference.py").write_text("def slope_of(f, x):\n    return 3 * x ** 2\n", encoding="utf-8")
    own = exercise(text, tmp_path)
    central = """
import numpy as np

def slope_of(f, x, h=1e-3):
    rows = np.eye(len(x)) * h
    return np.array([(f(x + row) - f(x - row)) / (2 * h) for row in rows])
"""
    strict = msgspec.structs.replace(own, judge=msgspec.structs.replace(own.judge, within={}))

    assert last_report(box, own, central).passed
    assert not last_report(box, own, changed(central, ("f(x - row)", "f(x)"), ("(2 * h)", "h"))).passed
    assert not last_report(box, strict, changed(central, ("h=1e-3", "h=1e-2"))).passed


def test_what_the_exercise_says_of_a_wrong_value_is_said(box: Box) -> None:
    own = exercise(TRANSPOSED)
    own = msgspec.structs.replace(own, judge=msgspec.structs.replace(own.judge, says={"grad_b": "Sum over the batch."}))

    def sentence(line: str) -> str:
        return row(last_report(box, own, changed(FUNCTIONS, ("g.sum(axis=0)", line))), "grad_b").sentence

    assert sentence("g[1:].sum(axis=0)") == "Sum over the batch."
    assert "1/5 (the batch size)" in sentence("g.mean(axis=0)")  # the numbers tell more
    assert "single number" in sentence("g.mean()")
