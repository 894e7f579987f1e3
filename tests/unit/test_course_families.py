"""A family and a few options make a whole challenge.toml; the file's own words win, and each fault has its line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tutor.course import Broken, Challenge, list_challenges, load_challenge, read_spec
from tutor.course.families import FamilyError, expand, merged
from tutor.course.families.presets import PRESETS
from tutor.course.model import FAMILIES
from tutor.errors import ContentError

LAYER = """id = "mine"
family = "layer"
defines = ["Linear"]

[options]
of = "linear"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "any-name.toml"


def read(file: Path, text: str) -> Challenge:
    file.write_text(text)
    return read_spec(file)


def refused(file: Path, text: str, reason: str) -> str:
    """The line of the file that is blamed."""
    with pytest.raises(ContentError) as caught:
        read(file, text)
    assert reason in caught.value.reason
    assert caught.value.file == file
    assert caught.value.line is not None
    return text.split("\n")[caught.value.line - 1]


# ── expansion ────────────────────────────────────────────────────────────────────────────────────────────────────────

EVERY: list[tuple[str, str, dict[str, Any]]] = [
    *(("layer", "Layer", {"of": of}) for of in PRESETS),
    *(("function", "f f_back", {"of": of}) for of in PRESETS),
    *(("torch_function", "F", {"of": of}) for of in PRESETS),
    *(
        ("loss", "Loss loss_grad", {"of": of, "style": style, "stable": stable})
        for of in ("softmax_cross_entropy", "mse", "bce_with_logits")
        for style in ("together", "apart", "class")
        for stable in (True, False)
    ),
    ("loss", "loss", {"labels": "one_hot"}),
    *(
        ("network", "Net", {"weights": weights, "loss": loss, "depths": depths, "transposed": loss == "mse"})
        for weights in ("lists", "dict", "attributes", "layers")
        for loss in ("upstream", "softmax_cross_entropy", "mse")
        for depths in ([2, 1, 3, 4], [1], [4])
    ),
]


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).replace("'", '"')


@pytest.mark.parametrize(
    ("family", "defines", "options"),
    EVERY,
    ids=lambda part: "-".join(map(str, part.values())) if isinstance(part, dict) else part,
)
def test_a_family_makes_a_whole_challenge_with_three_tiers(
    file: Path, family: str, defines: str, options: dict[str, Any]
) -> None:
    settings = "\n".join(f"{key} = {toml(value)}" for key, value in options.items())
    challenge = read(
        file, f'id = "mine"\nfamily = "{family}"\ndefines = {toml(defines.split())}\n[options]\n{settings}\n'
    )

    proved = {case.proves for case in challenge.edge}
    assert "float32 inputs" in proved
    assert "a batch of one" in proved or "N" not in challenge.basic[0].sizes
    assert any("strided" in case.fill.values() or "fortran" in case.fill.values() for case in challenge.edge)
    assert any(case.repeat >= 10 for case in challenge.stress)
    assert challenge.judge.drive is not None  # the textbook has its own names
    assert len(proved) == len(challenge.edge)
    assert ("torch" in challenge.needs) == (family == "torch_function")


def test_what_a_family_gives_is_plain_and_the_same_every_time() -> None:
    def plain(value: object) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(item) for key, item in value.items())
        if isinstance(value, list | tuple):
            return all(map(plain, value))
        return isinstance(value, str | int | float | bool)

    for family, defines, options in EVERY:
        tables = expand(family, options, tuple(defines.split()))
        assert plain(tables)
        assert tables == expand(family, options, tuple(defines.split()))


def test_families_are_read_without_numpy() -> None:
    code = (
        "import sys\nfrom tutor.course.families import expand\n"
        "expand('layer', {'of': 'linear'}, ('Linear',)); expand('network', {}, ('Net',))\n"
        "assert not {'numpy', 'torch', 'markdown_it'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


GUIDE = (Path(__file__).parents[2] / "docs" / "authoring.md").read_text(encoding="utf-8")
WORKED = [block for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.S) if "\nfamily = " in block]


@pytest.mark.parametrize("text", WORKED, ids=lambda text: text.split('"')[1])
def test_every_worked_example_of_the_guide_is_read(file: Path, text: str) -> None:
    (file.parent / "right.py").write_text("")
    assert read(file, text).stress


def test_the_guide_has_an_example_of_every_family_and_names_every_preset() -> None:
    assert {re.findall(r'family = "(.*?)"', text)[0] for text in WORKED} == set(FAMILIES)
    assert all(re.search(rf"\b{of}\b", GUIDE) for of in PRESETS)


