"""The box, seen from the tutor: hand in a job, get back what became of it."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple

import msgspec

from tutor import records
from tutor.course import Limits
from tutor.errors import BoxError
from tutor.learner.classify import Ended, classify, read_answer, tutor_fault
from tutor.learner.inside import wire
from tutor.learner.model import BoxJob, BoxLayers, BoxResult, Fault
from tutor.learner.text import printable

Strategy = Literal["zygote", "spare"]

_FOLDER = Path(__file__).resolve().parent
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from inside import host; del sys.path[0]; host.main()"
_LISTEN = 0.02  # seconds between two looks at `cancelled`
_IDLE = 75  # exit status of a host that had nothing to do for long, as in inside/host.py
_TORCH_IDLE = 300.0  # seconds after which the process that keeps torch in memory ends


class Box:
    """Runs the learner's files, each in a fresh process with limits, several at once if asked from several threads.

    A host starts with the first job of its kind, and again when it died: one for learners' files, one for references,
    so that no learner's process is forked from memory through which right answers went, and for each of both another
    for jobs that need torch, which ends after `torch_idle` seconds without any. "zygote" forks children from a warm
    process (Linux), "spare" keeps one started ahead.
    """

    def __init__(self, strategy: Strategy | None = None, torch_idle: float = _TORCH_IDLE) -> None:
        self.strategy: Strategy = strategy or ("zygote" if sys.platform.startswith("linux") else "spare")
        self.memory_by = "address space" if sys.platform.startswith("linux") else "resident"
        self.torch_idle = torch_idle
        self._lock = threading.Lock()
        self._hosts: dict[_Kind, _Host] = {}

    def run(self, job: BoxJob, cancelled: threading.Event | None = None) -> BoxResult:
        """Run a job and wait for what becomes of it; a set `cancelled` ends it early.

        Nothing that the job's code does raises here: look at `fault`.
        """
        if job.torch and importlib.util.find_spec("torch") is None:
            return _without_answer(_NO_TORCH)
        try:
            reply = self._ask("run", job, cancelled)
        except BoxError as error:
            return _without_answer(tutor_fault(f"{error.title} {error.what}".strip().rstrip(".")))
        return classify(job, *reply)

    def layers(self) -> BoxLayers:
        """Which protections are in force, found by putting them on in a child.

        Raises BoxError when the box does not start.
        """
        from tutor.course import Drive

        job = BoxJob(source="", filename="", drive=Drive(setup="", forward=""), cases=(), limits=Limits(seconds=10))
        reply = self._ask("layers", job, None)
        told = read_answer(reply[0], reply[1])
        if isinstance(told, Fault):
            raise BoxError("The box does not start.", told.sentence, told.next_step)
        return BoxLayers(strategy=self.strategy, layers=told[0].layers)

    def start(self, *, torch: bool = False) -> None:
        """Start what a learner's file will need, so that its first check need not wait; raises BoxError."""
        self._host(_Kind(reference=False, torch=torch))

    def close(self) -> None:
        """End the hosts and every child; the next job would start them again."""
        with self._lock:
            hosts, self._hosts = self._hosts, {}
        for host in hosts.values():
            host.close()

    def __enter__(self) -> Box:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, do: str, job: BoxJob, cancelled: threading.Event | None) -> _Reply:
        # With torch loaded, address space says little: libraries and, with CUDA, reservations take gigabytes of it.
        memory_by = "resident" if job.torch else self.memory_by
        message = _message(do, job, memory_by)
        header = {"seconds": job.limits.seconds, "memory_mb": job.limits.memory_mb, "memory_by": memory_by}
        if job.reference:
            self._host(_Kind(reference=False, torch=False))  # the learner's file comes next: it shall not wait
        while True:
            try:
                return self._host(_Kind(job.reference, job.torch)).ask(header, message, cancelled)
            except _EndedIdleError:
                continue  # it ended in the moment in which the job was sent

    def _host(self, kind: _Kind) -> _Host:
        with self._lock:
            host = self._hosts.get(kind)
            if host is None or host.dead:
                if host is not None:
                    host.close()
                host = self._hosts[kind] = _Host(self.strategy, kind.torch, self.torch_idle if kind.torch else 0.0)
            return host


class _Kind(NamedTuple):
    """What a host is for."""

    reference: bool
    torch: bool


class _EndedIdleError(Exception):
    """The host had ended for want of work before it saw the job."""


_NO_TORCH = Fault(
    "tutor",
    "This exercise needs PyTorch, which is not installed here.",
    "Add it with: pip install torch. Everything else works without it.",
)

_Reply = tuple[Ended, memoryview, bytes]


class _Pending:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.reply: _Reply | None = None


