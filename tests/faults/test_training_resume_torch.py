"""A run beside PyTorch that stopped goes on bit for bit too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainers import contents, losses, make_run, train
from tests.training_runs import LINEAR
from tutor.training import folder
from tutor.training.metrics import dtype_of, read_metrics
from tutor.training.model import TWIN

DRAWING = "import torch\n" + LINEAR.replace("x @ self.W +", "x @ self.W * (1 + 1e-3 * float(torch.rand(()))) +")


@pytest.mark.parametrize("mode", ["twin", "lockstep", "on-torch"])
def test_ten_steps_are_five_and_a_kill_and_five_more_in_pytorch(tmp_path: Path, mode: str) -> None:
    options = {"mode": mode, "optimizer": "adam"}
    whole, config = make_run(tmp_path / "whole", LINEAR, **options)
    train(whole, config)
    parts, config = make_run(tmp_path / "parts", LINEAR, **options)
    _, end = train(parts, config, stop_after=4)
    assert "resumed from step 4" in end.reason
    np.random.seed(99)
    _, end = train(parts, config, attempt=2)

    assert end.state == "done"
    assert losses(parts) == losses(whole)
    assert contents(parts / "ckpt-10.npz") == contents(whole / "ckpt-10.npz")
    if mode == "lockstep":
        twins = [read_metrics((run / folder.TWIN_FILE).read_bytes(), TWIN) for run in (whole, parts)]
        assert twins[0]["step"].tolist() == list(range(1, 11))
        for name in ("loss_difference", "gradient_difference", "free_loss"):
            np.testing.assert_array_equal(twins[0][name], twins[1][name])
        assert twins[0].dtype == dtype_of(TWIN)


def test_what_the_learners_file_draws_from_pytorch_goes_on_too(tmp_path: Path) -> None:
    whole, config = make_run(tmp_path / "whole", DRAWING, mode="lockstep")
    train(whole, config)
    parts, config = make_run(tmp_path / "parts", DRAWING, mode="lockstep")
    train(parts, config, stop_after=4)
    torch.manual_seed(99)  # what the process held is gone
    train(parts, config, attempt=2)

    assert losses(parts) == losses(whole)
