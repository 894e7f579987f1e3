"""The course as plain, frozen data: what the map, a question and an exercise are; `blocks` says what a lesson is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct

# ── the map ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class LessonHead(Struct, frozen=True, forbid_unknown_fields=True):
    """The front matter of lesson.md: all that the course map needs."""

    title: str
    concept: str  # the name that `tutor learn CONCEPT` takes, such as "linear-layer"
    goal: str
    minutes: int
    difficulty: Literal["easy", "medium", "hard"]
    objectives: tuple[str, ...]
    prerequisites: tuple[str, ...] = ()  # slugs, such as "04-shapes"
    exercises: tuple[str, ...] = ()  # challenge ids, in the order in which they are done


class Broken(Struct, frozen=True):
    """A file of the course that cannot be used, shown in its place with the reason."""

    file: Path
    line: int | None
    reason: str


class OutlineLesson(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of lessons/course.toml: a lesson that exists or is in preparation."""

    slug: str
    title: str
    minutes: int

    @property
    def number(self) -> str:
        """The two digits in front of the slug."""
        return self.slug[:2]


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the course, such as "Layers"."""

    title: str
    lesson: tuple[OutlineLesson, ...]


class Level(Struct, frozen=True, forbid_unknown_fields=True):
    """A badge of the course, earned when all its exercises are passed; some of them may still be in preparation."""

    number: int
    title: str  # what it stands for: "A layer's backward pass"
    exercises: tuple[str, ...]  # challenge ids


class Entry(Struct, frozen=True):
    """What the course map shows for one lesson: ready (a head), in preparation (None), or broken."""

    part: int
    outline: OutlineLesson
    head: LessonHead | Broken | None


class Course(Struct, frozen=True):
    """The course map: parts and entries in order. Lessons, quizzes and challenges are read when asked for."""

    parts: tuple[str, ...]
    entries: tuple[Entry, ...]
    broken: tuple[Broken, ...] = ()  # files that belong to no entry
    levels: tuple[Level, ...] = ()  # by number

    def entry(self, slug: str) -> Entry:
        """The entry of a lesson, by its slug; raises KeyError where the map has none."""
        for entry in self.entries:
            if entry.outline.slug == slug:
                return entry
        raise KeyError(slug)


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """One choice of a question; `why` explains it, whether right or wrong."""

    text: str
    why: str
    right: bool = False


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the things to be put in order; `why` is said where it stands wrongly."""

    text: str
    why: str
    place: int = 0  # items of an equal place may change places with each other; 0: a place of its own


class CodeLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the question's code, counted from 1, that may be the faulty one; `why` explains it either way."""

    number: int
    why: str
    right: bool = False


class KnownMistake(Struct, frozen=True, forbid_unknown_fields=True):
    """A wrong answer that a known misconception gives, written as the right one is, and its explanation."""

    answer: str
    why: str


QuestionKind = Literal["one", "several", "number", "shape", "order", "line", "formula", "output", "recall"]


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """A question as written. Its texts, and its code, may hold `{name}` or `{expression}` of the drawn values."""

    id: str
    kind: QuestionKind
    text: str  # of a recall the front of the card
    explain: str  # of a recall its back
    choice: tuple[Choice, ...] = ()  # one, several
    item: tuple[Item, ...] = ()  # order: as it is right
    code: str = ""  # line, output
    line: tuple[CodeLine, ...] = ()  # line: the candidates
    # number, shape: an expression of the drawn values; formula: a NumPy expression; output: what the code prints
    answer: str = ""
    tolerance: float = 0.0  # number, and the numbers of an output: absolute
    mistake: tuple[KnownMistake, ...] = ()  # number, shape, formula, output
    arrays: dict[str, tuple[str, ...]] = {}  # formula: each array's shape, in sizes or expressions of them
    sizes: dict[str, int] = {}  # formula: besides those that are drawn
    draws: dict[str, str] = {}  # formula: how an array is drawn where not from the normal distribution
    draw: dict[str, tuple[int | float, ...]] = {}  # each name takes one of these values
    lesson: str = ""  # the slug, filled in when read


