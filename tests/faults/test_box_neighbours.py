"""Several programs at a time in one box: what one of them does is never laid at another's door."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from tutor.course import Drive, Limits
from tutor.learner import Box, BoxCase, BoxJob, BoxResult
from tutor.training import usable_cores

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the zygote is for Linux")

DRIVE = Drive(setup="", forward="out = f(x)", results={"forward": {"out": ("out",)}})
RIGHT = "def f(x): return 2 * x\n"
ROUNDS = 12
RIGHT_ONES = 8

# Each daemon leaves its parent, its session and its group twice, and lives on.
DAEMONS = """
import os, time
for _ in range(12):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.chdir("/")
            time.sleep(60)
        os._exit(0)
"""
# Daemons that say they belong to those who came before.
LIARS = """
import os, resource, time
own = resource.getrlimit(10)[1]
for other in range(max(0, own - 12), own):
    if os.fork() == 0:
        os.setsid()
        resource.setrlimit(10, (other, other))
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
"""
BOMB = "import os\nwhile True: os.fork()\n"


def job(source: str, seconds: float = 10) -> BoxJob:
    arrays: dict[str, Any] = {"x": np.arange(6.0).reshape(2, 3)}
    case = BoxCase(sizes={}, arrays=arrays, right={}, second_call=False)
    return BoxJob(source=source, filename="f.py", drive=DRIVE, cases=(case,), limits=Limits(seconds=seconds))


def kind(answer: BoxResult) -> str:
    return answer.fault.kind if answer.fault else "none"


def beside(box: Box, *hostile: str, rounds: int = ROUNDS) -> Iterator[BoxResult]:
    """Eight right files at a time beside the hostile ones, round after round: the answers of the hostile ones."""
    with ThreadPoolExecutor(RIGHT_ONES + len(hostile)) as pool:
        for turn in range(rounds):
            sources = [RIGHT] * RIGHT_ONES
            for place, source in enumerate(hostile):  # in another place among them each time
                sources.insert((turn + 3 * place) % RIGHT_ONES, source + RIGHT)
            made = {number: pool.submit(box.run, job(source, 2)) for number, source in enumerate(sources)}
            answers = [answer for number, answer in made.items() if sources[number] == RIGHT]
            assert [kind(answer.result()) for answer in answers] == ["none"] * len(answers)
            assert all(answer.result().cases[0].results["out"][1, 2] == 10 for answer in answers)
            for source in hostile:
                yield made[sources.index(source + RIGHT)].result()


def test_whoever_makes_daemons_is_called_so_and_none_of_its_neighbours() -> None:
    with Box() as box:
        assert {kind(answer) for answer in beside(box, DAEMONS)} == {"forked"}


def test_a_fork_bomb_beside_a_maker_of_daemons_blames_nobody_else() -> None:
    with Box() as box:
        answers = [kind(answer) for answer in beside(box, DAEMONS, BOMB, rounds=4)]
        assert set(answers[::2]) == {"forked"}
        assert set(answers[1::2]) <= {"forked", "timeout"}  # as the kernel or the host was first


def test_a_mark_that_was_lowered_to_look_like_anothers_is_nobodys() -> None:
    with Box() as box:
        for answer in beside(box, LIARS):
            assert kind(answer) in ("none", "forked", "timeout")


@contextmanager
def busy_machine() -> Iterator[None]:
    """Two endless loops a core, each in a session of its own, as the scheduler may share time by sessions."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
        for _ in range(2 * usable_cores())
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
        for loop in loops:
            loop.wait()


BUSY_FOR = "import time\nwhile time.thread_time() < {}: pass\n"


@pytest.mark.timed
def test_code_that_has_to_wait_for_a_processor_has_its_time_all_the_same() -> None:
    with Box() as box, busy_machine():
        answers = [box.run(job(BUSY_FOR.format(0.3) + RIGHT, seconds=0.5)) for _ in range(2)]
    assert any(answer.seconds > 0.5 for answer in answers)  # by the clock it had none left
    for answer in answers:
        # Where others take nearly all of the machine it is given up one day, and not for what the code does.
        assert kind(answer) == "none" or (kind(answer) == "tutor" and answer.seconds >= 10)


@pytest.mark.timed
def test_whoever_sleeps_has_the_time_of_the_clock_on_a_busy_machine_too() -> None:
    with Box() as box, busy_machine():
        answer = box.run(job("import time; time.sleep(60)\n" + RIGHT, seconds=0.3))
    assert kind(answer) == "timeout" and 0.3 <= answer.seconds < 2
    assert "0.3 s" in answer.fault.sentence if answer.fault else False


def test_who_computes_for_ever_has_its_time_of_the_processor() -> None:
    with Box() as box:
        assert box.run(job(RIGHT)).fault is None
        answer = box.run(job("while True: pass", seconds=0.3))
    assert kind(answer) in ("timeout", "tutor") and answer.seconds >= 0.3


def test_two_boxes_leave_each_others_programs_alone() -> None:
    """Each numbers its children from one, and looks through all processes of the machine for what is left of them."""
    with Box() as one, Box() as other, ThreadPoolExecutor(2) as pool:
        for _ in range(4):
            enough = threading.Event()
            slow = pool.submit(one.run, job("import time; time.sleep(60)", seconds=60), enough)
            assert kind(other.run(job(DAEMONS + RIGHT))) == "forked"
            enough.set()
            assert kind(slow.result()) == "cancelled"
