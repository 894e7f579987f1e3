"""The Lab's right-hand side as lines: pure functions of a Report and a width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content

from tutor.course import TIERS
from tutor.grading import VERDICT_WORDS, Check, Report, Tensor
from tutor.tui.rendering import clickable, sentence

SIGNS = {"right": ("✓", "$good"), "not_reached": ("·", "$faint")}
_BEFORE = "Not judged yet. ctrl+s saves and judges"
NOT_JUDGED = {  # by the kind of the exercise
    "scratch": Content.styled(f"{_BEFORE}.", "$dim"),
    "fill": Content.styled(f"{_BEFORE}; ctrl+b selects the next blank.", "$dim"),
    "debug": Content.assemble(
        ("One fault is planted in this file: find it and mend it.", "bold $bright"),
        ("\nNot judged yet. ctrl+s saves, judges and says which gradients it spoils.", "$dim"),
    ),
}
HEADLINE_LINES = 2  # have their place always, as lab.tcss says too: most verdicts fit, and nothing below them moves
CELLS_SHOWN = 6  # rows of the small diff
WIDE_TABLE = 74  # from here the worst cell stands in the table


class Head(NamedTuple):
    """What the first line of the Lab says."""

    number: str
    title: str
    challenge: str
    unsaved: bool
    judging: bool
    judged_in: float | None  # seconds
    hints_shown: int
    hints: int


def title(head: Head, width: int) -> Content:
    """Which exercise this is on the left, how the check and the hints stand on the right."""
    left = Content.assemble((f"{head.number} {head.title}", "$dim"), (f" · {head.challenge}", "bold $bright"))
    if head.unsaved:
        left = left + Content.assemble((" · unsaved", "$accent"))
    said = []
    if head.judging:
        said.append("judging …")
    elif head.judged_in is not None:
        said.append(f"judged in {head.judged_in * 1000:.0f} ms" if head.judged_in < 10 else "judged")
    if head.hints_shown:
        said.append(f"hint {head.hints_shown} of {head.hints}")
    right = Content.assemble((" · ".join(said), "$dim"))
    room = width - left.cell_length
    return left.pad_right(room - right.cell_length) + right if room > right.cell_length else left.truncate(width)


def after_the_pass(*, trains: bool, typing: bool) -> str:
    """What to do with code that passes: by whether a network can train with it, and whether letters are text now."""
    goes_on = "F5 trains a network with it, F7 goes on." if trains else "F7 goes on."
    return f"{goes_on} {'Esc, then s' if typing else 's'}: other solutions."


def headline(report: Report | None, stale: bool, width: int, kind: str = "scratch", passed: str = "") -> Content:
    """The verdict in one sentence, and what to do next, `passed` after a pass; grey when the code has changed since."""
    if report is None:
        return NOT_JUDGED[kind]
    sign, style = {
        "passed": ("✓", "$good"),
        "right_so_far": ("◐", "$good"),
        "failed": ("✗", "$bad"),
        "could_not_run": ("✗", "$bad"),
    }[report.status]
    next_step = passed if report.passed else report.next_step
    said = [(report.headline, "bold $bright"), (next_step, "$foreground")]
    lines = [
        line
        for words, bright in said
        if words
        for line in sentence(words, "$dim" if stale else bright).wrap(max(10, width - 2))
    ]
    first = Content.assemble((f"{sign} ", "$dim" if stale else style)) + lines[0]
    return Content("\n").join([first, *(Content("  ") + line for line in lines[1:])])


def tabs(names: Sequence[str], chosen: str, has_output: bool) -> Content:
    """The panes by number, where they do not stand side by side."""
    styles = {name: "$faint" if name == "output" and not has_output else "$dim" for name in names}
    styles[chosen] = "bold underline $bright"
    return Content("   ").join(
        clickable(Content.assemble((f"{number} ", "$accent"), (name, styles[name])), f"screen.view('{name}')")
        for number, name in enumerate(names, 1)
    )


def tensors(report: Report, chosen: int, stale: bool, width: int, height: int) -> list[Content]:
    """The table, the tiers and the chosen tensor's cells; closer together where the height asks for it."""
    first = table(report, chosen, stale, width)
    tiers_line = Content("  ") + tiers(report)
    for above, below, cells in ((1, 1, CELLS_SHOWN), (0, 1, CELLS_SHOWN), (0, 1, 4), (0, 0, 4), (0, 0, 3)):
        lines = [*first, *[Content("")] * above, tiers_line, *remarks(report, width), *[Content("")] * below]
        for line in detail(report, chosen, width, cells):
            lines += line.wrap(max(10, width)) if line.cell_length > width else [line]
        if len(lines) <= height:
            break
    return lines


def remarks(report: Report, width: int) -> list[Content]:
    """Which documented variant a file is taken for, and once it has passed what is worth knowing and is no fault."""
    said = [f"Judged as the variant: {report.variant}."] if report.variant and not report.passed else []
    said += report.notes if report.passed else ()
    return [Content("  ") + line for words in said for line in Content.styled(words, "$dim").wrap(max(10, width - 2))]


