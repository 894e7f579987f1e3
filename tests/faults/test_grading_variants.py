"""Several ways to be right: each holds for the whole file or not at all, and the Report says which it is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.gradings import SEED, changed, exercise, last_report, row, said
from tutor.course import Challenge
from tutor.grading import grade, prepare
from tutor.learner import Box

# ── documented variants ──────────────────────────────────────────────────────────────────────────────────────────────

REFERENCE = """
import numpy as np

class Scaler:
    def step(self, g, v):
        return g / (np.sqrt(v) + 1e-2)
"""
ADAPTIVE = """
arrays = { g = ["N", "D"], v = ["N", "D"] }
draws = { v = "uniform" }

[drive]
setup = "scaler = Scaler()"
forward = "step = scaler.step(g, v)"
backward = "twice = scaler.step(2 * right('step', step), v)"
results.forward.step = ["step"]
results.backward.twice = ["twice"]

[judge]
reference = "reference.py"
results = { step = "value", twice = "value" }

[[judge.variants]]
name = "epsilon inside the root"
lines = "Scaler.step = lambda self, g, v: g / np.sqrt(v + 1e-2)"

[[judge.variants]]
name = "no epsilon"
lines = "Scaler.step = lambda self, g, v: g / np.sqrt(v)"

[[basic]]
proves = "five rows"
sizes = { N = 5, D = 3 }

[[basic]]
proves = "four rows"
sizes = { N = 4, D = 3 }

[[stress]]
proves = "many rows"
sizes = { N = 20, D = 3 }
"""
INSIDE = "g / np.sqrt(v + 1e-2)"
OUTSIDE = "g / (np.sqrt(v) + 1e-2)"


@pytest.fixture
def adaptive(tmp_path: Path) -> Challenge:
    (tmp_path / "reference.py").write_text(REFERENCE, encoding="utf-8")
    return exercise(ADAPTIVE, tmp_path)


def scaler(returned: str) -> str:
    return f"import numpy as np\n\nclass Scaler:\n    def step(self, g, v):\n        return {returned}\n"


@pytest.mark.parametrize(
    ("returned", "variant"),
    [(OUTSIDE, ""), (INSIDE, "epsilon inside the root"), ("g / v ** 0.5", "no epsilon")],
)
def test_each_way_passes_and_is_named(box: Box, adaptive: Challenge, returned: str, variant: str) -> None:
    report = last_report(box, adaptive, scaler(returned))

    assert report.passed, report.headline
    assert report.variant == variant
    assert report.headline == f"Passed{', with ' if variant else ''}{variant}: all 2 results are right in every tier."
    assert [count.right for count in report.tiers.values()] == [2, 2, 2]


def test_a_prepared_check_knows_the_variants_too(box: Box, adaptive: Challenge) -> None:
    report = list(grade(adaptive, scaler(INSIDE), box, prepared=prepare(adaptive, box)))[-1]

    assert (report.passed, report.variant) == (True, "epsilon inside the root")


@pytest.mark.parametrize(
    "returned",
    [
        f"{INSIDE} if len(g) == 5 else {OUTSIDE}",
        f"{OUTSIDE} if len(g) == 5 else {INSIDE}",
        f"{INSIDE} if len(g) < 20 else {OUTSIDE}",  # the stress tier is another way
        f"{OUTSIDE} if len(g) < 20 else {INSIDE}",
        f"np.vstack([({INSIDE})[:2], ({OUTSIDE})[2:]])",
        f"({INSIDE} + {OUTSIDE}) / 2",
    ],
)
def test_a_file_that_mixes_ways_never_passes(box: Box, adaptive: Challenge, returned: str) -> None:
    report = last_report(box, adaptive, scaler(returned))

    assert report.status == "failed"
    assert report.first_wrong is not None and report.first_wrong.verdict == "wrong_value"


def test_a_file_that_mixes_ways_is_told_so(box: Box, adaptive: Challenge) -> None:
    mixed = last_report(box, adaptive, scaler(f"{INSIDE} if len(g) == 5 else {OUTSIDE}"))
    wrong = last_report(box, adaptive, scaler("g / (v + 1e-2)"))

    assert "no one way holds in all: keep to one" in mixed.next_step
    assert wrong.next_step == ""


def test_the_way_that_gets_further_is_shown(box: Box, adaptive: Challenge) -> None:
    """A slip in one case does not make the file another variant; it is told of in the words of its own."""
    report = last_report(box, adaptive, scaler(f"{INSIDE} * (1 + (len(g) == 4))"))

    assert report.variant == "epsilon inside the root"
    assert report.headline == (
        "step has the right shape, but every entry is 2 times what it should be. This shows with four rows."
        if report.first_wrong and report.first_wrong.tier != "basic"
        else "step has the right shape, but every entry is 2 times what it should be."
    )


def test_where_no_way_gets_further_the_main_one_is_shown(box: Box, adaptive: Challenge) -> None:
    report = last_report(box, adaptive, scaler("-g"))

    assert (report.status, report.variant) == ("failed", "")


def test_each_way_is_fed_with_its_own_intermediates(box: Box, adaptive: Challenge) -> None:
    """`twice` is made from the fed `step`: it is right only where that was the way's own."""
    (fed,) = [check for check in last_report(box, adaptive, scaler(INSIDE)).checks if check.name == "twice"]

    assert fed.ratio is not None and fed.ratio < 1e-12


# ── the batch's 1/N: in the loss or in the layers ────────────────────────────────────────────────────────────────────

