"""What the chart says, and when: one function per event, from what is known of a run to a sentence or nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from tutor.training.explain.memory import Memory, is_weight, total_norm, turns
from tutor.training.explain.thresholds import limit

GRADIENT_FLOW, SGD = "11-gradient-flow", "12-sgd"
FEW_INPUTS = 16  # of less the first loss varies widely from draw to draw, however right the weights are drawn


class Case(NamedTuple):
    """What a rule looks at."""

    memory: Memory
    inputs: int  # numbers a sample
    classes: int
    chance: float | None  # the loss of guessing evenly, where the loss is a cross-entropy


class Words(NamedTuple):
    """What a rule says."""

    text: str
    lesson: str
    advice: str


def number(value: float) -> str:
    """Three digits that matter."""
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.1e}"


def _rate(value: float) -> str:
    return f"{float(f'{value:.1g}'):g}"  # 20, not 2e+01


# ── the loss, step by step ───────────────────────────────────────────────────────────────────────────────────────────


def first_loss(case: Case) -> Words | None:
    """The loss before anything was learnt is far above that of guessing evenly."""
    start, chance = case.memory.losses.start, case.chance
    if start is None or chance is None:
        return None
    room = limit("first loss, few inputs" if case.inputs < FEW_INPUTS else "first loss, few classes")
    if start <= max(limit("first loss") * chance, chance + room):
        return None
    return Words(
        f"The first loss is {number(start)}; {case.classes} classes guessed evenly give {chance:.2f}. "
        "The weights start too large.",
        GRADIENT_FLOW,
        "Draw W with a standard deviation of sqrt(2 / n_in) before a ReLU, sqrt(1 / n_in) elsewhere.",
    )


def rising(case: Case) -> Words | None:
    """The loss is above where it began, or has lost half of what it had gained."""
    losses, lr = case.memory.losses, case.memory.lr
    start, seen = losses.start, sum(block.n for block in losses.blocks)
    if start is None or seen < limit("rising, steps"):
        return None
    now = losses.now()
    surely = now.mean - limit("rising, certainty") * math.hypot(now.error, losses.first.error)
    best, losses.best = losses.best, min(losses.best, now.mean)
    if surely > start * (1 + limit("rising, share")):
        return Words(
            f"The loss climbs: it began at {number(start)} and is {number(now.mean)} at step {case.memory.step}.",
            SGD,
            f"Look at the sign of the update first (W -= lr * grad_W); then try a learning rate of {_rate(lr / 10)}.",
        )
    if best < start * (1 - limit("rising, gained")) and surely > best + limit("rising, again") * (start - best):
        return Words(
            f"The loss had come down to {number(best)} and is back at {number(now.mean)}.",
            SGD,
            f"The steps have become too long for where it stands: try a learning rate of {_rate(lr / 5)}.",
        )
    return None


# ── the evaluations ──────────────────────────────────────────────────────────────────────────────────────────────────


def at_chance(case: Case) -> Words | None:
    """The loss has stood at that of guessing evenly, and does not move."""
    memory, since = case.memory, case.memory.chance_since
    if since is None or case.chance is None or memory.at_chance < limit("patience, epochs"):
        return None
    newest = memory.evaluations[-1]
    if newest.step - since.step < limit("patience, steps") or _fall(since.loss, newest.loss) > limit("flat, fall"):
        return None
    return Words(
        f"The loss has stood at {newest.loss:.2f} for {newest.step - since.step} steps: ln({case.classes}) = "
        f"{case.chance:.2f}, the price of guessing evenly. What comes out does not depend on what goes in yet.",
        GRADIENT_FLOW,
        _seen_in_gauges(memory)
        or f"Compare the gradients of the first and the last layer; if they are alike, try a learning rate of "
        f"{_rate(memory.lr * 10)}.",
    )


def flat(case: Case) -> Words | None:
    """The loss has not fallen since the run began; where it stands at chance, that is what is said."""
    memory, since, start = case.memory, case.memory.flat_since, case.memory.losses.start
    if since is None or start is None or memory.unmoved < limit("patience, epochs") or memory.at_chance:
        return None
    newest = memory.evaluations[-1]
    fall = _fall(since.loss, newest.loss)
    if newest.step - since.step < limit("patience, steps") or abs(fall) > limit("flat, fall"):
        return None
    if newest.loss < limit("flat, level") * start:
        return None
    return Words(
        f"The loss was {number(since.loss)} after epoch {since.epoch} and is {number(newest.loss)} after epoch "
        f"{newest.epoch}: nothing is learnt.",
        SGD,
        _seen_in_gauges(memory)
        or f"Try a learning rate ten times as large, {_rate(memory.lr * 10)}. If the loss stays where it is, look "
        "whether your update changes the weights.",
    )


def _seen_in_gauges(memory: Memory) -> str:
    """What to try against a loss that stands still, where the newest gauges show why it does; else nothing."""
    newest = memory.gauges[-1] if memory.gauges else {}
    dead = max((value for name, value in newest.items() if name.startswith("dead.")), default=0.0)
    if dead >= limit("dead units"):
        return f"{dead:.0%} of a layer's units are dead: start anew with a learning rate of {_rate(memory.lr / 5)}."
    ratios = {name.partition(".")[2]: value for name, value in newest.items() if name.startswith("update_ratio.")}
    fastest = max(_weights(ratios).values(), default=0.0)
    return f"Try a learning rate of {_faster(memory.lr, fastest)}." if 0 < fastest <= limit("small steps") else ""


def oscillating(case: Case) -> Words | None:
    """The loss on the same held-back samples jumps up and down from epoch to epoch, far from its end."""
    memory, start = case.memory, case.memory.losses.start
    losses = [one.held_back_loss for one in memory.evaluations[-6:]]
    if start is None or len(losses) < 6 or turns(losses) < limit("oscillating, turns"):
        return None
    level = sum(losses) / len(losses)
    jump = median(abs(b - a) for a, b in pairwise(losses))
    if jump < limit("oscillating, jump") * level or level < limit("oscillating, level") * start:
        return None
    if _fall(sum(losses[:3]), sum(losses[3:])) > limit("oscillating, fall"):
        return None
    return Words(
        f"The held-back loss jumps: {', '.join(number(loss) for loss in losses[-4:])} after the last four epochs. "
        "The steps leap from one side of the valley to the other.",
        SGD,
        f"Try a learning rate of {_rate(memory.lr / 5)}.",
    )


def overfitting(case: Case) -> Words | None:
    """The held-back loss rises while the loss on what is trained on still falls."""
    best, now, start = case.memory.best, case.memory.strip(), case.memory.losses.start
    if best is None or now is None or start is None or now.loss > best.loss * (1 - limit("overfitting, training")):
        return None
    rise = now.held_back_loss - best.held_back_loss
    if rise < limit("overfitting, rise") * best.held_back_loss or rise < limit("overfitting, share") * start:
        return None
    return Words(
        f"The held-back loss was lowest near epoch {best.epoch}, {number(best.held_back_loss)}, and is "
        f"{number(now.held_back_loss)} now, while the training loss went on from {number(best.loss)} to "
        f"{number(now.loss)}: the network learns the samples by heart.",
        SGD,
        f"Stop near epoch {best.epoch}, or give it more samples, fewer units or weight decay.",
    )


def _fall(before: float, after: float) -> float:
    return (before - after) / before if before > 0 else 0.0


# ── the gauges ───────────────────────────────────────────────────────────────────────────────────────────────────────


def vanishing(case: Case) -> Words | None:
    """The gradient of a layer is a thousandth of that of a later one."""
    norms = _weights(case.memory.middle("grad_norm"))
    for (early, small), (late, large) in _pairs(norms):
        if small < limit("vanishing") * large:
            return Words(
                f"The gradient of {early} is {_tiny(small)}, that of {late} {number(large)}: "
                f"{_times(large, small)}. The layers before {late} hardly learn.",
                GRADIENT_FLOW,
                "Try ReLU or tanh instead of the sigmoid, or weights drawn larger: sqrt(2 / n_in) for ReLU.",
            )
    return None


def exploding(case: Case) -> Words | None:
    """The gradients are huge, or grow huge, or grow a thousandfold on their way back."""
    memory = case.memory
    norms = memory.middle("grad_norm")
    if not norms:
        return None
    total = total_norm({f"grad_norm.{name}": value for name, value in norms.items()})
    first = median(memory.first_norms)
    grown = total > max(10.0, limit("exploding, growth") * first)
    deep = next(
        (pair for pair in _pairs(_weights(norms)) if pair[0][1] > limit("exploding, depth") * pair[1][1] > 0), None
    )
    if total <= limit("exploding, norm") and not grown and deep is None:
        return None
    (name, largest) = max(norms.items(), key=lambda pair: pair[1])
    return Words(
        f"The gradients together have a norm of {number(total)}, that of {name} alone {number(largest)}: "
        "one step can undo all that was learnt.",
        GRADIENT_FLOW,
        "Scale the gradients down to a norm of 1 where they are longer (clipping), and draw smaller weights.",
    )


def dead_units(case: Case) -> Words | None:
    """Half of the units of a ReLU answer no sample."""
    shares = case.memory.middle("dead")
    worst = max(shares, key=lambda name: shares[name], default=None)
    if worst is None or shares[worst] < limit("dead units"):
        return None
    return Words(
        f"{shares[worst]:.0%} of the units of ReLU {worst} answer none of the held-back samples: no gradient reaches "
        "their weights any more.",
        GRADIENT_FLOW,
        f"Start anew with biases at 0 and a learning rate of {_rate(case.memory.lr / 5)}, or with a leaky ReLU.",
    )


def large_steps(case: Case) -> Words | None:
    """A step moves a weight matrix by a large part of itself."""
    ratios = _weights(case.memory.middle("update_ratio"))
    name = max(ratios, key=lambda one: ratios[one], default=None)
    if name is None or ratios[name] < limit("large steps"):
        return None
    return Words(
        f"A step moves {name} by {ratios[name]:.0%} of its size; about 0.1 % is usual.",
        SGD,
        f"Try a learning rate of {_rate(case.memory.lr / (100 * ratios[name]))}.",
    )


def small_steps(case: Case) -> Words | None:
    """No step moves any weight matrix by what can be seen, and there is still all to learn."""
    ratios, start = _weights(case.memory.middle("update_ratio")), case.memory.losses.start
    name = max(ratios, key=lambda one: ratios[one], default=None)
    if name is None or start is None or ratios[name] > limit("small steps") or ratios[name] == 0:
        return None
    if case.memory.losses.now().mean < limit("small steps, level") * start:
        return None
    return Words(
        f"A step moves {name}, the fastest of the weights, by {ratios[name]:.0e} of its size; about 1e-03 is usual.",
        SGD,
        f"Try a learning rate of {_faster(case.memory.lr, ratios[name])}.",
    )


def _faster(lr: float, ratio: float) -> str:
    """A learning rate at which a step that moves a matrix by `ratio` of its size moves it as far as is usual."""
    return _rate(min(lr * 1e-3 / ratio, 0.1))


def _weights(values: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if is_weight(name)}


def _pairs(norms: dict[str, float]) -> list[tuple[tuple[str, float], tuple[str, float]]]:
    """Every layer with every later one, in the order of the forward pass."""
    layers = list(norms.items())
    return [(early, late) for at, early in enumerate(layers) for late in layers[at + 1 :]]


def _tiny(value: float) -> str:
    return f"{value:.0e}" if value else "0"


def _times(large: float, small: float) -> str:
    return f"{large / small:,.0f} times larger" if small else "all is lost on the way"


Rule = Callable[[Case], Words | None]
OF_STEPS: dict[str, Rule] = {"first-loss": first_loss, "rising": rising}
OF_EVALUATIONS: dict[str, Rule] = {
    "chance": at_chance,
    "flat": flat,
    "oscillating": oscillating,
    "overfitting": overfitting,
}
OF_GAUGES: dict[str, Rule] = {
    "vanishing": vanishing,
    "exploding": exploding,
    "dead": dead_units,
    "large-steps": large_steps,
    "small-steps": small_steps,
}
KEYS = (*OF_STEPS, *OF_EVALUATIONS, *OF_GAUGES, "diverged")
# A changed learning rate or batch makes these new; the others are of the start, or of what has been done.
NEW_AFTER_A_CHANGE = frozenset({"rising", "chance", "flat", "oscillating", "exploding", "large-steps", "small-steps"})
