"""Epoch by epoch as lines and pictures: pure functions of an EpochLook and a size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.content import Content

from tutor.viz.model import Picture

if TYPE_CHECKING:
    from tutor.training.epochs import EpochLook

View = Literal["weights", "regions", "samples", "confusion"]
NAMES: dict[View, str] = {
    "weights": "First layer",
    "regions": "Decision regions",
    "samples": "Held-back samples",
    "confusion": "Taken for what",
}
TWO_FROM, THREE_FROM = 100, 160  # cells of the screen from which so many views stand beside each other
LEAST_BAR = 10


def views_of(look: EpochLook) -> tuple[View, ...]:
    """What can be shown of a run, in the order of the keys 1 2 3."""
    views: list[View] = []
    if look.weights.size:
        views.append("weights")
    if len(look.samples.bounds):
        views.append("regions")
    if look.samples.images.size:
        views.append("samples")
    return (*views, "confusion")


def beside(views: tuple[View, ...], chosen: int, width: int) -> tuple[View, ...]:
    """The chosen view and, where there is room, those that follow it; all three stand in their own order."""
    count = min(len(views), 3 if width >= THREE_FROM else 2 if width >= TWO_FROM else 1)
    if count == len(views):
        return views
    return tuple(views[(chosen + n) % len(views)] for n in range(count))


def title(run: str, look: EpochLook | None, last: int, state: str, width: int) -> Content:
    """Which run and which epoch this is, and how good the network was."""
    left = Content.assemble((f"Run {run}", "bold $bright"), (" · epoch by epoch", "$dim"))
    if look is None:
        return left.truncate(width)
    samples = int(look.confusion.sum())
    right = Content.assemble(
        ("epoch ", "$dim"),
        (f"{look.epoch}", "bold $accent"),
        (f"/{last}", "$dim"),
        (" · ", "$faint"),
        (f"{look.accuracy:.1%}", "bold $bright"),
        (f" of {samples} held back" if width >= TWO_FROM else " right", "$dim"),
        (f" · {state}" if state else "", "$dim"),
    )
    room = width - left.cell_length - right.cell_length
    if room > 0:
        return left.pad_right(room) + right
    return left.truncate(max(0, width - right.cell_length - 2)) + Content("  ") + right


def scrubber(epochs: tuple[int, ...], at: int, width: int, sign: str) -> Content:
    """Where in the run this is: a line from epoch 0 to the newest, and what is going on."""
    if not epochs:
        return Content("")
    first, newest = f"{epochs[0]} ", f" {epochs[-1]}"
    said = f"   {sign}" if sign else ""
    bar = max(LEAST_BAR, width - len(first) - len(newest) - len(said))
    place = round(at / max(1, len(epochs) - 1) * (bar - 1))
    return Content.assemble(
        (first, "$dim"),
        ("━" * place, "$accent"),
        ("●", "bold $accent"),
        ("─" * (bar - 1 - place), "$faint"),
        (newest, "$dim"),
        (said, "$dim"),
    ).truncate(width)


def heading(view: View, number: int, chosen: bool, look: EpochLook, size: tuple[int, int], *, signs: bool) -> Content:
    """The name of a view, its key, and how much of it is in sight."""
    from tutor.viz.digits import digits_shown
    from tutor.viz.weights import weights_shown

    width, height = size
    if view == "weights":
        shown = weights_shown(look.weights, width, height, signs=signs)
        more = f"{look.units} units" if shown >= look.units else f"{shown} of {look.units} units"
        more += " · = below 0, ▒ above" if signs else " · dark below 0, light above"
    elif view == "samples":
        shown, all_of_them = digits_shown(look.samples.images, width, height, signs=signs), len(look.samples.truth)
        wrong = int((look.predicted[:shown] != look.samples.truth[:shown]).sum())
        more = f"{shown} of {all_of_them} · " if shown < all_of_them else f"{shown} · "
        more += f"{wrong} wrong: truth✗taken for" if wrong else "all right"
    elif view == "regions":
        wrong = int((look.predicted != look.samples.truth).sum())
        more = f"{len(look.samples.truth)} points · {wrong} wrong ✗"
    else:
        more = f"{int(look.confusion.sum())} held back"
    style = "bold $bright" if chosen else "$foreground"
    return Content.assemble((f"{number} ", "$accent"), (NAMES[view], style), (f"   {more}", "$dim")).truncate(width)


def picture(view: View, look: EpochLook, width: int, height: int, *, signs: bool) -> Picture:
    """One view, in at most so many cells."""
    from tutor.viz.confusion import confusion_matrix
    from tutor.viz.digits import digit_grid
    from tutor.viz.regions import decision_regions
    from tutor.viz.weights import weight_grid

    samples = look.samples
    if view == "weights":
        return weight_grid(look.weights, width, height, signs=signs)
    if view == "samples":
        return digit_grid(samples.images, samples.truth, look.predicted, look.probability, width, height, signs=signs)
    if view == "regions":
        return decision_regions(
            look.regions, look.certainty, samples.bounds, samples.points, samples.truth, look.predicted, width, height
        )
    return confusion_matrix(look.confusion, width, height)