class Asked(Struct, frozen=True):
    """A question with its values drawn: what stands on the screen."""

    question: Question
    seed: int
    text: str
    explain: str
    choices: tuple[Choice, ...]  # in the drawn order
    number: float | None = None
    shape: tuple[int, ...] | None = None
    # By kind a number, a shape, a NumPy expression or printed text; with what is said to it.
    mistakes: tuple[tuple[float | tuple[int, ...] | str, str], ...] = ()
    items: tuple[Item, ...] = ()  # in the drawn order; each `place` says where it belongs, counted from 1
    code: str = ""
    lines: tuple[CodeLine, ...] = ()  # from top to bottom
    answer: str = ""  # formula, output
    values: dict[str, int | float] = {}  # what was drawn


class Feedback(Struct, frozen=True):
    """What the tutor says to an answer."""

    right: bool
    sentence: str  # tied to the answer given
    explain: str
    understood: bool = True  # False: not an answer at all ("three"), ask again and count nothing


# ── exercises ────────────────────────────────────────────────────────────────────────────────────────────────────────

Tier = Literal["basic", "edge", "stress"]
TIERS: tuple[Tier, ...] = ("basic", "edge", "stress")
Fill = Literal["zeros", "ones", "negative_zero", "huge", "tiny", "saturated", "extreme", "ties", "fortran", "strided"]
FAMILIES = (
    "function", "layer", "loss", "network", "optimizer", "loop", "autograd", "checker", "initializer", "torch_function"
)  # fmt: skip


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What a check of the learner's file may use."""

    seconds: float = 2.0  # wall clock, per tier group
    memory_mb: int = 1024


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """One set of sizes in a tier, and how its arrays are filled where not by random numbers."""

    proves: str  # what passing it shows, such as "a batch of one"
    sizes: dict[str, int]
    fill: dict[str, Fill] = {}  # by the array's name
    values: dict[str, bool | int | float | str] = {}  # more names for the drive: lr = 0.1, activation = "relu"
    dtype: Literal["float64", "float32"] = "float64"
    repeat: int = 1  # so many draws of it
    kink: bool = False  # at a kink: judge the forward value, shape and finiteness only


class Drive(Struct, frozen=True, forbid_unknown_fields=True):
    """The few lines that drive the learner's file, stage by stage; every size and array of the plan is a name in them.

    `right("grad_a1", grad_a1)` is the right value of an intermediate where the plan knows it (the second argument
    otherwise), so that one wrong step does not make the next one wrong.
    """

    setup: str
    forward: str
    backward: str = ""
    update: str = ""
    # stage -> result name -> accepted spellings, in the order in which the pass makes them
    results: dict[Literal["forward", "backward", "update"], dict[str, tuple[str, ...]]] = {}


class Variant(Struct, frozen=True, forbid_unknown_fields=True):
    """Another documented way to be right, such as Adam's epsilon inside the correction."""

    name: str  # as the Report says it: "epsilon inside the correction"
    lines: str  # Python that is put below the reference's source and makes it this variant


class Judge(Struct, frozen=True, forbid_unknown_fields=True):
    """What each result must be.

    `results`: "value" (of the reference), "d/dW" (the derivative of the objective by the plan's array W), or "moments"
    (a random array, of which `moments` gives mean and variance). The objective is `sum(output * upstream)`, or `loss`
    itself. `terms` gives, per derivative, the magnitude of what was summed (an expression of arrays and reference
    results), of which 1e-9 is the floor of its norm ratio. A result that the reference does not make in a case, such as
    the third layer's gradient in a network of two, is not judged in that case.

    `variants` are other ways to be right: one of them, the same one throughout, must hold for every result of every
    case. `scale = "either"` is such a variant for the batch's 1/N: in the loss, or once in every parameter's gradient.
    """

    reference: str  # a module of tutor.nn, such as "tutor.nn.linear", or a file beside challenge.toml
    results: dict[str, str]
    output: str = ""
    upstream: str = ""
    loss: str = ""
    terms: dict[str, str] = {}
    drive: Drive | None = None  # the lines that drive the reference where its interface is not the learner's
    variants: tuple[Variant, ...] = ()
    scale: Literal["fixed", "either"] = "fixed"
    per_sample: tuple[str, ...] = ()  # scale = "either": backward results without 1/N where the layers divide by N
    says: dict[str, str] = {}  # result -> what is said of a wrong value that is no zero, sign, factor or transpose
    within: dict[str, float] = {}  # result -> limit of its norm ratio where it is an estimate: a numeric gradient
    moments: dict[str, tuple[str, str]] = {}  # result -> mean and variance, as expressions of sizes and values
    copies: bool = False  # the layer must keep copies: what it was given may be overwritten before backward


