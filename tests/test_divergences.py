"""The KL terms against quadrature and against each other."""

import keras
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from keras import ops

from kerasvae.backend import tfp_seed
from kerasvae.distributions import posterior, standard_normal, tfd
from kerasvae.divergences import kl_analytic, kl_monte_carlo, per_dimension_kl

PARAMETERS = {
    "loc": np.array([[0.0, 0.0, 0.0], [1.0, -2.0, 0.1], [0.0, 0.0, 3.0]], "float32"),
    "scale": np.array([[1.0, 1.0, 1.0], [0.5, 0.1, 2.0], [1.0, 0.01, 1.0]], "float32"),
}


def kl_by_quadrature(loc, scale):
    q, p = scipy.stats.norm(loc, scale), scipy.stats.norm()
    span = (loc - 12 * scale, loc + 12 * scale)
    return scipy.integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), *span)[0]


def test_kl_of_each_dimension_equals_the_integral():
    expected = np.vectorize(kl_by_quadrature)(PARAMETERS["loc"], PARAMETERS["scale"])
    actual = ops.convert_to_numpy(per_dimension_kl(PARAMETERS))
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)
    total = ops.convert_to_numpy(kl_analytic(posterior(PARAMETERS), standard_normal(3)))
    np.testing.assert_allclose(total, expected.sum(1), rtol=1e-4, atol=1e-6)


def test_monte_carlo_is_unbiased():
    n = 20_000
    q = posterior(PARAMETERS)
    z = q.sample(n, seed=tfp_seed(keras.random.SeedGenerator(0)))  # (n, 3, 3)
    draws = ops.convert_to_numpy(kl_monte_carlo(q, standard_normal(3), z))  # (n, 3)
    exact = ops.convert_to_numpy(kl_analytic(q, standard_normal(3)))
    np.testing.assert_array_less(np.abs(draws.mean(0) - exact), 5 * draws.std(0) / n**0.5 + 1e-5)


def test_a_pair_without_closed_form_is_refused():
    mixture = tfd.MixtureSameFamily(
        tfd.Categorical(probs=[0.5, 0.5]),
        tfd.MultivariateNormalDiag(loc=np.zeros((2, 3), "float32")),
    )
    with pytest.raises(NotImplementedError):
        kl_analytic(posterior(PARAMETERS), mixture)
