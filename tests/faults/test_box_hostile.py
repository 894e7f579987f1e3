"""Hostile and broken programs in the box: each gets its class and sentence, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
AS_NOBODY: dict[str, Any] = {"user": 65534, "group": 65534, "extra_groups": []}

SOLUTION = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.zeros((n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        FORWARD
        self.x = x
        return RETURNED

    def backward(self, g):
        self.grad_W = self.x.T @ g
        return g @ self.W.T
"""


def at_import(code: str) -> str:
    return code + "\n" + in_forward("pass")


def in_forward(code: str) -> str:
    body = "\n        ".join(code.splitlines())
    return SOLUTION.replace("FORWARD", body).replace("RETURNED", "x @ self.W + self.b")


def returning(expression: str) -> str:
    return SOLUTION.replace("FORWARD", "pass").replace("RETURNED", expression)


class Program(NamedTuple):
    """A program and what is expected of its answer: the kinds of fault allowed, and facts that must hold."""

    source: str
    kinds: str  # separated by spaces; "none" for no fault
    holds: str = "True"  # an expression of the answer's fields
    seconds: float = 2.0
    memory_mb: int = 1024
    needs: str = ""  # a layer without which the program would do its harm


FOREVER = "while True: pass"
FORGED = 'import os, struct\nos.write(3, struct.pack("<4sIQ", b"tbx1", len(h), 0) + h)'

