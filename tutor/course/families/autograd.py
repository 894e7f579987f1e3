"""Scalar autograd engines: a learner's Value, operator by operator, then graphs that show how it walks back.

    family = "autograd"
    defines = ["Value"]
    options = { operators = { add = "a + b", mul = "a * b", tanh = "a.tanh()" }, left = false }

Operators come first, each by value and by gradients, so that a wrong local rule is named; then numbers on the left, a
shared node, a node used at two depths, a long chain, and a second pass. An operator that raises spoils its own results
alone. ReLU is not tried at 0: there any slope from 0 to 1 is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, structs

from tutor.course.families import FamilyError, Tables
from tutor.course.families.tables import case, lines

OPERATORS = {
    "add": "a + b",
    "mul": "a * b",
    "pow": "a ** 3",
    "neg": "-a",
    "exp": "a.exp()",
    "log": "a.log()",
    "tanh": "a.tanh()",
    "relu": "a.relu()",
    # After what they are usually made of, so that the one that is wrong is named.
    "sub": "a - b",
    "div": "a / b",
}
RIGHT = {"add_number": "a + 2", "sub_number": "a - 2", "mul_number": "a * 3", "div_number": "a / 4"}
LEFT = {"number_add": "2 + a", "number_sub": "1 - a", "number_mul": "3 * a", "number_div": "2 / a"}

# Where a slope made of the value by dividing, n * a**n / a, is no number.
AT_ZERO = {"pow_at_zero": "a ** 2"}

DOUBLED = 3  # where doublings are not the point

_POSITIVE = {"log", "pow"}  # tried at positive numbers alone; the others, and so ReLU, at negative ones as well


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """How the learner's Value is written."""

    make: str = ""  # how a Value is made of the number n: "Value(n)"
    data: str = "data"
    grad: str = "grad"
    backward: str = "result.backward()"  # a line
    operators: dict[str, str] = {}  # name -> expression of the Values a and b; all of OPERATORS when empty
    means: dict[
        str, str
    ] = {}  # an operator of the author's own name, in the textbook's: sigmoid = "1 / (1 + (-a).exp())"
    numbers: bool = True  # plain numbers on the right, of those operators that are there
    left: bool = True  # and on the left: 2 * a, 1 - a, 2 / a
    chain: int = 300  # operations in a row; a walk by recursion ends near a thousand
    doublings: int = 0  # so many times a = a + a in a row, in a case of its own: a walk along every path never ends
    zero: str = ""  # a line that sets the gradient of `node` to zero: "node.zero_grad()"
    # gradients of a second pass over a new graph of the same leaves, without zeroing: added, or those of the pass alone
    without_zeroing: Literal["adds", "starts_anew", "either"] = "adds"


def expand(options: Options, defines: tuple[str, ...]) -> Tables:
    """The tables of a scalar engine's exercise."""
    if not options.operators:
        options = structs.replace(options, operators=OPERATORS)
    if not 2 <= options.chain <= 100_000:
        raise FamilyError("`chain` must be between 2 and 100,000", "chain")
    if options.doublings and not ("add" in options.operators and DOUBLED < options.doublings <= 1000):
        raise FamilyError(f"`doublings` must be between {DOUBLED + 1} and 1,000, and `operators` have add", "doublings")
    names = _operators(options)
    for key in options.operators:
        if not key.isidentifier():
            raise FamilyError(f"`operators`: {key!r} is no name", "operators", key)
    graphs = _graphs(options)
    results = _results(options, names, graphs)
    positive = frozenset({name for name in options.operators if name not in OPERATORS} | _POSITIVE)
    make = options.make or f"{defines[0]}(n)"
    zero = options.zero or f"node.{options.grad} = 0.0"
    shared = graphs.get("two_depths") or next(iter(graphs.values()))
    judged = {name: [expression] for name, expression in results.items()}
    return {
        "arrays": {"leaves": ["n_leaves"]},
        "draws": {"leaves": "positive"},
        "drive": {
            "setup": lines(*defines) + _tools(make, options.data, options.grad, options.backward, zero, shared),
            "forward": _walk({**names, **graphs}, positive),
            "results": {"forward": judged},
        },
        "judge": {
            "reference": "tutor.nn.autograd",
            "results": dict.fromkeys(results, "value"),
            "says": {name: text for name, text in _SAYS.items() if name in results} | _not_zeroed(options),
            "drive": {
                "setup": _tools("Value(n)", "data", "grad", "result.backward()", "node.grad = 0.0", shared),
                "forward": _walk({**_reference_operators(options), **graphs}, positive) + _anew(options),
                "results": {"forward": judged},
            },
        },
        **_tiers(options.chain, options.doublings),
    }