MODEL = """
import numpy as np

class Layer:
    def forward(self, x):
        self.x = x
        return x @ self.W

    def backward(self, g):
        self.dW = self.x.T @ g
        return g @ self.W.T

class Loss:
    def forward(self, out, y):
        self.d = out - y
        return (self.d ** 2).sum() / len(out)

    def backward(self):
        return 2 * self.d / len(self.d)
"""
SCALED = """
arrays = { x = ["N", "n_in"], W1 = ["n_in", "h"], W2 = ["h", "n_out"], y = ["N", "n_out"] }

[drive]
setup = \"\"\"
one, two, loss = Layer(), Layer(), Loss()
one.W, two.W = W1, W2
\"\"\"
forward = "value = loss.forward(two.forward(one.forward(x)), y)"
backward = \"\"\"
grad_out = loss.backward()
grad_h = two.backward(FED)
grad_x = one.backward(grad_h)
\"\"\"
results.forward.value = ["value"]
results.backward = { grad_out = ["grad_out"], grad_W2 = ["two.dW"], grad_h = ["grad_h"], grad_W1 = ["one.dW"] }

[judge]
reference = "reference.py"
loss = "value"
scale = "either"
per_sample = ["grad_out", "grad_h"]
results = { value = "value", grad_out = "value", grad_W2 = "d/dW2", grad_h = "value", grad_W1 = "d/dW1" }

[[basic]]
proves = "five samples"
sizes = { N = 5, n_in = 4, h = 3, n_out = 2 }

[[edge]]
proves = "a batch of one"
sizes = { N = 1, n_in = 4, h = 3, n_out = 2 }

[[stress]]
proves = "seven samples"
sizes = { N = 7, n_in = 4, h = 3, n_out = 2 }
"""
NOT_IN_LOSS = ("return 2 * self.d / len(self.d)", "return 2 * self.d")
IN_LAYER = ("self.dW = self.x.T @ g", "self.dW = self.x.T @ g / len(g)")
BOTH_FEEDS = pytest.mark.parametrize("fed", ["grad_out", 'right("grad_out", grad_out)'])


def scaled(folder: Path, fed: str) -> Challenge:
    (folder / "reference.py").write_text(MODEL, encoding="utf-8")
    return exercise(SCALED.replace("FED", fed), folder)


@BOTH_FEEDS
def test_the_mean_may_be_taken_in_the_loss_or_in_the_layers(box: Box, tmp_path: Path, fed: str) -> None:
    own = scaled(tmp_path, fed)
    in_loss, in_layers = (last_report(box, own, changed(MODEL, *pairs)) for pairs in ((), (NOT_IN_LOSS, IN_LAYER)))

    assert (in_loss.passed, in_loss.variant) == (True, "")
    assert (in_layers.passed, in_layers.variant) == (True, "the mean taken in the layers")


@BOTH_FEEDS
def test_the_mean_taken_twice_is_said_to_be_just_that(box: Box, tmp_path: Path, fed: str) -> None:
    report = last_report(box, scaled(tmp_path, fed), changed(MODEL, IN_LAYER))

    assert said(report) == "grad_W2 wrong_value"
    assert report.headline == (
        "grad_W2 is 1/5 (the batch size) of what it should be: the mean is taken twice, in the loss and in the layer."
    )


@BOTH_FEEDS
def test_the_mean_never_taken_is_said_to_be_just_that(box: Box, tmp_path: Path, fed: str) -> None:
    report = last_report(box, scaled(tmp_path, fed), changed(MODEL, NOT_IN_LOSS))

    assert report.status == "failed"
    assert report.headline.endswith("is 5 (the batch size) times what it should be: the mean is never taken.")


@BOTH_FEEDS
@pytest.mark.parametrize(
    "pairs",
    [
        (("self.dW = self.x.T @ g", "self.dW = self.x.T @ g / (len(g) if self.W.shape[0] == 3 else 1)"),),
        (NOT_IN_LOSS, ("self.dW = self.x.T @ g", "self.dW = self.x.T @ g / (len(g) if self.W.shape[0] == 3 else 1)")),
        ((NOT_IN_LOSS[0], "return 2 * self.d / (len(self.d) if len(self.d) == 7 else 1)"),
         ("self.dW = self.x.T @ g", "self.dW = self.x.T @ g / (1 if len(g) == 7 else len(g))")),
        (("self.dW = self.x.T @ g", "self.dW = self.x.T @ g / 2"),),
        ((NOT_IN_LOSS[0], "return self.d"),),
    ],
)  # fmt: skip
def test_no_other_scale_passes_nor_is_called_the_mean(
    box: Box, tmp_path: Path, fed: str, pairs: tuple[tuple[str, str], ...]
) -> None:
    report = last_report(box, scaled(tmp_path, fed), changed(MODEL, *pairs))

    assert report.status == "failed"
    assert "never taken" not in report.headline
    if "/ 2" in pairs[0][1] or pairs[0][1] == "return self.d":
        assert "the mean is" not in report.headline


def test_without_either_the_layers_may_not_take_the_mean(box: Box, tmp_path: Path) -> None:
    own = scaled(tmp_path, "grad_out")
    fixed = msgspec.structs.replace(own, judge=msgspec.structs.replace(own.judge, scale="fixed"))
    report = last_report(box, fixed, changed(MODEL, NOT_IN_LOSS, IN_LAYER), SEED)

    assert said(report) == "grad_out wrong_value"
    assert row(report, "grad_out").sentence == (
        "grad_out has the right shape, but every entry is 5 (the batch size) times what it should be."
    )