PROGRAMS = {
    # ── never ends ──
    "endless loop": Program(in_forward(FOREVER), "timeout", "'0.5 s' in sentence and 'loop' in next_step", 0.5),
    "endless loop at import": Program(at_import(FOREVER), "timeout", seconds=0.5),
    "sleeps for ever": Program(in_forward("import time; time.sleep(1e6)"), "timeout", seconds=0.5),
    "catches everything": Program(
        in_forward(
            "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass"
        ),
        "timeout",
        seconds=0.5,
    ),
    "ignores every signal": Program(
        in_forward(
            "import signal\nfor s in set(signal.Signals) - {9, 19}:\n    signal.signal(s, signal.SIG_IGN)\n" + FOREVER
        ),
        "timeout",
        seconds=0.5,
    ),
    "stops itself": Program(
        in_forward("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"), "timeout", seconds=0.5
    ),
    "endless __del__": Program(
        in_forward("class D:\n    def __del__(self):\n        while True: pass\nD()"), "timeout", seconds=0.5
    ),
    "endless __repr__": Program(
        returning("type('R', (), {'__repr__': lambda self: [0 for _ in iter(int, 1)]})()"),
        "none",
        "not_arrays['out'] == 'a R'",
        seconds=0.5,
    ),
    "print before an endless loop": Program(
        in_forward("print('here')\n" + FOREVER), "timeout", "output == 'here\\n'", 0.5
    ),
    # ── prints ──
    "prints for ever": Program(
        in_forward("while True: print('spam' * 50)"), "output", "output_cut and 'spam' in output", 1
    ),
    "writes for ever": Program(in_forward("import os\nwhile True: os.write(1, b'x' * 65536)"), "output", "output_cut"),
    "some prints": Program(in_forward("print('out is on its way')"), "none", "right and 'on its way' in output"),
    "escape sequences": Program(
        in_forward("print('\\x1b[2J\\x1b]0;title\\x07\\x1b[?1049h\\u202eevil\\x9b31m')"),
        "none",
        "right and '\\x1b' not in output and 'title' not in output and output.startswith('evil')",
    ),
    # ── leaves ──
    "sys.exit at import": Program(at_import("import sys; sys.exit(0)"), "exited", "'sys.exit' in sentence"),
    "sys.exit in forward": Program(in_forward("import sys; sys.exit(0)"), "exited", "line == 10"),
    "raises SystemExit": Program(at_import("raise SystemExit('bye')"), "exited"),
    "os._exit": Program(in_forward("import os; os._exit(0)"), "exited", "'os._exit' in sentence"),
    "aborts": Program(in_forward("import os; os.abort()"), "signal", "'SIGABRT' in sentence"),
    "segmentation fault": Program(in_forward("import ctypes; ctypes.string_at(0)"), "signal", "'SIGSEGV' in sentence"),
    "kills itself": Program(in_forward("import os; os.kill(os.getpid(), 9)"), "signal", "'SIGKILL' in sentence"),
    "kills its group": Program(in_forward("import os; os.killpg(0, 9)"), "signal"),
    "closes every descriptor": Program(at_import("import os; os.closerange(0, 256)"), "no_answer"),
    "closes them and stays": Program(at_import("import os, time; os.closerange(0, 256); time.sleep(60)"), "no_answer"),
    "hangs at exit": Program(at_import("import atexit, time; atexit.register(time.sleep, 60)"), "none", "right"),
    # ── asks for too much ──
    "endless recursion": Program(
        in_forward("self.forward(x)"), "exception", "error == 'RecursionError' and line == 10"
    ),
    "endless recursion, limit raised": Program(
        in_forward("import sys; sys.setrecursionlimit(10**9); self.forward(x)"),
        "exception signal memory timeout",
        seconds=0.5,
        memory_mb=128,
    ),
    "a 745 GiB array": Program(
        in_forward("np.zeros((10**6, 10**5))"), "memory", "'745. GiB' in sentence or '745 GiB' in sentence"
    ),
    "grows for ever": Program(
        in_forward("kept = []\nwhile True: kept.append(bytearray(1 << 20))"), "memory timeout", memory_mb=128
    ),
    "a 100 MB file": Program(
        in_forward("with open('big', 'wb') as f: f.write(bytes(100 << 20))"),
        "exception",
        "'File too large' in sentence",
    ),
    "fills its folder": Program(
        in_forward(
            "import os\nfor i in range(200):\n    open(str(i), 'w').write('x' * 9999)\n"
            "os.mkdir('shut'); open('shut/f', 'w'); os.chmod('shut', 0)"
        ),
        "none",
        "right",
    ),
    # ── multiplies ──
    "fork bomb": Program(in_forward("import os\nwhile True: os.fork()"), "forked", seconds=1, needs="processes"),
    "forks once": Program(at_import("import os; os.fork()"), "forked", "'Several' in sentence"),
    "a daemon": Program(
        at_import(
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n"
            "    if os.fork() == 0: time.sleep(60)\n    os._exit(0)"
        ),
        "none",
        "right",
    ),
    "a program in a new session": Program(
        at_import("import subprocess; subprocess.Popen(['sleep', '60'], start_new_session=True)"), "none", "right"
    ),
    "endless threads": Program(
        at_import(
            "import threading\ndef spin():\n    while True: pass\n"
            "for _ in range(5): threading.Thread(target=spin).start()"
        ),
        "none",
        "right",
    ),
    "thread bomb": Program(
        in_forward("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()"),
        "exception",
        "'start new thread' in sentence",
        needs="processes",
    ),
    # ── reaches out ──
    "reads the learner's folder": Program(
        in_forward("open('USER_DATA/backup/old.py').read()"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "deletes the learner's folder": Program(
        in_forward("import shutil; shutil.rmtree('USER_DATA')"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "writes into the learner's folder": Program(
        in_forward("open('USER_DATA/events/1.jsonl', 'a').write('x')"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "kills its parent": Program(
        in_forward("import os; os.kill(os.getppid(), 9)"), "exception", "error == 'PermissionError'", needs="landlock"
    ),
    "kills everything": Program(
        in_forward("import os; os.kill(-1, 9)"),
        "none exception",
        "right or error in ('PermissionError', 'ProcessLookupError')",
        needs="landlock",
    ),
    "connects": Program(
        in_forward("import socket; socket.create_connection(('127.0.0.1', 9))"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "listens": Program(
        in_forward("import socket; socket.create_server(('127.0.0.1', 0))"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "writes to the terminal": Program(
        in_forward("open('/dev/tty', 'w')"), "exception", "error in ('PermissionError', 'OSError')"
    ),
    # ── cheats ──
    "patches NumPy and builtins": Program(
        at_import(
            "import builtins, numpy as np\nnp.allclose = np.array_equal = lambda *a, **k: True\n"
            "np.isfinite = lambda a: np.ones(a.shape, bool)\nbuiltins.len = builtins.abs = lambda *a: 0\n"
            "np.random.seed = None"
        ).replace("x @ self.W + self.b", "x @ self.W"),
        "none",
        "not right and 'out' in results",
    ),
    "writes rubbish as its answer": Program(at_import("import os; os.write(3, b'passed!')"), "garbled"),
    "answers twice": Program(at_import("h = b'{\"parts\":[]}'\n" + FORGED), "forked", "'Several' in sentence"),
    "forges an answer": Program(at_import("h = b'{\"parts\":[]}'\n" + FORGED + "\nos._exit(0)"), "garbled"),
    "forges a verdict": Program(
        at_import('h = b\'{"parts":[],"cases":[{"passed":true}]}\'\n' + FORGED + "\nos._exit(0)"), "garbled"
    ),
    "imports the tutor": Program(at_import("import tutor.nn"), "exception", "'cannot be imported' in sentence"),
    # ── gives the wrong thing ──
    "returns None": Program(returning("None"), "none", "not_arrays['out'] == 'None'"),
    "returns a list": Program(returning("(x @ self.W + self.b).tolist()"), "none", "not_arrays['out'] == 'a list'"),
    "returns complex numbers": Program(returning("x @ self.W + 0j"), "none", "not_arrays['out'] == 'a complex array'"),
    "returns objects": Program(returning("x.astype(object)"), "none", "not_arrays['out'] == 'an object array'"),
    "returns a matrix": Program(returning("np.matrix(x)"), "none", "'np.matrix' in not_arrays['out']"),
    "returns a masked array": Program(returning("np.ma.masked_array(x)"), "none", "'masked' in not_arrays['out']"),
    "returns far too much": Program(
        returning("np.broadcast_to(0.0, (10**6, 10**6))"), "none", "'too large' in not_arrays['out']"
    ),
    "returns a number": Program(returning("3"), "none", "'out' in results and not right"),
    "changes its input": Program(in_forward("x *= 2"), "none", "mutated == ['x']"),
    "changes the world": Program(
        at_import(
            "import locale, os, sys, numpy as np\nnp.seterr(all='raise'); np.random.seed(0); os.chdir('/')\n"
            "os.environ.clear(); sys.path.clear(); sys.stdout = sys.stderr = None; sys.modules.clear()"
        ),
        "none exception",
    ),
    "overflows": Program(
        in_forward("for _ in range(3): np.exp(x + 1e4)"),
        "none",
        "right and len(warnings) == 1 and 'overflow' in warnings[0]",
    ),
    # ── is not right yet ──
    "raises": Program(in_forward("raise ValueError('no')"), "exception", "line == 10 and 'ValueError: no' in sentence"),
    "raises what cannot be shown": Program(
        at_import("class E(Exception):\n    def __str__(self): raise self\nraise E"),
        "exception",
        "error == 'E' and line == 3",
    ),
    "raises KeyboardInterrupt": Program(
        in_forward("raise KeyboardInterrupt"), "exception", "error == 'KeyboardInterrupt'"
    ),
    "asks the keyboard": Program(in_forward("input('? ')"), "exception", "'no keyboard here' in sentence"),
    "stops in the debugger": Program(in_forward("breakpoint()"), "exception", "'no keyboard here' in sentence"),
    "starts the debugger": Program(
        in_forward("import pdb; pdb.set_trace()"), "exception", "'no keyboard here' in sentence"
    ),
    "a missing module": Program(at_import("import nowhere.at_all"), "exception", "'imports nowhere' in sentence"),
    "a syntax error": Program("import numpy as np\nx = = 3\n", "syntax", "line == 2 and column == 5"),
    "half written": Program("class Linear:\n    def forward(self,", "syntax", "line == 2"),
    "tabs and spaces": Program("if True:\n\tx = 1\n        y = 2\n", "syntax", "error == 'TabError' and line == 3"),
    "a NUL byte": Program("x = 1\0\n", "syntax"),
    "deeply nested": Program("(" * 100_000, "syntax memory"),
    "empty": Program("", "exception", "'Linear' in sentence"),
    "no such method": Program(
        "class Linear:\n    def __init__(self, a, b): pass\n", "exception", "'forward' in sentence"
    ),
    "wrong signature": Program(
        in_forward("pass").replace("forward(self, x)", "forward(self)"), "exception", "error == 'TypeError'"
    ),
}
HANDFUL = (
    "endless loop",
    "prints for ever",
    "sys.exit at import",
    "os._exit",
    "segmentation fault",
    "closes every descriptor",
    "a 745 GiB array",
    "forks once",
    "a daemon",
    "a program in a new session",
    "deletes the learner's folder",
    "kills its parent",
    "answers twice",
    "a syntax error",
)


def python_of_nobody(folder: Path) -> Path | None:
    """A virtual environment that an ordinary user may run, with the packages of this one; None if that fails.

    Where the suite runs as root, its own interpreter may lie in a folder of root's.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "lib" / version / "site-packages"
    packages.parent.mkdir(parents=True)
    packages.symlink_to(sysconfig.get_paths()["purelib"])
    (folder / "bin").mkdir()
    python = folder / "bin" / "python"
    for base in (Path(sys.executable).resolve(), Path("/usr/local/bin", version), Path("/usr/bin", version)):
        (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
        python.unlink(missing_ok=True)
        python.symlink_to(base)
        with contextlib.suppress(OSError):
            tried = subprocess.run(
                [python, "-I", "-B", "-c", "import numpy, msgspec, psutil"], **AS_NOBODY, check=False
            )
            if tried.returncode == 0:
                return python
    return None


class Runner:
    """The process that owns the box, as an ordinary user."""

    def __init__(self, strategy: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tutor-test-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        python = python_of_nobody(self.folder) if os.getuid() == 0 else None
        self.process = subprocess.Popen(
            [python or sys.executable, "-B", str(Path(__file__).with_name("box_runner.py")), strategy],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/var/tmp", "TMPDIR": "/var/tmp"},
            cwd="/",
            **(AS_NOBODY if python else {}),
        )
        self.hello = self.read()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the runner died"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def run(self, program: Program) -> dict[str, Any]:
        assert self.process.stdin is not None
        source = program.source.replace("USER_DATA", self.hello["user_data"])
        asked = {"source": source, "seconds": program.seconds, "memory_mb": program.memory_mb}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return self.read()


def runner(strategy: str) -> Iterator[Runner]:
    made = Runner(strategy)
    yield made
    made.process.communicate(timeout=20)
    shutil.rmtree(made.folder)
    assert made.process.returncode == 0


@pytest.fixture(scope="module")
def zygote() -> Iterator[Runner]:
    yield from runner("zygote")


@pytest.fixture(scope="module")
def spare() -> Iterator[Runner]:
    yield from runner("spare")


def check(runner: Runner, name: str) -> None:
    program = PROGRAMS[name]
    if program.needs and not runner.hello["layers"][program.needs][0]:
        pytest.skip(f"this machine has no limit on: {program.needs}")
    told = runner.run(program)
    assert (told["kind"] or "none") in program.kinds.split(), told
    assert eval(program.holds, {}, told), told
    assert told["seconds"] < 3, told["seconds"]
    assert told["nothing_left"], "processes were left behind"
    assert told["untouched"], "the learner's folder was changed"
    assert told["next_right"], "the next check did not work"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the zygote is for Linux")
@pytest.mark.parametrize("name", PROGRAMS)
def test_zygote_survives(zygote: Runner, name: str) -> None:
    check(zygote, name)


@pytest.mark.parametrize("name", HANDFUL)
def test_spare_survives(spare: Runner, name: str) -> None:
    check(spare, name)
