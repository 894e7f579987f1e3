"""The numeric gradient of somebody's forward pass: what code can do to it, and what is said of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tutor.course import Drive
from tutor.learner import Box, BoxCase, BoxJob, Numeric

DRIVE = Drive(
    setup="layer = Layer(); layer.W = W", forward="out = layer.forward(x)", results={"forward": {"out": ("out",)}}
)
RNG = np.random.default_rng(5)
ARRAYS: dict[str, Any] = {
    name: RNG.normal(size=shape) for name, shape in {"x": (5, 4), "W": (4, 3), "g": (5, 3)}.items()
}
LAYER = """
import numpy as np
rng = np.random.default_rng()
BUFFER = np.zeros((5, 3))
class Layer:
    def forward(self, x):
        z = x @ self.W
        {body}
"""
# z through code that complex numbers break, and what it computes with real ones.
SURVIVED: dict[str, tuple[str, Any]] = {
    "abs": ("return np.abs(z)", np.abs),
    "norm": ("return z / np.linalg.norm(z)", lambda z: z / np.sqrt((z * z).sum())),
    "var": ("return z / np.sqrt(z.var(axis=0) + 1e-5)", None),
    "std": ("return (z - z.mean(axis=0)) / z.std(axis=0)", None),
    "a real buffer": ("BUFFER[:] = z; return BUFFER * 2", lambda z: 2 * z),
    "an integer loop": ("out = np.empty((5, 3))\n        for i in range(5): out[i] = z[i]\n        return out", None),
    "warnings silenced": ("import warnings; warnings.simplefilter('ignore'); return z.astype(float)", lambda z: z),
    "real part": ("return z.real * 1.0", lambda z: z),
    "in place": ("x *= 2; return x @ self.W", lambda z: 2 * z),
    "math": ("import math; return np.array([[math.tanh(c) for c in row] for row in z])", np.tanh),
    "isinstance": ("assert z.dtype == np.float64; return z", lambda z: z),
    "legacy random": ("return z * (np.random.rand(5, 3) > 0.5) * 2", None),
    "swallows all": ("\n        try: return z.astype(float)\n        except BaseException: return z.real.copy()", None),
}


def run(box: Box, body: str, **asked: Any) -> Any:
    options: dict[str, Any] = {"wrt": ("x", "W"), "output": "out", "upstream": "g", "seconds": 20} | asked
    case = BoxCase(sizes={}, arrays=ARRAYS, right={}, numeric=Numeric(**options), second_call=False)
    job = BoxJob(source=LAYER.replace("{body}", body), filename="layer.py", drive=DRIVE, cases=(case,))
    answer = box.run(job)
    assert answer.fault is None
    return answer.cases[0]


@pytest.mark.parametrize("name", SURVIVED)
def test_code_that_complex_numbers_break_gets_its_gradient_by_differences(box: Box, name: str) -> None:
    body, same = SURVIVED[name]
    case = run(box, body)
    assert "complex step" in case.numeric_note or "central differences" in case.numeric_note
    assert set(case.numeric) == {"x", "W"}
    if same is not None:
        x, W, g = (ARRAYS[key] for key in "xWg")
        expected = np.empty_like(x)
        for index in np.ndindex(x.shape):
            ahead, behind = x.copy(), x.copy()
            ahead[index] += 1e-6
            behind[index] -= 1e-6
            expected[index] = ((same(ahead @ W) - same(behind @ W)) * g).sum() / 2e-6
        np.testing.assert_allclose(case.numeric["x"], expected, rtol=1e-5, atol=1e-7)


def test_a_forward_in_float32_gets_a_larger_step(box: Box) -> None:
    case = run(box, "return np.tanh((x.astype(np.float32) @ self.W.astype(np.float32)))")
    z = ARRAYS["x"] @ ARRAYS["W"]
    expected = ARRAYS["x"].T @ (ARRAYS["g"] * (1 - np.tanh(z) ** 2))
    assert case.numeric_note.startswith("central differences")
    np.testing.assert_allclose(case.numeric["W"], expected, rtol=5e-3, atol=5e-3)


def test_a_forward_that_draws_afresh_has_no_gradient(box: Box) -> None:
    case = run(box, "return z * (rng.random((5, 3)) > 0.5)")
    assert case.numeric == {}
    assert case.numeric_note == "your forward pass gives another value each time it is run on the same arrays"


def test_a_forward_that_gives_no_number_has_no_gradient(box: Box) -> None:
    case = run(box, "return z * np.nan")
    assert case.numeric == {}
    assert case.numeric_note == "your forward pass gives no finite number here"


def test_a_kink_is_told(box: Box) -> None:
    at = (ARRAYS["x"] @ ARRAYS["W"])[1, 2]
    case = run(box, f"z[1, 2] -= {float(at)!r}; return np.abs(z.real) * 1.0")
    assert "of them at a kink" in case.numeric_note


@pytest.mark.parametrize("body", ["return np.tanh(z)", "return np.tanh(np.abs(z)) * np.sign(z.real)"])
def test_of_too_many_entries_those_that_are_shown_are_made(box: Box, body: str) -> None:
    whole = run(box, body)
    few = run(box, body, most=10, shown={"x": ((4, 3), (0, 1)), "W": ((9, 9), (2,))})
    assert np.isfinite(few.numeric["x"]).sum() == 2
    assert np.isnan(few.numeric["W"]).all()
    for index in ((4, 3), (0, 1)):
        assert few.numeric["x"][index] == pytest.approx(whole.numeric["x"][index], rel=1e-6)


def test_code_that_swallows_the_end_of_its_time_is_told_again(box: Box) -> None:
    body = """
        if np.iscomplexobj(z):
            while True:
                try:
                    while True: pass
                except BaseException as error:
                    LEFT.append(error)
                    if len(LEFT) > 2: raise
        return z"""
    case = run(box, f"{body}\nLEFT = []", seconds=0.2)
    assert case.numeric == {}
    assert "took longer than 0.2 s" in case.numeric_note
