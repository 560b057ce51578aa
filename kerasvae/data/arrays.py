"""A user's own arrays of images with factors, attributes or labels."""

from collections.abc import Sequence

import numpy as np

from kerasvae.checks import check_images, is_array
from kerasvae.data.factors import FactorDataset
from kerasvae.data.folder import checked_white


def from_arrays(
    images, factors, names: Sequence[str] | None = None, white: int | None = None
) -> FactorDataset:
    """Images with the factors, attributes or labels that you know about them.

    The values of a factor may be whole numbers, real numbers or words. Its different values, in
    order, get the codes 0, 1, ...; `dataset.values(indices)` gives the values back.

    Args:
        images: (n, H, W, C) floats in [0, 1], or uint8.
        factors: (n,) or (n, K) array, or a dictionary of K columns (n,) by name.
        names: names of the K factors; factor_0, factor_1, ... if None.
        white: for uint8 images, the value that means white; None for 255, or for 1 if all values
            are 0 or 1.

    Returns:
        A `FactorDataset`.

    Raises:
        ValueError: images that do not fit (`check_images`), factors with more or fewer rows than
            images, missing values, or names that are not K different ones.

    Example:
        >>> images = np.zeros((4, 8, 8, 1), "float32")
        >>> dataset = from_arrays(images, {"angle": [0.5, 0.1, 0.5, 0.9], "kind": list("abba")})
        >>> dataset
        <images: 4 images of 8x8x1; angle 3, kind 2>
        >>> dataset.factors([0, 1])
        array([[1, 0],
               [0, 1]])
    """
    pixels, white = stored_pixels(images, white)
    return with_factors(pixels, white, columns_by_name(factors, names), "images")


def stored_pixels(images, white: int | None) -> tuple[np.ndarray, int]:
    """Images as they can be stored, and the value that means white."""
    array = np.asarray(images) if is_array(images) else images
    if isinstance(array, np.ndarray) and array.dtype == np.uint8 and array.ndim == 4 and array.size:
        return array, checked_white(white, int(array.max()), f"{len(array)} images")
    if white is not None:
        raise ValueError(
            f"white: belongs to images of uint8; floats are in [0, 1] as they are. "
            f"Received: white={white} with {getattr(array, 'dtype', type(images).__name__)}"
        )
    check_images(array)
    return array, 1


def columns_by_name(factors, names) -> dict[str, np.ndarray]:
    """Columns by name from a table or a dictionary."""
    if isinstance(factors, dict):
        if names is not None:
            raise ValueError("names: a dictionary has its own names. Received: both")
        return {str(name): np.asarray(column) for name, column in factors.items()}
    table = np.asarray(factors)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2:
        raise ValueError(
            f"factors: expected a column for each factor, (n, K). Received: shape={table.shape}"
        )
    names = [f"factor_{k}" for k in range(table.shape[1])] if names is None else list(names)
    if len(names) != table.shape[1] or len(set(names)) != len(names):
        raise ValueError(
            f"names: expected {table.shape[1]} different ones, one for each factor. "
            f"Received: names={names}"
        )
    return dict(zip(names, table.T, strict=True))


def with_factors(pixels: np.ndarray, white: int, columns: dict, name: str) -> FactorDataset:
    """Number the values of every column in order, and join them to the images."""
    if not columns:
        raise ValueError("factors: expected at least one factor. Received: none")
    codes, values = [], {}
    for key, column in columns.items():
        if column.shape != (len(pixels),):
            raise ValueError(
                f"factors: expected one value of {key!r} for each of the {len(pixels)} images. "
                f"Received: shape={column.shape}"
            )
        if column.dtype.kind not in "biufU" or (
            column.dtype.kind == "f" and np.isnan(column).any()
        ):
            raise ValueError(
                f"factors: expected numbers or words, without gaps, in {key!r}. "
                f"Received: {'NaN' if column.dtype.kind == 'f' else f'dtype={column.dtype}'}"
            )
        values[key], code = np.unique(column, return_inverse=True)
        codes.append(code.reshape(-1))
    return FactorDataset(pixels, values, np.stack(codes, axis=1), maximum=white, name=name)
