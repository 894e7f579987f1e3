"""What is done to runs that exist: named, measured, compared, deleted, started again. A run is its folder, no more."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct, structs

from tutor import files
from tutor.errors import RunError, UnknownName, reason_of
from tutor.training import folder
from tutor.training.identity import anyone_runs, take_lock
from tutor.training.model import ENDED, RunConfig, Tick
from tutor.training.watch import Watch
from tutor.training.words import duration, mode_words, network_words, optimizer_words

TITLE = "title.txt"  # beside config.json, which is never changed
LONGEST_TITLE = 80  # characters
MOST_TENTHS = 10  # seconds up to which a tenth tells two runs apart
_GONE = ".{name}-gone-{chance}"  # a run that is being deleted: hidden, so that half of one is never shown


# ── a title of the learner's own ─────────────────────────────────────────────────────────────────────────────────────


def title_of(run_dir: Path) -> str:
    """Return the title that the learner gave the run; "" when none, or when it cannot be read."""
    try:
        with (run_dir / TITLE).open("rb") as file:
            text = file.read(4 * LONGEST_TITLE).decode("utf-8", "replace")
    except OSError:
        return ""
    return "".join(sign for sign in text if sign.isprintable())[:LONGEST_TITLE].strip()


def rename(run_dir: Path, title: str) -> str:
    """Give the run a title, by which it is shown and found, and return it; "" takes it away.

    RunError: it holds what cannot be printed, is too long, or cannot be stored.
    """
    title = title.strip()
    if not title.isprintable():
        raise RunError("That is no title.", "It holds characters that cannot be shown.", "Use letters and signs.")
    if len(title) > LONGEST_TITLE:
        raise RunError("That title is too long.", "", f"{LONGEST_TITLE} characters have room.")
    try:
        if title:
            files.replace(run_dir / TITLE, title.encode() + b"\n")
        else:
            (run_dir / TITLE).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(
            f"The run {run_dir.name} cannot be renamed.",
            f"{run_dir}: {reason_of(error)}.",
            "Make room there, or make the folder writable.",
        ) from error
    return title


def find(runs: Path, name: str) -> Path:
    """Find a run by its id, its number, its title, or a beginning that only it has; UnknownName otherwise."""
    try:
        return folder.find(runs, name)
    except UnknownName:
        titles = [(title_of(run_dir).casefold(), run_dir) for run_dir in folder.run_folders(runs)]
        typed = name.strip().casefold()
        for found in (
            [run_dir for title, run_dir in titles if title == typed],
            [run_dir for title, run_dir in titles if title.startswith(typed)],
        ):
            if typed and len(found) == 1:
                return found[0]
        raise


# ── what it takes, and giving it back ────────────────────────────────────────────────────────────────────────────────


def size_of(run_dir: Path) -> int:
    """Count the bytes on the disk that deleting the run frees; what a link leads to is not the run's."""
    return sum(_bytes_on_disk(status) for status in _statuses(run_dir))


def _statuses(path: Path) -> Iterator[os.stat_result]:
    with contextlib.suppress(OSError):  # gone this moment: it takes nothing any more
        status = path.lstat()
        yield status
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(path) as entries:
                for entry in entries:
                    yield from _statuses(Path(entry.path))


def _bytes_on_disk(status: os.stat_result) -> int:
    return status.st_blocks * 512  # st_blocks counts in 512 whatever the file system's own block is


def delete(run_dir: Path) -> int:
    """Delete a run that has ended and return the bytes that this frees.

    It takes a hidden name first, so that half a run never shows, and no link is followed. RunError: it is under way, or
    the folder cannot be changed.
    """
    _refuse_alive(run_dir)
    lock = _hold(run_dir)
    try:
        return _remove(run_dir)
    except OSError as error:
        raise RunError(
            f"The run {run_dir.name} cannot be deleted.",
            f"{error.filename or run_dir}: {reason_of(error)}.",
            "Make its folder writable for you.",
        ) from error
    finally:
        if lock is not None:
            os.close(lock)


def _hold(run_dir: Path) -> int | None:
    """Take the run's lock, so that no worker comes to it now; None where no lock can be made."""
    if run_dir.is_symlink():
        return None  # only the link will go
    try:
        lock = take_lock(run_dir)
    except OSError:
        return None
    if lock is None:
        raise _under_way(run_dir)
    return lock


def _refuse_alive(run_dir: Path) -> None:
    try:
        alive = Watch(run_dir, points=False).poll().state not in ENDED
    except RunError:  # damaged: what counts is whether somebody still writes to it
        process = folder.read_process(run_dir)
        alive = process is not None and anyone_runs(process)
    if alive:
        raise _under_way(run_dir)


def _under_way(run_dir: Path) -> RunError:
    return RunError(f"The run {run_dir.name} is under way.", "", f"End it first: tutor cancel {run_dir.name}")