# ── the file's own words ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_files_own_words_win_table_by_table(file: Path) -> None:
    challenge = read(
        file,
        f"""{LAYER}
[drive.results.backward]
grad_W = ["layer.slope"]
[judge.says]
grad_b = "Sum over the batch."
[limits]
seconds = 7.0
[[basic]]
proves = "mine"
sizes = {{ N = 9, n_in = 8, n_out = 7 }}
""",
    )
    whole = read(file, LAYER)
    assert challenge.drive.results["backward"]["grad_W"] == ("layer.slope",)
    assert challenge.drive.results["backward"]["grad_b"] == whole.drive.results["backward"]["grad_b"]
    assert challenge.drive.setup == whole.drive.setup
    assert challenge.judge.says == {"grad_b": "Sum over the batch."}
    assert challenge.judge.results == whole.judge.results
    assert challenge.limits.seconds == 7.0
    assert [case.proves for case in challenge.basic] == ["mine"]  # a list is replaced whole
    assert challenge.edge == whole.edge


def test_merging_leaves_both_sides_as_they_were() -> None:
    family: dict[str, Any] = {"a": {"b": 1, "c": 2}, "d": [1]}
    own: dict[str, Any] = {"a": {"b": 3}, "d": [2], "e": 4}
    assert merged(family, own) == {"a": {"b": 3, "c": 2}, "d": [2], "e": 4}
    assert (family, own) == ({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 3}, "d": [2], "e": 4})


def test_a_family_in_the_course_is_read_like_any_exercise(tmp_path: Path) -> None:
    folder = tmp_path / "06-linear-layer" / "mine"
    folder.mkdir(parents=True)
    (tmp_path / "course.toml").write_text("[[part]]\ntitle = 'P'\nlesson = []\n")
    head = 'title = "T"\nkind = "scratch"\nlesson = "06-linear-layer"\n'
    (folder / "challenge.toml").write_text(head + LAYER)
    assert load_challenge(tmp_path, "mine").judge.reference == "tutor.nn.linear"
    (folder / "challenge.toml").write_text(LAYER)
    (broken,) = list_challenges(tmp_path)
    assert isinstance(broken, Broken)
    assert "is missing" in broken.reason


# ── specs outside the course ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_spec_may_stand_anywhere(file: Path) -> None:
    challenge = read(file, LAYER)
    assert (challenge.id, challenge.title, challenge.lesson, challenge.kind) == ("mine", "mine", "", "scratch")
    assert challenge.folder == file.parent


def test_the_reference_of_a_spec_is_looked_for_beside_it(file: Path) -> None:
    text = 'id = "mine"\nfamily = "layer"\ndefines = ["L"]\n[options]\noutput = ["N"]\nsizes = { N = 3 }\n'
    text += 'inputs = { x = ["N"] }\nreference = "right.py"\n'
    assert "family =" in refused(file, text, "the family `layer`: `judge.reference`: there is no 'right.py'")
    (file.parent / "right.py").write_text("")
    assert read(file, text).judge.reference == "right.py"
    assert read(file, text).judge.drive is None  # it has the learner's interface


@pytest.mark.parametrize("missing", ["id", "defines"])
def test_what_no_family_can_know_must_be_said(file: Path, missing: str) -> None:
    text = "\n".join(line for line in LAYER.split("\n") if not line.startswith(missing))
    file.write_text(text)
    with pytest.raises(ContentError, match=missing):
        read_spec(file)


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("old", "new", "reason", "line_with"),
    [
        ('"layer"', '"layr"', "Did you mean layer?", "family ="),
        ('"linear"', '"lineer"', "Did you mean linear?", "of ="),
        ('of = "linear"', "of = 3", "options: `of` must be text, not a whole number", "of ="),
        ('of = "linear"', 'off = "linear"', "`off` is not known here: did you mean `of`?", "off ="),
        ('of = "linear"', 'of = "linear"\ntransposed = ["V"]', "the parameters are: W, b", "transposed"),
        ('of = "linear"', 'of = "linear"\noutput = ["N"]', "`of` says inputs", "of ="),
        ('of = "linear"', 'of = "linear"\npass = "magic"', "not one of: attributes, constructor", "pass"),
        ('of = "linear"', "", "`inputs` is missing", "[options]"),
        (
            'of = "linear"',
            'of = "linear"\nsizes = { n_out = 4 }',
            "the family `layer`: basic case 1: all sizes",
            "family",
        ),
        ('of = "linear"', 'of = "linear"\nmake = "Linear("', "`drive.setup` is no Python", "family"),
        ("[options]", "[drive]\nforward = '= ='\n[options]", "`drive.forward` is no Python", "forward"),
        ('family = "layer"\n', "", "`family` is missing", "[options]"),
    ],
)
def test_a_fault_in_a_family_names_the_option_and_its_line(
    file: Path, old: str, new: str, reason: str, line_with: str
) -> None:
    assert line_with in refused(file, LAYER.replace(old, new, 1), reason)


