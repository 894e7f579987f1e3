"""The thread that reads runs while somebody looks at them: nothing of a run's folder is read where keys wait."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tutor.errors import TutorError
from tutor.training import ENDED, Control, Tick, Watch, title_of
from tutor.training.folder import read_control

if TYPE_CHECKING:
    from tutor.tui.curves import Differences, GaugeHistory, Knots, Lockstep, LossCurves, TwinCurve
    from tutor.tui.screens.train_series import Told

LOOK_EVERY = 0.25 if "SSH_CONNECTION" in os.environ else 0.1  # seconds: 4 pictures a second over a link, 10 here
LOST_EVERY = 2.0  # a run that counts as lost may be heard of again
GAUGES_EVERY = 0.5  # seconds: numbers that change faster cannot be read
EVER = 1 << 32  # no step is larger


class Wanted(Struct, frozen=True):
    """What the chart shows: from which step to which, averaged over how many, beside which other runs."""

    first: int = 0
    last: int = EVER
    span: int = 1
    others: tuple[Path, ...] = ()


class Seen(Struct, frozen=True):
    """What is true of the runs after a look at their folders."""

    tick: Tick
    gauges: dict[str, tuple[float, ...]]  # by name: a few medians over time, then the newest
    control: Control  # what is asked of it
    lockstep: Lockstep | None = None
    others: tuple[Tick, ...] = ()
    looks: int = 0  # how often the curves were read anew: another number is another picture


class Run:
    """One run that is followed: what it says of itself, and its curves."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.watch = Watch(run_dir, points=False)  # raises RunError here, where the app can say so
        self.tick: Tick | None = None
        self.curves: LossCurves | None = None
        self.twin: TwinCurve | None = None
        self.clock: Knots | None = None
        self.told: Told | None = None
        self.looks = 0
        self._title = title_of(run_dir)
        self._shown: tuple[int, int, int] | None = None

    @property
    def ended(self) -> bool:
        """Nothing more will come of it, as far as is known."""
        return self.tick is not None and self.tick.state in ENDED

    def look(self, wanted: Wanted, drawing: threading.Lock) -> Tick:
        """Read what is new; the curves change under the lock only. RunError when the folder cannot be read."""
        tick = replace(self.watch.poll(), title=self._title)
        shown = wanted.first, wanted.last, wanted.span
        if not tick.disconnected and not (self.ended and tick.state in ENDED and shown == self._shown):
            try:
                if shown != self._shown or not self._grow(drawing):
                    self._read(wanted, drawing)
                self._shown = shown
            except OSError:  # out of reach from one moment to the next: the next poll says so, a later look reads it
                self._shown = None
        if self.tick is None or tick.events is not self.tick.events:
            from tutor.tui.screens.train_series import told_by

            self.told = told_by(tick)
        self.tick = tick
        return tick

    def _read(self, wanted: Wanted, drawing: threading.Lock) -> None:
        from tutor.tui.curves import LossCurves, TwinCurve

        config = self.watch.config
        curves = LossCurves(self.run_dir, config, wanted.first, wanted.last, wanted.span)
        twin = TwinCurve(self.run_dir, config, wanted.first, wanted.last, wanted.span) if config.twin else None
        with drawing:
            self.curves, self.twin = curves, twin
        self.looks += 1

    def _grow(self, drawing: threading.Lock) -> bool:
        """Add what is new; False when all must be read anew."""
        assert self.curves is not None
        records = self.curves.read()
        if records is None:
            self.clock = None
            return False
        beside = self.twin.read() if self.twin is not None else None
        with drawing:
            self.curves.add(records)
            if self.twin is not None and beside is not None:
                self.twin.add(beside)
            if self.clock is not None and len(records):
                self.clock = self.clock.later(float(records["step"][-1]), float(records["t"][-1]))
        return True

    def read_clock(self) -> bool:
        """Learn at which second which step was made, unless that is known; whether anything was learnt."""
        from tutor.tui.curves import clock_of

        if self.clock is not None:
            return False
        try:
            self.clock = clock_of(self.run_dir, self.watch.config)
        except OSError:
            return False  # as above
        return True