def _results(options: Options, names: Iterable[str], graphs: Iterable[str]) -> dict[str, str]:
    """Each operator by its value and then by its gradients, the graphs by their gradients alone."""
    found: dict[str, str] = {}
    for name in names:
        found |= {name: f"of[{name!r}][0][:]", f"grad_{name}": f"of[{name!r}][1][:]"}
    found |= {f"grad_{name}": f"of[{name!r}][1][:]" for name in graphs} | {"grad_zeroed": "zeroed[:]"}
    return found | ({"grad_not_zeroed": "twice[:]"} if options.without_zeroing != "either" else {})


def _operators(options: Options) -> dict[str, str]:
    """The expressions that are tried one by one, in the learner's spelling."""
    found = dict(options.operators)
    if found.get("pow") == OPERATORS["pow"]:  # what another exponent gives at 0 is not known here
        found |= AT_ZERO
    if options.numbers:
        found |= {name: text for name, text in RIGHT.items() if name.partition("_")[0] in options.operators}
    if options.left:
        found |= {name: text for name, text in LEFT.items() if name.partition("_")[2] in options.operators}
    return found


def _reference_operators(options: Options) -> dict[str, str]:
    """The same in the textbook's spelling; what neither we nor `means` know must be spelt as the textbook's."""
    known = {**OPERATORS, **AT_ZERO, **options.means}
    return {name: known.get(name, text) for name, text in _operators(options).items()}


def _graphs(options: Options) -> dict[str, str]:
    """Graphs in which a node is used more than once, of whichever of + and * is there."""
    found: dict[str, str] = {}
    if "add" in options.operators:
        found["sum_with_itself"] = "a + a"
    if "mul" in options.operators:
        found["square"] = "a * a"
    if {"add", "mul"} <= set(options.operators):
        found |= {name: _OF_GRAPHS[name] for name in ("diamond", "two_depths", "ladder")}
    if "add" in options.operators:
        found["chain"] = _OF_GRAPHS["chain"]
    if options.doublings:
        found["doublings"] = _OF_GRAPHS["doublings"]
    if not found:
        raise FamilyError("`operators`: without add and mul no graph can be made that shares a node", "operators")
    return found


_SAYS = {
    "grad_pow_at_zero": "At 0 the slope of a ** 2 is 0, as n * a ** (n - 1) says.",
    "grad_square": "In a * a the node a is used twice: what arrives from both sides is added.",
    "grad_sum_with_itself": "In a + a the node a is used twice: what arrives from both sides is added.",
    "grad_diamond": "Two paths lead from the result down to one node: what arrives by both is added before it goes on.",
    "grad_two_depths": (
        "A node that is used near the result and again far below handed its gradient on before all of it had arrived: "
        "walk in the reverse of a topological order, each node once."
    ),
    "grad_ladder": "On a ladder of shared nodes gradients are lost or counted twice: visit each node once, in order.",
    "grad_chain": "On a long chain the gradient does not arrive whole.",
    "grad_doublings": "After a few times a = a + a the gradient of a is a power of two: both edges of each sum count.",
    "grad_zeroed": "After the gradients were set to zero, a second pass gives something else than the first.",
}


def _not_zeroed(options: Options) -> dict[str, str]:
    if options.without_zeroing == "either":
        return {}
    what = "add to what is there" if options.without_zeroing == "adds" else "give the gradients of the second alone"
    return {"grad_not_zeroed": f"Two passes without zeroing between them must {what}."}


# ── the drive ────────────────────────────────────────────────────────────────────────────────────────────────────────

