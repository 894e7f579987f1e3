"""The learner's file on disk: nothing of theirs is overwritten without a copy, and nothing is saved by halves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import StoreError
from tutor.learner import WorkFile, content_hash, decode, encode
from tutor.learner.source import LARGEST


@pytest.fixture
def file(tmp_path: Path) -> WorkFile:
    return WorkFile(tmp_path / "implementations" / "linear.py", tmp_path / "backup")


def versions(file: WorkFile) -> list[str]:
    return sorted(path.read_text() for path in file.versions.glob("*.py"))


@given(st.text(st.characters(exclude_characters="\r\0\ufeff", exclude_categories=["Cs"])))
def test_what_is_saved_reads_back(text: str) -> None:
    assert decode(encode(text), "x.py") == text


@pytest.mark.parametrize("cookie", ["latin-1", "cp1252", "utf-8", "utf-8-sig"])
def test_a_coding_line_is_kept_to(cookie: str) -> None:
    text = f"# coding: {cookie}\nname = 'Müller'\n"
    assert decode(encode(text), "x.py").removeprefix("\ufeff") == text


def test_the_known_version_is_overwritten_without_a_copy(file: WorkFile) -> None:
    known = file.ensure("starter").hash
    saved = file.save("mine", known)
    assert saved.kept is None
    assert file.read().text == "mine"
    assert versions(file) == []


def test_a_strangers_version_is_kept_first(file: WorkFile) -> None:
    known = file.ensure("starter").hash
    file.path.write_text("from vim")
    saved = file.save("mine", known)
    assert saved.kept is not None and saved.kept.read_text() == "from vim"
    assert file.read().text == "mine"


def test_bytes_that_are_no_text_are_kept_as_they_are(file: WorkFile) -> None:
    file.ensure("starter")
    file.path.write_bytes(b"caf\xe9 \xff")
    kept = file.save("mine", "").kept
    assert kept is not None and kept.read_bytes() == b"caf\xe9 \xff"


def test_a_file_too_large_to_read_is_moved_aside_whole(file: WorkFile) -> None:
    file.ensure("starter")
    with file.path.open("wb") as large:
        large.truncate(LARGEST + 1)
    kept = file.save("mine", "").kept
    assert kept is not None and kept.stat().st_size == LARGEST + 1
    assert file.read().text == "mine"


def test_a_folder_in_its_place_is_named_and_left(file: WorkFile) -> None:
    file.path.mkdir(parents=True)
    with pytest.raises(StoreError, match="Move that folder away"):
        file.save("mine", "")
    assert file.path.is_dir()


def test_a_fifo_in_its_place_does_not_block(file: WorkFile) -> None:
    file.path.parent.mkdir(parents=True)
    os.mkfifo(file.path)
    assert file.save("mine", "").kept is None
    assert file.read().text == "mine"


def test_a_dangling_link_is_repaired_and_stays_a_link(file: WorkFile, tmp_path: Path) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.symlink_to(tmp_path / "elsewhere" / "linear.py")
    file.save("mine", "")
    assert file.path.is_symlink()
    assert (tmp_path / "elsewhere" / "linear.py").read_text() == "mine"


def test_a_link_to_itself_is_a_sentence(file: WorkFile) -> None:
    file.path.parent.mkdir(parents=True)
    file.path.symlink_to(file.path)
    with pytest.raises(StoreError, match="could not be saved"):
        file.save("mine", "")


def test_no_room_at_all_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "user_data").write_text("a file where the folder should be")
    file = WorkFile(tmp_path / "user_data" / "implementations" / "linear.py", tmp_path / "user_data" / "backup")
    with pytest.raises(StoreError, match=r"linear\.py could not be saved: .+ What you wrote is still here"):
        file.save("mine", "")
    with pytest.raises(StoreError, match="could not be kept"):
        file.keep_draft("mine")


def test_reset_keeps_the_file_and_the_same_content_once(file: WorkFile) -> None:
    file.write("mine")
    first = file.reset("starter")
    file.write("mine")
    again = file.reset("starter")
    assert first == again
    assert versions(file) == ["mine"]
    assert file.read().text == "starter"


def test_the_mode_of_the_file_stays(file: WorkFile) -> None:
    file.ensure("starter")
    file.path.chmod(0o600)
    file.save("mine", content_hash(b"starter"))
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_a_draft_comes_back_and_goes_when_all_is_saved(file: WorkFile) -> None:
    file.keep_draft("half a thought")
    later = WorkFile(file.path, file.versions.parent)
    assert later.draft() == "half a thought"
    later.drop_draft()
    assert WorkFile(file.path, file.versions.parent).draft() is None


def test_two_tutors_keep_both_drafts(file: WorkFile) -> None:
    other = WorkFile(file.path, file.versions.parent)
    file.keep_draft("one")
    other.keep_draft("two")
    assert other.draft() == "two"
    assert versions(file) == ["one"]
    file.drop_draft()  # the other's is not this one's to drop
    assert WorkFile(file.path, file.versions.parent).draft() == "two"


def test_what_another_editor_saves_at_the_last_moment_is_kept(file: WorkFile, monkeypatch: pytest.MonkeyPatch) -> None:
    known = file.ensure("starter").hash
    force = os.fsync

    def slow_disk(fd: int) -> None:
        force(fd)
        if file.path.read_text() == "starter":
            file.path.write_text("from vim")

    monkeypatch.setattr(os, "fsync", slow_disk)
    saved = file.save("mine", known)
    assert saved.kept is not None and saved.kept.read_text() == "from vim"
    assert file.path.read_text() == "mine"
