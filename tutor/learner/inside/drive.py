"""Drives the learner's module through the stages of one case, and collects what each stage left behind."""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any

import numpy as np

from . import numeric, wire
from . import sweep as sweeping
from .code import describe, plain

LARGEST_ANSWER = 192 << 20  # bytes of all arrays together

# Held here because the learner's code may put anything else in their place.
_REAL_BUILTINS = dict(vars(builtins))
_array, _ndarray, _generic = np.array, np.ndarray, np.generic
_seed_numpy, _seed_python = np.random.seed, random.seed

Namespace = dict[str, Any]
Spellings = dict[str, list[CodeType]]


class Drive:
    """The lines that drive a file, compiled once for all cases."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self.setup, self.forward, self.backward, self.update = (
            compile(fields[stage], f"<{stage}>", "exec") for stage in ("setup", "forward", "backward", "update")
        )
        self.results: dict[str, Spellings] = {
            stage: {name: [_expression(spelling) for spelling in spellings] for name, spellings in results.items()}
            for stage, results in fields["results"].items()
        }
        self.batch, self.updated = fields.get("batch", ()), fields.get("updated", ())

    def code_of(self, result: str) -> list[CodeType]:
        """The spellings of a result, whichever stage makes it."""
        return next((results[result] for results in self.results.values() if result in results), [])


def _expression(text: str) -> CodeType:
    return compile(text.strip(), "<result>", "eval")


class CaseRun:
    """One case: run it, then `fields` is what the answer says of it."""

    def __init__(
        self,
        drive: Drive,
        case: dict[str, Any],
        given: list[memoryview],
        parts: wire.Parts,
        names: Namespace,
        filename: str,
        deadline: float,
        says: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.drive, self.case, self.parts, self.filename, self.deadline = drive, case, parts, filename, deadline
        self.says = says  # told which part of the case comes next, one of wire.PARTS
        self.part = "f"
        self.arrays = {name: wire.rebuild(spec, given) for name, spec in case["arrays"].items()}
        self.right = {name: wire.rebuild(spec, given) for name, spec in case["right"].items()}
        self.before = {**names, "np": np, **case["sizes"], "right": self._right, "unjudged": self._unjudged}
        self.names = dict(self.before)
        self.results: dict[str, wire.AnyArray] = {}
        self.raised: BaseException | None = None  # by a stage of the first call
        self.fields: dict[str, Any] = {
            "results": {}, "second": {}, "not_arrays": {}, "missing": {}, "inputs_after": {}, "numeric": {},
            "numeric_note": "", "error": None, "second_error": None, "beside": {}, "reused": {},
            "sweep": {}, "sweep_note": "",
        }  # fmt: skip

    def run(self) -> None:
        """Setup, forward and backward; forward and backward once more; update; then what was asked for besides."""
        self._begin("f")
        given = self._fresh_arrays()
        self.names.update(given)
        whole = self._stages("error", self.fields["results"], ("setup", "forward", "backward"))
        self._send_changed(given)
        if not whole:
            return
        given_again = self._fresh_arrays()
        self.names.update(given_again)
        if self.case["second_call"]:
            self._reseed()
            self._begin("s")
            self._stages("second_error", self.fields["second"], ("forward", "backward"))
            self._send_changed(given, given_again)
        self._begin("u")
        self._stages("error", self.fields["results"], ("update",))
        self._send_changed(given, given_again, but=self.drive.updated)
        if self.case.get("beside"):
            self._pass_beside_another()
        if self.case.get("reused"):
            self._pass_with_reused_batch()
        self._extra()
        self._numeric()
        self._sweep()

    def _begin(self, part: str) -> None:
        self.part = part
        self.says(part)

    @contextlib.contextmanager
    def _unjudged(self) -> Iterator[None]:
        """For a drive: what is printed under it is of a call that the learner knows nothing of."""
        self.says("o")
        try:
            yield
        finally:
            self.says(self.part)

    def _reseed(self) -> None:
        """Put the global generators into another state: nothing may hang on that in which the first call found them."""
        seed = int.from_bytes(os.urandom(4), "little")  # without one, NumPy takes a hundred times as long
        _seed_numpy(seed)
        _seed_python(seed)

    def _fresh_arrays(self) -> Namespace:
        return {name: wire.fresh(array, self.case["arrays"][name]["layout"]) for name, array in self.arrays.items()}

    def _right(self, name: str, value: object) -> object:
        known = self.right.get(name)
        return value if known is None else known.copy()

    def _stages(self, error: str, results: dict[str, object], stages: tuple[str, ...]) -> bool:
        first = error == "error"
        for stage in stages:
            raised = self._run_stage(stage, self.names)
            if raised is not None:
                self.fields[error] = describe(raised, self.filename, stage)
                if first:
                    self.raised = raised
                return False
            for name, spellings in self.drive.results.get(stage, {}).items():
                self._collect(name, spellings, self.names, results, first)
        return True

    def _run_stage(self, stage: str, names: Namespace) -> BaseException | None:
        try:
            exec(getattr(self.drive, stage), names)
        except BaseException as raised:
            return raised
        finally:
            vars(builtins).update(_REAL_BUILTINS)
        return None

    def _pass_beside_another(self) -> None:
        """A pass of fresh objects; between its forward and backward, others are made and go forward, and so on."""
        mine = {**self.before, **self._fresh_arrays()}
        others = {**self.before, "right": lambda _, value: value}
        others |= {name: _other_values(array) for name, array in self._fresh_arrays().items()}
        with _unheard():
            steps = (("setup", mine), ("forward", mine), ("setup", others), ("forward", others))
            if any(self._run_stage(stage, names) is not None for stage, names in steps):
                return  # other values may be none that the file takes: that says nothing of the first
            self._collect_pass("beside", "backward", mine)
            for stage in ("backward", "update"):
                self._run_stage(stage, others)
            self._collect_pass("beside", "update", mine)

    def _pass_with_reused_batch(self) -> None:
        """A pass of fresh objects in which the batch is overwritten as soon as forward is done with it."""
        arrays = self._fresh_arrays()
        batch = [array for name, array in arrays.items() if name in self.drive.batch and array.dtype.kind == "f"]
        names = {**self.before, **arrays}
        with _unheard():
            if not batch or any(self._run_stage(stage, names) is not None for stage in ("setup", "forward")):
                return
            for array in batch:
                array[...] = 1 - array
            self._collect_pass("reused", "backward", names)
            self._collect_pass("reused", "update", names)

    def _collect_pass(self, field: str, stage: str, names: Namespace) -> None:
        self._run_stage(stage, names)
        results = self.fields[field]
        for name, spellings in self.drive.results.get(stage, {}).items():
            self._collect(name, spellings, names, results, False)
            if name not in results:
                results[name] = self.parts.add_array(np.zeros(0))

    def _collect(
        self, name: str, spellings: list[CodeType], names: Namespace, results: dict[str, object], first: bool
    ) -> None:
        """Copy a result at once, before the learner's code can change it again."""
        found, value, reason = evaluate(spellings, names)
        if not found:
            if first:
                self.fields["missing"][name] = reason
            return
        array, instead = as_array(value, LARGEST_ANSWER - sum(map(len, self.parts.parts)))
        if array is None:
            if first:
                self.fields["not_arrays"][name] = instead
            return
        results[name] = self.parts.add_array(array)
        if first and self.case["extra"]:
            self.results[name] = array.copy()

    def _send_changed(self, *given: Namespace, but: Iterable[str] = ()) -> None:
        """Send the inputs that are no longer what they were."""
        for arrays in given:
            for name, array in arrays.items():
                sent = self.arrays[name]
                if name not in but and (array.shape != sent.shape or array.tobytes() != sent.tobytes()):
                    self._send_input(name, array)

    def _send_input(self, name: str, array: wire.AnyArray) -> None:
        kept, _ = as_array(array, LARGEST_ANSWER)
        # An input whose very kind was changed is sent as an empty array: changed all the same.
        self.fields["inputs_after"][name] = self.parts.add_array(np.zeros(0) if kept is None else kept)

    def _extra(self) -> None:
        names = {"np": np, **self.case["sizes"], **self.arrays, **self.results}
        for name, text in self.case["extra"].items():
            found, value, reason = evaluate([_expression(text)], names)
            array, instead = as_array(value, LARGEST_ANSWER) if found else (None, reason)
            if array is None:
                self.fields["missing"][name] = instead
            else:
                self.fields["results"][name] = self.parts.add_array(array)

    def _numeric(self) -> None:
        request = self.case["numeric"]
        if request is None:
            return
        gradients, note = numeric.gradients(request, self.arrays, self._objective(request), self.deadline)
        self.fields["numeric"] = {name: self.parts.add_array(gradient) for name, gradient in gradients.items()}
        self.fields["numeric_note"] = note

    def _sweep(self) -> None:
        request = self.case.get("sweep")
        if request is not None:
            with _unheard():
                made, note = sweeping.sweep(request, self.arrays, self._objective(request), self.deadline)
            self.fields["sweep"] = {name: self.parts.add_array(values) for name, values in made.items()}
            self.fields["sweep_note"] = note

    def _objective(self, request: dict[str, Any]) -> Callable[[Namespace], Any]:
        """The objective as a function of the arrays, by the learner's own setup and forward pass."""
        base = {**self.names, "right": lambda _, value: value}
        whole = {name: array.copy() for name, array in self.arrays.items() if array.dtype.kind != "f"}
        spellings = self.drive.code_of(request["loss"] or request["output"])

        def objective(arrays: Namespace) -> Any:
            names = {**base, **arrays, **whole}  # labels are no fractions, and nothing is derived by them
            exec(self.drive.setup, names)
            exec(self.drive.forward, names)
            found, value, reason = evaluate(spellings, names)
            if not found:
                raise ValueError(reason)
            return value if request["loss"] else (value * arrays[request["upstream"]]).sum()

        return objective


