"""The families `checker` and `initializer` in the real box: right files pass in any style, planted faults do not."""

from __future__ import annotations

import pytest

from tests.families import textbook
from tests.family_specs import family, outcome, with_changes
from tests.gradings import verdict
from tutor.learner import Box

# ── checker ──────────────────────────────────────────────────────────────────────────────────────────────────────────

CHECK = """
import numpy as np

def gradient_check(f, x, grad, h=1e-5, limit=1e-6):
    x = x.astype(np.float64)
    numeric = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + h
        plus = f(x)
        x[index] = kept - h
        minus = f(x)
        x[index] = kept
        numeric[index] = (plus - minus) / (2 * h)
    difference = np.linalg.norm(grad - numeric)
    return difference / (np.linalg.norm(grad) + np.linalg.norm(numeric)) < limit
"""
CHECK_NDITER = """
import numpy as np

def numeric(f, x, h):
    g = np.empty(x.size)
    for i in range(x.size):
        e = np.zeros(x.size)
        e[i] = h
        e = e.reshape(x.shape)
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return g.reshape(x.shape)

def check_grad(f, x, grad):
    assert x.dtype == np.float64, "use float64"
    n = numeric(f, x, 1e-6)
    return ((n - grad) ** 2).sum() ** 0.5 / max(1e-30, (n**2).sum() ** 0.5 + (grad**2).sum() ** 0.5)
"""
CHECK_PARAMS = """
import numpy as np

def grad_check(loss, params, grads, eps=1e-4):
    worst = 0.0
    for key in params:
        p = params[key]
        if p.dtype != float:
            raise TypeError("float64 needed")
        numeric = np.zeros(p.shape)
        for i in np.ndindex(*p.shape):
            old = p[i]
            p[i] = old + eps
            up = loss()
            p[i] = old - eps
            numeric[i] = (up - loss()) / (2 * eps)
            p[i] = old
        g = grads[key]
        worst = max(worst, np.linalg.norm(numeric - g) / (np.linalg.norm(numeric) + np.linalg.norm(g)))
    return worst
"""
NUMERIC = """
import numpy as np

def numerical_gradient(f, x, h=1e-5):
    grad = np.zeros_like(x)
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        i = it.multi_index
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        down = f(x)
        x[i] = old
        grad[i] = (up - down) / (2 * h)
        it.iternext()
    return grad
"""
TEXTBOOK: dict[str, object] = {
    "call": "check_gradients(loss, params, grads).right",
    "style": "params",
    "kinks": "at",
    "besides": ["all_zero", "nan"],
}
AS_ERROR: dict[str, object] = {"returns": "error", "call": "check_grad(f, x, grad)"}
AS_PARAMS: dict[str, object] = {"style": "params", "returns": "error"}

RIGHT_CHECKS: dict[str, tuple[str, dict[str, object], str]] = {
    "of one array": ("gradient_check", {}, CHECK),
    "casts": ("gradient_check", {"float32": "cast"}, CHECK),
    "an error, of copies": ("check_grad", AS_ERROR, CHECK_NDITER),
    "refuses float32": ("check_grad", {**AS_ERROR, "float32": "refuse"}, CHECK_NDITER),
    "of all parameters in place": ("grad_check", AS_PARAMS, CHECK_PARAMS),
    "the numeric gradient itself": ("numerical_gradient", {"returns": "numeric"}, NUMERIC),
    "the textbook's, at kinks too": ("check_gradients", TEXTBOOK, textbook("gradient_check")),
}


@pytest.mark.parametrize("label", RIGHT_CHECKS)
def test_right_checks_pass(box: Box, label: str) -> None:
    name, options, source = RIGHT_CHECKS[label]
    assert outcome(box, family("checker", name, **options), source) == "passed"


