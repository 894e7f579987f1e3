"""A lesson as plain, frozen data: its pages, and the blocks that they are made of."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from tutor.course.model import LessonHead, Question


class Prose(Struct, frozen=True, tag="prose"):
    """Markdown between two fences."""

    text: str
    line: int


class Math(Struct, frozen=True, tag="math"):
    """A display formula in LaTeX; `tutor.mathtext` lays it out."""

    latex: str
    line: int


class Predict(Struct, frozen=True, tag="predict"):
    """A question the learner answers before the text goes on."""

    question: Question
    line: int


class PythonRun(Struct, frozen=True, tag="python"):
    """Code that runs in the box by a key; `# -> repr` lines in it say what it must print."""

    source: str
    line: int


class Diagram(Struct, frozen=True, tag="diagram"):
    """A picture drawn by viz from a name and options."""

    name: str
    options: dict[str, str]
    line: int


class Mistake(Struct, frozen=True, tag="mistake"):
    """A common mistake: what one sees, why, and the test that tells it from its neighbours."""

    title: str
    symptom: str
    cause: str
    test: str
    line: int


class WorkedRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One number that follows from those above it."""

    name: str  # what later rows call it
    value: str  # an expression of the given numbers and the rows above
    note: str = ""  # what it is, in a few words of Markdown
    show: str = ""  # what stands on the screen for the name: "∂L/∂w"


class Worked(Struct, frozen=True, tag="worked"):
    """A worked example whose numbers the learner changes; `tutor.course.worked` makes the rows anew at each key."""

    title: str
    given: dict[str, int | float]  # one written as a whole number changes by whole numbers
    rows: tuple[WorkedRow, ...]
    line: int
    try_: str = field(default="", name="try")  # one thing to try, one sentence


class CheckCode(Struct, frozen=True, tag="check"):
    """Assertions that prove the literal numbers around them; executed by the author's check, never shown."""

    source: str
    line: int


Block = Prose | Math | Predict | PythonRun | Diagram | Mistake | Worked | CheckCode


class Section(Struct, frozen=True):
    """One page of a lesson: a second-level heading and what follows it."""

    title: str
    blocks: tuple[Block, ...]


Track = Literal["lesson", "intuition", "derivation"]
TRACKS: tuple[Track, ...] = ("lesson", "intuition", "derivation")


class Lesson(Struct, frozen=True):
    """A lesson, whole: its head, its pages, and those that are one key away."""

    slug: str  # "06-linear-layer"
    head: LessonHead
    sections: tuple[Section, ...]
    intuition: tuple[Section, ...]
    math: tuple[Section, ...]

    def pages(self, track: Track) -> tuple[Section, ...]:
        """The pages of lesson.md, of intuition.md, or of math.md."""
        return {"lesson": self.sections, "intuition": self.intuition, "derivation": self.math}[track]
