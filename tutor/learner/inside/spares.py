"""Children of the box that wait for their job: forked from the warm host (Linux), or exec'd. Each is used once."""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from . import child, limits, processes
from .settled import Settled

BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from inside import spares; del sys.path[0]; spares.wait_exec()"
_COUNT_AGAIN = 60.0  # seconds for which the number of the user's tasks is taken to hold
_HURRY = 0.05  # seconds without a job after which a child has time to rehearse: that costs as much as a small job
_TRY_AGAIN = 1.0  # seconds after a spare could not be made


@dataclass
class Child:
    """A child and what has been seen of it."""

    pid: int
    number: int  # the mark of all processes that descend from it
    verdict: int  # descriptors that we read, -1 once at their end
    output: int
    orders: int  # descriptor through which it is told its job, -1 once told
    scratch: str
    job: dict[str, Any] = field(default_factory=dict)
    ready: bool = False  # it says so by one byte before its answer
    started: float = 0.0
    base: int = 0  # bytes that it held before its job
    before: processes.Spent = processes.NOTHING  # on getting ready
    look_at: float = 0.0  # when to look whether its time is up
    tasks: int | None = None  # of the whole machine when it was told its job
    answer: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    printed: int = 0
    ended: str = ""  # why we ended it: "timeout", "starved", "output", "memory", "cancelled", "closed", ...
    status: int | None = None  # of waitpid
    gone_at: float = 0.0
    closed_at: float = 0.0  # when the verdict came to its end before the child did
    strays: int = 0

    def begin(self) -> None:
        """The child is ready and has its job: its time runs."""
        self.ready, self.started = True, time.monotonic()
        self.look_at = self.started + self.job["seconds"]
        self.before = processes.spent(self.pid)

    def kill(self) -> None:
        """Kill the child and its process group; only for one that has not been reaped."""
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(self.pid, signal.SIGKILL)


class Spares:
    """Keeps children warm and waiting, and hands jobs to them."""

    def __init__(
        self, strategy: str, program: str, folder: str, loaded: str = "numpy", settled: Settled | None = None
    ) -> None:
        self.spawn = self._fork if strategy == "zygote" else self._exec
        # A check is two jobs in a row, the reference's and the learner's; a forked spare costs next to no memory.
        self.wanted = 2 if strategy == "zygote" else 1
        self.program, self.folder, self.loaded, self.settled = program, folder, loaded, settled
        self.idle: deque[Child] = deque()
        self.made = 0
        # Other hosts number their children too, and all are seen when the processes of the machine are looked through.
        self.mark = int.from_bytes(os.urandom(3), "little") << 32
        self.again = 0.0  # when to try again to make a spare, once that has failed
        self.tasks: int | None = None
        self.counted = -_COUNT_AGAIN

    @property
    def due(self) -> float:
        """When a spare is to be made, on the clock of `time.monotonic`: infinity while as many wait as should."""
        return math.inf if len(self.idle) >= self.wanted else self.again

    def prepare(self) -> None:
        """Start the spares that are missing: together, as after a fork whatever the host writes to is copied."""
        while self.due <= time.monotonic():
            try:
                self.idle.append(self._new())
            except OSError:  # a full disk, too many processes; whoever needs one will hear the reason from `start`
                self.again = time.monotonic() + _TRY_AGAIN

    def start(self, job: dict[str, Any], message: bytes | memoryview) -> Child:
        """Hand a job to a child; raises OSError where none can be started."""
        spare = self.idle.popleft() if self.idle else self._new()
        order = Path(f"{spare.scratch}.job")
        try:
            order.write_bytes(message)
        except OSError:
            order.unlink(missing_ok=True)
            self.idle.appendleft(spare)  # it serves the next
            raise
        spare.job, spare.started = job, time.monotonic()
        spare.tasks = processes.tasks_of_machine()
        if self.loaded == "torch":  # NumPy's few megabytes are not worth asking for
            spare.base = processes.resident(spare.pid) or 0
        with contextlib.suppress(BlockingIOError):
            if os.read(spare.verdict, 1):
                spare.begin()
        try:
            # Short enough for the pipe to take at once, whether the spare listens yet or not.
            os.write(spare.orders, f"{self._count_tasks()}\n".encode())
        except BrokenPipeError:
            pass  # it has died; its end will be seen like any other
        os.close(spare.orders)
        spare.orders = -1
        return spare

    def lost(self, pid: int) -> None:
        """Forget a spare that has ended while it waited."""
        for spare in [spare for spare in self.idle if spare.pid == pid]:
            self.idle.remove(spare)
            for descriptor in (spare.verdict, spare.output, spare.orders):
                os.close(descriptor)

    def _count_tasks(self) -> int:
        now = time.monotonic()
        if now - self.counted > _COUNT_AGAIN:
            self.tasks, self.counted = processes.tasks_of_user(), now
        return self.tasks or 0

    def _new(self) -> Child:
        self.made += 1
        scratch = f"{self.folder}/{self.made}"
        Path(scratch).mkdir(mode=0o700)
        with contextlib.ExitStack() as failed:
            failed.callback(os.rmdir, scratch)
            orders, verdict, output = (_pipe(failed) for _ in range(3))
            pid = self.spawn(scratch, (orders[0], output[1], output[1], verdict[1]))
            failed.pop_all()
        for descriptor in (orders[0], verdict[1], output[1]):
            os.close(descriptor)
        for descriptor in (verdict[0], output[0]):
            os.set_blocking(descriptor, False)
        limits.widen_pipe(verdict[0])
        return Child(pid, self.mark + self.made, verdict[0], output[0], orders[1], scratch)

    def _fork(self, scratch: str, descriptors: Sequence[int]) -> int:
        """Fork this process, which has NumPy loaded and no threads."""
        assert self.settled is not None
        host = os.getpid()
        rules = self.settled.rules_for(scratch)
        descriptors = (*descriptors, *([] if rules is None else [rules]))
        try:
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for place, descriptor in enumerate(descriptors):
                    os.dup2(descriptor, place, inheritable=place < child.VERDICT)
                _wait_for_job(host, scratch, self.mark + self.made, self.settled)
        finally:
            if rules is not None:
                os.close(rules)
        return pid

    def _exec(self, scratch: str, descriptors: Sequence[int]) -> int:
        told = str(os.getpid()), scratch, str(self.mark + self.made), self.loaded
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-B", "-c", BOOT, self.program, *told],
            dict(os.environ),
            file_actions=[(os.POSIX_SPAWN_DUP2, descriptor, place) for place, descriptor in enumerate(descriptors)],
        )


