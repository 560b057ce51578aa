"""InfoMEC: modularity, explicitness and compactness in shares of information, without bins.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss

from kerasvae.checks import check_count, check_non_negative, check_positive_int
from kerasvae.metrics.information import (
    BINS,
    check_bins,
    entropies,
    factor_labels,
    labels_of_values,
    mutual_information,
)
from kerasvae.metrics.inputs import check_codes_and_factors, is_discrete, rescaled, standardised
from kerasvae.metrics.neighbours import neighbour_information
from kerasvae.metrics.not_applicable import NotApplicable
from kerasvae.metrics.result import Result

# Steps of the logistic regression. Codes that separate the classes have no finite optimum: the
# likelihood creeps towards 1, and what more steps would add to explicitness is below 0.01.
STEPS = 300


def infomec(
    codes,
    factors,
    seed: int = 0,
    neighbors: int = 10,
    active_range: float = 1 / 20,
    bins: int = BINS,
    discrete: bool | Sequence[bool] = False,
) -> Result:
    """Does a code hold one factor, do the codes predict it linearly, and is one code enough?

    Formula:
        n_jk = I(z_j; v_k) / H(v_k), over the active codes j
        modularity  = (mean_j (max_k n_jk / sum_k n_jk) - 1/K) / (1 - 1/K)
        compactness = (mean_k (max_j n_jk / sum_j n_jk) - 1/D) / (1 - 1/D), D active codes
        explicitness = mean_k (1 - L_k / H(v_k)), L_k the log loss of a logistic regression on all
        codes; for a continuous factor R^2 of a linear one. Score = modularity.

    I is estimated from distances to nearest neighbours, without bins; for codes that are classes,
    by counting. A code is active if its range is more than a twentieth of the largest range; that
    rule is the first public code's, a later one by the same authors compares ranges between
    quartiles. The threshold moves the scores: an inactive code that is counted as active has shares
    of noise, and lowers both means.

    Args:
        codes: (n, D), posterior means; the paper uses 10,000 points.
        factors: (n, K), K >= 2; whole numbers for classes, floats for continuous factors.
        seed: not needed, nothing is drawn; all metrics are called alike.
        neighbors: number of neighbours for the estimate of I.
        active_range: share of the largest range that an active code exceeds.
        bins: number of bins of equal width into which a continuous factor is cut for n_jk:
            otherwise its entropy is not defined.
        discrete: which codes are classes, a boolean for each of the D or one for all: codes of a
            vector-quantised or categorical model, whose numbers are names without an order. They
            are active if they vary, and enter the regression one-hot. Counting makes I too high by
            about (classes - 1)(values - 1) / (2 n) nats.

    Returns:
        A `Result`: score; parts modularity, explicitness, compactness, per_code (D,), 0 at inactive
        codes, compactness_per_factor (K,), explicitness_per_factor (K,), active (D,) booleans;
        matrix (D, K), n_jk of all codes. 0/0 is defined: an active code that tells nothing has
        modularity 0, a factor that no code tells anything about has compactness 0; with one active
        code, compactness is 1 for the factors that it tells something about. If no code is active,
        all are 0.

    Raises:
        ValueError: shapes that do not fit, NaN, `discrete` of another length than the codes.
        NotApplicable: a factor that does not vary, a single factor, too few points for the
            neighbours.

    References:
        Hsu et al. 2023, Disentanglement via Latent Quantization, section 4. Ross 2014 for I with
        classes. The public code weights classes equally in the regression and takes log K for H;
        on a full grid that is the same. Like this function, it fits and evaluates on the same
        points. It separates equal codes by adding noise, which makes I depend on the order of
        points and codes: 0.91 to 0.82 in one case. Here equal codes are counted as such (see
        `neighbour_information`).

    Example:
        >>> factors = np.random.default_rng(0).integers(0, 3, size=(1000, 2))
        >>> result = infomec(factors[:, ::-1] * 0.5, factors)
        >>> [round(result.parts[p], 1) for p in ("modularity", "explicitness", "compactness")]
        [1.0, 1.0, 1.0]
    """
    bins, neighbors = check_bins(bins), check_positive_int("neighbors", neighbors)
    active_range = check_non_negative("active_range", active_range)
    codes, factors = check_codes_and_factors(codes, factors, "infomec", least=2)
    seed = check_count("seed", seed)
    classes = _check_discrete(discrete, codes.shape[1])
    _check_sizes(codes, neighbors)

    labels = factor_labels(factors, bins)
    entropy = entropies(labels)
    active = _active(codes, classes, active_range)
    share = np.zeros((codes.shape[1], len(entropy)))  # (D, K)
    share[~classes] = neighbour_information(codes[:, ~classes], labels, neighbors) / entropy
    share[classes] = mutual_information(labels_of_values(codes[:, classes]), labels) / entropy
    share = np.minimum(share, 1.0)  # I is at most H; its estimate may be above by 0.01
    inputs = np.hstack([standardised(codes[:, ~classes]), *map(_one_hot, codes[:, classes].T)])
    per_code = np.zeros(codes.shape[1])
    per_code[active] = _concentration(share[active])
    per_factor = _concentration(share[active].T) if active.any() else np.zeros(factors.shape[1])
    explicitness = np.array(
        [
            _linear_share(inputs, values, h) if is_discrete(values)
            else max(LinearRegression().fit(inputs, values).score(inputs, values), 0.0)
            for values, h in zip(factors.T, entropy, strict=True)
        ]
    )  # fmt: skip
    modularity = float(per_code[active].mean()) if active.any() else 0.0
    return Result(
        "infomec",
        modularity,
        parts={
            "modularity": modularity,
            "explicitness": float(explicitness.mean()),
            "compactness": float(per_factor.mean()),
            "per_code": per_code,
            "compactness_per_factor": per_factor,
            "explicitness_per_factor": explicitness,
            "active": active,
        },
        matrix=share,
        settings={
            "points": len(codes),
            "seed": seed,
            "neighbors": neighbors,
            "active_range": active_range,
            "bins": bins,
            "discrete": classes.tolist(),
            "estimator": "nearest neighbours (Ross 2014); unpenalised logistic regression",
        },
    )


def _active(codes: np.ndarray, classes: np.ndarray, active_range: float) -> np.ndarray:
    """(D,) booleans: classes that vary, and numbers whose range is not small beside the others'."""
    varies = np.ptp(rescaled(codes), axis=0) > 0
    ranges = np.ptp(rescaled(codes, together=True), axis=0) * ~classes
    return varies & (classes | (ranges > active_range * ranges.max()))


