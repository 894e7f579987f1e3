"""A snapshot given back to fresh objects, bit for bit: the other half of `snapshot`."""

from __future__ import annotations

import random
import sys
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.training.checkpoints.snapshot import (
    CONTAINERS,
    Node,
    Snapshot,
    SnapshotError,
    attributes_of,
    is_tensor,
    kept_name,
)

_MISSING = object()


def give(snapshot: Snapshot, roots: dict[str, object], namespaces: Sequence[Mapping[str, object]]) -> None:
    """Bring everything under `roots` to the state of the snapshot, in place where that is possible.

    `namespaces` are where the learner's classes are found. SnapshotError: the objects are of another make.
    """
    if snapshot.tree.keys() != roots.keys():
        raise SnapshotError("It is of another network.")
    giver = _Giver(snapshot, namespaces)
    for name, node in snapshot.tree.items():
        roots[name] = giver.value(node, roots[name], name)


def give_module(namespace: dict[str, object], state: Mapping[str, object]) -> None:
    """Put the state of `module_state` back into the learner's module."""
    for name, value in state.items():
        if name.startswith("class ") and isinstance(value, dict):
            for key, item in value.items():
                setattr(namespace[name.removeprefix("class ")], key, item)
        else:
            namespace[name] = value


class _Giver:
    """One walk back, along the fresh objects: what fits is filled in place, so that who else holds it has it too."""

    def __init__(self, snapshot: Snapshot, namespaces: Sequence[Mapping[str, object]]) -> None:
        self._snapshot = snapshot
        self._namespaces = namespaces
        self._made: dict[int, Any] = {}
        self._used: set[int] = set()  # fresh objects that stand for one already
        self._filled: list[NDArray[Any]] = []
        self._memory: dict[int, NDArray[np.uint8]] = {}
        regions = [view[0] for view in snapshot.views]
        self._shared = {region for region, times in Counter(regions).items() if times > 1}

    def value(self, node: Node, fresh: Any, path: str) -> Any:
        if not isinstance(node, list):
            return node
        kind = node[0]
        if kind == "scalar":
            return np.frombuffer(bytes.fromhex(node[2]), np.dtype(node[1]))[0]
        if kind == "tuple":
            items = fresh if type(fresh) is tuple else ()
            return tuple(self.value(item, _at(items, i), f"{path}[{i}]") for i, item in enumerate(node[1]))
        if kind == "kept":
            if fresh is _MISSING or kept_name(fresh) != node[1]:
                raise SnapshotError(f"{path} held {node[1]}, which cannot be stored.")
            return fresh
        if kind == "again":
            return self._made[node[1]]
        if id(fresh) in self._used:
            fresh = _MISSING
        self._used.add(id(fresh))
        giving: Callable[[Node, Any, str], Any] = getattr(self, f"_{kind.replace(' ', '_')}", self._container)
        value = giving(node, fresh, path)
        self._made[node[1]] = value
        return value

    def _container(self, node: Node, fresh: Any, path: str) -> Any:
        kind = CONTAINERS[node[0]]
        made: Any = fresh if type(fresh) is kind else kind()
        self._made[node[1]] = made
        if isinstance(made, dict):
            before = dict(made)
            made.clear()
            for key_node, item in node[2]:
                key = self.value(key_node, _MISSING, path)
                made[key] = self.value(item, before.get(key, _MISSING), f"{path}[{key!r}]")
            return made
        olds: Any = () if isinstance(made, set) else tuple(made)
        items = [self.value(item, _at(olds, i), f"{path}[{i}]") for i, item in enumerate(node[2])]
        if isinstance(made, deque) and made.maxlen != node[3]:
            return deque(items, node[3])
        made.clear()
        (made.update if isinstance(made, set) else made.extend)(items)
        return made

    def _array(self, node: Node, fresh: Any, _path: str) -> NDArray[Any]:
        stored = self._view(node[2])
        if (
            type(fresh) is np.ndarray
            and fresh.base is None  # a view may look at the data
            and fresh.flags.writeable
            and self._snapshot.views[node[2]][0] not in self._shared
            and (fresh.shape, fresh.dtype, fresh.strides) == (stored.shape, stored.dtype, stored.strides)
            and not any(np.may_share_memory(fresh, other) for other in self._filled)
        ):
            fresh[...] = stored
            self._filled.append(fresh)
            return fresh
        return stored

    def _view(self, index: int) -> NDArray[Any]:
        region, offset, dtype, shape, strides = self._snapshot.views[index]
        if region < 0:
            return np.empty(shape, dtype)
        if region not in self._memory:
            self._memory[region] = self._snapshot.regions[region].copy()
        return np.ndarray(shape, dtype, self._memory[region].data, offset, strides)

    def _generator(self, node: Node, fresh: Any, _path: str) -> Any:
        name = node[2]["bit_generator"]
        if not isinstance(fresh, np.random.Generator) or type(fresh.bit_generator).__name__ != name:
            fresh = np.random.Generator(getattr(np.random, name)())
        fresh.bit_generator.state = node[2]
        return fresh

    def _randomstate(self, node: Node, fresh: Any, _path: str) -> Any:
        state = node[2]
        if not isinstance(fresh, np.random.RandomState):
            fresh = np.random.RandomState(getattr(np.random, state["bit_generator"])())
        fresh.set_state(state)
        return fresh

    def _random(self, node: Node, fresh: Any, _path: str) -> random.Random:
        made = fresh if type(fresh) is random.Random else random.Random()
        version, numbers, gauss = node[2]
        made.setstate((version, tuple(numbers), gauss))
        return made

    def _tensor(self, node: Node, fresh: Any, _path: str) -> Any:
        stored = sys.modules["torch"].from_numpy(self._view(node[2]))
        if is_tensor(fresh) and (fresh.shape, fresh.dtype, str(fresh.device)) == (stored.shape, stored.dtype, node[3]):
            fresh.detach().copy_(stored)
            return fresh
        return stored.to(node[3]).requires_grad_(node[4])

    def _module(self, node: Node, fresh: Any, path: str) -> Any:
        if not hasattr(fresh, "load_state_dict"):
            raise SnapshotError(f"{path} held something of PyTorch that is not there now.")
        fresh.load_state_dict(self.value(node[2], _MISSING, path))
        return fresh

    def _torch_generator(self, node: Node, fresh: Any, path: str) -> Any:
        if not hasattr(fresh, "set_state"):
            raise SnapshotError(f"{path} held a generator of PyTorch that is not there now.")
        fresh.set_state(self.value(node[2], _MISSING, path))
        return fresh

    def _object(self, node: Node, fresh: Any, path: str) -> Any:
        _, number, module, qualname, held = node
        made = fresh
        if (type(fresh).__module__, type(fresh).__qualname__) != (module, qualname):
            made = object.__new__(self._class(module, qualname, path))
        self._made[number] = made
        before = attributes_of(made)
        for name in before.keys() - {name for name, _ in held}:
            object.__delattr__(made, name)
        for name, item in held:
            object.__setattr__(made, name, self.value(item, before.get(name, _MISSING), f"{path}.{name}"))
        return made

    def _class(self, module: str, qualname: str, path: str) -> type:
        names = qualname.split(".")
        own = [namespace for namespace in self._namespaces if namespace.get("__name__") == module]
        places = own or [vars(sys.modules[module])] if own or module in sys.modules else []
        found: Any = next((place[names[0]] for place in places if names[0] in place), None)
        for name in names[1:]:
            found = getattr(found, name, None)
        if not isinstance(found, type):
            raise SnapshotError(f"{path} held an object of the class {qualname}, which is not there.")
        return found


def _at(items: Any, index: int) -> Any:
    return items[index] if index < len(items) else _MISSING
