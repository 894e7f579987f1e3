"""Where nothing keeps a file from deleting the learner's folder, `tutor doctor` brings back what the copies hold."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.program import tutor
from tutor.course import Drive
from tutor.learner import Box, BoxJob, WorkFile
from tutor.learner import box as box_module
from tutor.paths import locate
from tutor.progress import Store

HARM = """
import pathlib, shutil
home = pathlib.Path(USER_DATA)
next(home.glob("events/*.jsonl")).write_text("gone")
shutil.rmtree(home / "implementations")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the zygote is for Linux")
def test_what_hostile_code_deleted_is_brought_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = locate(tmp_path)
    with Store.open(paths) as store:
        for number in range(3):
            store.record("lesson_read", lesson=f"0{number}-lesson")
        store.refresh()  # makes the copy of the day
        before = store.progress
    file = WorkFile(paths.implementation("linear_scratch"), paths.backup)
    known = file.write("mine = 1\n")
    file.keep(known.raw, "graded")
    bare = "import host, landlock; landlock.abi = lambda: 0;"
    monkeypatch.setattr(box_module, "_BOOT", box_module._BOOT.replace("import host;", bare))
    with Box() as box:
        source = HARM.replace("USER_DATA", repr(str(tmp_path)))
        drive = Drive(setup="", forward="")
        assert box.run(BoxJob(source=source, filename="x.py", drive=drive, cases=())).fault is None
    assert file.raw() is None

    ill = tutor(tmp_path, "doctor", TERM="xterm").out
    assert "✗ lost                  3 events and 1 file, still in" in ill and "tutor doctor --repair" in ill
    mended = tutor(tmp_path, "doctor", "--repair", TERM="xterm").out
    assert "✓ brought back          3 events and 1 file" in mended

    assert file.read().text == "mine = 1\n"
    with Store.open(paths) as store:
        assert store.refresh() == before
    assert "lost" not in tutor(tmp_path, "doctor", TERM="xterm").out
