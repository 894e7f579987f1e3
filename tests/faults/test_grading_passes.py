"""The passes after the first: another instance in between, a batch that is overwritten, another random state."""

from __future__ import annotations

import msgspec
import pytest

from tests.gradings import LINEAR, SIGMOID, changed, exercise, last_report, lean, row, said, verdict
from tutor.course import Challenge
from tutor.grading.lines import makes_objects
from tutor.grading.sentences import kept_note
from tutor.learner import Box

KEEP = "self.x = x"
GRAD_W = "self.grad_W = self.x.T @ grad_output"
UPDATE = """
    def update(self, lr):
        self.W -= lr * self.grad_W
        self.b -= lr * self.grad_b
"""
# One instance only, so that nothing in the drive itself shows what instances share.
ALONE = """
arrays = { x = ["N", "n_in"], W = ["n_in", "n_out"], b = ["n_out"], g = ["N", "n_out"] }

[drive]
setup = "layer = Linear(n_in, n_out); layer.W, layer.b = W, b"
forward = "out = layer.forward(x)"
backward = "grad_input = layer.backward(g)"
results.forward.out = ["out"]
results.backward = { grad_W = ["layer.grad_W"], grad_b = ["layer.grad_b"], grad_input = ["grad_input"] }

[judge]
reference = "tutor.nn.linear"
output = "out"
upstream = "g"
results = { out = "value", grad_W = "d/dW", grad_b = "d/db", grad_input = "d/dx" }

[[basic]]
proves = "five samples"
sizes = { N = 5, n_in = 4, n_out = 3 }
"""
SHARED = "changes when another instance runs in between: state is shared between instances (a class attribute or a glo"


@pytest.fixture(scope="module")
def alone() -> Challenge:
    return exercise(ALONE)


def updating(alone: Challenge, **drive: str) -> Challenge:
    results = {**alone.drive.results, "update": {"W_new": ("layer.W",)}}
    return msgspec.structs.replace(
        alone,
        drive=msgspec.structs.replace(alone.drive, update="layer.update(0.5)", results=results, **drive),
        judge=msgspec.structs.replace(
            alone.judge,
            reference="tutor.nn.sigmoid_layer",
            results={"W_new": "value", "grad_W": "d/dW"},
        ),
    )


# ── another instance in between ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pairs", "first"),
    [
        (((KEEP, "Linear.x = x"), ("self.x.T", "Linear.x.T")), "grad_W unstable"),
        (((KEEP, "global last; last = x"), ("self.x.T", "last.T")), "grad_W unstable"),
        (
            (("n_out):", "n_out, cache={}):\n        self.cache = cache"), (KEEP, "self.cache['x'] = x"),
             ("self.x.T", "self.cache['x'].T")),
            "grad_W unstable",
        ),
        ((("self.W.T", "Linear.last.T"), (KEEP, "self.x = x; Linear.last = self.W")), "grad_input unstable"),
        # What is shared is the batch's spread alone, which a plain shift of the batch would not change.
        (((KEEP, "self.x = x; Linear.std = x.std()"),
          ("self.grad_b =", "self.grad_b = Linear.std / self.x.std() *")), "grad_b unstable"),
    ],
)  # fmt: skip
def test_state_that_instances_share_is_found(
    box: Box, alone: Challenge, pairs: tuple[tuple[str, str], ...], first: str
) -> None:
    report = last_report(box, alone, changed(LINEAR, *pairs))

    assert said(report) == first
    assert report.headline == f"{first.split()[0]} {SHARED}bal)."


@pytest.mark.parametrize(
    "pairs",
    [
        (),
        ((KEEP, "Linear.calls = getattr(Linear, 'calls', 0) + 1; self.x = x"),),
        ((KEEP, "self.__dict__['x'] = x; self.cache = {}"),),
        (("import numpy as np", "import numpy as np\nLAST = {}"), (KEEP, "self.x = x; LAST[id(self)] = x")),
        # Another instance's values may be none that a careful file takes.
        ((KEEP, "assert abs(x).max() < 5, 'too large'; self.x = x"),),
    ],
)
def test_instances_of_their_own_pass(box: Box, alone: Challenge, pairs: tuple[tuple[str, str], ...]) -> None:
    assert last_report(box, alone, changed(LINEAR, *pairs)).passed


