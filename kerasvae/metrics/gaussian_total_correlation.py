"""How dependent the codes are on each other, as if they were Gaussian; no factors needed.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import numpy as np

from kerasvae.checks import check_count
from kerasvae.metrics.information import BINS, check_bins, equal_width_bins, mutual_information
from kerasvae.metrics.inputs import check_codes, rescaled, standardised, warn_of_few
from kerasvae.metrics.not_applicable import NotApplicable
from kerasvae.metrics.result import Result


def gaussian_total_correlation(codes, factors=None, seed: int = 0, bins: int = BINS) -> Result:
    """Total correlation of a Gaussian with the covariance of the codes: small is good.

    Formula:
        score = KL(N(0, S) || N(0, diag S)) = -1/2 log det R, S the covariance, R the correlation
        wasserstein = W_2^2(N(0, S), N(0, diag S)) = 2 tr S - 2 tr (diag(S)^1/2 S diag(S)^1/2)^1/2

    This is the total correlation of posterior means, not of samples: a model may have a small one
    for q(z) and a large one here, because noisy dimensions count as much as precise ones.

    Args:
        codes: (n, D), posterior means; the papers use 10,000 points.
        factors: not needed; all metrics are called alike.
        seed: not needed, nothing is drawn.
        bins: number of bins of equal width, for pairwise_mutual_information.

    Returns:
        A `Result`: score, nats, not negative, and not bounded; parts wasserstein, squared units
        of the codes; wasserstein_normalised, divided by tr S, in [0, 2];
        pairwise_mutual_information, nats, the mean over pairs of codes;
        lost_dimensions, how many codes are linear functions of the others. The true total
        correlation is infinite then; each of them adds about 16 nats, the limit of float64.
        A constant code is independent of all others and adds nothing.

    Raises:
        ValueError: not an array (n, D) of finite numbers.
        NotApplicable: fewer than two points.

    References:
        Locatello et al. 2019, Challenging Common Assumptions, section 5.3 and appendix; Watanabe
        1960 for total correlation.

    Example:
        >>> z = np.random.default_rng(0).normal(size=(1000, 2))
        >>> z[:, 1] = 0.6 * z[:, 0] + 0.8 * z[:, 1]  # correlation 0.6
        >>> print(f"{gaussian_total_correlation(z).score:.1f}", f"{-0.5 * np.log(1 - 0.36):.1f}")
        0.2 0.2
    """
    bins, codes, seed = check_bins(bins), check_codes(codes), check_count("seed", seed)
    if len(codes) < 2:
        raise NotApplicable(f"codes: a covariance needs two points. Received: shape {codes.shape}")
    warn_of_few("gaussian_total_correlation", len(codes))
    active = np.ptp(rescaled(codes), axis=0) > 0
    unit = standardised(codes)[:, active]
    correlation = unit.T @ unit / len(codes)
    floor = 100 * np.finfo("float64").eps  # rounding leaves up to 10 eps where there is none
    eigenvalues = np.linalg.eigvalsh(correlation)
    total_correlation = -0.5 * np.log(np.maximum(eigenvalues, floor)).sum()

    # In one unit, a power of two, in which no square overflows.
    exponent = int(np.frexp(np.abs(codes).max())[1])
    variance = rescaled(codes, together=True)[:, active].var(axis=0, ddof=1)
    weighted = correlation * np.outer(variance, variance)  # diag(S)^1/2 S diag(S)^1/2
    roots = np.sqrt(np.maximum(np.linalg.eigvalsh(weighted), 0))
    wasserstein = max(2 * variance.sum() - 2 * roots.sum(), 0.0)
    return Result(
        "gaussian_total_correlation",
        max(float(total_correlation), 0.0) + 0.0,  # no -0.0
        parts={
            "wasserstein": _squared_unit(wasserstein, exponent),
            "wasserstein_normalised": float(wasserstein / max(variance.sum(), 1e-300)),
            "pairwise_mutual_information": _mean_pairwise_information(codes, bins),
            "lost_dimensions": int((eigenvalues <= floor).sum()),
        },
        settings={"points": len(codes), "bins": bins, "seed": seed},
    )


def _squared_unit(value: float, exponent: int) -> float:
    """value 4^exponent, or the largest float where that is none."""
    with np.errstate(over="ignore"):
        return min(float(np.ldexp(value, 2 * exponent)), float(np.finfo("float64").max))


def _mean_pairwise_information(codes: np.ndarray, bins: int) -> float:
    labels = equal_width_bins(codes, bins)
    pairs = ~np.eye(codes.shape[1], dtype=bool)
    return float(mutual_information(labels, labels)[pairs].mean()) if pairs.any() else 0.0
