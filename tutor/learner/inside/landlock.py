"""Landlock: the Linux kernel's own file, network and signal rules for unprivileged programs, by three system calls.

Source: Linux, Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | (1 << 15)
_FS_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}  # by ABI; all later ones:
_FS_RIGHTS_5 = (1 << 16) - 1
_TCP = 0b11  # bind, connect: ABI 4
_SCOPES = 0b11  # abstract UNIX sockets, signals: ABI 6


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _syscall(number: int, *arguments: object) -> int:
    return int(_libc.syscall(ctypes.c_long(number), *arguments))


_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of Landlock that this kernel offers, 0 for none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, _syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))


class Policy:
    """What every process of the box may read and execute, and write; looked up once, for the rules of many.

    From ABI 4 on TCP is denied, from ABI 6 on signals reach only processes of the same box.
    """

    def __init__(self, version: int, readable: Iterable[str], writable: Iterable[str]) -> None:
        self.handled = _FS_RIGHTS.get(version, _FS_RIGHTS_5)
        self.size = 24 if version >= 6 else 16 if version >= 4 else 8
        self.attributes = _Ruleset(self.handled, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
        self.reading = (_EXECUTE | _READ_FILE | _READ_DIR) & self.handled
        self.writing = self.handled & ~_EXECUTE
        beneath = [_beneath(path, self.reading) for path in readable]
        beneath += [_beneath(path, self.writing) for path in writable]
        self.rules = [rule for rule in beneath if rule is not None]

    def rules_for(self, folder: str) -> int:
        """The descriptor of a set of these rules and one folder that may be written; raises OSError if refused."""
        size, no_flags = ctypes.c_size_t(self.size), ctypes.c_uint32(0)
        ruleset = _checked(_syscall(_CREATE_RULESET, ctypes.byref(self.attributes), size, no_flags))
        try:
            for rule in self.rules:
                _add(ruleset, rule)
            self._allow(ruleset, folder, self.writing)
        except OSError:
            os.close(ruleset)
            raise
        return ruleset

    def allow_reading(self, ruleset: int, paths: Iterable[str]) -> None:
        """Let whatever lies below these paths be read and executed too."""
        for path in paths:
            self._allow(ruleset, path, self.reading)

    def _allow(self, ruleset: int, path: str, rights: int) -> None:
        rule = _beneath(path, rights)
        if rule is not None:
            try:
                _add(ruleset, rule)
            finally:
                os.close(rule.parent)


def enforce(ruleset: int) -> None:
    """Bind this process, and all that it starts, for ever; needs no_new_privs."""
    _checked(_syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    os.close(ruleset)


def _beneath(path: str, rights: int) -> _PathBeneath | None:
    """A rule for a path, whose descriptor stays open in it."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None  # what is not there needs no rule
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= _FILE_RIGHTS
    return _PathBeneath(rights, descriptor)


def _add(ruleset: int, rule: _PathBeneath) -> None:
    kind, no_flags = ctypes.c_int(_RULE_PATH_BENEATH), ctypes.c_uint32(0)
    _checked(_syscall(_ADD_RULE, ctypes.c_int(ruleset), kind, ctypes.byref(rule), no_flags))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
