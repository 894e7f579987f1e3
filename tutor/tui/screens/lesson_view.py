"""A lesson's blocks as lines: pure functions of a block and a width."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from textual.content import Content

from tutor.course import TRACKS, Block, Diagram, Lesson, Math, Mistake, Prose, PythonRun, Section, Track
from tutor.learner import BoxResult
from tutor.tui.rendering import (
    MEASURE,
    clickable,
    formula_content,
    hanging,
    indented,
    inline_content,
    markdown_content,
    python_content,
)
from tutor.tui.widgets.picture import picture_content

FORMULA_INDENT = 4
MOST_LINES = 60  # of an output that are shown
LABEL = 10  # cells of "You see", "Because", "To tell"

# ── where the learner is ─────────────────────────────────────────────────────────────────────────────────────────────


def title(lesson: Lesson, track: Track, number: int, marked: bool, width: int) -> Content:
    """The lesson, where in it, and the page."""
    left = Content.assemble((f"{lesson.slug[:2]} ", "$dim"), (lesson.head.title, "$dim"))
    if track != "lesson":
        left = left + Content.assemble((f" · {track}", "$accent"))
    count = len(lesson.pages(track))
    right = Content.assemble(
        ("▸ bookmark   " if marked else "", "$accent"),
        ("page ", "$dim"),
        (str(number + 1), "$bright"),
        (f" of {count}", "$dim"),
    )
    return left.pad_right(max(1, width - left.cell_length - right.cell_length)) + right


def bar(number: int, count: int, width: int) -> Content:
    """One stretch for each page: heavy up to this one, light from here on."""
    edges = [round(page * (width + 1) / count) for page in range(count + 1)]
    stretches = [max(1, after - before - 1) for before, after in pairwise(edges)]
    return Content(" ").join(
        Content.styled(("━" if page <= number else "─") * size, "$accent" if page <= number else "$faint")
        for page, size in enumerate(stretches)
    )


def heading(section: Section) -> Content:
    """The title of a page."""
    return inline_content(section.title).stylize_before("bold $bright")


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def block(block: Block, width: int) -> Content:
    """One block that only has to be read."""
    match block:
        case Prose():
            return markdown_content(block.text, min(width, MEASURE))
        case Math():
            return math(block, width)
        case Diagram():
            return diagram(block, width)
        case Mistake():
            return mistake(block, min(width, MEASURE))
        case _:
            raise TypeError(f"{type(block).__name__} is no block that is only read")


def passages(prose: Prose) -> list[tuple[Prose, bool]]:
    """Running text, and tables and listings by themselves; True for what a screen may begin in the middle of."""
    from tutor.course.markup import tree

    lines = prose.text.split("\n")
    found: list[tuple[list[str], bool]] = []
    end = 0
    for node in tree(prose.text).children:
        start, end = end, node.map[1] if node.map else end
        running = node.type not in ("table", "fence", "code_block", "blockquote")
        if found and found[-1][1] and running:
            found[-1][0].extend(lines[start:end])
        else:
            found.append((lines[start:end], running))
    return [(Prose("\n".join(part).strip("\n"), prose.line), running) for part, running in found]


def math(formula: Math, width: int) -> Content:
    """The formula, bright, set in as far as it fits."""
    body = formula_content(formula.latex, width - FORMULA_INDENT)
    widest = max(line.cell_length for line in body.split(allow_blank=True))
    return indented(body, " " * max(0, min(FORMULA_INDENT, width - widest)))


def diagram(block: Diagram, width: int, step: int | None = None) -> Content:
    """The picture, or a sentence where there should be one."""
    from tutor.viz import draw_diagram

    try:
        picture = picture_content(draw_diagram(block.name, block.options, width - 2, step))
    except ValueError as error:
        return Content.styled(f"There should be a picture here. {error}", "$warning")
    return indented(picture)


def steps(block: Diagram) -> int:
    """How many steps a picture has; 0 where it has none, or where it cannot be drawn."""
    from tutor.viz import diagram_steps

    try:
        return diagram_steps(block.name, block.options)
    except ValueError:
        return 0


def stepped(block: Diagram, step: int, last: int, width: int) -> Content:
    """The picture as far as it was stepped, and the keys that step it."""
    keys = Content.assemble((f"  step {step} of {last}", "$dim"))
    for key, does, possible, by in ((".", "on", step < last, 1), (",", "back", step > 0, -1)):
        line = Content.assemble(("   ", ""), (key, "$accent" if possible else "$faint"))
        line += Content.styled(f" {does}", "$dim" if possible else "$faint")
        keys += clickable(line, f"screen.step({by})")
    return Content("\n\n").join([diagram(block, width, step), keys])


def draw_ahead(lesson: Lesson, wanted: Callable[[], bool]) -> None:
    """Draw every formula and picture of a lesson once, while it is wanted: turning a page then waits for no import."""
    from tutor.mathtext import MathError, display
    from tutor.viz import draw_diagram

    for block in (block for track in TRACKS for section in lesson.pages(track) for block in section.blocks):
        if not wanted():
            return
        try:
            if isinstance(block, Math):
                display(block.latex, MEASURE)
            elif isinstance(block, Diagram):
                draw_diagram(block.name, block.options, MEASURE)
        except (MathError, ValueError):  # its page says so
            continue


def mistake(card: Mistake, width: int) -> Content:
    """A calm card: what it is, what you see, why, and the test that tells it from its neighbours."""
    bar = Content.styled("▎ ", "$bad")
    lines = [hanging(Content.styled("✗ ", "$bad"), card.title, width - 2, "bold $bright"), Content("")]
    for label, words in (("You see", card.symptom), ("Because", card.cause), ("To tell", card.test)):
        lines.append(hanging(Content.styled(f"{label:<{LABEL}}", "$dim"), words, width - 2))
    return Content("\n").join(bar + line for line in Content("\n").join(lines).split(allow_blank=True))


# ── code that runs ───────────────────────────────────────────────────────────────────────────────────────────────────


class Output(NamedTuple):
    """What a block printed when it was run, and why it stopped if it did."""

    text: str
    cut: bool
    fault: str  # a sentence, or ""

    @classmethod
    def of(cls, result: BoxResult) -> Output:
        """What there is to show of an answer of the box."""
        fault = result.fault
        sentence = f"{fault.sentence} {fault.next_step}".strip() if fault else ""
        lines = result.output.rstrip().split("\n")
        cut = result.output_cut or len(lines) > MOST_LINES
        return cls("\n".join(lines[:MOST_LINES]), cut, sentence)


def code(block: PythonRun) -> Content:
    """The code of a block."""
    return indented(python_content(block.source.rstrip()))


def output(shown: Output | None, running: bool, width: int) -> Content:
    """Below the code: the key that runs it, or what it printed."""
    if running:
        return Content.styled("  running …", "$dim")
    if shown is None:
        return Content("  ") + clickable(Content.assemble(("r ", "$accent"), ("runs it", "$dim")), "screen.run")
    parts = []
    if shown.text:
        parts.append(Content.styled(f"  printed{' (cut)' if shown.cut else ''}", "$dim"))
        parts += [Content.assemble(("  │ ", "$dim"), (line, "$bright")) for line in shown.text.split("\n")]
    elif not shown.fault:
        parts.append(Content.styled("  It ran, and printed nothing.", "$dim"))
    if shown.fault:
        first, *rest = Content(shown.fault).wrap(max(1, min(width, MEASURE) - 4))
        parts += [Content.styled("  ✗ ", "$bad") + first, *(line.pad_left(4) for line in rest)]
    return Content("\n").join(parts)


# ── the end of a page ────────────────────────────────────────────────────────────────────────────────────────────────


def onward(key: str, words: str, action: str = "next") -> Content:
    """What comes after this page, and the key that leads there."""
    line = Content.assemble((f"{key} ", "$accent"), (inline_content(words).stylize_before("$dim")))
    return clickable(line, f"screen.{action}")
