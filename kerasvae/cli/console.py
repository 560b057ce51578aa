"""What the command line prints: text as it is, tables, and errors in one line."""

import sys

from rich.console import Console

console = Console(highlight=False)


def say(text: str) -> None:
    """Print text as it is, without breaking lines, so that paths and commands can be copied."""
    console.print(text, soft_wrap=True, markup=False)


# Options whose name differs from that of the argument that a library's error mentions.
OPTIONS = {
    "folder": "--out",
    "overwrite": "kerasvae train ... --overwrite",
    "resume": "kerasvae train ... --resume",
    "span": "--range",
}


def explained(error: Exception) -> str:
    """The message of an error, with the options for the arguments that it mentions.

    Args:
        error: any exception; the arguments are in its attribute `arguments`, see
            `kerasvae.runs.errors.ArgumentError`.

    Example:
        >>> from kerasvae.runs.errors import ArgumentError
        >>> explained(ArgumentError("span must be positive. Received: span=0", "span"))
        'span must be positive. Received: span=0 (--range)'
        >>> explained(PermissionError(13, "Permission denied", "runs/a"))
        'runs/a: Permission denied'
    """
    if isinstance(error, OSError) and error.errno is not None:
        path = "" if error.filename is None else f"{error.filename}: "
        return f"{path}{error.strerror}"
    options = [
        OPTIONS.get(name, f"--{name.replace('_', '-')}") for name in getattr(error, "arguments", ())
    ]
    return f"{error} ({', '.join(options)})" if options else str(error)


def complain(message: str, status: int) -> int:
    """Print an error as one line; return the exit status."""
    if message:
        print(f"kerasvae: {' '.join(message.split())}", file=sys.stderr)
    return status
