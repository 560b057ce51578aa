"""The FactorVAE score of codes whose score is known, and of a plain loop."""

import numpy as np
import pytest

from kerasvae.data import FactorDataset, load
from kerasvae.metrics.factor_vae_score import factor_vae_score

pytestmark = pytest.mark.numpy_only

SMALL = {"train_votes": 1000, "test_votes": 1000}


@pytest.fixture(scope="module")
def grid():
    return load("dsprites-mini")


def perfect(grid):
    return grid.factors(slice(None)) / np.array(grid.factor_sizes)


def test_perfect_permuted_flipped_and_duplicated_codes_have_score_1(grid):
    codes = perfect(grid)
    for z in (codes, -codes[:, [3, 1, 4, 0, 2]], np.repeat(codes, 2, axis=1)):
        # The code of the fixed factor does not vary at all: it always wins.
        assert factor_vae_score(z, grid, **SMALL).score == 1.0


def test_votes_of_a_permuted_code(grid):
    order = [3, 1, 4, 0, 2]
    table = factor_vae_score(perfect(grid)[:, order], grid, **SMALL).matrix
    assert table.sum() == 1000
    assert (np.flatnonzero(table.T) == np.flatnonzero(np.eye(5)[order].T)).all()


def test_two_factors_in_one_code():
    """By hand: codes z_0 = a + b and z_1 = c over factors of four values each.

    With c fixed z_1 is constant and votes c. With a or b fixed, z_0 has half its variance and z_1
    all of it, so z_0 votes for a and b alike, and names one of them: right in 2 of 3 cases.
    """
    values = {name: range(4) for name in "abc"}
    dataset = FactorDataset(np.zeros((64, 1, 1, 1)), values)
    factors = dataset.factors(slice(None))
    codes = np.stack([factors[:, 0] + factors[:, 1], factors[:, 2]], axis=1)
    result = factor_vae_score(codes, dataset, train_votes=2000, test_votes=5000)
    # 5 sigma of 5000 votes is 0.033.
    assert abs(result.score - 2 / 3) < 0.033
    np.testing.assert_allclose(result.parts["global_variances"], [2.5, 1.25], rtol=0.06)


def test_noise_has_score_chance(grid):
    codes = np.random.default_rng(0).normal(size=(len(grid), 10))
    result = factor_vae_score(codes, grid, train_votes=1000, test_votes=5000)
    # Noise tied to the image: batches of 64 of at least 384 images leave it near 1/5.
    assert abs(result.score - 0.2) < 0.05


def test_dead_codes_have_no_vote(grid):
    """Codes of standard deviation 0.04 would always win here, having no variance but one value."""
    codes = perfect(grid)
    dead = np.zeros((len(grid), 2))
    dead[0] = 0.04 * np.sqrt(len(grid))  # one image stands out: std 0.04, mostly unseen in batches
    z = np.concatenate([dead, codes], axis=1)
    result = factor_vae_score(z, grid, variance_points=100_000, **SMALL)
    assert result.score == 1.0
    assert result.parts["active"].tolist() == [False] * 2 + [True] * 5
    assert (result.matrix[:2] == 0).all()
    pruned_less = factor_vae_score(z, grid, variance_points=100_000, dead_below=0.01, **SMALL)
    assert pruned_less.score < 0.5


@pytest.mark.parametrize("value", [0.0, 0.1])
def test_a_dead_model_has_score_0(grid, value):
    result = factor_vae_score(np.full((len(grid), 3), value), grid, **SMALL)
    assert result.score == 0
    assert result.parts["train_accuracy"] == 0
    assert not result.parts["active"].any()


def test_agrees_with_a_plain_loop(grid):
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    codes = perfect(grid) @ rotation
    scale = codes.std(axis=0)
    table, votes = np.zeros((5, 5)), []
    for number in range(3000):
        k = rng.integers(5)
        value = rng.integers(grid.factor_sizes[k])
        batch = codes[grid.sample_indices(64, rng, factor=int(k), value=int(value))]
        votes.append((np.argmin(batch.std(axis=0) / scale), k))
        if number < 1000:
            table[votes[-1]] += 1
    expected = np.mean([table[j].argmax() == k for j, k in votes[1000:]])
    result = factor_vae_score(codes, grid, train_votes=1000, test_votes=2000)
    assert 0.3 < expected < 0.95
    assert abs(result.score - expected) < 0.063  # 4 sigma of two shares of 2000


def test_seeds(grid):
    codes = perfect(grid) + 0.5 * np.random.default_rng(0).normal(size=(len(grid), 5))
    first, again, other = (factor_vae_score(codes, grid, seed=s, **SMALL) for s in (0, 0, 1))
    assert first.to_dict() == again.to_dict()
    assert first.score != other.score


def test_few_votes_and_bad_settings(grid):
    with pytest.warns(UserWarning, match="factor_vae_score was given 100 points"):
        factor_vae_score(perfect(grid), grid, train_votes=100, test_votes=10)
    for bad in ({"batch_size": 1}, {"dead_below": 0.0}, {"test_votes": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            factor_vae_score(perfect(grid), grid, **bad)
