"""Scores of codes with noise, where a formula tells them: between 0 and 1, for every metric.

Others of that kind stand in the metrics' own tests: the integrals of mig_chen and infomec, the
normal quantile of sap, the plain loops of beta_vae_score and factor_vae_score.
"""

import numpy as np
import pytest
from scipy.stats import norm

from kerasvae.metrics import dci, gaussian_total_correlation, irs, mig, modularity, udr
from tests.metrics.cases import grid

pytestmark = pytest.mark.numpy_only

POINTS = 20_000
BITS = np.random.default_rng(0).integers(0, 2, size=(POINTS, 2))
NOISE = np.random.default_rng(1).normal(size=(POINTS, 2))


def binned_information(code, means, deviation=1.0):
    """I, nats, of a bit and its mean plus Gaussian noise, in 20 bins of the range of `code`."""
    edges = np.linspace(code.min(), code.max(), 21)
    edges[[0, -1]] = -np.inf, np.inf
    joint = np.stack([np.diff(norm.cdf(edges, m, deviation)) for m in means]) / len(means)
    independent = joint.sum(axis=0) / len(means)
    return (joint * np.log(joint / independent)).sum()


def test_mig_is_the_information_of_normal_bins():
    codes = 2 * BITS + NOISE
    expected = np.mean([binned_information(code, (0, 2)) for code in codes.T]) / np.log(2)  # 0.48
    # A share of 20,000 points: log ratios of deviation 0.6 give 0.005, three of them.
    assert mig(codes, BITS).score == pytest.approx(expected, abs=0.015)


def test_modularity_is_the_ratio_of_two_informations():
    # z = 2a + b + noise: of a, the mixture over b; its information is that of four means.
    code = 2 * BITS[:, 0] + BITS[:, 1] + 0.5 * NOISE[:, 0]
    edges = np.linspace(code.min(), code.max(), 21)
    edges[[0, -1]] = -np.inf, np.inf
    bins = np.stack([np.diff(norm.cdf(edges, m, 0.5)) for m in (0, 1, 2, 3)]).reshape(2, 2, 20) / 4

    def information(joint):  # (2, 20)
        ratio = joint / np.maximum(joint.sum(axis=0) / 2, 1e-300)
        return (joint * np.log(np.maximum(ratio, 1e-300))).sum()

    of_a, of_b = information(bins.sum(axis=1)), information(bins.sum(axis=0))
    expected = 1 - of_b**2 / of_a**2
    assert 0.5 < expected < 0.995
    assert modularity(code[:, None], BITS).score == pytest.approx(expected, abs=0.03)


def test_dci_informs_as_well_as_the_best_threshold():
    codes = 2 * BITS[:3000] + NOISE[:3000]
    result = dci(codes, BITS[:3000])
    # Phi(1) = 0.841 is what no classifier beats; trees learn some noise. 1000 test points, twice:
    # a standard error of 0.008.
    assert result.parts["informativeness"] == pytest.approx(norm.cdf(1), abs=0.04)
    assert result.parts["informativeness"] < norm.cdf(1) + 0.025
    assert result.score > 0.5


def test_irs_is_the_quantile_of_the_noise():
    dataset = grid((2, 2), copies=5000)
    factors = dataset.factors(slice(None))
    codes = factors + 0.3 * np.random.default_rng(0).uniform(-1, 1, size=factors.shape)
    result = irs(codes, dataset, points=20_000)
    # Within a value |noise| has the 0.99 quantile 0.297; the largest deviation of all is 1/2 + 0.3.
    expected = 1 - 0.297 / 0.8
    np.testing.assert_allclose(np.diag(result.matrix), expected, atol=0.005)
    assert result.score == pytest.approx(expected, abs=0.005)


def test_udr_is_spearmans_correlation_of_noisy_copies():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(POINTS, 2))
    models = [z + 0.5 * rng.normal(size=z.shape) for _ in range(3)]
    correlation = 6 / np.pi * np.arcsin(1 / 1.25 / 2)  # of Gaussians with Pearson's 1 / 1.25
    # R_ab of different codes are 0.007 by chance, and lower max^2 / sum by that.
    assert udr(models, similarity="spearman").score == pytest.approx(correlation, abs=0.02)


def test_total_correlation_of_codes_that_share_noise():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(POINTS, 1)) + rng.normal(size=(POINTS, 3))  # correlations 1/2
    expected = -0.5 * np.log(np.linalg.det(np.full((3, 3), 0.5) + 0.5 * np.eye(3)))
    assert gaussian_total_correlation(z).score == pytest.approx(expected, abs=0.02)
