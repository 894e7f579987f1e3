"""The one download of a data set against a server of the test's own: cut, corrupted, without ranges, gone, disk full.

No test here ever asks a server that is not its own.
"""

from __future__ import annotations

import errno
import fcntl
import gzip
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pytest
from msgspec import structs

from tests.idx_files import little_mnist
from tutor.paths import locate
from tutor.training import datasets
from tutor.training.datasets import DatasetUnavailable, download
from tutor.training.datasets.tables import PUBLISHED, PublishedFile


class Server(ThreadingHTTPServer):
    """Serves a set's files, as badly as it is told to."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.ranges = True
        self.beside = 0  # bytes past what was asked for
        self.cut_after: int | None = None  # bytes of one answer, once
        self.status = 200
        self.asked: list[tuple[str, str | None]] = []  # file, range

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, name, span = self.server, self.path[1:], self.headers["Range"]
        server.asked.append((name, span))
        content = server.files[name]
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int(span.removeprefix("bytes=").removesuffix("-")) if span and server.ranges else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            start += server.beside
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body, server.cut_after = content[start:][: server.cut_after], None
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Publish a small set in the place of MNIST, on no server yet."""
    packed = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in little_mnist().items()}
    published = tuple(PublishedFile(name, len(c), hashlib.sha256(c).hexdigest()) for name, c in packed.items())
    monkeypatch.setitem(PUBLISHED, "mnist", structs.replace(PUBLISHED["mnist"], files=published, mirrors=()))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return packed