class Train(Struct, frozen=True, forbid_unknown_fields=True):
    """How a passed exercise becomes a network that trains.

    In the expressions `layer`, or `net` for a network, is the learner's object, `returned` what its backward gave, and
    `_at(returned, 1)` a part of that. In a network they are templates: `{k}` counts the layers from 1, `{i}` from 0, as
    in "net.W[{i}]". What is below `epochs` a family makes of its options.
    """

    kind: Literal["layer", "network"]  # the learner's class is one layer, and a network is made of it; or all of it
    layer: str  # the class name
    # parameter -> where its gradient may be after backward: an attribute, "grad_W", or an expression
    params: dict[str, tuple[str, ...]] = {}
    hidden: tuple[int, ...] = (32,)  # units; of an image's layer the channels, of a sequence's the features
    activation: Literal["none", "relu", "leaky_relu", "sigmoid", "tanh"] = "none"  # between layers; in a layer's, ours
    loss: Literal["softmax_cross_entropy", "mse"] = "softmax_cross_entropy"
    update: str = ""  # the learner's own update method, taking the learning rate; ours (SGD) when empty
    lr: float = 0.1
    batch: int = 32
    epochs: int = 30
    of: str = "linear"  # a layer's place in the network: that of a preset, or "own": between two linear layers
    make: str = (
        ""  # "Conv2D(c_in, c_out, k)", with names of sizes, values and parameters; layer(n_in, n_out) where empty
    )
    values: dict[str, bool | int | float | str] = {}  # more names for `make`: the exercise's kernel size, stride, p
    places: dict[
        str, str
    ] = {}  # parameter -> where it is kept, "layer.params['W']"; an attribute of its name if unsaid
    sets: str = ""  # lines that hand drawn parameters over, where the class need not draw them: "layer.W = W"
    shapes: dict[str, tuple[str, ...]] = {}  # of an own layer's parameters, in sizes
    transposed: tuple[str, ...] = ()  # parameters that are held the other way round: (n_out, n_in)
    forward: str = "forward"
    backward: str = "backward"
    inputs: dict[str, tuple[str, ...]] = {}  # input -> where its gradient may be: "returned" if unsaid; () for none
    # a network's own
    depths: tuple[int, ...] = ()  # how many layers it may have; any number where empty
    names: dict[
        str, str
    ] = {}  # more names for places and gradients: linears = "[layer for layer in net.layers if ...]"
    computes: str = ""  # its own loss: "net.loss(out, y)", the loss or (loss, grad); ours where empty
    goes_back: str = ""  # "net.backward(grad)"


class Challenge(Struct, frozen=True, forbid_unknown_fields=True):
    """challenge.toml: what is judged, and how."""

    id: str
    title: str
    kind: Literal["fill", "scratch", "debug"]
    lesson: str  # slug
    defines: tuple[str, ...]  # what the learner's file must define
    # the plan's arrays -> their shape in sizes, or whole-number expressions of them: g = ["N", "H - K + 1"]
    arrays: dict[str, tuple[str, ...]]
    drive: Drive
    judge: Judge
    basic: tuple[Case, ...]
    edge: tuple[Case, ...]
    stress: tuple[Case, ...]
    minutes: int = 20
    limits: Limits = Limits()
    train: Train | None = None
    draws: dict[str, str] = {}  # how an array is drawn where not from the normal distribution: y = "labels(n_classes)"
    needs: tuple[Literal["torch"], ...] = ()  # what the box must have loaded besides NumPy
    family: str = ""  # the ready-made family that gave what challenge.toml itself leaves out
    options: dict[str, object] = {}  # the family's own settings
    folder: Path | None = None  # filled in when read

    def cases(self, tier: Tier) -> tuple[Case, ...]:
        """The cases of one tier."""
        return {"basic": self.basic, "edge": self.edge, "stress": self.stress}[tier]
