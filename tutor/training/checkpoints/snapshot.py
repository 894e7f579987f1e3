"""What training objects hold, taken down as bytes and plain JSON: what a checkpoint is made of.

Everything that can be reached by attributes is walked: numbers, text, containers, NumPy arrays (with their strides and
with what they share: the order of the memory decides the last bit of a matrix product), random generators, the
objects of the learner's classes and of ours, PyTorch's tensors and modules. Nothing is pickled, and nothing that is
read can run: a class is only ever one that is loaded already.
"""

from __future__ import annotations

import ctypes
import random
import types
from collections import OrderedDict, deque
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tutor.errors import TutorError

Node = Any  # what JSON can say: a plain value as it is, anything else as [kind, ...]
PLAIN = (type(None), bool, int, float, str)
CONTAINERS: dict[str, type] = {"list": list, "dict": dict, "ordered": OrderedDict, "set": set, "deque": deque}
# What stays as the fresh object has it; that it is the same is checked by its name or its text.
KEPT_MODULES = {"typing", "types", "re", "pathlib", "functools", "operator", "enum", "abc", "numpy.dtypes"}
KEPT = (complex, bytes, range, slice, frozenset, np.dtype, np.ufunc, types.ModuleType)


class SnapshotError(TutorError):
    """A snapshot does not fit the objects that it should be given back to."""


class Snapshot(Struct, frozen=True, eq=False):
    """The state of objects: JSON, the memory of all arrays, and sentences on what could not be taken down."""

    tree: Node
    views: list[Any]  # per array: [region, offset in bytes, dtype, shape, strides]
    regions: list[NDArray[np.uint8]]
    unstorable: list[str]


def take(roots: Mapping[str, object], own_modules: Set[str]) -> Snapshot:
    """Take down everything under `roots`; objects are walked if their class is of `own_modules` or of the tutor."""
    taker = _Taker(own_modules)
    tree = {name: taker.node(value, "") for name, value in roots.items()}
    return Snapshot(tree, *_pack(taker.arrays), taker.unstorable)


def module_state(namespace: Mapping[str, object]) -> dict[str, object]:
    """Return what the learner's file holds beside its functions: its globals, and what its classes hold themselves."""
    state: dict[str, object] = {name: value for name, value in namespace.items() if _is_state(name, value)}
    for name, value in namespace.items():
        if isinstance(value, type) and value.__module__ == namespace.get("__name__"):
            held = {key: item for key, item in vars(value).items() if _is_state(key, item)}
            if held:
                state[f"class {name}"] = held
    return state


def _is_state(name: str, value: object) -> bool:
    # members of __slots__ are descriptors, as properties and methods are
    return not (name.startswith("__") or isinstance(value, type) or hasattr(type(value), "__get__") or _is_kept(value))


def _is_kept(value: object) -> bool:
    if isinstance(value, (*KEPT, type)) or hasattr(type(value), "__struct_fields__"):
        return True
    if isinstance(value, (types.FunctionType, types.MethodType, types.BuiltinFunctionType, types.MethodWrapperType)):
        return True
    if callable(value) and type(value).__module__ == "numpy":  # np.sum and its like
        return True
    return type(value).__module__ in KEPT_MODULES and not hasattr(value, "__next__")


def kept_name(value: object) -> str:
    """Name something that never changes."""
    if hasattr(type(value), "__struct_fields__"):
        return repr(value)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return str(name) if name else f"{type(value).__qualname__} {value!r}"


def attributes_of(value: object) -> dict[str, object]:
    """Return all attributes of an object, those of its slots too."""
    slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
    held = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return held | getattr(value, "__dict__", {})


def _below(path: str, key: object) -> str:
    """Name what stands in a dictionary for a sentence: the weights of layer1, rng in your file."""
    if path.startswith("your ") and isinstance(key, str):
        return f"{key} in {path}"
    return f"{path}[{key!r}]" if path else str(key)


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    private = f"_{kind.__name__.lstrip('_')}"
    hidden = (f"{private}{name}" if name.startswith("__") and not name.endswith("__") else name for name in names)
    return tuple(name for name in hidden if name not in ("__dict__", "__weakref__"))


def is_tensor(value: object) -> bool:
    """Tell a tensor of PyTorch, which is not imported here, by what it can do."""
    return all(hasattr(value, name) for name in ("detach", "copy_", "requires_grad", "numpy"))


def _of_torch(value: object, method: str) -> bool:
    return hasattr(value, method) and any(kind.__module__.partition(".")[0] == "torch" for kind in type(value).__mro__)


