"""Records are read by several threads at once, also the first of their type; msgspec alone ends the process then."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading, msgspec
from tutor.records import convert, decode

sys.setswitchinterval(1e-6)  # seconds: threads take turns as often as they can
given = {"m": [{"x": [{"a": 1, "b": ["s"], "c": {"q": 1.0}}]}], "n": {}, "k": {"a": 2, "b": [], "c": {}}}
for number in range(150):
    inner = msgspec.defstruct(f"Inner{number}", [("a", int), ("b", list[str]), ("c", dict[str, float])], frozen=True)
    middle = msgspec.defstruct(f"Middle{number}", [("x", tuple[inner, ...]), ("y", inner | None, None)], frozen=True)
    outer = msgspec.defstruct(f"Outer{number}", [("m", list[middle]), ("n", dict[str, middle]), ("k", inner)])
    start, read = threading.Barrier(6), []

    def one(turn):
        start.wait()
        read.append(convert(given, outer) if turn % 2 else decode(msgspec.json.encode(given), outer))

    threads = [threading.Thread(target=one, args=(turn,)) for turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 6 and all(record == read[0] for record in read)
print("all read")
"""


def test_six_threads_read_a_type_that_was_never_read_before() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "all read\n"), done.stderr
