"""The density of a large mixture of diagonal Gaussians, in constant memory.

The aggregated posterior q(z) is such a mixture: one component per image of a data set.
"""

from collections.abc import Callable

import numpy as np
from keras import ops

from kerasvae.backend import jit
from kerasvae.estimators.sampling import LOG_SQRT_2PI

# A tile is what is computed at once: 2^20 pairs of a point and a component. It stays in a core's
# cache, and is large enough that the call's own cost does not show.
TILE_POINTS = 256
TILE_COMPONENTS = 4096

# XLA turns the sum over dimensions into one loop without intermediate arrays as long as it is not
# too long: beyond this many terms it is computed group by group.
GROUP = 16


@jit
def _add_tile(running, points, loc, inverse_scale, log_constant):
    """logaddexp(running, log sum of the tile's components); dimensions come as (groups, g)."""

    def add_group(group, distance):  # distance: (points, components)
        """Add the squared distances along one group of dimensions."""
        z, mean, precision = points[group], loc[group], inverse_scale[group]  # (g, ...)
        for k in range(z.shape[0]):
            # Subtract first, then divide: z^2 / s^2 of the expanded square (a matrix product)
            # cancels to no correct digit in float32 where the scale is small.
            standardised = (z[k][:, None] - mean[k][None, :]) * precision[k][None, :]
            distance = distance + standardised * standardised
        return distance

    shape = (points.shape[2], loc.shape[2])
    distance = ops.fori_loop(0, points.shape[0], add_group, ops.zeros(shape, "float32"))
    log_density = log_constant[None, :] - 0.5 * distance
    return ops.logaddexp(running, ops.logsumexp(log_density, axis=1))


def log_mixture_sum(
    points: np.ndarray,
    loc: np.ndarray,
    scale: np.ndarray,
    progress: Callable[[int], object] | None = None,
    log_weights: np.ndarray | None = None,
) -> np.ndarray:
    """Log of the sum of Gaussian densities at many points, exact up to float32 rounding.

    Formula:
        log sum_n w_n prod_k N(z_k; loc_nk, scale_nk^2), a log-sum-exp carried from tile to tile.

    Args:
        points: (P, D) z; computed in float32.
        loc: (N, D) means.
        scale: (N, D) standard deviations, positive.
        progress: called with the number of components done since the last call.
        log_weights: (N,) log w_n, finite; None for weights of 1.

    Returns:
        (P,) float64, nats. Minus log N, it is the density of the uniform mixture.

    Example:
        >>> points, loc, scale = np.zeros((1, 2)), np.zeros((3, 2)), np.ones((3, 2))
        >>> (log_mixture_sum(points, loc, scale) - np.log(3)).round(4)
        array([-1.8379])
    """
    blocks = [
        ops.convert_to_tensor(_columns(points[start : start + TILE_POINTS], TILE_POINTS))
        for start in range(0, len(points), TILE_POINTS)
    ]
    running = [ops.full((TILE_POINTS,), -np.inf, "float32") for _ in blocks]
    for start in range(0, len(loc), TILE_COMPONENTS):
        part = slice(start, start + TILE_COMPONENTS)
        weights = 0.0 if log_weights is None else log_weights[part]
        tile = _component_tile(loc[part], scale[part], weights)
        components = [ops.convert_to_tensor(array) for array in tile]
        running = [
            _add_tile(total, block, *components)
            for total, block in zip(running, blocks, strict=True)
        ]
        if progress is not None:
            progress(len(loc[part]))
    sums = np.concatenate([ops.convert_to_numpy(total) for total in running])
    return sums[: len(points)].astype("float64")


def _component_tile(loc, scale, log_weights):
    """Means, inverse scales and log constants of a tile; padding has a log constant of -inf."""
    scale = scale.astype("float64")
    log_constant = np.full(TILE_COMPONENTS, -np.inf, "float32")
    constant = -np.log(scale).sum(axis=1) - loc.shape[1] * LOG_SQRT_2PI
    log_constant[: len(loc)] = constant + log_weights
    return _columns(loc, TILE_COMPONENTS), _columns(1 / scale, TILE_COMPONENTS), log_constant


def _columns(rows, length):
    """(n, D) to (groups, g, length) float32: transposed, in groups of dimensions, zero-padded."""
    dimensions = rows.shape[1]
    groups = -(-dimensions // GROUP)
    width = -(-dimensions // groups)
    padded = np.zeros((groups * width, length), "float32")
    padded[:dimensions, : len(rows)] = rows.T
    return padded.reshape(groups, width, length)
