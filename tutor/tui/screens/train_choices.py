"""What can be chosen before a run is started: a frozen record, and pure functions that change it and read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, cast

from msgspec import Struct
from msgspec.structs import replace

from tutor.errors import RunError, TutorError
from tutor.training import MODES, OwnOptimizer, TrainOptions

if TYPE_CHECKING:
    from tutor.training.model import Mode
    from tutor.training.planning import Plan

Row = Literal["data", "how", "optimizer", "lr", "batch", "epochs", "hidden", "seed", "device", "pace"]
ROWS: tuple[Row, ...] = ("data", "how", "optimizer", "lr", "batch", "epochs", "hidden", "seed", "device", "pace")
TYPED: tuple[Row, ...] = ("lr", "batch", "epochs", "hidden", "seed")
A_MINUTE, FULL_SPEED = "about a minute", "full speed"
A_RUN = 60.0  # seconds of a run that is paced
SIGNS = {"lr": "0123456789.e+-", "hidden": "0123456789,"}  # what may be typed; elsewhere digits alone
LONGEST = 18  # signs typed in a row
_ROUND = (1, 2, 5)  # in every power of ten
_MOST = 10**9
_WHAT = {
    "lr": ("learning rate", "Give a number such as 0.05."),
    "batch": ("batch size", "Give a whole number such as 32."),
    "epochs": ("number of epochs", "Give a whole number such as 30."),
    "hidden": ("size of hidden layers", "Give 32, or 64,32 for two of them."),
    "seed": ("seed", "Give a whole number, or nothing for another one every time."),
}


class Choices(Struct, frozen=True):
    """One value a row, by the names of ROWS; an empty one is as the exercise and its data set say."""

    data: str = "digits"
    how: Mode = "numpy"
    optimizer: str = ""  # a name of tutor.nn, or the id of an exercise in which the learner wrote one
    lr: str = ""
    batch: str = ""
    epochs: str = ""
    hidden: str = ""
    seed: str = ""
    device: str = "auto"
    pace: str = A_MINUTE


class Offer(Struct, frozen=True):
    """What there is to choose from here."""

    data: tuple[str, ...] = ("digits",)
    to_download: dict[str, int] = {}  # bytes, of the data sets that are not there yet
    torch: bool = False
    optimizers: tuple[str, ...] = ()
    own: tuple[str, ...] = ()  # passed exercises in which the learner wrote an optimizer
    devices: tuple[str, ...] = ("auto", "cpu")
    gpu: str | None = None  # its name, or "" for none; None while the machine is asked

    def values(self, row: Row) -> tuple[str, ...]:
        """The values of a row that is not typed."""
        match row:
            case "data":
                return self.data
            case "how":
                return tuple(MODES) if self.torch else ("numpy",)
            case "optimizer":
                return ("", *self.optimizers, *self.own)
            case "device":
                return self.devices
            case _:
                return (A_MINUTE, FULL_SPEED)


def chosen(choices: Choices, row: Row) -> str:
    """The value of a row."""
    return cast(str, getattr(choices, row))


def moved(choices: Choices, row: Row, by: int, offer: Offer, usual: Plan | None) -> Choices:
    """The next value of a row (1), or the one before (-1); `usual` is what an empty one means."""
    now = chosen(choices, row)
    if row not in TYPED:
        values = offer.values(row)
        return replace(choices, **{row: values[(values.index(now) + by) % len(values)] if now in values else values[0]})
    now = now or usual_text(row, usual)
    try:
        return replace(choices, **{row: _step(row, now, by)})
    except TutorError:
        return replace(choices, **{row: ""})  # what is no number has no next one


def typed(choices: Choices, row: Row, sign: str, *, begins: bool) -> Choices:
    """One more sign of a number; the first one typed takes the place of what stood there."""
    if row not in TYPED or sign not in SIGNS.get(row, "0123456789"):
        return choices
    text = ("" if begins else chosen(choices, row)) + sign
    return replace(choices, **{row: text[:LONGEST]})


def erased(choices: Choices, row: Row) -> Choices:
    """One sign fewer; a row that is not typed is as it was at first."""
    return replace(choices, **{row: chosen(choices, row)[:-1] if row in TYPED else getattr(Choices(), row)})


def usual_text(row: Row, usual: Plan | None) -> str:
    """What an empty number means."""
    if usual is None or row == "seed":
        return ""
    match row:
        case "lr":
            return f"{usual.lr:g}"
        case "hidden":
            return ",".join(map(str, usual.hidden))
        case _:
            return str(usual.batch if row == "batch" else usual.epochs)


def options_of(choices: Choices, own: OwnOptimizer | None = None) -> TrainOptions:
    """What is asked of a new run, but for its pace and the folder of its data; RunError where a number is none."""
    hidden, seed = _sizes(choices.hidden), _whole("seed", choices.seed)
    return TrainOptions(
        dataset=choices.data,
        mode=choices.how,
        optimizer=choices.optimizer if own is None else own,
        lr=_number(choices.lr),
        batch=_whole("batch", choices.batch),
        epochs=_whole("epochs", choices.epochs),
        hidden=hidden or None,
        seed=seed,
        device=choices.device,
    )


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _step(row: Row, text: str, by: int) -> str:
    if row == "lr":
        from tutor.tui.screens.train_control import next_rate

        return f"{next_rate(_number(text) or 0.01, up=by > 0):g}"
    if row == "hidden":
        return ",".join(str(_doubled(size, by)) for size in _sizes(text))
    value = _whole(row, text) or 0
    if row == "seed":
        return str(max(0, value + by)) if text else "0"
    return str(_doubled(value, by) if row == "batch" else _round(value, by))


def _doubled(value: int, by: int) -> int:
    return min(2 * value, _MOST) if by > 0 else max(1, value // 2)


def _round(value: int, by: int) -> int:
    """The next of 1, 2, 5, 10, ... above or below."""
    rounds: Sequence[int] = [part * 10**power for power in range(10) for part in _ROUND]
    if by > 0:
        return next((one for one in rounds if one > value), value)
    return next((one for one in reversed(rounds) if one < value), 1)


def _refused(row: Row, text: str) -> RunError:
    what, advice = _WHAT[row]
    return RunError(f"{text} is no {what}.", "", advice)


def _number(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise _refused("lr", text) from None


def _whole(row: Row, text: str) -> int | None:
    if not text:
        return None
    if not (text.isdecimal() and text.isascii()):
        raise _refused(row, text)
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    parts = text.split(",") if text else []
    if not all(part.isdecimal() and part.isascii() and 0 < int(part) < 10**6 for part in parts):
        raise _refused("hidden", text)
    return tuple(map(int, parts))
