"""A file that forges its verdict: it may do in the box what it likes, and never passes without the right arrays."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.gradings import LINEAR, SIGMOID, changed, exercise, lean, said, verdict
from tutor.grading import grade, prepare
from tutor.learner import Box

OUT = "return x @ self.W + self.b"
KEEP = "        self.x = x\n"
WRONG = changed(LINEAR, (OUT, "return x @ self.W - self.b"))


def at_import(code: str) -> str:
    return code + WRONG


def in_forward(code: str) -> str:
    return changed(WRONG, (KEEP, KEEP + "".join(f"        {line}\n" for line in code.strip().splitlines())))


YES = "lambda *a, **k: True"
# Finds the box's own objects, which hold everything that is known inside: the case, its results, its pipe.
WALK = """
import sys
frame, found = sys._getframe(), {}
while frame:
    me = frame.f_locals.get("self")
    if me is not None and type(me).__module__.startswith("inside"):
        found[type(me).__name__] = me
    frame = frame.f_back
run, whole = found["CaseRun"], found["_Answer"]
"""
STOPPED = {"type": "E", "message": "", "line": None, "column": None, "stage": "setup", "traceback": ""}
NOTHING = {"fault": None, "warnings": [], "defined": ["Linear"]}

FORGERIES = {
    "np.allclose and its kin": at_import(
        f"import numpy as np\nnp.allclose = np.isclose = np.array_equal = np.isfinite = {YES}\n"
        "np.testing.assert_allclose = np.linalg.norm = lambda *a, **k: 0.0\n"
        "np.abs = np.sqrt = np.sum = lambda *a: 0.0\n"
    ),
    "np.random": at_import(
        "import numpy as np\nnp.random.default_rng = np.random.seed = np.random.randn = lambda *a: np.zeros(a)\n"
    ),
    "np.ndarray's own methods": at_import(
        "import numpy as np\nclass Equal(np.ndarray):\n    def __eq__(self, other): return True\n"
        "    def __sub__(self, other): return other * 0\n"
    ).replace(" - self.b", " - self.b.view(Equal)"),
    "builtins": at_import(f"import builtins\nbuiltins.all = builtins.any = {YES}\nbuiltins.abs = lambda x: 0\n"),
    "an array that answers whatever is asked": WRONG.replace(
        "return x @ self.W - self.b",
        "class Right:\n            def __getattr__(self, name): return self\n"
        "            def __call__(self, *a): return self\n"
        "            __array__ = __eq__ = __le__ = __call__\n        return Right()",
    ),
    "the tutor's modules set": at_import(
        "import sys, types\nfor name in ('tutor', 'tutor.grading', 'tutor.grading.judge', 'tutor.grading.norms'):\n"
        f"    sys.modules[name] = module = types.ModuleType(name)\n    module.norm_ratio = module.judge_case = {YES}\n"
    ),
    "the status said aloud": at_import("print('passed'); print('{\"status\": \"passed\"}')\nstatus = 'passed'\n"),
    "the case's error set, its results held back": in_forward(
        f"{WALK}\ntype(run)._collect = lambda *a: None\nrun.fields['error'] = {STOPPED}"
    ),
    "the case's results emptied": in_forward(f"{WALK}\ntype(run)._collect = lambda *a: None"),
    "no cases at all": in_forward(f"{WALK}\ntype(whole)._fields = lambda self, d: {NOTHING} | dict(cases=[])"),
    "a case forgotten": in_forward(
        f"{WALK}\ntype(whole)._fields = lambda self, d: {NOTHING} | dict(cases=self.cases[:-1])"
    ),
    "the stages made empty": in_forward(f"{WALK}\ntype(run)._stages = lambda *a: True"),
    "the right values that are fed, for all": in_forward(f"{WALK}\nif run.right: return run.right['a1']"),
    "the arrays of the case": in_forward(f"{WALK}\nreturn np.zeros((len(x), self.W.shape[1])) + run.arrays['b']"),
    "a second call that leaves nothing": changed(
        in_forward(
            f"{WALK}\nif run.fields['results'].get('out'):\n    type(run)._collect = lambda *a: None\n    x = x * 2"
        ),
        ("- self.b", "+ self.b"),
    ),
    "an answer written by hand": in_forward(
        f"""{WALK}
import os
from importlib import import_module
wire = type(run).run.__globals__["wire"]
case = dict(run.fields, results={{}}, second={{}}, inputs_after={{}}, numeric={{}}, error={STOPPED})
answer = dict(fault=None, cases=[case] * len(whole.job["cases"]), warnings=[], defined=["Linear"])
for piece in wire.pieces(answer, []):
    os.write(3, piece)
