"""Checkpoints of a run: `ckpt-<step>.npz`, from which it goes on as if it had never stopped.

On the same machine, with the same versions and as many threads, it goes on bit for bit. The two newest are kept; one
that is damaged, cut, of another network or of other code is passed over with a sentence, and the one before it is used.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tutor import files, records
from tutor.errors import RunError, TutorError
from tutor.training.checkpoints.restoring import give, give_module
from tutor.training.checkpoints.snapshot import Snapshot, SnapshotError, module_state, take
from tutor.training.model import RunConfig
from tutor.training.trainable import Trainable

Namespace = dict[str, object]  # of the learner's file, and of that of their optimizer

FILES = ("your file", "your optimizer's file")
KEPT = 2
SCHEMA = 1
_NAME = re.compile(r"ckpt-(\d+)\.npz")
# What a file that is cut or garbled makes NumPy, zip and JSON say.
_DAMAGE: tuple[type[BaseException], ...] = (
    OSError,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    zipfile.BadZipFile,
    zlib.error,
    msgspec.MsgspecError,
)


class CheckpointError(TutorError):
    """A checkpoint cannot be used; the message says why."""


class Unstorable(TutorError):
    """Something that the network holds cannot be written into a checkpoint."""


class Position(Struct, frozen=True):
    """Where a run stands, between two steps."""

    step: int
    epoch: int  # 1-based, the one under way
    at: int  # samples of it that are used up
    order: dict[str, Any]  # the generator's state before it drew the order of this epoch
    t: float  # seconds of training
    lr: float
    batch: int
    held_back: float | None
    dead: list[float | None]
    explained: dict[str, Any] = {}  # what the explainer remembers


class Header(Struct, frozen=True):
    """What a checkpoint says of itself."""

    schema: int
    code_hash: str
    optimizer_hash: str
    attempt: int
    shapes: dict[str, tuple[list[int], str]]  # of the parameters
    position: Position


def files_of(run_dir: Path) -> list[Path]:
    """List a run's checkpoints, the latest step first."""
    found = [(int(match[1]), path) for path in run_dir.iterdir() if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(found, reverse=True)]


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def write(
    run_dir: Path,
    config: RunConfig,
    network: Trainable,
    namespaces: Sequence[Namespace],
    position: Position,
    attempt: int = 1,
) -> bool:
    """Write a checkpoint whole, and keep the one before it; False: the parameters are not finite, and none is written.

    Unstorable: the network holds what cannot be written down. OSError: the disk refuses it.
    """
    parameters = network.params()
    if not all(np.isfinite(parameter).all() for parameter in parameters.values()):
        return False
    own = {str(namespace.get("__name__", "")) for namespace in namespaces}
    snapshot = take(_roots(network, namespaces), own)
    if snapshot.unstorable:
        raise Unstorable(
            "This run cannot be resumed once it has stopped.",
            f"{', '.join(snapshot.unstorable[:3])}, which cannot be written into a checkpoint.",
            "Keep numbers, arrays, lists and random generators there instead.",
        )
    shapes = {name: (list(value.shape), str(value.dtype)) for name, value in parameters.items()}
    header = Header(SCHEMA, config.code_hash, config.optimizer_hash, attempt, shapes, position)
    text = json.dumps([msgspec.to_builtins(header), snapshot.tree, snapshot.views])
    data = io.BytesIO()
    np.savez(
        data,
        allow_pickle=False,
        text=np.frombuffer(text.encode("ascii"), np.uint8),
        **{f"r{i}": region for i, region in enumerate(snapshot.regions)},
    )
    target = run_dir / f"ckpt-{position.step}.npz"
    files.replace(target, data.getbuffer().tobytes())
    older = [path for path in files_of(run_dir) if _step(path) < position.step]
    for path in files_of(run_dir):
        if path not in (target, *older[: KEPT - 1]):
            with contextlib.suppress(OSError):
                path.unlink()
    return True


def _step(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else -1


def _roots(network: Trainable, namespaces: Sequence[Namespace]) -> dict[str, object]:
    """Everything that decides how the training goes on."""
    torch = sys.modules.get("torch")
    return {
        "network": dict(network.roots()),
        "modules": {name: module_state(held) for name, held in zip(FILES, namespaces, strict=False)},
        "numpy": np.random.mtrand._rand,  # the generator behind np.random.randn and its like
        "python": random.getstate(),
        "torch": None if torch is None else torch.random.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch is not None and torch.cuda.is_initialized() else None,
    }


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(path: Path) -> tuple[Header, Snapshot]:
    """Read all of a checkpoint and check its sums; CheckpointError when it is damaged or of a newer tutor."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            text, tree, views = json.loads(stored["text"].tobytes())
            regions: list[NDArray[np.uint8]] = [stored[f"r{i}"] for i in range(len(stored.files) - 1)]
        header = records.convert(text, Header)
        for region, offset, dtype, shape, strides in views:
            if region >= 0:  # also raises where the view would leave its region
                np.ndarray(shape, dtype, regions[region].data, offset, strides)
    except _DAMAGE as error:
        raise CheckpointError(f"{path.name} is damaged.") from error
    if header.schema > SCHEMA:
        raise CheckpointError(f"{path.name} was written by a newer tutor.")
    return header, Snapshot(tree, views, regions, [])


def check(header: Header, config: RunConfig, parameters: Mapping[str, NDArray[Any]], name: str) -> None:
    """Raise CheckpointError when the checkpoint is of other code or of another network."""
    if (header.code_hash, header.optimizer_hash) != (config.code_hash, config.optimizer_hash):
        raise CheckpointError(f"{name} was written by other code.")
    if {k: (list(v.shape), str(v.dtype)) for k, v in parameters.items()} != header.shapes:
        raise CheckpointError(f"{name} is of a network of other shapes.")


def restore(
    run_dir: Path,
    config: RunConfig,
    network: Trainable,
    namespaces: Sequence[Namespace],
    say: Callable[[str], object],
) -> Position | None:
    """Bring the network to its newest checkpoint that can be used, and return where it stands.

    None: there is none, and the run begins anew, which gives the same. `say` is told of each that is passed over.
    RunError: there are some, and none can be used.
    """
    found = files_of(run_dir)
    for path in found:
        try:
            header, snapshot = read(path)
            check(header, config, network.params(), path.name)
            _give(snapshot, network, namespaces)
        except CheckpointError as error:
            say(f"{error} The one before it is used.")
        except SnapshotError as error:
            say(f"{path.name} does not fit: {error} The one before it is used.")
        else:
            return header.position
    if found:
        raise RunError(
            "None of its checkpoints can be used.",
            "They are damaged, or of other code.",
            "Start it anew: it has the same seed then.",
        )
    return None


def _give(snapshot: Snapshot, network: Trainable, namespaces: Sequence[Namespace]) -> None:
    roots: dict[str, Any] = _roots(network, namespaces)
    give(snapshot, roots, namespaces)
    for namespace, state in zip(namespaces, roots["modules"].values(), strict=False):
        give_module(namespace, state)
    random.setstate(roots["python"])
    torch = sys.modules.get("torch")
    if torch is not None and roots["torch"] is not None:
        torch.random.set_rng_state(roots["torch"])
        if roots["cuda"]:
            torch.cuda.set_rng_state_all(roots["cuda"])