class _Host:
    """The host process, and the thread that listens to it."""

    def __init__(self, strategy: Strategy, torch: bool, idle: float) -> None:
        self.dead = False
        self._ended_idle = False
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._pending: dict[int, _Pending] = {}
        self._folder = _scratch_folder()
        self._log = self._folder / "host.log"
        loaded = "torch" if torch else "numpy"
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    [
                        sys.executable,
                        "-I",
                        "-B",
                        "-c",
                        _BOOT,
                        str(_FOLDER),
                        strategy,
                        str(self._folder),
                        loaded,
                        str(idle),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd="/",
                    env=_environment(),
                    start_new_session=True,
                )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise BoxError("The box cannot be started.", str(error), "Try `tutor doctor`.") from error
        self._listener = threading.Thread(target=self._listen, name="box", daemon=True)
        self._listener.start()

    def ask(self, header: dict[str, object], message: bytes, cancelled: threading.Event | None) -> _Reply:
        """Send a job and wait; raises BoxError when the host died over it, _EndedIdleError when it never saw it."""
        number = next(self._numbers)
        pending = self._pending[number] = _Pending()
        self._write(wire.pack({"do": "run", "id": number, **header}, [message]))
        if self.dead:
            self._listener.join(timeout=5)  # it knows how the host ended, and may have gone before it knew of this job
            pending.done.set()
        if cancelled is not None:
            while not pending.done.wait(_LISTEN):
                if cancelled.is_set():
                    self._write(wire.pack({"do": "cancel", "id": number}))
                    break
        pending.done.wait()
        self._pending.pop(number, None)
        if pending.reply is None:
            if self._ended_idle:
                raise _EndedIdleError
            last = self._last_words()
            raise BoxError("Its process died" + (f" ({last})" if last else "") + ".", "", "Try again.")
        return pending.reply

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
            return printable(next((line for line in reversed(lines) if line.strip()), ""))
        return ""

    def _write(self, message: bytes) -> None:
        assert self._process.stdin is not None
        try:
            with self._lock:
                self._process.stdin.write(message)
                self._process.stdin.flush()
        except (OSError, ValueError):
            self.dead = True

    def _listen(self) -> None:
        try:
            while self._take_reply():
                pass
            self._ended_idle = self._process.wait(timeout=5) == _IDLE
        except (wire.WireError, msgspec.ValidationError, OSError, subprocess.TimeoutExpired):
            pass  # it is not the host that speaks any more: nobody may wait for it
        finally:
            self.dead = True
            for pending in list(self._pending.values()):
                pending.done.set()

    def _take_reply(self) -> bool:
        """Read one message of the host and hand it to who waits for it; False at the end."""
        stdout = self._process.stdout
        assert stdout is not None
        prefix = stdout.read(wire.PREFIX.size)
        if len(prefix) < wire.PREFIX.size:
            return False
        header_size, body_size = wire.body_size(prefix)
        header, body = stdout.read(header_size), bytearray(stdout.read(body_size))
        if len(header) < header_size or len(body) < body_size:
            return False
        fields, parts = wire.parse(header, memoryview(body))
        seen = records.convert(fields, Ended)
        pending = self._pending.get(seen.id)
        if pending is not None:
            pending.reply = (seen, parts[0], bytes(parts[1]))
            pending.done.set()
        return True

    def close(self) -> None:
        """End the host by the end of its input, and what it owns with it."""
        self.dead = True
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(timeout=5)
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    """The environment of the box, from scratch: no tokens, no settings of ours, one BLAS thread."""
    one = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        **dict.fromkeys(one, "1"),
        "CUDA_VISIBLE_DEVICES": "",  # a check needs no GPU, and may not take any from those who do
        # glibc: use freed memory again instead of handing it back; fresh pages are the dearest part of a small check
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    }


def _scratch_folder() -> Path:
    # /tmp is memory on many machines; what a learner's loop writes must not fill that.
    for parent in (os.environ.get("TMPDIR"), "/var/tmp", None):
        with suppress(OSError):
            return Path(tempfile.mkdtemp(prefix="tutor-box-", dir=parent))
    raise BoxError("The box has no room.", "No folder for temporary files can be written.", "Free some disk space.")


def _message(do: str, job: BoxJob, memory_by: str) -> bytes:
    """The job as its child reads it."""
    parts = wire.Parts()
    cases = [
        {
            "sizes": case.sizes,
            "arrays": {name: parts.add_array(array) for name, array in case.arrays.items()},
            "right": {name: parts.add_array(array) for name, array in case.right.items()},
            "numeric": msgspec.to_builtins(case.numeric),
            "sweep": msgspec.to_builtins(case.sweep),
            "second_call": case.second_call,
            "beside": case.beside,
            "reused": case.reused,
            "extra": case.extra,
        }
        for case in job.cases
    ]
    header = {
        "do": do,
        "source": job.source,
        "filename": job.filename,
        "drive": {**msgspec.to_builtins(job.drive), "batch": job.batch, "updated": job.updated},
        "cases": cases,
        "seconds": job.limits.seconds,
        "memory_mb": job.limits.memory_mb,
        "memory_by": memory_by,
        "readable": job.readable,
        "torch": job.torch,
        "columns": job.columns,
    }
    return wire.pack(header, parts.parts)


def _without_answer(fault: Fault) -> BoxResult:
    return BoxResult(fault=fault, cases=(), output="", output_cut=False, seconds=0.0)
