"""Brackets that are a pair become one thing, so that they grow together and keep their inside together."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.mathtext.tree import Fenced, Node, Row, Script, Space, Symbol

_SOURCE = Space("source")


def paired(items: Sequence[Node]) -> list[Node]:
    """The items, every pair of brackets made a Fenced; `[0, 1)` is a pair too, a lone bracket stays a sign."""
    done: list[Node] = []
    open_at: list[int] = []
    for item in items:
        sign = _delimiter(item)
        if sign is None or sign.kind == "open":
            if sign is not None:
                open_at.append(len(done))
            done.append(item)
            continue
        if not open_at:
            done.append(item)
            continue
        start = open_at.pop()
        opening = done[start]
        assert isinstance(opening, Symbol)
        inside = _bars(done[start + 1 :])
        del done[start:]
        done.append(_with_scripts(item, Fenced(opening.sign, trimmed(inside), sign.sign)))
    return _bars(done)


def _delimiter(item: Node) -> Symbol | None:
    if isinstance(item, Symbol) and item.kind in ("open", "close"):
        return item
    if isinstance(item, Script) and isinstance(item.base, Symbol) and item.base.kind == "close":
        return item.base
    return None


def _with_scripts(closing: Node, fenced: Fenced) -> Node:
    if isinstance(closing, Script):
        return Script(fenced, closing.sub, closing.sup, closing.sup_first)
    return fenced


def _bars(items: Sequence[Node]) -> list[Node]:
    """Bars that come in an even number are pairs: |x|, ‖x‖; an odd one divides, as in p(a | b)."""
    found = list(items)
    for sign in "|‖":
        at = [number for number, item in enumerate(found) if _is_bar(item, sign)]
        if not at or len(at) % 2:
            continue
        done: list[Node] = []
        end = 0
        for start, stop in zip(at[::2], at[1::2], strict=True):
            inside = trimmed(found[start + 1 : stop])
            done += [*found[end:start], _with_scripts(found[stop], Fenced(sign, inside, sign))]
            end = stop + 1
        found = [*done, *found[end:]]
    return found


def _is_bar(item: Node, sign: str) -> bool:
    base = item.base if isinstance(item, Script) else item
    return isinstance(base, Symbol) and base.kind == "ordinary" and base.sign == sign


def trimmed(items: Sequence[Node]) -> Node:
    """The items as a row, without the blanks of the source at its ends; one item alone is itself."""
    kept = list(items)
    while kept and kept[0] == _SOURCE:
        kept.pop(0)
    while kept and kept[-1] == _SOURCE:
        kept.pop()
    return kept[0] if len(kept) == 1 else Row(tuple(kept))
