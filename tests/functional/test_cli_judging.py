"""`tutor test`: any file against any spec, many submissions at once, and a verdict at every save."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import msgspec
import psutil
import pytest

from tests.gradings import changed
from tests.program import command, environment, tutor
from tests.ptyscreen import ROOT, Terminal
from tests.training_runs import LINEAR
from tutor.cli.submissions import Submission, judge_files
from tutor.course import load_challenge
from tutor.grading import Report, prepare
from tutor.learner import Box
from tutor.paths import locate

MEAN = changed(LINEAR, ("grad_output.sum(axis=0)", "grad_output.mean(axis=0)"))
NAN = changed(LINEAR, ("self.W + self.b", "self.W + self.b * np.nan"))
ENDLESS = "while True:\n    pass\n"
COURSE = locate().lessons / "06-linear-layer" / "linear_scratch"


def strict_json(line: str | bytes) -> None:
    def never(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(line, parse_constant=never)


def report_of(line: str | bytes) -> Report:
    strict_json(line)
    return msgspec.json.decode(line, type=Report, strict=False)


def submissions(out: str) -> dict[str, Report]:
    """The verdicts by file name; every line must be a whole record."""
    found = {}
    for line in out.splitlines():
        strict_json(line)
        done = msgspec.json.decode(line, type=Submission, strict=False)
        found[Path(done.file).name] = done.report
    return found


# ── any file against any spec ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec outside the course, whose reference is a file beside it that does not run where the tutor is."""
    folder = tmp_path / "somewhere"
    folder.mkdir()
    told = (COURSE / "challenge.toml").read_text()
    for old, new in (
        ('reference = "tutor.nn.linear"', 'reference = "reference.py"'),
        ('lesson = "06-linear-layer"\n', ""),
        ('id = "linear_scratch"', 'id = "my_layer"'),
    ):
        assert old in told
        told = told.replace(old, new)
    (folder / "spec.toml").write_text(told)
    guard = "import os, sys\nassert 'tutor.cli' not in sys.modules and os.getcwd() == os.environ['HOME']\n"
    (folder / "reference.py").write_text(guard + LINEAR)
    return folder / "spec.toml"


def test_a_spec_outside_the_course_judges_any_file_and_stores_nothing(tmp_path: Path, spec: Path) -> None:
    file, data = tmp_path / "mine.py", tmp_path / "data"
    file.write_text(LINEAR)
    passed = tutor(data, "test", "--spec", spec, "--file", file)
    assert (passed.status, passed.err) == (0, "") and passed.out.startswith("✓ Passed: all 4 results")
    file.write_text(MEAN)
    failed = tutor(data, "test", "--spec", spec, "--file", file, "--json", "--seed", "7")
    report = report_of(failed.out)
    assert (failed.status, failed.err) == (1, "") and failed.out.count("\n") == 1
    assert (report.challenge, report.status, report.seed) == ("my_layer", "failed", 7)
    piped = tutor(data, "test", "--spec", spec, "--file", "-", "--json", "--seed", "7", stdin=MEAN)
    again = report_of(piped.out)
    assert (piped.status, again.checks, again.source_hash) == (1, report.checks, report.source_hash)
    assert not data.exists() and sorted(path.name for path in spec.parent.iterdir()) == ["reference.py", "spec.toml"]


def test_a_broken_spec_is_told_with_every_fault_its_key_and_its_line(tmp_path: Path, spec: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(LINEAR)
    whole = spec.read_text()
    spec.write_text(changed(whole, ('defines = ["Linear"]', "defines = []"), ('output = "out"', 'output = "cut"')))
    broken = tutor(tmp_path, "test", "--spec", spec, "--file", file)
    assert (broken.status, broken.out) == (2, "")
    lines = broken.err.splitlines()
    for key in ("`defines`", "`judge.output`"):
        told = next(line for line in lines if key in line)
        number = int(told.removeprefix(f"{spec}:").split(":")[0])
        assert key.strip("`").split(".")[-1] in spec.read_text().splitlines()[number - 1]
    spec.write_text("id = \n")
    assert tutor(tmp_path, "test", "--spec", spec, "--file", file).status == 2
    spec.write_text(whole)
    (spec.parent / "reference.py").write_text("1 / 0\n")
    stopped = tutor(tmp_path, "test", "--spec", spec, "--file", file)
    assert (stopped.status, stopped.out) == (2, "")
    assert "The reference of my_layer could not be run" in stopped.err and "ZeroDivisionError" in stopped.err


@pytest.mark.parametrize(
    ("stdin", "says"),
    [(b'x = "\xff"\n', "line 1 holds the byte 0xFF"), (b"#" * (2 << 20), "larger than 1 MiB"), (b"", "is empty")],
)
def test_what_is_piped_in_is_judged_whatever_it_is(tmp_path: Path, stdin: bytes, says: str) -> None:
    piped = tutor(tmp_path, "test", "linear_scratch", "--file", "-", stdin=stdin)
    assert (piped.status, piped.err) == (1, "") and says in piped.out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "Which exercise?"),
        ("--spec {}/pyproject.toml", "--file F or --files"),
        ("linear_scratch --files {} --file {}/README.md", "Either --file"),
        ("linear_scratch --files {}/*.nothing", "Nothing matches"),
        ("linear_scratch --files {}/docs", "There is no .py file in"),
        ("linear_scratch --watch --file -", "--watch"),
        ("linear_scratch --watch --files {}", "--watch"),
        ("linear_scratch --jobs 2", "--jobs goes with --files"),
    ],
)
def test_wrong_usage_is_a_sentence(tmp_path: Path, line: str, says: str) -> None:
    wrong = tutor(tmp_path / "data", "test", *line.format(ROOT, ROOT).split())
    assert (wrong.status, wrong.out) == (2, "") and says in wrong.err and wrong.err.count("\n") == 1


