"""The training loss as two curves: of every batch, and the running mean that the eye can follow. Loads NumPy."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from tutor.training import RunConfig
from tutor.viz import Curve

SHARE = 50  # the mean runs over at most this part of the run: about two columns of the chart


class RunningMean:
    """The mean of the first values, then an exponential one over about the last `span`; NaN and inf are passed on."""

    def __init__(self, span: int) -> None:
        self.span = max(1, span)
        self.mean = 0.0
        self.count = 0

    def extend(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The mean after each of the values."""
        means = []
        for value in values.tolist():
            if isfinite(value):
                self.count += 1
                self.mean += (value - self.mean) / min(self.count, self.span)
            means.append(self.mean if isfinite(value) else value)
        return np.array(means, dtype=np.float64)


class Curves:
    """What a chart draws of a run, growing in fixed memory."""

    def __init__(self, config: RunConfig) -> None:
        self.every_batch = Curve("training loss, every batch")
        self.mean = Curve("training loss, running mean")
        self._running = RunningMean(min(config.steps_per_epoch, config.steps // SHARE))

    def extend(self, steps: NDArray[np.int64], losses: NDArray[np.float32]) -> None:
        """The losses of more steps."""
        if len(steps):
            self.every_batch.extend(steps, losses)
            self.mean.extend(steps, self._running.extend(losses))