@pytest.mark.parametrize(
    ("family", "options", "key"),
    [
        ("network", {"depths": [33]}, "depths"),
        ("network", {"depths": [0]}, "depths"),
        ("network", {"depths": []}, "depths"),
        ("loss", {"of": "mse", "labels": "one_hot"}, "labels"),
        ("loss", {"style": "apart"}, "style"),
        ("function", {"backward": "b", "of": "linear", "returns": ["V"]}, "returns"),
        ("function", {"backward": "b"}, "inputs"),
        ("torch_function", {"of": "nothing"}, "of"),
        ("torch_function", {"inputs": {"x": ["N"]}, "output": ["N"], "sizes": {"N": 2}}, "reference"),
        ("layer", {"inputs": {"x": ["N"]}, "params": {"b": ["N"]}, "output": ["N"], "sizes": {"N": 2}}, "make"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(family: str, options: dict[str, object], key: str) -> None:
    with pytest.raises(FamilyError) as caught:
        expand(family, options, ("One",))
    assert caught.value.key == (key,)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_needs_a_name_that_the_file_defines(family: str) -> None:
    with pytest.raises(FamilyError, match="`defines` must name"):
        expand(family, {}, ())


JUDGE = '[judge]\nreference = "tutor.nn.linear"\n'


@pytest.mark.parametrize(
    ("words", "reason", "line_with"),
    [
        ('[draws]\nz = "normal"', "`draws` names 'z', which is no array", "z ="),
        ('[draws]\nx = "gaussian"', "there is no draw 'gaussian'", "x ="),
        ('[draws]\nx = "labels"', "it is written labels(classes)", "x ="),
        ('[draws]\nx = "labels(k)"', "`draws.x`: `k`: k is not drawn", "family"),
        ('[arrays]\ng = ["N", "n_out - "]', "'n_out - ' is no size", "g ="),
        ('[arrays]\ng = ["N", "n_out - 3"]', "a length is a whole number of at least 1", "family"),
        ('[arrays]\nright = ["N"]', "`arrays.right` is no name", "right ="),
        ('[judge.says]\ngrad_c = "No."', "`judge.says` names 'grad_c', which is not judged", "grad_c"),
        ('[judge.says]\ngrad_b = " "', "`judge.says.grad_b` says nothing", "grad_b"),
        ("[judge.within]\ngrad_b = 2.0", "a norm ratio between 0 and 1", "grad_b"),
        ('[judge.results]\nout = "moments"', "`judge.moments.out` is missing", "out ="),
        ('[judge.moments]\nout = ["0", "1"]', 'not judged by "moments"', "out ="),
        ('[judge.results]\nout = "moments"\n[judge.moments]\nout = ["0", "-1"]', "which is no variance", "family"),
        ('[judge.results]\nout = "moments"\n[judge.moments]\nout = ["zero", "1"]', "zero is not drawn", "family"),
        ('[judge]\nper_sample = ["grad_input"]', 'where `scale = "either"` alone', "per_sample"),
        ('[judge]\nscale = "either"\nper_sample = ["out"]', "no judged result of backward", "per_sample"),
        ('[judge.drive]\nforward = "out = ("', "`judge.drive.forward` is no Python", "forward ="),
        ('[judge.drive.results.forward]\nout = ["="]', "is no expression", "out ="),
        ('[[judge.variants]]\nname = "a"\nlines = "x ="', "the variant 'a' is no Python", "lines ="),
        (
            '[[judge.variants]]\nname = "a"\nlines = "x = 1"\n[[judge.variants]]\nname = "a"\nlines = "x = 2"',
            "'a' is no name, or stands twice",
            "name =",
        ),
        ('needs = ["cuda"]', "not one of: torch", "needs"),
        (
            '[[edge]]\nproves = "p"\nsizes = { N = 2, n_in = 3, n_out = 4 }\nvalues = { x = 1 }',
            "`values.x` is no",
            "values",
        ),
        ('[[edge]]\nproves = "p"\nsizes = { N = 2, n_in = 3 }', "the arrays need the size n_out", "sizes"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_its_line(
    file: Path, words: str, reason: str, line_with: str
) -> None:
    head, _, options = LAYER.partition("[options]")
    text = f"{head}{words}\n[options]{options}"
    assert line_with in refused(file, text, reason)


def test_a_drive_for_the_reference_must_make_what_is_judged(file: Path) -> None:
    text = Path(__file__).parents[2].joinpath("lessons/06-linear-layer/linear_scratch/challenge.toml").read_text()
    drive = '[judge.drive]\nsetup = ""\nforward = ""\n[judge.drive.results.forward]\nout = ["out"]\n[[basic]]'
    assert "judge.drive" in refused(file, text.replace("[[basic]]", drive, 1), "`judge.drive.results` lacks 'grad_W'")


def test_sizes_of_no_array_and_those_of_upstream_gradients_may_repeat(file: Path) -> None:
    sizes = "sizes = { N = 3, n_in = 4, n_out = 5, steps = 3, padding = 0 }"
    basic = f'[[basic]]\nproves = "p"\n{sizes}\n'
    assert read(file, f"{LAYER}{basic}").basic[0].sizes["padding"] == 0
    same = f"{LAYER}{basic}".replace("n_out = 5", "n_out = 3")
    assert "sizes" in refused(file, same, "all sizes must differ")
