"""What can be chosen before a run, as records: the next value, what is typed, and what is asked of the run."""

from __future__ import annotations

import pytest

from tests.families import spec
from tests.training_runs import challenge
from tutor.errors import RunError
from tutor.training import OwnOptimizer, TrainOptions, plan
from tutor.tui.screens import train_choices, train_setup_view
from tutor.tui.screens.train_choices import TYPED, Choices, Offer, Row, moved, options_of, typed

USUAL = plan(challenge("linear_scratch"), TrainOptions())
OFFER = Offer(data=("digits", "xor"), optimizers=("sgd", "adam"), own=("mine",))


@pytest.mark.parametrize(
    ("row", "before", "up", "down"),
    [
        ("lr", "", "0.2", "0.05"),
        ("lr", "1e-3", "0.002", "0.0005"),
        ("batch", "", "64", "16"),
        ("batch", "1", "2", "1"),
        ("epochs", "", "50", "20"),
        ("epochs", "1", "2", "1"),
        ("hidden", "", "64", "16"),
        ("hidden", "64,10", "128,20", "32,5"),
        ("seed", "", "0", "0"),
        ("seed", "7", "8", "6"),
        ("lr", "1e", "", ""),  # no number has no next one
        ("data", "digits", "xor", "xor"),
        ("data", "gone", "digits", "digits"),
        ("how", "numpy", "numpy", "numpy"),  # without PyTorch
        ("optimizer", "adam", "mine", "sgd"),
        ("pace", "about a minute", "full speed", "full speed"),
    ],
)
def test_the_value_after_and_before(row: Row, before: str, up: str, down: str) -> None:
    choices = Choices(**{row: before})  # type: ignore[arg-type]
    assert train_choices.chosen(moved(choices, row, 1, OFFER, USUAL), row) == up
    assert train_choices.chosen(moved(choices, row, -1, OFFER, USUAL), row) == down


def test_what_is_typed_is_only_what_belongs_there() -> None:
    choices = Choices()
    for row in TYPED:
        for sign in "1x,.e[":
            choices = typed(choices, row, sign, begins=sign == "1")
    assert choices == Choices(lr="1.e", batch="1", epochs="1", hidden="1,", seed="1")
    assert typed(choices, "data", "1", begins=False) == choices
    long = Choices(seed="1" * 40)
    assert len(typed(long, "seed", "1", begins=False).seed) == train_choices.LONGEST


def test_what_is_asked_of_the_run() -> None:
    assert options_of(Choices()) == TrainOptions()
    own = OwnOptimizer(spec("optimizer", "Adam", 'rule = "adam"'), "")
    asked = options_of(Choices("moons", "on-torch", "mine", ".5", "8", "2", "16,8", "3", "cpu", "full speed"), own)
    assert asked == TrainOptions(
        dataset="moons", epochs=2, batch=8, lr=0.5, hidden=(16, 8), optimizer=own, seed=3, device="cpu", mode="on-torch"
    )


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (Choices(lr="1e"), "1e is no learning rate. Give"),
        (Choices(lr="nan"), "nan is no learning rate"),
        (Choices(lr="-1"), "-1 is no learning rate"),
        (Choices(batch="0"), "0 is no batch size"),
        (Choices(epochs="0"), "0 epochs cannot be trained"),
        (Choices(hidden="0"), "0 is no size of hidden layers"),
        (Choices(hidden="1,,2"), "1,,2 is no size"),
        (Choices(seed="²"), "² is no seed"),
    ],
)
def test_what_makes_no_run_is_a_sentence(choices: Choices, said: str) -> None:
    with pytest.raises(RunError) as refused:
        plan(challenge("linear_scratch"), options_of(choices))
    assert said in str(refused.value)


@pytest.mark.parametrize("width", [44, 76, 80])
def test_no_line_is_wider_than_the_dialog(width: int) -> None:
    offer = Offer(torch=True, to_download={"fashion-mnist": 30_881_317}, own=("a_name_longer_than_any_row_has",))
    choices = Choices("fashion-mnist", "lockstep", "a_name_longer_than_any_row_has", "123456789.12345678", seed="7")
    for row in train_choices.ROWS:
        lines = train_setup_view.rows(choices, offer, USUAL, row, width).split("\n")
        assert all(line.cell_length <= width for line in lines)
    assert "30.9 MB to download" in train_setup_view.note("data", choices, offer, USUAL)
