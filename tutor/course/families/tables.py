"""What every family writes: cases, and the lines of a drive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Case = dict[str, object]


def case(proves: str, sizes: Mapping[str, int], **more: object) -> Case:
    """One case of a tier; `more` is fill, values, dtype, repeat or kink, of which empty ones are left out."""
    plain = {key: dict(value) if isinstance(value, Mapping) else value for key, value in more.items() if value}
    return {"proves": proves, "sizes": dict(sizes), **plain}


def lines(*parts: str) -> str:
    """Lines of Python, one below the other, without the empty ones."""
    return "".join(f"{part}\n" for part in parts if part)


def call(function: str, arguments: Iterable[str]) -> str:
    """A call with these arguments."""
    return f"{function}({', '.join(arguments)})"


# ── styles of code ───────────────────────────────────────────────────────────────────────────────────────────────────

# In the setup of a drive, for spellings such as `_at(returned, 1)`: what is no tuple has no part, and says so.
PARTS = """
def _at(made, key):
    if isinstance(made, dict if isinstance(key, str) else (tuple, list)):
        return made[key]
    raise TypeError(f"what came back is of type {type(made).__name__}")
""".lstrip()


def gradient_names(name: str) -> tuple[str, ...]:
    """How learners call the gradient of an array, the course's own name first; dX for that of x too."""
    names = (name, name.swapcase()) if len(name) == 1 else (name,)
    found = [(f"grad_{name}", f"d{name}", f"g{name}", f"{name}_grad", f"grad{name}", f"d_{name}") for name in names]
    return tuple(part for parts in found for part in parts)


def spelled(template: str, names: Iterable[str]) -> list[str]:
    """The template with `{}` replaced by every name."""
    return [template.replace("{}", name) for name in names]


def returned_parts(made: str, gradients: tuple[str, ...], name: str, *more: str) -> list[str]:
    """Where the gradient of `name` may stand in what a backward pass returned: by name in a dict, by place in a tuple.

    A lone gradient may be what came back itself.
    """
    keys = (*more, *gradient_names(name), name)
    found = [f'_at({made}, "{key}")' for key in keys]
    if name in gradients:
        found.append(f"_at({made}, {gradients.index(name)})")
    return found


# Another batch than the plan's, for the call before: its cache must be forgotten. Not `-x`, whose stale gradient would
# look like a wrong sign.
_ANOTHER = {"positive": "2 * {}", "labels": "{}[::-1]", "integers": "{}[::-1]", "one_hot": "{}[::-1]"}


def another(name: str, draws: Mapping[str, str]) -> str:
    """An expression for other values of an input of the same kind."""
    kind = draws.get(name, "normal").partition("(")[0]
    return _ANOTHER.get(kind, "1 - {}").replace("{}", name)
