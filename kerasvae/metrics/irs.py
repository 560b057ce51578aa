"""The interventional robustness score: how far a code moves while its own factor stands still.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import warnings

import numpy as np

from kerasvae.checks import check_positive_int
from kerasvae.metrics.embedding import DrawnCodes, FactorDraws
from kerasvae.metrics.inputs import check_codes_and_factors, rescaled
from kerasvae.metrics.result import Result

# A high quantile of fewer numbers is little more than their largest, and of one it is zero.
FEW_A_VALUE = 30


def irs(embed, dataset, seed: int = 0, points: int = 10_000, quantile: float = 0.99) -> Result:
    """How little each code is moved by interventions on all factors but its own.

    Images are grouped by one factor's value; within a group only the other factors vary. A code
    that follows the fixed factor alone stands still there.

    Formula:
        d_jk = mean over values g of factor k: quantile of |z_j - E[z_j | g_k = g]| given g_k = g
        irs_jk = 1 - d_jk / max |z_j - E z_j|;   irs_j = max_k irs_jk
        score = sum_j w_j irs_j / sum_j w_j with weights w_j = max |z_j - E z_j|

    Args:
        embed: images (n, H, W, C) -> codes (n, D), posterior means; or the codes of all images of
            the data set, (N, D).
        dataset: a `kerasvae.data.FactorDataset` of two factors or more.
        seed: seed of the draws.
        points: images drawn.
        quantile: quantile of the deviations. It is 0.99 in place of the paper's maximum, as in the
            public code, so that a rare outlier does not decide.

    Returns:
        A `Result`: score, in [0, 1] up to rounding; parts per_code (D,) and parents (D,), the
        factor of each code's best entry (the first of equals); matrix (D, K), irs_jk. A constant
        code has zeros, weight zero and the parent -1; if all are constant the score is 0.

    Raises:
        ValueError: points below 1, a quantile outside (0, 1], codes that are not (n, D) finite
            numbers.
        NotApplicable: a data set with fewer than two factors, or one that does not vary.

    References:
        Suter, Miladinovic, Scholkopf & Bauer 2019, Robustly Disentangled Causal Mechanisms,
        section 4 (EMPIDA and IRS). The public code of Locatello et al. 2019 reports the sum of the
        codes that vary, where it means their number, and takes that sum for whether there are any:
        codes that add up to 0 are lost there. Here codes are counted, and none is dropped.

    Example:
        >>> from kerasvae.data import load
        >>> grid = load("dsprites-mini")
        >>> codes = grid.factors(range(len(grid)))  # perfect ones
        >>> irs(codes, grid)
        Result(irs 1.000)
    """
    points = check_positive_int("points", points)
    if not 0 < quantile <= 1:
        raise ValueError(f"quantile must be in (0, 1]. Received: quantile={quantile}")
    draws = FactorDraws(dataset, seed, "irs")
    drawn = draws.images(points)
    codes = DrawnCodes(embed, dataset, drawn)[drawn]
    codes, factors = check_codes_and_factors(codes, draws.factors[drawn], "irs")
    codes = rescaled(codes, together=True)  # all is relative, and no sum overflows

    active = np.ptp(codes, axis=0) > 0  # exact, where a variance of equal numbers may be 1e-33
    largest = np.abs(codes - codes.mean(axis=0)).max(axis=0) * active  # (D,)
    matrix = np.zeros((codes.shape[1], factors.shape[1]))  # (D, K)
    smallest_group = points
    for column in range(factors.shape[1]):
        deviations, group = _deviations(codes[:, active], factors[:, column], quantile)
        matrix[active, column] = 1 - deviations / largest[active]
        smallest_group = min(smallest_group, group)
    if smallest_group < FEW_A_VALUE:
        warnings.warn(
            f"irs: one value of a factor has {smallest_group} of the {points} points. Within fewer "
            f"than {FEW_A_VALUE} points deviations are too small, and the score too high. Ask "
            "for more points.",
            stacklevel=2,
        )

    per_code = matrix.max(axis=1)
    weight = largest.sum()
    return Result(
        "irs",
        float(per_code @ largest / weight) if weight > 0 else 0.0,
        parts={
            "per_code": per_code,
            "parents": np.where(active, matrix.argmax(axis=1), -1),
            "active_codes": int(active.sum()),
        },
        matrix=matrix,
        settings={"points": points, "quantile": quantile, "seed": seed},
    )


def _deviations(codes: np.ndarray, values: np.ndarray, quantile: float) -> tuple[np.ndarray, int]:
    """(D,) mean over the values of the quantile of |z - mean|; how many points the rarest has."""
    per_value, sizes = [], []
    for value in np.unique(values):
        group = codes[values == value]
        deviation = np.abs(group - group.mean(axis=0))
        per_value.append(np.quantile(deviation, quantile, axis=0))
        sizes.append(len(group))
    return np.mean(per_value, axis=0), min(sizes)
