"""When a run writes its checkpoints, and what it says when one cannot be written."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from tutor.errors import reason_of
from tutor.training.checkpoints import stored
from tutor.training.checkpoints.stored import Namespace, Position, Unstorable
from tutor.training.model import RunConfig
from tutor.training.trainable import Trainable

EVERY = 5.0  # seconds of training between the checkpoints at the ends of epochs, at least
WITHIN = 60.0  # seconds after which one is written in the middle of a long epoch
SHARE = 0.01  # of the time, that writing them may take


class Checkpoints:
    """The checkpoints of one run under way."""

    def __init__(
        self,
        run_dir: Path,
        config: RunConfig,
        network: Trainable,
        namespaces: Sequence[Namespace],
        tell: Callable[..., None],
        attempt: int,
    ) -> None:
        """`tell` is Trainer.tell: kind, text, and fields of the event."""
        self._run_dir = run_dir
        self._config = config
        self._network = network
        self._namespaces = namespaces
        self._tell = tell
        self._attempt = attempt
        self._written = 0  # the step of the last one
        self._at = time.perf_counter()
        self._cost = 0.0  # seconds
        self._storable = True
        self._failing = False

    def due(self, now: float) -> bool:
        """Tell whether the end of an epoch should write one."""
        return self._storable and now - self._at >= max(EVERY, self._cost / SHARE)

    def overdue(self, now: float) -> bool:
        """Tell whether the middle of an epoch should write one."""
        return self._storable and now - self._at >= max(WITHIN, self._cost / SHARE)

    def restore(self) -> Position | None:
        """Bring the network to the newest one that can be used; see `stored.restore`."""
        position = stored.restore(self._run_dir, self._config, self._network, self._namespaces, self._passed_over)
        self._written = position.step if position else 0
        self._at = time.perf_counter()
        return position

    def _passed_over(self, text: str) -> None:
        print(text)
        self._tell("checkpoint", text, key="passed over")

    def write(self, position: Position) -> bool:
        """Write one, unless that step has one; tell whether it has one now. What goes wrong is told, once."""
        if position.step == self._written or not self._storable:
            return position.step == self._written
        began = time.perf_counter()
        try:
            run_dir, config, network, namespaces = self._run_dir, self._config, self._network, self._namespaces
            if not stored.write(run_dir, config, network, namespaces, position, self._attempt):
                return False
        except (OSError, MemoryError) as error:
            self._failed(position.step, reason_of(error) if isinstance(error, OSError) else "memory ran out")
            return False
        except Unstorable as error:
            self._cannot(str(error))
            return False
        except Exception as error:  # an object of the learner's that does not let itself be looked at
            traceback.print_exc()
            self._cannot(f"This run cannot be resumed once it has stopped: its state raises {type(error).__name__}.")
            return False
        finally:
            self._at = time.perf_counter()
            self._cost = self._at - began
        if self._failing:
            self._tell("checkpoint", f"Checkpoints can be written again, from step {position.step} on.", key="again")
        self._written, self._failing = position.step, False
        return True

    def _failed(self, step: int, why: str) -> None:
        if not self._failing:
            last = f"what was learnt since step {self._written}" if self._written else "all that was learnt"
            text = f"No checkpoint could be written at step {step}: {why}. Make room: until then a stop loses {last}."
            print(text)
            self._tell("checkpoint", text, key="failed")
        self._failing = True

    def _cannot(self, text: str) -> None:
        print(text)
        self._storable = False
        self._tell("checkpoint", text, key="cannot")
