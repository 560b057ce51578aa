"""Likelihoods and posteriors against SciPy, quadrature and Monte Carlo."""

import keras
import numpy as np
import pytest
import scipy.stats
from keras import ops

from kerasvae import distributions


def log_prob(name, logit, pixel, log_scale=0.0):
    """log p(pixel | logit) for arrays of one shape, each pixel an image of its own."""
    logits = np.reshape(logit, (-1, 1, 1, 1)).astype("float32")
    pixels = np.reshape(pixel, (-1, 1, 1, 1)).astype("float32")
    result = distributions.likelihood(name, logits, log_scale).log_prob(pixels)
    return ops.convert_to_numpy(result)


@pytest.mark.parametrize("logit", [-30.0, -2.0, 0.0, 0.7, 30.0])
def test_bernoulli_is_the_cross_entropy_for_grey_pixels(logit):
    x = np.array([0.0, 0.3, 1.0])
    expected = -(x * np.logaddexp(0, -logit) + (1 - x) * np.logaddexp(0, logit))
    # Of x logit - softplus(logit) a difference below a logit's own rounding is lost.
    rounding = abs(logit) * np.finfo("float32").eps
    actual = log_prob("bernoulli", np.full(3, logit), x)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=rounding)


@pytest.mark.parametrize("logit", [-15.0, -3.0, -0.01, 0.0, 0.01, 0.5, 8.0])
def test_continuous_bernoulli_is_normalised_and_has_the_right_mean(logit):
    x, weights = np.polynomial.legendre.leggauss(60)
    x, weights = (x + 1) / 2, weights / 2
    density = np.exp(log_prob("continuous_bernoulli", np.full(60, logit), x).astype("float64"))
    assert weights @ density == pytest.approx(1, abs=2e-4)
    mean = distributions.likelihood(
        "continuous_bernoulli", np.full((1, 1, 1, 1), logit, "float32")
    ).mean()
    assert float(ops.sum(mean)) == pytest.approx(weights @ (density * x), abs=2e-4)


def test_gaussian_agrees_with_scipy():
    x, logit = np.linspace(0, 1, 5), np.linspace(-2, 2, 5)
    expected = scipy.stats.norm.logpdf(x, 1 / (1 + np.exp(-logit)), 0.1)
    actual = log_prob("gaussian", logit, x, log_scale=float(np.log(0.1)))
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


def test_likelihood_sums_over_all_pixels():
    logits = np.zeros((2, 3, 4, 5), "float32")
    total = ops.convert_to_numpy(distributions.likelihood("bernoulli", logits).log_prob(logits))
    np.testing.assert_allclose(total, np.full(2, -60 * np.log(2)), rtol=1e-6)


def test_unknown_likelihood_suggests_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'bernoulli'"):
        distributions.likelihood("bernouli", np.zeros((1, 1, 1, 1), "float32"))


def test_bounded_log_variance_is_the_identity_where_networks_live():
    raw = np.linspace(-8, 8, 1001, dtype="float32")
    np.testing.assert_allclose(distributions.bounded_log_variance(raw), raw, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("raw", [-6e4, -100.0, 100.0, 6e4])
def test_extreme_log_variances_stay_finite(dtype, raw):
    parameters = distributions.posterior_parameters(np.array([[0.0, raw]], dtype))
    scale = float(parameters["scale"][0, 0])
    assert np.exp(-10) * 0.99 <= scale <= np.exp(10) * 1.01
    kl = distributions.posterior(parameters).kl_divergence(distributions.standard_normal(1))
    assert np.isfinite(float(kl[0]))


def test_draws_have_the_posterior_mean_and_variance():
    loc, scale, n = 1.5, 0.3, 20_000
    parameters = {
        "loc": np.full((n, 1), loc, "float32"),
        "scale": np.full((n, 1), scale, "float32"),
    }
    generator = keras.random.SeedGenerator(0)
    q = distributions.posterior(parameters)
    z = ops.convert_to_numpy(distributions.sample(q, generator))
    assert z.mean() == pytest.approx(loc, abs=5 * scale / np.sqrt(n))
    assert z.var() == pytest.approx(scale**2, abs=5 * scale**2 * np.sqrt(2 / n))
    assert not np.array_equal(z, distributions.sample(q, generator)), "each draw is a new one"
    again = distributions.sample(q, keras.random.SeedGenerator(0))
    np.testing.assert_array_equal(z, ops.convert_to_numpy(again))
