"""Correlated factors: a data set in which two factors tend to have similar values.

Chapter 14: tutorials/14_is_it_useful.ipynb.
"""

import math
import numbers

import numpy as np

from kerasvae.checks import check_positive_int
from kerasvae.data.factors import FactorDataset


def correlated(
    dataset: FactorDataset, pair: tuple, sigma: float, n: int | None = None, seed: int = 0
) -> FactorDataset:
    """Images drawn so that two factors are correlated; the other factors stay as they were.

    Train on it, and score on the original data set, where the factors are independent: there a
    model that has learnt the correlation in place of the factors gives itself away.

    Formula:
        p(image) proportional to exp(-(c1 - c2)^2 / (2 sigma^2)), c1 and c2 the codes of the two
        factors divided by their largest, so that both run from 0 to 1.

    Args:
        dataset: images with known factors.
        pair: names or positions of two factors.
        sigma: width of the ridge; the paper's run from 0.1 (strong) to 0.7 (weak).
        n: how many images are drawn, with replacement; if None, as many as the data set has.
        seed: whole number, or a `numpy.random.Generator`.

    Returns:
        A `FactorDataset` of n images, read from `dataset`: nothing is copied. How often an image
        occurs differs from n p(image) by less than one.

    Raises:
        ValueError: an unknown factor, one factor twice, a factor with one value, or a sigma that is
            not a positive number.

    References:
        Traeuble et al. 2021, On Disentangled Representations Learned from Correlated Data.

    Example:
        >>> from kerasvae.data import load
        >>> tied = correlated(load("discs"), ("x", "radius"), sigma=0.2)
        >>> x, _, radius = tied.factors(range(len(tied))).T
        >>> bool(np.corrcoef(x, radius)[0, 1] > 0.7)
        True
    """
    weights = pair_weights(dataset, pair, sigma)
    n = len(dataset) if n is None else check_positive_int("n", n)
    generator = np.random.default_rng(seed)
    rows = _systematic(weights, n, generator)
    names = [dataset.factor_names[dataset.position_of(factor)] for factor in pair]
    values = dict(zip(dataset.factor_names, dataset.factor_values, strict=True))
    return FactorDataset(
        _Rows(dataset, rows),
        values,
        codes=dataset.factors(rows),
        name=f"{dataset.name}, {names[0]} and {names[1]} correlated",
    )


def pair_weights(dataset: FactorDataset, pair: tuple, sigma: float) -> np.ndarray:
    """Probability with which `correlated` draws each image, (images,) float64, of sum 1."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(f"pair: expected two factors. Received: pair={pair!r}")
    first, second = (dataset.position_of(factor) for factor in pair)
    sizes = dataset.factor_sizes
    if first == second or min(sizes[first], sizes[second]) < 2:
        raise ValueError(
            f"pair: expected two different factors of at least two values. Received: pair={pair!r}"
        )
    real = isinstance(sigma, numbers.Real) and not isinstance(sigma, bool)
    if not real or math.isnan(sigma) or sigma <= 0:
        raise ValueError(f"sigma must be a positive number. Received: sigma={sigma!r}")
    codes = dataset.factors(np.arange(len(dataset)))
    difference = codes[:, first] / (sizes[first] - 1) - codes[:, second] / (sizes[second] - 1)
    gap = difference**2 - (difference**2).min()  # so that the smallest sigma leaves something
    with np.errstate(over="ignore"):
        weights = np.exp(-gap / sigma / sigma / 2)
    return weights / weights.sum()


def _systematic(weights: np.ndarray, n: int, generator: np.random.Generator) -> np.ndarray:
    """n draws of indices, (n,) int64, each as often as n times its weight, up or down to whole.

    Points at equal distances, with one random offset, fall into the intervals of the images,
    laid out in random order.
    """
    order = generator.permutation(len(weights))
    edges = np.cumsum(weights[order])
    points = (generator.random() + np.arange(n)) / n * edges[-1]
    drawn = order[np.minimum(np.searchsorted(edges, points, side="right"), len(order) - 1)]
    return generator.permutation(drawn)


class _Rows:
    """Some images of a data set, as pixels that are read only when they are needed."""

    def __init__(self, dataset: FactorDataset, rows: np.ndarray):
        self._dataset, self._rows = dataset, rows
        self.shape = (len(rows), *dataset.image_shape)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        return self._dataset.images(self._rows[indices])
