"""Entropies and mutual information of labels, and codes cut into bins so that they are labels."""

import numpy as np

from kerasvae.checks import check_positive_int
from kerasvae.metrics.inputs import is_discrete, rescaled

# Equal-width bins for each code, the number of Locatello et al. 2019.
BINS = 20


def equal_width_bins(values: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Number of the bin that each value falls into, each column's range cut into equal parts.

    A bin holds its lower edge; the last one holds the largest value too. However narrow the range
    is, it is cut into all bins: a code that hardly varies is stretched over them like any other.

    Args:
        values: (n, D) finite numbers.
        bins: how many.

    Returns:
        (n, D) int64 in [0, bins); 0 for a column of one value.

    Example:
        >>> equal_width_bins(np.array([[0.0], [0.2], [0.5], [1.0]]), bins=2).ravel()
        array([0, 0, 1, 1])
    """
    columns = []
    for column in rescaled(np.asarray(values, "float64")).T:
        inner_edges = np.linspace(column.min(), column.max(), bins + 1)[1:-1]
        constant = column.min() == column.max()
        columns.append(np.zeros(len(column)) if constant else np.digitize(column, inner_edges))
    return np.stack(columns, axis=1).astype("int64")


def check_bins(bins: int) -> int:
    """Return a number of bins, if it is large enough to tell anything.

    Raises:
        ValueError: not a whole number, or below 2.

    Example:
        >>> check_bins(20)
        20
    """
    bins = check_positive_int("bins", bins)
    if bins < 2:
        raise ValueError(f"bins must be 2 or more: one bin holds all. Received: bins={bins}")
    return bins


def factor_labels(factors: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Label every factor's values 0, 1, ...: whole numbers by value, floats by equal-width bins.

    Args:
        factors: (n, K).
        bins: for factors that are floats.

    Returns:
        (n, K) int64, without gaps: a label that no point has is not counted as a value.

    Example:
        >>> factor_labels(np.array([[7, 2], [3, 2], [7, 5]])).tolist()
        [[1, 0], [0, 0], [1, 1]]
    """
    return labels_of_values(factors if is_discrete(factors) else equal_width_bins(factors, bins))


def labels_of_values(values: np.ndarray) -> np.ndarray:
    """Number the values of each column 0, 1, ... in their order.

    Args:
        values: (n, D) numbers.

    Returns:
        (n, D) int64.

    Example:
        >>> labels_of_values(np.array([[0.5], [-2.0], [0.5]])).ravel()
        array([1, 0, 1])
    """
    labels = np.empty(values.shape, "int64")
    for column, numbers in zip(labels.T, values.T, strict=True):
        column[:] = np.unique(numbers, return_inverse=True)[1]
    return labels


def entropies(labels: np.ndarray) -> np.ndarray:
    """Entropy of each column of labels, from the shares of the labels.

    Args:
        labels: (n, K) int, not negative.

    Returns:
        (K,) float64, nats.

    Example:
        >>> entropies(np.array([[0, 0], [1, 0]])) / np.log(2)
        array([1., 0.])
    """
    return np.array([_entropy(np.bincount(column)) for column in labels.T])


def mutual_information(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mutual information of each column of one array of labels with each of another.

    Formula:
        I(a; b) = H(a) + H(b) - H(a, b), with the shares in the sample as probabilities. It is
        biased upwards, by about (values of a - 1)(values of b - 1) / (2 n).

    Args:
        first: (n, D) int, not negative.
        second: (n, K) int, not negative.

    Returns:
        (D, K) float64, nats, not negative.

    Example:
        >>> labels = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> mutual_information(labels, labels) / np.log(2)
        array([[1., 0.],
               [0., 1.]])
    """
    joint = np.empty((first.shape[1], second.shape[1]))
    for k, column in enumerate(second.T):
        pairs = first * (column.max() + 1) + column[:, None]  # (n, D), a number for each pair
        joint[:, k] = [_entropy(np.bincount(pair)) for pair in pairs.T]
    information = entropies(first)[:, None] + entropies(second) - joint
    return np.maximum(information, 0)  # rounding leaves -1e-16 where there is none


def gaps(matrix: np.ndarray, nothing: float | np.ndarray = 0.0) -> np.ndarray:
    """By how much the best code is ahead of the second best, for each factor.

    Args:
        matrix: (D, K) how well each code tells each factor.
        nothing: what a constant code would have; the second best of a single code.

    Returns:
        (K,), 0 where two codes are equally good.

    Example:
        >>> gaps(np.array([[0.9, 0.5], [0.1, 0.5], [0.2, 0.0]])).round(2)
        array([0.7, 0. ])
    """
    if len(matrix) == 1:
        return matrix[0] - nothing
    second, best = np.partition(matrix, -2, axis=0)[-2:]
    return best - second


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum()) + 0.0  # never -0.0
