"""Priors: their draws, their densities, and what they refuse."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import integrate

from kerasvae import priors
from kerasvae.backend import tfp_seed


def draws(prior, n=20_000):
    return ops.convert_to_numpy(prior.sample(n, seed=tfp_seed(keras.random.SeedGenerator(0))))


@pytest.mark.parametrize("name", priors.BY_NAME)
@pytest.mark.parametrize("latent_dim", [2, 3])
def test_shapes_and_densities(name, latent_dim):
    prior = priors.BY_NAME[name](latent_dim)
    z = draws(prior, 100)
    assert z.shape == (100, latent_dim) and z.dtype == np.float32
    assert tuple(prior.event_shape) == (latent_dim,)
    assert np.isfinite(ops.convert_to_numpy(prior.log_prob(z))).all()


@pytest.mark.parametrize("name", ["gaussian_mixture", "swiss_roll"])
def test_the_density_in_the_plane_integrates_to_one(name):
    side = np.linspace(-8, 8, 201)  # half a width of the roll apart, which is fine enough
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype("float32")
    density = np.exp(ops.convert_to_numpy(priors.BY_NAME[name](2).log_prob(points)))
    total = integrate.trapezoid(integrate.trapezoid(density.reshape(201, 201), side), side)
    assert total == pytest.approx(1, abs=0.01)


def test_the_star_has_arms_of_the_given_place_length_and_width():
    z = draws(priors.gaussian_mixture(3, components=4, radius=10.0, length=1.0, width=0.25))
    arm = np.round(np.arctan2(z[:, 1], z[:, 0]) / (np.pi / 2)).astype(int) % 4
    assert np.bincount(arm) == pytest.approx(np.full(4, 5000), abs=5 * np.sqrt(5000))
    east = z[arm == 0]
    assert east.mean(0) == pytest.approx([10, 0, 0], abs=5 / np.sqrt(5000))
    assert east.std(0) == pytest.approx([1.0, 0.25, 1.0], rel=0.06)


def test_the_swiss_roll_turns_outwards():
    z = draws(priors.swiss_roll(2, turns=1.5, radius=4.0, width=0.01))
    radius = np.hypot(*z.T)
    assert radius.max() == pytest.approx(4.0, abs=0.06)
    # At distance r from the origin the roll has turned by 2 pi turns r / radius.
    turned = 2 * np.pi * 1.5 * radius / 4.0
    angle = np.arctan2(z[:, 1], z[:, 0])
    difference = np.angle(np.exp(1j * (angle - turned)))
    assert np.abs(difference).max() < 0.2


@pytest.mark.parametrize("name", ["gaussian_mixture", "swiss_roll"])
def test_a_line_is_no_plane(name):
    with pytest.raises(ValueError, match="at least 2. Received: latent_dim=1"):
        priors.BY_NAME[name](1)