RESTORE, RATIO = (
    "        x[index] = kept\n",
    "return difference / (np.linalg.norm(grad) + np.linalg.norm(numeric)) < limit",
)
IN_CHECK = {
    "times h": ("accepts_right wrong_value", "/ (2 * h)", "/ 2 * h"),
    "divided by h alone": ("accepts_right wrong_value", "/ (2 * h)", "/ h"),
    "one-sided, a large step": ("accepts_right wrong_value", "kept - h", "kept"),
    "a step far too small": ("accepts_right wrong_value", "h=1e-5", "h=1e-14"),
    "not restored": ("accepts_right wrong_value", RESTORE, ""),
    "all entries at once": ("accepts_right wrong_value", "x[index] = kept + h", "x += h"),
    "first entry alone": (
        "refuses_one_entry wrong_value",
        "    difference =",
        "    grad, numeric = grad[0, 0], numeric[0, 0]\n    difference =",
    ),
    "first row alone": (
        "refuses_one_entry wrong_value",
        "    difference =",
        "    grad, numeric = grad[0], numeric[0]\n    difference =",
    ),
    "sizes alone": (
        "refuses_sign wrong_value",
        "difference =",
        "grad, numeric = abs(grad), abs(numeric)\n    difference =",
    ),
    "directions alone": (
        "refuses_factor_2 wrong_value",
        RATIO,
        "return (grad * numeric).sum() > 0.99999 * np.linalg.norm(grad) * np.linalg.norm(numeric)",
    ),
    "sums alone": (
        "refuses_transposed wrong_value",
        "    difference =",
        "    grad, numeric = grad.sum(), numeric.sum()\n    difference =",
    ),
    "sorted": (
        "refuses_transposed wrong_value",
        "    difference =",
        "    grad, numeric = np.sort(grad, None), np.sort(numeric, None)\n    difference =",
    ),
    "the mean of all entries": (
        "wrong_value",
        "difference = np.linalg.norm(grad - numeric)",
        "difference = abs((grad - numeric).mean())",
    ),
    "an absolute limit": ("wrong_value", RATIO, "return difference < 1e-5"),
    "a limit that lets much through": ("refuses_one_of_many wrong_value", "limit=1e-6", "limit=0.05"),
    "always": ("refuses_sign wrong_value", RATIO, "return True"),
    "never": ("accepts_right wrong_value", RATIO, "return False"),
    "the wrong way round": ("accepts_right wrong_value", "< limit", "> limit"),
    "zero is waved through": (
        "refuses_zero wrong_value",
        "    difference =",
        "    if not grad.any():\n        return True\n    difference =",
    ),
    "float32": ("holds_in_float32 wrong_value", "x = x.astype(np.float64)", "x = x.copy()"),
    "the learner's x is changed": (
        "restores wrong_value",
        "x = x.astype(np.float64)",
        "x, handed = x.astype(np.float64), x\n    handed[0, 0] = 7.0",
    ),
    "a step across the kink": ("accepts_near_kink wrong_value", "h=1e-5, limit=1e-6", "h=1e-2, limit=1e-3"),
    "a few entries, drawn": (
        "wrong_value",
        "    difference =",
        "    some = np.random.default_rng(0).integers(x.size, size=8)\n"
        "    grad, numeric = grad.ravel()[some], numeric.ravel()[some]\n    difference =",
    ),
}
IN_PARAMS = {
    "first parameter alone": ("refuses_wrong_b wrong_value", "for key in params:", "for key in ['W']:"),
    "last entry not restored": ("restores wrong_value", "    return worst", "    p[i] = old + eps\n    return worst"),
    "copies are perturbed": ("accepts_right wrong_value", "p = params[key]", "p = params[key].copy()"),
    "the last one counts": ("refuses_sign wrong_value", "worst = max(worst,", "worst = (lambda _, e: e)(worst,"),
}
IN_NUMERIC = {
    "times h": ("numeric wrong_value", "/ (2 * h)", "/ 2 * h"),
    "one-sided": ("numeric wrong_value", "(up - down) / (2 * h)", "(up - f(x)) / h"),
    "sign": ("numeric wrong_value", "(up - down)", "(down - up)"),
    "not restored": ("numeric wrong_value", "        x[i] = old\n        grad", "        grad"),
    "restored by the step": (
        "numeric wrong_value",
        "        x[i] = old\n        grad",
        "        x[i] += 2 * h\n        grad",
    ),
    "rounded": ("numeric wrong_value", "/ (2 * h)", "/ (2 * h) // 1e-4 * 1e-4"),
}


@pytest.mark.parametrize("label", IN_CHECK)
def test_wrong_checks_are_refused(box: Box, label: str) -> None:
    expected, source = with_changes(CHECK, IN_CHECK)[label]
    assert expected in outcome(box, family("checker", "gradient_check"), source)


@pytest.mark.parametrize("label", IN_PARAMS)
def test_wrong_checks_of_all_parameters_are_refused(box: Box, label: str) -> None:
    expected, source = with_changes(CHECK_PARAMS, IN_PARAMS)[label]
    assert outcome(box, family("checker", "grad_check", **AS_PARAMS), source) == expected


@pytest.mark.parametrize("label", IN_NUMERIC)
def test_wrong_numeric_gradients_are_refused(box: Box, label: str) -> None:
    expected, source = with_changes(NUMERIC, IN_NUMERIC)[label]
    assert outcome(box, family("checker", "numerical_gradient", returns="numeric"), source) == expected


def test_what_a_check_must_hold_besides_is_asked_for(box: Box) -> None:
    assert outcome(box, family("checker", "gradient_check", kinks="at"), CHECK) == "accepts_at_kink wrong_value"
    zero = family("checker", "gradient_check", besides=["all_zero"])
    assert outcome(box, zero, CHECK) == "accepts_all_zero wrong_value"
    over = CHECK.replace("return difference", "return not difference").replace("< limit", "> limit")
    assert outcome(box, family("checker", "gradient_check", besides=["nan"]), over) == "refuses_nan wrong_value"
    assert outcome(box, family("checker", "gradient_check", float32="none"), IN_FLOAT32) == "passed"
    assert outcome(box, family("checker", "gradient_check", float32="refuse"), CHECK) == "holds_in_float32 wrong_value"


