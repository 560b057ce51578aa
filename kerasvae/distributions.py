"""Posteriors, priors and likelihoods of TensorFlow Probability, and draws from them."""

import numpy as np
from keras import ops

from kerasvae.backend import tfp, tfp_seed
from kerasvae.checks import check_choice

tfd = tfp.distributions

LIKELIHOODS = ("bernoulli", "continuous_bernoulli", "gaussian")

# Bounds of every log-variance: exp(20) and its square still fit float32, exp(-20) is 2e-9.
MAX_LOG_VARIANCE = 20.0


def bounded_log_variance(raw):
    """A log-variance that cannot overflow: the identity inside (-20, 20), smoothly flat outside.

    Formula:
        lower + softplus(upper - softplus(upper - raw) - lower), lower = -upper = -20.
        Within +-8 it differs from `raw` by less than 1e-5, so the papers' parametrisation is kept.

    Args:
        raw: any float tensor; it is computed in float32 even under mixed precision.

    Returns:
        A float32 tensor of the same shape, strictly between the bounds.

    References:
        Chua et al. 2018, "Deep reinforcement learning in a handful of trials", appendix A.1.
    """
    raw = ops.cast(raw, "float32")
    upper = MAX_LOG_VARIANCE - ops.softplus(MAX_LOG_VARIANCE - raw)
    return ops.softplus(upper + MAX_LOG_VARIANCE) - MAX_LOG_VARIANCE


def posterior_parameters(raw):
    """Split an encoder's output into the mean and the standard deviation of q(z|x).

    Formula:
        loc = raw[:, :D], scale = exp(log_variance / 2) with log_variance = raw[:, D:], bounded.

    Args:
        raw: (batch, 2 D) float.

    Returns:
        {"loc": (batch, D), "scale": (batch, D)} float32, scale > 0.

    Example:
        >>> import numpy as np
        >>> parameters = posterior_parameters(np.zeros((2, 6), "float32"))
        >>> parameters["scale"].shape == (2, 3)
        True
    """
    loc, log_variance = ops.split(raw, 2, axis=-1)
    return {
        "loc": ops.cast(loc, "float32"),
        "scale": ops.exp(0.5 * bounded_log_variance(log_variance)),
    }


def posterior(parameters):
    """q(z|x): a Gaussian with diagonal covariance for each image.

    Args:
        parameters: {"loc": (batch, D), "scale": (batch, D)}.

    Returns:
        A tfd.Independent(tfd.Normal) with batch shape (batch,) and event shape (D,).
    """
    return tfd.Independent(tfd.Normal(parameters["loc"], parameters["scale"]), 1)


def standard_normal(latent_dim):
    """p(z) = N(0, I), the prior of every model here unless it is given another.

    Args:
        latent_dim: D.

    Returns:
        A tfd.Independent(tfd.Normal) with an empty batch shape and event shape (D,).
    """
    return tfd.Independent(tfd.Normal(ops.zeros(latent_dim), ops.ones(latent_dim)), 1)


class _Bernoulli(tfd.Bernoulli):
    """Pixels that are 1 with probability sigmoid(logits); the log density takes grey ones too.

    Formula:
        log p(x) = x logits - softplus(logits), in half of the operations of TFP's, which also
        keeps what is below a logit's rounding and gives 0 log 0 = 0 where a logit is infinite.
    """

    def _log_prob(self, event):
        return event * self.logits - ops.softplus(self.logits)


def likelihood(name, logits, log_scale=0.0):
    """p(x|z) over the pixels of an image, from what the decoder returned.

    Formula:
        bernoulli             x ~ Bernoulli(sigmoid(logits)); for grey pixels the log density is
                              the cross-entropy, as the field uses it (not normalised over [0, 1]).
        continuous_bernoulli  the same, normalised over [0, 1].
        gaussian              x ~ Normal(sigmoid(logits), exp(log_scale)).

    Args:
        name: one of LIKELIHOODS.
        logits: (batch, H, W, C) float.
        log_scale: scalar, the log standard deviation of a pixel; for "gaussian" alone.

    Returns:
        A tfd.Independent with batch shape (batch,) and event shape (H, W, C).

    Raises:
        ValueError: the name is unknown.

    References:
        Loaiza-Ganem & Cunningham 2019 (continuous Bernoulli).
    """
    check_choice("likelihood", name, LIKELIHOODS)
    logits = ops.cast(logits, "float32")
    if name == "bernoulli":
        # Of its default integer type, TFP would cut grey pixels down to 0.
        pixels = _Bernoulli(logits=logits, dtype=np.float32)
    elif name == "continuous_bernoulli":
        pixels = tfd.ContinuousBernoulli(logits=logits)
    else:
        mean = ops.sigmoid(logits)
        pixels = tfd.Normal(mean, ops.exp(log_scale) * ops.ones_like(mean))
    return tfd.Independent(pixels, 3)


def sample(distribution, generator):
    """One reparametrised draw, differentiable in the distribution's parameters.

    Args:
        distribution: a tfd distribution with batch shape (batch,) and event shape (D,).
        generator: a keras.random.SeedGenerator; its state advances.

    Returns:
        (batch, D) float.
    """
    return distribution.sample(seed=tfp_seed(generator))
