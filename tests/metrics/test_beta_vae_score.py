"""The beta-VAE score of codes whose score is known, and of a plain loop."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from kerasvae.data import load
from kerasvae.metrics.beta_vae_score import beta_vae_score

pytestmark = pytest.mark.numpy_only

SMALL = {"train_points": 1000, "test_points": 1000, "pairs": 64}


@pytest.fixture(scope="module")
def grid():
    return load("dsprites-mini")


def perfect(grid):
    return grid.factors(slice(None)) / np.array(grid.factor_sizes)


def test_perfect_permuted_and_flipped_codes_have_score_1(grid):
    codes = perfect(grid)
    for z in (codes, -codes[:, [3, 1, 4, 0, 2]], np.repeat(codes, 2, axis=1)):
        result = beta_vae_score(z, grid, **SMALL)
        # A feature is exactly 0 where its factor is shared and 1/3 on average elsewhere.
        assert result.score == 1.0
    assert result.settings["train_points"] == 1000


def test_rotated_codes_fall_little(grid):
    """The known fault of the score: a rotation, after which no code is a factor, costs little."""
    codes = perfect(grid) / perfect(grid).std(axis=0)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))[0]
    assert 0.75 < beta_vae_score(codes @ rotation, grid, **SMALL).score < 1


@pytest.mark.parametrize("kind", ["constant", "noise"])
def test_codes_that_say_nothing_have_score_chance(grid, kind):
    codes = np.zeros((len(grid), 5))
    if kind == "noise":
        codes = np.random.default_rng(0).normal(size=codes.shape)
    result = beta_vae_score(codes, grid, **SMALL)
    # Of 1000 test points: 5 sigma of a share of 1/5 is 0.063.
    assert abs(result.score - 0.2) < 0.063
    assert 0.2 <= result.parts["chance"] < 0.263


def test_agrees_with_a_plain_loop(grid):
    """Codes of a middling score: the definition, written out point by point."""
    rng = np.random.default_rng(0)
    codes = perfect(grid) + 0.5 * rng.normal(size=(len(grid), 5))
    features, classes = [], []
    for _ in range(3000):
        k = rng.integers(5)
        first, second = grid.factors(rng.integers(len(grid), size=(2, 32)).reshape(-1)).reshape(
            2, 32, 5
        )
        second[:, k] = first[:, k]
        z, w = codes[grid.indices_of(first)], codes[grid.indices_of(second)]
        features.append(np.abs(z - w).sum(axis=0) / 32)
        classes.append(k)
    fitted = LogisticRegression(max_iter=1000).fit(features[:1000], classes[:1000])
    expected = fitted.score(features[1000:], classes[1000:])
    result = beta_vae_score(codes, grid, train_points=1000, test_points=2000, pairs=32)
    assert 0.4 < expected < 0.9
    # Two shares of 2000 test points: 4 sigma of their difference are at most 0.063.
    assert abs(result.score - expected) < 0.063


def test_seeds(grid):
    codes = perfect(grid) + 0.5 * np.random.default_rng(0).normal(size=(len(grid), 5))
    first, again, other = (beta_vae_score(codes, grid, seed=s, **SMALL) for s in (0, 0, 1))
    assert first.to_dict() == again.to_dict()
    assert first.score != other.score


def test_few_points_and_bad_sizes(grid):
    with pytest.warns(UserWarning, match="beta_vae_score was given 500 points") as caught:
        beta_vae_score(perfect(grid), grid, train_points=500, test_points=10)
    assert caught[0].filename == __file__  # the caller's line
    with pytest.raises(ValueError, match="pairs"):
        beta_vae_score(perfect(grid), grid, pairs=0)
