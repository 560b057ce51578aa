"""One-dimensional densities of a large Gaussian mixture at many points, to a bounded error.

The density of dimension j of the aggregated posterior, q(z_j) = 1/N sum_n q(z_j|x_n), would cost
N exponentials for each point and dimension. Two facts make it cheap:

- Components of one octave of scales, 2^o <= scale < 2^(o+1), have a log density that is smooth on
  the scale 2^o. It is computed on a grid of spacing 2^(o-4) and interpolated by cubics.
- Components far from a point add nothing: sorted by their mean, the others are a contiguous slice.
"""

import math
from collections.abc import Callable

import numpy as np

from kerasvae.estimators.mixtures import TILE_POINTS, log_mixture_sum
from kerasvae.estimators.sampling import LOG_SQRT_2PI

# Grid points per smallest scale of an octave, as a power of two. A cubic errs by at most
# 9/384 h^4 |g''''|; two components a distance of 2 a scales apart have |g''''| <= 2 a^4 midway.
# At h = 1/16 that is 1.8e-4 nats at a = 4, where the density has fallen by e^-8, and grows to
# 1e-3 only at a = 6, e^-18.
GRID_EXPONENT = 4

# What is left out is below e^-30 of the smallest density among the points; what an octave adds
# with less than e^-20 of it is not interpolated.
LEFT_OUT = 30.0
NOT_INTERPOLATED = 20.0

# Points at least this many grid steps from zero lie on the grid anyway: float32 has 24 bits.
# There the grid saves nothing, and its numbers would outgrow an integer.
LARGEST_POSITION = 2**24


def log_marginal_densities(
    points: np.ndarray,
    loc: np.ndarray,
    scale: np.ndarray,
    lower_bound: np.ndarray,
    progress: Callable[[int], object] | None = None,
) -> np.ndarray:
    """Log density of each dimension of a uniform Gaussian mixture at many points.

    Formula:
        log q(z_j) = log 1/N sum_n N(z_j; loc_nj, scale_nj^2)

    Args:
        points: (P, D) float32 z.
        loc: (N, D) float32 means.
        scale: (N, D) float32 standard deviations, positive.
        lower_bound: (P, D) numbers not above the result, in nats; for a point drawn from component
            n, that component's own share, log N(z_j; loc_nj, scale_nj^2) - log N.
        progress: called with 1 after each dimension.

    Returns:
        (P, D) float64, nats, within 1e-3 of the exact sum.

    Example:
        >>> points, loc, scale = np.zeros((1, 1)), np.zeros((2, 1)), np.ones((2, 1))
        >>> log_marginal_densities(points, loc, scale, np.full((1, 1), -2.0)).round(4)
        array([[-0.9189]])
    """
    columns = []
    for k in range(loc.shape[1]):
        columns.append(
            _log_mixture_sum_1d(
                points[:, k], loc[:, k], scale[:, k], lower_bound[:, k].min() + math.log(len(loc))
            )
        )
        if progress is not None:
            progress(1)
    return np.stack(columns, axis=1) - math.log(len(loc))


def _log_mixture_sum_1d(points, loc, scale, smallest):
    """(P,) log sum of densities; `smallest` is a lower bound of all of it."""
    order = np.argsort(loc, kind="stable")
    loc, scale = loc[order], scale[order]
    octaves = np.frexp(scale)[1] - 1
    total = np.full(len(points), -np.inf)
    for octave in np.unique(octaves):
        members = octaves == octave
        added = _log_octave_sum(points, loc[members], scale[members], int(octave), smallest)
        total = np.logaddexp(total, added)
    return total


def _log_octave_sum(points, loc, scale, octave, smallest):
    """The same over components with 2^octave <= scale < 2^(octave+1), sorted by loc."""
    # Beyond the radius every component is below `negligible`, even all of them together.
    log_peak = math.log(len(loc)) - octave * math.log(2) - LOG_SQRT_2PI
    negligible = smallest - LEFT_OUT
    radius = 2.0 ** (octave + 1) * math.sqrt(2 * max(log_peak - negligible, 0.0))

    spacing = 2.0 ** (octave - GRID_EXPONENT)
    position = points.astype("float64") / spacing
    if np.abs(position).max() < LARGEST_POSITION:
        cell = np.floor(position).astype("int64")
        stencil = cell[:, None] + np.arange(-1, 3)  # (P, 4)
        nodes, index = np.unique(stencil, return_inverse=True)
        if len(nodes) < len(points):
            values = _log_sum_nearby(nodes * spacing, loc, scale, radius)
            values = values[index.reshape(stencil.shape)]
            values[values.min(axis=1) < smallest - NOT_INTERPOLATED] = -np.inf
            return _cubic(values, position - cell)

    order = np.argsort(points)
    result = np.empty(len(points))
    result[order] = _log_sum_nearby(points[order], loc, scale, radius)
    return result


def _log_sum_nearby(points, loc, scale, radius):
    """(P,) log sum over the components within the radius; points and components are sorted."""
    result = np.full(len(points), -np.inf)
    for start in range(0, len(points), TILE_POINTS):
        block = points[start : start + TILE_POINTS]
        first = np.searchsorted(loc, block[0] - radius, side="left")
        last = np.searchsorted(loc, block[-1] + radius, side="right")
        if last > first:
            near = slice(first, last)
            result[start : start + TILE_POINTS] = log_mixture_sum(
                block[:, None], loc[near, None], scale[near, None]
            )
    return result


def _cubic(values, t):
    """Lagrange's cubic through values (P, 4) at -1, 0, 1, 2, evaluated at t in [0, 1)."""
    weights = np.stack(
        [
            -t * (t - 1) * (t - 2) / 6,
            (t + 1) * (t - 1) * (t - 2) / 2,
            -(t + 1) * t * (t - 2) / 2,
            (t + 1) * t * (t - 1) / 6,
        ],
        axis=1,
    )
    finite = np.isfinite(values[:, 0])
    result = np.full(len(values), -np.inf)
    result[finite] = (weights[finite] * values[finite]).sum(axis=1)
    return result
