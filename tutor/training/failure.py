"""What stopped a run, as its end: the learner's line, want of memory, a device that failed, or the tutor itself."""

from __future__ import annotations

import contextlib
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.errors import TutorError
from tutor.training import devices
from tutor.training.folder import code_file
from tutor.training.model import End, RunConfig

if TYPE_CHECKING:
    from tutor.training.loop import Trainer

# What CUDA says, in small letters, and what that means for the learner. The first that fits counts.
ON_CPU = "The CPU always works: --device cpu."
GPU_FAULTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("busy or unavailable", "exclusive"),
        f"The GPU is taken: another process has it for itself. Wait for it, or take another one. {ON_CPU}",
    ),
    (
        ("driver version is insufficient", "driver on your system is too old", "forward compatibility was attempted"),
        f"The NVIDIA driver is too old for this PyTorch. Update one of them. {ON_CPU}",
    ),
    (
        ("invalid device ordinal",),
        f"There is no GPU of that number. --device cuda takes the one with the most room. {ON_CPU}",
    ),
    (
        ("uncorrectable ecc", "xid", "fallen off the bus", "hardware stack error", "nvlink error"),
        f"The GPU itself failed. Tell who looks after the machine, and take another GPU until then. {ON_CPU}",
    ),
    (
        ("device-side assert", "index out of range", "out of bounds"),
        "An index went past the end of an array on the GPU, such as a label above the classes. "
        "With --device cpu the error names the line.",
    ),
    (
        ("no cuda-capable device", "no cuda gpus are available", "no nvidia driver", "cuda unknown error"),
        f"There is no GPU here that can be used. {ON_CPU}",
    ),
    (
        ("not compiled with cuda",),
        f"This PyTorch was built without CUDA. {ON_CPU}",
    ),
    (
        ("cuda error", "cublas_status", "cudnn_status", "hip error"),
        f"The GPU gave up. Its message is in the log. {ON_CPU}",
    ),
)


def gpu_fault(error: BaseException) -> str:
    """Say in a sentence what a device that failed means; empty when the error is of something else."""
    if not isinstance(error, (RuntimeError, AssertionError, IndexError)):
        return ""
    said = str(error).lower()
    of_device = any(word in said for word in ("cuda", "gpu", "nvidia", "cublas", "cudnn", "hip error", "xid"))
    if not of_device and type(error).__name__ != "AcceleratorError":
        return ""
    return next((sentence for words, sentence in GPU_FAULTS if any(word in said for word in words)), "")


def was_taken(error: BaseException, config: RunConfig, trainer: Trainer | None) -> bool:
    """Tell whether others took the GPU between the choice and the first step: then another may be free."""
    begun = trainer is not None and trainer.step > 0
    return config.device.startswith("cuda") and not begun and devices.failure_of(error) != ""


def end_of(run_dir: Path, config: RunConfig, error: BaseException, trainer: Trainer | None) -> End:
    """Turn what stopped the run into a sentence, with the learner's line where it was theirs."""
    from tutor.learner import LearnerCodeError, code_error

    step, held_back = (trainer.step, trainer.held_back) if trainer else (0, None)
    if isinstance(error, LearnerCodeError):
        found = error.error
        cause: BaseException = error.__cause__ or error
    elif isinstance(error, TutorError):
        return End("failed", str(error), step, held_back=held_back)
    else:
        found, cause = code_error(error, code_file(run_dir, config).name), error
    print(found.traceback or "".join(traceback.format_exception(error)), file=sys.stderr)
    if devices.failure_of(cause) == "out-of-memory":
        reason = _memory_words(cause, config, step, trainer)
        return End("out-of-memory", reason, step, line=found.line, held_back=held_back)
    fault = gpu_fault(cause)
    if fault:
        return End("failed", fault, step, held_back=held_back)
    if found.line is None and not isinstance(error, SystemExit):
        reason = f"The tutor failed, not your code: {found.type}: {found.message}. The log has the details."
        return End("failed", reason, step, held_back=held_back)
    where = f"Line {found.line} of your file" if found.line else "Your code"
    reason = f"{where} raised {found.type}: {found.message}" if found.message else f"{where} raised {found.type}."
    return End("failed", reason, step, line=found.line, held_back=held_back)


def _memory_words(error: BaseException, config: RunConfig, step: int, trainer: Trainer | None) -> str:
    on_gpu = config.device != "cpu" and not isinstance(error, MemoryError)
    batch, parameters = trainer.steering.batch if trainer else config.batch, 0
    with contextlib.suppress(Exception):  # a device that has failed may not answer any more
        parameters = sum(value.size for value in trainer.parameters().values()) if trainer else 0
    name = config.device_name if on_gpu else ""
    return devices.out_of_memory(error, batch=batch, step=step, device_name=name, parameters=parameters)
