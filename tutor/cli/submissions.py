"""Many submissions against one exercise: found, judged side by side, and told one by one as each is finished."""

from __future__ import annotations

import glob
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from tutor.course import TIERS, Challenge
from tutor.errors import BoxError, SourceError
from tutor.grading import Report, TierCount
from tutor.learner import Box, Fault, FaultKind, printable, read_source

if TYPE_CHECKING:
    from tutor.grading import Prepared


# What a hostile file can do to its neighbours: take memory or processor from the whole machine; and where Landlock is
# not there to stop it, end or halt them, and write into their answers. Right code must never be called wrong for it, so
# a file that ends so is judged once more, in a box of its own.
PERHAPS_ANOTHERS: frozenset[FaultKind] = frozenset(("signal", "tutor"))
PERHAPS_ANOTHERS_UNCONFINED = PERHAPS_ANOTHERS | {"forked", "no_answer", "garbled", "timeout"}


class Submission(Struct, frozen=True):
    """One file of many and the verdict on it: a line of `tutor test --files --json`."""

    file: str
    report: Report


def find_files(patterns: Sequence[str]) -> tuple[Path, ...]:
    """The files that are meant, each once: a name, a pattern such as 'subs/*.py', or a folder for the .py files in it.

    Whatever stands at a name counts, a folder called x.py too: its line then says what is wrong with it.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir() and path.suffix != ".py":
            matches = sorted(path.glob("*.py"))
            hint = f"for those in folders below it give '{path / '**' / '*.py'}', in quotation marks"
        elif os.path.lexists(pattern):
            matches, hint = [path], ""
        else:
            matches = sorted(map(Path, glob.glob(pattern, recursive=True)))  # noqa: PTH207  # of any root
            hint = "`**` goes through folders: 'subs/**/*.py'"
        if not matches:
            what = f"There is no .py file in {pattern!r}" if path.is_dir() else f"Nothing matches {pattern!r}"
            raise click.UsageError(f"{what}: {hint}.")
        found.update(dict.fromkeys(matches))
    return tuple(found)


def judge_files(
    challenge: Challenge, files: Sequence[Path], box: Box, prepared: Prepared, jobs: int
) -> Iterator[Submission]:
    """Judge so many files at a time in one box, all at the same arrays, and yield each verdict as it is there.

    Nothing that a file does or is keeps the others from their verdicts. Closing the iterator ends every check.
    """
    ended = threading.Event()

    def judge(file: Path) -> Submission:
        return Submission(_name(file), _judge_whatever(challenge, file, box, prepared, ended))

    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="judge") as pool:
        try:
            for done in as_completed([pool.submit(judge, file) for file in files]):
                yield done.result()
        finally:
            ended.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _name(file: Path) -> str:
    """The file's name as JSON can say it; bytes that are no text are escaped."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")


def _judge_whatever(challenge: Challenge, file: Path, box: Box, prepared: Prepared, ended: threading.Event) -> Report:
    """The verdict on one file; a fault of ours is told in its place, and the others go on."""
    try:
        with suppress(BoxError):
            report = judge_file(challenge, file, box, prepared, ended)
            if ended.is_set() or report.fault is None or not _perhaps_anothers(report.fault.kind, box):
                return report
        if ended.is_set():
            return without_verdict(challenge, "cancelled", "The check was cancelled.", "")
        with Box() as own:
            return judge_file(challenge, file, own, prepared, ended)
    except Exception as error:
        what = printable(str(error) if isinstance(error, BoxError) else f"{type(error).__name__}: {error}")
        return without_verdict(challenge, "tutor", f"The tutor failed over this file: {what}", "Judge it alone.")


def _perhaps_anothers(kind: FaultKind, box: Box) -> bool:
    """Whether a fault may be a neighbour's doing."""
    if kind in PERHAPS_ANOTHERS or kind not in PERHAPS_ANOTHERS_UNCONFINED:
        return kind in PERHAPS_ANOTHERS
    layers = box.layers().layers
    return not (layers["landlock"][0] and layers["signals"][0])


def judge_file(challenge: Challenge, file: Path, box: Box, prepared: Prepared, ended: threading.Event) -> Report:
    """The verdict on a file, without what follows a verdict: a numeric gradient costs a process more for each file.

    Raises BoxError where the box fails.
    """
    from tutor.grading import grade

    try:
        source = read_source(file)
    except SourceError as error:
        return unreadable(challenge, error)
    # All tiers in one process: where each must be started it saves one of two for a file that passes; where it is
    # forked it saves next to nothing, and a file that fails, as most do, would go through the stress tier for nothing.
    at_once = box.strategy == "spare"
    for report in grade(challenge, source.text, box, prepared=prepared, cancelled=ended, at_once=at_once):
        if report.status != "right_so_far":
            return replace(report, final=True)
    return without_verdict(challenge, "cancelled", "The check was cancelled.", "")


def unreadable(challenge: Challenge, error: SourceError) -> Report:
    """The verdict on a file that is no Python text, so that a script reads the same record for every file."""
    next_step = " ".join(part for part in (error.what, error.next_step) if part)
    return without_verdict(challenge, "syntax", error.title, next_step)


def without_verdict(challenge: Challenge, kind: FaultKind, sentence: str, next_step: str) -> Report:
    """The report on a file that could not be judged at all."""
    return Report(
        challenge=challenge.id,
        source_hash="",
        seed=0,
        status="could_not_run",
        headline=sentence,
        next_step=next_step,
        checks=(),
        tiers={tier: TierCount(0, len(challenge.judge.results), judged=False) for tier in TIERS},
        tensors=(),
        fault=Fault(kind, sentence, next_step),
        line=None,
        output="",
        output_cut=False,
        seconds=0.0,
    )