# ── taking ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Taker:
    """One walk; everything that can change is numbered, so that what is shared is shared again."""

    def __init__(self, own_modules: Set[str]) -> None:
        self.arrays: list[NDArray[Any]] = []
        self.unstorable: list[str] = []
        self._own_modules = own_modules
        self._numbers: dict[int, int] = {}
        self._seen: list[object] = []  # kept alive: a number stands for an address

    def node(self, value: Any, path: str) -> Node:
        if type(value) in PLAIN:
            return value
        if isinstance(value, np.generic) and value.dtype.kind in "biufc":
            return ["scalar", value.dtype.str, value.tobytes().hex()]
        if type(value) is tuple:
            return ["tuple", [self.node(item, f"{path}[{i}]") for i, item in enumerate(value)]]
        if _is_kept(value):
            return ["kept", kept_name(value)]
        if id(value) in self._numbers:
            return ["again", self._numbers[id(value)]]
        number = self._numbers[id(value)] = len(self._seen)
        self._seen.append(value)
        return self._changing(value, number, path)

    def _changing(self, value: Any, number: int, path: str) -> Node:
        for kind, container in CONTAINERS.items():
            if type(value) is container:
                return self._container(kind, value, number, path)
        if type(value) in (np.ndarray, np.memmap) and value.dtype.kind in "biufcSU":
            self.arrays.append(value)
            return ["array", number, len(self.arrays) - 1]
        if isinstance(value, np.random.Generator):
            return ["generator", number, _listed(value.bit_generator.state)]
        if isinstance(value, np.random.RandomState):
            return ["randomstate", number, _listed(value.get_state(legacy=False))]
        if type(value) is random.Random:
            return ["random", number, value.getstate()]
        if is_tensor(value):
            return self._tensor(value, number, path)
        if _of_torch(value, "load_state_dict"):
            return ["module", number, self.node(dict(value.state_dict()), path)]
        if _of_torch(value, "get_state"):  # torch.Generator
            return ["torch generator", number, self.node(value.get_state(), path)]
        module = type(value).__module__
        if module in self._own_modules or module == "types" or module.partition(".")[0] == "tutor":
            held = [[name, self.node(item, f"{path}.{name}")] for name, item in attributes_of(value).items()]
            return ["object", number, module, type(value).__qualname__, held]
        return self._cannot(value, path)

    def _container(self, kind: str, value: Any, number: int, path: str) -> Node:
        if isinstance(value, dict):
            pairs = enumerate(value.items())
            return [
                kind,
                number,
                [[self.node(k, f"{path} key {i}"), self.node(v, _below(path, k))] for i, (k, v) in pairs],
            ]
        items = [self.node(item, f"{path}[{i}]") for i, item in enumerate(value)]
        return [kind, number, items, value.maxlen] if isinstance(value, deque) else [kind, number, items]

    def _tensor(self, value: Any, number: int, path: str) -> Node:
        try:
            host = value.detach().cpu().numpy()
        except (TypeError, RuntimeError):  # a type that NumPy does not have
            return self._cannot(value, path)
        self.arrays.append(np.ascontiguousarray(host).copy().reshape(host.shape))
        return ["tensor", number, len(self.arrays) - 1, str(value.device), bool(value.requires_grad)]

    def _cannot(self, value: object, path: str) -> Node:
        self.unstorable.append(f"{path} holds a {type(value).__qualname__}")
        return None


def _listed(state: Any) -> Node:
    """Make JSON of a generator's state."""
    if isinstance(state, dict):
        return {name: _listed(value) for name, value in state.items()}
    return state.tolist() if isinstance(state, (np.ndarray, np.generic)) else state


def _pack(arrays: list[NDArray[Any]]) -> tuple[list[Any], list[NDArray[np.uint8]]]:
    """Cut the memory under the arrays into regions, one for all that look at the same memory."""
    spans: dict[int, list[int]] = {}
    bounds = [np.lib.array_utils.byte_bounds(array) if array.size else (0, 0) for array in arrays]
    owners = [_owner(array) for array in arrays]
    for owner, (low, high), array in zip(owners, bounds, arrays, strict=True):
        if array.size:
            span = spans.setdefault(owner, [low, high])
            span[:] = min(span[0], low), max(span[1], high)
    order = {owner: i for i, owner in enumerate(spans)}
    views = [
        [
            order[owner],
            array.__array_interface__["data"][0] - spans[owner][0],
            array.dtype.str,
            array.shape,
            array.strides,
        ]
        if array.size
        else [-1, 0, array.dtype.str, array.shape, array.strides]
        for owner, array in zip(owners, arrays, strict=True)
    ]
    regions = [np.frombuffer(ctypes.string_at(low, high - low), np.uint8) for low, high in spans.values()]
    return views, regions


def _owner(array: NDArray[Any]) -> int:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return id(array if array.base is None else array.base)
