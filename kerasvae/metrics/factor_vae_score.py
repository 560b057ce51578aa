"""The FactorVAE score: the code that varies least tells which factor was held fixed.

Chapter 10: tutorials/10_measuring_disentanglement.ipynb.
"""

import numpy as np

from kerasvae.checks import check_positive_int
from kerasvae.metrics.embedding import DrawnCodes, FactorDraws
from kerasvae.metrics.inputs import warn_of_few
from kerasvae.metrics.result import Result

# The root of the largest float64.
LARGEST = np.sqrt(np.finfo("float64").max)


def factor_vae_score(
    embed,
    dataset,
    seed: int = 0,
    train_votes: int = 10_000,
    test_votes: int = 5_000,
    batch_size: int = 64,
    variance_points: int = 10_000,
    dead_below: float = 0.05,
) -> Result:
    """Accuracy with which the code of least variance names the factor that was held fixed.

    Each vote: a factor is drawn, and `batch_size` images that share one of its values. The code
    whose variance among them, relative to its variance over all images, is the smallest casts the
    vote. A code is taken to name the factor that it voted for most often in the training votes.

    Formula:
        vote = argmin_j Var_batch(z_j) / Var(z_j), over codes with std(z_j) >= dead_below;
        score = share of test votes (j, k) with k = argmax_k' train_votes[j, k']

    Args:
        embed: images (n, H, W, C) -> codes (n, D), posterior means; or the codes of all images of
            the data set, (N, D). Each image is encoded at most once.
        dataset: a `kerasvae.data.FactorDataset` of two factors or more.
        seed: seed of the draws.
        train_votes: votes that decide which factor each code names.
        test_votes: votes that are scored.
        batch_size: images that share a value in one vote.
        variance_points: images, drawn from the whole data set, for Var(z_j) and std(z_j).
        dead_below: codes with a smaller standard deviation over the whole data set are dead and
            have no vote. The threshold is absolute, and suits posterior means under a prior N(0,
            1); for codes on another scale, choose another threshold.

    Returns:
        A `Result`: score, in [0, 1]; parts train_accuracy, active (D,) bool, and
        global_variances (D,); matrix (D, K), the training votes. Without an active code it is 0.
        Ties go to the first code and the first factor; so does a code without training votes.

    Raises:
        ValueError: sizes below 1 (batch_size, variance_points: 2), dead_below that is not
            positive, codes that are not (n, D) finite numbers.
        NotApplicable: a data set with fewer than two factors, or one that does not vary.

    References:
        Kim & Mnih 2018, Disentangling by Factorising, section 4 and appendix B. The public code
        of Locatello et al. 2019 prunes nothing by default (a threshold of 0), and then dead codes
        vote too, with a ratio of noise to noise; the configuration of its study prunes at 0.05, as
        here.

    Example:
        >>> from kerasvae.data import load
        >>> grid = load("dsprites-mini")
        >>> codes = grid.factors(range(len(grid)))  # perfect ones
        >>> factor_vae_score(codes, grid, train_votes=1000, test_votes=500)
        Result(factor_vae_score 1.000)
    """
    train_votes = check_positive_int("train_votes", train_votes)
    test_votes = check_positive_int("test_votes", test_votes)
    for name, size in (("batch_size", batch_size), ("variance_points", variance_points)):
        if check_positive_int(name, size) < 2:
            raise ValueError(f"{name}: a variance needs two images. Received: {name}={size}")
    if not dead_below > 0:
        raise ValueError(f"dead_below must be positive. Received: dead_below={dead_below}")
    draws = FactorDraws(dataset, seed, "factor_vae_score")
    warn_of_few("factor_vae_score", train_votes)

    votes = train_votes + test_votes
    everywhere = draws.images(variance_points)
    factor = draws.factor(votes)  # (votes,)
    shared = np.repeat(draws.images(votes), batch_size)  # whose value a batch has in common
    batches = draws.sharing(shared, np.repeat(factor, batch_size)).reshape(votes, batch_size)
    codes = DrawnCodes(embed, dataset, everywhere, batches)

    # In units, powers of two, in which no square overflows.
    unit = np.frexp(np.abs(codes[everywhere]).max(axis=0))[1]  # (D,)
    variances = np.ldexp(codes[everywhere], -unit).var(axis=0, ddof=1)  # (D,)
    deviations = np.ldexp(np.sqrt(variances), unit)
    active = deviations >= dead_below
    local = codes.by_group(lambda z: np.ldexp(z, -unit).var(axis=1, ddof=1), batches)  # (votes, D)
    ratio = np.full_like(local, np.inf)
    np.divide(local, variances, out=ratio, where=active)
    winner = ratio.argmin(axis=1)

    table = np.zeros((codes.dimensions, draws.number_of_factors), int)  # training votes
    if active.any():
        np.add.at(table, (winner[:train_votes], factor[:train_votes]), 1)
    named = table.argmax(axis=1)[winner]  # the factor that each vote names
    right = (named == factor) & active.any()
    return Result(
        "factor_vae_score",
        float(right[train_votes:].mean()),
        parts={
            "train_accuracy": float(right[:train_votes].mean()),
            "active": active,
            "global_variances": np.minimum(deviations, LARGEST) ** 2,
        },
        matrix=table,
        settings={
            "train_votes": train_votes,
            "test_votes": test_votes,
            "batch_size": batch_size,
            "variance_points": variance_points,
            "dead_below": dead_below,
            "seed": seed,
        },
    )