def tiers(report: Report) -> Content:
    """How far each tier got."""
    parts = []
    for tier in TIERS:
        count = report.tiers[tier]
        text = f"{count.right}/{count.total}" if count.judged else "–"
        whole = count.judged and count.right == count.total
        parts.append(Content.assemble((f"{tier} ", "$dim"), (text, "$good" if whole else "$foreground")))
    return Content("   ").join(parts)


def table(report: Report, chosen: int, stale: bool, width: int) -> list[Content]:
    """The tensors in the order in which the pass makes them; what follows the first wrong one is dimmed."""
    name_width = max((len(check.name) for check in report.checks), default=4) + 1
    shape_width = max((len(shape(check)) for check in report.checks), default=5) + 2
    wide = width >= WIDE_TABLE
    name_width = max(name_width, len("in order"))
    header = f"    {'in order':<{name_width}} {'shape':<{shape_width}}{'error':<11}"
    if wide:
        header += f"{'worst at':<10}{'yours':>10}{'expected':>11}{'numeric':>11}"
    lines = [Content.assemble((header[:width], "$faint"))]
    first_wrong = report.first_wrong
    after_first_wrong = False
    for number, check in enumerate(report.checks):
        sign, sign_style = SIGNS.get(check.verdict, ("✗", "$bad"))
        error = _error(check)
        first = check is first_wrong
        dim = stale or after_first_wrong or check.verdict == "not_reached"
        style = "$dim" if dim else "bold $bright" if first else "$foreground"
        cells = ""
        if wide and check.worst is not None:
            at = ",".join(map(str, check.worst.index)) or "-"
            cells = (
                f"{at:<10}{cell(check.worst.got):>10}{cell(check.worst.expected):>11}{cell(check.worst.numeric):>11}"
            )
        lines.append(
            Content.assemble(
                ("▸ " if number == chosen else "  ", "$accent"),
                (f"{sign} ", "$dim" if stale else sign_style),
                (f"{check.name:<{name_width}} {shape(check):<{shape_width}}{error:<11}{cells}", style),
            ).truncate(width)
        )
        after_first_wrong = after_first_wrong or first
    return lines


def _error(check: Check) -> str:
    if check.verdict == "wrong_dtype" and check.actual_shape is None:
        return "no array"
    return VERDICT_WORDS[check.verdict] if check.ratio is None or check.verdict == "unstable" else f"{check.ratio:.0e}"


def shape(check: Check) -> str:
    """The shape the learner gave, or the one that is expected where there is none."""
    return str(check.actual_shape if check.actual_shape is not None else check.expected_shape)


def detail(report: Report, chosen: int, width: int, cells: int = CELLS_SHOWN) -> list[Content]:
    """What is known of the chosen tensor: its sentence, unless it is the headline, and its worst cells side by side."""
    if not 0 <= chosen < len(report.checks):
        return []
    check = report.checks[chosen]
    lines = [] if report.headline.startswith(check.sentence) else [sentence(check.sentence, "$foreground")]
    tensor = next((tensor for tensor in report.tensors if tensor.name == check.name), None)
    if tensor is None or tensor.expected is None or check.verdict in ("missing", "not_reached"):
        return lines
    lines += [
        Content.assemble((f"{check.name:<12}{'yours':>11}{'expected':>11}{'numeric':>11}", "$faint")),
    ]
    for index in _cells_to_show(tensor, check, cells):
        yours, expected, numeric = (_at(values, index) for values in (tensor.yours, tensor.expected, tensor.numeric))
        differs = yours is None or expected is None or not math.isclose(yours, expected, rel_tol=1e-6, abs_tol=1e-12)
        lines.append(
            Content.assemble(
                (f"{'✗' if differs else ' '} ", "$bad"),
                (f"{'[' + ', '.join(map(str, index)) + ']':<10}", "$dim"),
                (f"{cell(yours):>11}", "bold $bright" if differs else "$foreground"),
                (f"{cell(expected):>11}{cell(numeric):>11}", "$foreground"),
            ).truncate(width)
        )
    if report.numeric_note and tensor.numeric is not None:
        lines.append(Content.assemble((f"numeric: of your own forward, {report.numeric_note}", "$faint")))
    return lines


def cell(value: float | None) -> str:
    """A number in ten cells at the most; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.2e}"


def _cells_to_show(tensor: Tensor, check: Check, most: int) -> list[tuple[int, ...]]:
    """The first cells of the tensor, with the worst one among them."""
    indices = _indices(tensor.expected)
    if len(indices) <= most or check.worst is None or check.verdict == "wrong_shape":
        return indices[:most]
    place = indices.index(check.worst.index) if check.worst.index in indices else 0
    start = max(0, min(place - most // 2, len(indices) - most))
    return indices[start : start + most]


def _indices(values: object, prefix: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    if not isinstance(values, list):
        return [prefix]
    return [index for number, inner in enumerate(values) for index in _indices(inner, (*prefix, number))]


def _at(values: object, index: Sequence[int]) -> float | None:
    """One entry of nested lists; None where the shapes do not fit."""
    for number in index:
        if not isinstance(values, list) or number >= len(values):
            return None
        values = values[number]
    return float(values) if isinstance(values, int | float) else None