def _remove(run_dir: Path) -> int:
    hidden = run_dir.with_name(_GONE.format(name=run_dir.name, chance=os.urandom(4).hex()))
    freed = size_of(run_dir)
    run_dir.rename(hidden)
    for leftover in run_dir.parent.glob(_GONE.format(name="*", chance="*")):  # this one, and any that was cut short
        if leftover.is_symlink():
            leftover.unlink()
        else:
            shutil.rmtree(leftover, ignore_errors=leftover != hidden)
    return freed


# ── again ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def repeat(runs: Path, run_dir: Path) -> RunConfig:
    """Make the folder of a new run that is as another was, but for its worker; RunError when it cannot be made."""
    from tutor.training.prepare import versions

    config = folder.read_config(run_dir)
    with folder.new_run(runs, config.challenge) as (run_id, hidden):
        shutil.copytree(run_dir / folder.CODE, hidden / folder.CODE)
        again = structs.replace(
            config, id=run_id, created=time.time(), versions=versions(), restarted_from=run_dir.name
        )
        folder.write_json(hidden / folder.CONFIG, again)
    return again


# ── side by side ─────────────────────────────────────────────────────────────────────────────────────────────────────

Value = str | int | float | None


class Row(Struct, frozen=True):
    """One line of a comparison: what it is about, and for each run its value, raw and in words."""

    name: str
    kind: Literal["result", "differs", "same"]
    values: tuple[Value, ...]
    words: tuple[str, ...]


def compare(ticks: Sequence[Tick]) -> tuple[Row, ...]:
    """Set runs side by side: how they came out, then every setting in which they differ, then what they share."""
    rows = [_row(name, [read(tick) for tick in ticks], say, "result") for name, read, say in RESULTS]
    settings = [_row(name, [read(tick) for tick in ticks], say, "differs") for name, read, say in SETTINGS]
    differing = [row for row in settings if len(set(row.values)) > 1]
    return (*rows, *differing, *(_row_shared(row) for row in settings if row not in differing))


def _row(
    name: str, values: Sequence[Value], say: Callable[[Value], str], kind: Literal["result", "differs", "same"]
) -> Row:
    return Row(name, kind, tuple(values), tuple("–" if value in (None, "") else say(value) for value in values))


def _row_shared(row: Row) -> Row:
    return Row(row.name, "same", row.values, row.words)


def _share(value: Value) -> str:
    return f"{float(value or 0):.1%}"


def _short(value: Value) -> str:
    return f"{float(value or 0):.4g}"


def _whole(value: Value) -> str:
    return f"{int(value or 0):,}"


def _time(value: Value) -> str:
    seconds = float(value or 0)
    return f"{seconds:.1f} s" if seconds < MOST_TENTHS else duration(seconds)


def _plain(value: Value) -> str:
    return str(value)


def _steps_per_second(tick: Tick) -> float | None:
    return tick.step / tick.elapsed if tick.elapsed > 0 and tick.step else None


def _held_back_loss(tick: Tick) -> float | None:
    return next((e.held_back_loss for e in reversed(tick.events) if e.held_back_loss is not None), None)


Field = tuple[str, Callable[[Tick], Value], Callable[[Value], str]]

RESULTS: tuple[Field, ...] = (
    ("state", lambda tick: "paused" if tick.paused else tick.state, _plain),
    ("held-back accuracy", lambda tick: tick.held_back, _share),
    ("held-back loss", _held_back_loss, _short),
    ("last loss", lambda tick: tick.loss, _short),
    ("steps", lambda tick: tick.step, _whole),
    ("took", lambda tick: tick.elapsed, _time),
    ("steps/s", _steps_per_second, lambda value: f"{float(value or 0):,.0f}"),
)
SETTINGS: tuple[Field, ...] = (
    ("exercise", lambda tick: tick.config.challenge, _plain),
    ("your code", lambda tick: tick.config.code_hash, lambda value: str(value)[:8]),
    ("run by", lambda tick: mode_words(tick.config), _plain),
    ("data", lambda tick: tick.config.dataset, _plain),
    ("network", lambda tick: network_words(tick.config), _plain),
    ("loss", lambda tick: tick.config.loss.replace("_", " "), _plain),
    ("optimizer", lambda tick: optimizer_words(tick.config), _plain),
    ("optimizer's code", lambda tick: tick.config.optimizer_hash, lambda value: str(value)[:8]),
    ("learning rate", lambda tick: tick.config.lr, lambda value: f"{value:g}"),
    ("batch", lambda tick: tick.config.batch, _whole),
    ("epochs", lambda tick: tick.config.epochs, _whole),
    ("seed", lambda tick: tick.config.seed, _plain),
    ("numbers", lambda tick: tick.config.dtype, _plain),
    ("device", lambda tick: tick.config.device_name or tick.config.device, _plain),
    ("BLAS threads", lambda tick: tick.config.threads, _whole),
    ("pace", lambda tick: tick.config.pace, lambda value: f"{value:g} steps/s" if value else "full speed"),
    ("time limit", lambda tick: tick.config.time_limit, lambda value: f"{value:g} s" if value else "none"),
    ("versions", lambda tick: ", ".join(f"{name} {said}" for name, said in tick.config.versions.items()), _plain),
)
