"""Hostile and broken programs in the box: each gets its class and sentence, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.box_programs import HANDFUL, PROGRAMS, ROOT, ROWS, Program

AS_NOBODY: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}


def python_of_nobody(folder: Path) -> Path | None:
    """A virtual environment that an ordinary user may run, with the packages of this one; None if that fails.

    Where the suite runs as root, its own interpreter may lie in a folder of root's.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    packages.parent.mkdir(parents=True)
    packages.symlink_to(sysconfig.get_paths()["purelib"])
    (folder / "bin").mkdir()
    python = folder / "bin" / "python"
    for base in (Path(sys.executable).resolve(), Path("/usr/local/bin", version), Path("/usr/bin", version)):
        (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
        python.unlink(missing_ok=True)
        python.symlink_to(base)
        with contextlib.suppress(OSError):
            tried = subprocess.run(
                [python, "-I", "-B", "-c", "import numpy, msgspec, psutil"], **AS_NOBODY, check=False
            )
            if tried.returncode == 0:
                return python
    return None


class Runner:
    """The process that owns the box, as an ordinary user."""

    def __init__(self, strategy: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tutor-test-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        python = python_of_nobody(self.folder) if os.getuid() == 0 else None
        self.process = subprocess.Popen(
            [python or sys.executable, "-B", str(Path(__file__).with_name("box_runner.py")), strategy],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/var/tmp", "TMPDIR": "/var/tmp"},
            cwd="/",
            **(AS_NOBODY if python else {}),
        )
        self.hello = self.read()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the runner died"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def run(self, program: Program) -> dict[str, Any]:
        assert self.process.stdin is not None
        source = program.source.replace("USER_DATA", self.hello["user_data"])
        asked = {"source": source, "seconds": program.seconds, "memory_mb": program.memory_mb}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return self.read()


def runner(strategy: str) -> Iterator[Runner]:
    made = Runner(strategy)
    yield made
    made.process.communicate(timeout=20)
    shutil.rmtree(made.folder)
    assert made.process.returncode == 0


@pytest.fixture(scope="module")
def zygote() -> Iterator[Runner]:
    yield from runner("zygote")


@pytest.fixture(scope="module")
def bare() -> Iterator[Runner]:
    yield from runner("without Landlock")


@pytest.fixture(scope="module")
def spare() -> Iterator[Runner]:
    yield from runner("spare")


def check(runner: Runner, name: str) -> None:
    program = PROGRAMS[name]
    if program.needs and not runner.hello["layers"][program.needs][0]:
        pytest.skip(f"this machine has no limit on: {program.needs}")
    told = runner.run(program)
    assert (told["kind"] or "none") in program.kinds.split(), told
    assert eval(program.holds, {}, told), told
    assert told["seconds"] < 3, told["seconds"]
    assert told["nothing_left"], "processes were left behind"
    assert told["untouched"], "the learner's folder was changed"
    assert told["next_right"], "the next check did not work"


def test_every_program_stands_for_a_row() -> None:
    named = [name for names in ROWS.values() for name in names]
    assert sorted(named) == sorted(PROGRAMS), set(named) ^ set(PROGRAMS)
    assert len(ROWS) == 33 and len(PROGRAMS) >= 60


def by_row(programs: Iterable[str]) -> pytest.MarkDecorator:
    """The programs as parameters, each named after its row of the table."""
    row_of = {name: row for row, names in ROWS.items() for name in names}
    return pytest.mark.parametrize("name", [pytest.param(name, id=f"{row_of[name]}: {name}") for name in programs])


zygote_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the zygote is for Linux")


@zygote_only
@by_row(PROGRAMS)
def test_zygote_survives(zygote: Runner, name: str) -> None:
    check(zygote, name)


# The first two of each row that do not reach for what only Landlock keeps from them.
WITHOUT_LANDLOCK = [
    name for names in ROWS.values() for name in [name for name in names if PROGRAMS[name].needs != "landlock"][:2]
]


@zygote_only
@by_row(WITHOUT_LANDLOCK)
def test_without_landlock_the_rest_holds(bare: Runner, name: str) -> None:
    active, sentence = bare.hello["layers"]["landlock"]
    assert not active and "can read and write whatever you can" in sentence
    assert all(bare.hello["layers"][layer][0] for layer in ("memory", "processor time", "file size", "privileges"))
    check(bare, name)


@zygote_only
def test_without_landlock_a_killed_host_costs_one_check(bare: Runner) -> None:
    told = bare.run(PROGRAMS["kills its parent"])
    assert told["kind"] in ("tutor", None)
    assert told["next_right"] and told["untouched"]


@by_row(HANDFUL)
def test_spare_survives(spare: Runner, name: str) -> None:
    check(spare, name)
