"""F5: the choices before a run, and the screen on which it is watched."""

from __future__ import annotations

from tutor.course import Challenge
from tutor.training import RunConfig
from tutor.tui.screens.screen import TutorScreen


def train(
    screen: TutorScreen, challenge: Challenge, source: str, *, passed: bool = True, replace: bool = False
) -> None:
    """Ask how to train with this code, and watch the run that is started; or say why it cannot be."""
    if challenge.train is None:
        screen.notify("This exercise is not part of a network that trains.", timeout=4)
        return
    if not passed:
        screen.notify("Training starts from code that passes: ctrl+s judges it.", timeout=4)
        return

    def started(config: RunConfig | None) -> None:
        if config is None:
            return
        if config.device_note:
            screen.notify(config.device_note, timeout=10, markup=False)
        screen.tutor.open_train(config.id, replace=replace)

    from tutor.tui.screens.train_setup import TrainSetup

    remembered = screen.tutor.last_choices.get(challenge.id)
    screen.app.push_screen(TrainSetup(challenge, source, remembered), started)
