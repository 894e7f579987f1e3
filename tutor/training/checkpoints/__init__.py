"""Checkpoints: a run goes on from one as if it had never stopped, bit for bit on the same machine.

`Checkpoints` writes and restores those of one run; `stored` is the file, `snapshot` and `restoring` are what training
objects hold, taken down and given back.
"""

from tutor.training.checkpoints.keeper import Checkpoints
from tutor.training.checkpoints.stored import Namespace, Position

__all__ = ["Checkpoints", "Namespace", "Position"]
