"""test: judge one file, many files, or one file at every save; for the course's exercises and for any spec."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tutor.cli import INTERRUPTED
from tutor.cli.stored import FILE, STDIN, open_store, source_of, work_file
from tutor.cli.submissions import find_files, judge_files, unreadable, without_verdict
from tutor.cli.words import count_text, one_line, report_json, report_text, submission_text
from tutor.course import Challenge, examine_spec, load_challenge, load_course
from tutor.errors import BoxError, SourceError, StoreError, TutorError
from tutor.grading import Report
from tutor.learner import Box, Found, Source, settled_contents
from tutor.paths import Paths
from tutor.progress import Store, levels_earned_by
from tutor.training import usable_cores

if TYPE_CHECKING:
    from tutor.grading import Prepared

PASSED, FAILED, OURS = 0, 1, 3


class Request(msgspec.Struct, frozen=True):
    """What was asked for: an exercise, and how its file, or files, are to be judged."""

    challenge: Challenge
    foreign: bool  # of a spec outside the course
    file: Path | None  # None: the learner's own
    as_json: bool
    seed: int | None

    @property
    def remembered(self) -> bool:
        """Only verdicts on the learner's own file are progress."""
        return self.file is None


@click.command()
@click.argument("names", nargs=-1, metavar="[ID] [FILE]...")
@click.option(
    "--spec",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judge by this challenge.toml instead of an exercise of the course.",
)
@click.option("--file", type=FILE, help="Judge this file instead of yours (- reads it from a pipe); nothing is stored.")
@click.option(
    "--files", "patterns", multiple=True, metavar="PATTERN", help="Judge many: 'subs/*.py', a folder, or several names."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON, one line for each file.")
@click.option("--watch", "watched", is_flag=True, help="Judge at every save until ctrl+c.")
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="With --files: how many at a time; one for each core."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Draw the arrays from this seed.")
@click.pass_obj
def test(
    paths: Paths,
    names: tuple[str, ...],
    spec: Path | None,
    file: Path | None,
    patterns: tuple[str, ...],
    as_json: bool,
    watched: bool,
    jobs: int | None,
    seed: int | None,
) -> int:
    """Judge your code for exercise ID.

    With --spec judges any file by any challenge.toml, with --files many submissions: each has its line as soon as it is
    finished, in the order of finishing, and all meet the same arrays.

    Exit status: 0 when all pass, 1 when one does not, 2 for an unknown exercise, a broken spec or wrong usage, 3 for a
    fault of the tutor. ctrl+c ends with 130; out of --watch with 0 when the last verdict was a pass.
    """
    id, more = (None, names) if spec else (names[0] if names else None, names[1:])
    patterns = (*patterns, *more)
    _refuse_nonsense(id, spec, file, patterns, watched, jobs)
    challenge = _read_spec(spec) if spec else load_challenge(paths.lessons, id or "")
    request = Request(challenge, foreign=spec is not None, file=file, as_json=as_json, seed=seed)
    if patterns:
        return _judge_many(request, patterns, jobs or usable_cores())
    return _watch(paths, request) if watched else _judge_one(paths, request)


def _refuse_nonsense(
    id: str | None, spec: Path | None, file: Path | None, patterns: tuple[str, ...], watched: bool, jobs: int | None
) -> None:
    if id is None and spec is None:
        raise click.UsageError(
            "Which exercise? `tutor challenge --list` shows all; --spec F judges by one of your own."
        )
    if spec is not None and file is None and not patterns:
        raise click.UsageError("A spec is judged with --file F or --files 'subs/*.py'.")
    if patterns and file is not None:
        raise click.UsageError("Either --file, or --files for many.")
    if watched and (patterns or file == STDIN):
        raise click.UsageError("--watch looks at one file on the disk.")
    if jobs is not None and not patterns:
        raise click.UsageError("--jobs goes with --files.")


def _read_spec(file: Path) -> Challenge:
    """A spec of the author's own; all that is wrong with it is one error, a line for each fault."""
    challenge, faults = examine_spec(file)
    if challenge is None or faults:
        raise TutorError("\n".join(map(str, faults)))
    return challenge


def _prepare(request: Request, box: Box) -> Prepared:
    """Run the reference, so that one that fails is told from a box that does. Raises TutorError over a foreign one."""
    from tutor.grading import prepare

    if not request.foreign:
        return prepare(request.challenge, box, request.seed)
    box.layers()
    try:
        return prepare(request.challenge, box, request.seed)
    except BoxError as error:
        raise TutorError(error.title, error.what) from error


# ── one file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_one(paths: Paths, request: Request) -> int:
    from tutor.grading import grade

    source: Source | None = None
    try:
        source = source_of(paths, request.challenge, request.file)
    except SourceError as error:
        report = unreadable(request.challenge, error)
    else:
        with Box() as box:
            report = list(grade(request.challenge, source.text, box, prepared=_prepare(request, box)))[-1]
    _tell(request, report)
    if request.remembered and source is not None:
        with open_store(paths) as store:
            _remember(paths, store, request, source, report)
    return _status(report)


def _tell(request: Request, report: Report) -> None:
    click.echo(report_json(report) if request.as_json else report_text(report))


def _remember(paths: Paths, store: Store, request: Request, source: Source, report: Report) -> None:
    """The verdict becomes progress, and the version that it is about is kept with it; a level it earns is told once."""
    challenge = request.challenge
    store.record("position", screen="lab", lesson=challenge.lesson, exercise=challenge.id)
    if report.passed and not request.as_json:  # progress --json has the levels
        for level in levels_earned_by(load_course(paths.lessons), store.progress, challenge.id):
            click.echo(f"Level {level.number} earned: {level.title}.")
    for kind, facts in report.events(challenge.lesson):
        store.record(kind, **facts)
    try:
        work_file(paths, challenge).keep(source.raw, "graded", report.graded)
    except StoreError as error:
        click.echo(error.title, err=True)


def _status(report: Report) -> int:
    if report.fault is not None and report.fault.kind == "tutor":
        return OURS
    return PASSED if report.passed else FAILED


# ── many files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _judge_many(request: Request, patterns: tuple[str, ...], jobs: int) -> int:
    files = find_files(patterns)
    began, statuses = time.monotonic(), {PASSED}
    counts: Counter[str] = Counter()
    foot = _Foot()
    width = max(len(one_line(str(file))) for file in files)
    try:
        with Box() as box:
            for done in judge_files(request.challenge, files, box, _prepare(request, box), jobs):
                counts[done.report.status] += 1
                statuses.add(_status(done.report))
                foot.clear()
                click.echo(report_json(done) if request.as_json else submission_text(done, width))
                foot.show(f"{counts.total()} of {len(files)}: {count_text(counts)}")
    finally:
        foot.clear()
    taken = time.monotonic() - began
    click.echo(f"{count_text(counts)}: {len(files)} file{'s' if len(files) > 1 else ''} in {taken:.1f} s.", err=True)
    return max(statuses)


class _Foot:
    """The line at the foot of a terminal that says how far it is; in a pipe there is none."""

    def __init__(self) -> None:
        self.width = 0 if sys.stderr.isatty() else None

    def show(self, text: str) -> None:
        if self.width is not None:
            click.echo(f"\r{text:<{self.width}}", err=True, nl=False)
            self.width = len(text)

    def clear(self) -> None:
        if self.width:
            click.echo("\r" + " " * self.width + "\r", err=True, nl=False)
            self.width = 0


# ── at every save ────────────────────────────────────────────────────────────────────────────────────────────────────


class _Newest:
    """The newest content of a file, handed from who watches to who judges; a newer one ends the check of the older."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._found: Found | None = None
        self._check = threading.Event()
        self._stop = threading.Event()
        threading.Thread(target=self._look, name="watch", daemon=True).start()

    def _look(self) -> None:
        for found in settled_contents(self._path, "", self._stop):
            with self._changed:
                self._found = found
                self._check.set()
                self._changed.notify()

    def take(self) -> tuple[Source | SourceError, threading.Event]:
        """Wait for a content that was not taken yet; the event is set once there is a newer one."""
        with self._changed:
            self._changed.wait_for(lambda: self._found is not None)
            assert self._found is not None
            found, self._found, self._check = self._found, None, threading.Event()
            return found.what, self._check

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()


def _watch(paths: Paths, request: Request) -> int:
    status = INTERRUPTED
    with ExitStack() as stack:
        try:
            store = stack.enter_context(open_store(paths)) if request.remembered else None
            path = request.file or _own_file(paths, request.challenge)
            box = stack.enter_context(Box())
            for source, report in _judge_saves(request, path, box):
                status = PASSED if report.passed else INTERRUPTED
                _tell(request, report)
                if store is not None and source is not None:
                    _remember(paths, store, request, source, report)
                click.echo(f"Waiting for the next save of {one_line(str(path))}; ctrl+c ends.", err=True)
        except KeyboardInterrupt:
            return status
    raise AssertionError("it ends by ctrl+c alone")


def _own_file(paths: Paths, challenge: Challenge) -> Path:
    """Where the learner's file is; made from the starter where there is none yet."""
    with suppress(SourceError):  # it is there, and the verdict will say what is wrong with it
        source_of(paths, challenge)
    return paths.implementation(challenge.id)


def _judge_saves(request: Request, path: Path, box: Box) -> Iterator[tuple[Source | None, Report]]:
    """The last report on each content that stood long enough to be judged, for ever."""
    from tutor.grading import grade

    newest = _Newest(path)
    prepared = _prepare(request, box)
    try:
        while True:
            what, cancelled = newest.take()
            if isinstance(what, SourceError):
                yield None, unreadable(request.challenge, what)
                continue
            try:
                reports = list(grade(request.challenge, what.text, box, prepared=prepared, cancelled=cancelled))
                if reports and not cancelled.is_set():
                    yield what, reports[-1]
                prepared = _prepare(request, box)  # while nobody waits for it
            except BoxError as error:
                yield None, without_verdict(request.challenge, "tutor", str(error), "Save again: the box starts anew.")
    finally:
        newest.stop()
