"""What is kept of a run so that it can be explained: a few hundred numbers, however long it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tutor.training.explain.thresholds import limit

MOST_BLOCKS = 64  # of losses; when there are more, neighbours become one
RECENT = 8  # the newest of so many parts of the losses are what "now" is
LAST_GAUGES = 9
LAST_EVALUATIONS = 8
HUGE = 1e150  # a gauge that is larger is this: its square must stay a number


class Block(Struct):
    """Losses of neighbouring steps, summed up."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, n: int, total: float, squares: float) -> None:
        """Take in more."""
        self.n, self.total, self.squares = self.n + n, self.total + total, self.squares + squares

    @property
    def mean(self) -> float:
        """Their mean."""
        return self.total / self.n

    @property
    def error(self) -> float:
        """The standard error of the mean, if the losses were independent."""
        spread = max(0.0, self.squares / self.n - self.mean * self.mean)
        return math.sqrt(spread / self.n)


class Losses(Struct):
    """The losses of all steps in blocks of equal size, which doubles as the run grows; and the first ones apart."""

    first_wanted: int  # steps whose mean is the first loss
    first: Block = msgspec.field(default_factory=Block)
    size: int = 1  # steps a block
    blocks: list[Block] = msgspec.field(default_factory=list)
    best: float = math.inf  # the lowest that "now" ever was

    def add(self, losses: NDArray[np.floating]) -> None:
        """Take in the losses of the next steps; the same whatever pieces they come in."""
        values = np.asarray(losses, dtype=np.float64)
        values = values[np.isfinite(values)]
        at = 0
        while at < len(values):
            if not self.blocks or self.blocks[-1].n >= self.size:
                if len(self.blocks) == MOST_BLOCKS:
                    self._halve()
                self.blocks.append(Block())
            block = self.blocks[-1]
            part = values[at : at + self.size - block.n]
            block.add(len(part), float(part.sum()), float((part * part).sum()))
            at += len(part)
        missing = values[: max(0, self.first_wanted - self.first.n)]
        self.first.add(len(missing), float(missing.sum()), float((missing * missing).sum()))

    def _halve(self) -> None:
        pairs = zip(self.blocks[::2], self.blocks[1::2], strict=True)
        self.blocks = [Block(a.n + b.n, a.total + b.total, a.squares + b.squares) for a, b in pairs]
        self.size *= 2

    @property
    def start(self) -> float | None:
        """The first loss; None while too few samples were seen for it."""
        return self.first.mean if self.first.n >= self.first_wanted else None

    def now(self) -> Block:
        """The newest eighth of all steps, at least eight of them where there are as many."""
        wanted = max(8, sum(block.n for block in self.blocks) // RECENT)
        newest = Block()
        for block in reversed(self.blocks):
            newest.add(block.n, block.total, block.squares)
            if newest.n >= wanted:
                break
        return newest


class Evaluated(Struct, frozen=True):
    """One evaluation."""

    epoch: int
    step: int
    loss: float  # on samples that are trained on
    held_back_loss: float


class Best(Struct, frozen=True):
    """Where the held-back loss was lowest, as the median of a strip of evaluations."""

    epoch: int
    loss: float
    held_back_loss: float


class Memory(Struct):
    """All that is known of a run, as plain numbers."""

    lr: float
    batch: int
    losses: Losses
    said: list[str] = msgspec.field(default_factory=list)
    step: int = 0
    gauges: list[dict[str, float]] = msgspec.field(default_factory=list)  # the newest
    first_norms: list[float] = msgspec.field(default_factory=list)  # of all gradients together
    evaluations: list[Evaluated] = msgspec.field(default_factory=list)  # the newest
    flat_since: Evaluated | None = None  # the loss has not fallen since, if it is flat at all
    chance_since: Evaluated | None = None  # the loss has stood at chance since
    unmoved: int = 0  # evaluations since flat_since
    at_chance: int = 0  # and since chance_since
    best: Best | None = None

    def measure(self, values: dict[str, float]) -> None:
        """Keep one measurement."""
        self.gauges = [*self.gauges, {name: min(v, HUGE) for name, v in values.items() if math.isfinite(v)}][
            -LAST_GAUGES:
        ]
        if len(self.first_norms) < LAST_GAUGES:
            self.first_norms.append(total_norm(self.gauges[-1]))

    def evaluate(self, evaluated: Evaluated, chance: float | None) -> None:
        """Keep one evaluation, and how long the loss has stood still, or at chance."""
        self.evaluations = [*self.evaluations, evaluated][-LAST_EVALUATIONS:]
        if self.flat_since is None:
            self.flat_since, self.unmoved = evaluated, 0
        self.unmoved += 1
        if chance is not None and abs(evaluated.loss - chance) <= limit("chance, band") * chance:
            self.chance_since = self.chance_since or evaluated
            self.at_chance += 1
        else:
            self.chance_since, self.at_chance = None, 0
        strip = self.strip()
        if strip and (self.best is None or strip.held_back_loss < self.best.held_back_loss):
            self.best = strip

    def strip(self) -> Best | None:
        """The medians of the last few evaluations; None while there are too few."""
        few = self.evaluations[-int(limit("overfitting, strip")) :]
        if len(few) < limit("overfitting, strip"):
            return None
        middle = few[len(few) // 2]
        return Best(middle.epoch, median(one.loss for one in few), median(one.held_back_loss for one in few))

    def middle(self, kind: str) -> dict[str, float]:
        """The median of the newest gauges of a kind, by what they measure; empty while there are too few."""
        names = [name for name in self.gauges[-1] if name.startswith(f"{kind}.")] if self.gauges else []
        found = {name: [one[name] for one in self.gauges if name in one] for name in names}
        return {
            name.partition(".")[2]: median(values) for name, values in found.items() if len(values) >= limit("gauges")
        }


def total_norm(values: dict[str, float]) -> float:
    """The norm of all gradients together."""
    return math.hypot(*(value for name, value in values.items() if name.startswith("grad_norm.")))


def is_weight(name: str) -> bool:
    """Whether a parameter is a weight and not a bias or the scale of a normalisation, whose sizes say little."""
    return not name.startswith(("b", "gamma"))


def turns(values: Sequence[float]) -> int:
    """How often a series changes between rising and falling."""
    signs = [math.copysign(1, b - a) for a, b in pairwise(values) if a != b]
    return sum(a != b for a, b in pairwise(signs))
