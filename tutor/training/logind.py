"""Whether this machine ends a user's processes at logout, a run in the background among them."""

from __future__ import annotations

import getpass
from pathlib import Path

# The later one of a name counts, and the last assignment of all: man logind.conf.
_FOLDERS = ("usr/lib/systemd", "usr/local/lib/systemd", "run/systemd", "etc/systemd")
ADVICE = "keep your processes with: loginctl enable-linger"


def logind_kills(root: Path = Path("/"), user: str = "") -> bool:
    """Tell whether systemd's logind kills what a user has started when they log out; False where that is not known."""
    if not (root / "run/systemd/system").is_dir():
        return False  # the machine is not run by systemd
    try:
        user = user or getpass.getuser()
    except (OSError, KeyError):
        return False
    if (root / "var/lib/systemd/linger" / user).exists():
        return False
    settings = {"killuserprocesses": "", "killonlyusers": "", "killexcludeusers": "root"}
    commented = ""
    for path in _files(root):
        try:
            lines = path.read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, value = line.partition("=")
            key = name.strip().lower()
            if key in settings:
                settings[key] = value.strip()
            elif key.lstrip("#").strip() == "killuserprocesses":
                commented = value.strip()  # files come with the built-in value as a comment
    if user in settings["killexcludeusers"].split():
        return False
    only = settings["killonlyusers"].split()
    if only and user not in only:
        return False
    return (settings["killuserprocesses"] or commented).lower() in ("yes", "true", "1", "on")


def _files(root: Path) -> list[Path]:
    whole = [root / folder / "logind.conf" for folder in _FOLDERS]
    drop_ins: dict[str, Path] = {}
    for folder in _FOLDERS:
        for path in sorted((root / folder / "logind.conf.d").glob("*.conf")):
            drop_ins[path.name] = path
    return [*(path for path in whole if path.exists()), *(drop_ins[name] for name in sorted(drop_ins))]
