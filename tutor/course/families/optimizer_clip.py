"""Clipping, the part of `optimizer` that shortens gradients before a step: by value, or by the norm of all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.course.families import FamilyError, Tables
from tutor.course.families.tables import Case, case, lines

if TYPE_CHECKING:
    from tutor.course.families.optimizer import Options

ARRAYS = {"g_W": ["n_in", "n_out"], "g_b": ["n_out"]}
SIZES = {"n_in": 5, "n_out": 4}

# PyTorch's divisor, which is never zero.
_WITH_A_MILLIONTH = """
def clip_by_norm(grads, max_norm):
    norm = float(np.sqrt(sum((g * g).sum() for g in grads.values())))
    for g in grads.values():
        g *= min(1.0, max_norm / (norm + 1e-6))
    return norm
"""
MILLIONTH = "with 1e-6 in the divisor, as in PyTorch"


def expand_clipping(options: Options, name: str) -> Tables:
    """The tables of a clipping exercise: what becomes of two gradients, and the norm where it is returned."""
    if options.style == "update":
        raise FamilyError("`style`: clipping takes all gradients together, as a dict or a list", "style")
    by_norm = options.rule == "clip_by_norm"
    dicts = options.style != "list"
    pair = '{{"W": {}, "b": {}}}' if dicts else "[{}, {}]"
    returned = {"grads": "found", "grads, norm": "found[0]"}.get(options.returns, "held")
    norm = {"norm": "found", "grads, norm": "found[1]"}.get(options.returns)
    results = {f"clipped_{p}": [f"{returned}[{p!r}]" if dicts else f"{returned}[{i}]"] for i, p in enumerate("Wb")}
    results |= {"norm": [norm]} if norm and by_norm else {}
    start = lines(
        f"grads = {pair.format('scale * g_W', 'scale * g_b')}", f"held = {'dict' if dicts else 'list'}(grads)"
    )
    found = "norm = " if by_norm else ""
    return {
        "arrays": ARRAYS,
        "drive": {
            "setup": "",
            "forward": start + lines(options.step or f"found = {name}(grads, limit)"),
            "results": {"forward": results},
        },
        "judge": {
            "reference": "tutor.nn.clipping",
            "results": dict.fromkeys(results, "value"),
            "drive": {
                "setup": "",
                "forward": lines(
                    'grads = {"W": scale * g_W, "b": scale * g_b}', f"{found}{options.rule}(grads, limit)"
                ),
                "results": {
                    "forward": {"clipped_W": ['grads["W"]'], "clipped_b": ['grads["b"]']}
                    | ({"norm": ["norm"]} if "norm" in results else {})
                },
            },
            "variants": [{"name": MILLIONTH, "lines": _WITH_A_MILLIONTH}] if by_norm and _accepted(options) else [],
        },
        **(_tiers_by_norm() if by_norm else _tiers_by_value()),
    }


def _accepted(options: Options) -> bool:
    if options.accept is None:
        return True
    for index, name in enumerate(options.accept):
        if name != MILLIONTH:
            raise FamilyError(f"`accept`: {name!r} is none of: {MILLIONTH}", "accept", index)
    return bool(options.accept)


def _case(proves: str, limit: float, scale: float = 1.0, n_in: int = 5, n_out: int = 4, **rest: object) -> Case:
    return case(proves, {"n_in": n_in, "n_out": n_out}, values={"limit": limit, "scale": scale}, **rest)


_ZEROS = {"g_W": "zeros", "g_b": "zeros"}
_HUGE = {"g_W": "huge", "g_b": "huge"}
_TINY = {"g_W": "tiny", "g_b": "tiny"}


def _tiers_by_norm() -> Tables:
    return {
        "basic": [_case("gradients that are too long together", 1.5)],
        "edge": [
            _case("gradients that are short enough, and stay as they are", 1000.0),
            _case("one parameter too long, the other of zero", 0.5, fill={"g_b": "zeros"}),
            _case("gradients of zero", 1.0, fill=_ZEROS),
            _case("huge gradients", 1.0, fill=_HUGE),
            _case("tiny gradients, which are not made longer", 1.0, fill=_TINY),
            _case("a small limit", 0.01, 0.02),
            _case("gradients whose memory is not in one piece", 1.5, fill={"g_W": "strided"}),
            _case("float32 gradients", 1.5, dtype="float32"),
        ],
        "stress": [
            _case("larger gradients", 1.0, n_in=60, n_out=40),
            _case("twenty other draws", 1.5, repeat=20),
        ],
    }


def _tiers_by_value() -> Tables:
    return {
        "basic": [_case("entries beyond the limit on both sides", 0.5, n_in=15)],
        "edge": [
            _case("entries within the limit, which stay as they are", 1000.0),
            _case("gradients of zero", 1.0, fill=_ZEROS),
            _case("huge gradients", 1.0, fill=_HUGE),
            _case("gradients whose memory is not in one piece", 0.5, fill={"g_W": "strided"}),
            _case("float32 gradients", 0.5, dtype="float32"),
        ],
        "stress": [
            _case("larger gradients", 0.3, n_in=60, n_out=40),
            _case("twenty other draws", 0.5, repeat=20),
        ],
    }
