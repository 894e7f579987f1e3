"""The box host: a small single-threaded process that starts, watches and ends the children of the box.

It reads jobs from standard input and writes what became of them to standard output. It judges nothing: the answer of a
child goes on as it came. The end of its input ends it and all that it owns.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import selectors
import signal
import sys
import time
from collections import deque
from functools import partial
from typing import Any

from . import child as child_module
from . import limits, processes, wire
from .spares import Child, Spares

KEPT_OUTPUT = 64 << 10  # bytes
MOST_OUTPUT = 32 << 20
MOST_ANSWER = wire.LARGEST_BODY + wire.LARGEST_HEADER
GRACE = 0.1  # seconds that a child has to end after its answer, and its twins to answer after its end
QUIET = 0.005  # seconds without work after which a spare is made
LOOK = 0.1  # seconds between two looks at memory
PATIENCE = 5  # times its limit that a job may take by the clock, when others keep the processor from it
LEAST_PATIENCE = 10.0  # seconds, for a job with a small limit
WARM = 60.0  # seconds that a spare may take to start: on a busy machine torch alone takes many
AT_ONCE = (os.cpu_count() or 1) + 2
IDLE = 75  # exit status of a host that had nothing to do for long
_CHUNK = 1 << 20


class Host:
    """The loop over jobs, answers, outputs, ends and time limits."""

    def __init__(self, spares: Spares, folder: str, idle: float = 0.0) -> None:
        self.spares, self.folder, self.idle = spares, folder, idle or math.inf
        self.worked = time.monotonic()  # when there was last something to do
        self.input = bytearray()
        self.outgoing: deque[memoryview] = deque()
        self.waiting: deque[tuple[dict[str, Any], memoryview]] = deque()
        self.running: dict[int, Child] = {}
        self.sweepers: set[int] = set()  # processes that delete what a job left in its folder
        self.looked = 0.0
        self.open = True
        self.selector = selectors.DefaultSelector()
        for descriptor in (0, 1):
            os.set_blocking(descriptor, False)
            limits.widen_pipe(descriptor)
        self.selector.register(0, selectors.EVENT_READ, self._read_jobs)
        woken, wake = os.pipe()
        for descriptor in (woken, wake):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self.selector.register(woken, selectors.EVENT_READ, lambda: self._drain(woken))

    def serve(self) -> int:
        """Serve until the input ends, or has brought nothing for `idle` seconds; end every child; the exit status."""
        self.spares.prepare()
        while self.open and not self._idle():
            events = self.selector.select(self._patience())
            for key, _ in events:
                key.data()
            self._reap()
            self._watch()
            self._settle()
            self._start_waiting()
            # Making a spare takes as long as a check: not while one may be waiting, unless there is none left.
            if not self.spares.idle or not (events or self.running):
                self.spares.prepare()
        for child in self.running.values():
            child.kill()
        for pid in processes.children() | {spare.pid for spare in self.spares.idle}:
            with contextlib.suppress(ProcessLookupError, PermissionError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        self._delete(self.folder)
        return IDLE if self.open else 0

    def _idle(self) -> bool:
        if self.running or self.waiting or self.input:
            self.worked = time.monotonic()
        # A job that has come by now is taken; one that comes later finds no reader, and its sender sees why.
        return time.monotonic() - self.worked >= self.idle and not self.selector.select(0)

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _drain(self, descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(descriptor, 4096):
                pass

    def _read_jobs(self) -> None:
        try:
            data = os.read(0, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.open = False
        self.input += data
        while len(self.input) >= wire.PREFIX.size:
            end = wire.PREFIX.size + sum(wire.body_size(self.input))
            if len(self.input) < end:
                return
            message = bytes(memoryview(self.input)[:end])
            del self.input[:end]
            header, parts = wire.unpack(message)
            if header["do"] == "cancel":
                self._cancel(header["id"])
            else:
                self.waiting.append((header, parts[0]))

    def _cancel(self, number: int) -> None:
        for child in self.running.values():
            if child.job["id"] == number and child.status is None:
                child.ended = child.ended or "cancelled"
                child.kill()
        for waiting in [job for job in self.waiting if job[0]["id"] == number]:
            self.waiting.remove(waiting)
            self._send(_nothing_seen(number, "cancelled"))

    def _send(self, header: dict[str, Any], *parts: bytes | bytearray) -> None:
        self.outgoing.extend(map(memoryview, wire.pieces(header, parts or (b"", b""))))
        self._write()

    def _write(self) -> None:
        try:
            while self.outgoing:
                rest = self.outgoing[0][os.write(1, self.outgoing[0]) :]
                if rest:
                    self.outgoing[0] = rest
                else:
                    self.outgoing.popleft()
        except BlockingIOError:
            if 1 not in self.selector.get_map():
                self.selector.register(1, selectors.EVENT_WRITE, self._write)
        except OSError:
            self.open = False  # nobody listens any more
        else:
            if 1 in self.selector.get_map():
                self.selector.unregister(1)

    # ── children ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _start_waiting(self) -> None:
        while self.waiting and len(self.running) < AT_ONCE:
            header, message = self.waiting.popleft()
            try:
                child = self.spares.start(header, message)
            except OSError as error:
                reason = f"no child could be started: {os.strerror(error.errno or 0)}"
                self._send(_nothing_seen(header["id"], reason))
                continue
            self.running[child.pid] = child
            self.selector.register(child.verdict, selectors.EVENT_READ, partial(self._read_answer, child))
            self.selector.register(child.output, selectors.EVENT_READ, partial(self._read_output, child))

    def _read_answer(self, child: Child) -> bool:
        """Read what is there; True while there may be more."""
        data = _read(child.verdict)
        if not data:
            if data is not None:
                self._close(child, "verdict")
                child.closed_at = time.monotonic()
            return False
        if not child.ready:
            child.begin()
            data = data[1:]
        child.answer += data
        if len(child.answer) > MOST_ANSWER and child.status is None:
            child.ended = child.ended or "answer"
            child.kill()
        return True

    def _read_output(self, child: Child) -> bool:
        data = _read(child.output)
        if not data:
            if data is not None:
                self._close(child, "output")
            return False
        child.kept += data[: max(0, KEPT_OUTPUT - len(child.kept))]
        child.printed += len(data)
        if child.printed > MOST_OUTPUT and child.status is None:
            child.ended = child.ended or "output"
            child.kill()
        return True

    def _close(self, child: Child, name: str) -> None:
        descriptor = getattr(child, name)
        if descriptor >= 0:
            self.selector.unregister(descriptor)
            os.close(descriptor)
            setattr(child, name, -1)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self.sweepers.discard(pid)
            child = self.running.get(pid)
            if child is None:
                self.spares.lost(pid)
            else:
                child.status, child.gone_at = status, time.monotonic()
                child.strays = len(self._strays(child)[0])  # twins may end by themselves

    def _strays(self, child: Child) -> tuple[set[int], set[int]]:
        """Processes that fell to us because their parent died: those of a job, and those of no job that runs.

        The latter are its own too when it runs alone; when others could have left them, nobody is blamed for them.
        """
        fallen = processes.children() - self.running.keys() - self.sweepers - {spare.pid for spare in self.spares.idle}
        if not fallen:
            return fallen, fallen
        marks = {pid: processes.mark_of(pid) for pid in fallen}
        others = {other.number for other in self.running.values()} - {child.number}
        own = {pid for pid, mark in marks.items() if mark == child.number or (mark is None and not others)}
        return own, {pid for pid, mark in marks.items() if mark not in others} - own

    def _watch(self) -> None:
        """Time, closed pipes and memory of those that still run."""
        now = time.monotonic()
        look = now - self.looked >= LOOK
        if look:
            self.looked = now
        for child in self.running.values():
            if child.status is not None or child.ended:
                continue
            child.ended = self._time_up(child, now)
            if not child.ended and child.closed_at and now - child.closed_at >= GRACE:
                child.ended = "closed"
            if not child.ended and look:
                child.ended = _outgrown(child)
            if child.ended:
                child.kill()

    def _time_up(self, child: Child, now: float) -> str:
        """Why a child has had its time, empty while it has not; then it says when to look again."""
        if not child.ready:
            return "the spare did not start" if now - child.started >= WARM else ""
        if now < child.look_at:
            return ""
        seconds, clock = child.job["seconds"], now - child.started
        had, waited = processes.spent_by_job(child.number, child.pid)
        spent = processes.Spent(had - child.before.processor, waited - child.before.delayed)
        child.look_at = now + min(LOOK, max(QUIET, seconds - clock + spent.delayed))
        return time_up(seconds, clock, spent)

    def _settle(self) -> None:
        """Report each child that has ended, once its pipes are empty and nothing is left of it."""
        for child in [child for child in self.running.values() if child.status is not None]:
            twins = child.verdict >= 0 and not child.ended and time.monotonic() - child.gone_at < GRACE
            if twins:
                continue  # another process holds the verdict too: let it show itself
            self._sweep(child)
            for name, read in (("verdict", self._read_answer), ("output", self._read_output)):
                # All writers are dead: what is in the pipe is all there is.
                while getattr(child, name) >= 0 and read(child):
                    pass
                self._close(child, name)
            if not child.ready and not child.ended:
                child.ended = "the spare did not start"
            del self.running[child.pid]
            self._report(child)
            self._delete(child.scratch)

    def _sweep(self, child: Child) -> None:
        """Kill whatever the child left behind."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            own, nobodys = self._strays(child)
            strays = own | nobodys
            if not strays:
                return
            child.strays = max(child.strays, len(own))
            for pid in strays.union(processes.marked(child.number)):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            for pid in strays:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _report(self, child: Child) -> None:
        header = {
            "id": child.job["id"],
            "ended": child.ended,
            "status": os.waitstatus_to_exitcode(child.status or 0),
            "strays": child.strays,
            "seconds": max(0.0, child.gone_at - child.started),
            "printed": child.printed,
        }
        self._send(header, b"" if child.ended == "answer" else child.answer, child.kept)

    def _delete(self, scratch: str) -> None:
        try:
            os.rmdir(scratch)  # noqa: PTH106
        except OSError as error:
            if error.errno == errno.ENOENT:
                return
            # Somebody else's work: it may take long, and folders may have been closed to us.
            script = 'chmod -R u+rwX "$0"; rm -rf "$0"'
            nothing = [(os.POSIX_SPAWN_OPEN, place, "/dev/null", os.O_RDWR, 0) for place in (0, 1)]
            self.sweepers.add(
                os.posix_spawn("/bin/sh", ["sh", "-c", script, scratch], dict(os.environ), file_actions=nothing)
            )

    def _patience(self) -> float | None:
        """How long nothing can happen but what a descriptor tells."""
        now = time.monotonic()
        until = [now + 60, self.worked + self.idle]
        if not self.running:
            until.append(max(now + QUIET, self.spares.due))
        for child in self.running.values():
            if child.status is not None:
                until.append(child.gone_at + GRACE)
                continue
            until.append(child.look_at if child.ready else child.started + WARM)
            if child.closed_at:
                until.append(child.closed_at + GRACE)
            until.append(self.looked + LOOK)
        return max(0.0, min(until) - now)


