"""Before a run: what can be chosen, what is refused and stays open, what is downloaded first, and what is started."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from msgspec import structs
from textual.containers import VerticalScroll

from tests.families import spec
from tests.faults.test_dataset_download import Server
from tests.functional.test_families_b import ADAM
from tests.idx_files import little_mnist
from tests.screens import Learner, challenge, learner, solution
from tests.training_runs import kill
from tutor.course import Challenge
from tutor.learner import Box
from tutor.training.datasets import DatasetUnavailable
from tutor.training.datasets.tables import PUBLISHED, PublishedFile
from tutor.training.folder import read_config, run_folders
from tutor.training.model import RunConfig
from tutor.tui.opening import Opening
from tutor.tui.screens import lab_train, train_setup, train_starting
from tutor.tui.screens.lab import LabScreen
from tutor.tui.screens.train import TrainScreen
from tutor.tui.screens.train_choices import ROWS, Choices
from tutor.tui.screens.train_setup import TrainSetup
from tutor.tui.screens.train_setup_view import LABELS
from tutor.viz import as_text

NAME = "linear_scratch"
RIGHT = solution(NAME)
HOME = Opening("home")


def setup(someone: Learner) -> TrainSetup:
    screen = someone.app.screen
    assert isinstance(screen, TrainSetup)
    return screen


async def opened(someone: Learner, of: Challenge | None = None, **choices: str) -> TrainSetup:
    """Open it over the first screen; `choices` are what was chosen before, in this sitting."""
    of = of or challenge(NAME)
    if choices:
        someone.app.last_choices[of.id] = Choices(**{"how": "numpy", **choices})  # type: ignore[arg-type]
    lab_train.train(someone.app.screen, of, RIGHT)  # type: ignore[arg-type]
    await someone.until(lambda: isinstance(someone.app.screen, TrainSetup) and setup(someone).is_mounted)
    await someone.until(lambda: someone.said("#rows"))
    return setup(someone)


def line(someone: Learner, label: str) -> str:
    """What stands behind a label."""
    return next(line for line in someone.said("#rows").split("\n") if line[2:].startswith(label))


@contextmanager
def killed_at_last(someone: Learner) -> Iterator[None]:
    try:
        yield
    finally:
        for run_dir in run_folders(someone.paths.runs) if someone.paths.runs.exists() else ():
            kill(run_dir)


async def watched(someone: Learner) -> RunConfig:
    """Wait for the screen on which the run is watched."""
    await someone.until(lambda: isinstance(someone.app.screen, TrainScreen))
    return read_config(someone.train.run_dir)


@pytest.mark.parametrize("size", [(60, 16), (120, 36)])
async def test_every_choice_has_a_row_and_arrows_change_it(tmp_path: Path, size: tuple[int, int]) -> None:
    async with learner(tmp_path, HOME, size=size) as someone:
        dialog = await opened(someone)
        assert "digits" in line(someone, "data")
        assert "your NumPy beside PyTorch" in line(someone, "how")
        assert "64-32-10" in someone.said("#said")
        assert "1,350 steps" in someone.said("#said")
        for label in LABELS.values():
            assert line(someone, label).startswith("▸")
            before = line(someone, label)
            await someone.press("right")
            assert line(someone, label) != before, label
            await someone.press("down")
        assert line(someone, "data").startswith("▸")  # round
        assert dialog.choices == Choices("xor", "twin", "sgd", "0.2", "64", "200", "64,64", "0", "cpu", "full speed")
        await someone.press("up")
        assert line(someone, "pace").startswith("▸")
        rows, keys = dialog.query_one("#rows").parent, dialog.query_one("#keys").region
        assert isinstance(rows, VerticalScroll)
        assert rows.scroll_y == max(0, len(ROWS) - rows.size.height)  # the last one is in sight
        assert keys.bottom <= size[1]
        assert not someone.paths.runs.exists()


async def test_a_number_is_typed_and_erased(tmp_path: Path) -> None:
    async with learner(tmp_path, HOME) as someone:
        dialog = await opened(someone)
        dialog.action_go_to("lr")
        await someone.press(*"0x.25")
        assert dialog.choices.lr == "0.25"
        assert "usually 0.1" in line(someone, "learning rate")
        await someone.press("backspace")
        assert dialog.choices.lr == "0.2"
        await someone.press("right")
        assert dialog.choices.lr == "0.5"
        await someone.press("down", "7", "down", "left", "down", *"9,8")
        assert (dialog.choices.batch, dialog.choices.epochs, dialog.choices.hidden) == ("7", "20", "9,8")
        assert "64-9-8-10" in someone.said("#said")
        await someone.press("up", "backspace", "backspace")
        assert dialog.choices.epochs == ""
        assert "30" in line(someone, "epochs")


async def test_what_makes_no_run_is_said_and_the_dialog_stays(tmp_path: Path) -> None:
    async with learner(tmp_path, HOME) as someone:
        dialog = await opened(someone, lr="-1")
        for said in ("-1 is no learning rate", "0 is no batch size"):
            assert said in someone.said("#said")  # before it is started
            await someone.press("enter")
            await someone.until(lambda: not dialog.starting)
            assert someone.app.screen is dialog
            assert said in someone.said("#said")
            dialog._choose(Choices(batch="0"))
        assert not someone.paths.runs.exists()


async def test_what_an_exercise_cannot_use_is_said(tmp_path: Path) -> None:
    async with learner(tmp_path, HOME) as someone:
        await opened(someone, spec("layer", "Conv2D", 'of = "conv2d"'), data="moons")
        assert "A convolution needs images, and these samples are points of 2 numbers" in someone.said("#said")
        await someone.press("left", "left")
        assert "images of 8 x 8" in line(someone, "data")
        assert "✗" not in someone.said("#said")


async def test_a_layer_that_pytorch_has_not_trains_by_itself(tmp_path: Path) -> None:
    own = structs.replace(challenge(NAME), train=structs.replace(challenge(NAME).train, of="own"))  # type: ignore[type-var]
    async with learner(tmp_path, HOME) as someone:
        dialog = await opened(someone, own)
        assert dialog.choices.how == "numpy"
        await someone.press("down", "right")
        assert "PyTorch has no twin of this network" in someone.said("#said")


async def test_without_torch_there_is_your_numpy_and_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_setup, "find_spec", lambda name: None if name == "torch" else find_spec(name))
    async with learner(tmp_path, HOME) as someone:
        dialog = await opened(someone)
        await someone.press("down", "right", "right")
        assert dialog.choices.how == "numpy"
        assert "pip install torch" in line(someone, "how")


async def test_what_was_chosen_is_remembered_as_long_as_the_tutor_is_open(tmp_path: Path) -> None:
    async with learner(tmp_path, HOME) as someone:
        await opened(someone)
        await someone.press("right", "escape")
        assert not isinstance(someone.app.screen, TrainSetup)
        dialog = await opened(someone)
        assert dialog.choices.data == "xor"
        assert "640 points" in line(someone, "data")
        await someone.press("escape")
        other = await opened(someone, challenge("backprop_fill"))
        assert other.choices.data == "digits"


# ── data that is downloaded first ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def mnist(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Publish a small set in the place of MNIST, on a server of the test's own, or on one that is gone."""
    files = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in little_mnist().items()}
    published = tuple(PublishedFile(name, len(c), hashlib.sha256(c).hexdigest()) for name, c in files.items())
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server(files) as server:
        mirrors = (server.url,)
        monkeypatch.setitem(PUBLISHED, "mnist", structs.replace(PUBLISHED["mnist"], files=published, mirrors=mirrors))
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield lambda: server
        server.shutdown()
        thread.join()