def _other_values(array: wire.AnyArray) -> wire.AnyArray:
    """Values that another instance could be given: of what may have to be positive the same in another order."""
    if array.dtype.kind != "f":
        return array
    if not array.ndim or (array < 0).any():
        return 1 - 2 * array  # neither the mean nor the variance stays what it was
    return array[::-1].copy()


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """What the code prints and warns of in a pass that the learner knows nothing of is not shown to them."""
    streams = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = _Nowhere()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdout, sys.stderr = streams


def evaluate(spellings: list[CodeType], names: Namespace) -> tuple[bool, object, str]:
    """Whether a spelling could be evaluated, its value, else why the first could not; None counts as a last resort."""
    reason, found = "", False
    for spelling in spellings:
        try:
            value = eval(spelling, names)
        except Exception as error:
            reason = reason or str(describe(error, "")["message"])
        else:
            if value is not None:
                return True, value, ""
            found = True
    return found, None, reason


def as_array(value: object, largest: int) -> tuple[wire.AnyArray | None, str]:
    """The value as a plain array of numbers, or what it is instead, in words."""
    kind = type(value)
    if value is None:
        return None, "None"
    if kind in (bool, int, float) or isinstance(value, _generic):
        value = _array(value)
    elif not isinstance(value, _ndarray):
        return None, _a(plain(str(kind.__name__), 80))
    elif kind is not _ndarray:
        return None, _SUBCLASSES.get(kind.__name__) or f"{_a(plain(str(kind.__name__), 80))}, not a plain array"
    array: wire.AnyArray = value
    dtype = array.dtype
    if dtype.kind not in wire.KINDS or dtype.itemsize > 8:
        what = _KINDS.get(dtype.kind, dtype.name)
        return None, f"{_a(what)} array" if array.ndim else _a(f"{what} number" if dtype.kind in "cf" else what)
    if array.nbytes > min(wire.LARGEST_ARRAY, largest):
        return None, f"an array of shape {array.shape}, too large to look at"
    return array if dtype.isnative else array.astype(dtype.newbyteorder("=")), ""


_SUBCLASSES = {"matrix": "a np.matrix, not a plain array", "MaskedArray": "a masked array"}
_KINDS = {"c": "complex", "O": "object", "U": "text", "S": "bytes", "V": "structured", "M": "date", "m": "time"}


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
