"""What a run would be made of: what was asked for, and where nothing was, what its exercise and its data set say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec import Struct

from tutor.course import Challenge, Train
from tutor.errors import RunError
from tutor.training.model import Architecture, Mode, Optimizer, TrainOptions
from tutor.training.networks.architecture import architecture_of, has_twin, widths_of
from tutor.training.recipes import choose_optimizer, recipe_for, usual_lr

if TYPE_CHECKING:
    from tutor.training.datasets import DataFacts

MOST_STEPS = (1 << 32) - 1  # what a record of metrics.bin can count
_TWINNED: tuple[Mode, ...] = ("twin", "lockstep")


class Plan(Struct, frozen=True):
    """Every choice settled, before anything is written."""

    train: Train
    data: DataFacts
    architecture: Architecture
    optimizer: Optimizer
    hidden: tuple[int, ...]  # sizes between input and output
    epochs: int
    batch: int
    lr: float

    @property
    def widths(self) -> tuple[int, ...]:
        """The network by its sizes: 64, 32, 10."""
        return widths_of(self.architecture)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches the data set is."""
        return math.ceil(self.data.samples / self.batch)

    @property
    def steps(self) -> int:
        """All steps of the run."""
        return self.epochs * self.steps_per_epoch

    @property
    def has_twin(self) -> bool:
        """Whether PyTorch has each of its layers."""
        return has_twin(self.architecture)


def plan(challenge: Challenge, options: TrainOptions) -> Plan:
    """Settle every choice of a run; RunError says in a sentence which ones do not fit together."""
    from tutor.training.datasets import facts

    if challenge.train is None:
        raise RunError(
            f"{challenge.id} trains no network.",
            "",
            "Choose an exercise in which you write a layer or a network: tutor challenge --list",
        )
    train, data = challenge.train, facts(options.dataset, options.data_dir)
    recipe, optimizer = recipe_for(train, options.dataset), choose_optimizer(train, options.optimizer)
    hidden = (recipe.hidden or ()) if options.hidden is None else options.hidden
    found = Plan(
        train=train,
        data=data,
        architecture=architecture_of(train, data.sample_shape, data.classes, hidden),
        optimizer=optimizer,
        hidden=hidden,
        epochs=(recipe.epochs or train.epochs) if options.epochs is None else options.epochs,
        batch=(recipe.batch or train.batch) if options.batch is None else options.batch,
        lr=usual_lr(train, optimizer) if options.lr is None else options.lr,
    )
    _check(found, options)
    return found


def _check(found: Plan, options: TrainOptions) -> None:
    from tutor.training.control import check
    from tutor.training.model import Control

    check(Control(lr=found.lr, batch=found.batch, pace=options.pace))
    if found.epochs < 1:
        raise RunError(f"{found.epochs} epochs cannot be trained.", "", "Give a whole number from 1 on.")
    if found.steps > MOST_STEPS:
        raise RunError(
            f"{found.epochs} epochs are {found.steps:,} steps.",
            f"A run has room for {MOST_STEPS:,}.",
            f"Give {MOST_STEPS // found.steps_per_epoch:,} epochs at most.",
        )
    if not (math.isfinite(options.time_limit) and options.time_limit >= 0):
        raise RunError(f"{options.time_limit:g} is no time limit.", "", "Give seconds, or 0 for none.")
    if options.mode in _TWINNED and not found.has_twin:
        raise RunError(
            "PyTorch has no twin of this network: a layer of it is one that only your file knows.",
            "",
            "Train it by itself, or on PyTorch's tensors.",
        )
