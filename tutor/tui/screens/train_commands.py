"""What the palette offers on the Train screen: what its keys do, for terminals that keep those keys to themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.binding import Binding

from tutor.tui.palette import CommandList
from tutor.tui.screens.train_chart import RunChart


class TrainCommands(CommandList):
    """Every key of the chart and of the run that acts now."""

    def commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        for node in (self.screen, self.screen.query_one(RunChart)):
            for binding in type(node).__dict__["BINDINGS"]:
                if isinstance(binding, Binding) and binding.tooltip:
                    name = f"{binding.description[0].upper()}{binding.description[1:]}"
                    keys = self.app.get_key_display(Binding(binding.key.split(",")[0], ""))
                    yield name, f"{binding.tooltip} ({keys})", partial(node.run_action, binding.action)
