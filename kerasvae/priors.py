"""Priors p(z) by name, for models that match q(z) to any distribution one can draw from.

A prior is a function from the latent dimension to a tfd distribution over codes of that shape.

Chapter 8: tutorials/08_adversarial_autoencoder.ipynb.
"""

import math

import numpy as np

from kerasvae.distributions import standard_normal, tfd


def gaussian(latent_dim):
    """N(0, I), the prior of the VAE.

    Args:
        latent_dim: D.

    Returns:
        A tfd distribution with event shape (D,).
    """
    return standard_normal(latent_dim)


def gaussian_mixture(latent_dim, components=10, radius=3.0, length=1.0, width=0.3):
    """A star: Gaussians around the origin of the first two dimensions, each stretched outwards.

    Formula:
        p(z) = 1/K sum_k N(z_1, z_2; radius u_k, length^2 u_k u_k^T + width^2 v_k v_k^T) times
        N(0, 1) for the other dimensions, with the unit vectors u_k at angle 2 pi k / K and v_k
        across it.

    Args:
        latent_dim: D, at least 2.
        components: K.
        radius: distance of the components from the origin.
        length: their standard deviation outwards.
        width: their standard deviation across.

    Returns:
        A tfd distribution with event shape (D,).

    Raises:
        ValueError: fewer than two dimensions.

    References:
        Makhzani et al. 2015, section 3 and figure 2 (a mixture of 10 Gaussians in 2-D).
    """
    _check_plane("gaussian_mixture", latent_dim)
    angle = 2 * math.pi * np.arange(components) / components
    outwards = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (K, 2)
    across = np.stack([-outwards[:, 1], outwards[:, 0]], axis=1)
    # The columns are the two axes of each component; L L^T is its covariance.
    axes = np.stack([length * outwards, width * across], axis=2)  # (K, 2, 2)
    scale_tril = np.linalg.cholesky(axes @ axes.transpose(0, 2, 1))
    return _in_the_plane(radius * outwards, scale_tril, latent_dim)


def swiss_roll(latent_dim, turns=1.5, radius=4.0, width=0.15, components=200):
    """A spiral in the first two dimensions, as a mixture of many narrow Gaussians along it.

    Formula:
        The spiral is r(t) = radius t at angle 2 pi turns t. Components sit at t_k = sqrt(u_k) for
        u_k evenly spread over [0.05, 1], so that they are about equally far apart, each
        N(., width^2 I); N(0, 1) for the other dimensions.

    Args:
        latent_dim: D, at least 2.
        turns: number of turns of the spiral.
        radius: where it ends.
        width: standard deviation of a component.
        components: how many.

    Returns:
        A tfd distribution with event shape (D,).

    Raises:
        ValueError: fewer than two dimensions.

    References:
        Makhzani et al. 2015, figure 4.
    """
    _check_plane("swiss_roll", latent_dim)
    t = np.sqrt(np.linspace(0.05, 1.0, components))[:, None]
    angle = 2 * math.pi * turns * t
    centres = radius * t * np.concatenate([np.cos(angle), np.sin(angle)], axis=1)  # (K, 2)
    scale_tril = np.tile(width * np.eye(2), (components, 1, 1))
    return _in_the_plane(centres, scale_tril, latent_dim)


BY_NAME = {"gaussian": gaussian, "gaussian_mixture": gaussian_mixture, "swiss_roll": swiss_roll}


def _check_plane(name, latent_dim):
    if latent_dim < 2:
        raise ValueError(
            f"prior={name!r} needs a plane: latent_dim must be at least 2. "
            f"Received: latent_dim={latent_dim}"
        )


def _in_the_plane(centres, scale_tril, latent_dim):
    """A mixture in the first two dimensions, standard normal in the others."""
    count = len(centres)
    plane = tfd.MixtureSameFamily(
        tfd.Categorical(logits=np.zeros(count, "float32")),
        tfd.MultivariateNormalTriL(centres.astype("float32"), scale_tril.astype("float32")),
    )
    if latent_dim == 2:
        return plane
    return tfd.Blockwise([plane, standard_normal(latent_dim - 2)])
