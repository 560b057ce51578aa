"""The beta-VAE: the KL term weighed by one number.

Chapter 2: tutorials/02_beta_vae.ipynb.
"""

import keras

from kerasvae.checks import check_count, check_non_negative
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.training.schedules import linear_ramp


@keras.saving.register_keras_serializable("kerasvae")
class BetaVAE(VariationalAutoencoder):
    """The beta-VAE: a VAE whose posteriors pay beta nats for each nat of KL.

    Formula:
        reconstruction + beta kl

    Args:
        beta: weight of the KL term, at least 0; 1 is the VAE, 0 an autoencoder with noise.
        warmup_steps: training steps over which the weight grows from 0 to beta in a straight
            line, so that codes are in use before they are paid for; 0 for no warm-up.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: a negative beta or number of steps.

    References:
        Higgins et al. 2017, "beta-VAE: Learning basic visual concepts with a constrained
        variational framework", equation 4; warm-up: Sonderby et al. 2016, section 2.3.

    Example:
        >>> model = BetaVAE(beta=4.0, image_shape=(8, 8, 1), latent_dim=2, architecture="mlp")
        >>> model.get_config()["beta"]
        4.0
    """

    def __init__(
        self,
        image_shape=(64, 64, 1),
        latent_dim=10,
        architecture=None,
        likelihood="bernoulli",
        likelihood_scale=1.0,
        encoder=None,
        decoder=None,
        seed=None,
        *,
        beta=4.0,
        warmup_steps=0,
        **kwargs,
    ):
        self.beta = check_non_negative("beta", beta)
        self.warmup_steps = check_count("warmup_steps", warmup_steps)
        super().__init__(
            image_shape,
            latent_dim,
            architecture,
            likelihood,
            likelihood_scale,
            encoder,
            decoder,
            seed,
            **kwargs,
        )

    def current_beta(self):
        """The weight of the KL term at this training step, a scalar tensor."""
        return linear_ramp(self.step, 0.0, self.beta, self.warmup_steps)

    def objective(self, terms):
        """reconstruction + beta kl, (batch,) float32 in nats."""
        return terms["reconstruction"] + self.current_beta() * terms["kl"]

    def get_config(self):
        """Every argument of the constructor."""
        return {**super().get_config(), "beta": self.beta, "warmup_steps": self.warmup_steps}
