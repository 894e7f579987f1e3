"""The pictures of the lessons, from a name and options; the weight of lines carries the meaning, colour repeats it.

For others: `names`, `draw` and `steps`. A module for each kind holds its `KIND`; it is imported when it is drawn, as
some of them need NumPy. `blocks` and `sheet` are what they draw with, `formulas` what authors may compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from rich.cells import cell_len

from tutor.viz.diagrams.blocks import Kind, note, widest
from tutor.viz.model import Picture

_NAMES = ("flow", "matmul", "chain", "graph", "shapes", "paths", "cost", "heat", "slope")


def names() -> tuple[str, ...]:
    """The names that draw knows."""
    return _NAMES


def draw(name: str, options: Mapping[str, str], width: int, step: int | None = None) -> Picture:
    """The picture in lines of at most `width` cells; ValueError with a sentence for an unknown name or wrong option.

    `step` counts from 0, the empty stage, to steps(name, options); None is the finished picture. All steps of a
    picture are equally high, so that nothing moves but what is new.
    """
    kind = _kind(name, options)
    last = kind.steps(options)
    if step is not None and not 0 <= step <= last:
        raise ValueError(f"The diagram {name} has steps 0 to {last}, not {step}.")
    picture = kind.draw(options, width, step)
    if widest(picture) > width:
        return note(f"This picture needs {widest(picture)} columns.", width)
    return picture


def steps(name: str, options: Mapping[str, str]) -> int:
    """How many steps the picture has after the empty stage; 0 where it has none. ValueError as draw."""
    return _kind(name, options).steps(options)


def _kind(name: str, options: Mapping[str, str]) -> Kind:
    """The kind of that name, its options checked as far as all kinds have it in common."""
    if name not in _NAMES:
        raise ValueError(f"There is no diagram called {name!r}; there is: {', '.join(_NAMES)}.")
    kind: Kind = import_module(f"{__name__}.{name}").KIND
    known = (*kind.needed, *kind.optional)
    unknown, missing = sorted(set(options) - set(known)), [key for key in kind.needed if key not in options]
    if unknown:
        raise ValueError(f"The diagram {name} has no option {unknown[0]!r}; it has: {', '.join(known)}.")
    if missing:
        raise ValueError(f"The diagram {name} needs the option {missing[0]!r}.")
    for key, value in options.items():
        if any(not sign.isprintable() or cell_len(sign) != 1 for sign in value):
            raise ValueError(f"The option {key!r} of the diagram {name} holds a sign that is not one cell wide.")
    return kind
