"""Mutual information of a code and a class, from the distances to nearest neighbours."""

import numpy as np
from scipy.special import digamma

from kerasvae.metrics.inputs import rescaled

# Points count as equally far if their distances differ by rounding only; codes are below 1 here.
ROUNDING = 4 * np.finfo("float64").eps


def neighbour_information(codes: np.ndarray, labels: np.ndarray, neighbors: int = 3) -> np.ndarray:
    """Mutual information of each code with each factor's classes, without bins.

    Formula:
        I = psi(N) + mean_n (psi(k_n) - psi(N_n) - psi(m_n)): r_n is the distance from point n to
        its k-th neighbour of the same class, which has N_n points; within r_n, the border
        included, lie k_n points of the same class and m_n of any, n itself counted where r_n is 0

    Where all codes differ, k_n is k, and this is Ross's estimate. Equal codes are at distance 0,
    and all of them are counted: for a code with few values, this is the estimate for classes.
    Nothing is drawn, and the order of points and of codes does not matter.

    Args:
        codes: (n, D) finite numbers.
        labels: (n, K) int, not negative.
        neighbors: k; for a class with no more than k points, one less than the number of its
            points. A class of one point is left out.

    Returns:
        (D, K) float64, nats, not negative; 0 for a code of one value.

    References:
        Ross 2014, Mutual Information between Discrete and Continuous Data Sets, equation 2. Gao et
        al. 2017, Estimating Mutual Information for Discrete-Continuous Mixtures, for equal codes.

    Example:
        >>> labels = np.arange(1000)[:, None] % 2
        >>> neighbour_information(labels + np.linspace(0, 0.5, 1000)[:, None], labels).round(2)
        array([[0.69]])
    """
    unit = rescaled(np.asarray(codes, "float64"))
    result = np.zeros((codes.shape[1], labels.shape[1]))
    for k, values in enumerate(labels.T):
        kept = np.bincount(values)[values] > 1
        for j, code in enumerate(unit.T):
            if kept.any() and np.ptp(code[kept]) > 0:
                result[j, k] = _information(code[kept], values[kept], neighbors)
    return result


def _information(code: np.ndarray, values: np.ndarray, neighbors: int) -> float:
    """Nats, of one code and one factor."""
    everything = np.sort(code)
    total = 0.0
    for value in np.unique(values):
        group = np.sort(code[values == value])
        radius = _distance_to_neighbour(group, min(neighbors, len(group) - 1))
        same, any_class = (
            _within(points, group, radius + ROUNDING) + (radius == 0)
            for points in (group, everything)
        )
        total += (digamma(same) - digamma(len(group)) - digamma(any_class)).sum()
    return max(float(digamma(len(code)) + total / len(code)), 0.0)


def _distance_to_neighbour(group: np.ndarray, k: int) -> np.ndarray:
    """For each of some sorted numbers the distance to its k-th nearest other one, (n,)."""
    # The k + 1 nearest, the point among them, are k + 1 in a row: the best of the k + 1 windows.
    n = len(group)
    best = np.full(n, np.inf)
    for before in range(k + 1):  # how many of the window lie below the point
        points = np.arange(before, n - (k - before))
        low, high = group[points - before], group[points + k - before]
        best[points] = np.minimum(
            best[points], np.maximum(group[points] - low, high - group[points])
        )
    return best


def _within(points: np.ndarray, centers: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """How many of some sorted points are that near to each center, itself not counted, (n,)."""
    first = np.searchsorted(points, centers - radius, side="left")
    return np.searchsorted(points, centers + radius, side="right") - first - 1
