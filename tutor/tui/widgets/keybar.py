from __future__ import annotations

from textual import events
from textual.app import RenderResult
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.widget import Widget

MOST_KEYS = 7  # more than seven is a wall, not a help
LAST = ("help", "command_palette", "app.quit", "quit")  # what is true everywhere stands behind what is true here


def _place(action: str, declared: list[str]) -> tuple[bool, int]:
    """The order in which the screen declares its keys, then the rest, and last what acts everywhere."""
    if action in LAST:
        return True, LAST.index(action)
    return False, declared.index(action) if action in declared else len(declared)


class KeyBar(Widget):
    """The footer: the keys that act now, at most seven, in the order in which the screen lists them."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; padding: 0 1; background: $background; color: $dim; }
    """

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def entries(self) -> list[ActiveBinding]:
        """The keys that are shown, and whose they are."""
        active = self.screen.active_bindings.values()
        shown = [entry for entry in active if entry.binding.show and entry.enabled]
        distinct = {entry.binding.action: entry for entry in reversed(shown)}
        once = [entry for entry in shown if distinct.pop(entry.binding.action, None) is not None]
        declared = [binding.action for binding in self.screen.BINDINGS if isinstance(binding, Binding)]
        return sorted(once, key=lambda entry: _place(entry.binding.action, declared))[:MOST_KEYS]

    def bindings(self) -> list[Binding]:
        """The keys that are shown."""
        return [entry.binding for entry in self.entries()]

    def render(self) -> RenderResult:
        parts: list[Content] = []
        room = self.size.width
        for binding in self.bindings():
            part = Content.assemble(
                (self.app.get_key_display(binding), "$accent"), (f" {binding.description}   ", "$dim")
            )
            room -= part.cell_length
            if room < -3:
                break
            parts.append(part)
        return Content("").join(parts)

    async def on_click(self, event: events.Click) -> None:
        """A click on a key does what the key does."""
        x = event.x - 1
        for node, binding, *_ in self.entries():
            x -= len(self.app.get_key_display(binding)) + len(binding.description) + 4
            if x < 0:
                await self.app.run_action(binding.action, node)
                return