os._exit(0)"""
    ),
    "an answer of NaN": WRONG.replace("x @ self.W - self.b", "np.full((len(x), self.W.shape[1]), np.nan)"),
    "an answer of infinities": WRONG.replace("x @ self.W - self.b", "np.full((len(x), self.W.shape[1]), np.inf)"),
    "an answer of 1e308": WRONG.replace("x @ self.W - self.b", "np.full((len(x), self.W.shape[1]), 1.7e308)"),
    "an answer that broadcasts": WRONG.replace("x @ self.W - self.b", "np.zeros((len(x), 0))"),
    "an array that lies about itself": WRONG.replace(
        "return x @ self.W - self.b",
        "class Lie(np.ndarray):\n"
        "            def __array_finalize__(self, of): pass\n"
        "            def __array_function__(self, *a, **k): return True\n"
        "            def __array_ufunc__(self, *a, **k): return np.zeros(())\n"
        "            __eq__ = __ne__ = lambda self, other: np.True_\n"
        "            __class__ = np.ndarray\n"
        "        return (x @ self.W - self.b).view(Lie)",
    ),
    "np.array and copying patched": at_import(
        "import numpy as np\nnp.array = np.asarray = np.copy = np.ascontiguousarray = lambda a, *r, **k: a\n"
        "np.frombuffer = lambda *a, **k: np.zeros(15)\n"
    ),
    "compile, exec and eval patched": at_import(
        "import builtins\nreal = builtins.eval\n"
        "builtins.eval = lambda code, names: names['x'] @ names['W']\n"
        "builtins.exec = lambda *a: None\nbuiltins.compile = lambda *a, **k: real('0')\n"
    ),
    "the box's modules replaced": at_import(
        "import sys, types\nfor name in ('inside', 'inside.drive', 'inside.wire', 'inside.child'):\n"
        f"    sys.modules[name] = module = types.ModuleType(name)\n    module.CaseRun = module.pieces = {YES}\n"
        "sys.modules['__main__'].__dict__.clear()\n"
    ),
    "every call traced": at_import(
        "import sys\ndef trace(frame, event, arg):\n"
        "    if frame.f_code.co_name == '_collect':\n        frame.f_locals['results'] = {}\n    return trace\n"
        "sys.settrace(trace); sys.setprofile(trace)\n"
    ),
    "the drive's names replaced": in_forward(
        f"{WALK}\nrun.names['right'] = lambda name, value: value\nrun.names['layer'] = run\nrun.names['np'] = None"
    ),
    "the arrays of the case made zero": in_forward(
        f"{WALK}\nfor name, array in run.arrays.items():\n    run.arrays[name] = array * 0\n"
        "for value in run.names.values():\n    if isinstance(value, np.ndarray): value[...] = 0"
    ),
    "the parts that are sent": in_forward(
        f"{WALK}\nlist.clear(run.parts.parts)\n"
        "run.parts.add_array = lambda array: {'dtype': '<f8', 'shape': [0], 'part': 0}"
    ),
    "a thread that changes arrays once they are returned": in_forward(
        "import threading\nout = x @ self.W - self.b\ndef later(out=out, b=self.b):\n"
        "    while True: out[...] = 0\nthreading.Thread(target=later, daemon=True).start()\nreturn out"
    ),
    "a new answer at exit": at_import(
        "import atexit, os, signal\natexit.register(os.write, 3, b'tbx1')\n"
        "signal.signal(signal.SIGTERM, lambda *a: os.write(3, b'tbx1'))\n"
        "class Last:\n    def __del__(self): os.write(3, b'tbx1')\nlast = Last()\n"
    ),
    "another process answers later": at_import(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(0.05)\n"
        "    os.write(3, b'tbx1')\n    os._exit(0)\n"
    ),
    "the environment": at_import(
        "import os\nos.environ.update(PYTHONPATH='/', TUTOR_USER_DATA='/', PASSED='1')\nos.chdir('/')\n"
    ),
    "an answer of nothing": WRONG.replace("x @ self.W - self.b", "np.zeros((0, self.W.shape[1]))"),
}


@pytest.mark.parametrize("source", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_file_never_passes(box: Box, source: str) -> None:
    report = verdict(box, lean("linear_scratch"), source)

    assert report.status in ("failed", "could_not_run")
    assert report.headline and "Passed" not in report.headline
    assert not report.events("06-linear-layer")[1:]


@pytest.mark.parametrize(
    "forged",
    [
        "the case's error set, its results held back",
        "the case's results emptied",
        "an answer written by hand",
        "a second call that leaves nothing",
    ],
)
def test_a_forgery_reaches_what_it_is_after(box: Box, forged: str) -> None:
    """Else it would prove nothing: the file runs, no fault is seen, and what it holds back is what fails it."""
    report = verdict(box, lean("linear_scratch"), FORGERIES[forged])

    assert report.fault is None
    assert {check.verdict for check in report.checks} <= {"not_reached", "missing", "unstable", "mutated", "right"}


def test_the_values_that_are_fed_do_not_stand_for_the_pass(box: Box) -> None:
    """The box knows two intermediates of the sigmoid layers; a file that hands these back has the others to make."""
    walk = "".join(f"        {line}\n" for line in WALK.strip().splitlines())
    forged = changed(
        SIGMOID,
        ("        self.x = x\n", f"        self.x = x\n{walk}"),
        ("self.a = 1 / (1", "self.a = run.right['a1'] if x.shape == run.arrays['x'].shape else 0 / (1"),
    )
    report = verdict(box, lean("backprop_fill"), forged)

    assert [check.verdict for check in report.checks[:2]] == ["right", "wrong_value"]
    assert report.status == "failed"


TWO_STEPS = """
arrays = { x = ["N", "D"] }
basic = [{ proves = "a batch", sizes = { N = 3, D = 4 } }]

