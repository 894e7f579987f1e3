"""The chart talks: what goes wrong in a run is said once, in a sentence, with the lesson to reread and what to try."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tutor import records
from tutor.training.explain.memory import Evaluated, Losses, Memory
from tutor.training.explain.rules import (
    NEW_AFTER_A_CHANGE,
    OF_EVALUATIONS,
    OF_GAUGES,
    OF_STEPS,
    SGD,
    Case,
    Rule,
)
from tutor.training.explain.thresholds import limit
from tutor.training.model import RunConfig


class Explained(Struct, frozen=True):
    """Something that the chart says."""

    key: str  # one of explain_rules.KEYS
    step: int
    text: str  # one or two sentences
    lesson: str  # to reread, by its slug
    advice: str  # what to try


class Explainer:
    """Fed by the training loop, at most some ten times a second; says each thing once a run.

    What a change of the learning rate or the batch makes new may be said once more after it (`changed`).
    """

    def __init__(self, config: RunConfig, said: Iterable[str] = ()) -> None:
        """Begin; `said` are the keys that an earlier attempt has said already."""
        architecture = config.architecture
        loss = architecture.loss if architecture is not None else config.loss
        self._inputs, self._classes = config.widths[0], config.widths[-1]
        self._chance = math.log(self._classes) if loss == "softmax_cross_entropy" and self._classes > 1 else None
        first = max(1, math.ceil(limit("first loss, samples") / config.batch))
        self._memory = Memory(config.lr, config.batch, Losses(first), list(said))

    # ── what is new ──────────────────────────────────────────────────────────────────────────────────────────────────

    def steps(self, steps: NDArray[Any], losses: NDArray[Any]) -> tuple[Explained, ...]:
        """Take in the losses (n,) of the next steps (n,), in order; numbers that are not finite count for nothing."""
        if not len(steps):
            return ()
        self._memory.step = int(steps[-1])
        self._memory.losses.add(np.asarray(losses))
        return self._say(OF_STEPS)

    def gauges(self, step: int, values: Mapping[str, float]) -> tuple[Explained, ...]:
        """Take in one measurement, by the names in config.gauges: grad_norm.W1, update_ratio.W1, dead.1."""
        self._memory.step = max(step, self._memory.step)
        self._memory.measure(dict(values))
        return self._say(OF_GAUGES)

    def evaluated(
        self,
        epoch: int,
        step: int,
        loss: float | None,
        accuracy: float | None,  # noqa: ARG002 - part of what an evaluation is; the losses tell more
        held_back_loss: float | None,
        held_back: float | None,  # noqa: ARG002
    ) -> tuple[Explained, ...]:
        """Take in the end of an epoch; one without finite losses is left aside. Accuracies are in [0, 1]."""
        held_back_loss = loss if held_back_loss is None else held_back_loss
        loss = held_back_loss if loss is None else loss
        self._memory.step = max(step, self._memory.step)
        if loss is None or held_back_loss is None or not (math.isfinite(loss) and math.isfinite(held_back_loss)):
            return ()
        self._memory.evaluate(Evaluated(epoch, step, float(loss), float(held_back_loss)), self._chance)
        return self._say(OF_EVALUATIONS)

    def diverged(self, step: int, where: str) -> tuple[Explained, ...]:
        """Say that the loss is no number any more, and where the first one that is not finite came from."""
        if "diverged" in self._memory.said:
            return ()
        self._memory.said.append("diverged")
        lost = where and not where.startswith("nowhere")  # else the loss alone outgrew what can be stored
        came = f" The first number that is not finite came from {where}." if lost else ""
        if step <= 1:
            advice = (
                "Nothing was learnt yet, so it is in the computation: look for 0/0, log(0) or exp of a large number."
            )
        else:
            lr = min(self._memory.lr / 10, 0.1)
            advice = f"Try a learning rate of {lr:.1g}; if it comes back, look for log(0) or exp there."
        return (Explained("diverged", step, f"At step {step} the loss is no number any more.{came}", SGD, advice),)

    def changed(self, step: int, lr: float, batch: int) -> None:
        """Take in another learning rate or batch: what it may have mended, or broken, can be said once more."""
        memory = self._memory
        if (lr, batch) == (memory.lr, memory.batch):
            return
        memory.lr, memory.batch, memory.step = lr, batch, max(step, memory.step)
        if "rising" in memory.said and memory.losses.blocks:  # from here on: above where it stands now
            memory.losses.first, memory.losses.first_wanted = memory.losses.now(), 1
            memory.losses.blocks, memory.losses.size, memory.losses.best = [], 1, math.inf
        memory.gauges, memory.first_norms = [], []
        memory.evaluations, memory.chance_since, memory.at_chance = [], None, 0
        if "flat" in memory.said:
            memory.flat_since = None
        memory.said = [key for key in memory.said if key not in NEW_AFTER_A_CHANGE]

    def _say(self, rules: Mapping[str, Rule]) -> tuple[Explained, ...]:
        memory, found = self._memory, []
        case = Case(memory, self._inputs, self._classes, self._chance)
        for key, rule in rules.items():
            if key not in memory.said and (words := rule(case)) is not None:
                memory.said.append(key)
                found.append(Explained(key, memory.step, *words))
        return tuple(found)

    # ── over a resume ────────────────────────────────────────────────────────────────────────────────────────────────

    def state(self) -> dict[str, Any]:
        """Return all that is remembered, as plain JSON."""
        plain: dict[str, Any] = msgspec.to_builtins(self._memory)
        plain["losses"]["best"] = None if math.isinf(self._memory.losses.best) else self._memory.losses.best
        return plain

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; one that is damaged is left aside."""
        plain = dict(state)
        try:
            losses = dict(plain["losses"])
            losses["best"] = math.inf if losses["best"] is None else losses["best"]
            memory = records.convert(plain | {"losses": losses}, Memory)
        except (KeyError, TypeError, ValueError, msgspec.ValidationError):
            return
        memory.said += [key for key in self._memory.said if key not in memory.said]
        self._memory = memory