def _read(descriptor: int) -> bytes | None:
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None


def _nothing_seen(number: int, reason: str) -> dict[str, Any]:
    return {"id": number, "ended": reason, "status": None, "strays": 0, "seconds": 0.0, "printed": 0}


def _outgrown(child: Child) -> str:
    """What a child has outgrown, if anything: memory, where the system sets it no limit, or processes, as for root."""
    if child.job["memory_by"] == "resident":
        used = processes.resident(child.pid)
        if used is not None and used > child.base + (child.job["memory_mb"] << 20):
            return "memory"
    tasks = processes.tasks_of_machine()
    if tasks is None or child.tasks is None or tasks - child.tasks <= limits.MORE_TASKS:
        return ""
    return "forked" if len(processes.marked(child.number)) > limits.MORE_TASKS else ""


def time_up(seconds: float, clock: float, spent: processes.Spent) -> str:
    """Why a job of so many seconds has had its time after `clock`: "timeout", "starved", or empty while it has not.

    The time for which it was ready to run, and others had the processor, is not its own; but it ends some day.
    """
    if spent.processor >= seconds or clock - spent.delayed >= seconds:
        return "timeout"
    return "starved" if clock >= max(PATIENCE * seconds, LEAST_PATIENCE) else ""


def main() -> None:
    """Be the host: `argv` is -c, the folder of `inside`, strategy, folder for scratch, what to load, idle seconds."""
    program, strategy, folder, loaded, idle = sys.argv[1:6]
    limits.adopt_orphans()
    settled = None
    if strategy == "zygote":
        if loaded == "torch" and not child_module.load_torch():
            strategy = "spare"  # it has threads already, which a forked process would lack
        settled = child_module.warm_up()
    os._exit(Host(Spares(strategy, program, folder, loaded, settled), folder, float(idle)).serve())
