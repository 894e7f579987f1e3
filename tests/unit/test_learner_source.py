"""Reading the learner's file, whatever stands at its path."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tutor.errors import SourceError
from tutor.learner import decode, read_source


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a b é.py"
    raw = b"\xef\xbb\xbfx = '\xc3\xa9'\r\ny = 2\r\n"
    file.write_bytes(raw)
    source = read_source(file)
    assert (source.path, source.text, source.raw) == (file, "x = 'é'\ny = 2\n", raw)
    assert source.hash == hashlib.sha256(raw).hexdigest()


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("x = 1\n")
    link = tmp_path / "link.py"
    link.symlink_to("real.py")
    assert read_source(link).text == "x = 1\n"


def make_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket is short
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "is not there"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: os.mkfifo(path), "not a regular file"),
        (make_socket, "cannot be opened"),
        (lambda path: path.symlink_to("nowhere"), "link to a file that is not there"),
        (lambda path: path.symlink_to(path.name), "cannot be opened"),
        (make_large, "1024.0 MiB"),
    ],
)
def test_each_bad_kind_has_its_sentence(tmp_path: Path, make: Callable[[Path], None], says: str) -> None:
    path = tmp_path / "x.py"
    make(path)
    with pytest.raises(SourceError, match=says) as caught:
        read_source(path)
    assert caught.value.next_step


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("x = 1")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read any file
    try:
        with pytest.raises(SourceError, match="may not be read") as caught:
            read_source(path)
    finally:
        os.seteuid(user)
    assert "chmod" in caught.value.next_step


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        ("π = 3".encode(), "π = 3"),
        (b"a\rb", "a\nb"),
    ],
)
def test_text_is_decoded_as_python_does(raw: bytes, text: str) -> None:
    assert decode(raw, "x.py") == text


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"x = 1\ny = '\xe9'\n", r"line 2 holds the byte 0xE9 \(byte 11\)"),
        (b"ok\nok\nok\n# \xff\n", "line 4 holds the byte 0xFF"),
        (b"x = 1\n\0", r"NUL byte in line 2 \(byte 6\)"),
        ("x = 1".encode("utf-16"), "UTF-16"),
        (b"# coding: klingon\n", "coding line"),
        (b"# coding: latin-1\n\0", "NUL"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "coding line"),
    ],
)
def test_bytes_that_are_no_text_are_named(raw: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=says) as caught:
        decode(raw, "x.py")
    assert caught.value.next_step


def test_a_name_is_shown_escaped() -> None:
    with pytest.raises(SourceError) as caught:
        decode(b"\0", "\x1b[31mevil\udcff.py")
    assert "\x1b" not in str(caught.value)
    str(caught.value).encode()
