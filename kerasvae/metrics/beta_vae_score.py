"""The beta-VAE score: a linear classifier tells which factor pairs of images have in common.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression

from kerasvae.checks import check_positive_int
from kerasvae.metrics.embedding import DrawnCodes, FactorDraws
from kerasvae.metrics.inputs import warn_of_few
from kerasvae.metrics.result import Result

# Codes above 2 to this power are given in a larger unit, a power of two: there the classifier's
# penalty is nothing any more, and at 1e150 its optimiser's sums overflow.
LARGEST_EXPONENT = 20


def beta_vae_score(
    embed,
    dataset,
    seed: int = 0,
    train_points: int = 10_000,
    test_points: int = 5_000,
    pairs: int = 64,
) -> Result:
    """Accuracy with which a linear classifier names the factor that pairs of images share.

    Each point is one example of the classifier: a factor is drawn, then `pairs` pairs of images
    that agree in its value (which may differ from pair to pair) and are random in the other
    factors. The score saturates near 1: it asks for a linear readout, not for one code per factor.
    It depends on the scale of the codes, because the classifier's penalty does: codes of a tiny
    scale score lower.

    Formula:
        point = 1/L sum_l |z(x1_l) - z(x2_l)|, its class = the shared factor;
        score = accuracy of multinomial logistic regression on the test points

    Args:
        embed: images (n, H, W, C) -> codes (n, D), posterior means; or the codes of all images of
            the data set, (N, D). Each image is encoded at most once, so with the default sizes
            (1.9 million draws) that is about every image of dSprites, in batches of 1,000.
        dataset: a `kerasvae.data.FactorDataset` of two factors or more.
        seed: seed of the draws.
        train_points: examples that the classifier is fitted to.
        test_points: examples that it is scored on.
        pairs: L, the number of pairs in one example. The sizes are those of Locatello et al. 2019.

    Returns:
        A `Result`: score, in [0, 1]; parts train_accuracy, and chance, the share of the most
        frequent factor among the test points. Codes that never change score chance, about 1/K.

    Raises:
        ValueError: sizes below 1, codes that are not (n, D) finite numbers.
        NotApplicable: a data set with fewer than two factors, or one that does not vary.

    References:
        Higgins et al. 2017, beta-VAE, section 3 and algorithm 1. Locatello et al. 2019,
        Challenging Common Assumptions, appendix C: scikit-learn's logistic regression in place of
        a network trained by gradient descent. Its iterations are limited to 100 there, to 1,000
        here, so that it converges.

    Example:
        >>> from kerasvae.data import load
        >>> grid = load("dsprites-mini")
        >>> codes = grid.factors(range(len(grid)))  # perfect ones
        >>> beta_vae_score(codes, grid, train_points=1000, test_points=500)
        Result(beta_vae_score 1.000)
    """
    train_points = check_positive_int("train_points", train_points)
    test_points = check_positive_int("test_points", test_points)
    pairs = check_positive_int("pairs", pairs)
    draws = FactorDraws(dataset, seed, "beta_vae_score")
    warn_of_few("beta_vae_score", train_points)

    points = train_points + test_points
    factor = draws.factor(points)  # (points,)
    first = draws.images(points * pairs)
    second = draws.sharing(first, np.repeat(factor, pairs))
    codes = DrawnCodes(embed, dataset, first, second)
    unit = min(LARGEST_EXPONENT - codes.exponent, 0)
    features = codes.by_group(
        lambda a, b: np.abs(np.ldexp(a, unit) - np.ldexp(b, unit)).mean(axis=1),
        first.reshape(points, pairs),
        second.reshape(points, pairs),
    )  # (points, D)

    train, test = slice(train_points), slice(train_points, None)
    classifier = LogisticRegression(max_iter=1000).fit(features[train], factor[train])
    return Result(
        "beta_vae_score",
        float(classifier.score(features[test], factor[test])),
        parts={
            "train_accuracy": float(classifier.score(features[train], factor[train])),
            "chance": float(np.bincount(factor[test]).max() / test_points),
        },
        settings={
            "train_points": train_points,
            "test_points": test_points,
            "pairs": pairs,
            "seed": seed,
            "estimator": "logistic regression, C=1",
        },
    )
