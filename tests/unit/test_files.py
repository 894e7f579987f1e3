"""A file is replaced whole, or left as it was with nothing beside it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tutor import files


def test_the_new_content_stands_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "end.json"
    files.replace(target, b"one")
    files.replace(target, b"two")
    assert target.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_keeps_its_mode_and_a_new_one_gets_the_users_own(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        files.replace(tmp_path / "new", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640
    (tmp_path / "new").chmod(0o600)
    files.replace(tmp_path / "new", b"more")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_refuses_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    target = tmp_path / "control.json"
    files.replace(target, b"one")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OSError, match="No space left"):
        files.replace(target, b"two")
    monkeypatch.undo()
    assert target.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [target]
