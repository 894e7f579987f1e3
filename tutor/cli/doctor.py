"""doctor: what this machine and this terminal can do, what is missing, and what to do about it."""

from __future__ import annotations

import itertools
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tutor import files
from tutor.cli.stored import is_writable, nearest_folder
from tutor.cli.words import broken_text
from tutor.course import Broken, Challenge, LessonHead, list_challenges, load_course
from tutor.errors import BoxError, reason_of
from tutor.learner import Versions
from tutor.paths import Paths
from tutor.progress import Store, backup
from tutor.training import usable_cores

if TYPE_CHECKING:
    from tutor.training.devices import DeviceReport

LITTLE_ROOM = 50 * 1024 * 1024  # bytes


class Finding(NamedTuple):
    """One line of the examination."""

    well: bool
    what: str
    says: str


@click.command()
@click.option("--repair", is_flag=True, help="Bring back from the kept copies what is lost.")
@click.pass_obj
def doctor(paths: Paths, repair: bool) -> int:
    """Say what works here and what is missing.

    Looks at the terminal, your files, the course, the protections around your code, and what training can use.
    """
    for heading, findings in (
        ("Terminal", _terminal()),
        ("Your files", itertools.chain(_kept_copies(paths, repair), _files(paths))),
        ("The course", _course(paths)),
        ("The box for your code", _box()),
        ("Training", _training()),
    ):
        click.echo(heading)
        for finding in findings:
            click.echo(f"  {'✓' if finding.well else '✗'} {finding.what:<22}{finding.says}")
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.release()}")
    return 0


def _terminal() -> Iterator[Finding]:
    term = os.environ.get("TERM", "")
    is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    says = "a terminal" if is_terminal else "no terminal here: use the plain commands, tutor --help lists them"
    yield Finding(is_terminal, "screen", says)
    columns, rows = shutil.get_terminal_size((0, 0))
    if is_terminal:
        room = columns >= 60 and rows >= 16
        says = "from 60x16 on it works, 120x36 is better" if room else "enlarge the window, 60x16 is the least"
        yield Finding(room, "size", f"{columns}x{rows}; {says}")
    dumb = term in ("", "dumb")
    yield Finding(not dumb, "TERM", f"{term or 'not set'}{': try TERM=xterm-256color' if dumb else ''}")
    yield Finding(True, "colours", _colours())
    encoding = (sys.stdout.encoding or "").lower()
    utf8 = "utf" in encoding
    yield Finding(
        utf8, "encoding", encoding if utf8 else f"{encoding or 'unknown'}: set LANG=C.UTF-8 to see every sign"
    )


def _colours() -> str:
    """What the screens will have, as they find it out themselves."""
    from rich.console import Console

    if os.environ.get("NO_COLOR"):
        return "none, as NO_COLOR asks"
    system = Console(force_terminal=True).color_system
    return {
        "truecolor": "24-bit",
        "256": "256 (all that is needed)",
        "standard": "16: all can be told apart; TERM=xterm-256color looks better where the terminal has it",
    }.get(system or "", "none")


def _files(paths: Paths) -> Iterator[Finding]:
    folder = paths.user_data
    writable = is_writable(folder)
    yield Finding(writable, "folder", str(folder) if writable else f"{folder} cannot be written: use --user-data DIR")
    free = shutil.disk_usage(nearest_folder(folder)).free
    enough = free > LITTLE_ROOM
    yield Finding(enough, "free space", f"{free / 1e9:.1f} GB{'' if enough else ': free some, or use --user-data DIR'}")
    with Store.open(paths) as store:
        events = store.refresh().events
        damage = f", {store.damaged} damaged lines passed over; earlier days are kept in {paths.backup}"
        yield Finding(not store.damaged, "progress", f"{events} events{damage if store.damaged else ''}")
        if store.trouble:
            yield Finding(False, "store", store.trouble)


