"""From what the box host saw to a BoxResult: one class of fault, one plain sentence, one next step."""

from __future__ import annotations

import re
import signal
from typing import Any

import msgspec
from msgspec import Struct

from tutor import records
from tutor.learner.inside import wire
from tutor.learner.model import BoxJob, BoxResult, CaseResult, CodeError, Fault, FaultKind, Printed
from tutor.learner.text import printable

NO_ANSWER = 97  # as in inside/child.py
MANY_STRAYS = 8  # a daemon or two is an accident of a verdict; this many are a fork bomb
_ENDLESS_OUTPUT = 1 << 20  # bytes printed by code that ran into its time limit


class Ended(Struct, frozen=True):
    """What the host saw of a child."""

    id: int
    ended: str  # why the host ended it, empty if it ended by itself
    status: int | None  # exit status, negative for a signal
    strays: int
    seconds: float
    printed: int


class _Fault(Struct):
    kind: FaultKind
    error: CodeError


class _Case(Struct):
    results: dict[str, dict[str, Any]]
    second: dict[str, dict[str, Any]]
    inputs_after: dict[str, dict[str, Any]]
    numeric: dict[str, dict[str, Any]]
    not_arrays: dict[str, str]
    missing: dict[str, str]
    error: CodeError | None
    second_error: CodeError | None
    numeric_note: str
    beside: dict[str, dict[str, Any]]
    reused: dict[str, dict[str, Any]]
    sweep: dict[str, dict[str, Any]]
    sweep_note: str


class Answer(Struct):
    """The header of a child's answer."""

    fault: _Fault | None = None
    cases: list[_Case] = []
    warnings: list[str] = []
    defined: list[str] = []
    failed: str = ""  # our own traceback
    replaced: str = ""  # with it: a name of NumPy's that the learner's code replaced
    layers: dict[str, tuple[bool, str]] = {}


def classify(job: BoxJob, seen: Ended, answer: memoryview, output: bytes) -> BoxResult:
    """Put together the result of a job."""
    fault: Fault | None
    cases: tuple[CaseResult, ...] = ()
    told = Answer()
    stopped = _stopped(job, seen)
    if stopped is not None:
        fault = stopped
    else:
        read = read_answer(seen, answer)
        if isinstance(read, Fault):
            fault = read
        else:
            told, parts = read
            try:
                cases = tuple(_case(case, parts) for case in told.cases)
                fault = _told_fault(job, told)
                if fault is None and len(cases) != len(job.cases):
                    fault = _garbled(seen)
            except wire.WireError:
                fault = _garbled(seen)
    if seen.strays >= MANY_STRAYS and (fault is None or fault.kind not in ("cancelled", "tutor")):
        fault = _endless_forks()
    printed = _printed(output.decode("utf-8", "replace"))
    return BoxResult(
        fault=fault,
        cases=cases,
        output="".join(part.text for part in printed),
        output_cut=seen.printed > len(output),
        seconds=seen.seconds,
        warnings=tuple(printable(text) for text in told.warnings),
        defined=tuple(printable(text) for text in told.defined),
        printed=printed,
    )


_MARK = re.compile(re.escape(wire.MARK).replace(r"\{\}\{\}", rf"(\d{{1,9}})([{wire.PARTS}])"))
_HALF_A_MARK = re.compile(rf"\x1d\x1e\d*[{wire.PARTS}]?\Z")  # where the output was cut


def _printed(output: str) -> tuple[Printed, ...]:
    """The output in the parts that its marks tell of; a mark that the learner's code forged misleads nobody else."""
    before, *marked = _MARK.split(_HALF_A_MARK.sub("", output))
    parts = [Printed(-1, False, before)]
    for number, part, text in zip(marked[::3], marked[1::3], marked[2::3], strict=True):
        parts.append(Printed(int(number), part == "s", text, part == "o"))
    return tuple(msgspec.structs.replace(part, text=printable(part.text)) for part in parts if part.text)


def tutor_fault(what: str) -> Fault:
    """A fault of ours."""
    return Fault(
        "tutor",
        f"The box could not run your code: {what}.",
        "That is a fault of the tutor, not yours. Try again; `tutor doctor` tells more.",
    )


def cleaned(error: CodeError) -> CodeError:
    """The same error with text that is fit for the screen."""
    return msgspec.structs.replace(
        error,
        type=printable(error.type),
        message=printable(error.message),
        traceback=printable(error.traceback),
    )


def read_answer(seen: Ended, answer: memoryview) -> tuple[Answer, list[memoryview]] | Fault:
    """The one answer of a child, or why there is none."""
    try:
        messages = list(wire.split(answer))
        if not messages:
            return _no_answer(seen)
        if len(messages) > 1:
            return _several()
        fields, parts = wire.parse(*messages[0])
        return records.convert(fields, Answer), parts
    except (wire.WireError, msgspec.ValidationError):
        return _garbled(seen)


def _stopped(job: BoxJob, seen: Ended) -> Fault | None:
    """The fault of a child that was ended by the host."""
    seconds = f"{job.limits.seconds:g} s"
    match seen.ended:
        case "" | "closed":
            return None
        case "cancelled":
            return Fault("cancelled", "The check was cancelled.")
        case "timeout" if seen.printed > _ENDLESS_OUTPUT:
            return _too_much_output()
        case "timeout":
            return Fault(
                "timeout",
                f"Your code was still running after {seconds}, so it was stopped.",
                "Look for a loop that never ends.",
            )
        case "starved":
            return Fault(
                "tutor",
                "This machine was so busy that your code did not get its processor time.",
                "That says nothing of your code. Try again when less is running.",
            )
        case "output":
            return _too_much_output()
        case "memory":
            return _out_of_memory(job, "")
        case "forked":
            return _endless_forks()
        case "answer":
            return Fault(
                "garbled", "Your code gave back more than can be looked at.", "Return arrays of the asked shape."
            )
    return tutor_fault(seen.ended)


