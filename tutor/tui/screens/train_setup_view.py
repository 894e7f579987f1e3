"""The choices before a run as lines: pure functions of what is chosen, what there is, and a width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tutor.training import MODES, size_words
from tutor.tui.rendering import clickable
from tutor.tui.screens.train_choices import A_MINUTE, A_RUN, ROWS, TYPED, Choices, Offer, Row, chosen, usual_text

if TYPE_CHECKING:
    from tutor.training.planning import Plan

LABELS: dict[Row, str] = {
    "data": "data",
    "how": "how",
    "optimizer": "optimizer",
    "lr": "learning rate",
    "batch": "batch",
    "epochs": "epochs",
    "hidden": "hidden units",
    "seed": "seed",
    "device": "device",
    "pace": "pace",
}
LABEL, VALUE = 14, 30  # cells; of 80 there are 30 left for what there is to know
_NO_TORCH = "pip install torch adds PyTorch"
_HOW = {
    "numpy": "your file alone",
    "lockstep": "every gradient compared",
    "twin": "its network, from your weights",
    "on-torch": "your file, unchanged",
}
_NAMES = {"xor": "XOR", "mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}


def heading(challenge: str, width: int) -> Content:
    """What this is, and with whose code."""
    left, right = Content.styled("Train with your code", "bold $bright"), Content.styled(challenge, "$dim")
    return left.pad_right(max(2, width - left.cell_length - right.cell_length)) + right


def rows(choices: Choices, offer: Offer, usual: Plan | None, at: Row, width: int) -> Content:
    """A line for each choice: its name, its value, and what there is to know of it."""
    return Content("\n").join(_row(row, choices, offer, usual, row == at, width) for row in ROWS)


def _row(row: Row, choices: Choices, offer: Offer, usual: Plan | None, here: bool, width: int) -> Content:
    value = value_words(row, choices, usual)
    said = chosen(choices, row)
    if here and row in TYPED and said:
        value += "▏"
    style = "bold $bright" if here else "$foreground"
    left, right = ("‹ ", " ›") if here else ("  ", "  ")
    shown = Content.assemble(
        clickable(Content.styled(left, "$accent"), "screen.move(-1)") if here else Content(left),
        (value[: VALUE - 5], style),
        clickable(Content.styled(right, "$accent"), "screen.move(1)") if here else Content(right),
    ).pad_right(max(0, VALUE - min(len(value), VALUE - 5) - 4))
    label = Content.assemble(("▸ " if here else "  ", "$accent"), (f"{LABELS[row]:<{LABEL}}", "$dim"))
    line = clickable(label, f"screen.go_to('{row}')") + shown + Content.styled(note(row, choices, offer, usual), "$dim")
    return line.truncate(max(1, width), ellipsis=True)


def value_words(row: Row, choices: Choices, usual: Plan | None) -> str:
    """The value of a row in words."""
    said = chosen(choices, row)
    match row:
        case "data":
            return _NAMES.get(said, said)
        case "how":
            return MODES[choices.how]
        case "optimizer":
            return said or "as the exercise says"
        case "seed":
            return said or "another every time"
        case "lr" | "batch" | "epochs" | "hidden":
            return said or usual_text(row, usual) or "as the exercise says"
        case _:
            return said


def note(row: Row, choices: Choices, offer: Offer, usual: Plan | None) -> str:
    """What there is to know of a value."""
    match row:
        case "data":
            return _data(choices, offer)
        case "how":
            return _HOW[choices.how] if offer.torch else _NO_TORCH
        case "optimizer":
            return _optimizer(choices, offer, usual)
        case "lr" | "batch" | "epochs" | "hidden":
            usually = usual_text(row, usual)
            return f"usually {usually}" if chosen(choices, row) not in ("", usually) and usually else ""
        case "seed":
            return "the same weights, same batches" if choices.seed else ""
        case "device":
            return _device(choices, offer)
        case _:
            return "to be watched; f lets it loose" if choices.pace == A_MINUTE else "as fast as the machine can"


def _data(choices: Choices, offer: Offer) -> str:
    from tutor.training.datasets import facts

    data = facts(choices.data)
    to_download = offer.to_download.get(choices.data)
    if to_download:
        return f"{size_words(to_download)} to download, once"
    if len(data.sample_shape) > 1:
        return f"{data.samples:,} images of {' x '.join(map(str, data.sample_shape))}"
    return f"{data.samples:,} points, {data.classes} classes"


def _optimizer(choices: Choices, offer: Offer, usual: Plan | None) -> str:
    if choices.optimizer in offer.own:
        return "yours"
    if choices.optimizer:
        return "ours"
    if usual is None:
        return ""
    return "your layer's update" if usual.optimizer.owner == "layer" else usual.optimizer.kind


def _device(choices: Choices, offer: Offer) -> str:
    if choices.how == "numpy":
        return "NumPy computes on the CPU" if choices.device != "cpu" else ""
    if choices.device == "cpu" or not offer.torch:
        return ""
    if offer.gpu is None:
        return "looking for a GPU"
    return offer.gpu or "the CPU: no GPU for PyTorch"


def summary(found: Plan, choices: Choices) -> Content:
    """The network and how long it will be."""
    network = "-".join(map(str, found.widths))
    said = f"{found.steps:,} step{'s' * (found.steps != 1)} of {min(found.batch, found.data.samples):,} samples"
    if choices.pace == A_MINUTE:
        said += f", {found.steps / A_RUN:,.0f} a second"
    return Content.assemble((network, "$foreground"), (f"   {said}", "$dim"))


def download(there: int, all_of_it: int, title: str, width: int) -> Content:
    """How far a download is."""
    bar = max(8, min(30, width - 50))
    filled = round(bar * min(1.0, there / max(1, all_of_it)))
    return Content.assemble(
        (f"Downloading {title}  ", "$foreground"),
        ("━" * filled, "$accent"),
        ("━" * (bar - filled), "$faint"),
        (f"  {size_words(there)} of {size_words(all_of_it)}", "$dim"),
    )


def keys(starts: bool) -> Content:
    """The keys, and what each does now."""
    if starts:
        return clickable(Content.assemble(("esc ", "$accent"), ("stops that", "$dim")), "screen.leave")
    return Content("   ").join(
        [
            Content.assemble(("↑ ↓ ", "$accent"), ("row", "$dim")),
            Content.assemble(("← → ", "$accent"), ("change, or type a number", "$dim")),
            clickable(Content.assemble(("⏎ ", "$accent"), ("starts", "$dim")), "screen.start"),
            clickable(Content.assemble(("esc ", "$accent"), ("leaves", "$dim")), "screen.leave"),
        ]
    )
