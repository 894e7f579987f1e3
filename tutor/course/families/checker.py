"""Gradient checks: the learner's own, tried on gradients that are right and on gradients that are wrong.

    family = "checker"
    defines = ["gradient_check"]
    options = { style = "array", returns = "bool", call = "gradient_check(f, x, grad)" }

It must accept the right gradient of several functions, at several scales, and refuse each wrong one: by sign, by a
factor, in one entry, in one entry of many, transposed, zero. What it perturbs it must put back. A step that is too
large shows near a kink; a check that perturbs float32 numbers measures rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.tables import Case, case, lines


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """How the learner's check is asked, and what it is asked about besides."""

    # array: about f(x) and one array; params: about loss() and dicts of arrays, which it perturbs in place
    style: Literal["array", "params"] = "array"
    # bool: right or not; error: a number, right below `limit`; numeric: the numeric gradient itself, within `limit`
    returns: Literal["bool", "error", "numeric"] = "bool"
    call: str = ""  # an expression of f, x, grad, or of loss, params, grads
    limit: float = 1e-6
    # near: a kink of ReLU 0.002 away; at: one at the very place, where any value between its slopes is right
    kinks: Literal["none", "near", "at"] = "near"
    float32: Literal["cast", "refuse", "either", "none"] = "either"  # what is right with float32 parameters
    besides: tuple[Literal["nan", "all_zero"], ...] = ()  # refuse nan; accept zero where the slope is zero everywhere


SAYS = {
    "accepts_right": "Your check refuses a gradient that is right.",
    "restores": "Your check leaves a parameter changed: put back the very value that stood there.",
    "restores_always": "Your check leaves a parameter changed: put back the very value that stood there.",
    "refuses_sign": "Your check accepts a gradient whose sign is wrong.",
    "refuses_factor_2": "Your check accepts a gradient that is twice what it should be.",
    "refuses_zero": "Your check accepts a gradient of zero where the slope is not zero.",
    "refuses_one_entry": "Your check accepts a gradient whose last entry is wrong: look at every entry.",
    "refuses_transposed": "Your check accepts a gradient that is transposed.",
    "accepts_many": "Your check refuses a right gradient of many entries.",
    "refuses_one_of_many": "Your check accepts a gradient of many entries of which one is wrong.",
    "refuses_wrong_b": "Your check accepts a gradient that is wrong in its second parameter: look at all of them.",
    "accepts_near_kink": "Your check refuses a right gradient 0.002 from a kink of ReLU: your step reaches across it.",
    "accepts_at_kink": "Your check refuses a right gradient at a kink of ReLU: any value between both slopes is right.",
    "holds_in_float32": "Float32 parameters fool your check: it needs float64, of a copy or by refusing them.",
    "refuses_nan": "Your check accepts a gradient of nan: nan is not above any limit, and not below one either.",
    "accepts_all_zero": "Your check refuses a gradient of zero where the slope is zero: 0 / 0 is no ratio.",
}


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of a gradient check's exercise."""
    if not 0 < options.limit < 1:
        raise FamilyError("`limit` must be between 0 and 1", "limit")
    numeric = options.returns == "numeric"
    if numeric and (options.style == "params" or options.besides or options.kinks == "at"):
        raise FamilyError('`returns = "numeric"` is for the style array, without `besides` and kinks "at"', "returns")
    asked = _numeric_gradients(options) if numeric else _verdicts(options)
    forward = _forward(asked)
    # The textbook refuses float32, which is right of it whatever is asked of the learner's.
    textbooks = _forward(asked | ({"holds_in_float32": _SINGLE["either"]} if "holds_in_float32" in asked else {}))
    results = {"forward": {name: [f"found[{name!r}]"] for name in asked}}
    default = "(f, x)" if numeric else "(f, x, grad)" if options.style == "array" else "(loss, params, grads)"
    learner = _answer(options, options.call or defines[0] + default)
    textbook = _answer(Options(style=options.style, returns="numeric" if numeric else "bool"), _textbook(options))
    return {
        "arrays": {
            "X": ["N", "n_in"],
            "W": ["n_in", "n_out"],
            "b": ["n_out"],
            "g": ["N", "n_out"],
            "square": ["n_in", "n_in"],
            "many": ["n_rows", "n_columns"],
        },
        "drive": {"setup": lines(*defines) + learner + _PROBLEMS, "forward": forward, "results": results},
        "judge": {
            "reference": "tutor.nn.gradient_check",
            "results": dict.fromkeys(asked, "value"),
            "says": {name: SAYS[name] for name in asked if name in SAYS},
            "within": {name: options.limit for name in asked if name.startswith("numeric")},
            "drive": {"setup": textbook + _PROBLEMS, "forward": textbooks, "results": results},
        },
        **_tiers(),
    }


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────────────


_SINGLE = {
    "either": "ask_single(cast=True, refuse=True)",
    "cast": "ask_single(cast=True, refuse=False)",
    "refuse": "ask_single(cast=False, refuse=True)",
}


def _forward(asked: Mapping[str, str]) -> str:
    return lines("intact, found = [], {}", *(f"found[{name!r}] = {text}" for name, text in asked.items()))


