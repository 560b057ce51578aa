"""Densities of a mixture, joint and one-dimensional, against brute force in float64."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from kerasvae.estimators.marginals import log_marginal_densities
from kerasvae.estimators.mixtures import log_mixture_sum

N, POINTS = 1500, 1000


def collapsed(rng):
    return rng.normal(size=(N, 2)) * 0.02, np.full((N, 2), 0.99)


def active(rng):
    return rng.uniform(-2, 2, size=(N, 2)), np.exp(rng.normal(size=(N, 2)) * 0.3 - 2)


def lattice(rng):
    """Bumps side by side, with deep valleys between them."""
    return rng.integers(0, 5, size=(N, 2)) * 0.5, np.full((N, 2), 0.06)


def two_bumps(rng):
    """The log density has its sharpest bend where two components cross, between their means."""
    return rng.choice([-4.0, 4.0], size=(N, 2)), np.full((N, 2), 1.0)


def tiny(rng):
    return rng.normal(size=(N, 2)) * 3, np.full((N, 2), 1e-4)


def wildly_varying(rng):
    return rng.normal(size=(N, 2)) * 3, np.exp(rng.uniform(-9, 2, size=(N, 2)))


def isolated(rng):
    """Single images far from all others, narrow and wide ones."""
    loc, scale = rng.normal(size=(N, 2)) * 0.1, np.full((N, 2), 0.05)
    loc[:5] = [[50], [-3e3], [20], [7], [-7]]
    scale[:3] = [[1e-3], [30.0], [1e-3]]
    return loc, scale


def spikes(rng):
    """Scales far below the spacing of float32 numbers, where no grid can be counted out."""
    return rng.choice([3.0, 3.1], size=(N, 2)), np.full((N, 2), 1e-30)


CASES = [
    collapsed,
    active,
    lattice,
    two_bumps,
    tiny,
    wildly_varying,
    isolated,
    spikes,
]


def brute_force(z, loc, scale):
    """(P,) joint and (P, D) marginals, float64."""
    z, loc, scale = (a.astype("float64") for a in (z, loc, scale))
    joint, marginals = [], []
    for part in np.array_split(z, 10):
        log_q = norm.logpdf(part[:, None], loc, scale)
        joint.append(logsumexp(log_q.sum(2), axis=1))
        marginals.append(logsumexp(log_q, axis=1))
    log_n = np.log(len(loc))
    return np.concatenate(joint) - log_n, np.concatenate(marginals) - log_n


@pytest.mark.parametrize("case", CASES)
def test_densities_equal_brute_force(case):
    rng = np.random.default_rng(0)
    loc, scale = (a.astype("float32") for a in case(rng))
    image = np.concatenate([np.arange(5), rng.integers(0, N, POINTS - 5)])
    z = (loc[image] + scale[image] * rng.normal(size=(POINTS, 2))).astype("float32")
    own = norm.logpdf(z, loc[image], scale[image]) - np.log(N)
    joint, marginals = brute_force(z, loc, scale)
    assert np.abs(log_mixture_sum(z, loc, scale) - np.log(N) - joint).max() < 1e-4
    error = np.abs(log_marginal_densities(z, loc, scale, own) - marginals)
    assert error.max() < 1e-3
    assert error.mean() < 1e-5


def test_marginals_in_the_tails_of_a_small_mixture():
    """Points placed, not drawn: every one up to 9 scales from the nearest mean."""
    loc = np.array([[-6.0], [-1.0], [0.5], [7.0]], "float32")
    scale = np.array([[0.5], [0.9], [0.6], [2.0]], "float32")
    z = np.linspace(-10, 20, POINTS, dtype="float32")[:, None]
    _, expected = brute_force(z, loc, scale)
    result = log_marginal_densities(z, loc, scale, expected)
    assert np.abs(result - expected).max() < 1e-3


@pytest.mark.parametrize("distance", [0.0, 3.0, 30.0, 1000.0])
def test_nothing_that_matters_is_left_out(distance):
    """One point, its density as the bound: the components may not fall outside the radius."""
    loc, scale = np.zeros((10, 1), "float32"), np.full((10, 1), 1.99, "float32")
    z = np.full((1, 1), distance, "float32")
    _, expected = brute_force(z, loc, scale)
    result = log_marginal_densities(z, loc, scale, expected)
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("dimensions", [1, 16, 17, 40])
@pytest.mark.parametrize("size", [1, 5000])
def test_joint_in_any_number_of_dimensions_and_components(dimensions, size):
    rng = np.random.default_rng(1)
    loc = rng.normal(size=(size, dimensions)).astype("float32")
    scale = np.exp(rng.normal(size=loc.shape) * 0.3 - 1).astype("float32")
    z = rng.normal(size=(300, dimensions)).astype("float32")
    expected = logsumexp(norm.logpdf(z[:20, None], loc, scale).sum(2), axis=1)
    result = log_mixture_sum(z, loc, scale)
    assert result.shape == (300,)
    np.testing.assert_allclose(result[:20], expected, rtol=1e-5, atol=1e-4)


def test_progress_counts_every_component_once():
    done = []
    loc = np.zeros((10_000, 2), "float32")
    log_mixture_sum(np.zeros((3, 2), "float32"), loc, loc + 1, done.append)
    assert sum(done) == 10_000
    assert len(done) > 1
