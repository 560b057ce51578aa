"""Downstream accuracy: how well a classifier predicts the factors from few labelled codes.

Chapter 14: tutorials/14_is_it_useful.ipynb.
"""

from collections.abc import Sequence

import numpy as np

from kerasvae.checks import check_choice, check_count, check_positive_int
from kerasvae.metrics.classifiers import NAMES, check_classes, predictions
from kerasvae.metrics.inputs import check_codes_and_factors, standardised
from kerasvae.metrics.result import Result


def downstream(
    codes,
    factors,
    seed: int = 0,
    train_sizes: Sequence[int] = (10, 100, 1_000, 10_000),
    test_points: int = 5_000,
    classifier: str = "logistic",
) -> Result:
    """How many labels a classifier needs to predict each factor from the codes.

    This is not a score of disentanglement: with many labels, a rotation of the codes changes
    nothing for a logistic regression. What it can answer is whether disentangled codes need fewer
    labels.

    Formula:
        accuracy_sk = share of the test points whose factor k is named by a classifier that was
        trained on s points; score = mean over k of the accuracy with the most points;
        efficiency_s = mean over k of accuracy_sk / score

    Args:
        codes: (n, D), posterior means; they are standardised first.
        factors: (n, K), whole numbers.
        seed: seed of the draw of points. The points of each size are among those of the next.
        train_sizes: numbers of labelled points, rising.
        test_points: number of points to measure accuracy on; none of them is trained on.
        classifier: "logistic", logistic regression, or "boosted-trees".

    Returns:
        A `Result`: score; parts per_size (S,), accuracy with each number of labels, the mean over
        factors; per_factor (S, K); efficiency (S,); chance (K,), the share of each factor's most
        frequent class among the test points.

    Raises:
        ValueError: shapes that do not fit, NaN, sizes that are not rising, or that need more points
            than there are, an unknown classifier.
        NotApplicable: factors that are floats, or one that does not vary.

    References:
        Locatello et al. 2019, "Challenging common assumptions in the unsupervised learning of
        disentangled representations": the sizes, both classifiers, and efficiency, of 100 labels
        against 10,000. Their logistic regression chooses its penalty by cross-validation; here it
        is C=1 on standardised codes.

    Example:
        >>> factors = np.random.default_rng(0).integers(0, 3, size=(2000, 2))
        >>> result = downstream(1.0 * factors, factors, train_sizes=(10, 1000), test_points=500)
        >>> result.score, result.parts["per_size"].shape
        (1.0, (2,))
    """
    check_choice("classifier", classifier, NAMES)
    test_points = check_positive_int("test_points", test_points)
    sizes = [check_positive_int("train_sizes", size) for size in train_sizes]
    if not sizes or sorted(set(sizes)) != sizes:
        raise ValueError(
            f"train_sizes must be rising numbers of points. Received: train_sizes={train_sizes}"
        )
    codes, factors = check_codes_and_factors(codes, factors, "downstream")
    check_classes(factors, "downstream")
    if sizes[-1] + test_points > len(codes):
        raise ValueError(
            f"downstream trains on up to {sizes[-1]:,} points and tests on {test_points:,} others: "
            "give more points, or smaller train_sizes and test_points. "
            f"Received: {len(codes):,} points"
        )
    order = np.random.default_rng(check_count("seed", seed)).permutation(len(codes))
    codes, test = standardised(codes), order[-test_points:]
    accuracy = np.empty((len(sizes), factors.shape[1]))
    for row, size in enumerate(sizes):
        train = order[:size]
        for k, values in enumerate(factors.T):
            named = predictions(classifier, codes[train], values[train], codes[test], seed)
            accuracy[row, k] = (named == values[test]).mean()
    per_size = accuracy.mean(axis=1)
    most = max(float(per_size[-1]), np.finfo("float64").tiny)
    return Result(
        metric="downstream",
        score=float(per_size[-1]),
        parts={
            "per_size": per_size,
            "per_factor": accuracy,
            "efficiency": per_size / most,
            "chance": np.array([_most_frequent(values[test]) for values in factors.T]),
        },
        settings={
            "points": len(codes),
            "train_sizes": sizes,
            "test_points": test_points,
            "classifier": classifier,
            "seed": seed,
        },
    )


def _most_frequent(values: np.ndarray) -> float:
    return float(np.unique(values, return_counts=True)[1].max() / len(values))
