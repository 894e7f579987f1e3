"""The disk says no: the tutor goes on, says so in one sentence, and stores what it kept when it can again."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ptyscreen import ROOT
from tutor.progress import Progress, Store

NO = [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.ESTALE, errno.EACCES, errno.ENOLCK]


def store_in(home: Path) -> Store:
    return Store(home / "events", home / "backup", home / "state.json")


def refusing(call: str, number: int, after: int = 0) -> Callable[..., Any]:
    """The function os.<call>, which fails from its (after + 1)-th call on."""
    real, calls = getattr(os, call), 0

    def instead(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(number, os.strerror(number))
        return real(*args, **options)

    return instead


@pytest.mark.parametrize("number", NO, ids=lambda number: errno.errorcode[number])
@pytest.mark.parametrize("call", ["open", "write", "fsync"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_call_that_fails(tmp_path: Path, call: str, number: int, after: int) -> None:
    store = store_in(tmp_path)
    store.refresh()
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(os, call, refusing(call, number, after))
        for n in range(4):
            store.record("hint_shown", exercise=f"x{n}", hint=1)
        assert len(store.progress.exercises) == 4  # all of it counts, stored or not
        if store.unsaved:
            assert store.trouble is not None and "kept in memory" in store.trouble and store.trouble.count(". ") == 0
            before = store_in(tmp_path).refresh().events
            assert before + store.unsaved >= 4
        else:  # one opened file is enough for all four
            assert call == "open" and after == 1
    assert store.refresh().events == 4  # the disk works again
    assert store.unsaved == 0 and store.trouble is None
    assert store_in(tmp_path).refresh() == store.progress


def test_half_a_line_written_is_healed_by_the_next(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.record("welcomed")
    real = os.write

    def half(fd: int, data: bytes) -> int:
        if len(data) < 60:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, data[: len(data) // 2])

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(os, "write", half)
        store.record("exercise_passed", exercise="linear")
    assert store.unsaved == 1 and store.trouble is not None and "full" in store.trouble
    store.record("lesson_read", lesson="06")
    again = store_in(tmp_path)
    assert again.refresh() == store.progress and again.progress.events == 3
    assert store.unsaved == 0 and again.damaged == 1


def test_a_limit_that_the_kernel_enforces(tmp_path: Path) -> None:
    """A real refusal, in a process of its own: 2000 bytes a file and no more."""
    code = f"""
import resource
from pathlib import Path
from tutor.progress import Store
home = Path({str(tmp_path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, {resource.RLIM_INFINITY}))
store = Store(home / "events", home / "backup", home / "state.json")
for n in range(50):
    store.record("hint_shown", exercise=f"x{{n}}", hint=1)
    if not store.unsaved:
        print("stored", n)
assert store.trouble and len(store.progress.exercises) == 50
print("unsaved", store.unsaved)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.refresh()
assert store.trouble is None and store.unsaved == 0
store.close()
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    *stored, unsaved = run.stdout.splitlines()
    assert 5 < len(stored) < 45 and int(unsaved.split()[1]) == 50 - len(stored)
    assert len(store_in(tmp_path).refresh().exercises) == 50


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    home = tmp_path / "user_data"
    home.write_text("a file")
    with store_in(home) as store:
        assert store.snapshot() == store.refresh() == Progress()
        store.record("welcomed")
        assert store.progress.welcomed and store.trouble is not None and "--user-data" in store.trouble
    assert home.read_text() == "a file"


def test_a_folder_that_cannot_be_read_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with store_in(tmp_path) as store:
        store.record("welcomed")
    known = store_in(tmp_path)
    known.refresh()
    monkeypatch.setattr(os, "scandir", refusing("scandir", errno.EIO))
    assert known.refresh().welcomed and known.trouble is not None and "cannot be read" in known.trouble
    monkeypatch.undo()
    assert known.refresh().welcomed and known.trouble is None


def test_one_file_that_cannot_be_read(tmp_path: Path) -> None:
    with store_in(tmp_path) as store:
        store.record("welcomed")
    (tmp_path / "events" / "loop.jsonl").symlink_to("loop.jsonl")
    store = store_in(tmp_path)
    assert store.refresh().welcomed and store.trouble is not None and "cannot be read" in store.trouble


def test_events_deleted_under_a_running_tutor(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.record("welcomed")
    shutil.rmtree(tmp_path / "events")
    store.record("exercise_passed", exercise="linear")
    assert store.trouble is None and store.progress.welcomed
    assert store_in(tmp_path).refresh().exercises["linear"].passed


def test_a_backup_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("in the way")
    with store_in(tmp_path) as store:
        store.record("welcomed")
        store.refresh()
        assert store.trouble is not None and "copy" in store.trouble and store.unsaved == 0