# An operator that stops, on its way forward or back, takes nothing else with it: its own results are missing, with what
# was raised and where, and all others are judged. Out of memory is out of memory for all of them.
_TOOLS = """
class Stopped:
    def __init__(self, doing, error):
        self.error = error if isinstance(error, NotImplementedError) and str(error) else told(doing, error)

    def __getitem__(self, part):
        raise self.error

def told(doing, error):
    frames, trace = [], error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith("<"):  # a line of a file, none of these
            frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    # The first file that is called from here is the learner's own; of its lines the innermost.
    line = next((f" in line {{line}}" for file, line in reversed(frames) if file == frames[0][0]), "")
    what = " ".join(str(error).split()).rstrip(".")
    return RuntimeError(f"{{doing}} stopped{{line}} with {{type(error).__name__}}" + (f": {{what}}" if what else ""))

def value_of(n):
    return {make}

def slopes(nodes):
    found = [node.{grad} for node in nodes]  # None where nothing has arrived
    return np.array([0.0 if slope is None else float(slope) for slope in found])

def zero(nodes):
    for node in nodes:
        {zero}

def tried(doing, build, signs):
    results, gradients, stopped = [], [], None
    for sign in signs:
        nodes = [value_of(sign * float(n)) for n in leaves]
        try:
            result = build(*nodes)
            results.append(float(result.{data}))
        except MemoryError:
            raise
        except Exception as error:
            return Stopped(doing, error), Stopped(doing, error)
        try:
            {backward}
            gradients.append(slopes(nodes))
        except MemoryError:
            raise
        except Exception as error:
            stopped = Stopped("backward of " + doing, error)
    return np.array(results), stopped or np.array(gradients)

def pass_over(nodes):
    a, b = nodes
    try:
        result = {shared}
        {backward}
        return slopes(nodes)
    except MemoryError:
        raise
    except Exception as error:
        return Stopped("the pass", error)
"""
_OF_GRAPHS = {
    "diamond": "diamond(a, b)",
    "two_depths": "two_depths(a, b)",
    "ladder": "ladder(a, b)",
    "chain": "chain(a, b)",
    "doublings": "doublings(a)",
}
# In two_depths c is used near the result and far below, first on the left and then on the right: whichever way a walk
# without an order goes, it meets c too early once.
_GRAPHS = """
def diamond(a, b):
    c = a * b
    left, right = c * a, c * b
    return left * right

def two_depths(a, b):
    c = a * b
    deep = (c + a) * b
    return (c + deep * deep) * (deep + c)

def ladder(a, b):
    for _ in range(5):
        a, b = a + b, a * b
    return a * b

def chain(a, b):
    for i in range(length):
        a = a + b
    return a

def doublings(a):
    for i in range(doubled):
        a = a + a
    return a
"""


def _tools(make: str, data: str, grad: str, backward: str, zero: str, shared: str) -> str:
    words = {"make": make, "data": data, "grad": grad, "backward": backward, "zero": zero, "shared": shared}
    tools = _TOOLS.lstrip("\n").format(**words)
    return tools + _GRAPHS


def _walk(expressions: dict[str, str], positive: frozenset[str]) -> str:
    tried = ""
    for name, text in expressions.items():
        signs = (0,) if name in AT_ZERO else (1,) if name in positive else (1, -1)
        doing = "the graph" if name in _OF_GRAPHS else f"{text} at 0" if name in AT_ZERO else text
        tried += f"of[{name!r}] = tried({doing!r}, lambda a, b: {text}, {signs})\n"
    return (
        f"of = {{}}\n{tried}"
        "nodes = [value_of(float(n)) for n in leaves]\n"
        "pass_over(nodes)\n"
        "zero(nodes)\n"
        "zeroed = pass_over(nodes)\n"
        "twice = pass_over(nodes)\n"
    )


def _anew(options: Options) -> str:
    """The textbook adds; for an engine that starts anew its gradients are set to zero before the last pass."""
    return "zero(nodes)\ntwice = pass_over(nodes)\n" if options.without_zeroing == "starts_anew" else ""


def _tiers(chain: int, doublings: int) -> Tables:
    def tried(proves: str, length: int = 20, doubled: int = DOUBLED, **more: object) -> dict[str, object]:
        return case(proves, {"n_leaves": 2}, values={"length": length, "doubled": doubled}, **more)

    paths = f"{doublings} doublings: 2 to the power of {doublings} paths, and {doublings + 1} numbers"
    return {
        "basic": [tried("every operator, and shared nodes")],
        "edge": [
            tried("two leaves of the same value", fill={"leaves": "ones"}),
            tried("tiny numbers", fill={"leaves": "tiny"}),
            tried(f"a chain of {chain} operations", chain),
        ],
        # Last: whoever walks along every path runs into the time limit here, and has been judged on all else before.
        "stress": [
            tried("twenty other draws", repeat=20),
            *([tried(paths, doubled=doublings)] if doublings else []),
        ],
    }
