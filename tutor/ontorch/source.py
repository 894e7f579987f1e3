"""Runs files whose `import numpy` gives them our own: theirs alone, the rest of the process keeps NumPy."""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import linecache
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

from tutor.ontorch.face import make


class Loader:
    """Runs files on a device; the modules named in `through` are run anew from their own source, once, with our numpy.

    A package's name stands for all that is in it.
    """

    def __init__(self, device: str | torch.device, dtype: str = "float64", through: tuple[str, ...] = ()) -> None:
        self.numpy = make(device, dtype)
        self._through = through
        self._loaded: dict[str, ModuleType] = {}

    def run(self, source: str, filename: str, name: str = "solution") -> dict[str, Any]:
        """Run decoded text as a module and return its names; whatever it raises comes through."""
        module = ModuleType(name)
        module.__file__ = filename
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        sys.modules[name] = module
        return self._execute(module, source, filename)

    def module(self, name: str) -> ModuleType:
        """Return one of the modules that are run anew."""
        if name not in self._loaded:
            found = importlib.util.find_spec(name)
            if found is None or found.origin is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            module = self._loaded[name] = ModuleType(name)
            module.__file__, module.__spec__ = found.origin, found
            module.__package__ = name if found.submodule_search_locations else name.rpartition(".")[0]
            self._execute(module, Path(found.origin).read_text("utf-8"), found.origin)
        return self._loaded[name]

    def _execute(self, module: ModuleType, source: str, filename: str) -> dict[str, Any]:
        names = vars(module)
        names["__builtins__"] = dict(vars(builtins), __import__=self._import)
        exec(compile(source, filename, "exec", dont_inherit=True), names)
        return names

    def _is_through(self, name: str) -> bool:
        return any(name == other or name.startswith(f"{other}.") for other in self._through)

    def _import(self, name: str, names: Any = None, local: Any = None, wanted: Any = (), level: int = 0) -> Any:
        importer = (names or {}).get("__name__", "")
        if level:
            name = importlib.util.resolve_name("." * level + name, (names or {}).get("__package__") or importer)
        if name == "numpy" or (name.startswith("numpy.") and not name.startswith("numpy.typing")):
            return self._numpy(name) if wanted else self.numpy
        if name == "importlib" and self._is_through(importer):
            return SimpleNamespace(import_module=self._import_module)
        if self._is_through(name) and wanted:
            return self._parts(self.module(name), name, wanted)
        found = builtins.__import__(name, names, local, wanted, 0)
        parts = {part for part in wanted or () if self._is_through(f"{name}.{part}")}
        if not parts:
            return found
        return SimpleNamespace(**{
            part: self.module(f"{name}.{part}") if part in parts else getattr(found, part) for part in wanted
        })  # fmt: skip

    def _parts(self, module: ModuleType, name: str, wanted: Any) -> ModuleType:
        """Load the modules of a package that are imported by name from it."""
        for part in wanted:
            if part not in vars(module) and module.__package__ == name and importlib.util.find_spec(f"{name}.{part}"):
                setattr(module, part, self.module(f"{name}.{part}"))
        return module

    def _import_module(self, name: str) -> ModuleType:
        return self.module(name) if self._is_through(name) else importlib.import_module(name)

    def _numpy(self, name: str) -> Any:
        found: Any = self.numpy
        for part in name.split(".")[1:]:
            try:
                found = getattr(found, part)
            except AttributeError:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name) from None
        return found


def run_source(text: str, filename: str, device: str = "cpu", dtype: str = "float64") -> dict[str, Any]:
    """Run a file that imports numpy as a module on the device and return its names; what it raises comes through."""
    return Loader(device, dtype).run(text, filename)
