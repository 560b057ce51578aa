"""One writer at a time: locks of folders that a killed process gives back."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import filelock

from kerasvae.runs.errors import InUseError

TRAINING = ".training.lock"  # writes config.json, history.csv, model.keras
MEASURING = ".measuring.lock"  # writes what was measured and drawn; a training may go on meanwhile
STUDY = ".study.lock"  # starts the runs of a study's folder, and writes its results
NAMES = (TRAINING, MEASURING, STUDY)


@contextmanager
def hold(folder: Path, *names: str) -> Iterator[None]:
    """Keep other processes from writing into a folder; make the folder if it is not there.

    The operating system holds the lock, so it ends with the process, also by a kill. A thread that
    holds a lock may ask for it again.

    Args:
        folder: of a run or a study.
        names: of the locks, some of `NAMES`.

    Raises:
        InUseError: another process holds one of them; says which process.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with hold(folder, TRAINING):
        ...     [path.name for path in folder.iterdir()]
        ['.training.lock']
        >>> [path.name for path in folder.iterdir()]
        []
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(_hold(folder.resolve() / name))
        yield


@contextmanager
def _hold(path: Path) -> Iterator[None]:
    # One object for a path, so that the same thread may enter twice.
    lock = filelock.FileLock(path, timeout=0, is_singleton=True)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise InUseError(
            f"{path.parent} is in use: {_holder(path)} writes into it. Wait for it, stop it, or "
            "choose another folder."
        ) from None
    try:
        if lock.lock_counter == 1:
            # For the message alone: Windows lets nobody write there, and a disk may be full.
            with suppress(OSError):
                path.write_text(f"process {os.getpid()} on {socket.gethostname()}")
        yield
    finally:
        if lock.lock_counter == 1:
            # Removed while it is held: whoever opened it meanwhile sees that it has no name left.
            with suppress(OSError):
                path.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    """The process that a lock file names; a killed one's name is overwritten by the next."""
    with suppress(OSError, UnicodeDecodeError):
        if written := path.read_text(encoding="utf-8"):
            return written
    return "another process"
