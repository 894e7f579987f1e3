"""Where things are: the course that ships with the tutor, and the learner's own folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent


@dataclass(frozen=True)
class Paths:
    """The folders that the tutor reads and writes; none need exist yet, except the two of the course."""

    user_data: Path
    lessons: Path
    quizzes: Path

    @property
    def implementations(self) -> Path:
        """The learner's files, one per exercise."""
        return self.user_data / "implementations"

    @property
    def events(self) -> Path:
        """Append-only progress, one file per running instance."""
        return self.user_data / "events"

    @property
    def runs(self) -> Path:
        """One folder per training run."""
        return self.user_data / "runs"

    @property
    def datasets(self) -> Path:
        """Data sets that were downloaded, a folder each; free to delete."""
        return self.user_data / "datasets"

    @property
    def backup(self) -> Path:
        """Kept copies: of events, and of files that were reset or overwritten."""
        return self.user_data / "backup"

    @property
    def state(self) -> Path:
        """The snapshot that the first frame is drawn from; a cache, free to delete."""
        return self.user_data / "state.json"

    def implementation(self, challenge_id: str) -> Path:
        """The learner's file for one exercise."""
        return self.implementations / f"{challenge_id}.py"


def locate(user_data: Path | None = None) -> Paths:
    """Find the course and the learner's folder.

    The learner's folder is, in this order: `user_data`, TUTOR_USER_DATA, `user_data/` of a checkout that belongs to
    this user, the platform's data folder.
    """
    bundled = PACKAGE / "content"
    content = bundled if bundled.is_dir() else CHECKOUT
    folder = os.path.expanduser(user_data or _default_user_data())  # noqa: PTH111  # leaves ~nobody as it stands
    return Paths(
        user_data=Path(folder).absolute(),
        lessons=content / "lessons",
        quizzes=content / "quizzes",
    )


def _default_user_data() -> Path:
    override = os.environ.get("TUTOR_USER_DATA")
    if override:
        return Path(override)
    if (CHECKOUT / "pyproject.toml").is_file() and os.access(CHECKOUT, os.W_OK):
        return CHECKOUT / "user_data"
    from platformdirs import user_data_path  # a stranger's checkout, or an installed tutor

    return user_data_path("backprop-tutor", appauthor=False)
