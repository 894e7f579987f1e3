"""Several processes, and processes that die: what was acknowledged is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ptyscreen import ROOT
from tutor.progress import Store

WRITER = """
import sys
from pathlib import Path
from tutor.progress import Store
home = Path(sys.argv[1])
store = Store(home / "events", home / "backup", home / "state.json")
for n in range(int(sys.argv[2])):
    print(store.record("hint_shown", exercise=f"x{n}", hint=1).id, flush=True)
    if n % 10 == 9:
        store.refresh()
store.close()
"""


def writer(home: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(home), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def stored(home: Path) -> tuple[set[str], Store]:
    from tutor.progress import lines

    store = Store(home / "events", home / "backup", home / "state.json")
    store.refresh()
    files = (home / "events").iterdir()
    return {event.id for file in files for event in lines.decode(file.read_bytes()).events}, store


def test_eight_writers(tmp_path: Path) -> None:
    writers = [writer(tmp_path, 50) for _ in range(8)]
    acknowledged = [line for each in writers for line in each.communicate()[0].split()]
    assert [each.returncode for each in writers] == [0] * 8
    found, store = stored(tmp_path)
    assert len(acknowledged) == 400 and found == set(acknowledged)
    assert store.progress.events == 400 and store.damaged == 0
    assert store.snapshot().events == 400


@pytest.mark.parametrize("after", [1, 7, 60])
def test_kill_9_keeps_what_was_acknowledged(tmp_path: Path, after: int) -> None:
    with writer(tmp_path, 100_000) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().strip() for _ in range(after)]
        process.kill()
        acknowledged += process.stdout.read().split("\n")[:-1]  # complete lines only
    found, store = stored(tmp_path)
    assert set(acknowledged) <= found and len(found) - len(acknowledged) <= 1
    store.record("welcomed")
    assert store.trouble is None and store.refresh().events == len(found) + 1