def test_functions_with_a_cache_of_the_module_are_not_called_instances(box: Box, alone: Challenge) -> None:
    """Where the drive makes no object there is only one of everything."""
    drive = msgspec.structs.replace(
        alone.drive,
        setup="",
        forward="out = forward(x, W, b)",
        backward="grad_W, grad_b, grad_input = backward(g)",
        results={
            "forward": {"out": ("out",)},
            "backward": {"grad_W": ("grad_W",), "grad_b": ("grad_b",), "grad_input": ("grad_input",)},
        },
    )
    functions = msgspec.structs.replace(
        alone, drive=drive, judge=msgspec.structs.replace(alone.judge, drive=alone.drive)
    )
    source = """
CACHE = {}

def forward(x, W, b):
    CACHE.update(x=x, W=W)
    return x @ W + b

def backward(g):
    return CACHE["x"].T @ g, g.sum(axis=0), g @ CACHE["W"].T
"""
    assert last_report(box, functions, source).passed


def test_state_shared_by_the_updates_is_found(box: Box, alone: Challenge) -> None:
    shared = changed(
        SIGMOID,
        ("class SigmoidLayer:", "class SigmoidLayer:\n    seen = {}\n"),
        ("self.W -= lr * self.dW", "self.W -= lr * self.seen['dW']"),
        ("self.db =", "self.seen['dW'] = self.dW; self.db ="),
    )
    stepping = updating(
        alone,
        setup="layer = SigmoidLayer(n_in, n_out); layer.W, layer.b = W.copy(), b.copy()",
    )
    stepping = msgspec.structs.replace(
        stepping,
        drive=msgspec.structs.replace(
            stepping.drive,
            results={"backward": {"grad_W": ("layer.dW", "layer.grad_W")}, "update": {"W_new": ("layer.W",)}},
        ),
    )

    assert last_report(box, stepping, SIGMOID).passed
    assert said(last_report(box, stepping, shared)) == "W_new unstable"


def test_what_extra_passes_print_and_warn_of_is_not_shown(box: Box, alone: Challenge) -> None:
    """Only the two calls that the learner is told of are heard."""
    talking = changed(LINEAR, (KEEP, "self.x = x; print('here'); np.sqrt(x.min() + 1e9 * (x.mean() < 9) - 0)"))
    report = verdict(box, alone, talking)

    assert report.passed
    assert report.output == "here\n" * 4  # twice in each case of the first two tiers


# ── a batch that is overwritten ──────────────────────────────────────────────────────────────────────────────────────


def test_a_kept_batch_is_a_note_and_no_fault(box: Box, alone: Challenge) -> None:
    report = last_report(box, alone, LINEAR)

    assert report.passed
    assert report.notes == (
        "Your layer keeps x itself, not a copy: fine, as long as nobody overwrites it before backward.",
    )


def test_functions_that_hand_on_what_they_were_given_are_nothing_to_speak_of(box: Box, alone: Challenge) -> None:
    """The setup defines a function and calls nothing: there is no object that could keep anything."""
    results = {"forward": {"out": ("out",)}, "backward": {"grad_W": ("grads[0]",), "grad_b": ("grads[1]",)}}
    drive = msgspec.structs.replace(
        alone.drive,
        setup="def first(parts): return tuple(parts)[0]",
        forward="made = forward(x, W, b); out = first(made)",
        backward="grads = backward(g, made[1])",
        results=results,
    )
    judged = {name: of for name, of in alone.judge.results.items() if name != "grad_input"}
    own = msgspec.structs.replace(
        alone, drive=drive, judge=msgspec.structs.replace(alone.judge, drive=alone.drive, results=judged)
    )
    source = "def forward(x, W, b): return x @ W + b, x\ndef backward(g, x): return x.T @ g, g.sum(axis=0)\n"
    report = last_report(box, own, source)

    assert (report.passed, report.notes) == (True, ())


@pytest.mark.parametrize(
    ("names", "selves"), [(("x",), "x itself, not a copy"), (("x", "y"), "x and y themselves, not")]
)
def test_the_note_is_one_short_sentence_in_the_words_of_the_exercise(names: tuple[str, ...], selves: str) -> None:
    assert kept_note(names, "layer").startswith(f"Your layer keeps {selves}")
    assert kept_note(names, "loss").startswith(f"Your loss keeps {selves}")
    assert len(kept_note(names, "network")) < 120


@pytest.mark.parametrize(
    ("setup", "makes"),
    [
        ("layer = Layer(); layer.W = W", True),
        ("", False),
        ("def first(parts): return tuple(parts)[0]", False),
        ("first = lambda parts: tuple(parts)[0]", False),
        ("def make(): return Layer()\nlayer = make()", True),
        ("layers = [Layer() for _ in range(2)]", True),
    ],
)
def test_objects_are_made_by_what_the_setup_itself_calls(alone: Challenge, setup: str, makes: bool) -> None:
    assert makes_objects(msgspec.structs.replace(alone.drive, setup=setup)) == makes


