"""The cell diff's words as lines: pure functions of a Report, a frame and a width. Loads NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from textual.content import Content

from tutor.course import Challenge
from tutor.grading import VERDICT_WORDS, Check, Report, Tensor
from tutor.grading.cells import what_cells_show, what_shapes_show
from tutor.grading.report import case_order
from tutor.viz.tensor_cells import Quantity, TensorCells, compare
from tutor.viz.tensor_layout import Frame

STALE = "The code has changed since this verdict."
WIDE = 100  # from here the names of the detail stand in one line


class Subject(NamedTuple):
    """A tensor of a report, and what there is to say of it."""

    check: Check
    tensor: Tensor | None
    cells: TensorCells | None
    shows: str  # what the cells show; or why there is none, in a sentence
    numeric_note: str
    place: tuple[int, int]  # which of the report's tensors, and how many there are


def subject(report: Report, name: str, challenge: Challenge) -> Subject:
    """Lay one tensor of a report open; the first wrong one, else the first, where it has none of that name."""
    names = [check.name for check in report.checks]
    wrong = report.first_wrong
    check = report.checks[names.index(name)] if name in names else wrong or report.checks[0]
    tensor = next((tensor for tensor in report.tensors if tensor.name == check.name), None)
    place = names.index(check.name), len(names)
    reason = _why_not_shown(check, tensor)
    shown = wrong or report.checks[0]
    same_case = case_order(check) == case_order(shown)
    if tensor is None or reason:
        return Subject(check, tensor, None, reason, "", place)
    try:
        arrays = {quantity: _array(values, check, quantity, same_case) for quantity, values in _lists(tensor).items()}
        right = {"right": True, "wrong_value": False}.get(check.verdict) if same_case else None
        cells = compare(arrays["yours"], arrays["expected"], arrays["numeric"], right=right)
    except (TypeError, ValueError):
        return Subject(check, tensor, None, f"{check.name} holds no cell that could be shown.", "", place)
    sizes = {
        size: n for case in challenge.cases(shown.tier) if case.proves == shown.case for size, n in case.sizes.items()
    }
    words = (
        _shows(cells, sizes, check.sentence)
        if tensor.expected is not None
        else f"{check.name} is drawn at random: these are yours."
    )
    if not same_case:
        words = f"Its cells are those of “{shown.case}”, where the first mistake shows. {words}"
    return Subject(check, tensor, cells, words.strip(), report.numeric_note if tensor.numeric else "", place)


def _why_not_shown(check: Check, tensor: Tensor | None) -> str:
    if check.verdict == "not_reached":
        return ""  # its sentence says it
    if tensor is None:
        entries = prod(check.expected_shape)
        return f"{check.name} has {entries:,} entries, too many to be listed here.".replace(",", " ", 1)
    if tensor.yours is None and check.verdict in ("missing", "wrong_dtype"):
        return f"There is nothing to lay beside what is expected: an array of shape {shape_text(check.expected_shape)}."
    return ""


def _lists(tensor: Tensor) -> dict[Quantity, object]:
    return {"yours": tensor.yours, "expected": tensor.expected, "numeric": tensor.numeric}


def _array(values: object, check: Check, quantity: Quantity, same_case: bool) -> npt.NDArray[Any] | None:
    """Nested lists as an array; an empty one has lost its shape on the way, and gets it back from the check."""
    if values is None:
        return None
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        array = np.asarray(values, dtype=np.float64)  # None is an entry that was not made
    shape = check.actual_shape if quantity == "yours" else check.expected_shape
    return array.reshape(shape) if same_case and shape is not None and prod(shape) == array.size == 0 else array


def _shows(cells: TensorCells, sizes: dict[str, int], said: str) -> str:
    if "yours" not in cells.values or "expected" not in cells.values:
        return ""
    yours = cells.values["yours"].reshape(cells.shapes["yours"])
    expected = cells.values["expected"].reshape(cells.shapes["expected"])
    if cells.comparable:
        return what_cells_show(yours, expected, cells.error.reshape(yours.shape) > 0, sizes, said)
    return what_shapes_show(yours, expected)


def shape_text(shape: Sequence[int]) -> str:
    """A shape as NumPy writes it."""
    return str(tuple(shape))


def title(found: Subject, width: int) -> Content:
    """The tensor, its shapes and its verdict on the left, the case on the right."""
    check = found.check
    right = check.verdict == "right"
    shape = check.actual_shape if check.actual_shape is not None else check.expected_shape
    shapes = shape_text(shape)
    if check.actual_shape is not None and check.actual_shape != check.expected_shape:
        shapes = f"{shapes}, expected {shape_text(check.expected_shape)}"
    sign, style = ("✓", "$good") if right else ("·", "$dim") if check.verdict == "not_reached" else ("✗", "$bad")
    verdict = VERDICT_WORDS[check.verdict]
    left = Content.assemble(
        (check.name, "bold $bright"), (f" {shapes}", "$foreground"), (f"   {sign} {verdict}", style)
    )
    if check.ratio is not None:
        left += Content.assemble((f"   error {check.ratio:.1e}", "$foreground"))
    case = Content.assemble((f"{check.tier}: {check.case}", "$dim"))
    room = width - left.cell_length - 2
    if room < 12:
        return left.truncate(width)
    case = case.truncate(room, ellipsis=True)
    return left.pad_right(room + 2 - case.cell_length) + case


def words(found: Subject, stale: bool, width: int) -> Content:
    """The verdict's sentence, and what the cells show."""
    said = [(found.check.sentence, "$bright" if found.check.verdict != "right" else "$foreground")]
    if found.shows and found.shows != found.check.sentence:
        said.append((found.shows, "$foreground"))
    if stale:
        said.append((STALE, "$dim"))
    lines = [
        line for text, style in said for line in Content.styled(text, "$dim" if stale else style).wrap(max(10, width))
    ]
    return Content("\n").join(lines)


