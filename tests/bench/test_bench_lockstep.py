"""What a step in lockstep costs beside what it is made of: the learner's step, and PyTorch's twice."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from tests.bench.harness import Line, in_turns, milliseconds, ratio, show
from tests.training_runs import LINEAR, challenge
from tests.twins import config_of, make
from tutor.training.networks.architecture import architecture_of

pytestmark = pytest.mark.bench

STEPS = 10  # in one measurement
MOST = 1.25  # times the same three steps taken without comparing anything
SIZES: dict[str, tuple[tuple[int, int], int, int]] = {"64-32-10": ((8, 8), 32, 32), "784-128-10": ((28, 28), 128, 64)}


def steps_of(modes: tuple[str, ...], sides: tuple[int, int], hidden: int, batch: int) -> Callable[[], object]:
    """Ten steps of runs in these modes, one after the other at each step."""
    config = config_of(challenge("linear_scratch"), lr=0.01)
    assert config.train is not None
    config = structs.replace(config, architecture=architecture_of(config.train, sides, 10, (hidden,)))
    rng = np.random.default_rng(1)
    samples, labels = rng.random((batch, sides[0] * sides[1])), rng.integers(10, size=batch)
    networks: list[tuple[Any, Any, Any]] = []
    for mode in modes:
        network = make(structs.replace(config, mode=mode), LINEAR)
        network.check_first_pass(samples, labels)
        networks.append((network, *network.place(samples, labels)))

    def steps() -> None:
        for _ in range(STEPS):
            for network, x, targets in networks:
                _, grad = network.loss(network.forward(x[:batch]), targets[:batch])
                network.backward(grad)
                network.step(0.01)

    return steps


@pytest.mark.parametrize("name", SIZES)
def test_a_step_in_lockstep_against_the_sum_of_its_parts(name: str) -> None:
    parts, lockstep = (steps_of(modes, *SIZES[name]) for modes in (("numpy", "twin", "twin"), ("lockstep",)))
    measured = in_turns(31, lambda: milliseconds(parts) / STEPS, lambda: milliseconds(lockstep) / STEPS)
    of_parts, of_lockstep = (median(times) for times in measured)
    times_more = ratio(*measured)
    beside = f"its parts {of_parts:.2f} ms"
    show(Line(f"lockstep, {name}", f"{of_lockstep:.2f} ms", f"{MOST}x", times_more <= MOST, beside, times_more))