@pytest.mark.parametrize("copy", ["x.copy()", "np.array(x)", "x + 0"])
@pytest.mark.parametrize("copies", [False, True])
def test_a_copied_batch_is_nothing_to_speak_of(box: Box, alone: Challenge, copy: str, copies: bool) -> None:
    own = msgspec.structs.replace(alone, judge=msgspec.structs.replace(alone.judge, copies=copies))
    report = last_report(box, own, changed(LINEAR, (KEEP, f"self.x = {copy}")))

    assert (report.passed, report.notes) == (True, ())


@pytest.mark.parametrize("kept", ["x", "x[:]", "np.asarray(x)", "x.view()", "x.T.T"])
def test_where_copies_are_asked_for_a_kept_batch_fails(box: Box, alone: Challenge, kept: str) -> None:
    own = msgspec.structs.replace(alone, judge=msgspec.structs.replace(alone.judge, copies=True))
    report = last_report(box, own, changed(LINEAR, (KEEP, f"self.x = {kept}")))

    assert said(report) == "grad_W unstable"
    assert report.headline == (
        "grad_W changes when x is overwritten between forward and backward: your code keeps the very array it was "
        "given, and the caller has filled it with the next batch."
    )
    assert report.notes == ()


def test_what_backward_is_given_again_is_not_overwritten(box: Box, alone: Challenge) -> None:
    """Parameters, and what stands in the lines of backward too, stay as they are."""
    drive = msgspec.structs.replace(alone.drive, backward="grad_input = layer.backward(g); x.sum()")
    own = msgspec.structs.replace(alone, drive=drive, judge=msgspec.structs.replace(alone.judge, copies=True))

    assert last_report(box, own, LINEAR).passed


# ── random state, and inputs changed later ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "drawn", ["np.random.get_state()[1][5]", "__import__('random').getstate()[1][5]"], ids=["numpy", "random"]
)
def test_a_result_that_hangs_on_the_global_random_state_is_found(box: Box, alone: Challenge, drawn: str) -> None:
    wrong = changed(
        LINEAR,
        ("self.W = np", f"self.state = {drawn}; self.W = np"),
        (GRAD_W, f"{GRAD_W} * (1 + ({drawn} != self.state))"),
        ("np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)", "np.ones((n_in, n_out))"),
    )

    assert said(last_report(box, alone, wrong)) == "grad_W unstable"


def test_random_parameters_that_the_drive_sets_may_be_drawn_from_anywhere(box: Box, alone: Challenge) -> None:
    assert last_report(box, alone, changed(LINEAR, ("self.W = np", "np.random.seed(0); self.W = np"))).passed


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("x", "self.n = getattr(self, 'n', 0) + 1; x[:] = x if self.n == 1 else 0; self.x = x + 0"),
        ("W", "self.x = x; self.n = getattr(self, 'n', 0) + 1; self.W[0] *= self.n"),
    ],
)
def test_an_input_changed_in_the_second_call_is_found(box: Box, alone: Challenge, name: str, line: str) -> None:
    report = last_report(box, alone, changed(LINEAR, (KEEP, line)))

    assert row(report, name).verdict == "mutated"


STEPPING = changed(SIGMOID, ("self.x = x", "self.x = x"), ("grad_z = grad", "self.g = grad_output; grad_z = grad"))


@pytest.mark.parametrize(
    ("line", "changed_input"),
    [
        ("self.g *= lr; self.W -= lr * self.dW", "g"),
        ("self.x /= 2; self.W -= lr * self.dW", "x"),
        ("self.W -= lr * self.dW", None),  # the parameters may be changed in place: that is what an update is for
        ("self.W = self.W - lr * self.dW", None),
    ],
)
def test_an_input_changed_by_the_update_is_found(
    box: Box, alone: Challenge, line: str, changed_input: str | None
) -> None:
    own = updating(alone, setup="layer = SigmoidLayer(n_in, n_out); layer.W, layer.b = W, b")
    results = {"backward": {"grad_W": ("layer.dW", "layer.grad_W")}, "update": {"W_new": ("layer.W",)}}
    own = msgspec.structs.replace(own, drive=msgspec.structs.replace(own.drive, results=results))
    report = last_report(box, own, changed(STEPPING, ("self.W -= lr * self.dW", line)))

    if changed_input is None:
        assert report.passed
    else:
        assert row(report, changed_input).verdict == "mutated"


def test_the_course_is_asked_for_both_passes_in_its_first_case(box: Box) -> None:
    report = last_report(box, lean("linear_scratch"), LINEAR)

    assert report.passed and len(report.notes) == 1