# ── many submissions ─────────────────────────────────────────────────────────────────────────────────────────────────

ORPHANS = """
import os, time
while True:
    if not os.fork():
        os.setsid()
        if not os.fork():
            time.sleep(60)
        os._exit(0)
    os.wait()
"""
HOSTILE = {
    "endless.py": (ENDLESS, "timeout"),
    "flood.py": ("while True:\n    print('x' * 4096)\n", "output"),
    "orphans.py": (ORPHANS, "forked"),
    "exit.py": ("import os\nos._exit(0)\n", "exited"),
    "hungry.py": ("import numpy as np\nx = np.zeros(1 << 40)\n", "memory"),
    "syntax.py": ("def f(:\n", "syntax"),
}


def hostile_folder(folder: Path) -> Path:
    """Right and wrong submissions among hostile programs and things that are no file at all."""
    folder.mkdir()
    for name, (source, _) in HOSTILE.items():
        (folder / name).write_text(source)
    for number in range(4):
        (folder / f"right{number}.py").write_text(LINEAR)
    (folder / "mean.py").write_text(MEAN)
    (folder / "nan.py").write_text(NAN)
    (folder / "latin.py").write_bytes(b'x = "\xe9"\n')
    (folder / "notes.txt").write_text("not a submission")
    os.mkfifo(folder / "fifo.py")
    (folder / "folder.py").mkdir()
    (folder / "gone.py").symlink_to(folder / "nowhere")
    with (folder / "huge.py").open("wb") as file:
        file.truncate(1 << 30)
    return folder


def test_a_folder_is_judged_whatever_is_in_it(tmp_path: Path) -> None:
    folder = hostile_folder(tmp_path / "subs")
    done = tutor(tmp_path / "data", "test", "linear_scratch", "--files", folder, "--json", "--jobs", "3")
    found = submissions(done.out)
    assert done.status == 1 and len(done.out.splitlines()) == len(found) == len(list(folder.glob("*.py")))
    assert {name for name, report in found.items() if report.passed} == {f"right{number}.py" for number in range(4)}
    for name, (_, kind) in HOSTILE.items():
        fault = found[name].fault
        assert found[name].status == "could_not_run" and fault is not None and fault.kind == kind, name
    for name in ("latin.py", "fifo.py", "folder.py", "gone.py", "huge.py"):
        assert found[name].status == "could_not_run" and name in found[name].headline
    wrong = found["nan.py"].first_wrong
    assert wrong is not None and wrong.verdict == "non_finite" and wrong.worst is not None
    assert str(wrong.worst.got) == "nan" and found["mean.py"].status == "failed"
    assert len({report.seed for report in found.values() if report.checks}) == 1  # the same arrays for all
    assert done.err.startswith("4 passed, 2 failed, 11 could not run: 17 files in ")
    assert not (tmp_path / "data").exists()


