"""SAP, separated attribute predictability: how well single codes predict a factor.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import numpy as np
from sklearn.svm import LinearSVC

from kerasvae.checks import check_count
from kerasvae.metrics.information import gaps
from kerasvae.metrics.inputs import check_codes_and_factors, is_discrete, standardised
from kerasvae.metrics.not_applicable import NotApplicable
from kerasvae.metrics.result import Result

# The share of the points that test predictions: 5,000 of 15,000 as in the public code.
TEST_SHARE = 1 / 3


def sap(codes, factors, seed: int = 0) -> Result:
    """Whether one code predicts a factor much better than any other single code does.

    Formula:
        s_jk = R^2 of a line through code j, for a continuous factor k (floats);
        s_jk = test accuracy of a linear support vector machine on code j, for classes
        score = mean over k of the gap between the largest two s_jk

    Even a perfect code does not reach 1 on classes: a code that tells nothing is still right by
    chance, and the gap is the distance to that. Also, with one number and one line per class, the
    machine recognises the outer values of an ordered factor but hardly the inner ones: of ten
    values, a perfect code gets 0.2 right. All of this follows from the definition. Codes are
    standardised first, because the machine's penalty depends on their unit and origin: without
    this, the same codes times 1,000 scored 0.21 in place of 0.

    Args:
        codes: (n, D), posterior means.
        factors: (n, K), whole numbers for classes, floats for continuous factors.
        seed: seed of the split into two thirds for training and one third for testing (15,000
            points make the public code's 10,000 and 5,000). R^2 uses all points.

    Returns:
        A `Result`: score; parts per_factor (K,), the gaps, 0 where two codes are equally good, and
        top_code (K,), the first of equal ones; matrix (D, K), s. A constant code has R^2 0, and the
        accuracy of always naming the class that is most frequent in training. So has the second
        best of a single code.

    Raises:
        ValueError: shapes that do not fit, NaN.
        NotApplicable: a factor that does not vary in the training points.

    References:
        Kumar et al. 2018, Variational Inference of Disentangled Latent Concepts (DIP-VAE),
        section 3. C and balanced classes are those of the public code of Locatello et al. 2019,
        where codes are used as they come, and the machine starts from an unseeded random state;
        solved in the primal, as here, the same optimum needs none.

    Example:
        >>> v = np.random.default_rng(0).uniform(size=(1000, 2))
        >>> sap(v[:, ::-1], v).score > 0.98
        True
    """
    codes, factors = check_codes_and_factors(codes, factors, "sap")
    codes = standardised(codes)
    order = np.random.default_rng(check_count("seed", seed)).permutation(len(codes))
    train, test = np.split(order, [len(codes) - int(len(codes) * TEST_SHARE)])

    matrix = np.empty((codes.shape[1], factors.shape[1]))
    nothing = np.zeros(factors.shape[1])
    for k, values in enumerate(factors.T):
        if is_discrete(values):
            _check_split(k, values, train, test)
            nothing[k] = _accuracy_of_most_frequent(values[train], values[test])
            matrix[:, k] = [
                _accuracy(code[train], values[train], code[test], values[test], nothing[k])
                for code in codes.T
            ]
        else:
            matrix[:, k] = [_squared_correlation(code, values) for code in codes.T]
    per_factor = gaps(matrix, nothing)
    return Result(
        "sap",
        float(per_factor.mean()),
        parts={"per_factor": per_factor, "top_code": matrix.argmax(axis=0)},
        matrix=matrix,
        settings={
            "points": len(codes),
            "train_points": len(train),
            "test_points": len(test),
            "seed": seed,
            "estimator": "linear SVM, C=0.01, balanced classes, standardised codes; R^2 for floats",
        },
    )


def _accuracy(code, values, test_code, test_values, nothing: float) -> float:
    if np.ptp(code) == 0:
        return nothing
    machine = LinearSVC(C=0.01, class_weight="balanced", dual=False).fit(code[:, None], values)
    return float(machine.score(test_code[:, None], test_values))


def _accuracy_of_most_frequent(values, test_values) -> float:
    present, counts = np.unique(values, return_counts=True)
    return float((test_values == present[counts.argmax()]).mean())


def _squared_correlation(code, values) -> float:
    if np.ptp(code) == 0:
        return 0.0
    values = standardised(values[:, None].astype("float64"))[:, 0]
    return float(min((code @ values / len(code)) ** 2, 1.0))


def _check_split(column: int, values, train, test) -> None:
    if len(test) < 1 or np.ptp(values[train]) == 0:
        raise NotApplicable(
            f"sap: {len(train)} training and {len(test)} test points are too few to predict factor "
            f"{column}. Give more points (the papers use 15,000)."
        )
