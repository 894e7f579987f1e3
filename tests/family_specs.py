"""What the tests of families with many options share: options as Python values, and faults as one change of a file."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.families import spec
from tests.gradings import changed, said, verdict
from tutor.course import Challenge
from tutor.learner import Box

Faults = Mapping[str, tuple[str, str, str]]  # label -> what is said of the file, and the change: old text, new text


def family(name: str, defines: str, **options: object) -> Challenge:
    """The challenge that a family makes of these options."""
    return spec(name, defines, "\n".join(f"{key} = {_toml(value)}" for key, value in options.items()))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(of)}" for key, of in value.items()) + " }"
    return json.dumps(value)


def outcome(box: Box, challenge: Challenge, source: str) -> str:
    """The report in two words, such as "passed" or "step_1_W wrong_value", and the variant where there is one."""
    report = verdict(box, challenge, source)
    return f"{said(report)} ({report.variant})" if report.variant else said(report)


def with_changes(source: str, faults: Faults) -> dict[str, tuple[str, str]]:
    """Label -> what is said, and the source with that one change."""
    return {label: (expected, changed(source, (old, new))) for label, (expected, old, new) in faults.items()}