def detail(found: Subject, frame: Frame, stale: bool, width: int) -> Content:
    """The cell under the cursor in full, how wrong it is among the others, and what else there is to know."""
    lines = (_values(frame, 10 if width >= WIDE else 8), _standing(frame), _notes(found, frame))
    shown = (
        Content("   ").join(Content.assemble(*parts) for parts in line).truncate(width, ellipsis=True) for line in lines
    )
    content = Content("\n").join(shown)
    return Content.styled(content.plain, "$dim") if stale else content


Parts = list[tuple[tuple[str, str], ...]]


def _values(frame: Frame, digits: int) -> Parts:
    """The cell's index, once where the shapes are the same, and its values."""
    cells, cursor = frame.cells, frame.look.cursor
    indices = {quantity: cells.index(quantity, cursor) for quantity in cells.quantities}
    at = {quantity: "" if index is None else str(list(index)) for quantity, index in indices.items()}
    parts: Parts = [((at[frame.look.quantity] or "–", "bold $bright"),)]
    for quantity in cells.quantities:
        if quantity != "difference":
            value = cells.at(quantity, cursor)
            style = "$accent" if quantity == frame.look.quantity else "$dim"
            name = quantity if cells.comparable else f"{quantity}{at[quantity]}"
            parts.append(((f"{name} ", style), ("–" if value is None else f"{value:.{digits}g}", "$foreground")))
    return parts if cells.comparable else parts[1:]


def _standing(frame: Frame) -> Parts:
    cells, cursor = frame.cells, frame.look.cursor
    rank, difference = cells.rank(cursor), cells.at("difference", cursor)
    parts: Parts = []
    if rank is not None:
        of = f" of {len(cells.order)} wrong" if len(cells.order) > 1 else ""
        parts.append(((f"✗ {'the worst' if rank == 0 else f'number {rank + 1}'}{of}", "$bad"),))
    elif difference is not None:
        parts.append((("✓ right", "$good"),))
    if difference is not None:
        style = "$accent" if frame.look.quantity == "difference" else "$dim"
        parts.append((("difference ", style), (f"{difference:.4g}", "$foreground")))
        size = abs(cells.at("yours", cursor) or 0.0) + abs(cells.at("expected", cursor) or 0.0)
        if 0 < size < float("inf"):
            parts.append((("relative ", "$dim"), (f"{abs(difference) / size:.1e}", "$foreground")))
    return parts


def _notes(found: Subject, frame: Frame) -> Parts:
    parts: Parts = []
    if frame.look.in_strip:
        parts.append((("The arrows move in the map; m goes back to the table.", "$accent"),))
    if frame.folded_words:
        parts.append(((frame.folded_words, "$dim"),))
    if found.numeric_note:
        values = frame.cells.values["numeric"]
        made = int(np.count_nonzero(~np.isnan(values)))
        some = f" ({made} of {values.size} entries)" if made < values.size else ""
        parts.append(((f"numeric{some}: your own forward, {found.numeric_note}", "$dim"),))
    return parts
