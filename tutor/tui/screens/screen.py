from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.binding import Binding
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Static

if TYPE_CHECKING:
    from tutor.tui.app import TutorApp


class TutorScreen(Screen[None]):
    """What every screen of the tutor has: a way to the app's rooms, words that change, and help."""

    ESCAPE_TO_MINIMIZE = False
    BINDINGS = [Binding("f1,question_mark", "help", "help", key_display="F1")]

    @property
    def tutor(self) -> TutorApp:
        """The app, by its own type."""
        return cast("TutorApp", self.app)

    @property
    def is_current(self) -> bool:
        """True while the learner sees it: on top, or under nothing but dialogs that it shines through.

        Textual counts the screen below an opaque one as well, and then paints the upper one anew, whole, for every
        timer of the lower one.
        """
        stack = self.app.screen_stack
        if self not in stack:
            return False
        return all(above.styles.background.a < 1 for above in stack[stack.index(self) + 1 :])

    def put(self, selector: str, content: Content, *, layout: bool = False, least: int = 1) -> None:
        """Let a Static say something, where it does not already; `layout` where its height follows its words.

        `least` is the height in lines that it has however little it says.
        """
        try:
            static = self.query_one(selector, Static)
        except NoMatches:
            return  # the screen is being taken down
        said = static.content
        if not (isinstance(said, Content) and said.is_same(content)):
            # Arranging a screen anew costs several frames' time, so only where the words need another height.
            height, width = static.content_size.height, static.content_size.width
            fits = bool(width) and max(least, content.get_height({}, width)) == height
            static.update(content, layout=layout and not fits)

    def action_help(self) -> None:
        """Say what the focused widget does and which keys act here."""
        from tutor.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen.of(self))
