"""The screens. `run` opens the tutor in this terminal; nothing else of it is for other rooms.

Textual is imported here and nowhere else in the house.
"""

from __future__ import annotations

import os

from tutor.paths import Paths, locate
from tutor.tui.opening import Opening

__all__ = ["Opening", "run"]

FRAMES_PER_SECOND = 200  # the most that Textual draws; at its own 60 a verdict waits up to 17 ms for its turn


def run(paths: Paths | None = None, opening: Opening | None = None) -> int:
    """Open the tutor and return its exit status: 0 after a quit, not 0 after a failure."""
    os.environ.setdefault("TEXTUAL_FPS", str(FRAMES_PER_SECOND))  # read when Textual is imported

    from tutor.progress import Store
    from tutor.tui.app import TutorApp
    from tutor.tui.terminal import harden

    harden()
    paths = paths or locate()
    with Store.open(paths) as store:
        app = TutorApp(paths, store, opening or Opening())
        app.run()
        return app.return_code or 0
