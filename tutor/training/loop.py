"""The training loop: epochs of shuffled batches, at a pace, listening to control.json, telling what happens."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from tutor.training.checkpoints import Checkpoints, Namespace, Position
from tutor.training.events import EventWriter
from tutor.training.folder import HEARTBEAT, read_control
from tutor.training.machine import Machine
from tutor.training.metrics import Recorder, Records
from tutor.training.model import End, Event, EventKind, RunConfig
from tutor.training.networks.checks import check_first_step
from tutor.training.onlookers import Onlookers
from tutor.training.steering import Said, Steering, name_of
from tutor.training.trainable import Trainable

if TYPE_CHECKING:
    from tutor.training.datasets import Dataset

Array = NDArray[Any]

TICK = 0.1  # seconds between looks at control.json, and flushes of the metrics
GAUGES_EVERY = 0.25  # seconds
TALK_EVERY = 1.0  # seconds between two looks of the explainer at the curve
HEARTBEAT_EVERY = 5.0  # seconds
LARGEST_LOSS = float(np.finfo(np.float32).max)  # what metrics.bin can hold
BEHIND = 0.25  # seconds a paced run may be late before it stops trying to catch up
GATHERED = 8 << 20  # bytes of samples that are put in the order of an epoch at a time
MOST_TRAINED = 2000  # samples that are trained on and evaluated beside the held-back ones, as many as those at most


class Trainer:
    """One run under way: the network, the data, where it stands, and what is asked of it."""

    def __init__(
        self,
        run_dir: Path,
        config: RunConfig,
        network: Trainable,
        data: Dataset,
        order: np.random.Generator,
        attempt: int = 1,
        namespaces: Sequence[Namespace] = (),
        machine: Machine | None = None,
    ) -> None:
        """`namespaces` are of the learner's files: what they hold belongs into a checkpoint."""
        self._run_dir = run_dir
        self._config = config
        self._network = network
        self._data = data
        self._order = order
        self._order_state: dict[str, Any] = {}  # before it drew the order of the epoch under way
        self._attempt = attempt
        self.step, self._epoch, self._at = 0, 1, 0
        self._begun = 0  # the last epoch that was told of
        self.held_back: float | None = None
        self.steering = Steering(run_dir, config)
        self._wake = 0.0  # when the loop must look up from its steps: at the next tick, or before every step
        self._recorder = Recorder(run_dir, config.gauges, attempt, config.twin)
        self._events = EventWriter(run_dir)
        self._onlookers = Onlookers(run_dir, config, data, self.tell)
        self._checkpoints = Checkpoints(run_dir, config, network, namespaces, self.tell, attempt)
        self._machine = machine or Machine()
        self._dead_names = [name for name, _ in config.gauges if name.startswith("dead")]
        self._dead = [float("nan")] * len(self._dead_names)
        self._gauges_due = False
        self._paused_at = -1  # the last step after which it was paused
        self._gaps_told = 0
        self._start = self._began = self._next_tick = self._due = time.perf_counter()
        self._next_heartbeat = self._next_gauges = self._next_talk = 0.0
        self._unexplained: list[Records] = []

    # ── the run ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self) -> End:
        """Train to the end, or to what ends it earlier, and say how it ended; the learner's exceptions pass through."""
        data, network = self._data, self._network
        if self._attempt == 1:
            self.tell("started", f"Training on the {self._config.dataset}, {len(data.x_train)} samples an epoch.")
            self._look(time.perf_counter())
        else:
            self.steering.look()  # its batch is that of the first pass; `_go_on` tells what is asked, at its step
        batch = self.steering.batch
        for rows in (min(batch, len(data.x_train)), len(data.x_train) % batch):  # a whole batch, the rest
            if rows:
                network.check_first_pass(data.x_train[:rows].copy(), data.y_train[:rows])
        self._place()
        position = self._checkpoints.restore() if self._attempt > 1 else None
        if self._attempt > 1:
            self._go_on(position)
        if position is None:
            held = network.evaluate(self._x_test[self._all_held], self._y_test[self._all_held])
            self._onlookers.epoch(0, 0, held.output, network)
        while True:
            end = self._one_epoch()
            if end is not None:
                return end
            self._save(at_once=self._epoch == self._config.epochs)
            self._evaluate(self._epoch)
            if self._epoch == self._config.epochs:
                break
            self._epoch, self._at = self._epoch + 1, 0
        epochs = self._config.epochs
        which = f"All {epochs} epochs are" if epochs > 1 else "The epoch is"
        done = f"{which} done: {self.held_back:.1%} of the held-back samples are right."
        return End("done", done, self.step, held_back=self.held_back)

    def _place(self) -> None:
        """Put the data where the network computes, and choose which of it is evaluated: the same in every attempt."""
        data = self._data
        self._x, self._y = self._network.place(data.x_train, data.y_train)
        self._x_test, self._y_test = self._network.place(data.x_test, data.y_test)
        self._all_held = np.arange(len(data.x_test))  # indexing copies: a forward may write into its x
        n, most = len(data.x_train), min(len(data.x_test), MOST_TRAINED)
        self._trained = np.sort(np.random.default_rng(self._config.seed).permutation(n)[:most])

    def _go_on(self, position: Position | None) -> None:
        """Take up the run where its checkpoint stands; None: from the first step, which gives the same."""
        if position is None:
            self.tell("resumed", "There was no checkpoint yet: from the first step again.", epoch=0, t=0.0)
            self._heed(self.steering.take_up(self._config.lr, self._config.batch))
            return
        self.step, self._epoch, self._at = position.step, position.epoch, position.at
        self._begun = position.epoch
        self._order.bit_generator.state = position.order
        self.held_back = position.held_back
        self._dead = [float("nan") if share is None else share for share in position.dead]
        self._onlookers.restore(position.explained)
        self._recorder.go_on(self.step)
        self._start = time.perf_counter() - position.t
        t = round(position.t + 1e-4, 4)  # after all that was told before the checkpoint, and before the rest
        self.tell("resumed", f"Going on from step {self.step}.", epoch=self._epoch, t=t)
        self._heed(self.steering.take_up(position.lr, position.batch))

    def _one_epoch(self) -> End | None:
        """Train to the end of the epoch under way, from where it stands."""
        self._order_state = dict(self._order.bit_generator.state)
        order = self._order.permutation(len(self._data.x_train))
        if self._begun != self._epoch:
            self._begun = self._epoch
            self.tell("epoch", epoch=self._epoch)
        forward, loss_of = self._network.forward, self._network.loss
        backward, update = self._network.backward, self._network.step
        in_lockstep = self._config.mode == "lockstep"
        record, clock, start, steering = self._recorder.step, time.perf_counter, self._start, self.steering
        at, n, now = self._at, len(order), clock()
        gather = max(1, GATHERED * n // max(1, self._data.x_train.nbytes))
        base = gathered = 0 if n <= gather else at
        while at < n:
            if now >= self._wake:
                self._at = at
                end = self._wait()
                if end is not None:
                    return end
            past = at + steering.batch
            if past > gathered and gathered < n:
                base = 0 if n <= gather else at
                rows = order[base : max(past, base + gather)]
                x, targets, gathered = self._x[rows], self._y[rows], base + len(rows)
            loss, grad = loss_of(forward(x[at - base : past - base]), targets[at - base : past - base])
            if not -LARGEST_LOSS <= loss <= LARGEST_LOSS:  # also true for NaN
                return self._diverged(loss, order[at:past])
            grads = backward(grad)
            if self._gauges_due or self.step == 0:
                self._measured_update(grads)
            else:
                update(steering.lr)
            self.step += 1
            now = clock()
            record(now - start, self.step, loss, steering.lr)
            if in_lockstep:
                self._compare()
            at = past
        self._at = n
        return None

    def _compare(self) -> None:
        """Record how far the step is from PyTorch's, and name the first that differs."""
        differences = self._network.lockstep()
        if differences is not None:
            self._recorder.twin(self.step, differences)
            apart = self._network.first_divergence()
            if apart:
                self.tell("note", f"Step {self.step} is the first that differs from PyTorch's. {apart}", key="lockstep")

    def _measured_update(self, grads: Mapping[str, Array]) -> None:
        """Take one step and measure it: gradient norms, and how far each parameter moved for its size."""
        before = {name: parameter.copy() for name, parameter in self._network.params().items()}
        norms = {name: float(np.linalg.norm(grads[name])) for name in before}
        self._network.step(self.steering.lr)
        after = self._network.params()
        if self.step == 0:
            check_first_step(before, after, norms)
        measured = {f"grad_norm.{name}": norm for name, norm in norms.items()}
        for name, old in before.items():
            moved, size = np.linalg.norm(after[name] - old), np.linalg.norm(old)
            measured[f"update_ratio.{name}"] = float(moved / size) if size else float("nan")
        measured |= dict(zip(self._dead_names, self._dead, strict=False))
        if self.held_back is not None:
            measured["held_back"] = self.held_back
        measured |= self._machine.read()
        if time.perf_counter() >= self._next_talk:  # the steps follow at the next tick, and move it on
            self._onlookers.gauges(self.step + 1, measured)
        measured |= {"t": time.perf_counter() - self._start, "step": self.step + 1}
        self._recorder.gauge(measured)
        self._gauges_due = False

    def _evaluate(self, epoch: int) -> None:
        """Measure accuracy and loss on the held-back samples and on as many of the others."""
        data, network = self._data, self._network
        held = network.evaluate(self._x_test[self._all_held], self._y_test[self._all_held])
        trained = network.evaluate(self._x[self._trained], self._y[self._trained])
        self._dead = held.dead
        self.held_back = float((held.output.argmax(axis=1) == data.y_test).mean())
        accuracy = float((trained.output.argmax(axis=1) == data.y_train[self._trained]).mean())
        finite = [loss if np.isfinite(loss) else None for loss in (held.loss, trained.loss)]
        losses = {"held_back_loss": finite[0], "loss": finite[1]}
        self.tell("evaluated", epoch=epoch, held_back=self.held_back, accuracy=accuracy, **losses)
        self._onlookers.evaluated(epoch, self.step, trained.loss, accuracy, held.loss, self.held_back)
        self._onlookers.epoch(epoch, self.step, held.output, network)

    def _diverged(self, loss: float, rows: Array) -> End:
        self.step += 1
        clipped = loss if np.isnan(loss) else float(np.copysign(np.inf, loss))
        self._recorder.step(time.perf_counter() - self._start, self.step, clipped, self.steering.lr)
        self._flush()
        where = self._find_non_finite(rows)
        self._onlookers.diverged(self.step, where)
        came = f" The first number that is not finite came from {where}." if where else ""
        if self.step == 1:
            why = "Nothing was learnt yet, so it comes from your forward: look for 0/0, log(0) or an overflow."
        else:
            lr = self.steering.lr
            why = f"The steps were too long: try a smaller learning rate than {lr:g}, then look for an overflow."
        reason = f"The loss became {clipped} at step {self.step}.{came} {why}"
        return End("diverged", reason, self.step, held_back=self.held_back)

    def _find_non_finite(self, rows: Array) -> str:
        try:
            where = self._network.find_non_finite(self._x[rows], self._y[rows])
        except Exception:  # code that meets such numbers may raise; that it diverged is what matters
            traceback.print_exc()
            return ""
        return "" if where.startswith("nowhere") else where

    # ── between two steps ────────────────────────────────────────────────────────────────────────────────────────────

    def stop(self, number: int) -> None:
        """Ask for a checkpoint and the end before the next step; called by the handler of a signal."""
        self.steering.signal = number
        self._wake = 0.0

    def _wait(self) -> End | None:
        """Wait until the next step is due; return the end when it is asked for."""
        steering = self.steering
        while True:
            now = time.perf_counter()
            if now >= self._next_tick:
                self._look(now)
            if steering.stopping:
                return self._stopped()
            if self._config.time_limit and now - self._began >= self._config.time_limit:
                return self._timed_out()
            if steering.allowance == 0:
                if self._paused_at != self.step:
                    self._paused_at = self.step
                    self._save(at_once=True)
                time.sleep(TICK / 4)
                self._due = now
            elif steering.pace and now < self._due:
                time.sleep(max(0.0, min(self._due, self._next_tick) - now))
            else:
                self._due = max(self._due, now - BEHIND) + (1 / steering.pace if steering.pace else 0)
                if steering.allowance:
                    steering.allowance -= 1
                at_full_speed = not steering.pace and steering.allowance is None and steering.signal is None
                self._wake = self._next_tick if at_full_speed else 0.0
                return None

    def _look(self, now: float) -> None:
        """Ten times a second: write what was recorded, read what is asked."""
        self._next_tick = now + TICK
        if now >= self._next_gauges:
            self._next_gauges, self._gauges_due = now + GAUGES_EVERY, True
        self._flush(talk=now >= self._next_talk)
        if self._recorder.lost != self._gaps_told:
            gap = self._recorder.lost - self._gaps_told
            self.tell("note", f"The disk refused {gap} steps: the curve has a gap.", key="gap")
            self._gaps_told = self._recorder.lost
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + HEARTBEAT_EVERY
            try:
                (self._run_dir / HEARTBEAT).write_text(f"{self.step}\n")
            except OSError:
                pass  # a full disk: the process itself still shows that it lives
        said = self.steering.look()
        if said is not None:
            self._due = now
            self._heed(said)
        if self._checkpoints.overdue(now):
            self._save()

    def _heed(self, said: Said | None) -> None:
        """Tell what is asked, where anything is."""
        if said is not None:
            self.tell("note" if said.seq is None else "control", said.text, seq=said.seq)
            self._onlookers.changed(self.step, self.steering.lr, self.steering.batch)

    def _flush(self, *, talk: bool = True) -> None:
        """Write the steps since the last flush, and show them to the explainer when it is time."""
        records = self._recorder.flush()
        if records is not None:
            self._unexplained.append(records)
        if talk and self._unexplained:
            steps = np.concatenate(self._unexplained)
            self._unexplained.clear()
            self._next_talk = time.perf_counter() + TALK_EVERY
            self._onlookers.steps(steps["step"], steps["loss"])

    def _save(self, *, at_once: bool = False) -> bool:
        """Write a checkpoint, if one is due or asked for at once; tell whether one of this step is there."""
        if self.step == 0 or not (at_once or self._checkpoints.due(time.perf_counter())):
            return False
        self._flush()  # the steps before a checkpoint are never trained again: on the disk first
        dead = [None if np.isnan(share) else share for share in self._dead]
        t, steering = time.perf_counter() - self._start, self.steering
        position = Position(
            self.step, self._epoch, self._at, self._order_state, t, steering.lr, steering.batch, self.held_back, dead
        )
        return self._checkpoints.write(structs.replace(position, explained=self._onlookers.state()))

    def _stopped(self) -> End:
        kept = self._saved_words()
        if read_control(self._run_dir).cancel or self.steering.cancelled:  # a signal may come before the next look
            return End("cancelled", f"You cancelled it.{kept}", self.step, held_back=self.held_back)
        reason = f"It was stopped by a signal ({name_of(self.steering.signal)}).{kept}"
        return End("failed", reason, self.step, held_back=self.held_back)

    def _timed_out(self) -> End:
        reason = f"Its time of {self._config.time_limit:g} s is over.{self._saved_words()}"
        return End("timed-out", reason, self.step, held_back=self.held_back)

    def _saved_words(self) -> str:
        return f" It can be resumed from step {self.step}." if self._save(at_once=True) else ""

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(self, kind: EventKind, text: str = "", /, **more: Any) -> None:
        """Append an event at the present step."""
        event = Event(round(time.perf_counter() - self._start, 4), self.step, kind, text, attempt=self._attempt)
        self._events.write(structs.replace(event, **more))

    def parameters(self) -> dict[str, Array]:
        """Return what is learnt, by name."""
        return self._network.params()

    def close(self) -> None:
        """Write what is left of the records."""
        self._recorder.close()
