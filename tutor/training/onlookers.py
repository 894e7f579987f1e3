"""Who looks at a run from inside the worker: the looks at every epoch, and what the chart says of the curve.

They are ours and only look: one that fails says so once in the log and the events, and the training goes on.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tutor.errors import reason_of
from tutor.training.epochs import EpochLooks
from tutor.training.explain import Explained, Explainer
from tutor.training.model import RunConfig
from tutor.training.trainable import Trainable

if TYPE_CHECKING:
    from tutor.training.datasets import Dataset

Array = NDArray[Any]
Tell = Callable[..., None]  # Trainer.tell: kind, text, and fields of the event


class Onlookers:
    """Calls them in turn, and turns what they notice into events."""

    def __init__(self, run_dir: Path, config: RunConfig, data: Dataset, tell: Tell) -> None:
        self._data = data
        self._tell = tell
        self._looks: EpochLooks | None = EpochLooks(run_dir, config, data)
        self._explainer: Explainer | None = Explainer(config)

    def epoch(self, epoch: int, step: int, output: Array, network: Trainable) -> None:
        """Store what the network looks like after an epoch; 0: before the first step."""
        if self._looks is None:
            return

        def evaluate(points: Array) -> Array:
            points = np.asarray(points, self._data.x_test.dtype)
            return network.evaluate(*network.place(points, np.zeros(len(points), np.int64))).output

        drawn, numbers = random.getstate(), np.random.get_state()
        try:
            self._looks.write(epoch, step, output, network.params(), evaluate)
        except OSError as error:
            self._tell("note", f"The look at epoch {epoch} could not be stored: {reason_of(error)}.")
        except Exception:
            self._looks = None
            self._failed("The looks at the epochs")
        finally:  # a look depends on the clock, and must not move what the training draws
            random.setstate(drawn)
            np.random.set_state(numbers)

    def steps(self, steps: Array, losses: Array) -> None:
        """Show the explainer the steps since the last look."""
        self._explain(lambda explainer: explainer.steps(steps, losses))

    def gauges(self, step: int, gauges: Mapping[str, float]) -> None:
        """Show it the gauges."""
        self._explain(lambda explainer: explainer.gauges(step, dict(gauges)))

    def evaluated(
        self, epoch: int, step: int, loss: float, accuracy: float, held_back_loss: float, held_back: float
    ) -> None:
        """Show it how an epoch ended."""
        self._explain(lambda explainer: explainer.evaluated(epoch, step, loss, accuracy, held_back_loss, held_back))

    def diverged(self, step: int, where: str) -> None:
        """Show it where the loss stopped being a number."""
        self._explain(lambda explainer: explainer.diverged(step, where))

    def changed(self, step: int, lr: float, batch: int) -> None:
        """Tell it of another learning rate or batch."""
        if self._explainer is not None:
            self._explainer.changed(step, lr, batch)

    def state(self) -> dict[str, Any]:
        """Return what the explainer remembers, as plain JSON, for a checkpoint."""
        return {} if self._explainer is None else self._explainer.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from that: each thing is said once, also by a run that was resumed."""
        if self._explainer is not None and state:
            self._explainer.restore(state)

    def _explain(self, ask: Callable[[Explainer], Iterable[Explained]]) -> None:
        if self._explainer is None:
            return
        try:
            for found in ask(self._explainer):
                more = {"key": found.key, "lesson": found.lesson, "advice": found.advice}
                self._tell("explained", found.text, step=found.step, **more)
        except Exception:
            self._explainer = None
            self._failed("What the chart says of this run")

    def _failed(self, what: str) -> None:
        traceback.print_exc()
        self._tell("note", f"{what} failed, not your code; the log has the details. The training goes on.")
