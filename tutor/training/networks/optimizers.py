"""What moves the parameters: an optimiser of ours, or the learner's own as its exercise calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tutor.errors import RunError
from tutor.training.model import Optimizer, OptimizerDrive
from tutor.training.networks.access import Scope, moving
from tutor.training.networks.shaping import Host

Values = dict[str, Any]
OURS = {
    "sgd": "SGD",
    "momentum": "Momentum",
    "nesterov": "Nesterov",
    "rmsprop": "RMSProp",
    "adam": "Adam",
    "adamw": "AdamW",
}


class Ours:
    """An optimiser of tutor.nn."""

    def __init__(self, optimizer: Optimizer, lr: float, host: Host) -> None:
        self.made = host.textbook(OURS[optimizer.kind])(lr, **optimizer.settings)

    def stepping(self, params: Mapping[str, str], grads: Mapping[str, str], scope: Scope) -> Callable[[float], None]:
        """Make the step that moves parameters, in place, by gradients, where these expressions find them."""
        return moving(self.made, params, grads, scope)

    def roots(self) -> dict[str, object]:
        """What a checkpoint must hold."""
        return {"optimizer": self.made}


class State:
    """What a learner's function is handed on from step to step."""

    def __init__(self, state: object) -> None:
        self.state = state


class Yours:
    """The learner's own optimiser, made and called as its exercise does.

    A learning rate that is changed on the way is put where the optimiser keeps it: the attribute that differs between
    two that were made with different ones. Where it cannot be found, the steps are scaled.
    """

    def __init__(self, optimizer: Optimizer, lr: float, namespace: Mapping[str, object], params: Iterable[str]) -> None:
        if optimizer.drive is None:
            raise RunError("This run says nothing about how its optimiser is called.", "", "Start it anew.")
        self._drive: OptimizerDrive = optimizer.drive
        self._names: Scope = {**namespace, **optimizer.settings, "lr": lr}
        self._first_lr = self._lr = lr
        self._line = compile(self._drive.step, f"<the step of {optimizer.challenge}>", "exec")
        self._made: dict[str, Any] = {}  # update: one for each parameter, by its name; else one alone
        self._held = State(eval(self._drive.state, dict(self._names)))
        self._where = self._find_rate(lr)
        if self._drive.style != "function":  # made here, so that a checkpoint finds them from the start
            self._made = {name: self._make(lr) for name in (params if self._drive.style == "update" else [""])}

    def step(self, lr: float, params: Values, grads: Values, gradient: Callable[[Values], Values]) -> Values:
        """Take a step; what it did not change in place is returned, to be written back."""
        before = {name: 1 * value for name, value in params.items()} if self._must_scale(lr) else {}
        new = self._moved(params, grads, gradient)
        for name, old in before.items():
            moved: Any = new.get(name, params[name])
            moved[...] = old + lr / self._first_lr * (moved - old)
        return new

    def roots(self) -> dict[str, object]:
        """What a checkpoint must hold."""
        if self._drive.style == "function":
            return {"optimizer": self._held}
        return {f"optimizer{'.' if name else ''}{name}": made for name, made in self._made.items()}

    # ── a step ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _moved(self, params: Values, grads: Values, gradient: Callable[[Values], Values]) -> Values:
        scope = dict(self._names)
        match self._drive.style:
            case "update":
                return self._moved_one_by_one(params, grads)
            case "function":
                scope.update(params=dict(params), grads=grads, state=self._held.state)
                exec(self._line, scope)
                self._held.state = scope["state"]
                new = scope["params"]
            case "list":
                scope.update(optimizer=self._made[""], params=list(params.values()), grads=list(grads.values()))
                exec(self._line, scope)
                new = dict(zip(params, scope["params"], strict=True))
            case _:
                given = gradient if self._drive.gradient == "function" else grads
                scope.update(optimizer=self._made[""], params=dict(params), grads=given, gradient=gradient)
                exec(self._line, scope)
                new = scope["params"]
        return {name: value for name, value in new.items() if value is not params[name]}

    def _moved_one_by_one(self, params: Values, grads: Values) -> Values:
        new = {}
        for name, value in params.items():
            scope = {**self._names, "optimizer": self._made[name], "w": value, "g": grads[name]}
            exec(self._line, scope)
            if scope["w"] is not None and scope["w"] is not value:
                new[name] = scope["w"]
        return new

    def _make(self, lr: float) -> Any:
        return eval(self._drive.make, {**self._names, "lr": lr})

    # ── the learning rate ────────────────────────────────────────────────────────────────────────────────────────────

    def _must_scale(self, lr: float) -> bool:
        """Bring a new learning rate to where it is kept; true where there is no such place, and it is not the first."""
        if lr != self._lr:
            self._lr = self._names["lr"] = lr
            if self._where is not None:
                for made in self._made.values():
                    _put(made, self._where, lr)
        return self._where is None and lr != self._first_lr

    def _find_rate(self, lr: float) -> tuple[str, ...] | None:
        """Where an object keeps the rate; () where it is passed at every step."""
        if self._drive.style == "function":
            return ()
        if self._drive.lr:
            return (self._drive.lr,)
        one, other = self._make(lr), self._make(2 * lr)
        kept = dict(_numbers(vars(other))) if hasattr(other, "__dict__") else {}
        found = (
            [where for where, value in _numbers(vars(one)) if value == lr and kept.get(where) == 2 * lr] if kept else []
        )
        return found[0] if len(found) == 1 else None


def _numbers(values: Mapping[str, object]) -> Iterator[tuple[tuple[Any, ...], float]]:
    """Name every number among attributes, and one level down in tuples, lists and dicts."""
    for name, value in values.items():
        if isinstance(value, float | int):
            yield (name,), value
        elif isinstance(value, dict | list | tuple):
            inside = value.items() if isinstance(value, dict) else enumerate(value)
            yield from (((name, key), number) for key, number in inside if isinstance(number, float | int))


def _put(made: object, where: tuple[Any, ...], lr: float) -> None:
    if not where:
        return
    name, *key = where
    if not key:
        setattr(made, name, lr)
        return
    held = getattr(made, name)
    if isinstance(held, tuple):
        setattr(made, name, (*held[: key[0]], lr, *held[key[0] + 1 :]))
    else:
        held[key[0]] = lr
