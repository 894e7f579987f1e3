"""The Lab's right-hand side as lines: pure functions of a Report and a width."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.content import Content

from tutor.course import TIERS
from tutor.grading import Check, Report, Tensor

SIGNS = {"right": ("✓", "$good"), "not_reached": ("·", "$faint")}
WORDS = {
    "right": "",
    "wrong_value": "value",
    "wrong_shape": "shape",
    "wrong_dtype": "dtype",
    "non_finite": "not finite",
    "missing": "missing",
    "mutated": "changed",
    "unstable": "2nd call",
    "not_reached": "not reached",
}
CELLS_SHOWN = 6  # rows of the small diff
WIDE_TABLE = 74  # from here the worst cell stands in the table


def headline(report: Report | None, stale: bool) -> Content:
    """The verdict in one sentence, and what to do next; grey when the code has changed since."""
    if report is None:
        return Content.assemble(("Not judged yet. ctrl+s saves and judges.", "$dim"))
    sign, style = {
        "passed": ("✓", "$good"),
        "right_so_far": ("◐", "$good"),
        "failed": ("✗", "$bad"),
        "could_not_run": ("✗", "$bad"),
    }[report.status]
    text = "$dim" if stale else "bold $bright"
    content = Content.assemble((f"{sign} ", "$dim" if stale else style), (report.headline, text))
    if report.next_step:
        content = content + Content.assemble((f"\n  {report.next_step}", "$dim" if stale else "$foreground"))
    return content


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
    header = f"    {'backward order':<{name_width}} {'shape':<{shape_width}}{'error':<11}"
    if wide:
        header += f"{'worst at':<10}{'yours':>10}{'expected':>11}{'numeric':>11}"
    lines = [Content.assemble((header[:width], "$faint"))]
    first_wrong = report.first_wrong
    after_first_wrong = False
    for number, check in enumerate(report.checks):
        sign, sign_style = SIGNS.get(check.verdict, ("✗", "$bad"))
        error = WORDS[check.verdict] if check.ratio is None or check.verdict == "unstable" else f"{check.ratio:.0e}"
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


def shape(check: Check) -> str:
    """The shape the learner gave, or the one that is expected where there is none."""
    return str(check.actual_shape if check.actual_shape is not None else check.expected_shape)


def detail(report: Report, chosen: int, width: int) -> list[Content]:
    """What is known of the chosen tensor: its sentence, and its first or worst cells side by side."""
    if not 0 <= chosen < len(report.checks):
        return []
    check = report.checks[chosen]
    lines = [Content.assemble((check.sentence, "$foreground"))]
    tensor = next((tensor for tensor in report.tensors if tensor.name == check.name), None)
    if tensor is None or tensor.expected is None or check.verdict in ("missing", "not_reached"):
        return lines
    lines += [
        Content(""),
        Content.assemble((f"{check.name:<12}{'yours':>11}{'expected':>11}{'numeric':>11}", "$faint")),
    ]
    for index in _cells_to_show(tensor, check):
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


def _cells_to_show(tensor: Tensor, check: Check) -> list[tuple[int, ...]]:
    """The first cells of the tensor, with the worst one among them."""
    indices = _indices(tensor.expected)
    if len(indices) <= CELLS_SHOWN or check.worst is None or check.verdict == "wrong_shape":
        return indices[:CELLS_SHOWN]
    place = indices.index(check.worst.index) if check.worst.index in indices else 0
    start = max(0, min(place - CELLS_SHOWN // 2, len(indices) - CELLS_SHOWN))
    return indices[start : start + CELLS_SHOWN]


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
