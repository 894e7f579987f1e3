"""The worker of one run: `python -m tutor.training.worker RUN_DIR`, as the engines start it through the waiter.

It trains the frozen copy of the learner's code and writes end.json before anything is torn down. Exit status: 0 when
end.json was written by it, 75 when another worker has the run.
"""

from __future__ import annotations

import io
import os
import random
import signal
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from tutor.errors import RunError, TutorError
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
from tutor.training.identity import BUSY, identify, take_lock
from tutor.training.model import End, RunConfig

if TYPE_CHECKING:
    from tutor.training.loop import Trainer

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
    """Run the worker for the folder argv[0]; `--lock-fd N` hands it the lock that its waiter holds."""
    run_dir = Path(argv[0])
    config = read_config(run_dir)
    lock = int(argv[2]) if argv[1:2] == ["--lock-fd"] else take_lock(run_dir)
    if lock is None:
        return BUSY
    os.set_inheritable(lock, False)
    if read_end(run_dir) is not None:
        print(f"The run {run_dir.name} has ended already.", file=sys.stderr)
        return 1
    if argv[1:2] != ["--lock-fd"]:  # without a waiter: nobody else says who runs it
        write_json(run_dir / PROC, identify(os.getpid(), os.getpid()))
    for variable in BLAS_VARIABLES:
        os.environ[variable] = str(config.threads)  # before NumPy loads: afterwards it is not read
    sys.stdout = sys.stderr = CappedLog(run_dir)
    end = _run(run_dir, config)
    sys.stdout.flush()
    return 0 if end else 1


def _run(run_dir: Path, config: RunConfig) -> End:
    """Train and write how it ended, whatever happens."""
    trainer: Trainer | None = None
    try:
        trainer = _prepare(run_dir, config)
        end = trainer.run()
    except BaseException as error:  # also SystemExit: the learner's code may call sys.exit
        end = _failure(run_dir, config, error, trainer)
    if trainer is not None:
        trainer.tell("ended", end.reason)
        try:
            trainer.close()
        except OSError:
            traceback.print_exc()  # a full disk, and the end matters more than the last records
    return write_end(run_dir, end)


def _prepare(run_dir: Path, config: RunConfig) -> Trainer:
    """Load data and code, make the network with the run's seeds, and listen to SIGTERM."""
    import numpy as np

    from tutor.learner import load_module
    from tutor.training.datasets import load
    from tutor.training.loop import Trainer
    from tutor.training.layer_stack import stack_layers

    if config.train is None:
        raise RunError("This run says nothing about its network.", "", "Start it anew.")
    init, order = np.random.SeedSequence(config.seed).spawn(2)
    np.random.seed(init.generate_state(4))  # the learner's class draws its weights from NumPy's global state
    random.seed(config.seed)
    source = code_file(run_dir, config)
    namespace = load_module(source.read_text("utf-8"), source.name)
    network = stack_layers(config.train, namespace, config.widths)
    trainer = Trainer(run_dir, config, network, load(config.dataset), np.random.default_rng(order))

    def on_signal(number: int, _frame: FrameType | None) -> None:
        trainer.stop(number)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal is no reason to stop
    return trainer


def _failure(run_dir: Path, config: RunConfig, error: BaseException, trainer: Trainer | None) -> End:
    """Turn what stopped the run into a sentence, with the learner's line where it was theirs."""
    from tutor.learner import LearnerCodeError, code_error

    step, held_back = (trainer.step, trainer.held_back) if trainer else (0, None)
    if isinstance(error, LearnerCodeError):
        found = error.error
    elif isinstance(error, TutorError):
        return End("failed", str(error), step, held_back=held_back)
    else:
        found = code_error(error, code_file(run_dir, config).name)
    print(found.traceback or "".join(traceback.format_exception(error)), file=sys.stderr)
    if isinstance(error, MemoryError):
        reason = f"Memory ran out at step {step}. A smaller batch than {config.batch} needs less."
        return End("out-of-memory", reason, step, line=found.line, held_back=held_back)
    if found.line is None and not isinstance(error, SystemExit):
        reason = f"The tutor failed, not your code: {found.type}: {found.message}. The log has the details."
        return End("failed", reason, step, held_back=held_back)
    where = f"Line {found.line} of your file" if found.line else "Your code"
    reason = f"{where} raised {found.type}: {found.message}" if found.message else f"{where} raised {found.type}."
    return End("failed", reason, step, line=found.line, held_back=held_back)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    os._exit(status)  # the end is written: threads and exit hooks of the learner's code hold nothing up
