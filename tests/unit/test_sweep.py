"""The sweep of step sizes: what the box makes of a forward pass, and what is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gradings import LINEAR, SEED, SIGMOID, changed, lean, verdict
from tutor.course import Drive
from tutor.grading import Report, SweepReport, sweep_steps, swept_names
from tutor.grading.sweep import STEPS, Method, SweepCurve
from tutor.learner import Box, BoxCase, BoxJob, CaseResult, Sweep, sweep_direction
from tutor.tui.screens import sweep_view
from tutor.viz import SweepChart, as_text
from tutor.viz.sweep import STYLES

RNG = np.random.default_rng(5)
ARRAYS: dict[str, Any] = {"w": RNG.normal(size=(3, 2)), "g": RNG.normal(size=(3, 2))}
DRIVE = Drive(setup="", forward="out = f(w)", results={"forward": {"out": ("out",)}})


def swept(box: Box, body: str, **asked: Any) -> CaseResult:
    """What the box makes of f(w) = body along one entry."""
    request = Sweep(wrt="w", steps=STEPS, output="out", upstream="g", seconds=20, **asked)
    case = BoxCase(sizes={}, arrays=ARRAYS, right={}, sweep=request, second_call=False)
    source = f"import numpy as np\ndef f(w):\n    {body}\n"
    answer = box.run(BoxJob(source=source, filename="f.py", drive=DRIVE, cases=(case,)))
    assert answer.fault is None
    return answer.cases[0]


def test_a_kink_is_found_where_it_is(box: Box) -> None:
    far = 0.00123
    at = float(ARRAYS["w"][1, 1]) + far
    made = swept(box, f"return np.tanh(w) + np.maximum(w - {at!r}, 0)", entry=(1, 1)).sweep
    assert made["kink"] == pytest.approx([far], rel=1e-2)
    smooth = swept(box, "return np.tanh(w) * w", entry=(1, 1)).sweep
    assert smooth["kink"].size == 0
    here = swept(box, f"return np.maximum(w - {float(ARRAYS['w'][1, 1])!r}, 0)", entry=(1, 1)).sweep
    assert here["kink"].tolist() == [0.0]


def test_a_kink_is_found_where_complex_numbers_fail(box: Box) -> None:
    far = 0.0123
    at = float(ARRAYS["w"][1, 1]) + far
    made = swept(box, f"return w * w * w + np.abs(w - {at!r})", entry=(1, 1)).sweep
    assert made["kink"] == pytest.approx([far], rel=1e-2)
    sign = -1.0  # of w - at
    own = (3 * ARRAYS["w"][1, 1] ** 2 + sign) * ARRAYS["g"][1, 1]
    assert made["own"] == pytest.approx([own], rel=1e-8)


def test_each_method_is_as_good_as_its_books_say(box: Box) -> None:
    made = swept(box, "return np.exp(np.sin(3 * w))").sweep
    along = sweep_direction((3, 2), None)
    w, g = ARRAYS["w"], ARRAYS["g"]
    right = float((np.exp(np.sin(3 * w)) * 3 * np.cos(3 * w) * g * along).sum())
    assert made["own"] == pytest.approx([right], rel=1e-12)
    error = {
        name: np.abs(made[name].astype(float) / right - 1) for name in ("central", "one_sided", "single", "complex")
    }
    h = made["steps"].astype(float)
    assert error["complex"][h < 1e-8].max() < 1e-12
    assert 1e-12 < error["central"].min() < 1e-8
    assert 1e-10 < error["one_sided"].min() < 1e-6
    assert 1e-7 < error["single"].min() < 1e-2
    assert error["single"][h < 1e-9].min() > 0.5  # float32 does not see such a step
    assert made["in_double"].size == 0
    assert swept(box, "return w.astype(float)").sweep["in_double"].size == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return w * np.nan", "no finite number"),
        ("import random; return w * np.random.default_rng().random()", "another value each time"),
        ("f.n = getattr(f, 'n', 0) + 1\n    if f.n > 1: raise KeyError\n    return w", "KeyError"),
    ],
)
def test_what_cannot_be_swept_says_why(box: Box, body: str, why: str) -> None:
    case = swept(box, body)
    assert case.sweep == {} and why in case.sweep_note


# ── of a report ──────────────────────────────────────────────────────────────────────────────────────────────────────


def report_on(box: Box, name: str, source: str) -> tuple[Any, Report]:
    exercise = lean(name)
    return exercise, verdict(box, exercise, source, SEED)


def test_right_gradients_agree_with_the_derivative(box: Box) -> None:
    exercise, report = report_on(box, "backprop_fill", SIGMOID)
    assert swept_names(report) == ("grad_W2", "grad_b2", "grad_W1", "grad_b1", "grad_x")
    for whole in (True, False):
        found = sweep_steps(exercise, SIGMOID, box, report, "grad_W1", whole=whole)
        assert found.yours is not None and found.yours < 1e-12
        assert found.of_reference and found.kink is None and not found.note
        assert (found.entry is None) == whole
        best = found.best("float64")
        assert best is not None and 1e-7 < best[0] < 1e-3 and best[1] < 1e-8
    with pytest.raises(ValueError, match="a1 is no gradient"):
        sweep_steps(exercise, SIGMOID, box, report, "a1")


def test_a_wrong_gradient_is_off_at_every_step(box: Box) -> None:
    source = changed(LINEAR, ("self.x.T @ grad_output", "2 * self.x.T @ grad_output"))
    exercise, report = report_on(box, "linear_scratch", source)
    found = sweep_steps(exercise, source, box, report, "grad_W", whole=False)
    worst = next(check.worst for check in report.checks if check.name == "grad_W")
    assert worst is not None and found.entry == worst.index
    assert found.yours == pytest.approx(1 / 3)
    assert "no step size explains that" in sweep_view.reading(found, 80, 9).plain
    best = found.best("float64")
    assert best is not None and best[0] == max(found.steps)  # a linear layer does not bend


def test_a_wrong_forward_is_compared_with_itself(box: Box) -> None:
    source = changed(LINEAR, ("x @ self.W", "x @ self.W * 2"))
    exercise, report = report_on(box, "linear_scratch", source)
    found = sweep_steps(exercise, source, box, report, "grad_W")
    assert not found.of_reference
    assert "whose values are not the right ones yet" in sweep_view.reading(found, 200, 9).plain


def test_code_that_stops_says_so_instead(box: Box) -> None:
    exercise, report = report_on(box, "linear_scratch", LINEAR)
    found = sweep_steps(exercise, "import numpy as np\n1 / 0\n", box, report, "grad_W")
    assert found.steps == () and "ZeroDivisionError" in found.note
    assert "ZeroDivisionError" in sweep_view.reading(found, 80, 9).plain


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────────────────

METHODS: tuple[Method, ...] = ("float64", "float32", "one-sided", "complex")
ERRORS = st.one_of(st.floats(0, 1), st.just(float("nan")), st.sampled_from([1e-16, 1e-8, 0.0]))


@st.composite
def sweeps(draw: st.DrawFn) -> SweepReport:
    steps = STEPS[: draw(st.integers(6, len(STEPS)))]
    curves = tuple(
        SweepCurve(method, tuple(draw(st.lists(ERRORS, min_size=len(steps), max_size=len(steps)))))
        for method in METHODS
    )
    kink, yours = draw(st.sampled_from([None, 0.0, 3e-3])), draw(st.sampled_from([None, 1e-16, 0.4]))
    return SweepReport(
        "grad_W", "W", (4, 3), None, "five samples", steps, curves, 1.0,
        absolute=draw(st.booleans()), yours=yours, kink=kink, in_double=draw(st.booleans()),
    )  # fmt: skip


@settings(max_examples=50)
@given(found=sweeps(), width=st.integers(40, 200), most=st.integers(4, 12), data=st.data())
def test_no_line_is_wider_than_its_place(found: SweepReport, width: int, most: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(found.steps) - 1))
    lines = sweep_view.reading(found, width, most).split("\n")
    assert 0 < len(lines) <= most
    said = [sweep_view.title("grad_W", found, True, width), sweep_view.numbers(found, at, width)]
    assert all(line.cell_length <= width for line in (*lines, *said))
    assert sweep_view.choices(["grad_W", "grad_b"], "grad_W", found.proves, width).cell_length <= width
    for method in METHODS:
        best = found.best(method)
        assert best is not None and best[0] in found.steps


@settings(max_examples=25)
@given(found=sweeps(), width=st.integers(10, 120), height=st.integers(2, 40))
def test_the_chart_fills_its_place_and_tells_the_curves_by_signs(found: SweepReport, width: int, height: int) -> None:
    errors: dict[str, tuple[float, ...]] = {curve.method: curve.errors for curve in found.curves}
    picture = SweepChart(found.steps, errors, width, height).picture(found.steps[2], found.kink)
    assert all(len(line) <= width for line in as_text(picture).split("\n"))
    if width >= 80 and height >= 10:
        assert len(picture) == height
        text = as_text(picture)
        assert all(sign in text for sign, _ in STYLES[:3]) and "━━" in text
        assert "▾" in text and ("◇" in text) == bool(found.kink and found.kink >= min(found.steps))


def test_the_best_step_is_not_one_of_luck() -> None:
    errors = [1e-3, 1e-6, 1e-9, 1e-8, 1e-6, 1e-4, 1e-2, 1e-16, 1e-1]
    found = SweepReport("g", "W", (2,), None, "", STEPS[:9], (SweepCurve("float64", tuple(errors)),))
    assert found.best("float64") == (STEPS[2], 1e-9)