async def test_mnist_is_downloaded_and_trained_on(tmp_path: Path, mnist: Callable[[], Server]) -> None:
    async with learner(tmp_path, HOME) as someone:
        await opened(someone, data="mnist", epochs="1")
        await someone.until(lambda: "to download, once" in line(someone, "data"))
        with killed_at_last(someone):
            await someone.press("enter")
            config = await watched(someone)
            assert (config.dataset, config.widths) == ("mnist", (784, 128, 10))
            assert (someone.paths.datasets / "mnist" / "t10k-labels-idx1-ubyte.gz").exists()
            await someone.until(lambda: "✓ done" in someone.said("#title"))
        assert len(mnist().asked) == 4


async def test_without_a_network_a_sentence_and_the_digits(tmp_path: Path, mnist: Callable[[], Server]) -> None:
    mnist().status = 503
    async with learner(tmp_path, HOME) as someone:
        dialog = await opened(someone, data="mnist")
        await someone.press("enter")
        await someone.until(lambda: "could not be downloaded" in someone.said("#said"))
        assert "503" in someone.said("#said")
        assert someone.app.screen is dialog
        assert dialog.choices.data == "digits"
        assert not someone.paths.runs.exists()


async def test_a_download_is_watched_and_stopped(
    tmp_path: Path, mnist: Callable[[], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def slowly(name: str, kept: Path, progress: Callable[[int, int], object]) -> Path:
        progress(400_000, 1_000_000)
        try:
            go_on.wait(20)
            progress(500_001, 1_000_000)
            raise DatasetUnavailable("It was not stopped.")
        finally:
            ended.set()

    monkeypatch.setattr(train_starting, "obtain", slowly)
    async with learner(tmp_path, HOME) as someone:
        dialog = await opened(someone, data="mnist")
        await someone.press("f5")
        await someone.until(lambda: "400 kB of 1.0 MB" in someone.said("#said"))
        await someone.press("right", "f5")  # nothing changes under it
        assert dialog.choices.data == "mnist"
        assert "stops that" in someone.said("#keys")
        await someone.press("escape")
        assert someone.app.screen is dialog
        assert "The download is stopped" in someone.said("#said")
        go_on.set()
        await someone.until(ended.is_set)
        await someone.press("right", "left")
        assert "400 kB" not in someone.said("#said")
        await someone.press("escape")
        assert someone.app.screen is not dialog


# ── an optimizer of the learner's own ────────────────────────────────────────────────────────────────────────────────


async def test_your_own_optimizer_is_offered_judged_and_trains(
    tmp_path: Path, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    adam = spec("optimizer", "Adam", 'rule = "adam"')
    monkeypatch.setattr(train_starting, "load_challenge", lambda _, name: {"mine": adam, NAME: challenge(NAME)}[name])
    async with learner(tmp_path, HOME, box) as someone:
        file = someone.paths.implementation("mine")
        file.parent.mkdir(parents=True)
        file.write_text(ADAM.replace("** 2", "").replace("g**2", "g"))
        for name in ("mine", NAME):  # only one of them is an optimizer
            someone.app.store.record("exercise_passed", lesson="13", exercise=name)
        someone.app.store.refresh()
        dialog = await opened(someone, how="numpy")
        await someone.until(lambda: dialog.offer.own == ("mine",))
        await someone.press("down", "down", "left")
        assert "mine" in line(someone, "optimizer")
        assert "0.003" in line(someone, "learning rate")
        await someone.press("enter")
        await someone.until(lambda: "Your mine does not pass as it stands now" in someone.said("#said"))
        assert not someone.paths.runs.exists()
        file.write_text(ADAM)
        with killed_at_last(someone):
            await someone.press("enter")
            config = await watched(someone)
            assert (config.optimizer.owner, config.optimizer.challenge) == ("yours", "mine")
            assert (someone.train.run_dir / "code" / "mine.py").read_text() == ADAM


# ── with PyTorch beside it ───────────────────────────────────────────────────────────────────────────────────────────


async def test_f5_then_enter_trains_beside_pytorch(tmp_path: Path, box: Box) -> None:
    async with learner(tmp_path, Opening("lab", NAME), box) as someone:
        await someone.save(RIGHT)
        with killed_at_last(someone):
            await someone.press("f5")
            await someone.until(lambda: isinstance(someone.app.screen, TrainSetup))
            await someone.press("enter")
            config = await watched(someone)
            assert (config.mode, config.dataset, config.pace) == ("lockstep", "digits", 22.5)  # a minute
            await someone.until(lambda: "PyTorch, which takes it some seconds" in someone.said("#notes"))
            await someone.until(lambda: "PyTorch alone" in as_text(someone.train.chart.picture))
            await someone.until(lambda: "✓ Lockstep" in someone.said("#notes"))

            await someone.press("f5")  # the same code, with other settings
            await someone.until(lambda: isinstance(someone.app.screen, TrainSetup))
            assert setup(someone).source == RIGHT
            await someone.press("escape")
        assert isinstance(someone.app.screen, TrainScreen)
        assert any(isinstance(screen, LabScreen) for screen in someone.app.screen_stack)
