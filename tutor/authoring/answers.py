"""What would give an exercise away: a line of a solution in its starter, or in a hint that comes too early."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

from tutor.authoring.problem import Problem
from tutor.course import Challenge, blanks, hints, read_text, solution_files, variant_files
from tutor.errors import ContentError

SHORTEST = 12  # signs: what is shorter, such as `self + other`, may stand somewhere as a matter of course
EARLY_HINTS = 2  # the third may have nearly the line
_TELLTALE = re.compile(r"\b(bugs?|planted|fixme|todo|broken|should be|instead of)\b", re.IGNORECASE)


def answer_problems(challenge: Challenge, folder: Path) -> list[Problem]:
    """Answers where they should not stand, comments of a variant that point at its fault, and hints out of stage."""
    try:
        starts = [(file, read_text(file)) for file in _starts(challenge, folder)]
        solved = [read_text(file) for _, file in solution_files(challenge)]
        told = [(folder / "hints" / f"{n}.md", n) for n in range(1, hints(challenge) + 1)]
        early = [(file, read_text(file)) for file, n in told if n <= EARLY_HINTS]
    except ContentError:
        return []  # said where the files are counted
    problems = []
    answers: set[str] = set()
    for file, source in starts:
        of_file = {answer for solution in solved for answer in answers_to(challenge.kind, source, solution)}
        answers |= of_file
        for line, words in _words(source):
            problems += [Problem(file, line, f"the answer stands in it: {a}") for a in sorted(of_file) if a in words]
            if challenge.kind == "debug" and (telltale := _TELLTALE.search(_comment(source, line))):
                problems.append(Problem(file, line, f"the comment gives the fault away: “{telltale[0]}”"))
    for file, text in early:
        for line, words in enumerate(text.split("\n"), 1):
            found = [answer for answer in sorted(answers) if answer in _evened(words)]
            problems += [Problem(file, line, f"a line of the solution stands in it: {answer}") for answer in found]
        if file.name == "1.md" and "?" not in text:
            problems.append(Problem(file, None, "the first hint asks a question; there is no question mark in it"))
    return problems


def _starts(challenge: Challenge, folder: Path) -> Sequence[Path]:
    starter = folder / "starter.py"
    return (starter, *variant_files(challenge)) if challenge.kind == "debug" else (starter,)


def answers_to(kind: str, starter: str, solution: str) -> set[str]:
    """What a solution writes where the starter leaves a gap, blanks taken out; what is plain is left out."""
    if kind == "fill":
        found = _of_blanks(starter, solution)
    elif kind == "scratch":
        found = _of_bodies(starter, solution)
    else:
        there = {_evened(line) for line in starter.split("\n")}
        found = {_right_side(line) for line in map(_evened, solution.split("\n")) if line not in there}
    return {answer for answer in found if len(answer) >= SHORTEST and re.search(r"[-+*/@(<>]", answer)}


def _of_blanks(starter: str, solution: str) -> set[str]:
    """The rest of every line of the solution that begins as a line with a blank does."""
    lines = starter.split("\n")
    starts = {_evened(lines[blank.line - 1].partition("...")[0]) for blank in blanks(starter)} - {""}
    solved = [_evened(line) for line in solution.split("\n")]
    return {line.removeprefix(start) for start in starts for line in solved if line.startswith(start)}


def _of_bodies(starter: str, solution: str) -> set[str]:
    """The values that the solution assigns or returns in the functions that the starter leaves empty."""
    empty = {name for name, function in _functions(starter) if _is_empty(function)}
    return {
        _evened(ast.unparse(value))
        for name, function in _functions(solution)
        if name in empty
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.Return) and (value := node.value) is not None
    }


def _functions(source: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of a file and its classes, with its dotted name."""
    try:
        waiting: list[tuple[str, ast.stmt]] = [("", node) for node in ast.parse(source).body]
    except (SyntaxError, ValueError):
        return
    while waiting:
        within, node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            yield within + node.name, node
        elif isinstance(node, ast.ClassDef):
            waiting += [(f"{within}{node.name}.", inner) for inner in node.body]


def _is_empty(function: ast.FunctionDef) -> bool:
    """Nothing but words, `...`, `pass` and `raise NotImplementedError`."""
    return all(
        isinstance(node, ast.Pass | ast.Raise) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


def _words(source: str) -> Iterator[tuple[int, str]]:
    """Line by line what a file says in comments and texts, without blanks."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in (tokenize.COMMENT, tokenize.STRING):
                for number, line in enumerate(token.string.split("\n"), token.start[0]):
                    yield number, re.sub(r"\s", "", line)
    except (SyntaxError, tokenize.TokenError):
        return  # the grading says so


def _comment(source: str, line: int) -> str:
    return source.split("\n")[line - 1].partition("#")[2]


def _evened(line: str) -> str:
    """A line of code without blanks and without its comment."""
    return re.sub(r"\s", "", line.partition("#")[0])


def _right_side(line: str) -> str:
    """What a line of code assigns or returns."""
    match = re.match(r"(?:[\w.,\[\]:]+(?:[-+*/@]?=)(?!=)|return)(.*)", line)
    return match[1] if match else ""
