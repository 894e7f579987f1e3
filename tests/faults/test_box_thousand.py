"""A thousand checks in a row leave no process, no file descriptor, no file and no memory behind."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.training_runs import wait_until
from tutor.course import Drive, Limits
from tutor.learner import Box, BoxCase, BoxJob

CHECKS = 1000
AT_ONCE = 4
DRIVE = Drive(setup="", forward="out = f(x)", results={"forward": {"out": ("out",)}})
RIGHT = "def f(x): return 2 * x\n"
# What every tenth does instead, and the fault that it is.
HOSTILE = (
    ("def f(x): return x.nothing", "exception"),
    ("import sys; sys.exit(1)", "exited"),
    ("import os; os._exit(1)", "exited"),
    ("print('spam' * 5000)\n" + RIGHT, None),
    ("def f(x): return x * float('nan')", None),
    ("def f(x)", "syntax"),
    ("open('left', 'w').write('x' * 99)\n" + RIGHT, None),
    ("import os, subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)\n" + RIGHT, None),
    ("import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()\n" + RIGHT, None),
    ("import os; os.closerange(0, 64)", "no_answer"),
)
MOST_GROWN = 4 << 20  # bytes


def job(source: str) -> BoxJob:
    arrays: dict[str, Any] = {"x": np.arange(6.0).reshape(2, 3)}
    case = BoxCase(sizes={}, arrays=arrays, right={}, second_call=False)
    return BoxJob(source=source, filename="f.py", drive=DRIVE, cases=(case,), limits=Limits(seconds=2))


def test_a_thousand_checks_leave_nothing_behind() -> None:
    me = psutil.Process()
    before = {p.pid for p in me.children()}
    with Box() as box:

        def check(number: int) -> None:
            source, kind = HOSTILE[number // 10 % len(HOSTILE)] if number % 10 == 9 else (RIGHT, None)
            answer = box.run(job(source))
            assert (answer.fault.kind if answer.fault else None) == kind, (source, answer.fault)

        def checks(number: int) -> None:
            with ThreadPoolExecutor(AT_ONCE) as pool:  # several at a time, as some of them wait more than they work
                list(pool.map(check, range(number)))

        checks(100)  # until every allocator has its pools
        (host,) = [p for p in me.children() if p.pid not in before]
        folder = next(Path(part) for part in host.cmdline() if "tutor-box-" in part)

        def only_spares() -> bool:
            return len(host.children(recursive=True)) == 2 and len(list(folder.iterdir())) == 3  # theirs, and the log

        def held() -> tuple[int, ...]:
            wait_until(only_spares, 5)
            return me.num_fds(), threading.active_count(), host.num_fds()

        held_before, memory_before = held(), (me.memory_info().rss, host.memory_info().rss)
        checks(CHECKS)
        assert held() == held_before
        memory_after = me.memory_info().rss, host.memory_info().rss
        assert all(after - before < MOST_GROWN for after, before in zip(memory_after, memory_before, strict=True))
    assert {p.pid for p in me.children()} == before
    assert not folder.exists()
