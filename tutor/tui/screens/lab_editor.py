"""F6 in the Lab: the pane is saved, and the learner's own editor opens on the file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from tutor.learner import Source
from tutor.tui.editor import EditorError, edit_here, editor_command, split_beside
from tutor.tui.pane_file import PaneFile
from tutor.tui.screens.screen import TutorScreen


class OwnEditor:
    """Opens the learner's editor, here or beside; what it saves comes back as every save from outside does."""

    def __init__(self, screen: TutorScreen, file: PaneFile, check: Callable[[Source], None]) -> None:
        self.screen = screen
        self.file = file
        self.check = check
        self.opening = False

    async def open(self, *, beside: bool = False) -> None:
        """Save and open; here until the editor ends, or in a tmux split beside the tutor."""
        if self.opening:
            return
        self.opening = True
        try:
            line = self.file.pane.cursor_location[0] + 1
            command = editor_command(os.environ, self.file.file.path, line)
            if not await self._save():
                self.screen.notify(self.file.trouble, timeout=8, markup=False)
            elif beside:
                await asyncio.to_thread(split_beside, os.environ, command)
            else:
                await edit_here(self.screen.app, command)
        except EditorError as error:
            self.screen.tutor.show_error(error)
        finally:
            self.opening = False

    async def _save(self) -> bool:
        """Put what stands in the pane on the disk; False where the learner must decide something first."""
        if self.file.undecided:
            return False
        if self.file.unsaved:
            source = self.file.source
            await self.file.save(source.text)
            self.check(source)
        return not self.file.unsaved