def _no_answer(seen: Ended) -> Fault:
    status = seen.status
    if status is not None and status < 0 and not seen.ended:
        return _killed(-status)
    if seen.ended or status == NO_ANSWER:
        return Fault(
            "no_answer", "Your code ended without an answer.", "Look for code that closes files it did not open."
        )
    return Fault("exited", "Your code ended the program before it could be checked (os._exit).", "Take the exit out.")


def _killed(number: int) -> Fault:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if name == "SIGXCPU":
        return Fault(
            "timeout", "Your code used up its processor time, so it was stopped.", "Look for a loop that never ends."
        )
    if name == "SIGKILL":
        return Fault(
            "signal",
            "Your code was killed from outside (SIGKILL).",
            "This machine may be short of memory; try smaller arrays.",
        )
    what = {"SIGSEGV": "a forbidden memory access", "SIGABRT": "an abort", "SIGFPE": "an arithmetic fault"}.get(name)
    return Fault(
        "signal",
        f"Your code crashed Python itself: {what} ({name})." if what else f"Your code was ended by a signal ({name}).",
        "Very deep recursion does this, and ctypes.",
    )


def _several() -> Fault:
    return Fault("forked", "Several processes answered: your code made copies of itself.", "Look for os.fork.")


def _endless_forks() -> Fault:
    return Fault("forked", "Your code started processes without end, so it was stopped.", "Look for os.fork.")


def _garbled(seen: Ended) -> Fault:
    if seen.strays:
        return _several()
    return Fault("garbled", "The answer of your code could not be read.", "Let your code write to its own files only.")


def _too_much_output() -> Fault:
    return Fault("output", "Your code printed without end, so it was stopped.", "Look for a print in an endless loop.")


def _out_of_memory(job: BoxJob, message: str) -> Fault:
    asked = re.match(r"Unable to allocate (.+?) for an array with shape (\(.*?\))", message)
    wanted = f"it asked for {asked[1]} for an array of shape {asked[2]}" if asked else "it went on asking for more"
    of_torch = re.search(r"you tried to allocate (\d+) bytes", message)
    if of_torch and int(of_torch[1]) > job.limits.memory_mb << 20:
        wanted = f"it asked for {int(of_torch[1]) / (1 << 30):.1f} GiB for a tensor"
    return Fault(
        "memory",
        f"Your code ran out of memory: {wanted}. A check has {job.limits.memory_mb} MB.",
        "Look at the sizes of your arrays.",
    )


def _told_fault(job: BoxJob, told: Answer) -> Fault | None:
    """The fault that the child itself reported."""
    if told.replaced:
        return Fault(
            "garbled",
            f"Your code replaced np.{printable(told.replaced)}, which the check itself needs.",
            "Give what you define a name of its own.",
        )
    if told.failed:
        return tutor_fault(printable(told.failed.strip().rpartition("\n")[2]))
    if told.fault is None:
        return None
    error = cleaned(told.fault.error)
    match told.fault.kind:
        case "syntax":
            where = f"Line {error.line}" if error.line else "Your file"
            if error.column:
                where += f", column {error.column}"
            found = Fault("syntax", f"{where}: {error.message}.", "Python cannot read the file until that is repaired.")
        case "exited":
            found = Fault("exited", "Your code left the program early (sys.exit).", "Take the exit out.")
        case "memory":
            found = _out_of_memory(job, error.message)
        case _:
            found = _raised(error)
    return msgspec.structs.replace(found, error=error)


def _raised(error: CodeError) -> Fault:
    where = f"line {error.line}" if error.line else f"the {error.stage or 'import'} step"
    look = f"Look at {where}." if error.line else ""
    if error.type in ("EOFError", "BdbQuit"):
        return Fault(
            "exception",
            f"Your code waits for the keyboard in {where}, and there is no keyboard here.",
            "Take input() and breakpoint() out; print what you want to see.",
        )
    missing = re.fullmatch(r"No module named '([^']+)'.*", error.message)
    if error.type == "ModuleNotFoundError" and missing:
        return Fault(
            "exception",
            f"Your file imports {missing[1]} in {where}, which is not installed here.",
            "Take the import out: NumPy is all you need.",
        )
    if error.type == "ModuleNotFoundError" and error.message.startswith("torch is not loaded"):
        return Fault(
            "exception",
            f"Your file imports torch in {where}, which this exercise does not use.",
            "Take the import out: NumPy is all you need.",
        )
    what = f"{error.type}: {error.message}" if error.message else error.type
    return Fault("exception", f"Your code stopped in {where} with {what}", look)


def _case(case: _Case, parts: list[memoryview]) -> CaseResult:
    def arrays(specs: dict[str, dict[str, Any]]) -> Any:
        return {printable(name): wire.rebuild(spec, parts) for name, spec in specs.items()}

    def texts(of: dict[str, str]) -> dict[str, str]:
        return {printable(name): printable(text) for name, text in of.items()}

    return CaseResult(
        results=arrays(case.results),
        second=arrays(case.second),
        not_arrays=texts(case.not_arrays),
        missing=texts(case.missing),
        inputs_after=arrays(case.inputs_after),
        error=case.error and cleaned(case.error),
        numeric=arrays(case.numeric),
        numeric_note=printable(case.numeric_note),
        second_error=case.second_error and cleaned(case.second_error),
        beside=arrays(case.beside),
        reused=arrays(case.reused),
        sweep=arrays(case.sweep),
        sweep_note=printable(case.sweep_note),
    )
