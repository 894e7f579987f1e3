"""A run is a folder: how it is made, named and found, and how its small files are written whole or not at all."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from tutor import files, records
from tutor.errors import RunError, UnknownName, reason_of
from tutor.training.model import Control, End, Process, RunConfig

CONFIG = "config.json"
CODE = "code"
CONTROL = "control.json"
PROC = "proc.json"
END = "end.json"
METRICS_FILE = "metrics.bin"
GAUGES_FILE = "gauges.bin"
PYRAMID_FILE = "pyramid.bin"
TWIN_FILE = "twin.bin"
EVENTS = "events.jsonl"
HEARTBEAT = "heartbeat"
LOG = "log.txt"
OLD_LOG = "log.1.txt"
LOG_CAP = 1 << 20  # bytes; one older file of the same size is kept

SCHEMA = 1
_RUN = re.compile(r"(\d+)-\w[\w.-]*")
_BEING_MADE = re.compile(r"\.(\d+)-new")

Record = TypeVar("Record")


# ── making, listing, finding ─────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def new_run(runs: Path, challenge: str) -> Iterator[tuple[str, Path]]:
    """Give the id of a new run and a hidden folder to fill; on leaving, the folder appears under its id, complete.

    The number is claimed by making the hidden folder, which only one terminal can do. RunError when the disk refuses
    any of it; nothing is left then.
    """
    hidden: Path | None = None
    try:
        runs.mkdir(parents=True, exist_ok=True)
        number, hidden = _claim_number(runs)
        run_id = f"{number}-{challenge}"
        yield run_id, hidden
        hidden.rename(runs / run_id)
    except BaseException as error:
        if hidden is not None:
            _remove(hidden)
        if isinstance(error, OSError):
            raise RunError(
                "The run cannot be started.",
                f"{runs}: {reason_of(error)}.",
                "Make room, make the folder writable, or choose another with --user-data.",
            ) from error
        raise


def _claim_number(runs: Path) -> tuple[int, Path]:
    number = max(_numbers(runs), default=0)
    while True:
        number += 1
        hidden = runs / f".{number}-new"
        try:
            hidden.mkdir()
        except FileExistsError:
            continue
        if not any(run_number(path) == number for path in run_folders(runs)):
            return number, hidden
        hidden.rmdir()  # another terminal finished this number between our look and our claim


def _numbers(runs: Path) -> list[int]:
    matches = (_RUN.fullmatch(path.name) or _BEING_MADE.fullmatch(path.name) for path in runs.iterdir())
    return [int(match[1]) for match in matches if match]


def run_number(run_dir: Path) -> int:
    """Return the number in front of a run's name."""
    return int(run_dir.name.partition("-")[0])


def run_folders(runs: Path) -> list[Path]:
    """List the folders of all runs, newest first; RunError when they cannot be listed."""
    try:
        found = [path for path in runs.iterdir() if _RUN.fullmatch(path.name) and path.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise RunError(
            "Your runs cannot be listed.", f"{runs}: {reason_of(error)}.", "Make that folder readable for you."
        ) from error
    return sorted(found, key=run_number, reverse=True)


def find(runs: Path, name: str) -> Path:
    """Find a run by its id, its number, or a beginning that only it has; UnknownName otherwise."""
    folders = run_folders(runs)
    for matches in (
        [path for path in folders if path.name == name],
        [path for path in folders if name.isdecimal() and run_number(path) == int(name)],
        [path for path in folders if name and not name.isdecimal() and path.name.startswith(name)],
    ):
        if len(matches) == 1:
            return matches[0]
    raise UnknownName("run", name, [path.name for path in folders])


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


# ── small files, whole or not at all ─────────────────────────────────────────────────────────────────────────────────


def write_json(path: Path, record: object) -> None:
    """Replace `path` by a record, whole."""
    files.replace(path, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")


def read_json(path: Path, kind: type[Record]) -> Record | None:
    """Read a record; None when the file is not there or holds something else, RunError when it cannot be read."""
    try:
        return records.decode(path.read_bytes(), kind)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    except OSError as error:
        raise RunError(
            f"The run {path.parent.name} cannot be read.", f"{path}: {reason_of(error)}.", "Make it readable for you."
        ) from error


def read_config(run_dir: Path) -> RunConfig:
    """Read config.json; RunError when it is missing, damaged, or of a newer tutor."""
    config = read_json(run_dir / CONFIG, RunConfig)
    if config is None:
        raise RunError(
            f"The run {run_dir.name} cannot be read.", "Its config.json is missing or damaged.", "Start it anew."
        )
    if config.schema > SCHEMA:
        raise RunError(f"The run {run_dir.name} was made by a newer tutor.", "", "Update the tutor to open it.")
    return config


def read_control(run_dir: Path) -> Control:
    """Read what the watchers ask for; nothing special when they have not asked."""
    return read_json(run_dir / CONTROL, Control) or Control()


def read_process(run_dir: Path) -> Process | None:
    """Read who runs it; None before it has started."""
    return read_json(run_dir / PROC, Process)


def read_end(run_dir: Path) -> End | None:
    """Read how it ended; None while it has not."""
    return read_json(run_dir / END, End)


def write_end(run_dir: Path, end: End) -> End:
    """Write how the run ended, unless that is written already; return what stands there."""
    standing = read_end(run_dir)
    if standing is None:
        write_json(run_dir / END, end)
    return standing or end


def code_file(run_dir: Path, config: RunConfig) -> Path:
    """The frozen copy of the learner's file."""
    return run_dir / CODE / f"{config.challenge}.py"


def read_log(run_dir: Path) -> str:
    """Read what the run printed, made safe for a screen; empty when it printed nothing, RunError when unreadable."""
    from tutor.learner import printable

    parts = []
    for name in (OLD_LOG, LOG):
        try:
            parts.append((run_dir / name).read_text("utf-8", "replace"))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RunError(
                f"The log of {run_dir.name} cannot be read.",
                f"{run_dir / name}: {reason_of(error)}.",
                "Make it readable for you.",
            ) from error
    return printable("".join(parts))
