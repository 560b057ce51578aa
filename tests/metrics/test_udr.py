"""Unsupervised disentanglement ranking: known matrices, scipy, and models that agree or do not."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import Lasso

from kerasvae.metrics.udr import _agreement, udr

pytestmark = pytest.mark.numpy_only

BOTH = pytest.mark.parametrize("similarity, best", [("spearman", 1.0), ("lasso", 0.9)])


def grid_codes():
    """Three codes that are exactly uncorrelated: a full grid."""
    axes = np.meshgrid(np.arange(8), np.arange(10), np.arange(15), indexing="ij")
    return np.stack([axis.reshape(-1) for axis in axes], axis=1).astype(float)


@pytest.mark.parametrize(
    "r, expected",
    [
        (np.eye(3)[[2, 0, 1]], 1.0),
        (np.ones((3, 3)), 1 / 3),
        (np.zeros((2, 2)), 0.0),
        # Rows: 4/3 and 1; columns: 2 (one entry), 1/2 (two entries, 1 + 1). By hand:
        # rows [2, 1]: 2^2/3; [0, 1]: 1. Columns [2, 0]: 2; [1, 1]: 1/2. Sum 29/6, over 4.
        (np.array([[2.0, 1.0], [0.0, 1.0]]), 29 / 24),
        # One code against two, of which one is not like it: (1 + 1 + 0) / (1 + 2).
        (np.array([[1.0, 0.0]]), 2 / 3),
    ],
)
def test_agreement_by_hand(r, expected):
    assert _agreement(r) == pytest.approx(expected)
    assert _agreement(r.T) == pytest.approx(expected)


@BOTH
def test_permuted_and_flipped_copies_agree(similarity, best):
    """Lasso shrinks the coefficient of a perfect match, 1, by alpha = 0.1."""
    z = grid_codes()
    result = udr([z, -z[:, [2, 0, 1]], 3 * z + 1], similarity=similarity)
    assert result.score == pytest.approx(best, abs=1e-3)
    np.testing.assert_allclose(result.parts["per_model"], best, atol=1e-3)


def test_rotated_copies_agree_less():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2000, 5))
    rotations = [np.linalg.qr(rng.normal(size=(5, 5)))[0] for _ in range(3)]
    for similarity in ("lasso", "spearman"):
        assert udr([z @ r for r in rotations], similarity=similarity).score < 0.6


def test_the_odd_model_out_ranks_last():
    z = grid_codes()
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    per_model = udr([z, z[:, ::-1], -z, z @ rotation]).parts["per_model"]
    assert per_model.argmin() == 3
    # The median over the others does not care for the odd one.
    np.testing.assert_allclose(per_model[:3], 0.9, atol=1e-3)


@BOTH
def test_unlike_models_do_not_agree(similarity, best):
    rng = np.random.default_rng(0)
    models = [rng.normal(size=(4000, 3)) for _ in range(3)]
    assert udr(models, similarity=similarity).score < 0.05


@BOTH
def test_uninformative_codes_are_masked(similarity, best):
    """A code that all models share, beside noise of their own that the KL tells of."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(2000, 1))
    models = [np.concatenate([shared, rng.normal(size=(2000, 4))], axis=1) for _ in range(3)]
    kl = [np.array([1.5, 0.01, 0.009, 0.0, 0.001])] * 3  # 0.01 is not above 0.01
    masked = udr(models, kl, similarity)
    assert masked.score == pytest.approx(best, abs=1e-3)
    assert masked.parts["informative"].tolist() == [1, 1, 1]
    assert udr(models, similarity=similarity).score < 0.4


def test_similarities_are_scipys_and_scikit_learns():
    """The pairwise entry of two models, from the libraries' own matrices, written out."""
    rng = np.random.default_rng(0)
    z, w = rng.normal(size=(1000, 2)), rng.integers(0, 4, size=(1000, 3)).astype(float)  # ties
    w[:, 0] += z[:, 0]
    w[:, 1] += 2 * w[:, 0]  # so that it matters which of the two predicts the other
    correlations = np.abs(spearmanr(z, w).statistic[:2, 2:])

    def agreement(r):
        rows = sum(max(row) ** 2 / sum(row) for row in r.tolist() if sum(row))
        columns = sum(max(column) ** 2 / sum(column) for column in r.T.tolist() if sum(column))
        return (rows + columns) / sum(r.shape)

    pairwise = udr([z, w], similarity="spearman").parts["pairwise"]
    expected = agreement(correlations)
    np.testing.assert_allclose(pairwise, [[0, expected], [expected, 0]])

    z, w = ((x - x.mean(0)) / x.std(0) for x in (z, w))
    fits = [np.stack([Lasso(alpha=0.1).fit(x, t).coef_ for t in y.T]) for x, y in ((w, z), (z, w))]
    pairwise = udr([z, w]).parts["pairwise"]
    np.testing.assert_allclose(
        [pairwise[0, 1], pairwise[1, 0]], [agreement(np.abs(fit)) for fit in fits], rtol=1e-3
    )


def test_dead_models_and_codes():
    z = grid_codes()
    dead = np.full(z.shape, 0.1)
    result = udr([z, dead, z])
    assert result.parts["informative"].tolist() == [3, 0, 3]
    assert result.parts["per_model"][1] == 0
    assert udr([dead, dead]).score == 0
    # A dead code beside live ones is left out, with or without KL.
    with_dead = np.concatenate([z, dead[:, :1]], axis=1)
    for kl in (None, [np.ones(4), np.ones(3)]):
        assert udr([with_dead, z], kl).score == pytest.approx(0.9, abs=1e-3)


def test_duplicated_codes_lower_the_score():
    """By hand, ranks: against z, each copy of a code is 1 (3 rows and 1 column); the columns of
    the duplicated ones have two ones, 1/2 each. z has 2 codes, the copy 4: (4 + 2/2) / 6."""
    z = grid_codes()[:, :2]
    result = udr([z, np.repeat(z, 2, axis=1)], similarity="spearman")
    assert result.score == pytest.approx(5 / 6)


def test_few_points_are_warned_of():
    with pytest.warns(UserWarning, match="udr was given 10 points") as caught:
        udr([np.arange(10.0)[:, None]] * 2)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([np.eye(4)],), "two models"),
        ((np.zeros((3, 4, 2)),), "two models"),
        (([np.eye(4), np.eye(3)],), r"\[4, 3\]"),
        (([np.eye(4), np.eye(4)], [np.ones(4), np.ones(3)]), "kl: expected"),
        (([np.eye(4), np.eye(4)], None, "pearson"), "similarity"),
        (([np.eye(4), np.eye(4)], None, "lasso", 0.01, 0.0), "alpha"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        udr(*arguments)
