"""Unfairness: how far predictions from codes depend on a factor that should play no part.

Chapter 14: tutorials/14_is_it_useful.ipynb.
"""

import numpy as np

from kerasvae.checks import check_choice, check_count, check_positive_int
from kerasvae.metrics.classifiers import NAMES, check_classes, predictions
from kerasvae.metrics.inputs import check_codes_and_factors, standardised
from kerasvae.metrics.not_applicable import NotApplicable
from kerasvae.metrics.result import Result

# The share of the points that test predictions, as in DCI.
TEST_SHARE = 1 / 3


def unfairness(
    codes, factors, seed: int = 0, train_points: int = 10_000, classifier: str = "boosted-trees"
) -> Result:
    """How much a prediction of one factor changes with the value of another: lower is better.

    Factors that are independent in the data need not be so in the predictions: where codes mix
    them and cannot be told apart again, the errors depend on the sensitive factor.

    Formula:
        u_ks = mean over the values v of factor s of TV(p(y), p(y | s = v)), with y the predicted
        class of factor k on the test points and TV(p, q) = 1/2 sum_y |p(y) - q(y)|;
        score = mean of u_ks over all pairs k, s of different factors

    Even fair predictions score above 0: shares of few points differ by chance, by about
    sqrt(classes / (2 pi m)) for m test points of a value.

    Args:
        codes: (n, D), posterior means; they are standardised first.
        factors: (n, K), whole numbers. Each is the target and the sensitive one in turn.
        seed: seed of the split into two thirds for training and one third for testing.
        train_points: largest number of points that each classifier is trained on.
        classifier: "boosted-trees", or "logistic", logistic regression.

    Returns:
        A `Result`: score, in [0, 1); parts worst, the largest u_ks; per_pair (K, K), row k and
        column s, 0 on the diagonal; accuracy (K,), of each target's predictions.

    Raises:
        ValueError: shapes that do not fit, NaN, an unknown classifier.
        NotApplicable: fewer than two factors, one that does not vary, factors that are floats, or
            too few points.

    References:
        Locatello et al. 2019, "On the fairness of disentangled representations": the definition,
        and boosted trees.

    Example:
        >>> factors = np.random.default_rng(0).integers(0, 2, size=(2000, 1))
        >>> same = np.hstack([factors, factors])  # who knows one knows the other
        >>> round(unfairness(same, same).score, 2)
        0.5
    """
    check_choice("classifier", classifier, NAMES)
    train_points = check_positive_int("train_points", train_points)
    codes, factors = check_codes_and_factors(codes, factors, "unfairness", least=2)
    check_classes(factors, "unfairness")
    order = np.random.default_rng(check_count("seed", seed)).permutation(len(codes))
    train, test = np.split(order, [len(codes) - int(len(codes) * TEST_SHARE)])
    train = train[:train_points]
    if len(test) < 2:
        raise NotApplicable(
            f"unfairness: {len(test)} test points are too few. Give more points (the papers use "
            "15,000)."
        )
    codes, count = standardised(codes), factors.shape[1]
    per_pair, accuracy = np.zeros((count, count)), np.zeros(count)
    for k, values in enumerate(factors.T):
        named = predictions(classifier, codes[train], values[train], codes[test], seed)
        accuracy[k] = (named == values[test]).mean()
        for s in range(count):
            if s != k:
                per_pair[k, s] = dependence(named, factors[test, s])
    pairs = per_pair[~np.eye(count, dtype=bool)]
    return Result(
        metric="unfairness",
        score=float(pairs.mean()),
        parts={"worst": float(pairs.max()), "per_pair": per_pair, "accuracy": accuracy},
        settings={
            "points": len(codes),
            "train_points": len(train),
            "test_points": len(test),
            "classifier": classifier,
            "seed": seed,
        },
    )


def dependence(predicted: np.ndarray, sensitive: np.ndarray) -> float:
    """Mean total variation between all predictions and those at each value of a factor.

    Args:
        predicted: (n,) classes.
        sensitive: (n,) values of the factor.

    Returns:
        A number in [0, 1).

    Example:
        >>> dependence(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))  # 1/6 and 1/2
        0.3333333333333333
    """
    classes, named = np.unique(predicted, return_inverse=True)
    overall = np.bincount(named, minlength=len(classes)) / len(named)
    distances = []
    for value in np.unique(sensitive):
        among = np.bincount(named[sensitive == value], minlength=len(classes))
        distances.append(0.5 * np.abs(among / among.sum() - overall).sum())
    return float(np.mean(distances))
