"""Following a run in a plain terminal: a chart that is painted over itself, or a line per epoch where nothing moves."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import click
import msgspec

from tutor.cli.words import doing_text, end_text, epoch_text, state_text, tick_text, told_text
from tutor.errors import RunError
from tutor.training import ENDED, Event, Tick, Watch, title_of

LOOK_EVERY = 0.25  # seconds: four pictures a second
AWAY_FOR = 60.0  # seconds that a folder which cannot be read is waited for
TALLEST, SHORTEST, WIDEST = 18, 6, 110  # cells of the chart
SAID = ("explained", "control", "note", "resumed")


def follow(run_dir: Path, *, as_json: bool = False) -> int:
    """Follow a run to its end; 0 when it ended well, else 1. RunError when its folder stays away."""
    if as_json:
        listener: Listener = Json(run_dir)
    elif sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb"):
        listener = Picture(run_dir)
    else:
        listener = Lines(run_dir)
    tick = _listen(run_dir, listener)
    return 0 if tick.state == "done" else 1


def _listen(run_dir: Path, listener: Listener) -> Tick:
    away = 0.0
    while True:
        try:
            tick = msgspec.structs.replace(listener.watch.poll(), title=title_of(run_dir))
        except RunError as error:  # a file server that is away for a moment
            if away >= AWAY_FOR:
                raise
            if not away:
                listener.disconnected(str(error))
            away += LOOK_EVERY
        else:
            away = 0.0
            listener.look(tick, listener.watch.new_events)
            if tick.state in ENDED:
                listener.ended(tick)
                return tick
        time.sleep(LOOK_EVERY)


class Listener:
    """Who is told of a run: what is true of it now, what is new, that it ended, that it cannot be reached."""

    points = False

    def __init__(self, run_dir: Path) -> None:
        self.watch = Watch(run_dir, points=self.points)

    def look(self, tick: Tick, new: Sequence[Event]) -> None:
        """Four times a second."""

    def ended(self, tick: Tick) -> None:
        """Once, at the end."""

    def disconnected(self, why: str) -> None:
        """Once, whenever its folder is away."""
        click.echo(f"disconnected: {why}", err=True)


class Json(Listener):
    """A line for every event, and one for how it ended."""

    def look(self, tick: Tick, new: Sequence[Event]) -> None:  # noqa: ARG002
        """Every event is a line."""
        for event in new:
            click.echo(msgspec.json.encode(event))

    def ended(self, tick: Tick) -> None:
        """How it ended, without the events, which were told."""
        click.echo(msgspec.json.encode(msgspec.structs.replace(tick, events=())))


class Lines(Listener):
    """A line for every epoch and every change of state, and what is explained."""

    state = ""

    def look(self, tick: Tick, new: Sequence[Event]) -> None:
        """What is new, line by line."""
        if self.state != state_text(tick) and tick.state not in ENDED:
            click.echo(tick_text(tick))
        self.state = state_text(tick)
        for event in new:
            if event.kind == "evaluated" and event.step:
                click.echo(epoch_text(event, tick.config.epochs))
            elif event.kind in SAID and event.text:
                click.echo("\n".join(told_text(event)))

    def ended(self, tick: Tick) -> None:
        """The curve, then the words."""
        self.watch = Watch(self.watch.run_dir)  # with its points, which only the end shows
        self.watch.poll()
        drawing = Drawing(self.watch)
        drawing.grow()
        click.echo("\n".join([*drawing.lines(tick, 78, 16), end_text(tick)]))


class Picture(Listener):
    """The chart and a line under it, painted again in place; what is explained scrolls by above them."""

    points = True

    def __init__(self, run_dir: Path) -> None:
        super().__init__(run_dir)
        self.drawing = Drawing(self.watch)
        self.place = InPlace(sys.stdout)

    def look(self, tick: Tick, new: Sequence[Event]) -> None:
        """Paint what has changed."""
        said = [line for event in new if event.kind in SAID and event.text for line in told_text(event)]
        self.drawing.grow()
        size = shutil.get_terminal_size()
        height = min(TALLEST, size.lines - 3)
        chart = self.drawing.lines(tick, min(WIDEST, size.columns - 1), height) if height >= SHORTEST else []
        self.place.paint([*chart, doing_text(tick)], size, above=said)

    def ended(self, tick: Tick) -> None:
        """The last picture stays."""
        click.echo(end_text(tick))

    def disconnected(self, why: str) -> None:
        """Under the picture, which stays as it is."""
        self.place.release()
        super().disconnected(why)


class Drawing:
    """The losses of a run as a chart of a given size."""

    def __init__(self, watch: Watch) -> None:
        from tutor.viz import Chart, Curve

        self.watch = watch
        self.chart = Chart()
        self.curve = Curve("training loss")

    def grow(self) -> None:
        """Add what the last look at the folder has read."""
        from tutor.viz import Curve

        if self.watch.restarted:
            self.curve = Curve("training loss")
        steps, losses = self.watch.new_points()
        self.curve.extend(steps, losses)

    def lines(self, tick: Tick, width: int, height: int) -> list[str]:
        """The chart as text."""
        from tutor.viz import ChartSpec, Mark, Series, as_text

        measured = [(e.step, e.held_back_loss) for e in tick.events if e.held_back_loss is not None]
        held = Series("held-back loss", [step for step, _ in measured], [loss for _, loss in measured], "curve2")
        spec = ChartSpec(
            width=width,
            height=height,
            x_label="step",
            y_label="loss",
            x_range=(0, tick.steps),
            marks=tuple(Mark(event.step) for event in tick.events if event.kind in ("control", "explained")),
            diverged_from=tick.step if tick.state == "diverged" else None,
        )
        return as_text(self.chart.draw([self.curve, held], spec)).split("\n")


class InPlace:
    """The last lines of a terminal, painted over themselves by going up; the screen and its history stay as they are.

    The cursor is never hidden and no mode is set, so whatever ends the program leaves nothing to be put right.
    """

    def __init__(self, out: IO[str]) -> None:
        self.out = out
        self.painted: list[str] = []
        self.columns = 0

    def paint(self, lines: Sequence[str], size: os.terminal_size, above: Sequence[str] = ()) -> None:
        """Show these lines in the place of the last ones, cut to the window; what is `above` them scrolls by."""
        from rich.cells import cell_len, set_cell_size

        if size.columns < self.columns and any(cell_len(line) >= size.columns for line in self.painted):
            self.painted = []  # a narrower window has folded them, one terminal so and another so: begin below
        self.columns = size.columns
        lines = [
            line if cell_len(line) < size.columns else set_cell_size(line, max(0, size.columns - 1)) for line in lines
        ][-max(1, size.lines - 1) :]
        up, old = len(self.painted), [] if above else self.painted
        text = f"\x1b[{up}A\r" if up else ""
        text += "".join(f"\x1b[2K{line}\n" for line in above)
        for number, line in enumerate(lines):
            text += "\n" if number < len(old) and old[number] == line else f"\x1b[2K{line}\n"
        if up or above:
            text += "\x1b[J"
        if above or old != lines:
            self.out.write(text)
            self.out.flush()
        self.painted = lines

    def release(self) -> None:
        """Let what was painted stand: the next picture comes below it."""
        self.painted = []
