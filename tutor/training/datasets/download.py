"""One download of a published set: mirrors in order, taken up where it broke off, believed only by its checksum."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

from tutor import VERSION
from tutor.errors import reason_of
from tutor.training.datasets.records import DatasetUnavailable, Progress
from tutor.training.datasets.tables import Published, PublishedFile

TIMEOUT = 20.0  # seconds without a byte before a server is given up
_ROUNDS = 5  # through all mirrors, as long as each brings something
_CHUNK = 1 << 16  # bytes
_LEFT_OFF = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class _Refused(Exception):
    """A server answered, but not with the file."""


def missing(published: Published, folder: Path) -> int:
    """Count the bytes that are still to come."""
    return sum(file.size - _arrived(file, folder) for file in published.files)


def obtain(published: Published, folder: Path, progress: Progress | None = None) -> None:
    """Fill `folder` with the published files; those that are there and whole stay as they are."""
    title, before = published.facts.title, 0
    total = sum(file.size for file in published.files)

    def told(done: int) -> None:
        if progress is not None:
            progress(before + done, total)

    with _disk(title, folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(title, folder):
        for file in published.files:
            with _disk(title, folder):
                whole = _is_whole(folder / file.name, file)
            if not whole:
                _fetch(published, file, folder, told)
            before += file.size
            told(0)


def _fetch(published: Published, file: PublishedFile, folder: Path, told: Callable[[int], object]) -> None:
    """Get one file, from one mirror after the other, for as long as any of them brings something new."""
    part = _part(file, folder)
    mirrors, faults = list(published.mirrors), dict[str, str]()
    for _ in range(_ROUNDS):
        before, again = _size(part), False
        for mirror in tuple(mirrors):
            resumed = _size(part) > 0
            try:
                _receive(mirror + file.name, part, file, published.facts.title, told)
            except (OSError, http.client.HTTPException, _Refused) as error:
                faults[mirror] = _said(error)
                continue
            with _disk(published.facts.title, folder):
                if _is_whole(part, file):
                    part.replace(folder / file.name)
                    return
                part.replace(folder / f"{file.name}.bad")
            faults[mirror] = f"its {file.name} is not the published one (put aside as {file.name}.bad)"
            if resumed:
                again = True  # the beginning, which came from elsewhere, may be what is bad
            else:
                mirrors.remove(mirror)
        if not again and _size(part) == before:
            break
    raise DatasetUnavailable(
        f"{published.facts.title} could not be downloaded.",
        "; ".join(f"{_host(mirror)}: {fault}" for mirror, fault in faults.items()) + ".",
        "Try again later, name a folder that holds its files with --data-dir, or train on the digits.",
    )


def _receive(url: str, part: Path, file: PublishedFile, title: str, told: Callable[[int], object]) -> None:
    """Append to `part` what a server sends, from where it left off if the server can; raises where the line breaks."""
    have = _size(part)
    if have >= file.size:  # of an earlier day, and the checksum will tell
        return
    request = Request(url, headers={"User-Agent": f"backprop-tutor/{VERSION}", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with _opened(request, part) as answer:
        have = _start(answer.status, answer.headers, have, file.size)
        with _disk(title, part.parent):
            target = part.open("ab" if have else "wb")
        with target:
            while have < file.size:
                chunk = answer.read1(min(_CHUNK, file.size - have))
                if not chunk:
                    raise _Refused(f"the line broke after {have:,} of {file.size:,} bytes")
                with _disk(title, part.parent):
                    _write(target, chunk)
                have += len(chunk)
                told(have)


def _opened(request: Request, part: Path) -> http.client.HTTPResponse:
    """Ask a server; what it cannot go on from is given up, so that the next one is asked for the whole."""
    try:
        answer: http.client.HTTPResponse = build_opener().open(request, timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
        raise
    return answer


def _start(status: int, headers: http.client.HTTPMessage, have: int, size: int) -> int:
    """Say from which byte on the answer is, before any byte of ours is given up for it."""
    if status == 206:
        span = _LEFT_OFF.match(headers.get("Content-Range", ""))
        if span is None or int(span[1]) != have or span[2] not in ("*", str(size)):
            raise _Refused("it sends another part than was asked for")
        return have
    length = headers.get("Content-Length")
    if length is not None and int(length) != size:
        raise _Refused(f"it sends {int(length):,} bytes, and the published file has {size:,}")
    return 0


def _write(target: IO[bytes], chunk: bytes) -> None:
    target.write(chunk)
    target.flush()  # what is said to be there is there when the process is killed


def _said(error: Exception) -> str:
    """What went wrong with a server, in a few words."""
    if isinstance(error, HTTPError):
        return f"it answers {error.code} {error.reason}"
    if isinstance(error, URLError):
        return reason_of(error.reason) if isinstance(error.reason, Exception) else str(error.reason)
    if isinstance(error, TimeoutError):
        return f"nothing came for {TIMEOUT:.0f} s"
    return reason_of(error)


# ── what lies on the disk ────────────────────────────────────────────────────────────────────────────────────────────


def _part(file: PublishedFile, folder: Path) -> Path:
    return folder / f"{file.name}.part"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _arrived(file: PublishedFile, folder: Path) -> int:
    if _size(folder / file.name) == file.size:
        return file.size
    return min(_size(_part(file, folder)), file.size)


def _is_whole(path: Path, file: PublishedFile) -> bool:
    """Tell whether a file is the published one, by size and checksum."""
    if _size(path) != file.size:
        return False
    with path.open("rb") as stored:
        return hashlib.file_digest(stored, "sha256").hexdigest() == file.sha256


@contextlib.contextmanager
def _disk(title: str, folder: Path) -> Iterator[None]:
    """Around what touches our own files: a full disk is no fault of a server, and another server does not help."""
    try:
        yield
    except OSError as error:
        raise DatasetUnavailable(
            f"{title} cannot be kept.",
            f"{folder}: {reason_of(error)}.",
            "Make room or make that folder writable for you, or train on the digits.",
        ) from error


@contextlib.contextmanager
def _alone(title: str, folder: Path) -> Iterator[None]:
    """Keep a second terminal from writing the same files; a file system without locks takes the risk."""
    with _disk(title, folder):
        lock = (folder / "lock").open("wb")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatasetUnavailable(
                f"{title} is being downloaded already, by another terminal of yours.", "", "Wait until it is there."
            ) from None
        except OSError:
            pass
        yield


def _host(mirror: str) -> str:
    return mirror.split("/")[2]
