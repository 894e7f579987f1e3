"""What the palette offers in the Lab: what its keys do, for terminals that keep those keys to themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.actions import parse
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from tutor.tui.palette import CommandList
from tutor.tui.widgets.code_pane import CodePane
from tutor.tui.widgets.find_bar import CodeEditor


class LabCommands(CommandList):
    """Every key of the code pane and of the Lab that has a name and a sentence."""

    def commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        nodes: tuple[Widget, ...] = (self.screen.query_one(CodePane), self.screen.query_one(CodeEditor), self.screen)
        for node in nodes:
            for binding in type(node).__dict__["BINDINGS"]:
                if not isinstance(binding, Binding):
                    continue
                _, action, parameters = parse(binding.action)
                if binding.description and binding.tooltip and node.check_action(action, parameters):
                    name = f"{binding.description[0].upper()}{binding.description[1:]}"
                    keys = self.app.get_key_display(Binding(binding.key.split(",")[0], ""))
                    yield name, f"{binding.tooltip} ({keys})", partial(self._act, node, binding.action)

    async def _act(self, node: Widget, action: str) -> None:
        if not isinstance(node, Screen):  # what acts on the text needs the keys there
            self.screen.set_focus(self.screen.query_one(CodePane))
        await node.run_action(action)