def _kept_copies(paths: Paths, repair: bool) -> Iterator[Finding]:
    """What the copies hold and the folder does not, as after code that deleted it; brought back when asked for."""
    try:
        lost = backup.lost_lines(paths.events, paths.backup)
        versions = list(_lost_files(paths))
        if not lost and not versions:
            return
        what = " and ".join(filter(None, (_counted(len(lost), "event"), _counted(len(versions), "file"))))
        if not repair:
            yield Finding(False, "lost", f"{what}, still in {paths.backup}: tutor doctor --repair brings that back")
            return
        if lost:
            backup.restore(paths.events, lost, os.urandom(4).hex())
        for target, version in versions:
            target.parent.mkdir(parents=True, exist_ok=True)
            files.replace(target, version.read_bytes())
        yield Finding(True, "brought back", f"{what}, from {paths.backup}")
    except OSError as error:
        yield Finding(False, "copies", f"{paths.backup} could not be used: {reason_of(error)}")


def _lost_files(paths: Paths) -> Iterator[tuple[Path, Path]]:
    """Files of exercises that are gone, each with its newest kept version."""
    for folder in sorted(paths.backup.iterdir()) if paths.backup.is_dir() else ():
        versions = Versions(folder).all()
        target = paths.implementation(folder.name)
        if versions and not os.path.lexists(target):
            yield target, versions[0].path


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}" if number else ""


def _course(paths: Paths) -> Iterator[Finding]:
    course = load_course(paths.lessons)
    lessons = sum(isinstance(entry.head, LessonHead) for entry in course.entries)
    exercises = list_challenges(paths.lessons)
    usable = sum(isinstance(item, Challenge) for item in exercises)
    missing = "" if lessons else ": install the tutor again"
    yield Finding(lessons > 0, "folder", f"{paths.lessons}: {lessons} lessons, {usable} exercises{missing}")
    heads = [entry.head for entry in course.entries]
    for broken in (*heads, *course.broken, *exercises):
        if isinstance(broken, Broken):
            yield Finding(False, "broken", broken_text(broken).removeprefix("✗ "))


def _box() -> Iterator[Finding]:
    from tutor.learner import Box

    try:
        with Box() as box:
            layers = box.layers()
    except BoxError as error:
        yield Finding(False, "start", str(error))
        return
    yield Finding(True, "strategy", layers.strategy)
    for name, (active, sentence) in layers.layers.items():
        yield Finding(active, name, sentence)
    yield Finding(True, "what this is", "protection from accidents, not a wall against an enemy")


def _training() -> Iterator[Finding]:
    from tutor.training import devices

    cores = usable_cores()
    yield Finding(True, "device", f"cpu, {cores} core{'s' if cores > 1 else ''}: {devices.cpu_name()}")
    if sys.stderr.isatty():
        click.echo(f"  · looking for a GPU, for {devices.LIMIT:.0f} s at most", err=True)
    report = devices.probe()
    missing = "not installed: runs beside it or on a GPU and exercises on it need it; pip install torch adds it"
    yield Finding(bool(report.torch), "PyTorch", report.torch or missing)
    yield from _gpus(report)
    yield from _logout()
    yield _editor()


def _gpus(report: DeviceReport) -> Iterator[Finding]:
    """Each GPU, and what keeps a run from using it; that there is none is no fault."""
    from tutor.training import devices

    for gpu in report.gpus:
        yield Finding(True, "GPU", devices.describe(gpu).removeprefix("GPU "))
    if report.mps:
        yield Finding(True, "GPU", "Apple's (mps): --device mps uses it, in float32")
    reason, why = devices.obstacle(report, os.environ)
    if reason in ("no-torch", "no-gpu", "torch-without-cuda") and not report.gpus:
        if not report.mps:
            yield Finding(True, "GPU", "none found: your code trains on the CPU")
    elif reason:
        yield Finding(False, "GPU", why)


def _logout() -> Iterator[Finding]:
    """Whether a run outlives the connection that it was started from."""
    from tutor.training import logind

    if logind.logind_kills():
        says = f"this machine ends your runs when you log out (KillUserProcesses): {logind.ADVICE}"
        yield Finding(False, "logging out", says)


def _editor() -> Finding:
    """What F6 opens."""
    from tutor.tui.editor import EditorError, editor_command

    try:
        return Finding(True, "own editor", f"F6 opens {editor_command(os.environ, Path('file'), 1)[0]}")
    except EditorError as error:
        return Finding(False, "own editor", f"{error.title} {error.next_step}")
