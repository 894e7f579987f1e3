"""Rules of learning: a learner's optimiser walks beside the textbook's, step by step, on gradients that are given.

    family = "optimizer"
    defines = ["Adam"]
    options = { rule = "adam", style = "dict" }

What is judged is how far each parameter moved in each step, and in all of them: that tells a wrong sign, a factor and a
step that drifts away from the place it leads to. The gradients change from step to step, another optimiser of the same
class walks beside with other gradients, and nothing that was handed in may change except the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.optimizer_clip import expand_clipping
from tutor.course.families.optimizer_rules import LOOKING_AHEAD, RULES, Rule
from tutor.course.families.tables import Case, case, lines


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What the learner's optimiser is, and how it is called."""

    rule: Literal["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "clip_by_norm", "clip_by_value"]
    # dict, list: `optimizer.step(params, grads)`, in place; update: one optimiser per array, `w = o.update(w, g)`;
    # function: `step` is a line that makes `params` and `state` out of params, grads and state, all of them dicts
    style: Literal["dict", "list", "update", "function"] = "dict"
    make: str = ""  # "Adam(lr=lr)": a setting that it leaves out must have the usual value as its default
    step: str = ""  # "optimizer.step(params, grads)", "w = optimizer.update(w, g)", "params, state = adam(...)"
    state: str = "{}"  # function: what `state` is before the first step
    in_place: bool = True  # dict, list: the arrays themselves must move, since a layer holds them too
    lr: str = ""  # the attribute that holds the learning rate: it is then changed on the way, too
    penalty: bool = False  # `weight_decay` times the parameter is added to its gradient (L2)
    gradient: Literal["array", "function"] = "array"  # function: `step(params, gradient)`, where gradient(params) is it
    returns: Literal["", "norm", "grads", "grads, norm"] = ""  # clipping: what the call returns; "": it is in place
    settings: dict[str, float] = {}  # usual values other than ours: mu, rho, beta1, beta2, eps, weight_decay
    accept: tuple[str, ...] | None = None  # the variants that are right too; by default all that mean the same method


SIZES = {"steps": 3, "n_in": 5, "n_out": 4}
ARRAYS = {"W": ["n_in", "n_out"], "b": ["n_out"], "g_W": ["steps", "n_in", "n_out"], "g_b": ["steps", "n_out"]}
STEPS_SHOWN = 3
DOES_NOT_MOVE = (
    "W does not move in the first step: change the array itself, as p -= ... does; p = p - ... makes a new array "
    "that nobody else sees."
)


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of an optimiser's exercise."""
    if options.rule in ("clip_by_norm", "clip_by_value"):
        return expand_clipping(options, defines[0])
    rule = RULES[options.rule]
    _refuse_what_does_not_fit(options, rule)
    names = {"moves": "bool(np.any(moved_W[0])) or abs(g_W[0]).max() < 1e-9"}
    names |= {f"step_{t + 1}_{p}": f"moved_{p}[{t}]" for t in range(STEPS_SHOWN) for p in "Wb"}
    names |= {f"all_steps_{p}": f"sum(moved_{p})" for p in "Wb"}
    results = {"forward": {name: [expression] for name, expression in names.items()}}
    settings = {**rule.settings, **({"weight_decay": 0.1} if options.penalty else {})}
    make = options.make or f"{defines[0]}({', '.join(settings)})"
    return {
        "arrays": ARRAYS,
        "drive": {
            "setup": _gradient(options),
            "forward": _walk(options, make, defines[0], settings),
            "results": results,
        },
        "judge": {
            "reference": f"tutor.nn.{rule.module}",
            "results": dict.fromkeys(names, "value"),
            "terms": {name: f"abs({name[-1]})" for name in names if name != "moves"},
            "says": {"moves": DOES_NOT_MOVE},
            "drive": {**_reference(options, rule), "results": results},
            "variants": _variants(options, rule),
        },
        **_tiers(options, rule, {**settings, **options.settings}, make + options.step),
    }


def _refuse_what_does_not_fit(options: Options, rule: Rule) -> None:
    if options.gradient == "function" and (options.rule != "nesterov" or options.style != "dict"):
        raise FamilyError('`gradient = "function"` is for the rule nesterov in the style dict', "gradient")
    if options.penalty and options.rule == "adamw":
        raise FamilyError("`penalty`: the weight decay of adamw is no penalty in the loss", "penalty")
    if options.lr and options.style == "function":
        raise FamilyError("`lr`: a function has no attribute that could be changed", "lr")
    for name in options.settings:
        if name not in {**rule.settings, "weight_decay": 0.0}:
            known = ", ".join(rule.settings)
            raise FamilyError(f"`settings`: {options.rule} has no {name!r}, it has {known}", "settings", name)


# ── the drives ───────────────────────────────────────────────────────────────────────────────────────────────────────

_MOVED = """
    moved_W.append({W} - before_W)
    moved_b.append({b} - before_b)
"""
_SCHEDULE = "    {}.{} = lr if t < 2 else lr * lr_factor\n"


def _loop(start: str, before: Mapping[str, str], step: str, after: Mapping[str, str]) -> str:
    """All steps, and how far each parameter moved in each: read where it stands before and after."""
    return (
        f"{start}moved_W, moved_b = [], []\nfor t in range(steps):\n"
        f"    before_W, before_b = {before['W']}.copy(), {before['b']}.copy()\n{step}"
        + _MOVED.strip("\n").format(**after)
        + "\n"
    )


def _walk(options: Options, make: str, name: str, settings: Mapping[str, float]) -> str:
    """The learner's optimiser over all steps; it is made here, so that a second call starts anew."""
    if options.style == "update":
        return _walk_of_arrays(options, make)
    if options.style == "function":
        default = f"params, state = {name}(params, grads, state, {', '.join(settings)})"
        stand = {"W": 'params["W"]', "b": 'params["b"]'}
        start = lines('params = {"W": W.copy(), "b": b.copy()}', f"state = {options.state}")
        step = f'    grads = {{"W": g_W[t], "b": g_b[t]}}\n    {options.step or default}\n'
        return _loop(start, stand, step, stand)
    dicts = options.style == "dict"
    key = {p: repr(p) if dicts else str(i) for i, p in enumerate("Wb")}
    pair = '{{"W": {}, "b": {}}}' if dicts else "[{}, {}]"
    call = options.step or "optimizer.step(params, grads)"
    given = "gradient" if options.gradient == "function" else pair.format("g_W[t]", "g_b[t]")
    held = "held" if options.in_place else "params"
    start = lines(
        f"params = {pair.format('W.copy()', 'b.copy()')}",
        # The arrays themselves, wherever the learner's code may put others.
        f"held = {'dict' if dicts else 'list'}(params)",
        f"optimizer, other = {make}, {make}",
        f"mine, theirs = (optimizer, params), (other, {pair.format('1 - W', '1 - b')})",
    )
    beside = "gradient" if options.gradient == "function" else pair.format("1 - g_W[t]", "1 - g_b[t]")
    step = (
        f"    for (optimizer, params), grads in ((theirs, {beside}), (mine, {given})):\n"
        + ("    " + _SCHEDULE.format("optimizer", options.lr) if options.lr else "")
        + f"        {call}\n"
    )
    stand = {p: f"{held}[{key[p]}]" for p in "Wb"}
    return _loop(start, stand, step, stand)


def _walk_of_arrays(options: Options, make: str) -> str:
    call = options.step or "w = optimizer.update(w, g)"
    start = lines("at_W, at_b = W.copy(), b.copy()", f"for_W, for_b = {make}, {make}")
    step = ""
    for p in "Wb":
        step += _SCHEDULE.format(f"for_{p}", options.lr) if options.lr else ""
        step += (
            f"    optimizer, w, g = for_{p}, at_{p}, g_{p}[t]\n    {call}\n    at_{p} = at_{p} if w is None else w\n"
        )
    stand = {"W": "at_W", "b": "at_b"}
    return _loop(start, stand, step, stand)


_GRADIENT = """
def gradient(at):
    return {"W": g_W[t] * at["W"], "b": g_b[t] * at["b"]}
"""
# The gradient at the place where the parameters stand when it is asked for.
_GRADIENT_HERE = """
class Here:
    def __getitem__(self, name):
        return {"W": g_W, "b": g_b}[name][t] * params[name]
"""


def _gradient(options: Options) -> str:
    return _GRADIENT.lstrip("\n") if options.gradient == "function" else ""


def _reference(options: Options, rule: Rule) -> Tables:
    """The textbook's optimiser over the same steps."""
    penalty = " + weight_decay * params['{}']" if options.penalty else ""
    grads = f'{{"W": g_W[t]{penalty.format("W")}, "b": g_b[t]{penalty.format("b")}}}'
    ahead = options.gradient == "function"
    start = lines(
        'params = {"W": W.copy(), "b": b.copy()}',
        f"optimizer = {rule.name}({', '.join(rule.settings)})",
    )
    step = (_SCHEDULE.format("optimizer", "lr") if options.lr else "") + (
        f"    optimizer.step(params, {'Here()' if ahead else grads})\n"
    )
    stand = {p: f'params["{p}"]' for p in "Wb"}
    return {"setup": _GRADIENT_HERE.lstrip("\n") if ahead else "", "forward": _loop(start, stand, step, stand)}


def _variants(options: Options, rule: Rule) -> list[dict[str, str]]:
    ahead = LOOKING_AHEAD if options.gradient == "function" else {}
    usual = {**rule.variants, **ahead}
    known = {**usual, **rule.more_variants}
    accepted = tuple(usual) if options.accept is None else options.accept
    for index, name in enumerate(accepted):
        if name not in known:
            raise FamilyError(f"`accept`: {name!r} is none of: {'; '.join(known) or 'no variant'}", "accept", index)
    return [{"name": name, "lines": known[name]} for name in accepted]


# ── the tiers ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tiers(options: Options, rule: Rule, settings: Mapping[str, float], words: str) -> Tables:
    """The cases; settings that the learner's lines do not pass on keep their usual values."""
    values = {**settings, **({"lr_factor": 1.0} if options.lr else {})}

    def tried(proves: str, sizes: Mapping[str, int] = {}, more: Mapping[str, float] = {}, **rest: object) -> Case:
        return case(proves, {**SIZES, **sizes}, values={**values, **more}, **rest)

    function = options.style == "function" and not options.step
    passed = {name: value for name, value in rule.others.items() if function or re.search(rf"\b{name}\b", words)}
    zeros = {"g_W": "zeros", "g_b": "zeros"}
    at_zero = {"W": "zeros", "b": "zeros"}
    edge = [
        tried("a single step", {"steps": 1}),
        tried("parameters of one entry", {"n_in": 1, "n_out": 1}),
        tried("gradients of zero", fill=zeros),
        tried("tiny gradients", fill={**at_zero, "g_W": "tiny", "g_b": "tiny"}),
        tried("huge gradients", fill={"g_W": "huge", "g_b": "huge"}),
        tried("one parameter without a slope beside one with", fill={"g_b": "zeros"}),
        tried("gradients whose memory is not in one piece", fill={"g_W": "strided", "W": "fortran"}),
        tried("float32 parameters", dtype="float32"),
    ]
    if passed:
        edge.append(tried("other settings", more=passed))
    if options.lr:
        edge.append(tried("a learning rate that is lowered on the way", {"steps": 5}, {"lr_factor": 0.25}))
    return {
        "basic": [tried("three steps, each with another gradient")],
        "edge": edge,
        "stress": [tried("two hundred steps", {"steps": 200}), tried("twenty other draws", repeat=20)],
    }