def _verdicts(options: Options) -> dict[str, str]:
    """True where the check says what it should, in the order in which a learner should hear of it."""
    right = "grads_of_main(main_at)"
    wrong = {
        "refuses_sign": "-g",
        "refuses_factor_2": "2 * g",
        "refuses_zero": "0 * g",
        "refuses_one_entry": "one_off(g)",
    }
    asked = {"accepts_right": f"ask(main, main_at, {right})", "restores": "all(intact)"}
    asked |= {name: f"not ask(main, main_at, spoilt({right}, lambda g: {text}))" for name, text in wrong.items()}
    asked["refuses_transposed"] = "not ask(bowl, bowl_at, spoilt(grads_of_bowl(bowl_at), lambda g: g.T))"
    asked["accepts_many"] = "ask(waves, waves_at, grads_of_waves(waves_at))"
    asked["refuses_one_of_many"] = "not ask(waves, waves_at, spoilt(grads_of_waves(waves_at), one_off))"
    if options.style == "params":
        asked["refuses_wrong_b"] = f"not ask(main, main_at, spoilt({right}, lambda g: 2 * g, 'b'))"
    if options.kinks != "none":
        asked["accepts_near_kink"] = "ask(bent, near_kink, grads_of_bent(near_kink))"
    if options.kinks == "at":
        asked["accepts_at_kink"] = "ask(bent, at_kink, grads_of_bent(at_kink))"
    if options.float32 != "none":
        asked["holds_in_float32"] = _SINGLE[options.float32]
    if "nan" in options.besides:
        asked["refuses_nan"] = f"not ask(main, main_at, spoilt({right}, lambda g: np.nan * g))"
    if "all_zero" in options.besides:
        asked["accepts_all_zero"] = "ask(flat, main_at, {name: 0 * p for name, p in main_at.items()})"
    asked["restores_always"] = "all(intact)"
    return asked


def _numeric_gradients(options: Options) -> dict[str, str]:
    asked = {"numeric": "ask(main, main_at, {'W': W})", "restores": "all(intact)"}
    asked["numeric_many"] = "ask(waves, waves_at, waves_at)"
    if options.kinks != "none":
        asked["numeric_near_kink"] = "ask(bent, near_kink, near_kink)"
    asked["restores_always"] = "all(intact)"
    return asked


def _answer(options: Options, call: str) -> str:
    """The function that asks one check about one problem."""
    answer = {"bool": "bool(found)", "error": f"float(found) < {options.limit!r}", "numeric": "found"}[options.returns]
    if options.style == "params":
        return (
            "parameters = ('W', 'b')\n"
            "def answer(total, params, grads):\n"
            "    loss = lambda: total(params)\n"
            f"    found = {call}\n"
            f"    return {answer}\n"
        )
    return (
        "parameters = ('W',)\n"
        "def answer(total, params, grads):\n"
        "    (name, x), = params.items()\n"
        "    f, grad = (lambda x: total({name: x})), grads[name]\n"
        f"    found = {call}\n"
        f"    return {answer}\n"
    )


def _textbook(options: Options) -> str:
    if options.returns == "numeric":
        return "numerical_gradient(f, x)"
    if options.style == "params":
        return "check_gradients(loss, params, grads).right"
    return "check_gradients(lambda: f(x), {'x': x}, {'x': grad}).right"


# ── the problems ─────────────────────────────────────────────────────────────────────────────────────────────────────

# Each is a function of a dict of arrays, with its gradients worked out by hand.
_PROBLEMS = """
def main(p):
    return float(scale * (np.tanh(X @ p["W"] + p.get("b", b)) * g).sum())

def grads_of_main(p):
    grad_z = scale * g * (1 - np.tanh(X @ p["W"] + p.get("b", b)) ** 2)
    return {name: {"W": X.T @ grad_z, "b": grad_z.sum(axis=0)}[name] for name in p}

def bowl(p):
    return float(scale * ((X @ p["W"]) ** 2).sum())

def grads_of_bowl(p):
    return {"W": scale * 2 * X.T @ (X @ p["W"])}

def waves(p):
    return float(scale * np.sin(p["W"]).sum())

def grads_of_waves(p):
    return {"W": scale * np.cos(p["W"])}

def bent(p):
    return float(scale * (np.maximum(p["W"], 0) * slope).sum())

def grads_of_bent(p):
    return {"W": scale * slope * (p["W"] > 0)}

def flat(p):
    return float(scale)

main_at = {name: {"W": W, "b": b}[name] for name in parameters}
bowl_at, waves_at = {"W": square}, {"W": many}
slope = 1 + abs(square)
near_kink = {"W": np.where(square > 0, 1.0, -1.0) * (0.002 + abs(square) % 0.001)}
at_kink = {"W": near_kink["W"].copy()}
at_kink["W"][-1, -1] = 0.0

def spoilt(grads, how, name="W"):
    return {**grads, name: how(grads[name])}

def one_off(g):
    g = g.copy()
    g[-1, -1] += abs(g).max()
    return g

def ask(total, at, grads):
    params, given = ({name: p.copy() for name, p in of.items()} for of in (at, grads))
    found = answer(total, params, given)
    intact.append(all(np.allclose(params[name], p, rtol=1e-12, atol=1e-15) for name, p in at.items()))
    return found

def ask_single(cast, refuse):
    single = {name: p.astype(np.float32) for name, p in main_at.items()}
    right = grads_of_main({name: p.astype(np.float64) for name, p in single.items()})
    try:
        return answer(main, single, right) and cast
    except (TypeError, ValueError, AssertionError):
        return refuse
"""

# ── the tiers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tiers() -> Tables:
    sizes = {"N": 6, "n_in": 4, "n_out": 3, "n_rows": 12, "n_columns": 10}

    def tried(proves: str, scale: float = 1.0, repeat: int = 1, **other: int) -> Case:
        return case(proves, {**sizes, **other}, values={"scale": scale}, repeat=repeat)

    return {
        "basic": [tried("a layer of four inputs and three outputs")],
        "edge": [
            tried("a loss a million times smaller", 1e-6),
            tried("a loss a million times larger", 1e6),
            tried("a single output", n_out=1),
        ],
        "stress": [tried("many parameters", n_rows=20, n_columns=25), tried("three other draws", repeat=3)],
    }
