from __future__ import annotations

from textual import events
from textual.widget import Widget


class InTurn:
    """For a widget that is typed in: its keys act in the order in which they were pressed, however fast they came.

    Textual types letters at once and sends a key with a binding round by the app: of `backspace x` on a busy machine
    the x comes first. And a key that moves the focus does not take those along that are waiting already. This is no
    widget itself: Textual takes keys and styles over from the first widget among the bases alone.
    """

    async def in_turn(self, event: events.Key) -> bool:
        """Do what the key is bound to, if it is bound here, or pass it on to where the focus went; True if done."""
        assert isinstance(self, Widget)
        focused = self.screen.focused
        if focused is not self and isinstance(focused, InTurn):
            event.stop()
            event.prevent_default()
            focused._forward_event(events.Key(event.key, event.character))
            return True
        if event.is_printable and not event.key.startswith("alt+"):
            return False
        active = self.screen.active_bindings.get(event.key)
        if active is None or not active.enabled or active.node not in (self, self.parent):
            return False
        if not await self.app.run_action(active.binding.action, active.node):
            return False
        event.stop()
        event.prevent_default()
        return True