def _one_hot(code: np.ndarray) -> np.ndarray:
    """(n, classes) of 0 and 1."""
    return (code[:, None] == np.unique(code)).astype("float64")


def _concentration(shares: np.ndarray) -> np.ndarray:
    """For each row how much of its sum is in its largest entry: 1 if all, 0 if spread evenly."""
    columns = shares.shape[1]
    sums = shares.sum(axis=1)
    told = sums > 0
    if columns == 1:
        return told.astype("float64")
    largest = np.divide(shares.max(axis=1), sums, out=np.full(len(sums), 1 / columns), where=told)
    return (largest - 1 / columns) / (1 - 1 / columns)


def _linear_share(codes: np.ndarray, values: np.ndarray, entropy: float) -> float:
    """The share of a factor's entropy that a logistic regression takes away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # see STEPS
        machine = LogisticRegression(C=np.inf, max_iter=STEPS).fit(codes, values)
    loss = log_loss(values, machine.predict_proba(codes))
    return float(np.clip(1 - loss / entropy, 0.0, 1.0))


def _check_discrete(discrete: bool | Sequence[bool], dimensions: int) -> np.ndarray:
    """(D,) booleans."""
    classes = np.asarray(discrete)
    if classes.dtype != bool or classes.shape not in ((), (dimensions,)):
        raise ValueError(
            f"discrete must be True, False, or a boolean for each of the {dimensions} codes. "
            f"Received: discrete={discrete!r}"
        )
    return np.broadcast_to(classes, (dimensions,))


def _check_sizes(codes: np.ndarray, neighbors: int) -> None:
    if len(codes) <= neighbors:
        raise NotApplicable(
            f"infomec looks at {neighbors} neighbours of each point: give more points. "
            f"Received: {len(codes)} points"
        )
