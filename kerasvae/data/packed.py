"""The whole dSprites grid in one file, eight pixels per byte, read through a memory map."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from kerasvae.data import sprites
from kerasvae.files import atomic_write

IMAGES = int(np.prod(sprites.FACTOR_SIZES))  # 737,280
BYTES = 64 * 64 // 8  # 512 an image at the full size
_CHUNK = 8192


def grid_factors(indices: np.ndarray) -> np.ndarray:
    """Factor indices of images by their number in the grid, the order of the public file.

    Args:
        indices: (n,) int in 0..737279; the y position varies fastest.

    Returns:
        (n, 5) int64, indices of shape, scale, orientation, x and y position.

    Raises:
        ValueError: an index lies outside the grid.

    Example:
        >>> grid_factors(np.array([33]))
        array([[0, 0, 0, 1, 1]])
    """
    return np.stack(np.unravel_index(indices, sprites.FACTOR_SIZES), axis=1)


def grid(size: int = 64) -> np.ndarray:
    """All 737,280 images in memory, eight pixels per byte.

    Args:
        size: height and width in pixels, 16, 32 or 64.

    Returns:
        (737280, size * size / 8) uint8, 377 MB at 64x64.
    """
    rows = np.empty((IMAGES, size * size // 8), np.uint8)
    for chunk, drawn in _chunks(size):
        rows[chunk] = drawn
    return rows


def pack_grid(
    path: str | Path, progress: Callable[[int, int], None] | None = None, size: int = 64
) -> Path:
    """Write all 737,280 images, 377 MB at 64x64; the file appears when it is complete.

    Args:
        path: the file to write; its folder is made, and a file of that name is replaced.
        progress: called with the number of images written and the number there are.
        size: height and width in pixels, 16, 32 or 64.

    Returns:
        The path.

    Example:
        >>> path = pack_grid("dsprites.bin")  # doctest: +SKIP
    """
    path = Path(path)
    with atomic_write(path) as partial, open(partial, "wb") as file:
        for chunk, drawn in _chunks(size):
            file.write(drawn)
            if progress is not None:
                progress(chunk.stop, IMAGES)
    return path


def _chunks(size):
    """Slices of the grid in order, with their images."""
    for begin in range(0, IMAGES, _CHUNK):
        end = min(begin + _CHUNK, IMAGES)
        yield slice(begin, end), sprites.render_packed(grid_factors(np.arange(begin, end)), size)


def open_packed(path: str | Path, size: int = 64) -> np.memmap:
    """Map a file written by `pack_grid`, after a check of its size and of every 1,021st image.

    Args:
        path: the file.
        size: height and width in pixels, 16, 32 or 64.

    Returns:
        (737280, size * size / 8) uint8, read-only; rows are images, for `unpack`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it has another size, or other images.

    Example:
        >>> images = unpack(open_packed("dsprites.bin")[[0, 1]])  # doctest: +SKIP
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected a file written by `pack_grid`. Received: path={str(path)!r}, which is not "
            "a file. Write it with `pack_grid(path)`."
        )
    row = size * size // 8
    if path.stat().st_size != IMAGES * row:
        raise ValueError(
            f"Expected {IMAGES * row} bytes, {IMAGES} images of {row} bytes each. Received: "
            f"{path.stat().st_size} bytes in {str(path)!r}. Write it again with `pack_grid(path)`."
        )
    rows = np.memmap(path, dtype=np.uint8, mode="r", shape=(IMAGES, row))
    sampled = np.arange(0, IMAGES, 1021)  # a prime, so that every factor varies
    wrong = (rows[sampled] != sprites.render_packed(grid_factors(sampled), size)).any(axis=1)
    if wrong.any():
        raise ValueError(
            f"Expected the images that kerasvae.data.sprites draws, in the grid's order. Received: "
            f"other images in {str(path)!r}, the first at row {int(sampled[wrong][0])}. "
            "Write it again with `pack_grid(path)`."
        )
    return rows


def unpack(rows: np.ndarray) -> np.ndarray:
    """Images of packed rows.

    Args:
        rows: (n, 512) uint8, rows of `open_packed` or of `sprites.render_packed` at size 64.

    Returns:
        (n, 64, 64) uint8 of 0 and 1.

    Raises:
        ValueError: the rows are not (n, 512) uint8.

    Example:
        >>> unpack(np.full((2, 512), 255, np.uint8)).shape
        (2, 64, 64)
    """
    rows = np.asarray(rows)
    if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != BYTES:
        raise ValueError(
            f"`rows` must be (n, {BYTES}) uint8. Received: {rows.dtype} of shape {rows.shape}"
        )
    return np.unpackbits(rows, axis=1).reshape(-1, 64, 64)
