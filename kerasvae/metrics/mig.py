"""MIG, the mutual information gap of Locatello et al.: posterior means in 20 bins.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import numpy as np

from kerasvae.checks import check_count
from kerasvae.metrics.information import (
    BINS,
    check_bins,
    entropies,
    equal_width_bins,
    factor_labels,
    gaps,
    mutual_information,
)
from kerasvae.metrics.inputs import check_codes_and_factors
from kerasvae.metrics.result import Result


def mig(codes, factors, seed: int = 0, bins: int = BINS) -> Result:
    """Whether one latent is much more informative about a factor than all others are.

    Formula:
        score = mean over k of (I(z_a; v_k) - I(z_b; v_k)) / H(v_k),
        a and b the two codes with the largest I, z cut into bins of equal width

    This is not `mig_chen`, which needs no bins and looks at samples: the two numbers cannot be
    compared. A factor of many values cannot be described fully by few bins: with 20, a perfect code
    of 40 equally frequent values has log 20 / log 40 = 0.81; the part `ceiling` gives this limit.
    Mutual information in a sample is biased upwards, and more so for factors of many values (0.04
    nats at 40 values, 20 bins and 10,000 points), but for all codes alike, so the gap is hardly
    affected.

    Args:
        codes: (n, D), posterior means; the papers use 10,000 points.
        factors: (n, K), whole numbers, or floats, which are cut into bins like the codes.
        seed: not needed, nothing is drawn; all metrics are called alike.
        bins: number of bins for each code, between its smallest and largest value.

    Returns:
        A `Result`: score; parts per_factor (K,), the gaps; top_code (K,), the code that tells the
        factor best, the first of equal ones; entropy (K,), nats; ceiling (K,), what I / H can be at
        most with this number of bins; matrix (D, K), I / H, in [0, 1]. A constant code has 0 there.
        The second best of a single code is 0.

    Raises:
        ValueError: shapes that do not fit, NaN, bins below 2.
        NotApplicable: a factor that does not vary.

    References:
        Chen et al. 2018, Isolating Sources of Disentanglement, equation 6, for the gap; Locatello
        et al. 2019, Challenging Common Assumptions, appendix C, for means and bins.

    Example:
        >>> factors = np.random.default_rng(0).integers(0, 4, size=(1000, 2))
        >>> mig(factors[:, ::-1] * 0.5, factors)
        Result(mig 0.99...)
    """
    bins, seed = check_bins(bins), check_count("seed", seed)
    codes, factors = check_codes_and_factors(codes, factors, "mig")
    labels = factor_labels(factors, bins)
    entropy = entropies(labels)
    share = mutual_information(equal_width_bins(codes, bins), labels) / entropy  # (D, K)
    per_factor = gaps(share)
    return Result(
        "mig",
        float(per_factor.mean()),
        parts={
            "per_factor": per_factor,
            "top_code": share.argmax(axis=0),
            "entropy": entropy,
            "ceiling": np.minimum(np.log(bins) / entropy, 1.0),
        },
        matrix=share,
        settings={
            "points": len(codes),
            "bins": bins,
            "seed": seed,
            "estimator": "equal-width bins of posterior means",
        },
    )
