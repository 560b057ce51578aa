"""DIP-VAE's covariances against samples, and its penalty by hand."""

import numpy as np
import pytest
from keras import ops

from kerasvae.estimators.moments import aggregate_covariance, mean_covariance, moment_penalty


def test_covariances_equal_those_of_samples():
    rng = np.random.default_rng(0)
    loc = rng.normal(size=(20, 3)) @ rng.normal(size=(3, 3)) + [5.0, 0.0, -2.0]
    scale = np.exp(rng.normal(size=(20, 3)) * 0.5)
    draws = 20_000
    z = loc + scale * rng.normal(size=(draws, 20, 3))
    flat = z.reshape(-1, 3)
    # Standard error of an entry: the spread of (z_i - m_i)(z_j - m_j) over the root of the draws.
    centred = flat - flat.mean(axis=0)
    error = np.std(centred[:, :, None] * centred[:, None, :], axis=0) / np.sqrt(len(flat))
    difference = ops.convert_to_numpy(aggregate_covariance(loc, scale)) - np.cov(flat.T, bias=True)
    assert (np.abs(difference) < 5 * error).all()
    exact = np.cov(loc.T, bias=True)
    np.testing.assert_allclose(ops.convert_to_numpy(mean_covariance(loc)), exact, rtol=1e-4)


def test_penalty_by_hand():
    covariance = np.array([[1.5, 0.2, 0.0], [0.2, 1.0, -0.1], [0.0, -0.1, 0.0]])
    expected = 7 * 2 * (0.2**2 + 0.1**2) + 3 * (0.5**2 + 1.0**2)
    assert float(moment_penalty(covariance, lambda_od=7, lambda_d=3)) == pytest.approx(expected)
    assert float(moment_penalty(np.eye(4), lambda_od=7, lambda_d=3)) == 0


def test_one_image_has_no_covariance_but_its_own_variance():
    covariance = aggregate_covariance(np.ones((1, 2)), np.array([[1.0, 2.0]]))
    assert ops.convert_to_numpy(covariance).tolist() == [[1.0, 0.0], [0.0, 4.0]]
