"""A user's own images and factors in an .npz file."""

import math
import zipfile
from pathlib import Path

import numpy as np

from kerasvae.data.archives import ArrayReader, open_npz_array
from kerasvae.data.arrays import columns_by_name, stored_pixels, with_factors
from kerasvae.data.images import ImageDataset
from kerasvae.data.limits import check_memory


def from_npz(
    path, white: int | None = None, images: str = "images", factors: str = "factors"
) -> ImageDataset:
    """The images of an .npz file, with their factors if it has them; a pickle is never opened.

    Args:
        path: a file with the arrays `images` (n, H, W, C) or (n, H, W), floats in [0, 1] or
            uint8; `factors` (n, K), which may be missing; and `names` (K,), which may be missing.
        white: as for `from_arrays`.
        images: name of the array of images in the file.
        factors: name of the array of factors.

    Returns:
        A `FactorDataset`, or an `ImageDataset` where the file has no factors.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a damaged file, or arrays that do not fit (`from_arrays`).

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "mine.npz")
        >>> np.savez(file, images=np.zeros((2, 8, 8), "uint8"), factors=[[0], [1]], names=["side"])
        >>> from_npz(file)
        <mine.npz: 2 images of 8x8x1; side 2>
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"path: expected an .npz file. Received: {path}, not there")
    with open_npz_array(path, images) as reader:
        pixels = _read_pixels(reader)
    pixels, white = stored_pixels(pixels, white)
    columns = None
    if _has(path, factors):
        with open_npz_array(path, factors) as reader:
            table = reader.read()
        names = None
        if _has(path, "names"):
            with open_npz_array(path, "names") as reader:
                names = [str(name) for name in reader.read()]
        columns = columns_by_name(table, names)
    if columns is None:
        return ImageDataset(pixels, maximum=white, name=path.name)
    return with_factors(pixels, white, columns, path.name)


def _read_pixels(reader: ArrayReader) -> np.ndarray:
    check_memory(math.prod(reader.shape) * reader.dtype.itemsize, reader.name)
    pixels, filled = np.empty(reader.shape, reader.dtype), 0
    for chunk in reader.chunks():
        pixels[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    return pixels[..., None] if pixels.ndim == 3 else pixels


def _has(path: Path, key: str) -> bool:
    with zipfile.ZipFile(path) as archive:
        return f"{key}.npy" in archive.namelist()