class Follower:
    """Reads one run and those beside it until it is stopped; nothing while nobody looks or nothing can change."""

    def __init__(self, run_dir: Path, seen: Callable[[Seen], object], failed: Callable[[TutorError], object]) -> None:
        self.run = Run(run_dir)
        self.others: list[Run] = []
        self._control = Control()
        self._refused: set[Path] = set()  # runs that could not be laid over it: said once
        self.wanted = Wanted()
        self.drawing = threading.Lock()  # the curves grow on this thread and are drawn on another
        self.visible = threading.Event()  # set while the screen is not covered by another
        self._seen, self._failed = seen, failed
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._gauges: GaugeHistory | None = None
        self._gauges_due = 0.0  # time.monotonic() from which they may change
        self._trails: dict[str, tuple[float, ...]] = {}
        self._differences: Differences | None = None

    def start(self) -> None:
        """A thread of its own: it stays for as long as the screen, and the pool is for short work."""
        threading.Thread(target=self._follow, name="follow", daemon=True).start()

    def stop(self) -> None:
        """The screen is gone."""
        self._stop.set()
        self._wake.set()
        self.visible.set()

    def ask(self, wanted: Wanted) -> None:
        """Show another part of the run, or other runs."""
        if wanted != self.wanted:
            self._refused.clear()
            self.wanted = wanted
            self._wake.set()

    def look_again(self) -> None:
        """Something may have changed in a run that had ended."""
        self._wake.set()

    def wait(self, seconds: float) -> bool:
        """Wait, but not longer than the screen is there; true when it is gone."""
        return self._stop.wait(seconds)

    def _follow(self) -> None:
        from tutor.viz import ChartSpec, still

        still((), ChartSpec(width=40, height=10))  # plotext takes a while to load: here, not where keys wait
        last: Seen | None = None
        while self.visible.wait() and not self._stop.is_set():
            self._wake.clear()
            try:
                seen = self._look()
            except TutorError as error:
                self._failed(error)
                return
            if seen != last:
                self._seen(seen)
                last = seen
            if self._read_clocks():
                self._seen(seen)
            self._wake.wait(self._pause(seen))

    def _read_clocks(self) -> bool:
        """After the first picture: the axis of time can wait, the curve cannot."""
        learnt = [run.read_clock() for run in (self.run, *self.others)]
        return any(learnt)

    def _pause(self, seen: Seen) -> float | None:
        """Seconds until the next look; None: until something is asked."""
        states = [tick.state for tick in (seen.tick, *seen.others)]
        if any(state not in ENDED for state in states):
            return LOOK_EVERY
        return LOST_EVERY if "lost" in states else None

    def _look(self) -> Seen:
        wanted = self.wanted
        tick = self.run.look(wanted, self.drawing)
        self._choose(wanted.others)
        for run in tuple(self.others):
            try:
                run.look(wanted, self.drawing)
            except TutorError as error:  # one beside it is gone: the run itself stays
                self.others = [other for other in self.others if other is not run]
                self._refuse(run.run_dir, error)
        now = time.monotonic()
        if now >= self._gauges_due or tick.state in ENDED:
            self._read_gauges()
            self._gauges_due = now + GAUGES_EVERY
        return Seen(
            tick=tick,
            gauges=self._trails,
            control=self._read_control(tick),
            lockstep=self._differences.found if self._differences is not None else None,
            others=tuple(run.tick for run in self.others if run.tick is not None),
            looks=self.run.looks + sum(run.looks for run in self.others),
        )

    def _read_control(self, tick: Tick) -> Control:
        """What is asked of the run; the last that is known while its folder is out of reach."""
        if not tick.disconnected:
            with contextlib.suppress(OSError):
                self._control = read_control(self.run.run_dir)
        return self._control

    def _choose(self, folders: Sequence[Path]) -> None:
        """Keep the runs beside it that are still wanted, and open the others."""
        known = {run.run_dir: run for run in self.others}
        chosen = []
        for folder in folders:
            try:
                if folder not in self._refused:
                    chosen.append(known.get(folder) or Run(folder))
            except TutorError as error:
                self._refuse(folder, error)
        self.others = chosen

    def _refuse(self, folder: Path, error: TutorError) -> None:
        self._refused.add(folder)
        self._failed(error)

    def _read_gauges(self) -> None:
        from tutor.tui.curves import Differences, GaugeHistory

        config = self.run.watch.config
        if self._gauges is None:
            self._gauges = GaugeHistory(self.run.run_dir, config)
            self._differences = Differences(self.run.run_dir, config) if config.twin else None
        self._trails = self._gauges.look()
        if self._differences is not None:
            self._differences.look()
