"""Options that the families optimizer, loop, autograd, checker and initializer cannot be made of, said by their key."""

from __future__ import annotations

import pytest

from tutor.course.families import FamilyError, expand

BAD: list[tuple[str, dict[str, object], tuple[str, ...], str]] = [
    ("optimizer", {}, (), "rule"),
    ("optimizer", {"rule": "adagrad"}, ("rule",), "adagrad"),
    ("optimizer", {"rule": "adam", "settings": {"mu": 0.9}}, ("settings", "mu"), "it has lr, beta1, beta2, eps"),
    ("optimizer", {"rule": "adam", "accept": ["epsilon"]}, ("accept",), "epsilon-hat"),
    ("optimizer", {"rule": "adam", "gradient": "function"}, ("gradient",), "nesterov"),
    ("optimizer", {"rule": "adamw", "penalty": True}, ("penalty",), "weight decay"),
    ("optimizer", {"rule": "sgd", "style": "function", "lr": "lr"}, ("lr",), "attribute"),
    ("optimizer", {"rule": "clip_by_norm", "style": "update"}, ("style",), "all gradients together"),
    ("optimizer", {"rule": "clip_by_norm", "accept": ["other"]}, ("accept",), "1e-6"),
    ("loop", {"order": "shuffled"}, ("order",), "epoch"),
    ("loop", {"of": "batch"}, ("of",), "batch"),
    ("autograd", {"operators": {"exp": "a.exp()"}}, ("operators",), "add and mul"),
    ("autograd", {"operators": {"a b": "a + b"}}, ("operators", "a b"), "no name"),
    ("autograd", {"chain": 1}, ("chain",), "between"),
    ("autograd", {"doublings": 2}, ("doublings",), "between"),
    ("autograd", {"operators": {"mul": "a * b"}, "doublings": 40}, ("doublings",), "have add"),
    ("checker", {"limit": 2.0}, ("limit",), "between 0 and 1"),
    ("checker", {"returns": "numeric", "style": "params"}, ("returns",), "array"),
    ("initializer", {"variance": "0.01"}, ("variance",), "n_in"),
]


@pytest.mark.parametrize(("name", "options", "key", "said"), BAD, ids=lambda value: str(value)[:30])
def test_bad_options_are_named(name: str, options: dict[str, object], key: tuple[str, ...], said: str) -> None:
    with pytest.raises(FamilyError, match=said) as raised:
        expand(name, options, ("Mine",))
    assert raised.value.key[: len(key)] == key
