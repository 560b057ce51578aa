"""Sizes that a file claims, checked before anything of that size is read or written."""

import os
import shutil
from pathlib import Path

# The most that is read at once: labels, a row, a block of an archive. The largest table of labels
# of the public sets has 35 MB.
READ_BYTES = 256 * 2**20


def check_read(size: int, what: str, limit: int | None = None) -> None:
    """Refuse to read more at once than any file of the kind needs.

    Args:
        size: bytes that would be read.
        what: how the error begins: the file, and the part of it.
        limit: the most that is allowed; READ_BYTES if None.

    Raises:
        ValueError: more than that.

    Example:
        >>> check_read(10**12, "labels.npz: 'labels'")
        Traceback (most recent call last):
            ...
        ValueError: labels.npz: 'labels': expected at most 268 MB to read at once. ...
    """
    limit = READ_BYTES if limit is None else limit
    if size > limit:
        raise ValueError(
            f"{what}: expected at most {_readable(limit)} to read at once. The file is damaged or "
            f"of another kind. Received: {_readable(size)}"
        )


def check_memory(size: int, what: str) -> None:
    """Refuse an array that would take more than half of the machine's memory.

    Raises:
        ValueError: it would.

    Example:
        >>> check_memory(10**18, "image_size=1000000")
        Traceback (most recent call last):
            ...
        ValueError: image_size=1000000: expected images that fit into memory. ...
    """
    limit = _memory() // 2
    if size > limit:
        raise ValueError(
            f"{what}: expected images that fit into memory. Choose a smaller image_size, or fewer "
            f"images. Received: {_readable(size)} to hold, and half of this machine's memory is "
            f"{_readable(limit)}"
        )


def check_disk(folder: Path, size: int, what: str) -> None:
    """Refuse to write more into a folder than fits on its disk.

    Raises:
        ValueError: there is less room.
    """
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if size > free:
        raise ValueError(
            f"{what}: expected room for {_readable(size)} in {folder}. Make room, or set "
            f"KERASVAE_CACHE to a folder on another disk. Received: {_readable(free)} free"
        )


def _memory() -> int:
    """Bytes of memory that the machine has; 16 GB where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return 16 * 2**30


def _readable(size: int) -> str:
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:,.3g} {unit}" if size < 1000 * factor else f"{size:.1e} bytes"
    return f"{size:,} bytes"
