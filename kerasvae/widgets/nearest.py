"""Which latent dimension stands for which factor, so that its slider can say so."""

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from kerasvae.metrics.information import equal_width_bins

FAINT = 0.1  # what a dimension tells less than this share of is not said to be near


def nearest_dimensions(codes: np.ndarray, factors: np.ndarray) -> list[tuple[int | None, float]]:
    """For each factor the dimension that tells most of it.

    Formula:
        (I(z_j; v) - E[I]) / (min(H(z_j), H(v)) - E[I]), adjusted mutual information: 1 if the
        bins of z_j tell v, 0 on average if they tell as much as shuffled ones, of which E[I] is
        the mean. Without it a factor of many values looks near to every dimension of a sample.

    Args:
        codes: (n, D) posterior means, cut into 20 bins of equal width.
        factors: (n, K) codes of the factors.

    Returns:
        For each factor the dimension and its adjusted mutual information; None for the dimension
        where no dimension reaches 0.1.

    References:
        Vinh, Epps & Bailey 2010, the measure adjusted for chance.

    Example:
        >>> z = np.linspace(-1, 1, 50)
        >>> codes = np.stack([np.zeros(50), z], axis=1)
        >>> nearest_dimensions(codes, (z > 0)[:, None].astype(int))
        [(1, 1.0)]
    """
    bins = equal_width_bins(codes)
    found = []
    for factor in np.asarray(factors).T:
        told = [_told(column, factor) for column in bins.T]
        best = int(np.argmax(told))
        found.append((best if told[best] >= FAINT else None, round(told[best], 10)))
    return found


def _told(bins, factor) -> float:
    if bins.min() == bins.max() or factor.min() == factor.max():
        return 0.0
    return float(adjusted_mutual_info_score(factor, bins, average_method="min"))
