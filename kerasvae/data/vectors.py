"""Tables of numbers as data sets: a row is an image of as many pixels as the table has columns."""

import numpy as np

from kerasvae.checks import is_array
from kerasvae.data.arrays import columns_by_name, with_factors
from kerasvae.data.images import ImageDataset


def from_vectors(table, factors=None, names=None) -> ImageDataset:
    """A table of real numbers, each column scaled to [0, 1], for models with dense networks.

    Formula:
        pixel = (value - low) / (high - low), with the column's least and largest value; a column
        of one value becomes 0.

    Args:
        table: (n, F) finite numbers.
        factors: what you know about the rows, as for `from_arrays`; None if nothing.
        names: names of the factors, as for `from_arrays`.

    Returns:
        An `ImageDataset` of images (F, 1, 1), or a `FactorDataset` where factors are given.

    Raises:
        ValueError: not an (n, F) table of finite numbers, or factors that do not fit.

    Example:
        >>> rows = from_vectors(np.array([[0.0, -5.0], [10.0, 5.0], [5.0, 0.0]]))
        >>> rows
        <vectors: 3 images of 2x1x1>
        >>> rows.images([2])[0, :, 0, 0]
        array([0.5, 0.5], dtype=float32)
    """
    array = np.asarray(table) if is_array(table) or isinstance(table, list) else table
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind not in "biuf":
        received = getattr(array, "dtype", type(table).__name__), getattr(array, "shape", "?")
        raise ValueError(
            "table: expected numbers of shape (rows, columns). Encode words as numbers first. "
            f"Received: {received[0]}, shape={received[1]}"
        )
    if array.size == 0 or not np.isfinite(array).all():
        raise ValueError(
            "table: expected at least one row, and no NaN or infinity. Fill or leave out such "
            f"rows. Received: shape={array.shape}, {int((~np.isfinite(array)).sum())} not finite"
        )
    array = array.astype("float64")
    low, high = array.min(axis=0), array.max(axis=0)
    pixels = ((array - low) / np.where(high > low, high - low, 1)).astype("float32")
    pixels = pixels[:, :, None, None]
    if factors is None:
        if names is not None:
            raise ValueError(
                f"names: these belong to factors, but none are given. Received: names={names}"
            )
        return ImageDataset(pixels, name="vectors")
    return with_factors(pixels, 1, columns_by_name(factors, names), "vectors")
