"""Hostile and broken programs for the box, by the rows of the table of faults that the product survives."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

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
    "os._exit at import": Program(at_import("import os; os._exit(0)"), "exited"),
    "os._exit": Program(in_forward("import os; os._exit(0)"), "exited", "'os._exit' in sentence"),
    "aborts": Program(in_forward("import os; os.abort()"), "signal", "'SIGABRT' in sentence"),
    "segmentation fault": Program(in_forward("import ctypes; ctypes.string_at(0)"), "signal", "'SIGSEGV' in sentence"),
    "kills itself": Program(in_forward("import os; os.kill(os.getpid(), 9)"), "signal", "'SIGKILL' in sentence"),
    "kills its group": Program(in_forward("import os; os.killpg(0, 9)"), "signal"),
    "closes every descriptor": Program(at_import("import os; os.closerange(0, 256)"), "no_answer"),
    "closes them and stays": Program(at_import("import os, time; os.closerange(0, 256); time.sleep(60)"), "no_answer"),
    "hangs at exit": Program(at_import("import atexit, time; atexit.register(time.sleep, 60)"), "none", "right"),
    "replaces what ends it": Program(
        at_import("import os, sys; os._exit = os.write = os.close = sys.exit = lambda *a: 0"), "none", "right"
    ),
    "an alarm is set": Program(
        in_forward("import signal; signal.setitimer(signal.ITIMER_REAL, 1e-3)\n" + FOREVER), "signal", seconds=0.5
    ),
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
    "one long text": Program(in_forward("'x' * (100 << 30)"), "memory"),
    "no open files": Program(
        in_forward("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))"), "none", "right"
    ),
    "every file that can be open": Program(
        in_forward("kept = []\nwhile True: kept.append(open('/dev/null'))"), "exception", "'Too many open' in sentence"
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
    "a daemon in forward": Program(
        in_forward(
            "import os, time\nif os.fork() == 0:\n    os.setsid(); os.closerange(0, 256); time.sleep(60); os._exit(0)"
        ),
        "none",
        "right",
    ),
    "twenty daemons": Program(
        at_import(
            "import os, time\nfor _ in range(20):\n    if os.fork() == 0:\n        os.setsid()\n"
            "        time.sleep(60)\n        os._exit(0)"
        ),
        "forked",
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
    "edits another exercise": Program(
        in_forward("open('USER_DATA/implementations/linear_scratch.py', 'w').write('pass')"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "moves the learner's folder": Program(
        in_forward("import os; os.rename('USER_DATA', 'taken')"),
        "exception",
        "error in ('PermissionError', 'OSError')",
        needs="landlock",
    ),
    "reads the reference": Program(
        in_forward(f"open({str(ROOT / 'tutor/nn/linear.py')!r}).read()"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "reads the tests": Program(
        in_forward(f"open({str(ROOT / 'tests/gradings.py')!r}).read()"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "reads its host's memory": Program(
        in_forward("import os; open(f'/proc/{os.getppid()}/mem', 'rb').read(1)"),
        "exception",
        "error == 'PermissionError'",
        needs="landlock",
    ),
    "removes its own folder": Program(in_forward("import os; os.rmdir(os.getcwd())"), "none exception"),
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
    "sends a datagram": Program(
        in_forward("import socket; socket.socket(2, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))"),
        "none exception",
        "right or error in ('PermissionError', 'OSError', 'ConnectionRefusedError')",
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
    "walks the frames and forges an answer": Program(
        in_forward(
            "import sys, os\nframe, found = sys._getframe(), []\nwhile frame:\n"
            "    found += [v for v in frame.f_locals.values() if type(v).__name__ == 'CaseRun']\n"
            "    frame = frame.f_back\nrun = found[0]\nwire = type(run).run.__globals__['wire']\n"
            "fields = dict(fault=None, cases=[run.fields], warnings=[], defined=['Linear'])\n"
            "for piece in wire.pieces(fields, run.parts.parts): os.write(3, piece)\nos._exit(0)"
        ),
        "none",
        "not right and results == []",
    ),
    "closes the answer's descriptor": Program(in_forward("import os; os.close(3)"), "no_answer"),
    "finds the box's objects by gc": Program(
        in_forward(
            "import gc\nfor o in gc.get_objects():\n"
            "    if type(o).__module__.startswith('inside'): vars(type(o)).get('x'), setattr(type(o), 'run', None)"
        ),
        "none exception",
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
    "returns the wrong shape": Program(returning("(x @ self.W + self.b).T"), "none", "shapes['out'] == [3, 5]"),
    "returns what broadcasts": Program(returning("self.b"), "none", "shapes['out'] == [3] and not right"),
    "returns float32": Program(returning("(x @ self.W + self.b).astype('f4')"), "none", "dtypes['out'] == 'float32'"),
    "returns whole numbers": Program(returning("(x @ self.W).astype(int)"), "none", "dtypes['out'] == 'int64'"),
    "returns text": Program(returning("np.array([['a']])"), "none", "not_arrays['out'] == 'a text array'"),
    "returns a subclass": Program(
        returning("x.view(type('Mine', (np.ndarray,), {'__array_finalize__': lambda *a: None}))"),
        "none",
        "'Mine' in not_arrays['out']",
    ),
    "returns NaN and infinity": Program(
        returning("np.full((5, 3), np.nan) / np.zeros(3)"), "none", "'out' in results and not right"
    ),
    "returns its input": Program(returning("x"), "none", "shapes['out'] == [5, 4] and mutated == []"),
    "answers differently each time": Program(
        returning("x @ self.W + np.random.random()"), "none", "unsteady == ['out']"
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
    "changes what is global in NumPy and Python": Program(
        at_import(
            "import locale, os, random, sys, warnings, numpy as np\nnp.seterr(all='raise'); np.random.seed(0)\n"
            "random.seed(0); os.chdir('/'); os.environ['HOME'] = '/'; sys.path[:] = []; os.umask(0o777)\n"
            "warnings.simplefilter('error'); np.set_printoptions(precision=1); sys.setswitchinterval(9)"
        ),
        "none",
        "right",
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
    "imports torch": Program(at_import("import torch"), "exception", "'imports torch in line 1, which' in sentence"),
    "a slow import": Program(
        at_import(
            "import sys\nopen('slow.py', 'w').write('import time; time.sleep(60)')\n"
            "sys.path.insert(0, '.')\nimport slow"
        ),
        "timeout",
        seconds=0.5,
    ),
    "a missing module": Program(at_import("import nowhere.at_all"), "exception", "'imports nowhere' in sentence"),
    "a syntax error": Program("import numpy as np\nx = = 3\n", "syntax", "line == 2 and column == 5"),
    "half written": Program("class Linear:\n    def forward(self,", "syntax", "line == 2"),
    "tabs and spaces": Program("if True:\n\tx = 1\n        y = 2\n", "syntax", "error == 'TabError' and line == 3"),
    "a NUL byte": Program("x = 1\0\n", "syntax"),
    "half a character": Program("x = '\ud800'\n", "syntax", "line == 1"),
    "Windows line ends": Program(in_forward("pass").replace("\n", "\r\n"), "none", "right"),
    "a coding cookie": Program("# -*- coding: latin-1 -*-\n" + in_forward("pass"), "none", "right"),
    "deeply nested": Program("(" * 100_000, "syntax memory"),
    "empty": Program("", "exception", "'Linear' in sentence"),
    "no such method": Program(
        "class Linear:\n    def __init__(self, a, b): pass\n", "exception", "'forward' in sentence"
    ),
    "wrong signature": Program(
        in_forward("pass").replace("forward(self, x)", "forward(self)"), "exception", "error == 'TypeError'"
    ),
}

# The rows of the table, and the programs that stand for each.
ROWS = {
    "never ends, whatever it is told": (
        "endless loop", "endless loop at import", "sleeps for ever", "catches everything", "ignores every signal",
        "stops itself", "print before an endless loop",
    ),
    "endless loop in __repr__ or __del__": ("endless __repr__", "endless __del__"),
    "prints without end": ("prints for ever", "writes for ever"),
    "some prints": ("some prints",),
    "sys.exit": ("sys.exit at import", "sys.exit in forward", "raises SystemExit"),
    "os._exit": ("os._exit", "os._exit at import"),
    "abort, segfault, signals": (
        "aborts", "segmentation fault", "kills itself", "kills its group", "an alarm is set",
    ),
    "recursion": ("endless recursion", "endless recursion, limit raised"),
    "too much memory": (
        "a 745 GiB array", "one long text", "grows for ever", "no open files", "every file that can be open",
    ),
    "fork bomb": ("fork bomb", "forks once", "twenty daemons"),
    "daemons": ("a daemon", "a daemon in forward", "a program in a new session"),
    "threads": ("endless threads", "thread bomb"),
    "KeyboardInterrupt raised inside": ("raises KeyboardInterrupt",),
    "writes to /dev/tty": ("writes to the terminal",),
    "escape sequences": ("escape sequences",),
    "patches NumPy and builtins": ("patches NumPy and builtins", "replaces what ends it"),
    "walks frames, forges an answer": (
        "walks the frames and forges an answer", "finds the box's objects by gc", "writes rubbish as its answer",
        "forges an answer", "forges a verdict",
    ),
    "two answers on the pipe": ("answers twice",),
    "reads reference or tests": (
        "reads the reference", "reads the tests", "imports the tutor", "reads its host's memory",
    ),
    "deletes or edits user_data": (
        "reads the learner's folder", "deletes the learner's folder", "writes into the learner's folder",
        "edits another exercise", "moves the learner's folder",
    ),
    "kills parent, group, everything": ("kills its parent", "kills everything"),
    "network": ("connects", "listens", "sends a datagram"),
    "returns the wrong kind of thing": (
        "returns None", "returns a list", "returns complex numbers", "returns objects", "returns a matrix",
        "returns a masked array", "returns far too much", "returns a number", "returns the wrong shape",
        "returns what broadcasts", "returns float32", "returns whole numbers", "returns text", "returns a subclass",
    ),
    "NaN, infinity, overflow warnings": ("returns NaN and infinity", "overflows"),
    "mutates its input, returns an alias": ("changes its input", "returns its input"),
    "changes the world": ("changes the world", "changes what is global in NumPy and Python"),
    "non-deterministic answer": ("answers differently each time",),
    "syntax error, half-written, empty, missing, wrong signature": (
        "raises", "a syntax error", "half written", "deeply nested", "empty", "no such method", "wrong signature",
    ),
    "bytes and characters": (
        "a NUL byte", "half a character", "tabs and spaces", "Windows line ends", "a coding cookie",
    ),
    "input() and breakpoint()": ("asks the keyboard", "stops in the debugger", "starts the debugger"),
    "closes descriptors, hangs at exit, exception without text": (
        "closes every descriptor", "closes them and stays", "closes the answer's descriptor", "hangs at exit",
        "raises what cannot be shown",
    ),
    "large files, a full folder": ("a 100 MB file", "fills its folder", "removes its own folder"),
    "imports torch, slow import, missing module": ("imports torch", "a slow import", "a missing module"),
}  # fmt: skip

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
