"""Modularity of Ridgeway and Mozer: each code holds information on one factor only.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import numpy as np

from kerasvae.checks import check_count
from kerasvae.metrics.information import (
    BINS,
    check_bins,
    equal_width_bins,
    factor_labels,
    mutual_information,
)
from kerasvae.metrics.inputs import check_codes_and_factors
from kerasvae.metrics.result import Result


def modularity(codes, factors, seed: int = 0, bins: int = BINS) -> Result:
    """Whether each code tells about one factor and nothing about the others.

    Formula:
        m_jk = I(z_j; v_k), t the factor with the largest m_jt of code j
        modularity_j = 1 - sum_{k != t} m_jk^2 / (m_jt^2 (K - 1)); score = mean over codes

    Only the ratios of the mutual informations count, not their size: a code of pure noise has small
    ones, because a sample is finite, and scores some 0.7 rather than 0. A factor that is spread
    over several codes costs nothing either. Read this score together with MIG or DCI's
    completeness.

    Args:
        codes: (n, D), posterior means; the papers use 10,000 points.
        factors: (n, K), K >= 2; whole numbers, or floats, which are cut into bins like the codes.
        seed: not needed, nothing is drawn; all metrics are called alike.
        bins: number of bins of equal width for each code, between its smallest and largest value.

    Returns:
        A `Result`: score; parts per_code (D,), top_factor (D,), the first of equal ones, and
        active_codes, the mean over codes that are not constant; matrix (D, K), nats. A code with no
        information on any factor, such as a constant one, is 0/0: it counts as 0 in the score, as
        in the public code, so dead codes lower it; active_codes leaves constant ones out, and is 0
        where all are.

    Raises:
        ValueError: shapes that do not fit, NaN.
        NotApplicable: a factor that does not vary, a single factor.

    References:
        Ridgeway & Mozer 2018, Learning Deep Disentangled Embeddings with the F-Statistic Loss,
        section 3. Bins as in the public code of Locatello et al. 2019.

    Example:
        >>> factors = np.random.default_rng(0).integers(0, 4, size=(1000, 2))
        >>> modularity(factors[:, ::-1] * 0.5, factors)
        Result(modularity 1.000)
    """
    bins, seed = check_bins(bins), check_count("seed", seed)
    codes, factors = check_codes_and_factors(codes, factors, "modularity", least=2)
    information = mutual_information(equal_width_bins(codes, bins), factor_labels(factors, bins))
    top = information.max(axis=1)
    share = information / np.where(top > 0, top, 1.0)[:, None]  # (D, K), 1 at the top factor
    spread = ((share**2).sum(axis=1) - 1) / (factors.shape[1] - 1)
    per_code = np.where(top > 0, 1 - spread, 0.0)
    active = np.ptp(codes, axis=0) > 0
    return Result(
        "modularity",
        float(per_code.mean()),
        parts={
            "per_code": per_code,
            "top_factor": information.argmax(axis=1),
            "active_codes": float(per_code[active].mean()) if active.any() else 0.0,
        },
        matrix=information,
        settings={
            "points": len(codes),
            "bins": bins,
            "seed": seed,
            "estimator": "equal-width bins of posterior means",
        },
    )
