"""A folder of submissions, as `tutor test --files` judges it: how many a second, and what the processor does."""

from __future__ import annotations

import itertools
import os
import resource
import time
from pathlib import Path

import pytest

from tests.bench.harness import Line, show
from tutor.cli.submissions import judge_files
from tutor.course import load_challenge
from tutor.grading import prepare
from tutor.learner import Box
from tutor.paths import locate
from tutor.training import usable_cores

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

SUBMISSIONS = 500
ONE_AT_A_TIME = 58  # of them, for the baseline: each solution and each wrong file twice
CORES = 2


def class_of(folder: Path) -> list[Path]:
    """Five hundred files: the worked solutions of linear_scratch and its known mistakes, in turns."""
    found = load_challenge(locate().lessons, "linear_scratch")
    assert found.folder is not None
    originals = [*sorted(found.folder.glob("solutions/*.py")), *sorted(found.folder.glob("wrong/*.py"))]
    files = []
    for number, original in enumerate(itertools.islice(itertools.cycle(originals), SUBMISSIONS)):
        files.append(folder / f"{number:03}-{original.name}")
        files[-1].write_bytes(original.read_bytes())
    return files


def processor_seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def judge(files: list[Path], jobs: int) -> tuple[float, float, float]:
    """Seconds by the clock, and of the processor: in the tutor, and in the box."""
    found = load_challenge(locate().lessons, "linear_scratch")
    boxed = processor_seconds(resource.RUSAGE_CHILDREN)
    with Box() as box:
        prepared = prepare(found, box)
        began, own = time.perf_counter(), processor_seconds(resource.RUSAGE_SELF)
        verdicts = {Path(done.file).name: done.report for done in judge_files(found, files, box, prepared, jobs)}
        wall, own = time.perf_counter() - began, processor_seconds(resource.RUSAGE_SELF) - own
    boxed = processor_seconds(resource.RUSAGE_CHILDREN) - boxed
    surprising = {name: report.headline for name, report in verdicts.items() if report.passed != name[4].isdigit()}
    assert len(verdicts) == len(files) and not surprising  # 000-1-naive.py is a solution
    return wall, own, boxed


def test_five_hundred_submissions(tmp_path: Path) -> None:
    cores = min(CORES, usable_cores())
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])  # the box inherits it
    files = class_of(tmp_path)
    alone = ONE_AT_A_TIME / judge(files[:ONE_AT_A_TIME], 1)[0]
    wall, own, boxed = judge(files, cores)
    rate, each = SUBMISSIONS / wall, 1e3 / SUBMISSIONS
    show(
        Line(
            "500 submissions, all tiers",
            f"{rate:.0f} a second",
            "100/s",
            rate >= 100,
            f"one at a time {alone:.0f}/s",
            rate / alone,
        ),
        Line("  per core", f"{rate / cores:.0f} a second", "50/s", rate / cores >= 50),
        Line(
            "  processor time of each",
            f"{(own + boxed) * each:.1f} ms",
            "20 ms",
            (own + boxed) * each <= 20,
            f"tutor {own * each:.1f} ms, box {boxed * each:.1f} ms",
        ),
    )
