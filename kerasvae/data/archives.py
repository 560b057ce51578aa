"""Arrays inside .npz and .h5 files, read in pieces; a pickle is never opened."""

import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from kerasvae.data.limits import check_read

CHUNK_BYTES = 16 * 2**20

# Deflate makes data at most 1,032 times smaller; an array that claims more was never filled.
MOST_COMPRESSION = 1100


@dataclass(frozen=True)
class ArrayReader:
    """An array in an open file.

    Args:
        name: name of the file and the array, for errors.
        shape: shape of the whole array, (n, ...).
        dtype: dtype of its elements.
        rows: rows(start, stop) reads that stretch; an .npz file can only be read in order.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    rows: Callable[[int, int], np.ndarray]

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the rows in order, in arrays (some, ...) of at most 16 MiB."""
        step = max(1, CHUNK_BYTES // max(1, _size(self.shape[1:], self.dtype)))
        for start in range(0, self.shape[0], step):
            yield self.rows(start, min(start + step, self.shape[0]))

    def read(self) -> np.ndarray:
        """The whole array, for small ones.

        Raises:
            ValueError: it has more than `limits.READ_BYTES`.
        """
        check_read(_size(self.shape, self.dtype), self.name)
        return np.concatenate(list(self.chunks()))


@contextmanager
def open_npz_array(path: Path, key: str) -> Iterator[ArrayReader]:
    """Open one array of an .npz file for reading in pieces.

    Raises:
        ValueError: no zip archive, a truncated or damaged one, no such array, one that does not
            have the size it claims, or an array of Python objects (a pickle, which could run
            code and is refused).
    """
    with ExitStack() as stack:
        with _readable(path, ".npz"):
            archive = stack.enter_context(zipfile.ZipFile(path))
            if f"{key}.npy" not in archive.namelist():
                raise ValueError(
                    f"{path}: expected an array called {key!r}. "
                    f"Received: {', '.join(archive.namelist())}"
                )
            file = stack.enter_context(archive.open(f"{key}.npy"))
            shape, dtype = _npy_header(file, path, key)
            stored = archive.getinfo(f"{key}.npy").file_size - file.tell()
        row_bytes = _size(shape[1:], dtype)
        check_read(row_bytes, f"{path}: a row of {key!r}")
        with _readable(path, ".npz"):
            if shape[0] * row_bytes != stored:
                raise EOFError(f"{key!r} does not have the length that its header says")

        def rows(start: int, stop: int) -> np.ndarray:
            """Read the next rows, in order."""
            wanted = (stop - start) * row_bytes
            with _readable(path, ".npz"):
                data = file.read(wanted)
                if stop == shape[0]:
                    file.read(1)  # the read that meets the end is the one that checks the sum
                if len(data) != wanted:
                    raise EOFError(f"{key!r} ends after {len(data)} of {wanted} bytes")
            return np.frombuffer(data, dtype).reshape(stop - start, *shape[1:])

        yield ArrayReader(f"{path}: {key!r}", shape, dtype, rows)


def _size(shape: tuple[int, ...], dtype: np.dtype) -> int:
    """Bytes of an array, in Python's integers, which do not overflow."""
    return math.prod(map(int, shape)) * dtype.itemsize


def _npy_header(file, path: Path, key: str) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, fortran_order, dtype = np.lib.format.read_array_header_2_0(file)
    if dtype.hasobject:
        raise ValueError(
            f"{path}: {key!r} holds Python objects, that is, a pickle. Pickles are never opened, "
            "because they could run code. Expected an array of numbers."
        )
    if fortran_order or not shape or min(shape) < 0:
        raise ValueError(
            f"{path}: expected {key!r} as an array of rows in C order. "
            f"Received: shape={shape}, fortran_order={fortran_order}"
        )
    return shape, dtype


@contextmanager
def open_h5_array(path: Path, key: str) -> Iterator[ArrayReader]:
    """Open one array of an HDF5 file for reading in pieces.

    Raises:
        ValueError: no HDF5 file, a truncated or damaged one, no such array of numbers, one that is
            a link or lies in another file, or one that claims more than the file can hold.
    """
    with ExitStack() as stack:
        with _readable(path, "HDF5"):
            file = stack.enter_context(h5py.File(path, "r"))
            _refuse_links(file, key, path)
            dataset = file.get(key)
            if (
                not isinstance(dataset, h5py.Dataset)
                or dataset.dtype.kind not in "uif"
                or not dataset.shape
            ):
                raise ValueError(
                    f"{path}: expected an array of numbers called {key!r}. "
                    f"Received: {', '.join(file)}"
                )
            _check_storage(dataset, f"{path}: {key!r}")

        def rows(start: int, stop: int) -> np.ndarray:
            """Read some rows."""
            with _readable(path, "HDF5"):
                return dataset[start:stop]

        yield ArrayReader(f"{path}: {key!r}", dataset.shape, dataset.dtype, rows)


def _refuse_links(file: h5py.File, key: str, path: Path) -> None:
    """Refuse a path through soft and external links, which lead to other places and files."""
    group, parts = file, key.split("/")
    for number, part in enumerate(parts):
        # Through the low-level interface: the other one opens a link to see whether it is there.
        if not isinstance(group, h5py.Group) or not group.id.links.exists(part.encode()):
            return  # the caller says that there is no such array
        if group.id.links.get_info(part.encode()).type != h5py.h5l.TYPE_HARD:
            raise ValueError(
                f"{path}: expected {key!r} in the file itself; links to other places are not "
                f"followed. Received: {'/'.join(parts[: number + 1])!r}, a soft or external link"
            )
        group = group[part]


def _check_storage(dataset: h5py.Dataset, name: str) -> None:
    """Refuse an array whose data lie in other files, or that claims more than it can hold."""
    if dataset.external or dataset.is_virtual:
        raise ValueError(
            f"{name}: expected the data in the file itself; other files are not opened. "
            f"Received: {'external storage' if dataset.external else 'a virtual dataset'}"
        )
    claimed, stored = _size(dataset.shape, dataset.dtype), dataset.id.get_storage_size()
    if claimed > max(CHUNK_BYTES, MOST_COMPRESSION * stored):
        raise ValueError(
            f"{name}: expected an array that the file holds. It is damaged or was never filled. "
            f"Received: shape={dataset.shape}, {claimed:,} bytes, of which {stored:,} are stored"
        )
    check_read(_size(dataset.shape[1:], dataset.dtype), f"{name}, a row")
    check_read(_size(dataset.chunks or (0,), dataset.dtype), f"{name}, a block")


@contextmanager
def _readable(path: Path, kind: str) -> Iterator[None]:
    """Turn what zipfile, zlib and h5py raise on damaged files into one ValueError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, RuntimeError) as error:
        raise ValueError(
            f"{path} cannot be read as an {kind} file: it is of another kind, truncated or "
            f"damaged ({error}). Get the file again."
        ) from error
