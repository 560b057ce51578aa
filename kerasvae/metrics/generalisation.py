"""Generalisation: whether what was learnt on half of a factor's values holds on the others.

Chapter 14: tutorials/14_is_it_useful.ipynb.
"""

import numpy as np

from kerasvae.checks import check_choice, check_count, check_positive_int
from kerasvae.metrics.classifiers import NAMES, check_classes, predictions
from kerasvae.metrics.inputs import check_codes_and_factors, standardised
from kerasvae.metrics.not_applicable import NotApplicable
from kerasvae.metrics.result import Result

# The share of the points of the training half that test without a shift.
TEST_SHARE = 1 / 3


def generalisation(
    codes, factors, seed: int = 0, train_points: int = 1_000, classifier: str = "boosted-trees"
) -> Result:
    """How well a classifier predicts a factor where another factor has values that it never saw.

    The grid is cut in two along a factor: its lower half of values is trained on, its upper half
    tested. A code that holds one factor does not move when the other is shifted; a code that mixes
    them does, and misleads the classifier.

    Formula:
        a_ks = accuracy of the classifier of factor k on points whose factor s is in the upper half
        of its values, trained on points whose factor s is in the lower half (the middle one of an
        odd number among them); score = mean of a_ks over all pairs k, s of different factors

    Args:
        codes: (n, D), posterior means; they are standardised first.
        factors: (n, K), whole numbers.
        seed: seed of the draw of points.
        train_points: number of points that each classifier is trained on; fewer if the lower half
            has fewer.
        classifier: "boosted-trees", or "logistic", logistic regression.

    Returns:
        A `Result`: score; parts same, the mean accuracy on points of the lower half that were not
        trained on; gap, same - score; per_pair (K, K), row k and column s, 0 on the diagonal;
        same_per_pair (K, K).

    Raises:
        ValueError: shapes that do not fit, NaN, an unknown classifier.
        NotApplicable: fewer than two factors, one that does not vary, factors that are floats, or
            a half with too few points.

    References:
        In the spirit of Locatello et al. 2020, "Weakly-supervised disentanglement without
        compromises", on covariate shifts. Their shifts differ from this one.

    Example:
        >>> factors = np.random.default_rng(0).integers(0, 2, size=(2000, 2))
        >>> xor = factors[:, :1] ^ factors[:, 1:]
        >>> generalisation(factors, factors).score, generalisation(xor, factors).score
        (1.0, 0.0)
    """
    check_choice("classifier", classifier, NAMES)
    train_points = check_positive_int("train_points", train_points)
    codes, factors = check_codes_and_factors(codes, factors, "generalisation", least=2)
    check_classes(factors, "generalisation")
    rng = np.random.default_rng(check_count("seed", seed))
    codes, count = standardised(codes), factors.shape[1]
    shifted, same = np.zeros((count, count)), np.zeros((count, count))
    for s, values in enumerate(factors.T):
        present = np.unique(values)
        lower = values <= present[(len(present) - 1) // 2]
        seen, unseen = rng.permutation(np.flatnonzero(lower)), np.flatnonzero(~lower)
        tested = max(1, int(len(seen) * TEST_SHARE))
        test, train = seen[:tested], seen[tested:][:train_points]
        if len(train) < 2:
            raise NotApplicable(
                f"generalisation: the lower half of factor {s} has {len(seen)} points, too few to "
                "train on. Give more points."
            )
        for k in range(count):
            if k == s:
                continue
            both = np.concatenate([codes[unseen], codes[test]])
            named = predictions(classifier, codes[train], factors[train, k], both, seed)
            shifted[k, s] = (named[: len(unseen)] == factors[unseen, k]).mean()
            same[k, s] = (named[len(unseen) :] == factors[test, k]).mean()
    pairs = ~np.eye(count, dtype=bool)
    score, without = float(shifted[pairs].mean()), float(same[pairs].mean())
    return Result(
        metric="generalisation",
        score=score,
        parts={
            "same": without,
            "gap": without - score,
            "per_pair": shifted,
            "same_per_pair": same,
        },
        settings={
            "points": len(codes),
            "train_points": train_points,
            "classifier": classifier,
            "seed": seed,
        },
    )
