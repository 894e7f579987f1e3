"""Before a run: on what data, how, and with which numbers; enter starts it at once as it stands."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Static

from tutor.course import Challenge
from tutor.errors import TutorError
from tutor.training import OwnOptimizer, RunConfig, TrainOptions, plan
from tutor.training.datasets import NAMES, DatasetUnavailable, facts, missing
from tutor.training.planning import Plan
from tutor.training.recipes import SETTINGS
from tutor.tui.screens import train_choices, train_setup_view
from tutor.tui.screens.train_choices import A_MINUTE, A_RUN, ROWS, Choices, Offer, Row
from tutor.tui.screens.train_starting import Fetching, judged, new_run, passed_optimizers

if TYPE_CHECKING:
    from tutor.tui.app import TutorApp

AROUND = 10  # lines of the dialog beside the rows


def first_choices(challenge: Challenge, *, torch: bool) -> Choices:
    """As the exercise says, with PyTorch's loss beside the learner's where there can be one.

    Loading PyTorch takes the worker some seconds more, once a run; the run then lasts a minute, and every one of its
    steps is checked against PyTorch: that is what a learner has come to see.
    """
    try:
        beside = torch and plan(challenge, TrainOptions()).has_twin
    except TutorError:
        beside = False  # it is said when the dialog plans it
    return Choices(how="lockstep" if beside else "numpy")


class TrainSetup(ModalScreen[RunConfig]):
    """One row a choice; answers with the run that it started, or None."""

    CSS_PATH = "train_setup.tcss"
    BINDINGS = [
        Binding("up,k,shift+tab", "row(-1)", "Row above", show=False),
        Binding("down,j,tab", "row(1)", "Row below", show=False),
        Binding("left", "move(-1)", "Value before", show=False),
        Binding("right,space", "move(1)", "Next value", show=False),
        Binding("backspace,delete", "erase", "Erase", show=False),
        Binding("enter,f5", "start", "Start", show=False),
        Binding("escape", "leave", "Leave", show=False),
    ]

    def __init__(self, challenge: Challenge, source: str, remembered: Choices | None = None) -> None:
        super().__init__()
        self.challenge, self.source = challenge, source
        torch = find_spec("torch") is not None
        self.offer = Offer(data=NAMES, torch=torch, optimizers=tuple(SETTINGS))
        self.choices = remembered or first_choices(challenge, torch=torch)
        self.own: dict[str, Challenge] = {}  # exercises in which the learner wrote an optimizer that passed
        self.at: Row = ROWS[0]
        self.typing = False  # the next sign goes behind the others
        self.refused = ""  # why it was not started
        self.fetching: Fetching | None = None  # the download under way
        self.starting = False

    @property
    def tutor(self) -> TutorApp:
        """The app, by its own type."""
        return cast("TutorApp", self.app)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(id="heading")
            with VerticalScroll(can_focus=False):
                yield Static(id="rows")
            yield Static(id="said")
            yield Static(id="keys")

    def on_mount(self) -> None:
        progress = self.tutor.store.progress.exercises
        self._look([name for name, state in progress.items() if state.passed])
        self.call_after_refresh(self._show)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show)

    def on_unmount(self) -> None:
        if self.fetching is not None:
            self.fetching.stop()

    @work(thread=True)
    def _look(self, passed: list[str]) -> None:
        """See what is there: files of data sets, optimizers of the learner's own, a GPU."""
        kept = self.tutor.paths.datasets
        to_download = {name: size for name in NAMES if (size := missing(name, kept))}
        own = passed_optimizers(self.tutor.paths, passed)
        self.app.call_from_thread(self._found, own, to_download=to_download)
        if self.offer.torch:
            from tutor.training.devices import recent_report

            report = recent_report()
            names = [gpu.name for gpu in report.gpus] if report.cuda else []
            numbered = tuple(f"cuda:{number}" for number in range(len(names))) if len(names) > 1 else ()
            devices = ("auto", "cpu", *(("cuda",) if names else ()), *numbered)
            self.app.call_from_thread(self._found, own, devices=devices, gpu=", ".join(names))

    def _found(self, own: dict[str, Challenge], **facts: object) -> None:
        self.own, self.offer = own, replace(self.offer, own=tuple(own), **facts)
        self._show()

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def _planned(self, choices: Choices) -> Plan | str:
        """What would be trained, or why that cannot be."""
        try:
            return plan(self.challenge, train_choices.options_of(choices, self._own_of(choices)))
        except TutorError as error:
            return str(error)

    def _own_of(self, choices: Choices, source: str = "") -> OwnOptimizer | None:
        challenge = self.own.get(choices.optimizer)
        return OwnOptimizer(challenge, source) if challenge is not None else None

    @property
    def usual(self) -> Plan | None:
        """What numbers that are not given mean with these data and this optimizer."""
        found = self._planned(Choices(data=self.choices.data, optimizer=self.choices.optimizer))
        return found if isinstance(found, Plan) else None

    def _show(self) -> None:
        if not self.is_mounted:
            return
        rows = self.query_one("#rows", Static)
        width = rows.container_size.width or 78
        self.query_one(VerticalScroll).styles.max_height = max(3, self.size.height - AROUND)
        self.query_one("#heading", Static).update(train_setup_view.heading(self.challenge.id, width))
        rows.update(train_setup_view.rows(self.choices, self.offer, self.usual, self.at, width))
        self.query_one("#said", Static).update(self._said(width))
        self.query_one("#keys", Static).update(train_setup_view.keys(self.fetching is not None))

    def _said(self, width: int) -> Content:
        if self.fetching is not None:
            fetching = self.fetching
            return train_setup_view.download(fetching.there, fetching.all_of_it, facts(fetching.name).title, width)
        if self.starting:
            return Content.styled("Starting.", "$foreground")
        found = self._planned(self.choices)
        if self.refused or isinstance(found, str):
            return Content.assemble(("✗ ", "$bad"), (self.refused or str(found), "$foreground"))
        return train_setup_view.summary(found, self.choices)

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _choose(self, choices: Choices) -> None:
        if not self.starting:
            self.choices, self.refused = choices, ""
            self._show()

    def action_row(self, by: int) -> None:
        self.action_go_to(ROWS[(ROWS.index(self.at) + by) % len(ROWS)])

    def action_go_to(self, row: Row) -> None:
        self.at, self.typing = row, False
        line = Region(0, ROWS.index(row), 1, 1)
        self.query_one(VerticalScroll).scroll_to_region(line, animate=False)
        self._show()

    def action_move(self, by: int) -> None:
        self.typing = False
        self._choose(train_choices.moved(self.choices, self.at, by, self.offer, self.usual))

    def action_erase(self) -> None:
        self.typing = True
        self._choose(train_choices.erased(self.choices, self.at))

    def _type(self, sign: str) -> None:
        choices = train_choices.typed(self.choices, self.at, sign, begins=not self.typing)
        if choices != self.choices:
            self.typing = True
            self._choose(choices)

    def on_key(self, event: events.Key) -> None:
        if event.character is not None and event.is_printable:
            self._type(event.character)

    def on_paste(self, event: events.Paste) -> None:
        for sign in event.text.strip():
            self._type(sign)

    def action_leave(self) -> None:
        """Leave; while something is downloaded, stop that first."""
        if self.fetching is not None:
            self.fetching.stop()
            self.fetching, self.starting = None, False
            self.refused = "The download is stopped. What has come is kept, and it goes on from there."
            self._show()
        elif not self.starting:
            self._remember()
            self.dismiss(None)

    def _remember(self) -> None:
        self.tutor.last_choices[self.challenge.id] = self.choices

    def action_start(self) -> None:
        if not self.starting:
            self.starting, self.refused = True, ""
            self._show()
            self.run_worker(self._start(self.choices), group="start")

    # ── starting ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _start(self, choices: Choices) -> None:
        fetching: Fetching | None = None
        try:
            own = self._own_of(choices)
            if own is not None:
                own = await asyncio.to_thread(judged, self.tutor, own.challenge)
            options = train_choices.options_of(choices, own)
            plan(self.challenge, options)  # before a download is for nothing
            paths = self.tutor.paths
            if await asyncio.to_thread(missing, choices.data, paths.datasets):
                fetching = self.fetching = Fetching(choices.data, paths.datasets, self._show)
                self._show()
                await fetching.run()
                if fetching.stopped:
                    return
                self.fetching = None
            seconds = A_RUN if choices.pace == A_MINUTE else 0.0
            config = await asyncio.to_thread(new_run, paths, self.challenge, self.source, options, seconds=seconds)
        except DatasetUnavailable as error:
            if fetching is None or not fetching.stopped:
                self._refuse(f"{error} The digits are chosen again.", replace(choices, data="digits"))
        except TutorError as error:
            self._refuse(str(error), choices)
        else:
            self._remember()
            self.dismiss(config)

    def _refuse(self, why: str, choices: Choices) -> None:
        self.fetching, self.starting = None, False
        self.refused, self.choices = why, choices
        self._show()