@pytest.fixture
def server(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(files) as server:
        mirror_at(monkeypatch, server.url)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def mirror_at(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    monkeypatch.setitem(PUBLISHED, "mnist", structs.replace(PUBLISHED["mnist"], mirrors=urls))


def nobody() -> str:
    """An address at which no one listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"


def refusal(kept: Path) -> str:
    with pytest.raises(DatasetUnavailable) as caught:
        datasets.obtain("mnist", kept)
    assert "\n" not in str(caught.value) and str(caught.value).endswith((".", "is there."))
    return str(caught.value)


IMAGES = "train-images-idx3-ubyte.gz"


def test_the_whole_set_is_there_after_one_download(server: Server, tmp_path: Path) -> None:
    kept, told = locate(tmp_path).datasets, list[tuple[int, int]]()
    total = sum(len(content) for content in server.files.values())
    assert datasets.missing("mnist", kept) == total
    folder = datasets.obtain("mnist", kept, lambda done, of: told.append((done, of)))
    assert folder == tmp_path / "datasets" / "mnist"
    assert told == sorted(told) and told[-1] == (total, total)
    assert datasets.load("mnist", folder).x_train.shape == (60, 784)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*server.files, "lock"])
    assert datasets.missing("mnist", kept) == 0 and len(server.asked) == 4
    assert datasets.obtain("mnist", kept) == folder and len(server.asked) == 4  # nobody is asked again


def test_a_cut_line_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.cut_after = 1000
    folder = datasets.obtain("mnist", tmp_path)
    assert [span for name, span in server.asked if name == IMAGES] == [None, "bytes=1000-"]
    assert folder is not None and (folder / IMAGES).read_bytes() == server.files[IMAGES]


def test_a_download_that_was_stopped_goes_on_the_next_day(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_CHUNK", 4096)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        datasets.obtain("mnist", tmp_path, stop)
    left = len((tmp_path / "mnist" / f"{IMAGES}.part").read_bytes())
    assert 0 < left < len(server.files[IMAGES])
    assert datasets.missing("mnist", tmp_path) == sum(map(len, server.files.values())) - left
    datasets.obtain("mnist", tmp_path)
    assert server.asked[1] == (IMAGES, f"bytes={left}-")


def test_a_server_without_ranges_sends_all_again(server: Server, tmp_path: Path) -> None:
    server.cut_after, server.ranges = 1000, False
    folder = datasets.obtain("mnist", tmp_path)
    assert folder is not None and (folder / IMAGES).read_bytes() == server.files[IMAGES]


def test_another_part_than_was_asked_for_is_refused_and_spoils_nothing(server: Server, tmp_path: Path) -> None:
    server.cut_after, server.beside = 1000, 7
    assert "it sends another part than was asked for" in refusal(tmp_path)
    assert (tmp_path / "mnist" / f"{IMAGES}.part").read_bytes() == server.files[IMAGES][:1000]
    server.beside = 0
    folder = datasets.obtain("mnist", tmp_path)
    assert folder is not None and (folder / IMAGES).read_bytes() == server.files[IMAGES]


def test_a_wrong_file_is_put_aside_and_never_used(server: Server, tmp_path: Path) -> None:
    wrong = bytes(len(server.files[IMAGES]))
    server.files[IMAGES] = wrong
    said = refusal(tmp_path)
    assert f"its {IMAGES} is not the published one (put aside as {IMAGES}.bad)" in said
    assert (tmp_path / "mnist" / f"{IMAGES}.bad").read_bytes() == wrong
    assert not (tmp_path / "mnist" / IMAGES).exists() and len(server.asked) == 1
    server.files[IMAGES] = b"<html>Please log in</html>"  # the door of a hotel's network
    assert f"it sends 26 bytes, and the published file has {len(wrong):,}" in refusal(tmp_path)


def test_a_wrong_beginning_is_found_out_and_all_is_asked_for_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / f"{IMAGES}.part").write_bytes(b"x" * 500)
    folder = datasets.obtain("mnist", tmp_path)
    assert folder is not None and (folder / IMAGES).read_bytes() == server.files[IMAGES]
    assert [span for name, span in server.asked if name == IMAGES] == ["bytes=500-", None]


def test_a_damaged_file_of_ours_is_replaced(server: Server, tmp_path: Path) -> None:
    folder = datasets.obtain("mnist", tmp_path)
    assert folder is not None
    (folder / IMAGES).write_bytes(bytes(len(server.files[IMAGES])))
    datasets.obtain("mnist", tmp_path)
    assert (folder / IMAGES).read_bytes() == server.files[IMAGES]


def test_the_next_mirror_is_asked_when_the_first_is_gone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror_at(monkeypatch, nobody(), server.url)
    assert datasets.load("mnist", datasets.obtain("mnist", tmp_path)).x_test.shape == (20, 784)
    server.status = 503
    assert "127.0.0.1" in (said := refusal(tmp_path / "other")) and "it answers 503 Service Unavailable" in said


def test_without_a_network_a_sentence_says_so(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror_at(monkeypatch, nobody(), "http://no-such-host.invalid/")
    monkeypatch.setattr(socket, "getaddrinfo", _no_names(socket.getaddrinfo))
    said = refusal(tmp_path)
    assert said.startswith("MNIST could not be downloaded. 127.0.0.1:") and "Connection refused; no-such-host" in said
    assert "Name or service not known" in said and "--data-dir, or train on the digits." in said
    assert datasets.obtain("digits", tmp_path) is None and datasets.missing("moons", tmp_path) == 0


def _no_names(real: Any) -> Any:
    def getaddrinfo(host: str, *rest: Any, **more: Any) -> Any:
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *rest, **more)

    return getaddrinfo


def test_a_silent_server_is_given_up(files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mirror_at(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert "127.0.0.1" in (said := refusal(tmp_path)) and ("timed out" in said or "nothing came" in said)


def test_a_full_disk_is_no_fault_of_the_server(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(target: IO[bytes], chunk: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "_write", full)
    said = refusal(tmp_path)
    assert said.startswith(f"MNIST cannot be kept. {tmp_path / 'mnist'}: No space left on device.")
    assert len(server.asked) == 1


def test_two_terminals_do_not_write_the_same_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    with (tmp_path / "mnist" / "lock").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "being downloaded already" in refusal(tmp_path)
    assert not server.asked and datasets.obtain("mnist", tmp_path)
