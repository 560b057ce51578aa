"""FactorVAE: a discriminator estimates how dependent the latents are, and the VAE pays for it.

Chapter 7: tutorials/07_factor_vae.ipynb.
"""

import keras
from keras import ops

from kerasvae import networks
from kerasvae.checks import check_non_negative
from kerasvae.estimators import discriminator_terms, log_density_ratio, permute_dims
from kerasvae.models.autoencoder import VariationalAutoencoder
from kerasvae.training.players import Player


@keras.saving.register_keras_serializable("kerasvae")
class FactorVAE(VariationalAutoencoder):
    """The FactorVAE: a VAE that pays extra for the total correlation of q(z).

    Formula:
        reconstruction + kl + gamma total_correlation

        total_correlation = d_0(z) - d_1(z), the logits of a discriminator of codes (class 0)
        against codes whose columns were shuffled over the batch (class 1). The KL holds the total
        correlation once already, so its total weight is gamma + 1.
        The estimate lags behind where codes are dependent: in chapter 7 it shows 0.1 nats where
        surgery finds 3. Report the exact one, of `kerasvae.surgery`.

    Each batch is split: its even images train the VAE, its odd ones the discriminator, which
    so sees a batch of its own. The paper's batch of 64 for each is batch_size=128 here.

    Args:
        gamma: weight of the total correlation, at least 0. The paper has 35 on dSprites, the large
            study 10 to 100.
        discriminator: a keras.Model of your own, from codes (batch, D) to two logits; by default
            the paper's six layers of 1,000 units.
        image_shape, latent_dim, ..., seed, **kwargs: see `LatentVariableModel`.

    Raises:
        ValueError: a negative weight, or a discriminator of other shapes.

    References:
        Kim & Mnih 2018, "Disentangling by factorising", equation 2, algorithm 2, appendix B.

    Example:
        >>> model = FactorVAE((8, 8, 1), 2, "mlp", gamma=35.0)
        >>> model.term_names[2:]
        ('total_correlation', 'discriminator_loss', 'discriminator_accuracy')
    """

    term_names = (
        "reconstruction",
        "kl",
        "total_correlation",
        "discriminator_loss",
        "discriminator_accuracy",
    )
    default_learning_rate = 1e-4
    default_batch_size = 128

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
        gamma=35.0,
        discriminator=None,
        **kwargs,
    ):
        self.gamma = check_non_negative("gamma", gamma)
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
        self.discriminator = self._network(
            "discriminator", discriminator, (self.latent_dim,), (2,)
        ) or networks.build_discriminator(
            self.latent_dim, [1000] * 6, "leaky_relu", self.dtype_policy
        )

    def players(self):
        """The VAE, and the discriminator of codes."""
        return {
            "vae": Player(
                self.variables_outside(self.discriminator),
                self.compute_loss,  # in which the discriminator only judges
                lambda rate: keras.optimizers.Adam(rate, 0.9, 0.999),
                lambda: self.losses_outside(self.discriminator),
            ),
            "discriminator": Player(
                self.discriminator.trainable_variables,
                self.discriminator_loss,
                lambda rate: keras.optimizers.Adam(rate, 0.5, 0.9),
                lambda: self.discriminator.losses,
            ),
        }

    def player_batches(self, x):
        """Even images for the VAE, odd ones for the discriminator.

        If the number is odd, both get the first image, so that a last batch of one image works too.
        """
        first_of_odd = x[: ops.shape(x)[0] % 2]
        return {"vae": x[::2], "discriminator": ops.concatenate([x[1::2], first_of_odd])}

    def discriminator_loss(self, x, training=True):
        """Mean loss of the discriminator on a batch, scalar; no gradient reaches the encoder."""
        z = ops.stop_gradient(self(x, training=training)["z"])
        shuffled = permute_dims(z, self.seed_generator)
        # Both classes in one pass: its weights are read, and their gradients written, only once.
        both = self.discriminator(ops.concatenate([z, shuffled]), training=training)
        terms = discriminator_terms(*ops.split(log_density_ratio(both), 2))
        self.track(terms)
        return ops.mean(terms["discriminator_loss"])

    def terms(self, x, outputs):
        """As for the VAE, and the discriminator's estimate of the total correlation."""
        logits = self.discriminator(outputs["z"])
        return {**super().terms(x, outputs), "total_correlation": log_density_ratio(logits)}

    def objective(self, terms):
        """reconstruction + kl + gamma total_correlation, (batch,) float32 in nats."""
        return terms["reconstruction"] + terms["kl"] + self.gamma * terms["total_correlation"]

    def get_config(self):
        """Every argument of the constructor."""
        return {**super().get_config(), "gamma": self.gamma}
