"""When a device has no memory left: what was wanted, what was free, and the batch that would fit."""

from __future__ import annotations

import re
from typing import Literal

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_AMOUNT = r"([\d.]+) ?(?:([KMGT])i?B|bytes)"
_WANTED = re.compile(rf"(?:Tried|Unable) to allocate {_AMOUNT}")
_FREE = re.compile(rf"of which {_AMOUNT} is free")
_OTHERS = re.compile(rf"Process \d+ has {_AMOUNT} memory in use")
_OUT_OF_MEMORY = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED")
_BUSY = ("busy or unavailable", "in exclusive", "exclusive-thread")


def failure_of(error: BaseException) -> Literal["out-of-memory", "busy", ""]:
    """Tell whether a device had no memory left, or was taken by somebody else; empty for anything else."""
    said = str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out-of-memory"
    if isinstance(error, RuntimeError) and any(words in said for words in _OUT_OF_MEMORY):
        return "out-of-memory"
    return "busy" if isinstance(error, RuntimeError) and any(words in said for words in _BUSY) else ""


def suggest_batch(batch: int, bytes_wanted: int, bytes_free: int) -> int:
    """Return a batch that should fit: a power of two from an eighth to half of `batch`, and at least 1.

    What was free for what was wanted is the share that would have fitted; but what else the batch filled shrinks with
    it, so no less than an eighth is suggested. 0 bytes wanted: nothing is known.
    """
    share = bytes_free / bytes_wanted if bytes_wanted > 0 else 0.5
    most = int(batch * min(0.5, max(0.125, share)))
    return 1 << (most.bit_length() - 1) if most > 0 else 1


def out_of_memory(
    error: BaseException, *, batch: int, step: int, device_name: str = "", parameters: int = 0, bytes_free: int = 0
) -> str:
    """Say what happened and what to try; `bytes_free` is for errors that do not tell it, as NumPy's."""
    said = str(error)
    wanted = _amount(_WANTED.search(said))
    free = _amount(found) if (found := _FREE.search(said)) else bytes_free
    others = sum(_amount(match) for match in _OTHERS.finditer(said))
    where = f"The memory of {device_name}" if device_name else "Memory"
    network = f" and {parameters:,} parameters" if parameters else ""
    parts = [f"{where} ran out at step {step}, with batch {batch}{network}."]
    known = wanted > 0 and (found is not None or bytes_free > 0)
    if wanted:
        parts.append(f"{_size(wanted)} more were wanted{f', {_size(free)} were free' if known else ''}.")
    if others:
        parts.append(f"Other processes hold {_size(others)} of it.")
    if batch > 1:
        parts.append(f"Try batch {suggest_batch(batch, wanted if known else 0, free)}.")
    else:
        parts.append("Try a smaller network, or another device.")
    return " ".join(parts)


def _amount(match: re.Match[str] | None) -> int:
    return int(float(match[1]) * _UNITS[match[2] or ""]) if match else 0


def _size(count: int) -> str:
    """Write bytes as people do: 512 MB, 1.2 GB."""
    return f"{count / _UNITS['G']:.1f} GB" if count >= _UNITS["G"] else f"{count / _UNITS['M']:.0f} MB"
