"""Samples of the aggregated posterior: pairs of an image and a z, and the density of z given it."""

import math

import numpy as np

LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


def systematic_draw(total: int, samples: int, generator: np.random.Generator) -> np.ndarray:
    """One image from each of equal stretches of a data set's order.

    Every image has the same chance; with more samples than images, all come up equally often, give
    or take one. On a grid of factors this spreads the draws over the factors.

    Args:
        total: N, how many images there are.
        samples: M, how many to draw.
        generator: a NumPy generator, which gives M numbers.

    Returns:
        (M,) int64, indices in rising order.

    References:
        Cochran 1977, Sampling Techniques, chapter 8.

    Example:
        >>> systematic_draw(3, 6, np.random.default_rng(0)).tolist()
        [0, 0, 1, 1, 2, 2]
    """
    position = (np.arange(samples) + generator.random(samples)) / samples
    return np.minimum((position * total).astype("int64"), total - 1)


def log_normal_density(z, loc, scale) -> np.ndarray:
    """log N(z; loc, scale^2) of each number, in float64.

    Args:
        z: numbers.
        loc: means, in a shape that fits.
        scale: standard deviations, positive.

    Returns:
        float64, nats.

    Example:
        >>> log_normal_density([0.0, 1.0], 0.0, 1.0).round(3)
        array([-0.919, -1.419])
    """
    z, loc, scale = (np.asarray(a, "float64") for a in (z, loc, scale))
    return -0.5 * ((z - loc) / scale) ** 2 - np.log(scale) - LOG_SQRT_2PI


def check_scale(scale: np.ndarray) -> None:
    """Refuse standard deviations that are not positive.

    Raises:
        ValueError: some are not; names the first such row. Numbers below the smallest of float32
            count as 0.

    Example:
        >>> check_scale(np.array([[0.5], [-1.0]]))
        Traceback (most recent call last):
            ...
        ValueError: scale must be positive: it is the standard deviation, not its logarithm. ...
    """
    if scale.min() < np.finfo("float32").tiny:
        row = int(np.argmin(scale.min(axis=1)))
        raise ValueError(
            "scale must be positive: it is the standard deviation, not its logarithm. "
            f"Received: scale[{row}] = {scale[row]}"
        )