def test_files_are_named_by_patterns_folders_and_names(tmp_path: Path) -> None:
    for name in ("a/one.py", "b/two.py", "b/deep/three.py", "b/[4].py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(LINEAR)

    def judged(*words: str | Path) -> list[str]:
        done = tutor(tmp_path, "test", "linear_scratch", *words)
        assert done.status == 0 and all(line.startswith("✓ ") for line in done.out.splitlines())
        return sorted(line.split()[1].removeprefix(f"{tmp_path}/") for line in done.out.splitlines())

    assert judged("--files", tmp_path / "b" / "**" / "*.py") == ["b/[4].py", "b/deep/three.py", "b/two.py"]
    assert judged("--files", tmp_path / "a", "--files", tmp_path / "a" / "*.py") == ["a/one.py"]
    as_a_shell_does = (tmp_path / "b" / "[4].py", tmp_path / "b" / "two.py")
    assert judged("--files", *as_a_shell_does) == ["b/[4].py", "b/two.py"]


def test_a_spec_judges_many_too(tmp_path: Path, spec: Path) -> None:
    (tmp_path / "mine.py").write_text(LINEAR)
    done = tutor(tmp_path, "test", "--spec", spec, tmp_path / "mine.py")
    assert done.status == 0 and "1 passed, 0 failed, 0 could not run: 1 file in" in done.err


def test_what_is_shared_by_all_checks_is_only_read(tmp_path: Path) -> None:
    """One plan and one truth serve every thread: none may write to them."""
    found = load_challenge(locate().lessons, "linear_scratch")
    files = [tmp_path / f"{number}.py" for number in range(6)]
    for number, file in enumerate(files):
        file.write_text(changed(LINEAR, ("self.x = x", "x += 1\n        self.x = x")) if number % 2 else LINEAR)
    with Box() as box:
        prepared = prepare(found, box, seed=3)
        for plan, truths in prepared.parts.values():
            for planned in plan:
                for array in planned.arrays.values():
                    array.flags.writeable = False
            assert len(truths) == len(plan)
        done = {each.file: each.report.status for each in judge_files(found, files, box, prepared, jobs=3)}
    assert done == {str(file): "failed" if number % 2 else "passed" for number, file in enumerate(files)}


def test_a_terminal_shows_how_far_it_is(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    (tmp_path / "right.py").write_text(LINEAR)
    (tmp_path / "mean.py").write_text(MEAN)
    words = command(tmp_path / "data", "test", "linear_scratch", "--files", tmp_path)
    screen = terminal(words, env=environment(NO_COLOR="1"), cwd=ROOT, size=(200, 24))
    assert screen.wait_exit(60) == 1
    assert b"\x1b" not in screen.raw and b"\r1 of 2: " in screen.raw
    shown = [line for line in screen.lines if line.strip()]
    assert sorted(line[0] for line in shown[:2]) == ["✓", "✗"]
    assert shown[2].startswith("1 passed, 1 failed, 0 could not run: 2 files in ") and len(shown) == 3


def descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_ctrl_c_ends_many_at_once_and_leaves_no_process(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"endless{number}.py").write_text(ENDLESS)
    (tmp_path / "0.py").write_text(LINEAR)
    words = command(tmp_path / "data", "test", "linear_scratch", "--files", tmp_path, "--jobs", "2")
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("✓".encode())  # streamed: the others take a minute
        left = descendants(process)
        assert left
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, b"") and out.count(b"\n") < 40
    assert not psutil.wait_procs(left, timeout=10)[1]


# ── at every save ────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def watching(folder: Path, *words: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A watch in a pipe, which is ended whatever happens."""
    process = subprocess.Popen(
        command(folder, "test", *words, "--watch"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def next_report(process: subprocess.Popen[bytes]) -> Report:
    assert process.stdout is not None
    return report_of(process.stdout.readline())


def busy(process: subprocess.Popen[bytes]) -> bool:
    """Whether a learner's program has used the processor for a while: a child of a host, which is our child."""
    hosts = psutil.Process(process.pid).children()
    return any(child.cpu_times().user > 0.3 for host in hosts for child in host.children())


def save(file: Path, text: str) -> None:
    """As editors do: whole, by a rename."""
    beside = file.with_suffix(".swap")
    beside.write_text(text)
    beside.replace(file)


def test_every_save_is_judged_and_a_newer_one_ends_the_check_of_the_older(tmp_path: Path) -> None:
    file = tmp_path / "implementations" / "linear_scratch.py"
    with watching(tmp_path, "linear_scratch", "--json") as process:
        assert next_report(process).status != "passed"  # the starter, which was made just now
        save(file, MEAN)
        assert next_report(process).source_hash == hash_of(MEAN)
        for number in range(20):
            save(file, f"{MEAN}# {number}\n")
        save(file, LINEAR)
        while (report := next_report(process)).source_hash != hash_of(LINEAR):
            assert report.status == "failed"  # one of the twenty, whole
        assert report.passed
        save(file, ENDLESS)
        deadline = time.monotonic() + 30
        while not busy(process):
            assert time.monotonic() < deadline
        save(file, NAN)
        report = next_report(process)
        assert report.source_hash == hash_of(NAN) and not report.passed  # nothing was said of the endless one
        file.unlink()
        assert next_report(process).status == "could_not_run"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    remembered = tutor(tmp_path, "progress", "--json").json["exercises"]["linear_scratch"]
    assert remembered["passed"] and remembered["attempts"] >= 4


def test_a_watch_that_ends_on_a_pass_ends_well(tmp_path: Path, spec: Path) -> None:
    file, data = tmp_path / "mine.py", tmp_path / "data"
    file.write_text(MEAN)
    with watching(data, "--spec", spec, "--file", file) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith("✗ grad_b".encode())
        assert process.stderr.readline().decode() == f"Waiting for the next save of {file}; ctrl+c ends.\n"
        shutil.copy(spec.parent / "reference.py", file)  # written in place, its guard holds in the box too
        while not (line := process.stdout.readline()).startswith("✓ Passed".encode()):
            assert line
        assert process.stderr.readline().startswith(b"Waiting")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert not data.exists()
