"""DCI: disentanglement, completeness and informativeness, from the importance of each code.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import numpy as np

from kerasvae.checks import check_choice, check_count, check_positive_int
from kerasvae.metrics.inputs import check_codes_and_factors, is_discrete, rescaled
from kerasvae.metrics.not_applicable import NotApplicable
from kerasvae.metrics.result import Result
from kerasvae.metrics.trees import LIBRARIES, SHAPE, boosted_trees, tree_library

# The share of the points that test predictions: 5,000 of 15,000 as in the public code.
TEST_SHARE = 1 / 3


def dci(codes, factors, seed: int = 0, trees: str = "lightgbm", threads: int = 1) -> Result:
    """Whether each code holds one factor, each factor lies in one code, and codes predict factors.

    For every factor, boosted trees predict it from all codes. What the splits on a code gain, as
    a share of all gains, is that code's importance for the factor. LightGBM's trees see 255 bins
    of a code, and bins of equally many points mix neighbouring values of a factor. Therefore a
    code's values first become numbers of stretches in which all training points have the same
    value of the factor: no better split lies inside one. In this way, perfect codes of 32 values
    with noise of 1e-3 score 1.00, as with scikit-learn's trees, which try every split; with plain
    bins they score 0.91.

    Formula:
        R (D, K), columns that sum to 1; P_jk = R_jk / sum_k' R_jk', Q_jk = R_jk / sum_j' R_j'k
        disentanglement_j = 1 - H_K(P_j.), with the logarithm to the base K
        completeness_k = 1 - H_D(Q_.k), with the logarithm to the base D
        score = disentanglement = sum_j rho_j disentanglement_j, rho_j = sum_k R_jk / sum R
        completeness = the same over factors; informativeness = mean over factors

    Args:
        codes: (n, D), posterior means.
        factors: (n, K), whole numbers for classes, floats for continuous factors.
        seed: seed of the split into two thirds for training and one third for testing (15,000
            points make the public code's 10,000 and 5,000), and of scikit-learn's trees. The split
            is by position: putting the points in another order has the effect of another seed.
        trees: "lightgbm", or "scikit-learn", the reference, which takes ten times as long.
        threads: threads of LightGBM. The result does not depend on it. More than one is seldom
            worth it: the trees are so small that threads mostly wait for each other, and they wait
            actively; where other programs shared the cores, two threads took fifteen times as long
            as one.

    Returns:
        A `Result`: score; parts disentanglement, completeness, informativeness (on the test
        points, in the unit of train_informativeness: accuracy of a class, R^2 of a continuous
        factor), per_code (D,), per_factor (K,), informativeness_per_factor (K,); matrix (D, K),
        R. A code that no tree splits on, dead ones among them, has disentanglement 0 and weight
        0; a factor that none of the codes predicts has completeness 0. If no code predicts any
        factor, both scores are 0. With a single code, completeness is 1 for the factors that it
        predicts.

    Raises:
        ValueError: shapes that do not fit, NaN, unknown trees.
        NotApplicable: a single factor (a code cannot mix it with another), a factor that does not
            vary in the training points.

    References:
        Eastwood & Williams 2018, A Framework for the Quantitative Evaluation of Disentangled
        Representations, section 2. They report the prediction error for informativeness;
        accuracy, and boosted trees, are the public code's of Locatello et al. 2019, which leaves
        the trees unseeded.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(0, 4, size=(1500, 2))
        >>> result = dci(factors[:, ::-1] * 0.5, factors)
        >>> print(f"{result.score:.2f}", result.parts["informativeness"])
        1.00 1.0
    """
    check_choice("trees", trees, LIBRARIES)
    threads = check_positive_int("threads", threads)
    codes, factors = check_codes_and_factors(codes, factors, "dci", least=2)
    codes = rescaled(codes)  # scikit-learn's trees see float32
    order = np.random.default_rng(check_count("seed", seed)).permutation(len(codes))
    train, test = np.split(order, [len(codes) - int(len(codes) * TEST_SHARE)])
    _check_split(factors, train, test)

    importance = np.zeros((codes.shape[1], factors.shape[1]))  # (D, K)
    accuracy = np.zeros((2, factors.shape[1]))  # train, test
    for column, values in enumerate(factors.T):
        model = boosted_trees(trees, is_discrete(values), seed, threads)
        inputs = codes
        if trees == "lightgbm":
            inputs = _stretches(codes, values, train)
        model.fit(inputs[train], values[train])
        gains = np.asarray(model.feature_importances_, "float64")
        importance[:, column] = gains / max(gains.sum(), np.finfo("float64").tiny)
        accuracy[:, column] = [model.score(inputs[part], values[part]) for part in (train, test)]

    per_code, disentanglement = _concentration(importance)
    per_factor, completeness = _concentration(importance.T)
    return Result(
        "dci",
        disentanglement,
        parts={
            "disentanglement": disentanglement,
            "completeness": completeness,
            "informativeness": float(accuracy[1].mean()),
            "train_informativeness": float(accuracy[0].mean()),
            "per_code": per_code,
            "per_factor": per_factor,
            "informativeness_per_factor": accuracy[1],
        },
        matrix=importance,
        settings={
            "train_points": len(train),
            "test_points": len(test),
            "seed": seed,
            "trees": trees,
            "tree_library_version": tree_library(trees).__version__,
            **SHAPE,
        },
    )


def _stretches(codes: np.ndarray, values: np.ndarray, train: np.ndarray) -> np.ndarray:
    """(n, D) number of the stretch of each code in which training points have one value."""
    columns = [
        np.searchsorted(_borders(code[train], values[train]), code, side="left") for code in codes.T
    ]
    return np.stack(columns, axis=1).astype("float64")


def _borders(code: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Where the value changes along the sorted code, midway between two points, rising."""
    order = np.argsort(code, kind="stable")
    code, values = code[order], values[order]
    first = np.flatnonzero(np.append(True, code[1:] > code[:-1]))  # of points with equal codes
    low, high = np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)
    one_value = (low[1:] == high[1:]) & (low[:-1] == high[:-1]) & (low[1:] == low[:-1])
    left, right = code[first[:-1]], code[first[1:]]
    middle = (left + right) / 2
    return np.where(middle < right, middle, left)[~one_value]  # neighbouring floats have none


def _concentration(importance: np.ndarray) -> tuple[np.ndarray, float]:
    """1 - entropy of each row, base the number of columns; and the mean weighted by row sums."""
    sums = importance.sum(axis=1)
    used = sums > 0
    shares = importance[used] / sums[used, None]
    log_shares = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy = -(shares * log_shares).sum(axis=1)
    per_row = np.zeros(len(importance))
    per_row[used] = 1 - entropy / max(np.log(importance.shape[1]), 1e-300)  # one column: 0 / tiny
    return per_row, float(per_row @ sums / sums.sum()) if used.any() else 0.0


def _check_split(factors: np.ndarray, train: np.ndarray, test: np.ndarray) -> None:
    constant = [k for k, values in enumerate(factors[train].T) if np.ptp(values) == 0]
    if constant or len(test) < 2:
        raise NotApplicable(
            f"dci: {len(train)} training and {len(test)} test points are too few to predict "
            f"factors {constant or 'at all'}. Give more points (the papers use 15,000)."
        )
