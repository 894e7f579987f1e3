"""The worker of one run: `python -m tutor.training.worker RUN_DIR`, as the engines start it through the waiter.

It trains the frozen copy of the learner's code and writes end.json before anything is torn down. Exit status: 0 when
end.json was written by it, 75 when another worker has the run, 76 when others took its GPU before it began.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from msgspec import structs

from tutor.training.folder import (
    LOG,
    LOG_CAP,
    OLD_LOG,
    PROC,
    code_file,
    read_config,
    read_end,
    write_end,
    write_json,
)
from tutor.training.identity import BUSY, identify, next_attempt, take_lock
from tutor.training.model import End, RunConfig

if TYPE_CHECKING:
    from tutor.training.loop import Trainer
    from tutor.training.trainable import Trainable

TAKEN = 76  # exit status
STOPS = (signal.SIGTERM, signal.SIGUSR2)  # a checkpoint at the next step, and the end
BLAS_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class CappedLog(io.TextIOBase):
    """Where prints go: log.txt, which becomes log.1.txt when it is full, so that both together stay small."""

    def __init__(self, run_dir: Path, cap: int = LOG_CAP) -> None:
        self._path, self._old = run_dir / LOG, run_dir / OLD_LOG
        self._cap = cap
        self._lock = threading.Lock()  # the learner's code may print from threads
        self._file = self._path.open("ab", buffering=0)
        self._size = self._file.tell()

    def writable(self) -> bool:
        """Say that it takes text."""
        return True

    def write(self, text: str) -> int:
        """Append text; a disk that refuses it does not stop the training."""
        data = text.encode("utf-8", "backslashreplace")[: self._cap]
        with self._lock:
            try:
                if self._size + len(data) > self._cap:
                    self._path.replace(self._old)
                    self._file.close()
                    self._file = self._path.open("ab", buffering=0)
                    self._size = 0
                self._size += self._file.write(data) or 0
            except OSError:
                pass
        return len(text)


def main(argv: list[str]) -> int:
    """Run the worker for a folder; `--lock-fd` hands it the lock that its waiter holds, `--again` is its second try."""
    asked = _parse(argv)
    run_dir = Path(asked.run_dir)
    config = read_config(run_dir)
    lock = take_lock(run_dir) if asked.lock_fd is None else asked.lock_fd
    if lock is None:
        return BUSY
    os.set_inheritable(lock, False)
    if read_end(run_dir) is not None:
        print(f"The run {run_dir.name} has ended already.", file=sys.stderr)
        return 1
    attempt = asked.attempt or next_attempt(run_dir)
    if asked.lock_fd is None:  # without a waiter: nobody else says who runs it
        write_json(run_dir / PROC, identify(os.getpid(), os.getpid(), attempt))
    for variable in BLAS_VARIABLES:
        os.environ[variable] = str(config.threads)  # before NumPy loads: afterwards it is not read
    sys.stdout = sys.stderr = CappedLog(run_dir)
    _seed_what_is_unseeded()
    end = _run(run_dir, config, attempt, again=asked.again, alone=asked.lock_fd is None)
    sys.stdout.flush()
    return 0 if end else TAKEN


def _seed_what_is_unseeded() -> None:
    """Let `np.random.default_rng()` take its seed from NumPy's global state: the run seeds it, a checkpoint keeps it.

    Else a file that makes its generator so, as the starters do, would train differently with the same seed.
    """
    import numpy as np

    make = np.random.default_rng

    def default_rng(seed: Any = None) -> np.random.Generator:
        return make(np.random.randint(0, 1 << 32, 4, np.uint64) if seed is None else seed)

    np.random.default_rng = default_rng


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tutor.training.worker")
    parser.add_argument("run_dir")
    parser.add_argument("--lock-fd", type=int)
    parser.add_argument("--attempt", type=int, default=0)
    parser.add_argument("--again", default="", help="what to say of the first try")
    return parser.parse_args(argv)


def _run(run_dir: Path, config: RunConfig, attempt: int, *, again: str, alone: bool) -> End | None:
    """Train and write how it ended; None: the GPU was taken before the first step, and nothing is written."""
    from tutor.training.failure import end_of, was_taken

    trainer: Trainer | None = None
    try:
        trainer = make_trainer(run_dir, config, attempt)
        _listen(trainer)
        if again:
            trainer.tell("note", again, key="device")
        end = trainer.run()
    except BaseException as error:  # also SystemExit: the learner's code may call sys.exit
        if not again and not alone and was_taken(error, config, trainer):
            traceback.print_exc()
            return None
        end = end_of(run_dir, config, error, trainer)
        if again and was_taken(error, config, trainer):
            end = structs.replace(end, reason=f"{again} That one was taken too. {end.reason}")
    if trainer is not None:
        trainer.tell("ended", end.reason)
        try:
            trainer.close()
        except OSError:
            traceback.print_exc()  # a full disk, and the end matters more than the last records
    return write_end(run_dir, end)


def make_trainer(run_dir: Path, config: RunConfig, attempt: int = 1) -> Trainer:
    """Load data and code, and make the network with the run's seeds; changes the process's own random generators."""
    import numpy as np

    from tutor.training.datasets import load
    from tutor.training.devices import gpu_now
    from tutor.training.loop import Trainer
    from tutor.training.machine import Machine

    init, order = np.random.SeedSequence(config.seed).spawn(2)
    np.random.seed(init.generate_state(4))  # the learner's class draws its weights from NumPy's global state
    random.seed(config.seed)
    network, namespaces = _network(run_dir, config, int(init.generate_state(1)[0]))
    data = load(config.dataset, Path(config.data_dir) if config.data_dir else None, config.dtype)
    machine = Machine((lambda: gpu_now(config.gpu, config.device)) if config.device != "cpu" else None)
    return Trainer(run_dir, config, network, data, np.random.default_rng(order), attempt, namespaces, machine)


def _listen(trainer: Trainer) -> None:
    """Stop the training at a signal, but not at the hang-up of a closed terminal."""

    def on_signal(number: int, _frame: FrameType | None) -> None:
        trainer.stop(number)

    for number in STOPS:
        signal.signal(number, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _network(run_dir: Path, config: RunConfig, seed: int) -> tuple[Trainable, Sequence[dict[str, object]]]:
    """Make the network of the run, and return the names of the learner's files with it."""
    files = [code_file(run_dir, config)]
    if config.optimizer.owner == "yours":
        files.append(files[0].with_name(f"{config.optimizer.challenge}.py"))
    sources = {path.name: path.read_text("utf-8") for path in files}
    if config.mode != "numpy":
        from tutor.training import torch_side

        made = torch_side.make_network(config, sources, seed)
        sys.modules["torch"].manual_seed(config.seed)  # nothing of ours draws from it; the learner's file may
        return made, getattr(made, "namespaces", ())
    from tutor.learner import load_module
    from tutor.training.networks.network import make_network

    namespaces = [load_module(text, name) for name, text in sources.items()]
    return make_network(config, namespaces[0], namespaces[1] if namespaces[1:] else None, seed), namespaces


if __name__ == "__main__":
    status = main(sys.argv[1:])
    os._exit(status)  # the end is written: threads and exit hooks of the learner's code hold nothing up