IN_FLOAT32 = CHECK.replace("x = x.astype(np.float64)", "x = x.copy()")


def test_the_sentence_says_what_the_check_accepts(box: Box) -> None:
    source = CHECK.replace("difference =", "grad, numeric = abs(grad), abs(numeric)\n    difference =")
    report = verdict(box, family("checker", "gradient_check"), source)
    assert report.headline == "Your check accepts a gradient whose sign is wrong."


# ── initializer ──────────────────────────────────────────────────────────────────────────────────────────────────────

HE = """
import numpy as np

def he_normal(n_in, n_out):
    return np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)
"""
XAVIER = """
import numpy as np

def xavier(n_in, n_out, rng):
    r = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-r, r, (n_in, n_out)), np.zeros(n_out)
"""
LAYER = """
import math
import random
import numpy as np

class Layer:
    def __init__(self, n_in, n_out):
        self.weight = np.array([[random.gauss(0, 1 / math.sqrt(n_in)) for _ in range(n_in)] for _ in range(n_out)])
        self.bias = np.zeros((n_out,))
"""
ONES = """
import numpy as np

def ones(n_in, n_out):
    return np.random.normal(1, 2 / (n_in * n_out) ** 0.5, (n_in, n_out))
"""
PAIR: dict[str, object] = {"rule": "xavier", "call": "xavier(n_in, n_out, rng)", "W": ["found[0]"], "b": ["found[1]"]}
OF_CLASS: dict[str, object] = {"rule": "lecun", "of": "class", "transposed": True}


def test_right_initializers_pass(box: Box) -> None:
    assert outcome(box, family("initializer", "he_normal"), HE) == "passed"
    assert outcome(box, family("initializer", "xavier", **PAIR), XAVIER) == "passed"
    assert outcome(box, family("initializer", "Layer", **OF_CLASS), LAYER) == "passed"
    ones = family("initializer", "ones", variance="4 / (n_in * n_out)", mean="1")
    assert outcome(box, ones, ONES) == "passed"


@pytest.mark.parametrize(
    "name", ["he_normal", "he_uniform", "xavier_normal", "xavier_uniform", "lecun_normal", "lecun_uniform"]
)
def test_the_textbooks_own_pass(box: Box, name: str) -> None:
    of = family("initializer", name, rule=name.partition("_")[0], call=f"{name}(n_in, n_out, rng)")
    assert outcome(box, of, textbook("initializers")) == "passed"


IN_HE = {
    "variance for deviation": ("W wrong_value", "np.sqrt(2 / n_in)", "2 / n_in"),
    "xavier": ("W wrong_value", "2 / n_in", "2 / (n_in + n_out)"),
    "lecun": ("W wrong_value", "2 / n_in", "1 / n_in"),
    "of the outputs": ("W wrong_value", "2 / n_in", "2 / n_out"),
    "not scaled": ("W wrong_value", "np.sqrt(2 / n_in)", "1"),
    "a hundredth": ("W wrong_value", "np.sqrt(2 / n_in)", "0.01"),
    "uniform from zero": ("W wrong_value", "randn", "rand"),
    "uniform, its width for its deviation": (
        "W wrong_value",
        "np.random.randn(n_in, n_out)",
        "np.random.uniform(-1, 1, (n_in, n_out))",
    ),
    "zeros": ("W wrong_value", "np.random.randn(n_in, n_out)", "np.zeros((n_in, n_out))"),
    "transposed": ("W wrong_shape", "np.random.randn(n_in, n_out)", "np.random.randn(n_out, n_in)"),
    "one row for all": ("W wrong_value", "np.random.randn(n_in, n_out)", "np.random.randn(1, n_out).repeat(n_in, 0)"),
    "positive": ("W wrong_value", "np.random.randn(n_in, n_out)", "abs(np.random.randn(n_in, n_out))"),
    "seeded inside": ("drawn_anew wrong_value", "    return", "    np.random.seed(0)\n    return"),
}


@pytest.mark.parametrize("label", IN_HE)
def test_wrong_initializers_are_refused(box: Box, label: str) -> None:
    expected, source = with_changes(HE, IN_HE)[label]
    assert outcome(box, family("initializer", "he_normal"), source) == expected


def test_wrong_biases_are_refused(box: Box) -> None:
    ones = XAVIER.replace("np.zeros(n_out)", "np.ones(n_out)")
    assert outcome(box, family("initializer", "xavier", **PAIR), ones) == "b wrong_value"
    row = LAYER.replace("(n_out,)", "(1, n_out)")
    assert outcome(box, family("initializer", "Layer", **OF_CLASS), row) == "b wrong_shape"
