"""The screens. `run` opens the tutor in this terminal; nothing else of it is for other rooms.

Textual is imported here and nowhere else in the house.
"""

from __future__ import annotations

from tutor.paths import Paths, locate
from tutor.tui.opening import Opening

__all__ = ["Opening", "run"]


def run(paths: Paths | None = None, opening: Opening | None = None) -> int:
    """Open the tutor and return its exit status: 0 after a quit, not 0 after a failure."""
    from tutor.progress import Store
    from tutor.tui.app import TutorApp
    from tutor.tui.terminal import harden

    harden()
    paths = paths or locate()
    with Store.open(paths) as store:
        app = TutorApp(paths, store, opening or Opening())
        app.run()
        return app.return_code or 0
