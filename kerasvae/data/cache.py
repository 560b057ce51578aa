"""The cache folder, and the arrays in it."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pooch
from tqdm import tqdm

from kerasvae.data.limits import check_disk
from kerasvae.files import atomic_write


def cache_folder() -> Path:
    """Where downloads and converted data sets are kept.

    The environment variable KERASVAE_CACHE, or the platform's folder for caches.
    """
    return Path(os.environ.get("KERASVAE_CACHE") or pooch.os_cache("kerasvae")).expanduser()


def write_array(
    target: Path, shape: tuple[int, ...], chunks: Iterable[np.ndarray], label: str
) -> None:
    """Write uint8 rows that arrive in chunks to a .npy file, with a progress bar.

    Args:
        target: the file; it appears when all rows are there.
        shape: (n, ...) of the whole array.
        chunks: arrays (rows, ...) of uint8, in order.
        label: shown before the progress bar.

    Raises:
        ValueError: a chunk of another shape or dtype, or not n rows in all.
    """
    header = {"descr": "|u1", "fortran_order": False, "shape": tuple(shape)}
    check_disk(target.parent, int(np.prod(shape, dtype=object)), label)
    rows = 0
    # Written as a plain file: through a memory map a full disk would kill the process.
    with (
        atomic_write(target) as temporary,
        open(temporary, "wb") as file,
        tqdm(total=shape[0], desc=label, unit=" images", disable=None) as bar,
    ):
        np.lib.format.write_array_header_1_0(file, header)
        for chunk in chunks:
            if chunk.dtype != np.uint8 or chunk.shape[1:] != tuple(shape[1:]):
                raise ValueError(
                    f"{label}: expected uint8 rows of shape {tuple(shape[1:])}. "
                    f"Received: dtype={chunk.dtype}, shape={chunk.shape[1:]}"
                )
            file.write(np.ascontiguousarray(chunk).data)
            rows += len(chunk)
            bar.update(len(chunk))
        if rows != shape[0]:
            raise ValueError(f"{label}: expected {shape[0]} images. Received: {rows}")


def converted(name: str, convert: Callable[[Path], None]) -> np.ndarray:
    """The memory-mapped array of that name in the cache; `convert(target)` writes it if need be.

    Args:
        name: name of the array; it must be different for different contents (by a digest of the
            source).
        convert: called with the path to write, once.
    """
    target = cache_folder() / f"{name}.npy"
    if not target.exists():
        convert(target)
    return open_array(target)


def open_array(path: Path) -> np.ndarray:
    """Memory-map a .npy file that `write_array` wrote.

    Raises:
        ValueError: the file is not such an array, for instance because a disk failed.
    """
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ValueError(
            f"{path} is not the array that was cached there ({error}). Delete it and load again."
        ) from error
