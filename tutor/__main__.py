"""The door: answers --version at once, and decides between the screen, under its supervisor, and the command line."""

import io
import os
import sys

from tutor import VERSION

_SCREEN_VERBS = ("learn", "quiz", "challenge")
_OPTIONS_WITH_VALUE = ("--user-data",)  # what may stand before the verb
_NO_SCREEN = frozenset(("--plain", "--bookmarks", "--list", "--json", "--help", "-h", "--version"))


def main(argv: list[str] | None = None) -> int:
    """Run the tutor with these arguments (default: the command line's); return the exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        print(f"tutor {VERSION}")
        return 0
    if os.name == "nt":
        print("The tutor needs Linux or macOS; on Windows it runs inside WSL (wsl --install).", file=sys.stderr)
        return 2
    from tutor import cli

    options, rest = _split(arguments)
    if _wants_screen(rest) and cli.has_screen():
        _use_utf8(arguments)
        from tutor.supervisor import supervise

        return supervise(lambda: _show(arguments, options, rest))
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a sign that the encoding lacks, or a stray byte, is no failure
    return cli.main(arguments)


def _show(arguments: list[str], options: dict[str, str], rest: list[str]) -> int:
    """In the child: open the app. Names are looked up by the command line, which the shortest way can do without."""
    if rest or options.keys() - {"--user-data"}:
        from tutor import cli

        return cli.main(arguments)
    from pathlib import Path

    from tutor import paths, tui

    return tui.run(paths.locate(Path(options["--user-data"]) if options else None))


def _split(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """The options before the verb with their values, and the rest: the verb and what follows."""
    options, rest = {}, list(arguments)
    while rest:
        name, equals, value = rest[0].partition("=")
        if name not in _OPTIONS_WITH_VALUE or not (equals or rest[1:]):
            break
        options[name] = value if equals else rest[1]
        del rest[: 1 if equals else 2]
    return options, rest


def _wants_screen(rest: list[str]) -> bool:
    """Whether this means the app: no verb, or one of its own, and no wish for plain text."""
    return (not rest or rest[0] in _SCREEN_VERBS) and _NO_SCREEN.isdisjoint(rest)


def _use_utf8(arguments: list[str]) -> None:
    """Start over in UTF-8 mode when the environment asks for an encoding in which the screen would fall apart."""
    encoding = sys.stdout.encoding.lower().replace("-", "").replace("_", "")
    if encoding == "utf8" or os.environ.get("PYTHONIOENCODING") == "utf-8":
        return
    environment = os.environ | {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
    os.execve(sys.executable, [sys.executable, "-m", "tutor", *arguments], environment)


if __name__ == "__main__":
    sys.exit(main())
