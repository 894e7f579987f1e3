"""Which class is taken for which: counts, and the worst of them in words."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tutor.viz.model import Line, Picture, Role, Span
from tutor.viz.pixels import within

Array = NDArray[Any]

CALLED_OUT = 3  # confusions that are marked, and said in words
HEAD = 6  # cells before the first column
RECALL = 8  # cells behind the last


class Confused(NamedTuple):
    """Samples of one class that were taken for another."""

    truth: int
    predicted: int
    times: int


def worst_confusions(confusion: Array, most: int = CALLED_OUT) -> tuple[Confused, ...]:
    """The largest counts beside the diagonal of (classes, classes), the largest first."""
    wrong = np.array(confusion, dtype=np.int64)
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = (np.unravel_index(int(flat), wrong.shape) for flat in order)
    return tuple(Confused(int(t), int(p), int(wrong[t, p])) for t, p in pairs if wrong[t, p] > 0)


def confusion_matrix(confusion: Array, width: int, height: int) -> Picture:
    """Draw counts (classes, classes), a row per truth, a column per prediction, and the worst confusions below.

    What is right is in brackets, what is wrong most often carries a ✗, and nothing is a dot.
    """
    classes = len(confusion)
    if not classes:
        return ()
    digits = len(str(int(np.max(confusion, initial=0))))
    cell = max(4, digits + 3)
    if HEAD + cell * classes > width:
        cell = max(digits + 1, 3)
    worst = {(one.truth, one.predicted) for one in worst_confusions(confusion)}
    with_recall = HEAD + cell * classes + RECALL <= width
    names = "".join(f"{label}".rjust(cell) for label in range(classes))
    lines: list[Line] = [
        (Span(" " * HEAD), Span("taken for".rjust(cell + 6), "axis")),
        (Span("truth".ljust(HEAD), "axis"), Span(names, "label"), Span("   right" if with_recall else "", "axis")),
    ]
    for truth, row in enumerate(np.asarray(confusion).tolist()):
        spans = [Span(f"{truth}".rjust(HEAD - 2) + "  ", "label")]
        spans += [_cell(count, truth == at, (truth, at) in worst, cell) for at, count in enumerate(row)]
        if with_recall and sum(row):
            spans.append(Span(f"{row[truth] / sum(row):>{RECALL}.0%}", "dim"))
        lines.append(tuple(spans))
    said = _words(worst_confusions(confusion), width)
    return within([*lines[: max(0, height - len(said))], *said], width, height)


def _cell(count: int, right: bool, marked: bool, cell: int) -> Span:
    if right:
        role: Role = "good" if count else "axis"
        text = f"({count})" if cell > len(f"{count}") + 2 else f"{count}"
        return Span(text.rjust(cell), role)
    if not count:
        return Span("·".rjust(cell), "axis")
    text = f"✗{count}" if marked and cell > len(f"{count}") + 1 else f"{count}"
    return Span(text.rjust(cell), "bad" if marked else "plain")


def _words(worst: tuple[Confused, ...], width: int) -> list[Line]:
    """The worst ones, as many as fit on a line, below an empty one."""
    if not worst:
        return [(), (Span("Every one is right.", "good"),)]
    said = "Most often: "
    for one in worst:
        part = f"{one.truth} taken for {one.predicted}, {one.times}×"
        longer = said + ("" if said.endswith(": ") else ";  ") + part
        if len(longer) > width and not said.endswith(": "):
            break
        said = longer
    return [(), (Span(said, "plain"),)]
