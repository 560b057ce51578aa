"""The KL terms of the ELBO as pure functions on tfd distributions: analytic and Monte Carlo.

Chapter 1: tutorials/01_elbo.ipynb.
"""

from kerasvae.distributions import tfd


def kl_analytic(posterior, prior):
    """KL(q(z|x) || p(z)) in closed form, for each image.

    Formula:
        For Gaussians: sum_j 1/2 (scale_j^2 + loc_j^2 - 1 - log scale_j^2) against N(0, I).

    Args:
        posterior: distribution with batch shape (batch,) and event shape (D,).
        prior: distribution with event shape (D,); TFP must know the KL of the pair in closed form.

    Returns:
        (batch,) float, nats.

    Raises:
        NotImplementedError: TFP has no closed form for the pair; use `kl_monte_carlo`.

    References:
        Kingma & Welling 2014, appendix B.

    Example:
        >>> from kerasvae.distributions import posterior, standard_normal
        >>> import numpy as np
        >>> q = posterior({"loc": np.ones((1, 3), "float32"), "scale": np.ones((1, 3), "float32")})
        >>> float(kl_analytic(q, standard_normal(3))[0])
        1.5
    """
    return tfd.kl_divergence(posterior, prior)


def kl_monte_carlo(posterior, prior, z):
    """A one-sample estimate of KL(q(z|x) || p(z)): unbiased, and negative now and then.

    Formula:
        log q(z|x) - log p(z) with z drawn from q(z|x).

    Args:
        posterior: distribution with batch shape (batch,) and event shape (D,).
        prior: distribution with event shape (D,).
        z: (..., batch, D), draws from `posterior`.

    Returns:
        (..., batch) float, nats.

    References:
        Kingma & Welling 2014, equation 6.
    """
    return posterior.log_prob(z) - prior.log_prob(z)


def per_dimension_kl(parameters):
    """KL(q(z_j|x) || N(0, 1)) of each latent dimension: it shows which ones carry information.

    Args:
        parameters: {"loc": (batch, D), "scale": (batch, D)}.

    Returns:
        (batch, D) float, nats; its sum over D is `kl_analytic` against the standard normal.
    """
    return tfd.kl_divergence(
        tfd.Normal(parameters["loc"], parameters["scale"]), tfd.Normal(0.0, 1.0)
    )
