"""Initialisers: weights that are drawn, judged by shape, mean and variance over many draws, and biases by being zero.

family = "initializer"
defines = ["he_normal"]
options = { rule = "he", call = "he_normal(n_in, n_out, rng)" }
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from tutor.course.families import FamilyError, Tables
from tutor.course.families.tables import Case, case, lines

RULES = {"he": "2 / n_in", "xavier": "2 / (n_in + n_out)", "lecun": "1 / n_in"}
_FOUND = r"\bfound\b"
SAYS = {
    "b": "The biases do not start at zero: nothing is gained by drawing them.",
    "drawn_anew": "Two calls give the same weights: draw anew in every call, and set no seed in between.",
}


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """What is drawn, and how the learner's code is asked for it."""

    rule: Literal["he", "xavier", "lecun"] = "he"
    variance: str = ""  # instead of a rule: an expression of n_in and n_out
    mean: str = "0"
    of: Literal["function", "class"] = "function"
    call: str = ""  # function: "he_normal(n_in, n_out, rng)"; class: how it is made, "Layer(n_in, n_out)"
    W: tuple[str, ...] = ()  # where the weights are found: function: "found", class: "found.W"
    b: tuple[str, ...] = ()  # and the biases: "found[1]", "found.b"; not judged where a function returns W alone
    transposed: bool = False  # W is (n_out, n_in)


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of an initialiser's exercise."""
    if options.variance and "n_" not in options.variance:
        raise FamilyError("`variance` is an expression of n_in and n_out, such as 2 / n_in", "variance")
    made = options.of == "class"
    weights = list(options.W) or (["found.W", "found.weight", "found.weights"] if made else ["found"])
    biases = list(options.b) or (["found.b", "found.bias"] if made else [])
    results = (
        {"W": weights}
        | ({"b": biases} if biases else {})
        | {"drawn_anew": [f"not np.array_equal({re.sub(_FOUND, 'first', text)}, {text})" for text in weights]}
    )
    call = options.call or f"{defines[0]}(n_in, n_out)"
    shape = "(n_out, n_in)" if options.transposed else "(n_in, n_out)"
    return {
        # One number, so that every draw of a case has a generator of its own.
        "arrays": {"entropy": ["one"]},
        "drive": {
            "setup": lines(*defines, "rng = np.random.default_rng(entropy.view(np.uint64))"),
            "forward": lines(f"found = {call}", f"first, found = found, {call}"),
            "results": {"forward": results},
        },
        "judge": {
            "reference": "tutor.nn.initializers",
            "results": {"W": "moments"} | dict.fromkeys(results.keys() - {"W"}, "value"),
            "moments": {"W": [options.mean, options.variance or RULES[options.rule]]},
            "says": {name: text for name, text in SAYS.items() if name in results},
            "drive": {
                "setup": "",
                "forward": lines(f"W, b = np.zeros({shape}), np.zeros(n_out)"),
                "results": {"forward": {"W": ["W"]} | ({"b": ["b"]} if biases else {}) | {"drawn_anew": ["True"]}},
            },
        },
        **_tiers(),
    }


def _tiers() -> Tables:
    """Wide, narrow and square: n_in and n_out confused shows in the first two, twice the right variance in all."""

    def drawn(proves: str, n_in: int, n_out: int, repeat: int = 1) -> Case:
        return case(proves, {"one": 1, "n_in": n_in, "n_out": n_out}, repeat=repeat)

    return {
        "basic": [drawn("a layer of 90 inputs and 40 outputs", 90, 40)],
        "edge": [
            drawn("more outputs than inputs", 40, 90),
            drawn("a single input", 1, 300, repeat=8),
            drawn("a single output", 300, 1, repeat=8),
        ],
        "stress": [
            drawn("a large layer", 256, 64),
            drawn("twenty draws of a small layer", 20, 12, repeat=20),
        ],
    }
