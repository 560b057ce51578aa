"""Atomic writes: a file has its old content or the new one, never half of it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """A temporary path next to `target` to write to; it becomes `target` only without an error.

    Another process never sees half a file, and an interrupted one leaves none behind.

    Example:
        >>> folder = Path(tempfile.mkdtemp())
        >>> with atomic_write(folder / "a.txt") as path:
        ...     _ = path.write_text("whole")
        >>> [file.name for file in folder.iterdir()]
        ['a.txt']
    """
    with naming(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        prefix, folder = f".{target.name}.", target.parent
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=folder)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            # mkstemp makes a private file; a cache is shared as the user's umask says.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            _to_disk(temporary)  # first the content, or a power cut could leave an empty file
            os.replace(temporary, target)
            _to_disk(folder)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write a text file in UTF-8 atomically."""
    with atomic_write(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def naming(target: Path) -> Iterator[None]:
    """Errors of the system inside this context name `target`.

    A full disk is reported without any name, and an atomic write would name its temporary file.

    Raises:
        OSError: as it came, of the same class and number. Errors without a number, which
            libraries raise for damaged content, pass unchanged.

    Example:
        >>> with naming(Path("runs/a/model.keras")):
        ...     raise OSError(28, "No space left on device")
        Traceback (most recent call last):
            ...
        OSError: [Errno 28] No space left on device: 'runs/a/model.keras'
    """
    try:
        yield
    except OSError as error:
        named = str(error.filename or "")
        hidden = Path(named).name.startswith(f".{target.name}.")
        if error.errno is None or (named and not hidden):
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error


def _to_disk(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk and not only in memory."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders, and needs none of this
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
