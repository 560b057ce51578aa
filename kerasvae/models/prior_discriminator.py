"""A second player that tells codes from draws of the prior."""

import keras
from keras import ops

from kerasvae.backend import tfp_seed
from kerasvae.estimators import discriminator_terms, log_density_ratio
from kerasvae.training.players import Player


class PriorDiscriminator:
    """Part of models whose `discriminator` judges codes (class 0) against p(z) (class 1).

    To be placed before `VariationalAutoencoder` among the base classes.
    """

    def players_against_prior(self, name):
        """The autoencoder under that name, and the discriminator of codes."""
        return {
            name: Player(
                self.variables_outside(self.discriminator),
                self.compute_loss,  # in which the discriminator only judges
                keras.optimizers.Adam,
                lambda: self.losses_outside(self.discriminator),
            ),
            "discriminator": Player(
                self.discriminator.trainable_variables,
                self.discriminator_loss,
                lambda rate: keras.optimizers.Adam(rate, beta_1=0.5),
                lambda: self.discriminator.losses,
            ),
        }

    def discriminator_loss(self, x, training=True):
        """Mean loss of the discriminator on a batch, scalar; no gradient reaches the encoder."""
        z = ops.stop_gradient(self(x, training=training)["z"])
        draws = self.prior.sample(ops.shape(z)[0], seed=tfp_seed(self.seed_generator))
        both = self.discriminator(ops.concatenate([z, draws]), training=training)
        terms = discriminator_terms(*ops.split(log_density_ratio(both), 2))
        self.track(terms)
        return ops.mean(terms["discriminator_loss"])
