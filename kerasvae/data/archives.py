"""Arrays inside .npz and .h5 files, read in pieces; a pickle is never opened."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

CHUNK_BYTES = 16 * 2**20


@dataclass(frozen=True)
class ArrayReader:
    """An array in an open file.

    Args:
        shape: of the whole array, (n, ...).
        dtype: of its elements.
        rows: rows(start, stop) reads that stretch; an .npz file can only be read in order.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    rows: Callable[[int, int], np.ndarray]

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the rows in order, in arrays (some, ...) of at most 16 MiB."""
        step = max(1, CHUNK_BYTES // max(1, self.dtype.itemsize * int(np.prod(self.shape[1:]))))
        for start in range(0, self.shape[0], step):
            yield self.rows(start, min(start + step, self.shape[0]))

    def read(self) -> np.ndarray:
        """The whole array, for small ones."""
        return np.concatenate(list(self.chunks()))


@contextmanager
def open_npz_array(path: Path, key: str) -> Iterator[ArrayReader]:
    """Open one array of an .npz file for reading in pieces.

    Raises:
        ValueError: no zip archive, a truncated or damaged one, no such array, or an array of
            Python objects (a pickle, which could run code and is refused).
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
        row_bytes = dtype.itemsize * int(np.prod(shape[1:]))

        def rows(start: int, stop: int) -> np.ndarray:
            """Read the next rows, in order."""
            wanted = (stop - start) * row_bytes
            with _readable(path, ".npz"):
                data = file.read(wanted)
                # The read that meets the end is the one in which zipfile compares checksums.
                surplus = file.read(1) if stop == shape[0] else b""
                if len(data) != wanted or surplus:
                    raise EOFError(f"{key!r} does not have the length that its header says")
            return np.frombuffer(data, dtype).reshape(stop - start, *shape[1:])

        yield ArrayReader(shape, dtype, rows)


def _npy_header(file, path: Path, key: str) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, fortran_order, dtype = np.lib.format.read_array_header_2_0(file)
    if dtype.hasobject:
        raise ValueError(
            f"{path}: {key!r} holds Python objects, that is a pickle, which is never opened "
            "because it could run code. Expected an array of numbers."
        )
    if fortran_order or not shape:
        raise ValueError(
            f"{path}: expected {key!r} as an array of rows in C order. "
            f"Received: shape={shape}, fortran_order={fortran_order}"
        )
    return shape, dtype


@contextmanager
def open_h5_array(path: Path, key: str) -> Iterator[ArrayReader]:
    """Open one array of an HDF5 file for reading in pieces.

    Raises:
        ValueError: no HDF5 file, a truncated or damaged one, or no such array of numbers.
    """
    with ExitStack() as stack:
        with _readable(path, "HDF5"):
            file = stack.enter_context(h5py.File(path, "r"))
            dataset = file.get(key)
            if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "uif":
                raise ValueError(
                    f"{path}: expected an array of numbers called {key!r}. "
                    f"Received: {', '.join(file)}"
                )

        def rows(start: int, stop: int) -> np.ndarray:
            """Read some rows."""
            with _readable(path, "HDF5"):
                return dataset[start:stop]

        yield ArrayReader(dataset.shape, dataset.dtype, rows)


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
