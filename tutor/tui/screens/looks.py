from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from tutor.errors import RunError, TutorError
from tutor.tui.screens import looks_view
from tutor.tui.screens.screen import TutorScreen
from tutor.tui.widgets.keybar import KeyBar
from tutor.tui.widgets.picture_view import PictureView

if TYPE_CHECKING:
    from textual.timer import Timer

    from tutor.training.epochs import EpochLook

OVER_A_LINK = "SSH_CONNECTION" in os.environ  # a picture of two colours a cell is some 20 kB
LOOK_EVERY = 1.0 if OVER_A_LINK else 0.5  # seconds between two looks into the folder while the run goes on
PLAY_EVERY = 0.5 if OVER_A_LINK else 0.25  # seconds an epoch while it plays
MOST_VIEWS = 3
LONGEST_NUMBER = 7  # digits of an epoch


class LooksScreen(TutorScreen):
    """What the network looked like after every epoch, from before its first step."""

    HELP = (
        "The network after every epoch: what its first layer looks for, what it says of samples it never trained on, "
        "and which classes it takes for which. Left and right move through the run, from epoch 0 on."
    )
    CSS_PATH = "looks.tcss"
    BINDINGS = [
        Binding("left,h", "move(-1)", "epoch", key_display="← →", tooltip="The epoch before"),
        Binding("right,l", "move(1)", "Next epoch", show=False, tooltip="The next epoch"),
        Binding("pageup", "move(-10)", "Ten back", show=False, tooltip="Ten epochs back"),
        Binding("pagedown", "move(10)", "Ten on", show=False, tooltip="Ten epochs on"),
        Binding("home", "end_of(False)", "Epoch 0", show=False, tooltip="Before the first step"),
        Binding("end", "end_of(True)", "Newest epoch", show=False, tooltip="The newest epoch, and follow the run"),
        Binding("space", "play", "play", key_display="space", tooltip="Play the epochs, and stop"),
        Binding("g", "ask_number", "go to", tooltip="Go to an epoch: type its number, then enter"),
        Binding("enter", "jump", "Go there", show=False, tooltip="Go to the epoch that was typed"),
        *(
            Binding(str(digit), f"digit({digit})", "view", show=digit == 1, key_display="1 2 3", tooltip="A view")
            for digit in range(10)
        ),
        Binding("escape,q", "leave", "back", key_display="esc"),
    ]  # fmt: skip

    def __init__(self, run_dir: Path) -> None:
        super().__init__()
        self.run_dir = run_dir
        self.epochs: tuple[int, ...] = ()
        self.at = 0  # in epochs
        self.look: EpochLook | None = None
        self.following = True  # the newest epoch, until somebody moves
        self.ended = False
        self.chosen = 0
        self.typed: str | None = None  # the number that is being typed
        self.problem = ""
        self._player: Timer | None = None
        self._poller: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        with Horizontal(id="views"):
            for number in range(MOST_VIEWS):
                with Vertical(classes="view", id=f"view{number}"):
                    yield Static(classes="heading", id=f"heading{number}")
                    yield PictureView(id=f"picture{number}")
        yield Static(id="scrubber")
        yield KeyBar()

    def on_mount(self) -> None:
        self._poller = self.set_interval(LOOK_EVERY, self._poll)
        self._poll()

    def on_screen_suspend(self) -> None:
        if self._poller is not None:
            self._poller.pause()
        self._stop_playing()

    def on_screen_resume(self) -> None:
        if self._poller is not None and not self.ended:
            self._poller.resume()
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    # ── the folder, on a thread ──────────────────────────────────────────────────────────────────────────────────────

    @work(thread=True, exclusive=True, group="poll")
    def _poll(self) -> None:
        from tutor.training.epochs import list_epochs
        from tutor.training.folder import read_end

        try:
            ended = read_end(self.run_dir) is not None  # before the list: what it follows is then in it
            epochs = list_epochs(self.run_dir)
        except TutorError as error:
            self.app.call_from_thread(self._said, str(error))
            return
        self.app.call_from_thread(self._polled, epochs, ended)

    def _polled(self, epochs: tuple[int, ...], ended: bool) -> None:
        self.ended = ended
        if ended and self._poller is not None:
            self._poller.pause()
        newer = epochs != self.epochs
        if newer:
            here = self.epochs[self.at] if self.epochs else 0
            self.epochs = epochs
            # Where the run goes on, an epoch between two that stay may be gone: the nearest one takes its place.
            near = min(range(len(epochs)), key=lambda n: abs(epochs[n] - here), default=0)
            self.at = max(0, len(epochs) - 1) if self.following else near
        if epochs and (newer or self.look is None):
            self._read(epochs[self.at])
        self._show()

    @work(thread=True, exclusive=True, group="read")
    def _read(self, epoch: int) -> None:
        from tutor.training.epochs import read_epoch

        try:
            look = read_epoch(self.run_dir, epoch)
        except RunError as error:
            self.app.call_from_thread(self._said, str(error))
            return
        self.app.call_from_thread(self._got, look)

    def _got(self, look: EpochLook) -> None:
        if self.epochs and look.epoch == self.epochs[self.at]:  # not one that was passed over meanwhile
            self.look, self.problem = look, ""
            self._show()

    def _said(self, problem: str) -> None:
        self.problem = problem
        self._show()

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def views(self) -> tuple[looks_view.View, ...]:
        """What there is to see of this run."""
        return looks_view.views_of(self.look) if self.look is not None else ()

    def _show(self) -> None:
        if not self.is_mounted or not self.is_current:
            return
        width = max(1, self.size.width - 2)
        last = max(self.epochs[-1], self.look.epoch) if self.epochs and self.look is not None else 0
        state = "" if self.ended else "under way"
        self.put("#title", looks_view.title(self.run_dir.name, self.look, last, state, width))
        words = self._words() or looks_view.scrubber(self.epochs, self.at, width, self._sign())
        self.put("#scrubber", words.truncate(width))
        shown = looks_view.beside(self.views, self.chosen, self.size.width)
        for number in range(MOST_VIEWS):
            self.query_one(f"#view{number}").display = number < len(shown)
        self._draw()

    def _sign(self) -> str:
        if self._player is not None:
            return "▸ playing"
        return "following the run" if self.following and not self.ended else ""

    def _words(self) -> Content:
        """What stands where the scrubber does, when there is something to say."""
        if self.typed is not None:
            return Content.assemble(("Go to epoch ", "$dim"), (f"{self.typed}▏", "bold $accent"), ("  then ⏎", "$dim"))
        if self.problem:
            return Content.assemble((self.problem, "$bad"))
        if not self.epochs:
            if self.ended:
                return Content.assemble(("This run stored no looks at its epochs.", "$dim"))
            return Content.assemble(("No epoch yet: the first look comes before the first step.", "$dim"))
        return Content("")

    def on_picture_view_sized(self) -> None:
        """A view came, or its place changed."""
        self._draw()

    def _draw(self) -> None:
        """The pictures whose places are known."""
        look = self.look
        if look is None or not self.is_mounted:
            return
        views, signs = self.views, self.app.has_class("-flat")
        self.chosen = min(self.chosen, len(views) - 1)
        for number, view in enumerate(looks_view.beside(views, self.chosen, self.size.width)):
            place = self.query_one(f"#picture{number}", PictureView)
            size = place.size
            if not size.area:
                continue
            chosen = views[self.chosen] == view
            said = looks_view.heading(view, views.index(view) + 1, chosen, look, (size.width, size.height), signs=signs)
            self.put(f"#heading{number}", said)
            place.show(looks_view.picture(view, look, size.width, size.height, signs=signs))

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _go(self, at: int) -> None:
        at = max(0, min(len(self.epochs) - 1, at))
        self.following = at == len(self.epochs) - 1
        if self.epochs and (at != self.at or self.look is None):
            self.at = at
            self._read(self.epochs[at])
        self._show()

    def action_move(self, by: int) -> None:
        """Through the epochs."""
        self._stop_playing()
        self._go(self.at + by)

    def action_end_of(self, newest: bool) -> None:
        """To epoch 0, or to the newest."""
        self._stop_playing()
        self._go(len(self.epochs) - 1 if newest else 0)

    def action_play(self) -> None:
        """One epoch after the other; from the last one, from the beginning."""
        if self._player is not None:
            self._stop_playing()
        elif len(self.epochs) > 1:
            self._player = self.set_interval(PLAY_EVERY, self._play_on)
            self._go(0 if self.at == len(self.epochs) - 1 else self.at)
        self._show()

    def _play_on(self) -> None:
        if self.at >= len(self.epochs) - 1:
            self._stop_playing()
        self._go(self.at + 1)

    def _stop_playing(self) -> None:
        if self._player is not None:
            self._player.stop()
            self._player = None

    def action_ask_number(self) -> None:
        """A number is typed, and enter goes there."""
        self._stop_playing()
        self.typed = ""
        self._show()

    def action_digit(self, digit: int) -> None:
        """A digit of that number; else the key of a view."""
        if self.typed is not None:
            self.typed = (self.typed + str(digit))[:LONGEST_NUMBER]
        elif 1 <= digit <= len(self.views):
            self.chosen = digit - 1
        self._show()

    def action_jump(self) -> None:
        """To the epoch that was typed, or the nearest that is stored."""
        typed, self.typed = self.typed, None
        if typed and self.epochs:
            self._go(min(range(len(self.epochs)), key=lambda n: abs(self.epochs[n] - int(typed))))
        self._show()

    def action_leave(self) -> None:
        """Away from the number that is typed, else from the screen."""
        if self.typed is not None:
            self.typed = None
            self._show()
        else:
            self.tutor.back()
