"""GPUs as the driver and torch tell of them, for machines that have none."""

from __future__ import annotations

from typing import Any

A, B, C = (f"GPU-{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")


def board(uuid: str, name: str = "NVIDIA A100-SXM4-80GB", free: int = 81_000, **more: Any) -> dict[str, Any]:
    """A GPU as the driver sees it."""
    return {"uuid": uuid, "name": name, "total_mb": 81_920, "free_mb": free, "use": 0.0, "others_mb": 0} | more


def device(uuid: str, name: str = "NVIDIA A100-SXM4-80GB") -> dict[str, Any]:
    """The same GPU as torch sees it."""
    return {"uuid": uuid, "name": name, "total_mb": 81_154, "free_mb": 81_154}
