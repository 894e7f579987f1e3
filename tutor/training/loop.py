"""The training loop: epochs of shuffled batches, at a pace, listening to control.json, telling what happens."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from tutor.errors import RunError
from tutor.training.control import check
from tutor.training.folder import CONTROL, EVENTS, HEARTBEAT, read_control
from tutor.training.metrics import Recorder
from tutor.training.model import Control, End, Event, RunConfig, State
from tutor.training.layer_stack import check_first_step
from tutor.training.trainable import Trainable

if TYPE_CHECKING:
    from tutor.training.datasets import Dataset

Array = NDArray[Any]

TICK = 0.1  # seconds between looks at control.json, flushes of the metrics and gauges
HEARTBEAT_EVERY = 5.0  # seconds
LARGEST_LOSS = float(np.finfo(np.float32).max)  # what metrics.bin can hold
BEHIND = 0.25  # seconds a paced run may be late before it stops trying to catch up


class EventWriter:
    """Appends lines to events.jsonl, each in one write; a torn line before is closed first."""

    def __init__(self, run_dir: Path) -> None:
        self._fd = os.open(run_dir / EVENTS, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        size = os.fstat(self._fd).st_size
        self._torn = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"

    def write(self, event: Event) -> None:
        """Append one event; a disk that refuses it does not stop the training."""
        line = msgspec.json.encode(event) + b"\n"
        try:
            written = os.write(self._fd, b"\n" + line if self._torn else line)
            self._torn = written < len(line)
        except OSError:
            self._torn = True


class Trainer:
    """One run under way: the network, the data, where it stands, and what is asked of it."""

    def __init__(
        self, run_dir: Path, config: RunConfig, network: Trainable, data: Dataset, order: np.random.Generator
    ) -> None:
        self._run_dir = run_dir
        self._config = config
        self._network = network
        self._data = data
        self._order = order
        self._signal: int | None = None  # that asked the worker to stop
        self._wake = 0.0  # when the loop must look up from its steps: at the next tick, or before every step
        self.step = 0
        self.held_back: float | None = None
        self._recorder = Recorder(run_dir, config.gauges)
        self._events = EventWriter(run_dir)
        self._control = Control()
        self._control_file: tuple[int, int] | None = None
        self._lr, self._batch, self._pace = config.lr, config.batch, config.pace
        self._allowance: int | None = None  # steps still to run before a pause
        self._dead: list[float] = [float("nan")] * len([name for name, _ in config.gauges if name.startswith("dead")])
        self._gauges_due = False
        self._gaps_told = 0
        self._start = self._next_tick = self._due = time.perf_counter()
        self._next_heartbeat = 0.0

    # ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> End:
        """Train to the end, or to what ends it earlier, and say how it ended; the learner's exceptions pass through."""
        self.tell("started", f"Training on the {self._config.dataset}, {len(self._data.x_train)} samples an epoch.")
        self._look(time.perf_counter())
        network, data = self._network, self._data
        for rows in (min(self._batch, len(data.x_train)), len(data.x_train) % self._batch):  # a whole batch, the rest
            if rows:
                network.check_first_pass(data.x_train[:rows], data.y_train[:rows])
        targets = network.targets(data.y_train)
        for epoch in range(1, self._config.epochs + 1):
            self.tell("epoch", epoch=epoch)
            order = self._order.permutation(len(targets))
            end = self._one_epoch(data.x_train[order], targets[order])
            if end is not None:
                return end
            self._evaluate(epoch)
        return End(
            "done",
            f"All {self._config.epochs} epochs are done: {self.held_back:.1%} of the held-back samples are right.",
            self.step,
            held_back=self.held_back,
        )

    def _one_epoch(self, x: Array, targets: Array) -> End | None:
        forward, loss_of = self._network.forward, self._network.loss
        backward, update = self._network.backward, self._network.step
        record, clock, start = self._recorder.step, time.perf_counter, self._start
        at, n, now = 0, len(x), clock()
        while at < n:
            if now >= self._wake:
                end = self._wait()
                if end is not None:
                    return end
            past = at + self._batch
            loss, grad = loss_of(forward(x[at:past]), targets[at:past])
            if not -LARGEST_LOSS <= loss <= LARGEST_LOSS:  # also true for NaN
                return self._diverged(loss)
            grads = backward(grad)
            if self._gauges_due or self.step == 0:
                self._measured_update(grads)
            else:
                update(self._lr)
            self.step += 1
            now = clock()
            record(now - start, self.step, loss, self._lr)
            at = past
        return None

    def _measured_update(self, grads: Mapping[str, Array]) -> None:
        """Take one step and measure it: gradient norms, and how far each parameter moved for its size."""
        before = {name: parameter.copy() for name, parameter in self._network.params().items()}
        norms = {name: float(np.linalg.norm(grads[name])) for name in before}
        self._network.step(self._lr)
        after = self._network.params()
        if self.step == 0:
            check_first_step(before, after, norms)
        measured: list[float] = []
        for name, old in before.items():
            moved, size = np.linalg.norm(after[name] - old), np.linalg.norm(old)
            measured += [norms[name], float(moved / size) if size else float("nan")]
        held_back = float("nan") if self.held_back is None else self.held_back
        t = time.perf_counter() - self._start
        self._recorder.gauge((t, self.step + 1, held_back, *measured, *self._dead))
        self._gauges_due = False

    def _evaluate(self, epoch: int) -> None:
        """Measure accuracy and loss on the held-back samples, and which ReLU units answer none of them."""
        data, network = self._data, self._network
        output, self._dead = network.evaluate(data.x_test.copy())  # a copy: a forward may write into its x
        loss, _ = network.loss(output, network.targets(data.y_test))
        self.held_back = float((output.argmax(axis=1) == data.y_test).mean())
        finite = loss if np.isfinite(loss) else None
        self.tell("evaluated", epoch=epoch, held_back=self.held_back, held_back_loss=finite)

    def _diverged(self, loss: float) -> End:
        self.step += 1
        clipped = loss if np.isnan(loss) else float(np.copysign(np.inf, loss))
        self._recorder.step(time.perf_counter() - self._start, self.step, clipped, self._lr)
        if self.step == 1:
            why = "Nothing was learnt yet, so it comes from your forward: look for 0/0, log(0) or an overflow."
        else:
            why = f"The steps were too long: try a smaller learning rate than {self._lr:g}, then look for an overflow."
        reason = f"The loss became {clipped} at step {self.step}. {why}"
        return End("diverged", reason, self.step, held_back=self.held_back)

    # ── between two steps ────────────────────────────────────────────────────────────────────────────────────────────

    def stop(self, number: int) -> None:
        """Ask for the end before the next step; called by the handler of a signal."""
        self._signal = number
        self._wake = 0.0

    def _wait(self) -> End | None:
        """Wait until the next step is due; return the end when it is asked for."""
        while True:
            now = time.perf_counter()
            if now >= self._next_tick:
                self._look(now)
            if self._control.cancel or self._signal is not None:
                return self._stopped()
            if self._allowance == 0:
                time.sleep(TICK / 4)
                self._due = now
            elif self._pace and now < self._due:
                time.sleep(min(self._due, self._next_tick) - now)
            else:
                self._due = max(self._due, now - BEHIND) + (1 / self._pace if self._pace else 0)
                if self._allowance:
                    self._allowance -= 1
                at_full_speed = not self._pace and self._allowance is None and self._signal is None
                self._wake = self._next_tick if at_full_speed else 0.0
                return None

    def _look(self, now: float) -> None:
        """Ten times a second: write what was recorded, read what is asked."""
        self._next_tick = now + TICK
        self._gauges_due = True
        self._recorder.flush()
        if self._recorder.lost != self._gaps_told:
            self.tell("note", f"The disk refused {self._recorder.lost - self._gaps_told} steps: the curve has a gap.")
            self._gaps_told = self._recorder.lost
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + HEARTBEAT_EVERY
            try:
                (self._run_dir / HEARTBEAT).write_text(f"{self.step}\n")
            except OSError:
                pass  # a full disk: the process itself still shows that it lives
        try:
            status = (self._run_dir / CONTROL).stat()
        except OSError:
            return
        if (status.st_ino, status.st_mtime_ns) != self._control_file:
            self._control_file = (status.st_ino, status.st_mtime_ns)
            self._apply()

    def _apply(self) -> None:
        try:
            request = msgspec.json.decode((self._run_dir / CONTROL).read_bytes(), type=Control)
            check(request)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RunError) as error:
            self.tell("note", f"A request was left aside: {error}")
            return
        before = self._control
        self._control = request
        lr = self._config.lr if request.lr is None else request.lr
        batch = self._config.batch if request.batch is None else request.batch
        pace = self._config.pace if request.pace is None else request.pace
        said = [
            f"learning rate {self._lr:g} → {lr:g}" if lr != self._lr else "",
            f"batch {self._batch} → {batch}" if batch != self._batch else "",
            ("full speed" if not pace else f"{pace:.3g} steps per second") if pace != self._pace else "",
            ("paused" if request.paused else "going on") if request.paused != before.paused else "",
            f"{request.steps_to_run} more steps" if request.steps_to_run else "",
            "cancel" if request.cancel and not before.cancel else "",
        ]
        self._lr, self._batch, self._pace = lr, batch, pace
        self._allowance = (request.steps_to_run or 0) if request.paused else None
        self._due = time.perf_counter()
        self.tell("control", ", ".join(part for part in said if part) or "nothing new", seq=request.seq)

    def _stopped(self) -> End:
        cancelled = read_control(self._run_dir).cancel  # a signal may come before the next look
        state: State = "cancelled" if cancelled else "failed"
        reason = "You cancelled it." if cancelled else f"It was stopped by a signal ({self._signal})."
        return End(state, reason, self.step, held_back=self.held_back)

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(
        self, kind: Literal["started", "epoch", "evaluated", "control", "note", "ended"], text: str = "", **more: Any
    ) -> None:
        """Append an event at the present step."""
        event = Event(round(time.perf_counter() - self._start, 4), self.step, kind, text)
        self._events.write(structs.replace(event, **more))

    def close(self) -> None:
        """Write what is left of the records."""
        self._recorder.close()