[drive]
setup = ""
forward = "h = f(x); out = g(right('h', h))"
results = { forward = { h = ["h"], out = ["out"] } }

[judge]
reference = "reference.py"
results = { h = "value", out = "value" }
"""
STEPS = "import numpy as np\ndef f(x): return np.tanh(x)\ndef g(h): return h * h\n"
ANSWERS_FROM_THE_FRAMES = "".join(f"    {line}\n" for line in WALK.strip().splitlines())


@pytest.mark.parametrize(
    "f",
    [
        f"def f(x):\n{ANSWERS_FROM_THE_FRAMES}    return run.right.get('h', x)\n",
        # Asks for it as the drive does.
        "def f(x):\n    import sys\n    return sys._getframe(1).f_globals['right']('h', x)\n",
        # Stops where there is nothing to take, so that only a run that is fed has a verdict.
        f"def f(x):\n{ANSWERS_FROM_THE_FRAMES}    return run.right['h']\n",
        # Holds the first call back, and says the value that the second step is handed.
        "import sys\nclass Later:\n    pass\nheld = []\ndef f(x):\n    held.append((sys._getframe(1).f_globals, x))\n"
        "    return x\nright_g = g\ndef g(h):\n    held[-1][0]['h'] = h\n    return right_g(h)\n",
        "def f(x):\n    import gc\n    for found in gc.get_objects():\n"
        "        if type(found) is dict and type(found.get('h')) is np.ndarray and len(found) == 1:\n"
        "            return found['h']\n    return x\n",
    ],
    ids=["frames", "asked for", "nothing without", "put in place later", "gc"],
)
def test_a_step_that_hands_back_the_right_value_it_was_fed_never_passes(box: Box, tmp_path: Path, f: str) -> None:
    """What is fed to the second step is in the memory of the process: the first may not get its pass from there."""
    (tmp_path / "reference.py").write_text(STEPS)
    two_steps = exercise(TWO_STEPS, tmp_path)
    assert verdict(box, two_steps, STEPS).passed
    forged = verdict(box, two_steps, f"{STEPS.replace('def f(x): return np.tanh(x)', 'def f(x): pass')}{f}")
    assert forged.status in ("failed", "could_not_run")
    assert said(forged) in ("h wrong_value", "could_not_run exception")


SCAN = """
import numpy as np
HIDDEN = [bytes.fromhex(text) for text in NEEDLES]  # each byte complemented, so that they are no hits themselves
MINE = np.random.bytes(64)
HIDDEN.append((np.frombuffer(MINE, np.uint8) ^ 255).tobytes())
found = [0] * len(HIDDEN)
memory = open("/proc/self/mem", "rb", 0)
for line in open("/proc/self/maps"):
    span, rights = line.split()[:2]
    if "rw" in rights and "[v" not in line:
        low, high = (int(end, 16) for end in span.split("-"))
        memory.seek(low)
        held = (np.frombuffer(memory.read(high - low), np.uint8) ^ 255).tobytes()
        found = [number + held.count(hidden) for number, hidden in zip(found, HIDDEN)]
print(found[:-1] == [0] * (len(found) - 1), found[-1] > 0)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the zygote is for Linux")
def test_the_truth_is_nowhere_in_the_memory_of_the_learners_process(box: Box) -> None:
    linear = lean("linear_scratch")
    for _ in range(3):
        prepared = prepare(linear, box)
        ((truth, *_),) = (truths[:1] for plan, truths in (prepared.parts[("basic", "edge")],))
        needles = [(np.frombuffer(value.tobytes(), np.uint8) ^ 255).tobytes().hex() for value in truth.values.values()]
        (report, *_) = grade(linear, SCAN.replace("NEEDLES", repr(needles)), box, prepared=prepared)
        assert report.output.splitlines()[0] == "True True", report.output


@pytest.mark.parametrize(
    "code", ["import tutor\n", "from tutor.nn.linear import Linear\n", "__import__('tutor.grading')\n"]
)
def test_the_tutor_cannot_be_imported(box: Box, code: str) -> None:
    report = verdict(box, lean("linear_scratch"), code)

    assert report.headline.startswith("Your code stopped in line 1 with ModuleNotFoundError: the tutor itself cannot")


def test_a_patched_numpy_in_one_check_is_no_patch_in_the_next(box: Box) -> None:
    verdict(box, lean("linear_scratch"), FORGERIES["np.allclose and its kin"])

    assert said(verdict(box, lean("linear_scratch"), WRONG)) == "out wrong_value"
    assert verdict(box, lean("linear_scratch"), LINEAR).passed