def _pipe(failed: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose descriptors lie above those that a child is given; `failed` would close it."""
    read, write = (_above(descriptor) for descriptor in os.pipe())
    failed.callback(os.close, read)
    failed.callback(os.close, write)
    return read, write


def _above(descriptor: int) -> int:
    if descriptor > child.RULES:
        return descriptor
    higher = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, child.RULES + 1)
    os.close(descriptor)
    return higher


def wait_exec() -> NoReturn:
    """Be an exec'd spare: `argv` is -c, the folder of `inside`, the host's pid, a folder, its mark, what to load."""
    host, scratch, mark, loaded = sys.argv[2:6]
    if loaded == "torch":
        child.load_torch()
    os.closerange(child.RULES, 4096)
    os.set_inheritable(child.VERDICT, False)
    settled = child.warm_up()
    rules = settled.rules_for(scratch)
    if rules is not None and rules != child.RULES:
        os.dup2(rules, child.RULES, inheritable=False)
    _wait_for_job(int(host), scratch, int(mark), settled)


def _wait_for_job(host: int, scratch: str, mark: int, settled: Settled) -> NoReturn:
    """Do whatever can be done without the job, say so, wait for it, and run it."""
    os.setsid()
    limits.die_with_parent(host)
    processes.mark(mark)
    os.closerange(child.VERDICT + 1 if settled.policy is None else child.RULES + 1, 4096)
    prepared = child.Prepared(scratch, settled)
    try:
        os.write(child.VERDICT, b"R")
        if not select.select([0], [], [], _HURRY)[0]:
            child.rehearse()  # once more: what it writes to is this process's own from now on
        tasks = os.read(0, 64)
    except OSError:
        os._exit(1)
    if not tasks:
        os._exit(0)  # the host has ended
    order = f"{scratch}.job"
    with open(order, "rb", buffering=0) as file:  # noqa: PTH123
        message = file.readall()
    os.unlink(order)  # noqa: PTH108
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    prepared.run(message, int(tasks) or None)
